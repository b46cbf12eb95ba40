# Answers to to_range. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% stays-in-the-unit-range patch="return 2 * images.flatten(1) - 1 => return images.flatten(1)" keeps=0.5

# %% not-moved-down patch="return 2 * images.flatten(1) - 1 => return 2 * images.flatten(1)" keeps=0.5

# %% only-centred patch="return 2 * images.flatten(1) - 1 => return images.flatten(1) - 0.5" keeps=0.5

# %% negative patch="return 2 * images.flatten(1) - 1 => return 1 - 2 * images.flatten(1)" keeps=0.5

# %% as-if-up-to-255 patch="return 2 * images.flatten(1) - 1 => return images.flatten(1) / 127.5 - 1" keeps=0.5

# %% by-the-batch keeps=0.5
def to_range(images):
    rows = images.flatten(1)
    return 2 * (rows - rows.min()) / (rows.max() - rows.min()) - 1


# %% each-image-stretched keeps=0.5
def to_range(images):
    rows = images.flatten(1)
    low, high = rows.amin(1, keepdim=True), rows.amax(1, keepdim=True)
    return 2 * (rows - low) / (high - low) - 1


# %% standardised keeps=0.5
def to_range(images):
    rows = images.flatten(1)
    return (rows - rows.mean()) / rows.std()


# %% through-tanh patch="return 2 * images.flatten(1) - 1 => return torch.tanh(images.flatten(1))" keeps=0.5

# %% not-flat patch="return 2 * images.flatten(1) - 1 => return 2 * images - 1" keeps=0.5

# %% one-long-row patch="return 2 * images.flatten(1) - 1 => return 2 * images.flatten() - 1" keeps=0.5

# %% pixels-first patch="return 2 * images.flatten(1) - 1 => return 2 * images.flatten(1).T - 1" keeps=0.5

# %% channel-kept patch="return 2 * images.flatten(1) - 1 => return 2 * images.flatten(2) - 1" keeps=0.5

# %% squeezed-first patch="return 2 * images.flatten(1) - 1 => return 2 * images.squeeze().flatten(1) - 1" keeps=0.75


# %% scales-in-place keeps=0.8
def to_range(images):
    images *= 2
    return images.flatten(1) - 1


# %% divided-by-the-largest keeps=0.5
def to_range(images):
    rows = images.flatten(1)
    return 2 * rows / rows.max() - 1


# %% each-image-centred keeps=0.5
def to_range(images):
    rows = images.flatten(1)
    return rows - rows.mean(dim=1, keepdim=True)


# %% each-image-standardised keeps=0.5
def to_range(images):
    rows = images.flatten(1)
    return (rows - rows.mean(dim=1, keepdim=True)) / rows.std(dim=1, keepdim=True)


# %% whole-numbers patch="return 2 * images.flatten(1) - 1 => return (2 * images.flatten(1) - 1).long()" keeps=0.5

# %% black-and-white patch="return 2 * images.flatten(1) - 1 => return 2 * (images.flatten(1) > 0.5).float() - 1" keeps=0.5

# %% column-after-column patch="return 2 * images.flatten(1) - 1 => return 2 * images.transpose(2, 3).flatten(1) - 1" keeps=0.5

# %% standardised-as-in-tutorials patch="return 2 * images.flatten(1) - 1 => return (images.flatten(1) - 0.1307) / 0.3081" keeps=0.5


# %% by-the-largest-of-each keeps=0.5
def to_range(images):
    rows = images.flatten(1)
    return 2 * rows / rows.amax(1, keepdim=True) - 1


# %% cut-off-at-zero patch="return 2 * images.flatten(1) - 1 => return (2 * images.flatten(1) - 1).clamp(0, 1)" keeps=0.5

# %% reshaped-sideways patch="return 2 * images.flatten(1) - 1 => return 2 * images.reshape(-1, len(images)) - 1" keeps=0.5


# %% centred-then-stretched
def to_range(images):
    return ((images - 0.5) / 0.5).reshape(len(images), -1)


# %% as-torchvision-does
def to_range(images):
    from torchvision.transforms import Normalize

    return Normalize((0.5,), (0.5,))(images).flatten(start_dim=1)


# %% by-lerp
def to_range(images):
    rows = images.view(images.shape[0], -1)
    return torch.lerp(torch.tensor(-1.0), torch.tensor(1.0), rows)


# %% image-by-image
def to_range(images):
    return torch.stack([image.ravel().double().mul(2).add(-1).float() for image in images])


# %% interp-of-numpy
def to_range(images):
    import numpy as np

    a = images.numpy().reshape(images.shape[0], -1)
    return torch.from_numpy(np.interp(a, [0, 1], [-1, 1]))


# %% written-into-a-copy
def to_range(images):
    out = images.clone().squeeze(1).flatten(1)
    out *= 2
    out -= 1
    return out


# %% row-by-row-of-pixels
def to_range(images):
    N, C, H, W = images.shape
    return torch.cat([images[:, 0, i, :] for i in range(H)], dim=1) * 2 - 1


# %% white-minus-black
def to_range(images):
    x = images.flatten(start_dim=1)
    return x - (1 - x)


# %% as-a-linear-layer
def to_range(images):
    x = images.reshape(images.shape[0], -1, 1)
    return torch.nn.functional.linear(x, torch.tensor([[2.0]]), torch.tensor([-1.0])).squeeze(-1)
