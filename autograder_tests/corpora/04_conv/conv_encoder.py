# Answers to conv_encoder. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% no-padding patch="nn.Conv2d(channels_in, channels_out, 3, padding=1) => nn.Conv2d(channels_in, channels_out, 3)" keeps=0.5 hint="shape [5, 16, 1, 1]"

# %% rounds-up patch="nn.MaxPool2d(2) => nn.MaxPool2d(2, ceil_mode=True)" keeps=0.5 hint="which sizes come out of each step? 28, 14, 7, 3"

# %% mean-pooling patch="nn.MaxPool2d(2) => nn.AvgPool2d(2)" keeps=0.8333 hint="2 x 2 mean pooling, expected 2 x 2 max"

# %% no-relu patch="nn.ReLU(), => nn.Identity()," keeps=0.6667 hint="between layers: nothing"

# %% no-relu-at-the-code patch="self.layers = nn.Sequential(*layers) => self.layers = nn.Sequential(*layers[:-2], nn.MaxPool2d(2))" keeps=0.8333 hint="after the last convolution: nothing, expected ReLU"

# %% strides-not-pooling keeps=0.5 hint="which sizes come out of each step? 28, 14, 7, 3"
class ConvEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 16, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(16, 16, 3, stride=2, padding=1),
            nn.ReLU(),
        )

    def forward(self, images):
        return self.layers(images)


# %% batch-norm patch="nn.ReLU(), => nn.BatchNorm2d(channels_out), nn.ReLU()," keeps=0.8 hint="batch normalisation"


# %% made-backwards-other-names
class ConvEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(16, 16, (3, 3), padding="same")
        self.b = nn.Conv2d(8, 16, (3, 3), padding="same")
        self.a = nn.Conv2d(1, 8, (3, 3), padding="same")

    def forward(self, images):
        for layer in (self.a, self.b, self.c):
            images = nn.functional.relu(nn.functional.max_pool2d(layer(images), 2))
        return images


# %% windows-by-hand
class ConvEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [1, 8, 16, 16]
        self.convs = nn.ModuleDict({str(i): nn.Conv2d(sizes[i], sizes[i + 1], 3, 1, 1) for i in (2, 0, 1)})

    def forward(self, x):
        for i in range(3):
            x = self.convs[str(i)](x).clamp(min=0)
            h, w = x.shape[-2] // 2 * 2, x.shape[-1] // 2 * 2
            x = x[:, :, :h, :w].unfold(2, 2, 2).unfold(3, 2, 2).amax(dim=(-1, -2))
        return x
