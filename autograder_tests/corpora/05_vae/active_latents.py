# Answers to active_latents; the entries are explained in reparameterize.py.

# %% standard-deviation patch=".var( => .std(" keeps=0.5 hint="the standard deviation is compared"

# %% along-the-latents patch="dim=0 => dim=1" keeps=0.25 hint="variance over the latents of each image"

# %% mean-far-from-zero patch="mu.var(dim=0, correction=0) > above => mu.mean(dim=0).abs() > above" keeps=0 hint="far from 0"

# %% mean-of-squares patch="mu.var(dim=0, correction=0) => mu.square().mean(dim=0)" keeps=0.25 hint="squares of the means"

# %% reversed patch="> above => <= above" keeps=0.5 hint="not active are marked"

# %% counted patch="mu.var(dim=0, correction=0) > above => (mu.var(dim=0, correction=0) > above).sum()" keeps=0.5 hint="the number of active latents"

# %% limit-fixed patch="> above => > 0.01" keeps=0.5 hint="fixed in your code"

# %% unbiased
def active_latents(mu, above=0.01):
    return torch.var(mu, 0) > above


# %% by-hand
def active_latents(mu, above=0.01):
    centred = mu - mu.mean(dim=0)
    return (centred**2).mean(dim=0).gt(above)


# %% column-by-column
def active_latents(mu, above=0.01):
    import numpy as np

    return torch.tensor([bool(np.var(column) > above) for column in mu.detach().numpy().T])
