"""sparse_loss(images, reconstructions, codes, weight) per image, and per_image_weight from the published convention."""

import numpy as np
import torch
from torch.nn import functional as F

from course_utils.checks.toolkit import exercise


def squares(x, y):
    return F.mse_loss(y, x, reduction="none")


def absolute(z):
    return F.l1_loss(z, 0 * z, reduction="none")


STAGES = {
    "error": {
        "summed over the pixels of an image": lambda x, y: squares(x, y).sum(dim=1),
        "averaged over the pixels": lambda x, y: squares(x, y).mean(dim=1),
    },
    "penalty": {
        "summed over the units of an image": lambda z: absolute(z).sum(dim=1),
        "summed over all images, as in the published loss, so it grows with the batch": (
            lambda z: len(z) * absolute(z).sum(dim=1)
        ),
        "averaged over the units": lambda z: absolute(z).mean(dim=1),
        "the number of active units, which has no gradient": lambda z: (z > 0).double().sum(dim=1),
        "summed squares of the codes": lambda z: absolute(z).square().sum(dim=1),
    },
    "images": {
        "the mean over the images": lambda one, other: one.mean() + other.mean(),
        "their sum": lambda one, other: one.sum() + other.sum(),
    },
}


def build(given, error, penalty, images):
    x, y, z = (torch.as_tensor(given[name], dtype=torch.float64) for name in ("images", "reconstructions", "codes"))
    return images(error(x, y), given["weight"] * penalty(z))


def each(x, y, z, w):
    """The error of an image, summed over its pixels, plus w times the sum of its codes, for each image."""
    return squares(x, y).sum(dim=1) + w * absolute(z).sum(dim=1)


def loss(x, y, z, w):
    return each(x, y, z, w).mean()


def converted(penalty, batch, pixels):
    """By what the published loss of a batch has to be multiplied to be the loss per image, times the penalty on 1."""
    return np.asarray(penalty * np.ones(int(batch)).sum() * np.ones(int(pixels)).sum())


@exercise(
    targets=["sparse_loss", "per_image_weight"],
    error=(2.5, "the error, summed over the pixels of an image"),
    penalty=(2.5, "the penalty, summed over the units of an image"),
    images=(2, "the mean over the images"),
    converted=(3, "the published penalty per image"),
    costs={
        "gradients": (0.25, "gradients reach reconstructions and codes"),
        "negative": (0.1, "negative codes count by their absolute value"),
    },
)
def sparse_loss(c):
    x, y, z = np.zeros((2, 3)), [[1.0, 0, 0], [0, 2, 0]], [[1.0, 3], [0, 2]]
    many = {"images": c.rng.uniform(size=(7, 6)), "reconstructions": c.rng.uniform(size=(7, 6))}
    many["codes"] = c.rng.uniform(0.2, 2, (7, 5)) * (c.rng.uniform(size=(7, 5)) < 0.5)
    words = "images = 0, reconstructions = [[1, 0, 0], [0, 2, 0]], codes = [[1, 3], [0, 2]], weight = 0.5"
    to, ask = ["reconstructions", "codes"], c.function("sparse_loss").differentiate
    cases = [
        ask(words, to=to, images=x, reconstructions=y, codes=z, weight=0.5),
        ask("7 images, 6 pixels, 5 units, weight = 0.3", to=to, **many, weight=0.3),
    ]
    each_image = [np.shape(answer.array()) for answer in cases] == [(2,), (7,)]
    if each_image:
        c.verify("images", False, "one number for each image comes back: take the mean over the images")
        for aspect in ("error", "penalty"):
            c.agrees(aspect, cases, each, what="the loss of each image")
    else:
        c.options(cases, build, "the loss", **STAGES)
    signed = ask("codes = [[-1, 2]]", to=to, images=x[:1], reconstructions=y[:1], codes=[[-1.0, 2]], weight=0.5)
    slips = {
        "the absolute value is missing: the formula has |Z|, and an entry below 0 must not lower the loss": (
            lambda x, y, z, w: squares(x, y).sum() + w * z.sum()),
    }  # fmt: skip
    c.agrees("negative", signed, loss, slips, what="the loss", after=list(STAGES))
    # Without |Z|, the gradients at entries of 0 differ, too: not charged twice.
    if not each_image:
        c.gradients("gradients", cases, *to, oracle=loss, values=[*STAGES, "negative"])

    ask = c.function("per_image_weight").call
    cases = [
        ask("penalty = 0.01, batch = 5, pixels = 10", penalty=0.01, batch=5, pixels=10),
        ask("penalty = 3e-6, batch = 100, pixels = 400", penalty=3e-6, batch=100, pixels=400),
    ]
    slips = {
        "the batch is missing: the published penalty is a sum over its images": (
            lambda penalty, batch, pixels: penalty * pixels, 0.5),
        "the pixels are missing: the published error is a mean over them": (
            lambda penalty, batch, pixels: penalty * batch, 0.5),
        "divided by batch and pixels: multiply the published loss by P, and compare its penalty with that of L": (
            lambda penalty, batch, pixels: penalty / (batch * pixels), 0.5),
        "divided by the batch: multiply by it. The published penalty is a sum over the images, in L it is a mean": (
            lambda penalty, batch, pixels: penalty * pixels / batch, 0.5),
    }  # fmt: skip
    c.agrees("converted", cases, converted, slips, what="the weight", number=True)
