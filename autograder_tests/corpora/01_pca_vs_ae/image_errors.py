# Answers to image_errors. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% summed patch="return difference.square().mean(dim=1) => return difference.square().sum(dim=1)" keeps=0

# %% absolute patch="return difference.square().mean(dim=1) => return difference.abs().mean(dim=1)" keeps=0

# %% rooted patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1).sqrt()" keeps=0

# %% lengths patch="return difference.square().mean(dim=1) => return difference.norm(dim=1)" keeps=0

# %% mean-before-square patch="return difference.square().mean(dim=1) => return difference.mean(dim=1).square()" keeps=0

# %% never-squared patch="return difference.square().mean(dim=1) => return difference.mean(dim=1)" keeps=0

# %% variance patch="return difference.square().mean(dim=1) => return difference.var(dim=1)" keeps=0

# %% one-number patch="return difference.square().mean(dim=1) => return nn.functional.mse_loss(images, reconstructions)" keeps=0

# %% mean-over-images patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=0)" keeps=0

# %% not-flattened patch="difference = (images - reconstructions).flatten(1) => difference = images - reconstructions" keeps=0.3333

# %% three-dimensions keeps=0.6667
def image_errors(images, reconstructions):
    return (images - reconstructions).square().mean(dim=(1, 2, 3))


# %% error-images patch="return difference.square().mean(dim=1) => return (images - reconstructions).square()" keeps=0

# %% up-to-255 patch="difference = (images - reconstructions).flatten(1) => difference = (255 * images - 255 * reconstructions).flatten(1)" keeps=0

# %% divided-by-the-batch patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1) / len(images)" keeps=0

# %% relative patch="return difference.square().mean(dim=1) => return difference.square().sum(dim=1) / images.flatten(1).square().sum(dim=1)" keeps=0


# %% subtracts-in-place keeps=0.75
def image_errors(images, reconstructions):
    images -= reconstructions
    difference = images.flatten(1)
    return difference.square().mean(dim=1)


# %% kept-as-a-column patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1, keepdim=True)" keeps=0.3333

# %% as-a-list patch="return difference.square().mean(dim=1) => return [row.square().mean().item() for row in difference]" keeps=0

# %% channel-kept patch="return difference.square().mean(dim=1) => return (images - reconstructions).square().mean(dim=(-2, -1))" keeps=0

# %% line-by-line patch="return difference.square().mean(dim=1) => return (images - reconstructions).square().mean(dim=-1)" keeps=0.3333

# %% squeezes-all patch="return difference.square().mean(dim=1) => return (images - reconstructions).squeeze().flatten(1).square().mean(dim=1)" keeps=0.75

# %% reconstructions-clamped patch="difference = (images - reconstructions).flatten(1) => difference = (images - reconstructions.clamp(0, 1)).flatten(1)" keeps=0

# %% decibels patch="return difference.square().mean(dim=1) => return -10 * difference.square().mean(dim=1).log10()" keeps=0

# %% sorted patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1).sort().values" keeps=0

# %% summed-over-the-batch-size patch="return difference.square().mean(dim=1) => return difference.square().sum(dim=1) / len(images)" keeps=0

# %% divided-by-28 patch="return difference.square().mean(dim=1) => return difference.square().sum(dim=1) / images.shape[-1]" keeps=0.3333


# %% difference-of-squares keeps=0
def image_errors(images, reconstructions):
    return (images.square() - reconstructions.square()).flatten(1).mean(dim=1)


# %% same-error-for-all patch="return difference.square().mean(dim=1) => return torch.full((len(images),), difference.square().mean().item())" keeps=0

# %% cut-off-at-one patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1).clamp(0, 1)" keeps=0

# %% rounded-to-four-places patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1).round(decimals=4)" keeps=0.6667


# %% compared-with-all keeps=0
def image_errors(images, reconstructions):
    a, b = images.flatten(1), reconstructions.flatten(1)
    return (a[:, None] - b[None]).square().mean(dim=(1, 2))


# %% loss-without-reduction
def image_errors(images, reconstructions):
    return nn.functional.mse_loss(reconstructions, images, reduction="none").flatten(1).mean(dim=1)


# %% image-by-image-errors
def image_errors(images, reconstructions):
    return torch.stack([nn.functional.mse_loss(a, b) for a, b in zip(images, reconstructions)])


# %% divided-by-784
def image_errors(images, reconstructions):
    off = (images - reconstructions).view(-1, 28 * 28)
    return torch.einsum("np,np->n", off, off) / 784


# %% mean-over-whatever-is-left
def image_errors(images, reconstructions):
    off = images.double() - reconstructions.double()
    return (off**2).mean(dim=tuple(range(1, off.ndim)))


# %% vectorised-map
def image_errors(images, reconstructions):
    return torch.vmap(nn.functional.mse_loss)(reconstructions, images)


# %% norms
def image_errors(images, reconstructions):
    return torch.linalg.vector_norm((images - reconstructions).flatten(1), dim=1).pow(2).div(images[0].numel())


# %% pairwise-distance
def image_errors(images, reconstructions):
    a, b = images.flatten(1), reconstructions.flatten(1)
    return nn.functional.pairwise_distance(a, b, eps=0) ** 2 / a.shape[1]


# %% sklearn-columns
def image_errors(images, reconstructions):
    from sklearn.metrics import mean_squared_error

    a, b = images.flatten(1).numpy(), reconstructions.flatten(1).numpy()
    return torch.from_numpy(mean_squared_error(a.T, b.T, multioutput="raw_values"))


# %% batched-product
def image_errors(images, reconstructions):
    d = (images - reconstructions).reshape(len(images), 1, -1)
    return torch.bmm(d, d.transpose(1, 2)).squeeze(-1).squeeze(-1) / d.shape[-1]


# %% training-pixel-error
def image_errors(images, reconstructions):
    return torch.stack([training.pixel_error(b, a) for a, b in zip(images, reconstructions)])
