# Answers to unpool. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% fills-the-window keeps=0 hint="only one place gets it"
def unpool(code, indices, size):
    return F.interpolate(code, size=size)


# %% top-left keeps=0.25 hint="the indices say where"
def unpool(code, indices, size):
    maps = torch.zeros(*code.shape[:2], *size)
    down, right = size[0] // code.shape[2], size[1] // code.shape[3]
    maps[:, :, : code.shape[2] * down : down, : code.shape[3] * right : right] = code
    return maps


# %% one-map-for-all keeps=0.5 hint="counts within one map"
def unpool(code, indices, size):
    maps = torch.zeros(code.shape[0] * code.shape[1] * size[0] * size[1])
    maps = maps.scatter(0, indices.flatten(), code.flatten())
    return maps.view(*code.shape[:2], *size)


# %% height-and-width-exchanged patch="height, width = size => width, height = size" keeps=0.8 hint="rows before columns"


# %% detached patch="code.flatten(2)) => code.detach().flatten(2))" keeps=0.75 hint="no gradient reaches code"


# %% only-two-by-two keeps=0.7 hint="windows of 3 x 3"
def unpool(code, indices, size):
    return F.max_unpool2d(code, indices, 2, output_size=size)


# %% scatter-not-kept keeps=0 hint="scatter returns a new tensor"
def unpool(code, indices, size):
    maps = torch.zeros(*code.shape[:2], size[0] * size[1])
    maps.scatter(2, indices.flatten(2), code.flatten(2))
    return maps.unflatten(2, tuple(size))


# %% divided-by-the-height keeps=0 hint="is it divided by H"
def unpool(code, indices, size):
    n, c = code.shape[:2]
    maps = code.new_zeros(n, c, *size)
    image = torch.arange(n).view(n, 1, 1, 1)
    channel = torch.arange(c).view(1, c, 1, 1)
    maps[image, channel, indices // size[0], indices % size[0]] = code
    return maps


# %% by-index-arrays
def unpool(code, indices, size):
    n, c = code.shape[:2]
    maps = code.new_zeros(n, c, *size)
    image = torch.arange(n).view(n, 1, 1, 1)
    channel = torch.arange(c).view(1, c, 1, 1)
    maps[image, channel, indices // size[1], indices % size[1]] = code
    return maps


# %% one-hot
def unpool(code, indices, size):
    where = F.one_hot(indices.flatten(2), size[0] * size[1]).to(code.dtype)
    return torch.einsum("nck,nckp->ncp", code.flatten(2), where).reshape(*code.shape[:2], *size)


# %% in-loops
def unpool(code, indices, size):
    rows = []
    for values, places in zip(code.flatten(2).flatten(0, 1), indices.flatten(2).flatten(0, 1)):
        row = torch.zeros(size[0] * size[1])
        for value, place in zip(values, places):
            row = torch.where(torch.arange(len(row)) == place, value, row)
        rows.append(row)
    return torch.stack(rows).view(*code.shape[:2], *size)
