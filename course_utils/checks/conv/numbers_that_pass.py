"""numbers_that_pass(size, channels): what a decoder with unpooling is given, (codes, indices)."""

import torch
from torch.nn import functional as F

from course_utils.checks.toolkit import exercise


def pooled(size, channels, ceil=False):
    """The shapes [maps, height, width] after each pooling."""
    maps, shapes = torch.zeros(1, 1, size, size), []
    for count in channels:
        maps = F.max_pool2d(maps.expand(1, count, -1, -1), 2, ceil_mode=ceil)
        shapes.append(maps.shape[1:])
        maps = maps[:, :1]
    return shapes


HALVES = "a pooling keeps whole windows only, so 7 becomes 3 and not 3.5: divide with //"


def halved(size, channels):
    """How many numbers each pooling would keep if an odd size could be halved."""
    return [count * (size / 2 ** (i + 1)) ** 2 for i, count in enumerate(channels)]


def codes(size, channels):
    return pooled(size, channels)[-1].numel()


def indices(size, channels, **how):
    return sum(shape.numel() for shape in pooled(size, channels, **how))


@exercise(
    codes=(1, "the numbers of the code"),
    indices=(2, "the indices of all poolings"),
)
def numbers_that_pass(c):
    size = int(c.rng.integers(20, 25)) * 2 + 1
    cases = [(4, [1]), (8, [2, 3]), (28, [8, 16, 16]), (size, [5, 2, 4, 3])]
    answers = [
        c.call(f"size {size}, channels {tuple(channels)}", size=size, channels=channels) for size, channels in cases
    ]
    of_codes, of_indices = c.parts(answers, codes=codes, indices=indices)
    slips = {
        HALVES: (lambda s, ch: halved(s, ch)[-1], 0.5),
        "the code is what the last pooling keeps, not what all poolings keep": (indices, 0.5),
        "an odd size is rounded up: the pooling leaves the last row out": (
            lambda s, ch: pooled(s, ch, ceil=True)[-1].numel(),
            0.5,
        ),
    }
    c.agrees("codes", of_codes, slips=slips, number=True)
    slips = {
        "only the last pooling is counted: each of them hands on its indices": (codes, 0.33),
        "an odd size is rounded up: the pooling leaves the last row out": (
            lambda s, ch: indices(s, ch, ceil=True),
            0.5,
        ),
        "an index for each pixel before the pooling: there is one for each number after it": (
            lambda s, ch: sum(n * side * side for n, side in zip(ch, _before(s, ch), strict=True)),
            0.33,
        ),
        "the last pooling is missing: it hands on indices as well": (lambda s, ch: indices(s, ch) - codes(s, ch), 0.5),
        HALVES: (lambda s, ch: sum(halved(s, ch)), 0.5),
    }
    c.agrees("indices", of_indices, slips=slips, number=True)


def _before(size, channels):
    return [size, *(shape[-1] for shape in pooled(size, channels))][: len(channels)]
