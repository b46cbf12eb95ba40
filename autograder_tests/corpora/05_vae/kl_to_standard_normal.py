# Answers to kl_to_standard_normal; the entries are explained in reparameterize.py.

# %% factor-lost patch="0.5 * => 1.0 *" keeps=0.5 hint="the factor one half is missing"

# %% mean-over-latents patch=".sum(dim=1).mean() => .mean()" keeps=0.5 hint="20 times too small"

# %% summed-over-images patch=".sum(dim=1).mean() => .sum()" keeps=0.5 hint="summed over the images"

# %% sigma-for-logvar patch="logvar.exp() - 1 - logvar => (2 * logvar).exp() - 1 - 2 * logvar" keeps=0.25 hint="logvar is taken for log sigma"

# %% logvar-as-sigma patch="logvar.exp() - 1 - logvar => logvar**2 - 1 - (logvar**2).log()" keeps=0 hint="logvar may be 0 or negative"

# %% no-mean patch=".sum(dim=1).mean() => .sum(dim=1)" keeps=0.5 hint="a number for each image"

# %% half-lost keeps=0 hint="before the squares"
def kl_to_standard_normal(mu, logvar):
    sigma = torch.exp(logvar / 2)
    return (mu**2 + sigma**2 - torch.log(sigma) - 0.5).sum(dim=1).mean()


# %% detached patch=".sum(dim=1).mean() => .sum(dim=1).mean().detach()" keeps=0.8 hint="no gradient reaches mu"


# %% torch-distributions
def kl_to_standard_normal(mu, logvar):
    q = torch.distributions.Normal(mu, logvar.exp().sqrt())
    return torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(-1).mean()


# %% tutorial-form
def kl_to_standard_normal(mu, logvar):
    return -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp()) / mu.size(0)


# %% einsum
def kl_to_standard_normal(mu, logvar):
    return torch.einsum("nd->", mu.square() + logvar.exp() - logvar - 1) / (2 * len(mu))
