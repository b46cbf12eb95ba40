# Answers to numbers_that_pass. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% last-pooling-only patch="indices += maps * size**2 => indices = maps * size**2" keeps=0.5533 hint="only the last pooling"

# %% rounded-up patch="size = size // 2 => size = (size + 1) // 2" keeps=0.5 hint="an odd size is rounded up"

# %% true-division patch="size = size // 2 => size = size / 2" keeps=0.5 hint="divide with //"

# %% code-of-all-poolings patch="return channels[-1] * size**2, indices => return indices, indices" keeps=0.8333 hint="the code is what the last pooling keeps"

# %% before-the-pooling keeps=0.5533 hint="one for each number after it"
def numbers_that_pass(size, channels):
    indices = 0
    for maps in channels:
        indices += maps * size**2
        size = size // 2
    return channels[-1] * size**2, indices


# %% last-pooling-missing keeps=0.6667 hint="the last pooling is missing"
def numbers_that_pass(size, channels):
    indices = 0
    for maps in channels:
        size = size // 2
        indices += maps * size**2
    return channels[-1] * size**2, indices - channels[-1] * size**2


# %% exchanged patch="return channels[-1] * size**2, indices => return indices, channels[-1] * size**2" keeps=0.8


# %% asks-torch
def numbers_that_pass(size, channels):
    x, count = torch.zeros(1, 1, size, size), 0
    for maps in channels:
        x, where = F.max_pool2d(x[:, :1].expand(1, maps, -1, -1).contiguous(), 2, return_indices=True)
        count += where.numel()
    return x.numel(), count


# %% one-list
def numbers_that_pass(size, channels):
    kept = [maps * (size // 2 ** (i + 1)) ** 2 for i, maps in enumerate(channels)]
    return kept[-1], sum(kept)
