# Wrong answers that students really give. Each entry replaces the exercise's cell, or patches the reference line by line
# (`# old |` becomes `# new |`; an old line that is no longer there is an error).
# exercise: the exam; keeps: the share of the points that is left; hint: words of the message that this mistake, and no other, must get.

# %% centres-rows exercise="standardise" keeps=0 hint="every row has mean 0"
def standardise(X):
    centred = X - X.mean(dim=1, keepdim=True)
    spread = centred.square().mean(dim=1, keepdim=True).sqrt()
    centred = centred / torch.where(spread > 0, spread, 1.0)
    X.copy_(centred)
    return centred


# %% divides-by-n-minus-1 exercise="standardise" keeps=0.5 hint="divides by n - 1"
# old |     spread = centred.square().mean(dim=0).sqrt()
# new |     spread = X.std(dim=0)

# %% divides-by-variance exercise="standardise" keeps=0.5 hint="you divided by the variance"
# old |     spread = centred.square().mean(dim=0).sqrt()
# new |     spread = centred.square().mean(dim=0)


# %% noise-with-the-right-numbers exercise="standardise" keeps=0 hint="the columns do not follow those of X"
def standardise(X):
    Z = torch.randn(X.shape)
    Z = (Z - Z.mean(dim=0)) / Z.std(dim=0, correction=0)
    return torch.where(X.std(dim=0) > 0, Z, 0.0)


# %% gives-back-the-same exercise="standardise" keeps=0 hint="the column means are"
def standardise(X):
    return X.clone()


# %% upside-down exercise="standardise" keeps=0 hint="the columns do not follow those of X"
# old |     centred = X - X.mean(dim=0)
# new |     centred = X.mean(dim=0) - X

# %% forgets-constant-columns exercise="standardise" keeps=0.8333 hint="what do you divide by there"
# old |     return centred / torch.where(spread > 0, spread, 1.0)
# new |     return centred / spread

# %% variance-as-spread exercise="sampler" keeps=0.6 hint="exp(logvar) is the variance"
# old |         return mu + torch.exp(0.5 * logvar) * noise
# new |         return mu + torch.exp(logvar) * noise

# %% uniform-noise exercise="sampler" keeps=0.6 hint="is the noise normal?"
# old |         noise = torch.randn_like(mu)
# new |         noise = (torch.rand_like(mu) - 0.5) * 12**0.5

# %% dice-alone exercise="sampler" keeps=0 hint="is mu added, once?"
# old |         return mu + torch.exp(0.5 * logvar) * noise
# new |         return noise

# %% one-die-for-all exercise="sampler" keeps=0.8 hint="share one die"
# old |         noise = torch.randn_like(mu)
# new |         noise = torch.randn(())

# %% drawn-without-gradient exercise="sampler" keeps=0.6 hint="no gradient reaches mu"
# old |         return mu + torch.exp(0.5 * logvar) * noise
# new |         return torch.normal(mu, torch.exp(0.5 * logvar)).detach()

# %% never-steps exercise="linear_autoencoder" keeps=0 hint="nothing was learned"
# old |         optimizer.step()
# new |         pass

# %% gradients-pile-up exercise="linear_autoencoder" keeps=0 hint="set to zero before each backward"
# old |         optimizer.zero_grad()
# new |         pass

# %% ignores-the-width exercise="linear_autoencoder" keeps=0 hint="encoder.weight has shape"
# old |     for _ in range(300):
# new |     model = LinearAutoencoder(images.shape[1], width + 1)
# new |     optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
# new |     for _ in range(300):
