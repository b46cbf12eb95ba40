# Answers to to_range. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% stays-in-the-unit-range patch="return 2 * images.flatten(1) - 1 => return images.flatten(1)" keeps=0.3333 hint="still in [0, 1]"

# %% not-moved-down patch="return 2 * images.flatten(1) - 1 => return 2 * images.flatten(1)" keeps=0.3333 hint="stretched, but not moved down"

# %% only-centred patch="return 2 * images.flatten(1) - 1 => return images.flatten(1) - 0.5" keeps=0.3333

# %% by-the-batch patch="return 2 * images.flatten(1) - 1 => rows = images.flatten(1); return 2 * (rows - rows.min()) / (rows.max() - rows.min()) - 1" keeps=0.6667 hint="pixel of the batch set the range"

# %% not-flat patch="return 2 * images.flatten(1) - 1 => return 2 * images - 1" keeps=0.75

# %% one-long-row patch="return 2 * images.flatten(1) - 1 => return 2 * images.flatten() - 1" keeps=0.5 hint="flatten(1) keeps the first dimension"

# %% squeezed-first patch="return 2 * images.flatten(1) - 1 => return 2 * images.squeeze().flatten(1) - 1" keeps=0.8 hint="the rows of one image alone"

# %% scales-in-place patch="return 2 * images.flatten(1) - 1 => images *= 2; return images.flatten(1) - 1" keeps=0.8 hint="changes images in place"

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
