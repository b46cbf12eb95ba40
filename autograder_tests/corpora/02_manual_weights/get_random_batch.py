# Answers to get_random_batch. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% without-replacement patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randperm(len(X), generator=generator)[:size]" keeps=0.7 hint="draw with replacement"

# %% global-generator patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(len(X), (size,))" keeps=0.7 hint="do not come from `generator`"

# %% seeds-inside patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(len(X), (size,), generator=torch.Generator().manual_seed(0))" keeps=0.4 hint="do not seed it again"

# %% first-ones keeps=0.1
def get_random_batch(X, size, generator):
    return X[:size]


# %% neighbours keeps=0.4 hint="follow from other rows"
def get_random_batch(X, size, generator):
    start = torch.randint(len(X) - size + 1, (1,), generator=generator).item()
    return X[start : start + size]


# %% last-one-never patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(0, len(X) - 1, (size,), generator=generator)" keeps=0.7 hint="rows [11] are never drawn"

# %% positions-themselves patch="return X[positions] => return positions" keeps=0 hint="are these positions?"

# %% as-far-as-the-batch patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(size, (size,), generator=generator)" keeps=0.4 hint="rows [10, 11] are never drawn"


# %% multinomial
def get_random_batch(X, size, generator):
    positions = torch.multinomial(torch.ones(len(X)), size, replacement=True, generator=generator)
    return X.index_select(0, positions)


# %% rounded-down
def get_random_batch(X, size, generator):
    dice = torch.rand(size, generator=generator)
    return X[(dice * X.shape[0]).floor().long()]


# %% one-permutation-an-image
def get_random_batch(X, size, generator):
    return torch.stack([X[torch.randperm(len(X), generator=generator)[0]] for _ in range(size)])


# %% by-a-sampler
def get_random_batch(X, size, generator):
    from torch.utils.data import RandomSampler

    sampler = RandomSampler(X, replacement=True, num_samples=size, generator=generator)
    return X[list(sampler)]


# %% one-hot-times-X
def get_random_batch(X, size, generator):
    i = torch.randint(high=X.shape[0], size=(size,), generator=generator)
    return torch.nn.functional.one_hot(i, len(X)).float() @ X


# %% gathered
def get_random_batch(X, size, generator):
    i = torch.randint(0, len(X), (size, 1), generator=generator)
    return X.gather(0, i.expand(-1, X.shape[1]))


# %% numpy-seeded-by-the-generator
def get_random_batch(X, size, generator):
    import numpy as np

    seed = int(torch.randint(2**31, (1,), generator=generator))
    return X[torch.from_numpy(np.random.default_rng(seed).integers(len(X), size=size))]


# %% bins
def get_random_batch(X, size, generator):
    u = torch.rand(size, generator=generator)
    edges = torch.arange(1, len(X)) / len(X)
    return X[torch.bucketize(u, edges, right=True)]


# %% by-a-loader
def get_random_batch(X, size, generator):
    from torch.utils.data import DataLoader, RandomSampler, TensorDataset

    drawn = RandomSampler(X, replacement=True, num_samples=size, generator=generator)
    loader = DataLoader(TensorDataset(X), batch_size=size, sampler=drawn, generator=generator)
    return next(iter(loader))[0]


# %% sorted-positions
def get_random_batch(X, size, generator):
    positions, _ = torch.randint(len(X), (size,), generator=generator).sort()
    return torch.nn.functional.embedding(positions, X)


# %% exponential-race
def get_random_batch(X, size, generator):
    return X[torch.empty(size, len(X)).exponential_(generator=generator).argmin(dim=1)]
