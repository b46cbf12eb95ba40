"""pseudo_labels(logits, threshold): where the network is sure, and of what."""

import torch

from course_utils.checks.toolkit import exercise
from course_utils.checks.toolkit.values import Compared


def sure(logits, threshold):
    """(positions, classes), by numpy's own functions on torch's softmax in double precision."""
    probability = torch.softmax(logits, dim=1)
    return torch.nonzero(probability.amax(dim=1) >= threshold)[:, 0], probability.argmax(dim=1)


def where(measure):
    """Positions where another measure of the rows reaches the threshold."""
    return lambda u, t: torch.nonzero(measure(u) >= t)[:, 0]


def where_above(logits, threshold):
    return torch.nonzero(logits.softmax(1).amax(1) > threshold)[:, 0]


@exercise(
    positions=(5, "the images whose largest probability reaches the threshold"),
    classes=(4, "their classes"),
    costs={
        "edge": (0.1, "a probability equal to the threshold counts"),
        "none": (0.15, "no image is sure, or only one"),
    },
)
def pseudo_labels(c):
    def oracles(*answers):
        return c.parts(answers, positions=lambda u, t: sure(u, t)[0], classes=lambda u, t: sure(u, t)[1][sure(u, t)[0]])

    small = [[0.0, 3.0], [1.0, 0.0], [2.0, -2.0], [0.4, 0.5]]
    scales = c.rng.permutation([0.3] * 20 + [1.0] * 20 + [6.0] * 20)[:, None]
    logits = c.rng.normal(0, 1, (60, 5)) * scales
    shown = "logits [[0, 3], [1, 0], [2, -2], [0.4, 0.5]], threshold 0.9"
    answers = [c.call(shown, logits=small, threshold=0.9), c.call("60 images", logits=logits, threshold=0.8)]
    positions, classes = oracles(*answers)
    slips = {
        "the logits are compared with the threshold: take softmax first": (where(lambda u: u.amax(1)), 0.4),
        "softmax over the images: each row should sum to 1, dim=1": (where(lambda u: u.softmax(0).amax(1)), 0.4),
        "softmax is taken twice, so no image is sure": (where(lambda u: u.softmax(1).softmax(1).amax(1)), 0.4),
        "a mask came back, expected positions: torch.nonzero(mask)[:, 0]": (
            lambda u, t: (u.softmax(1).amax(1) >= t).double(), 0.6),
        "these are the images of which the network is not sure": (
            lambda u, t: torch.nonzero(u.softmax(1).amax(1) < t)[:, 0], 0.4),
    }  # fmt: skip
    c.agrees("positions", positions, slips=slips)
    told = {
        "the classes of all images come back: take those of the sure ones": (lambda u, t: u.argmax(1), 0.4),
        "the probabilities come back in place of the classes": (
            lambda u, t: u.softmax(1).amax(1)[u.softmax(1).amax(1) >= t], 0.25),
    }  # fmt: skip
    if c.right("positions"):
        c.agrees("classes", classes, slips=told)
    else:  # whether the classes are those of the positions that came back, or those of the right ones
        fits = [_fits(*pair) for pair in zip(positions, classes, strict=True)]
        told = "the classes do not belong to the positions that came back"
        c.verify("classes", all(fits) or all(Compared(part, part.oracle).right for part in classes), told)
    edge = oracles(c.call("logits [[0, 0], [1, 0]], threshold 0.5", logits=[[0.0, 0.0], [1.0, 0.0]], threshold=0.5))
    above = {"a probability equal to the threshold counts, too: at least is >=": where_above}
    c.agrees("edge", edge[0], slips=above, after=("positions", "classes"))
    kinds = edge[1][0].listed()
    fits = kinds is not None and kinds.shape == (2,) and kinds[1] == 0  # of the first image both classes are right
    c.cost("edge", fits, "threshold 0.5: expected a class for each of the two images", ("positions", "classes"))
    one = c.call("logits [[0, 0], [9, 0]], threshold 0.9", logits=[[0.0, 0.0], [9.0, 0.0]], threshold=0.9)
    for part in oracles(one):
        c.agrees("none", part, after=("positions", "classes"))
    none = c.call("logits [[0, 0], [1, 0]], threshold 0.99", logits=[[0.0, 0.0], [1.0, 0.0]], threshold=0.99)
    for part in oracles(none):
        c.agrees("none", part, after=("positions", "classes"))


def _fits(positions, classes):
    best = positions.inputs["logits"].argmax(axis=1)
    p, k = positions.listed(), classes.listed()
    usable = p is not None and k is not None and p.shape == k.shape and p.size and p.min() >= 0 and p.max() < len(best)
    return bool(usable and (best[p.astype(int)] == k).all())
