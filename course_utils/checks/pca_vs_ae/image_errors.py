"""image_errors(images, reconstructions): the mean squared error of each image."""

import numpy as np
from torch.nn import functional as F

from course_utils.checks.toolkit import exercise


def squares(images, others):
    return F.mse_loss(images, others, reduction="none").flatten(1)


def oracle(images, others):
    return squares(images, others).mean(dim=1)


@exercise(
    values=(3, "the mean squared error of each image"),
    costs={"exact": (0.2, "not rounded"), "flat_images": (0.25, "flat images"), "one_image": (0.2, "one image alone")},
)
def image_errors(c):
    white, grey = np.ones((2, 1, 28, 28)), np.reshape([0.5, 3.0], (2, 1, 1, 1)) * np.ones((1, 28, 28))
    images = c.rng.uniform(size=(7, 1, 28, 28))
    # Each image is off by an amount of its own, and in brightness, so that no two slips look alike.
    amounts = c.rng.permutation(np.linspace(0.03, 1.2, 7)).reshape(7, 1, 1, 1)
    others = images + amounts * c.rng.normal(0.3, 1, images.shape)
    small = c.call("two white images, reconstructed as 0.5 and as 3 everywhere", images=white, reconstructions=grey)
    large = c.call("7 random images", images=images, reconstructions=others)
    slips = {
        "the squares are added up: take their mean over the pixels": (lambda x, y: squares(x, y).sum(dim=1), 0.5),
        "these are absolute errors: square the differences": (lambda x, y: (x - y).abs().flatten(1).mean(1), 0.5),
        "the square root is taken: the mean square itself is asked for": (lambda x, y: oracle(x, y).sqrt(), 0.5),
        "square before the mean: opposite signs cancel": (lambda x, y: (x - y).flatten(1).mean(1) ** 2, 0.33),
        "one number for all images: take the mean over the pixels of each image": F.mse_loss,
        "the mean is taken over the images: take it over the pixels": (lambda x, y: squares(x, y).mean(dim=0), 0.33),
    }
    c.agrees("values", [small, large], oracle, slips)
    c.agrees("exact", large, oracle, within=(1e-3, 1e-6), after="values")
    flat = c.call("flat images [7, 784]", images=images.reshape(7, -1), reconstructions=others.reshape(7, -1))
    c.agrees("flat_images", flat, oracle, after="values")
    one = c.call("one image [1, 1, 28, 28]", images=images[:1], reconstructions=others[:1])
    c.agrees("one_image", one, oracle, after="values")
