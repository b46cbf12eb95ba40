"""The checks of the template lab: three exercises that are unlike each other, to start a lab's own checks from.

`course new` copies this file. A pure function (standardise), a class with randomness and gradients (GaussianSampler),
and a training function whose weights are the evidence (train_linear_autoencoder).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils import probes
from course_utils.checks._report import Verdict, array_of, run_check, shape_problem, verdict
from course_utils.evidence import Evidence
from course_utils.probes import Ask

STRANGER = (
    "the columns do not follow those of X: where X is largest your result has to be largest, at the same distances "
    "but for one factor"
)


def standardise(function: Callable) -> None:
    """Check the student's standardise(X)."""
    run_check(judge_standardise, function)


def judge_standardise(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Columns with mean 0 and standard deviation 1, a constant column of zeros, and X itself left alone."""
    X = rng.normal(3.0, [1.0, 5.0, 0.2, 2.0], size=(9, 4)).astype(np.float32)
    got = ask(probes.call, X=X)
    problem = shape_problem(got, "value", X.shape, "the result")
    if problem:
        return [Verdict(1.0, False, problem)]
    Z = got["value"].astype(np.float64)
    right_mean, right_spread = np.allclose(Z.mean(axis=0), 0, atol=1e-3), np.allclose(Z.std(axis=0), 1, atol=1e-3)
    # Without either, good manners and constant columns earn nothing; and any table can be given mean 0.
    if not right_mean and not right_spread:
        return [Verdict(1.0, False, _mean_slip(Z))]
    if not follows(Z, X):
        return [Verdict(1.0, False, STRANGER)]
    flat = X.copy()
    flat[:, 2] = 4.0
    constant = array_of(ask(probes.call, X=flat), "value", X.shape)
    return [
        verdict(right_mean, "every column has mean 0", _mean_slip(Z), share=1),
        verdict(right_spread, "every column has standard deviation 1", _spread_slip(Z, X), share=2),
        _constant_column(constant),
        verdict(
            isinstance(got.get("changed"), list) and not got["changed"],
            "X itself is left alone",
            "your function writes into X: the caller's data is gone",
        ),
    ]


def follows(Z: np.ndarray, X: np.ndarray) -> bool:
    """Whether each column of Z [n, P] is that column of X but for its mean and a positive factor: correlated by 1.

    Mean 0 and standard deviation 1 alone are no evidence: noise can be given both.
    """
    with np.errstate(all="ignore"):
        correlations = [np.corrcoef(z, x)[0, 1] for z, x in zip(Z.T.astype(float), X.T.astype(float), strict=True)]
    return bool(np.min(correlations) > 0.999)  # False for nan: a column of Z that is constant


def _constant_column(Z: np.ndarray | None) -> Verdict:
    """Z: what became of the table with a constant column; None when it holds nan or inf."""
    wrong = "a column whose entries are all the same did not become zeros"
    if Z is None:
        wrong += ", but nan or inf: what do you divide by there?"
    zeros = Z is not None and bool(np.abs(Z[:, 2]).max() < 1e-3)
    return verdict(zeros, "a constant column becomes zeros", wrong)


def _mean_slip(Z: np.ndarray) -> str:
    if np.allclose(Z.mean(axis=1), 0, atol=1e-3):
        return "every row has mean 0 instead of every column: dim=0 runs down the column, dim=1 along the row"
    if abs(Z.mean()) < 1e-3:
        return "only the table as a whole has mean 0: each column needs a mean of its own (dim=0)"
    return f"the column means are {np.round(Z.mean(axis=0), 2)}, expected 0"


def _spread_slip(Z: np.ndarray, X: np.ndarray) -> str:
    n = len(X)
    spread = Z.std(axis=0)
    if np.allclose(spread, np.sqrt((n - 1) / n), atol=1e-3):
        return f"the columns spread by {spread[0]:.4f}: torch.std divides by n - 1 unless you say correction=0"
    if np.allclose(spread * X.std(axis=0), 1, atol=1e-2):
        return "you divided by the variance: the standard deviation is its square root"
    return f"the columns spread by {np.round(spread, 2)}, expected 1"


def sampler(cls: type) -> None:
    """Check the student's GaussianSampler."""
    run_check(judge_sampler, cls)


def judge_sampler(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Draws from N(mu, exp(logvar)) that are new at every call and carry gradients to mu and logvar."""
    times = 2000
    mu = rng.uniform(-2, 2, size=(3, 4)).astype(np.float32)
    # Away from 0, where the variance and the standard deviation are the same.
    logvar = (rng.uniform(0.8, 1.6, size=(3, 4)) * rng.choice([-1, 1], size=(3, 4))).astype(np.float32)
    got = ask(probes.draws, mu=mu, logvar=logvar, times=times)
    problem = shape_problem(got, "sample", mu.shape, "the sample")
    if problem:
        return [Verdict(1.0, False, problem)]
    samples = array_of(got, "samples", (times, *mu.shape))
    if samples is None:
        return [Verdict(1.0, False, "the samples differ in shape from call to call, or hold nan or inf")]
    if np.ptp(samples, axis=0).max() < 1e-6:  # no sampler at all: that gradients pass through it is no merit
        return [Verdict(1.0, False, "two calls gave the same sample: are dice thrown, and inside the call?")]
    moments = diagnose_moments(samples, mu, np.exp(logvar / 2))
    gradients = [diagnose_gradient(got, name, mu.shape) for name in ("mu", "logvar")]
    if not any(item.passed for item in (moments, *gradients)):  # dice that have to do with neither are no sampler
        return [moments]
    return [moments, diagnose_freshness(samples), *gradients]


def diagnose_moments(samples: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> Verdict:
    """samples [times, ...] against the mean and standard deviation that they should have, at six standard errors."""
    times = len(samples)
    # E|z - mu| / sigma is 0.80 for the normal distribution, 0.87 for uniform dice, 1 for coins. Measured over 24,000
    # numbers with a standard error of 0.004, or of 0.013 when one die is thrown for all entries of a sample.
    distance = float(np.abs((samples - mean) / spread).mean())
    normal = abs(distance - np.sqrt(2 / np.pi)) < 0.05
    found_mean, found_spread = samples.mean(axis=0), samples.std(axis=0)
    right_mean = np.all(np.abs(found_mean - mean) < 6 * spread / np.sqrt(times))
    right_spread = np.all(np.abs(found_spread / spread - 1) < 6 / np.sqrt(2 * times))
    spread_found = f"where {spread.flat[0]:.2f} is asked for, your samples spread by {found_spread.flat[0]:.2f}"
    if np.allclose(found_spread, spread**2, rtol=0.2):
        wrong = f"{spread_found}: exp(logvar) is the variance, z needs its square root"
    elif np.allclose(found_spread, np.abs(2 * np.log(spread)), rtol=0.2):
        wrong = "your samples spread by logvar itself: it is the logarithm of the variance"
    elif not right_mean:
        wrong = f"the mean is off by up to {np.abs(found_mean - mean).max():.2f}: is mu added, once?"
    elif right_spread:
        wrong = f"mean and spread are right, but |z - mu| / sigma is {distance:.2f} on average: is the noise normal?"
    else:
        wrong = spread_found
    return verdict(right_mean and right_spread and normal, "right mean and right spread", wrong, share=2)


def diagnose_freshness(samples: np.ndarray) -> Verdict:
    """The dice are thrown anew for every entry."""
    first = (samples[:, 0, 0] - samples[:, 0, 0].mean()) / samples[:, 0, 0].std()
    second = (samples[:, 1, 1] - samples[:, 1, 1].mean()) / samples[:, 1, 1].std()
    linked = abs(float((first * second).mean())) > 0.3
    return verdict(
        not linked, "fresh dice for every entry", "all entries of a sample share one die: draw noise of the shape of mu"
    )


def diagnose_gradient(got: Evidence, name: str, shape: tuple[int, ...]) -> Verdict:
    """A gradient other than zero arrives at every entry of the input `name`."""
    gradient = array_of(got, f"grad_{name}", shape)
    arrives = gradient is not None and np.abs(gradient).min() > 1e-8
    wrong = f"no gradient reaches {name}: is the sample drawn by torch.normal, under no_grad, or detached?"
    return verdict(arrives, f"gradients reach {name}", wrong)


def linear_autoencoder(function: Callable) -> None:
    """Check the student's train_linear_autoencoder(images, width)."""
    run_check(judge_linear_autoencoder, function)


def judge_linear_autoencoder(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """The weights that come back rebuild the images nearly as well as the best linear map of that width, found by
    SVD.
    """
    width, pixels = 3, 20
    images = plane(rng, images=200, pixels=pixels, dimensions=width)
    got = ask(probes.train, images=images, width=width)
    shapes = {
        "weights.encoder.weight": (width, pixels),
        "weights.encoder.bias": (width,),
        "weights.decoder.weight": (pixels, width),
        "weights.decoder.bias": (pixels,),
    }
    for name, shape in shapes.items():
        short = name.removeprefix("weights.")
        if not isinstance(got.get(name), np.ndarray):
            return [Verdict(1.0, False, f"the module has no {short}: encoder and decoder are nn.Linear, with bias")]
        problem = shape_problem(got, name, shape, short)
        if problem:
            return [Verdict(1.0, False, problem)]
    E, e, D, d = (got[name].astype(np.float64) for name in shapes)
    error = float(np.mean(((images @ E.T + e) @ D.T + d - images) ** 2))
    centred = images - images.mean(axis=0)
    best = float((np.linalg.svd(centred, compute_uv=False)[width:] ** 2).sum() / images.size)
    mean_only = float(np.mean(centred**2))
    # The reference ends at 1.00 to 1.02 times the best error over 20 seeds.
    wrong = (
        f"the error is {error:.4f}; the best linear map of this width has {best:.4f}, the mean alone {mean_only:.4f}"
    )
    if error > 3 * mean_only:
        wrong += ": training ran away. Are the gradients set to zero before each backward?"
    elif error > 0.9 * mean_only:
        wrong += ": nothing was learned. Does every step call backward and step?"
    elif error > 1.5 * best:
        wrong += ": did training stop too early?"
    return [verdict(error < 1.25 * best, "as good as the best linear map of this width", wrong)]


def plane(rng: np.random.Generator, *, images: int, pixels: int, dimensions: int) -> np.ndarray:
    """Made-up data [images, pixels], float32: a flat of few dimensions with a little noise around it."""
    codes = rng.normal(size=(images, dimensions))
    basis = np.linalg.qr(rng.normal(size=(pixels, dimensions)))[0]
    return (0.5 + 2.0 * codes @ basis.T + 0.2 * rng.normal(size=(images, pixels))).astype(np.float32)
