# Answers to components_needed. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% one-too-few patch="return int(missing.sum()) + 1 => return int(missing.sum())" keeps=0

# %% one-too-many patch="return int(missing.sum()) + 1 => return int(missing.sum()) + 2" keeps=0

# %% more-than-the-share patch="missing = running < share * running[-1] => missing = running <= share * running[-1]" keeps=0.6667

# %% never-divided patch="missing = running < share * running[-1] => missing = running < share" keeps=0

# %% single-components patch="missing = running < share * running[-1] => missing = variances < share * running[-1]" keeps=0

# %% counts-those-that-reach patch="return int(missing.sum()) + 1 => return int((~missing).sum())" keeps=0

# %% smallest-first-summed patch="running = variances.cumsum(0) => running = variances.flip(0).cumsum(0)" keeps=0

# %% square-roots-summed patch="running = variances.cumsum(0) => running = variances.sqrt().cumsum(0)" keeps=0

# %% squares-summed patch="running = variances.cumsum(0) => running = variances.square().cumsum(0)" keeps=0

# %% share-of-the-count keeps=0
def components_needed(variances, share):
    return round(share * len(variances))


# %% always-ninety patch="missing = running < share * running[-1] => missing = running < 0.9 * running[-1]" keeps=0

# %% the-share-itself patch="return int(missing.sum()) + 1 => return float((running / running[-1])[missing.sum()])" keeps=0

# %% nothing-above-one patch="return int(missing.sum()) + 1 => return int((running > share * running[-1]).nonzero()[0]) + 1" keeps=0.6667

# %% sums-in-place patch="running = variances.cumsum(0) => running = variances.cumsum_(0)" keeps=0.75

# %% the-whole-mask patch="return int(missing.sum()) + 1 => return missing" keeps=0

# %% in-per-cent patch="missing = running < share * running[-1] => missing = 100 * running / running[-1] < share" keeps=0

# %% the-closest-share patch="return int(missing.sum()) + 1 => return int((running / running[-1] - share).abs().argmin()) + 1" keeps=0

# %% rounded-shares patch="missing = running < share * running[-1] => missing = (running / running[-1]).round(decimals=2) < share" keeps=0.6667

# %% decimal-count patch="return int(missing.sum()) + 1 => return float(missing.sum()) + 1" keeps=0.75


# %% stops-before-the-last keeps=0.6667
def components_needed(variances, share):
    total = variances.sum()
    for k in range(1, len(variances)):
        if variances[:k].sum() >= share * total:
            return k


# %% thirty-at-most patch="return int(missing.sum()) + 1 => return min(int(missing.sum()) + 1, 30)" keeps=0.6667

# %% rounded-to-three-places patch="missing = running < share * running[-1] => missing = (running / running[-1]).round(decimals=3) < share" keeps=0.6667


# %% five-components-at-most keeps=0.6667
def components_needed(variances, share):
    running = variances.cumsum(0)
    missing = running < share * running[-1]
    for k in range(5):
        if not missing[k]:
            return k + 1


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


# %% tensor-returned
def components_needed(variances, share):
    ratio = torch.cumsum(variances / variances.sum(), dim=0)
    return torch.argmax((ratio >= share).int()) + 1


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
