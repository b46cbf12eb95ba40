"""psnr(images, reconstructions): the peak signal-to-noise ratio of each image, in dB."""

import numpy as np
import torch
from torch.nn import functional as F

from course_utils.checks.toolkit import exercise


def mse(x, y):
    return F.mse_loss(y, x, reduction="none").flatten(1).mean(dim=1)


def decibel(ratio):
    return 10 * torch.log10(ratio)


def oracle(x, y):
    """From the length of the difference: 20 log10 of the peak, 1, over the root mean square."""
    return -20 * np.log10(np.linalg.norm((x - y).flatten(1).numpy(), axis=1) / x[0].numel() ** 0.5)


@exercise(
    values=(1, "the PSNR of each image"),
    costs={"one": (0.15, "one image")},
)
def psnr(c):
    x, off = np.full((2, 1, 2, 2), 0.5), np.reshape([0.6, 0.51], (2, 1, 1, 1)) * np.ones((1, 1, 2, 2))
    images = c.rng.uniform(0.1, 0.8, (7, 1, 4, 3))  # neither 0 nor 1 is among them
    images[:, 0, 0, 0] = 0.8  # the largest pixel of each image is that of all: one slip explains both for a peak
    amounts = c.rng.permutation(np.linspace(0.02, 0.4, 7)).reshape(7, 1, 1, 1)
    others = images + amounts * c.rng.normal(0.1, 1, images.shape)
    cases = [
        c.call("two grey images of 0.5, reconstructed as 0.6 and as 0.51 everywhere", images=x, reconstructions=off),
        c.call("7 images of 4 x 3 pixels", images=images, reconstructions=others),
    ]
    slips = {
        "one number for all images: take the mean over the pixels of each image first": (
            lambda x, y: decibel(1 / F.mse_loss(x, y)), 0.5),
        "the mean over the images is taken: the PSNR of each image is asked for": (
            lambda x, y: decibel(1 / mse(x, y)).mean(), 0.5),
        "the sign is reversed: a smaller error has a larger PSNR": (lambda x, y: decibel(mse(x, y)), 0.5),
        "the squared errors are added up: take their mean over the pixels": (
            lambda x, y: decibel(1 / (mse(x, y) * x[0].numel())), 0.5),
        "this is the natural logarithm: take log10": (lambda x, y: 10 * torch.log(1 / mse(x, y)), 0.5),
        "the peak is 255: the pixels of this course are in [0, 1], so it is 1": (
            lambda x, y: decibel(255**2 / mse(x, y)), 0.5),
        "the factor 20 belongs to the root of the error, 10 to the mean square": (
            lambda x, y: 2 * decibel(1 / mse(x, y)), 0.5),
        "the peak is the largest pixel of the images: it belongs to the format, here it is 1": (
            lambda x, y: decibel(x.max() ** 2 / mse(x, y)), 0.5),
    }  # fmt: skip
    c.agrees("values", cases, oracle, slips, what="the PSNR")
    one = c.call("one image", images=images[:1], reconstructions=others[:1])
    c.agrees("one", one, oracle, what="the PSNR", after="values")
