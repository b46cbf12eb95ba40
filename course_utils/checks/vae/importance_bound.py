"""importance_bound(log_w): log of the mean weight of each image, averaged over the images."""

import math

from course_utils.checks.toolkit import exercise
from course_utils.checks.vae._network import not_finite


def oracle(log_w):
    return (log_w.logsumexp(dim=1) - math.log(log_w.shape[1])).mean()


@exercise(
    values=(1, "the importance-weighted bound"),
    costs={
        "gradients": (0.1, "gradients reach log_w"),
        "large": (0.35, "large log weights"),
    },
)
def importance_bound(c):
    words, hand = "log_w = [[0, log 3], [0, 0]]", [[0.0, math.log(3)], [0.0, 0.0]]
    cases = [c.differentiate(words, to=["log_w"], log_w=hand)]
    cases.append(c.differentiate("7 images, 5 draws", to=["log_w"], log_w=c.rng.normal(-2, 2, (7, 5))))
    slips = {
        "the mean of the logarithms is the ELBO, whatever K: take the logarithm of the mean": (
            lambda w: w.mean(), 0.25),
        "log K is missing: with K equal weights the bound is that weight": (
            lambda w: w.logsumexp(dim=1).mean(), 0.5),
        "K is subtracted: the logarithm of a mean is logsumexp minus log K": (
            lambda w: (w.logsumexp(dim=1) - w.shape[1]).mean(), 0.5),
        "the weights of all images are averaged together: each image has its own bound, dim=1": (
            lambda w: w.flatten().logsumexp(dim=0) - math.log(w.numel()), 0.25),
        "the mean goes over the images inside the logarithm: the draws are the columns, dim=1": (
            lambda w: (w.logsumexp(dim=0) - math.log(len(w))).mean(), 0.25),
        "log 50 is subtracted in every case, so K is fixed in your code: take log_w.shape[1]": (
            lambda w: (w.logsumexp(dim=1) - math.log(50)).mean(), 0.5),
        "the sign is reversed: this is the negative bound": (lambda w: -oracle(w), 0.5),
        "a bound for each image: take their mean": (lambda w: w.logsumexp(dim=1) - math.log(w.shape[1]), 0.5),
    }  # fmt: skip
    c.agrees("values", cases, oracle, slips, what="the bound")
    c.gradients("gradients", cases, "log_w", oracle=oracle, after="values")
    log_w = c.rng.normal(0, 30, (7, 5)) + c.rng.permutation([-3000, -500, -100, -90, 100, 500, 1000])[:, None]
    large = c.differentiate("large log weights, -3000 to 1000", to=["log_w"], log_w=log_w)
    if not c.skipped("values") and not_finite(large):
        line = "torch.logsumexp, or subtract the largest log weight of each row first"
        c.verify(
            "large", False, f"large log weights: exp of log weights like -100 or 500 is 0 or inf in float32: {line}"
        )
    c.agrees("large", large, oracle, what="the bound", after="values", within=(1e-3, 1e-3))
