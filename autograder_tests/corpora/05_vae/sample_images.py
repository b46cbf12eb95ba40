# Answers to sample_images; the entries are explained in reparameterize.py.

# %% no-sigmoid patch="torch.sigmoid(decode(z)) => decode(z)" keeps=0.75 hint="decode gives logits"

# %% sigmoid-twice patch="torch.sigmoid(decode(z)) => torch.sigmoid(torch.sigmoid(decode(z)))" keeps=0.75 hint="a sigmoid is taken twice"

# %% uniform-codes patch="torch.randn( => torch.rand(" keeps=0.625 hint="uniform in [0, 1]"

# %% generator-unused patch=", generator=generator) => )" keeps=0.75 hint="do not come from `generator`"

# %% seeded-again patch="z = torch.randn => generator.manual_seed(0)\n    z = torch.randn" keeps=0.75 hint="every call gives the same numbers"

# %% one-code-for-all patch="torch.randn(n, latents, generator=generator) => torch.randn(1, latents, generator=generator).expand(n, latents)" keeps=0.5 hint="all images are the same"

# %% uniform-both-signs patch="torch.randn(n, latents, generator=generator) => 2 * torch.rand(n, latents, generator=generator) - 1" keeps=0.625 hint="uniform in [-1, 1]"

# %% normal
def sample_images(decode, n, latents, generator):
    with torch.no_grad():
        z = torch.normal(0.0, 1.0, (n, latents), generator=generator)
        return decode(z).sigmoid()


# %% in-place
def sample_images(decode, n, latents, generator):
    z = torch.empty(n, latents).normal_(generator=generator)
    return 1 / (1 + torch.exp(-decode(z)))
