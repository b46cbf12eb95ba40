# Answers that few students give, of all exercises of this lab. keeps: at most this share of the points is left.
# An entry is a whole cell, or patch="old => new" on the reference.

# %% lengths exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.norm(dim=1)" keeps=0.5

# %% never-squared exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.mean(dim=1)" keeps=0.5

# %% variance exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.var(dim=1)" keeps=0.5

# %% three-dimensions exercise="image_errors" keeps=0.9
def image_errors(images, reconstructions):
    return (images - reconstructions).square().mean(dim=(1, 2, 3))


# %% error-images exercise="image_errors" patch="return difference.square().mean(dim=1) => return (images - reconstructions).square()" keeps=0.5

# %% up-to-255 exercise="image_errors" patch="difference = (images - reconstructions).flatten(1) => difference = (255 * images - 255 * reconstructions).flatten(1)" keeps=0.5

# %% divided-by-the-batch exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1) / len(images)" keeps=0.5

# %% relative exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().sum(dim=1) / images.flatten(1).square().sum(dim=1)" keeps=0.5


# %% subtracts-in-place exercise="image_errors" keeps=0.9
def image_errors(images, reconstructions):
    images -= reconstructions
    difference = images.flatten(1)
    return difference.square().mean(dim=1)


# %% as-a-list exercise="image_errors" patch="return difference.square().mean(dim=1) => return [row.square().mean().item() for row in difference]" keeps=0.9

# %% channel-kept exercise="image_errors" patch="return difference.square().mean(dim=1) => return (images - reconstructions).square().mean(dim=(-2, -1))" keeps=0.9

# %% line-by-line exercise="image_errors" patch="return difference.square().mean(dim=1) => return (images - reconstructions).square().mean(dim=-1)" keeps=0.5

# %% squeezes-all exercise="image_errors" patch="return difference.square().mean(dim=1) => return (images - reconstructions).squeeze().flatten(1).square().mean(dim=1)" keeps=0.9

# %% reconstructions-clamped exercise="image_errors" patch="difference = (images - reconstructions).flatten(1) => difference = (images - reconstructions.clamp(0, 1)).flatten(1)" keeps=0.5

# %% decibels exercise="image_errors" patch="return difference.square().mean(dim=1) => return -10 * difference.square().mean(dim=1).log10()" keeps=0.5

# %% sorted exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1).sort().values" keeps=0.5

# %% summed-over-the-batch-size exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().sum(dim=1) / len(images)" keeps=0.5

# %% divided-by-28 exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().sum(dim=1) / images.shape[-1]" keeps=0.5


# %% difference-of-squares exercise="image_errors" keeps=0.5
def image_errors(images, reconstructions):
    return (images.square() - reconstructions.square()).flatten(1).mean(dim=1)


# %% same-error-for-all exercise="image_errors" patch="return difference.square().mean(dim=1) => return torch.full((len(images),), difference.square().mean().item())" keeps=0.5

# %% cut-off-at-one exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1).clamp(0, 1)" keeps=0.5

# %% rounded-to-four-places exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1).round(decimals=4)" keeps=0.95


# %% compared-with-all exercise="image_errors" keeps=0.5
def image_errors(images, reconstructions):
    a, b = images.flatten(1), reconstructions.flatten(1)
    return (a[:, None] - b[None]).square().mean(dim=(1, 2))
