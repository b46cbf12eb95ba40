# Answers to small_autoencoder. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% no-sigmoid patch="nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(128, 784)" keeps=0.8

# %% relu-output patch="nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(128, 784), nn.ReLU()" keeps=0.8

# %% tanh-output patch="nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(128, 784), nn.Tanh()" keeps=0.8

# %% sigmoid-twice patch="return self.decoder(code).view_as(images) => return torch.sigmoid(self.decoder(code)).view_as(images)" keeps=0.8

# %% clamped keeps=0.8
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784))

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).clamp(0, 1).view_as(images)


# %% relu-code patch="nn.Linear(128, 2) => nn.Linear(128, 2), nn.ReLU()" keeps=0.8


# %% relu-everywhere keeps=0.6
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2), nn.ReLU())
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.ReLU())

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)


# %% sigmoid-code patch="nn.Linear(128, 2) => nn.Linear(128, 2), nn.Sigmoid()" keeps=0.8


# %% no-relu keeps=0.8
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)


# %% no-relu-in-the-decoder patch="nn.Linear(2, 128), nn.ReLU() => nn.Linear(2, 128)" keeps=0.8


# %% sigmoids-inside keeps=0.8
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.Sigmoid(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.Sigmoid(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)


# %% wider-code keeps=0
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
        self.decoder = nn.Sequential(nn.Linear(10, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)


# %% one-layer-decoder patch="nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(2, 784), nn.Sigmoid()" keeps=0


# %% other-names keeps=0.9
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


# %% flat-output patch="return self.decoder(code).view_as(images) => return self.decoder(code)" keeps=0.9

# %% returns-the-code patch="return self.decoder(code).view_as(images) => return code" keeps=0.1

# %% returns-both patch="return self.decoder(code).view_as(images) => return self.decoder(code).view_as(images), code" keeps=0.1

# %% forgets-to-return patch="return self.decoder(code).view_as(images) => self.decoder(code).view_as(images)" keeps=0.1

# %% detached-code patch="code = self.encoder(images.flatten(1)) => code = self.encoder(images.flatten(1)).detach()" keeps=0.8


# %% without-gradients keeps=0.8
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        with torch.no_grad():
            code = self.encoder(images.flatten(1))
            return self.decoder(code).view_as(images)


# %% softmax-output patch="nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(128, 784), nn.Softmax(dim=1)" keeps=0.4

# %% batch-normalised patch="nn.Linear(784, 128), nn.ReLU() => nn.Linear(784, 128), nn.BatchNorm1d(128), nn.ReLU()" keeps=0.8

# %% dropout patch="nn.Linear(784, 128), nn.ReLU() => nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.2)" keeps=0.8


# %% gelu-inside keeps=0.8
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.GELU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.GELU(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)


# %% divides-by-255 patch="code = self.encoder(images.flatten(1)) => code = self.encoder(images.flatten(1) / 255)" keeps=0.4

# %% pixels-up-to-255 patch="return self.decoder(code).view_as(images) => return 255 * self.decoder(code).view_as(images)" keeps=0.8

# %% squeezes-one-image patch="code = self.encoder(images.flatten(1)) => code = self.encoder(images.squeeze().flatten(1))" keeps=0.9

# %% images-given-back patch="return self.decoder(code).view_as(images) => return images" keeps=0.1


# %% layers-in-plain-lists keeps=0
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = [nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2)]
        self.decoder = [nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid()]

    def forward(self, images):
        x = images.flatten(1)
        for layer in self.encoder + self.decoder:
            x = layer(x)
        return x.view_as(images)


# %% relu-before-the-sigmoid patch="nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(128, 784), nn.ReLU(), nn.Sigmoid()" keeps=0.8

# %% tanh-before-the-sigmoid patch="nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(128, 784), nn.Tanh(), nn.Sigmoid()" keeps=0.8


# %% all-weights-zero keeps=0.8
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())
        for parameter in self.parameters():
            nn.init.zeros_(parameter)

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)


# %% images-from-minus-one patch="code = self.encoder(images.flatten(1)) => code = self.encoder((2 * images - 1).flatten(1))" keeps=0.4


# %% noise-on-the-code keeps=0.4
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        code = code + 0.1 * torch.randn_like(code)
        return self.decoder(code).view_as(images)


# %% images-added patch="return self.decoder(code).view_as(images) => return images + self.decoder(code).view_as(images)" keeps=0.4


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
