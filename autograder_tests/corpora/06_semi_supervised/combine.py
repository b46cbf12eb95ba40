# Answers to combine. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% codes-last patch="[images.flatten(1), codes, reconstructions.flatten(1)] => [images.flatten(1), reconstructions.flatten(1), codes]" keeps=0.75 hint="the codes are last"

# %% codes-first patch="[images.flatten(1), codes, reconstructions.flatten(1)] => [codes, images.flatten(1), reconstructions.flatten(1)]" keeps=0.75 hint="the codes are first"

# %% without-reconstructions patch=", reconstructions.flatten(1)] => ]" keeps=0.33 hint="the reconstructions are missing"

# %% images-twice patch="reconstructions.flatten(1)] => images.flatten(1)]" keeps=0.33 hint="the images are there twice"

# %% flattened-too-far patch="images.flatten(1), codes, reconstructions.flatten(1)], dim=1 => images.flatten(), codes.flatten(), reconstructions.flatten()], dim=0" keeps=0

# %% one-below-the-other patch="dim=1 => dim=0" keeps=0

# %% hstack
def combine(images, codes, reconstructions):
    n = len(images)
    return torch.hstack([images.reshape(n, -1), codes, reconstructions.reshape(n, -1)])


# %% loop
def combine(images, codes, reconstructions):
    rows = zip(images, codes, reconstructions, strict=True)
    return torch.stack([torch.cat([part.reshape(-1) for part in row]) for row in rows])
