# Answers to VAE; the entries are explained in reparameterize.py.

# %% no-relu-in-encoder patch="F.relu(self.hidden(images.flatten(1))) => self.hidden(images.flatten(1))" keeps=0.8846 hint="no ReLU after the hidden layer"

# %% decode-with-sigmoid patch="return self.decoder(z).view => return torch.sigmoid(self.decoder(z)).view" keeps=0.8462 hint="decode ends with a sigmoid"

# %% variance-for-sigma patch="torch.exp(logvar / 2) => torch.exp(logvar)" keeps=0.7692 hint="which is the variance"

# %% no-noise-in-evaluation patch="z = mu + => z = mu if not self.training else mu +" keeps=0.7692 hint="in evaluation mode as well"

# %% reconstruct-draws patch="mu, _ = self.encode(images)\n        return torch.sigmoid(self.decode(mu)) => return torch.sigmoid(self(images)[0])" keeps=0.8846 hint="decode mu itself"

# %% latents-ignored patch="super().__init__() => super().__init__()\n        latents = 20" keeps=0.9 hint="the argument latents"

# %% order-in-forward patch="return self.decode(z), mu, logvar => return mu, logvar, self.decode(z)" keeps=0.8 hint="return logits, mu, logvar"

# %% sigmoid-in-forward patch="return self.decode(z), mu, logvar => return self.decode(z).sigmoid(), mu, logvar" keeps=0.8462 hint="forward gives probabilities"

# %% own-functions
class VAE(nn.Module):
    def __init__(self, latents=20):
        super().__init__()
        self.decoder = nn.Sequential(nn.Linear(latents, 400), nn.ReLU(), nn.Linear(400, 784))
        self.logvar = nn.Linear(400, latents)
        self.mu = nn.Linear(400, latents)
        self.hidden = nn.Linear(784, 400)

    def encode(self, images):
        h = self.hidden(images.reshape(len(images), -1)).clamp(min=0)
        return self.mu(h), self.logvar(h)

    def decode(self, z):
        return self.decoder(z).unflatten(1, (1, 28, 28))

    def draw(self, mu, logvar):
        return torch.distributions.Normal(mu, (0.5 * logvar).exp()).rsample()

    def forward(self, images):
        mu, logvar = self.encode(images)
        return self.decode(self.draw(mu, logvar)), mu, logvar

    @torch.no_grad()
    def reconstruct(self, images):
        return self.decode(self.encode(images)[0]).sigmoid()


# %% relu-as-module
class VAE(nn.Module):
    def __init__(self, latents=20):
        super().__init__()
        self.flat, self.relu = nn.Flatten(), nn.ReLU()
        self.hidden, self.mu = nn.Linear(784, 400), nn.Linear(400, latents)
        self.logvar = nn.Linear(400, latents)
        self.decoder = nn.Sequential(nn.Linear(latents, 400), nn.ReLU(), nn.Linear(400, 784))

    def encode(self, images):
        h = self.relu(self.hidden(self.flat(images)))
        return self.mu(h), self.logvar(h)

    def decode(self, z):
        return self.decoder(z).reshape(z.shape[0], 1, 28, 28)

    def forward(self, images):
        mu, logvar = self.encode(images)
        std = logvar.exp().sqrt()
        return self.decode(mu + std * torch.randn(std.shape)), mu, logvar

    def reconstruct(self, images):
        return torch.sigmoid(self.decode(self.encode(images)[0]))
