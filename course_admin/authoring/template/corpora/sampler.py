# Answers to sampler. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% variance-as-spread patch="torch.exp(0.5 * logvar) => torch.exp(logvar)" keeps=0.5 hint="exp(logvar) is the variance"

# %% uniform-noise patch="torch.randn_like(mu) => torch.rand_like(mu)" keeps=0.5 hint="the noise is uniform"

# %% noise-alone patch="return mu + torch.exp(0.5 * logvar) * noise => return noise" keeps=0.1667

# %% one-number-for-all patch="torch.randn_like(mu) => torch.randn(())" keeps=0.8333 hint="share the same noise"

# %% drawn-without-gradient patch="return mu + torch.exp(0.5 * logvar) * noise => return torch.normal(mu, torch.exp(0.5 * logvar)).detach()" keeps=0.6667 hint="no gradient reaches mu"

# %% torch-distributions
class GaussianSampler(nn.Module):
    def forward(self, mu, logvar):
        return torch.distributions.Normal(mu, logvar.exp().sqrt()).rsample()


# %% noise-scaled-in-place
class GaussianSampler(nn.Module):
    def forward(self, mu, logvar):
        return torch.empty_like(mu).normal_() * (logvar / 2).exp() + mu
