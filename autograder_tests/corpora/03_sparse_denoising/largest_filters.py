# Answers to largest_filters. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% smallest-first patch="topk(k).indices => topk(k, largest=False).indices" keeps=0.5 hint="with the smallest norm"

# %% sorted-ascending patch="order = weight.norm(dim=1).topk(k).indices => order = weight.norm(dim=1).argsort()[-k:]" keeps=0.75 hint="in another order"

# %% by-the-sum patch="weight.norm(dim=1) => weight.sum(dim=1)" keeps=0.5 hint="opposite signs cancel"

# %% by-the-absolute-sum patch="weight.norm(dim=1) => weight.abs().sum(dim=1)" keeps=0.5 hint="sum of the absolute weights"

# %% by-the-largest-weight patch="weight.norm(dim=1) => weight.amax(dim=1)" keeps=0.5 hint="largest single weight"

# %% flat patch="return weight[order].reshape(k, side, side) => return weight[order]" keeps=0.8

# %% argsort-descending
def largest_filters(weight, k):
    side = int(weight.shape[1] ** 0.5)
    order = torch.argsort(weight.pow(2).sum(1), descending=True)
    return weight[order[:k]].view(k, side, side)


# %% python-sorted
def largest_filters(weight, k):
    import math

    side = math.isqrt(weight.shape[1])
    rows = sorted(weight, key=lambda row: -row.norm().item())
    return torch.stack(rows[:k]).reshape(-1, side, side)


# %% numpy-lexsort
def largest_filters(weight, k):
    import numpy as np

    order = np.argsort(np.linalg.norm(weight.numpy(), axis=1))[::-1][:k].copy()
    side = round(weight.shape[1] ** 0.5)
    return weight[torch.from_numpy(order)].unflatten(1, (side, side))
