# Answers to image_errors. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% summed patch="return difference.square().mean(dim=1) => return difference.square().sum(dim=1)" keeps=0.5 hint="the squares are added up"

# %% absolute patch="return difference.square().mean(dim=1) => return difference.abs().mean(dim=1)" keeps=0.5 hint="absolute errors: square"

# %% rooted patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1).sqrt()" keeps=0.5 hint="the square root is taken"

# %% one-number patch="return difference.square().mean(dim=1) => return nn.functional.mse_loss(images, reconstructions)" keeps=0 hint="one number for all images"

# %% mean-over-images patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=0)" keeps=0.33 hint="the mean is taken over the images"

# %% mean-before-square patch="return difference.square().mean(dim=1) => return difference.mean(dim=1).square()" keeps=0.33 hint="square before the mean"

# %% not-flattened patch="difference = (images - reconstructions).flatten(1) => difference = images - reconstructions" keeps=0

# %% kept-as-a-column patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1, keepdim=True)" keeps=0.8 hint="keepdim=True leaves"

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
