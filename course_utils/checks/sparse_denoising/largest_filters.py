"""largest_filters(weight, k): the k rows of a weight matrix with the largest norm, as images."""

import numpy as np
import torch

from course_utils.checks.toolkit import exercise


def ranked(by, largest=True):
    """A function that takes the k filters with the largest value of `by`, the largest first."""

    def take(weight, k):
        order = np.argsort(by(weight).numpy() * (-1 if largest else 1), kind="stable")[: int(k)]
        side = int(np.sqrt(weight.shape[1]))
        return weight[order].reshape(-1, side, side)

    return take


def norm(weight):
    return torch.linalg.vector_norm(weight, dim=1)


@exercise(
    filters=(1, "the k filters with the largest norm, as images"),
    costs={"order": (0.25, "the largest first"), "all": (0.1, "all filters, k = M")},
)
def largest_filters(c):
    small = [[1.0, 1, 1, 1], [0, 4, -4, 0], [3, 0, 0, 0]]  # by the sum of absolute values the last one is the smallest
    # The four filters with the largest norm have many weights of both signs, the others one large weight, so that their
    # sums and largest weights are larger. The first filter is one of the others.
    units, sizes = 9, np.linspace(3, 1, 9)
    rows = c.rng.uniform(0.8, 1, (units, 16)) * c.rng.permuted(np.tile([1, -1], (units, 8)), axis=1)
    rows[4:] *= 0.1
    rows[range(4, units), c.rng.integers(0, 16, 5)] = 1
    weight = rows / np.linalg.norm(rows, axis=1, keepdims=True) * sizes[:, None]
    weight = weight[[8, *c.rng.permutation(8)]]
    shown = str(small).replace(".0", "")
    cases = [
        c.call(f"weight = {shown}, k = 2", weight=small, k=2),
        c.call("9 units, 16 pixels, k = 4", weight=weight, k=4),
    ]
    slips = {
        "the filters with the smallest norm come back: sort in descending order": (ranked(norm, largest=False), 0.5),
        "these are the first k filters: sort them by their norm": ranked(lambda weight: -torch.arange(len(weight))),
        "sorted by the sum of the weights, in which opposite signs cancel: take the norm": (
            ranked(lambda weight: weight.sum(dim=1)), 0.5),
        "sorted by the sum of the absolute weights: the norm is the root of the sum of the squares": (
            ranked(lambda weight: weight.abs().sum(dim=1)), 0.5),
        "sorted by the largest single weight: take the norm of the whole filter": (
            ranked(lambda weight: weight.amax(dim=1)), 0.5),
        "these are the norms: take the filters that have them": lambda weight, k: norm(weight).topk(int(k)).values,
        "these are the positions: take weight[positions]": (
            lambda weight, k: norm(weight).topk(int(k)).indices.double(), 0.33),
        "the filters are scaled to length 1: leave them as they are": (
            lambda weight, k: ranked(norm)(weight, k) / norm(weight).topk(int(k)).values[:, None, None], 0.5),
    }  # fmt: skip
    c.agrees("filters", cases, ranked(norm), slips, what="the filters", any_order="order")
    whole = c.call("9 units, k = 9", weight=weight, k=units)
    c.agrees("all", whole, ranked(norm), what="the filters", after=("filters", "order"))
