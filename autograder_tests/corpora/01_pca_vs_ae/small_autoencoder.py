# Answers to small_autoencoder. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% no-sigmoid patch="nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(128, 784)" keeps=0.875 hint="output: none, expected sigmoid"

# %% relu-output patch="nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(128, 784), nn.ReLU()" keeps=0.875 hint="output: ReLU, expected sigmoid"

# %% relu-code patch="nn.Linear(128, 2) => nn.Linear(128, 2), nn.ReLU()" keeps=0.875 hint="code: ReLU, expected none"

# %% no-relu keeps=0.75 hint="encoder hidden: none, expected ReLU"
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)


# %% wider-code keeps=0.5 hint="784-128-10, expected 784-128-2"
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
        self.decoder = nn.Sequential(nn.Linear(10, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)


# %% forgets-to-return patch="return self.decoder(code).view_as(images) => self.decoder(code).view_as(images)" keeps=0.5 hint="Is the return missing?"


# %% other-names keeps=0.8 hint="not as self.encoder and self.decoder"
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Flatten(),
            nn.Linear(784, 128),
            nn.ReLU(),
            nn.Linear(128, 2),
            nn.Linear(2, 128),
            nn.ReLU(),
            nn.Linear(128, 784),
            nn.Sigmoid(),
        )

    def forward(self, images):
        return self.net(images).view_as(images)


# %% flat-output patch="return self.decoder(code).view_as(images) => return self.decoder(code)" keeps=0.8


# %% sigmoid-in-forward
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784))

    def forward(self, images):
        return nn.functional.sigmoid(self.decoder(self.encoder(images))).reshape(-1, 1, 28, 28)


# %% torchvision-mlp
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = MLP(784, [128, 2])
        self.decoder = nn.Sequential(MLP(2, [128, 784]), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28)))

    def forward(self, images):
        return self.decoder(self.encoder(images.flatten(1)))


# %% halves-as-modules
class Half(nn.Module):
    def __init__(self, entering, leaving):
        super().__init__()
        self.first = nn.Linear(entering, 128)
        self.second = nn.Linear(128, leaving)

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))


class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.decoder = Half(2, 784)
        self.encoder = Half(784, 2)

    def forward(self, images):
        x = images.view(len(images), -1)
        return torch.sigmoid(self.decoder(self.encoder(x))).view(images.shape)


# %% list-of-layers
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleList([nn.Linear(784, 128), nn.Linear(128, 2)])
        self.decoder = nn.ModuleList([nn.Linear(2, 128), nn.Linear(128, 784)])

    def forward(self, images):
        x = self.encoder[1](self.encoder[0](images.flatten(1)).clamp(min=0))
        x = self.decoder[1](self.decoder[0](x).clamp(min=0))
        return (1 / (1 + torch.exp(-x))).unflatten(1, images.shape[1:])


# %% named-layers
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            OrderedDict(
                down=nn.Linear(784, 128), bend=nn.ReLU(inplace=True), code=nn.Linear(128, 2), nothing=nn.Identity()
            )
        )
        self.decoder = nn.Sequential(
            OrderedDict(
                up=nn.Linear(2, 128), bend=nn.ReLU(inplace=True), pixels=nn.Linear(128, 784), squash=nn.Sigmoid()
            )
        )
        for layer in (self.encoder.down, self.decoder.up):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")

    def forward(self, images):
        return self.decoder(self.encoder(images.reshape(-1, 784))).reshape_as(images)


# %% lazy-linear
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.LazyLinear(128), nn.ReLU(), nn.LazyLinear(2))
        self.decoder = nn.Sequential(
            nn.LazyLinear(128), nn.ReLU(), nn.LazyLinear(784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))
        )

    def forward(self, images):
        return self.decoder(self.encoder(images))


# %% dictionaries-of-layers
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleDict({"hidden": nn.Linear(784, 128), "code": nn.Linear(128, 2)})
        self.decoder = nn.ModuleDict({"hidden": nn.Linear(2, 128), "pixels": nn.Linear(128, 784)})

    def encode(self, images):
        return self.encoder["code"](nn.functional.relu(self.encoder["hidden"](torch.flatten(images, 1))))

    def decode(self, code):
        return self.decoder["pixels"](nn.functional.relu(self.decoder["hidden"](code))).sigmoid()

    def forward(self, images):
        return self.decode(self.encode(images)).view(-1, 1, 28, 28)


# %% out-before-hidden
class Down(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(128, 2)
        self.hidden = nn.Linear(784, 128)

    def forward(self, x):
        return self.out(self.hidden(x).relu())


class Up(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(128, 784)
        self.hidden = nn.Linear(2, 128)

    def forward(self, z):
        return torch.sigmoid(self.out(self.hidden(z).relu()))


class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Down(), Up()

    def forward(self, images):
        return self.decoder(self.encoder(images.flatten(1))).view_as(images)


# %% sigmoid-as-tanh
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784))

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return (0.5 * (1 + torch.tanh(self.decoder(code) / 2))).view_as(images)


# %% one-image-after-another
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        return torch.stack([self.decoder(self.encoder(image.flatten())).view(1, 28, 28) for image in images])


# %% network-in-double
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())
        self.double()

    def forward(self, images):
        code = self.encoder(images.double().flatten(1))
        return self.decoder(code).view_as(images).float()


# %% code-layer-of-zeros
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())
        nn.init.zeros_(self.encoder[2].weight)
        nn.init.zeros_(self.encoder[2].bias)

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)
