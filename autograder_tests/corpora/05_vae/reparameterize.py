# Answers to reparameterize. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and
# the share of the points that is left; hint: words of its message, where a slip is named. Without keeps: a right answer.

# %% variance-for-sigma patch="(0.5 * logvar).exp() => logvar.exp()" keeps=0.625 hint="exp(logvar) is the variance"

# %% uniform-noise patch="randn_like => rand_like" keeps=0.625 hint="the noise is uniform"

# %% mu-not-added patch="mu + (0.5 => (0.5" keeps=0.2917 hint="mu is not added"

# %% logvar-as-sigma patch="(0.5 * logvar).exp() => logvar" keeps=0.625 hint="logvar is used as the standard deviation"

# %% root-of-logvar patch="(0.5 * logvar).exp() => logvar.sqrt()" keeps=0 hint="logvar may be negative"

# %% no-noise patch="* noise => " keeps=0 hint="two calls give the same numbers"

# %% sample-stops-gradients keeps=0.6667 hint="no gradient reaches mu or logvar"
def reparameterize(mu, logvar):
    return torch.distributions.Normal(mu, (logvar / 2).exp()).sample()


# %% detached-sigma patch="(0.5 * logvar).exp() => (0.5 * logvar).exp().detach()" keeps=0.6667 hint="no gradient reaches logvar"


# %% rsample
def reparameterize(mu, logvar):
    return torch.distributions.Normal(mu, logvar.exp().sqrt()).rsample()


# %% empty-normal
def reparameterize(mu, logvar):
    eps = torch.empty_like(logvar).normal_()
    return torch.addcmul(mu, eps, torch.exp(logvar / 2))


# %% square-root-of-variance
def reparameterize(mu, logvar):
    variance = torch.exp(logvar)
    return mu + variance**0.5 * torch.randn(mu.shape)
