# Answers to transposed_decoder. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% published-relu patch="nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1), => nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1), nn.ReLU()," keeps=0.8333 hint="after the last layer: ReLU, expected nothing"

# %% pixels-not-logits patch="return self.layers(code) => return self.layers(code).sigmoid()" keeps=0.8333 hint="after the last layer: sigmoid, expected nothing"

# %% no-relu-between keeps=0.6667 hint="between layers: nothing"
class TransposedDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.ConvTranspose2d(16, 16, 3, stride=2)
        self.b = nn.ConvTranspose2d(16, 8, 4, stride=2, padding=1)
        self.c = nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1)

    def forward(self, code):
        return self.c(self.b(self.a(code)))


# %% kernel-3-everywhere keeps=0.25 hint="expected [16, 16, 3, 3], [16, 8, 4, 4]"
class TransposedDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(16, 16, 3, stride=2),
            nn.ReLU(),
            nn.ConvTranspose2d(16, 8, 3, stride=2, padding=1, output_padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(8, 1, 3, stride=2, padding=1, output_padding=1),
        )

    def forward(self, code):
        return self.layers(code)


# %% padding-forgotten patch="nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1) => nn.ConvTranspose2d(8, 1, 4, stride=2)" keeps=0.5 hint="which sizes come out of each step? 3, 7, 14, 28"


# %% made-backwards-other-names
class TransposedDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.ConvTranspose2d(8, 1, kernel_size=4, stride=2, padding=1)
        self.middle = nn.ConvTranspose2d(16, 8, kernel_size=4, stride=2, padding=1)
        self.first = nn.ConvTranspose2d(16, 16, kernel_size=3, stride=2)

    def forward(self, z):
        return self.last(F.relu(self.middle(F.relu(self.first(z)))))


# %% cut-instead-of-padding
class TransposedDecoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(
            [nn.ConvTranspose2d(16, 16, 3, 2), nn.ConvTranspose2d(16, 8, 4, 2), nn.ConvTranspose2d(8, 1, 4, 2)]
        )

    def forward(self, code):
        x = self.layers[0](code)
        for layer in self.layers[1:]:
            x = layer(x.relu())[:, :, 1:-1, 1:-1]
        return x
