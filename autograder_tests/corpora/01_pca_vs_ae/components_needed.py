# Answers to components_needed. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% one-too-few patch="return int(missing.sum()) + 1 => return int(missing.sum())" keeps=0.5 hint="one too few"

# %% one-too-many patch="return int(missing.sum()) + 1 => return int(missing.sum()) + 2" keeps=0.5 hint="one too many"

# %% more-than-the-share patch="missing = running < share * running[-1] => missing = running <= share * running[-1]" keeps=0.7

# %% never-divided patch="missing = running < share * running[-1] => missing = running < share" keeps=0.33 hint="always 1"

# %% single-components patch="missing = running < share * running[-1] => missing = variances < share * running[-1]" keeps=0 hint="single variances"

# %% counts-those-that-reach patch="return int(missing.sum()) + 1 => return int((~missing).sum())" keeps=0 hint="that reach the share are counted"

# %% share-of-the-count keeps=0 hint="the share of the number of components"
def components_needed(variances, share):
    return round(share * len(variances))


# %% tensor-returned keeps=0.8 hint="which .item() takes out"
def components_needed(variances, share):
    ratio = torch.cumsum(variances / variances.sum(), dim=0)
    return torch.argmax((ratio >= share).int()) + 1


# %% searchsorted
def components_needed(variances, share):
    running = variances.cumsum(0)
    return int(torch.searchsorted(running, torch.tensor(share) * running[-1])) + 1


# %% loop
def components_needed(variances, share):
    total, so_far = variances.sum(), 0.0
    for count, variance in enumerate(variances, start=1):
        so_far = so_far + variance
        if so_far >= share * total:
            return count
    return len(variances)


# %% list-comprehension
def components_needed(variances, share):
    total = variances.sum()
    return min(k for k in range(1, len(variances) + 1) if variances[:k].sum() / total >= share)


# %% numpy-in-double
def components_needed(variances, share):
    import numpy as np

    ratio = np.cumsum(variances.double().numpy())
    return np.nonzero(ratio / ratio[-1] >= share)[0][0] + 1


# %% bisect
def components_needed(variances, share):
    import bisect
    from itertools import accumulate

    sums = list(accumulate(variances.double().tolist()))
    return bisect.bisect_left(sums, share * sums[-1]) + 1


# %% while-below-the-share
def components_needed(variances, share):
    k, explained, total = 0, 0.0, variances.sum().item()
    while explained / total < share:
        explained += variances[k].item()
        k += 1
    return k


# %% what-is-left
def components_needed(variances, share):
    left = variances.double().flip(0).cumsum(0).flip(0)
    return int((left > (1 - share) * left[0]).sum())
