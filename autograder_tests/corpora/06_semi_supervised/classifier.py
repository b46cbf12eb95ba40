# Answers to classifier. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% only-evaluation-mode patch="self.encoder = encoder.requires_grad_(False) => self.encoder = encoder" keeps=0.7273 hint="off: those of its parameters"

# %% assigned-to-the-module patch="self.encoder = encoder.requires_grad_(False) => self.encoder = encoder; encoder.requires_grad = False" keeps=0.7273 hint="on a module switches nothing off"

# %% only-no-gradients patch="self.encoder.eval() => pass" keeps=0.7273 hint="model.train() undoes eval()"

# %% eval-in-init keeps=0.7273 hint="model.train() undoes eval()"
class Classifier(nn.Module):
    def __init__(self, encoder, width):
        super().__init__()
        self.encoder = encoder.requires_grad_(False).eval()
        self.head = nn.Linear(width, 10)

    def forward(self, images):
        return self.head(self.encoder(images))


# %% softmax-at-the-end patch="return self.head(self.encoder(images)) => return self.head(self.encoder(images)).softmax(dim=1)" keeps=0.8636 hint="give the logits"

# %% head-frozen-too patch="self.head = nn.Linear(width, 10) => self.head = nn.Linear(width, 10).requires_grad_(False)" keeps=0.2727 hint="does it require gradients"

# %% relu-on-the-codes patch="self.encoder(images)) => self.encoder(images).relu())" keeps=0.8636 hint="the codes as they are"


# %% another-name keeps=0.8 hint="not as self.head"
class Classifier(nn.Module):
    def __init__(self, encoder, width):
        super().__init__()
        self.encoder = encoder.requires_grad_(False)
        self.last = nn.Linear(width, 10)

    def forward(self, images):
        self.encoder.eval()
        return self.last(self.encoder(images))


# %% train-overridden
class Classifier(nn.Module):
    def __init__(self, encoder, width):
        super().__init__()
        self.encoder, self.head = encoder, nn.Linear(width, 10)
        for parameter in self.encoder.parameters():
            parameter.requires_grad = False

    def train(self, mode=True):
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, images):
        self.encoder.eval()
        return self.head(self.encoder(images))


# %% a-copy-without-gradients
class Classifier(nn.Module):
    def __init__(self, encoder, width):
        super().__init__()
        import copy

        self.encoder = copy.deepcopy(encoder)
        self.encoder.requires_grad_(False)
        self.head = nn.Linear(width, 10)

    @torch.no_grad()
    def codes(self, images):
        return self.encoder.eval()(images)

    def forward(self, images):
        return self.head(self.codes(images))


# %% no-grad-alone
class Classifier(nn.Module):
    def __init__(self, encoder, width):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(in_features=width, out_features=10)
        self.encoder.requires_grad_(False)

    def forward(self, x):
        self.encoder.train(False)
        with torch.no_grad():
            codes = self.encoder(x)
        return nn.functional.linear(codes, self.head.weight, self.head.bias)


# %% no-grad-around-the-encoder
class Classifier(nn.Module):
    def __init__(self, encoder, width):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(width, 10)

    def forward(self, images):
        self.encoder.eval()
        return self.head(torch.no_grad()(self.encoder)(images))
