"""bernoulli_loss(logits, images), gaussian_loss(mean, images, variance): summed over pixels, averaged over images."""

import math
from functools import partial

import numpy as np
import torch
from torch.distributions import Bernoulli, Normal

from course_utils.checks.toolkit import exercise


def bits(logits, images):
    return -Bernoulli(logits=logits, validate_args=False).log_prob(images).flatten(1)


def squares(mean, images, variance):
    return -Normal(mean, variance**0.5).log_prob(images).flatten(1)


def per_image(each):
    return lambda *inputs: each(*inputs).sum(dim=1).mean()


def constant_once(mean, images, variance):
    """The logarithm added to the sum over the pixels, where it belongs to each of them."""
    return without_constant(mean, images, variance) + math.log(2 * math.pi * variance) / 2


def without_constant(mean, images, variance):
    return ((images - mean).square() / (2 * variance)).flatten(1).sum(dim=1).mean()


@exercise(
    targets=["bernoulli_loss", "gaussian_loss"],
    bernoulli=(1, "the Bernoulli loss"),
    gaussian=(1, "the Gaussian loss"),
    costs={
        "gradients": (0.2, "gradients reach the decoder's output"),
        "large": (0.1, "large logits"),
    },
)
def reconstruction_losses(c):
    words = "one image of 1 x 2 pixels"
    logits, mean, x = [[[[0.0, 2.0]]]], [[[[0.0, 0.5]]]], [[[[1.0, 0.5]]]]
    shape = (7, 1, 4, 5)
    many, images = "7 images of 4 x 5 pixels", c.rng.uniform(0, 1, shape)

    ask, right = partial(c.function("bernoulli_loss").differentiate, to=["logits"]), per_image(bits)
    cases = [ask(f"logits = [0, 2], images = [1, 0.5], {words}", logits=logits, images=x)]
    cases.append(ask(many, logits=c.rng.normal(0, 2, shape), images=images))
    slips = {
        "Bernoulli: averaged over the pixels, 784 times too small for 28 x 28 pixels: sum over them": (
            lambda u, x: bits(u, x).mean(), 0.5),
        "Bernoulli: summed over the batch: take the mean over the images": (lambda u, x: bits(u, x).sum(), 0.5),
        "Bernoulli: a sigmoid is taken twice: the loss with_logits takes it itself": (
            lambda u, x: right(u.sigmoid(), x), 0.25),
    }  # fmt: skip
    c.agrees("bernoulli", cases, right, slips, what="the Bernoulli loss")
    after = ("bernoulli", "gradients")
    c.gradients("gradients", cases, "logits", oracle=right, after="bernoulli")
    far = c.rng.choice([-300.0, 300.0], shape)
    large = ask("large logits, 300 and -300", logits=far, images=images)
    came, expected = large.got.get("value"), right(torch.from_numpy(far), torch.from_numpy(images)).item()
    if isinstance(came, np.ndarray) and came.size == 1 and not 0.9 * expected < came.item() < math.inf:
        line = f"the Bernoulli loss is {came.item():.4g} for logits of 300 and -300, expected {expected:.4g}"
        why = "log(sigmoid(u)) in two steps is infinite or cut off, at -100 in F.binary_cross_entropy"
        c.cost("large", False, f"large logits: {line}: {why}: take the loss with logits", after=after)
    c.agrees("large", large, right, what="the Bernoulli loss", after=after)

    ask, right = partial(c.function("gaussian_loss").differentiate, to=["mean"]), per_image(squares)
    small = f"mean = [0, 0.5], images = [1, 0.5], variance = 0.25, {words}"
    cases = [ask(small, mean=mean, images=x, variance=0.25)]
    cases.append(ask(many + ", variance = 0.1", mean=c.rng.uniform(0, 1, shape), images=images, variance=0.1))
    slips = {
        "Gaussian: averaged over the pixels, 784 times too small for 28 x 28 pixels: sum over them": (
            lambda m, x, v: squares(m, x, v).mean(), 0.5),
        "Gaussian: summed over the batch: take the mean over the images": (lambda m, x, v: squares(m, x, v).sum(), 0.5),
        "Gaussian: the logarithm is added once for an image: add it for each pixel": (constant_once, 0.5),
        "Gaussian: variance is used as the standard deviation of Normal: take its square root": (
            lambda m, x, v: -Normal(m, v).log_prob(x).flatten(1).sum(dim=1).mean(), 0.25),
        "Gaussian: the logarithm of 2 pi variance is missing: without it losses with other variances cannot be "
        "compared": (without_constant, 0.5),
    }  # fmt: skip
    c.agrees("gaussian", cases, right, slips, what="the Gaussian loss")
    c.gradients("gradients", cases, "mean", oracle=right, after="gaussian")
