"""sparse_loss(images, reconstructions, codes, weight) per image, and per_image_weight from the published convention."""

import numpy as np
from torch.nn import functional as F

from course_utils.checks.toolkit import exercise


def squares(x, y):
    return F.mse_loss(y, x, reduction="none")


def absolute(z):
    return F.l1_loss(z, 0 * z, reduction="none")


def loss(x, y, z, w):
    """The error of an image, summed over its pixels, plus w times the sum of its codes; the mean over the images."""
    return (squares(x, y).sum(dim=1) + w * absolute(z).sum(dim=1)).mean()


def converted(penalty, batch, pixels):
    """By what the published loss of a batch has to be multiplied to be the loss per image, times the penalty on 1."""
    return np.asarray(penalty * np.ones(int(batch)).sum() * np.ones(int(pixels)).sum())


@exercise(
    targets=["sparse_loss", "per_image_weight"],
    loss=(7, "the loss per image"),
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
    slips = {
        "the squared errors are averaged over the pixels: sum them over the pixels of an image": (
            lambda x, y, z, w: squares(x, y).mean() + w * absolute(z).sum(dim=1).mean(), 0.5),
        "the penalty is summed over the images, so it grows with the batch: take the mean over the images": (
            lambda x, y, z, w: squares(x, y).sum(dim=1).mean() + w * absolute(z).sum(), 0.5),
        "the codes are averaged over the units: sum them over the units of an image": (
            lambda x, y, z, w: squares(x, y).sum(dim=1).mean() + w * absolute(z).mean(), 0.5),
        "everything is summed over the images: take the mean over the images": (
            lambda x, y, z, w: len(x) * loss(x, y, z, w), 0.5),
        "the penalty counts the active units: a count has no gradient, sum the codes": (
            lambda x, y, z, w: loss(x, y, (z > 0).double(), w), 0.33),
        "the codes are squared: sum their absolute values": (lambda x, y, z, w: loss(x, y, z**2, w), 0.5),
    }  # fmt: skip
    c.agrees("loss", cases, loss, slips, what="the loss")
    c.gradients("gradients", cases, *to, oracle=loss, values=["loss"])
    signed = ask("codes = [[-1, 2]]", to=to, images=x[:1], reconstructions=y[:1], codes=[[-1.0, 2]], weight=0.5)
    c.agrees("negative", signed, loss, what="the loss", after="loss")

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
    }  # fmt: skip
    c.agrees("converted", cases, converted, slips, what="the weight", number=True)
