"""joint_loss(reconstruction, images, logits, labels, alpha): pixels of all images, classes of the labelled ones."""

import numpy as np
import torch
from torch.nn import functional as F

from course_utils.checks.toolkit import exercise

ALPHA = 2.5


def pixels(r, x, *_, reduction="mean"):
    return F.binary_cross_entropy(r, x.reshape(r.shape), reduction=reduction)


def squared(r, x, *_):
    return (r - x.reshape(r.shape)).square().mean()


def classes(r, x, u, y, alpha, reduction="sum"):
    """alpha times the cross-entropy of the labelled rows, added up or averaged."""
    return alpha * F.cross_entropy(u, y, ignore_index=-1, reduction=reduction)


def per_image(r, x, u, y, alpha):
    return classes(r, x, u, y, alpha) / len(y)


def alone(r, x, u, y, alpha):
    return F.cross_entropy(u, y, ignore_index=-1)


def added(r, x, *_):
    return pixels(r, x, reduction="sum") / len(x)


def some_pixels(r, x, u, y, alpha):
    return pixels(r[y >= 0], x[y >= 0])


def labelled(r, x, u, y, alpha):
    return classes(r, x, u, y, alpha, "mean")


@exercise(
    reconstruction=(4, "the pixels' cross-entropy, over all images"),
    classification=(5, "alpha times the cross-entropy of the labelled images"),
    gradients=(2, "gradients reach the reconstruction and the logits"),
    costs={"no_labels": (0.15, "a batch without labels")},
)
def joint_loss(c):
    def ask(words, labels, alpha, n):
        x, r = (c.rng.uniform(0.05, 0.95, (n, *shape)) for shape in ((1, 2, 3), (6,)))
        u = c.rng.normal(0, 2, (n, 4))
        given = {"reconstruction": r, "images": x, "logits": u, "labels": np.array(labels), "alpha": alpha}
        return c.differentiate(words, to=["reconstruction", "logits"], **given)

    some = [2, -1, 0, -1, -1, 3, -1, 1]
    kinds = [("4 images, 2 of them labelled", [1, -1, -1, 3], 4), ("8 images, 4 of them labelled", some, 8)]
    first = [ask(f"{words}, alpha = 0", labels, 0.0, n) for words, labels, n in kinds]
    slips = {
        "alpha multiplies the reconstruction: it belongs to the classification": (alone, 0.25),
        "this is the squared error, expected the binary cross-entropy": (squared, 0.5),
        "the pixels of an image are added up: take the mean over all pixels": (added, 0.5),
        "only the labelled images are reconstructed": (some_pixels, 0.25),
    }
    c.agrees("reconstruction", first, pixels, slips, what="the loss")

    # What alpha adds to this function's own first term, whatever that is.
    answers, terms = [], []
    for old in first:
        words = old.words.replace("alpha = 0", f"alpha = {ALPHA}")
        answer = c.differentiate(words, to=["reconstruction", "logits"], **{**old.inputs, "alpha": ALPHA})
        numbers = answer.number(), old.number()
        answers.append(answer)
        terms.append(answer if None in numbers else answer.replaced(np.array(numbers[0] - numbers[1])))
    slips = {
        "divided by all images: divide by the number of labelled ones": (per_image, 0.5),
        "the losses of the labelled images are added up: take their mean": (classes, 0.5),
        "alpha changes nothing: is the classification weighted with it, or missing?": lambda *_: torch.zeros(()),
    }
    c.agrees("classification", terms, labelled, slips, what=f"the part that alpha = {ALPHA} adds")

    def whole(*given):
        return pixels(*given) + labelled(*given)

    values = ["reconstruction", "classification"]
    c.gradients("gradients", answers, "reconstruction", "logits", oracle=whole, values=values)
    none = ask(f"2 images without labels, alpha = {ALPHA}", [-1, -1], ALPHA, 2)
    lost = {"without labels the loss is nan: leave the second term out": np.nan}
    c.agrees("no_labels", none, pixels, lost, what="the loss", after=values)
