"""The check of lab 02's softmax and cross-entropy: values, gradients, and logits in the thousands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from course_utils import probes
from course_utils.checks._compare import closest, match
from course_utils.checks._report import (
    Verdict,
    array_of,
    attempt,
    kind_of,
    left_alone,
    number_of,
    run_check,
    shape_of,
    shape_problem,
    verdict,
)
from course_utils.evidence import Evidence
from course_utils.probes import Ask


def cross_entropy(softmax: Callable, function: Callable) -> None:
    """Check the student's softmax(logits) and cross_entropy(logits, targets)."""
    run_check(judge_cross_entropy, softmax, function, names=("softmax", "cross_entropy"))


def judge_cross_entropy(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """scipy's softmax, torch's cross-entropy and its gradient; on small logits, and on logits in the thousands."""
    n, classes = 7, 5
    small = rng.normal(0, 2, (n, classes)).astype(np.float32)
    # Far up, far down, and far apart within a row and between the rows: whatever is taken off, the rest stays large.
    large = small + rng.permutation([-4000, -3000, -2000, 1000, 2000, 3000, 4000])[:, None].astype(np.float32)
    large[:, 0] -= 2500
    labels = rng.integers(0, classes, n)
    labels[:2] = 0, 1  # one image at least whose own class is hopeless
    targets = np.eye(classes, dtype=np.float32)[labels]
    ways = {
        name: attempt(ask, probes.call, targets=("softmax",), logits=x)
        for name, x in (("small", small), ("large", large))
    }
    # No exponential of these overflows, but probabilities are rounded to 0.
    apart = small - 300 * targets
    losses = {
        name: attempt(ask, probes.differentiate, targets=("cross_entropy",), logits=x, one_hot=targets)
        for name, x in (("small", small), ("large", large), ("apart", apart))
    }
    if ways["small"].get("stub") is True and losses["small"].get("stub") is True:
        ask(probes.call, targets=("softmax",), logits=small)  # raises: nothing has been done yet
    return [
        *_diagnose_softmax(ways, small, large),
        *_diagnose_entropy(losses, small, large, targets, labels),
        *(left_alone(ways["small"], "the logits") or left_alone(losses["small"], "logits or targets")),
    ]


def _diagnose_softmax(got: dict[str, Evidence], small: np.ndarray, large: np.ndarray) -> list[Verdict]:
    from scipy.special import expit, log_softmax, softmax

    x = small.astype(np.float64)
    powers = np.exp(x)
    slips = {
        "the columns of softmax sum to 1: each image, a row, has probabilities of its own, so dim=1": softmax(
            x, axis=0
        ),
        "softmax divides by the sums of the columns: divide by the sum of the row, dim=1": (
            np.exp(x - x.max(axis=1, keepdims=True)) / np.exp(x - x.max(axis=1, keepdims=True)).sum(axis=0)
        ),
        "softmax takes another number off each column: it has to be the same in all of a row, its largest, dim=1": (
            softmax(x - x.max(axis=0), axis=1)
        ),
        "all numbers of softmax together sum to 1: each row does, keep its sum as a column": powers / powers.sum(),
        "softmax gives the powers and never divides: each row is to sum to 1": powers,
        "softmax gives the powers without dividing, the largest 1: each row is to sum to 1": (
            np.exp(x - x.max(axis=1, keepdims=True))
        ),
        "softmax gives logarithms of probabilities": log_softmax(x, axis=1),
        "softmax gives a sigmoid of each logit, whose rows do not sum to 1": expit(x),
        "softmax divides the logits themselves: their exponentials are to be divided": x / x.sum(axis=1, keepdims=True),
        "softmax gives the larger logits the smaller probabilities: is there a minus too many?": softmax(-x, axis=1),
        "softmax takes powers of 2: e it is": softmax(x * np.log(2), axis=1),
    }
    others = {  # another function altogether: that it stays finite is no merit
        "softmax divides by the mean of the powers: by their sum, so that a row sums to 1": softmax(x, axis=1)
        * x.shape[1],
        "softmax divides by the length of the row of powers: by their sum": powers
        / np.linalg.norm(powers, axis=1, keepdims=True),
        "softmax divides by the largest logit of a row, which is to be taken off": softmax(
            x / x.max(axis=1, keepdims=True), axis=1
        ),
        "softmax divides the logits by their length: leave them as far apart as they are": softmax(
            x / np.linalg.norm(x, axis=1, keepdims=True), axis=1
        ),
        "softmax halves the logits: leave them as far apart as they are": softmax(x / 2, axis=1),
        "softmax gives 1 to the largest logit and 0 to all others: probabilities are asked for": np.eye(x.shape[1])[
            x.argmax(axis=1)
        ],
        "softmax gives 1 - p: the probability itself is asked for": 1 - softmax(x, axis=1),
        "softmax gives rounded probabilities": softmax(x, axis=1).round(2),
        "softmax divides squares by their sum: exponentials it is": np.square(x)
        / np.square(x).sum(axis=1, keepdims=True),
    }
    first = match(
        got["small"],
        "the probabilities",
        softmax(x, axis=1),
        "softmax is scipy's",
        slips | others,
        otherwise=_unlike_scipy(got["small"], small.shape),
    )
    if shape_of(got["small"], "value") == small.shape[::-1]:
        first = first._replace(message="softmax gives a column for each image: a row for each is asked for")
    value = array_of(got["large"], "value", large.shape)
    # In the thousands a float32 is known to 0.0005: log-sum-exp, as good a way as any, cannot be more exact than that.
    fine = value is not None and np.allclose(value, softmax(large.astype(np.float64), axis=1), atol=5e-3)
    if not first.passed and value is not None and not fine:
        fine = np.isfinite(value).all() and first.message in slips
    wrong = "softmax of logits in the thousands is nan: take the largest logit of each row off first"
    found = got["large"].get("value")
    if isinstance(found, np.ndarray) and found.shape == large.shape and np.isfinite(found).all():
        wrong = "softmax of logits in the thousands is finite, but wrong: nothing may be cut off, or added to the sum"
        if not first.passed:
            wrong = first.message
        elif (found == 0).all(axis=1).any():
            wrong = "softmax of logits in the thousands is 0 for all classes of some rows: nan was only painted over"
    elif isinstance(got["large"].get("raised"), str):
        wrong = got["large"]["raised"]
    elif not first.passed and "column" in first.message:
        wrong = first.message
    elif _only_some_nan(found, large.shape):
        wrong = "softmax is nan in some of the rows: the largest logit is that of the row, not that of the whole batch"
        lost = ~np.isfinite(found).all(axis=1)
        if lost[large.max(axis=1) == large.max()].any():
            wrong = "softmax is nan in some of the rows: what is taken off, or cut, is not the row's largest logit"
        elif not lost[large.max(axis=1) > 0].any():
            wrong = (
                "softmax is nan in rows of negative logits: the largest logit itself, with its sign, is to be taken off"
            )
    return [first, verdict(fine, "softmax holds for logits in the thousands", wrong)]


def _unlike_scipy(got: Evidence, shape: tuple[int, int]) -> str:
    value = array_of(got, "value", shape)
    if value is None or np.allclose(value.sum(axis=1), 1, atol=1e-3):
        return "each row sums to 1, but not those of scipy: are they powers of e, divided by their sum?"
    return f"a row sums to {value[0].sum():.3g}, each is to sum to 1: divide the powers of e by their sum"


def _only_some_nan(found: object, shape: tuple) -> bool:
    if not isinstance(found, np.ndarray) or found.shape != shape or found.dtype.kind != "f":
        return False
    whole = np.isfinite(found).all(axis=1)
    return bool(whole.any() and not whole.all() and np.allclose(found[whole].sum(axis=1), 1, atol=1e-3))


def _diagnose_entropy(
    got: dict[str, Evidence], small: np.ndarray, large: np.ndarray, targets: np.ndarray, labels: np.ndarray
) -> list[Verdict]:
    from scipy.special import log_softmax, softmax

    n, classes = small.shape
    right, gradient = _torch_entropy(small, labels)
    log_p, p = log_softmax(small.astype(np.float64), axis=1), softmax(small.astype(np.float64), axis=1)
    each = -log_p[np.arange(n), labels]
    found = number_of(got["small"], "value")
    slips = {
        "the losses of the images are added up, their mean is asked for": each.sum(),
        f"the mean runs over images and classes, {classes} times too many: sum over the classes first": each.mean()
        / classes,
        "the loss is negative: the minus is missing": -each.mean(),
        "the loss is negative, and the losses of the images are added up: their mean with a minus is asked for": (
            -each.sum()
        ),
        "the loss is negative, and the mean runs over images and classes: sum over the classes first": (
            -each.mean() / classes
        ),
        f"the loss is taken {classes} times, once for each class: the mean is over the images": each.mean() * classes,
        f"the loss takes 10 classes for granted, and these logits have {classes}": each.mean() * 10 / classes,
        f"the loss takes batches of 40 for granted, and this one has {n}": each.sum() / 40,
        f"the sum over the batch is divided by {n - 1}: divide by the number of images, {n}": each.sum() / (n - 1),
        "cross_entropy takes probabilities of probabilities: softmax was applied twice": (
            -log_softmax(p, axis=1)[np.arange(n), labels].mean()
        ),
        "cross_entropy takes logarithms to the base 2: the natural one is asked for": each.mean() / np.log(2),
        "cross_entropy takes logarithms to the base 10: the natural one is asked for": each.mean() / np.log(10),
        "cross_entropy gives the mean of all logarithms, the wrong classes' too: targets picks the right one": (
            -log_p.sum(axis=1).mean()
        ),
        f"the sum over the batch is divided by {classes}, the classes: divide by the number of images": (
            each.sum() / classes
        ),
        "the largest logit is taken off in the sum, but not in the logit of the right class: in both, or in neither": (
            (each - small.max(axis=1)).mean()
        ),
        "softmax runs over the images in cross_entropy: each row has probabilities of its own": (
            -log_softmax(small.astype(np.float64), axis=0)[np.arange(n), labels].mean()
        ),
    }
    other_losses = {
        "cross_entropy gives the mean probability of the right class: take its logarithm": p[
            np.arange(n), labels
        ].mean(),
        "cross_entropy gives 1 - the probability of the right class: take minus its logarithm": (
            (1 - p[np.arange(n), labels]).mean()
        ),
        "cross_entropy takes minus the logit of the right class: softmax is left out": (
            -small[np.arange(n), labels].mean()
        ),
        "cross_entropy gives squared differences of probabilities: take minus the logarithm of the right one's": (
            np.square(p - targets).sum(axis=1).mean()
        ),
        "cross_entropy gives the mean of squared differences: take minus the logarithm of the right class's "
        "probability": np.square(p - targets).mean(),
        "cross_entropy asks for the class with the largest logit, whatever the label is: the label's is asked for": (
            -log_p.max(axis=1).mean()
        ),
        "cross_entropy weighs the logarithms with the probabilities themselves: targets are the weights": (
            -(p * log_p).sum(axis=1).mean()
        ),
        "cross_entropy takes the logarithm of a mean probability: the mean comes last, over the losses": (
            -np.log(p[np.arange(n), labels].mean())
        ),
        "cross_entropy takes another number off each column: it has to be the same in all of a row": (
            -log_softmax(small - small.max(axis=0), axis=1)[np.arange(n), labels].mean()
        ),
        "cross_entropy leaves out the logarithm of the sum: log p is the logit minus that logarithm": (
            (small.max(axis=1) - small[np.arange(n), labels]).mean()
        ),
        "cross_entropy takes off the sum of the exponentials itself: its logarithm": (
            each
            + np.exp(small - small.max(axis=1, keepdims=True)).sum(axis=1)
            - np.log(np.exp(small - small.max(axis=1, keepdims=True)).sum(axis=1))
        ).mean(),
        "cross_entropy adds the logarithm of the sum, which is to be taken off": (
            each - 2 * np.log(np.exp(small - small.max(axis=1, keepdims=True)).sum(axis=1))
        ).mean(),
        f"cross_entropy takes the mean of the exponentials, {classes} times too small: their sum": (
            each.mean() - np.log(classes)
        ),
        "cross_entropy counts the wrong classes: targets is 1 for the right one": (
            -(log_p * (1 - targets)).sum(axis=1).mean()
        ),
        "cross_entropy gives the median of the losses: the mean over the batch is asked for": np.median(each),
        "cross_entropy gives the loss of the first image alone: the mean over the batch is asked for": each[0],
        "cross_entropy gives the largest loss of the batch: the mean is asked for": each.max(),
        "cross_entropy gives the smallest loss of the batch: the mean is asked for": each.min(),
        "cross_entropy gives e to the power of the loss: the loss itself is asked for": np.exp(each.mean()),
        "cross_entropy gives the share of wrong answers: it has no gradient": (log_p.argmax(axis=1) != labels).mean(),
        "cross_entropy pairs every image with the label of every other: one label for each row": (
            -log_p[:, labels].mean()
        ),
        "cross_entropy adds the wrong classes' log(1 - p): that is binary cross-entropy": (
            each - (np.log1p(-p) * (1 - targets)).sum(axis=1)
        ).mean(),
    }
    slip, problem = None, None
    if found is None:
        shape = shape_of(got["small"], "value")
        problem = shape_problem(got["small"], "value", (), "the cross-entropy")
        if shape == (n,):
            problem = "cross_entropy gives a loss for each image: their mean is asked for, one number"
        elif shape == (n, 1):
            problem = "cross_entropy gives a column of losses: their mean is asked for, one number"
        return [Verdict(3.0, False, problem or "the cross-entropy is no number")]
    fine = bool(np.isclose(found, right, rtol=1e-3))
    if not fine:
        slip = closest(found, slips | other_losses, within=2e-5)
        if slip is None:
            wrong = f"cross_entropy gives {found:.4g}, torch {right:.4g}, on the same logits"
            return [Verdict(3.0, False, wrong)]
    elif kind_of(got["small"], "value") != "tensor":
        return [Verdict(3.0, False, "cross_entropy gives a number without a history: a tensor is asked for, no item()")]
    first = verdict(fine, "cross_entropy is torch's", slip or "")
    far, _ = _torch_entropy(large, labels)
    return [
        first,
        Verdict(1.0, False, slip)  # another loss holds nothing that was asked for
        if slip in other_losses
        else _large_entropy(got["large"], got["apart"], far, slip is not None),
        _entropy_gradient(got, gradient, np.asarray(_torch_entropy(large, labels)[1]), fine),
    ]


def _large_entropy(got: Evidence, apart: Evidence, right: float, recognised: bool) -> Verdict:
    """On large logits: right, or, if a known slip was found already, at least a number.

    apart: of logits with which probabilities are rounded to 0 and nothing overflows; it tells two slips apart.
    """
    praise = "cross_entropy holds for logits in the thousands"
    found = number_of(got, "value")
    if found is not None and (np.isclose(found, right, rtol=1e-3) or (recognised and abs(found) > 1)):
        return Verdict(1.0, True, praise)
    if isinstance(got.get("raised"), str):
        return Verdict(1.0, False, str(got["raised"]))
    if found is None and number_of(apart, "value") is not None:
        wrong = (
            "cross_entropy of logits in the thousands is no number: exponentials are inf, or all of a row's are 0. "
            "Take the largest logit of each row off first"
        )
    elif found is None:
        wrong = "cross_entropy of logits in the thousands is no number: the logarithm of a probability rounded to 0?"
    else:
        wrong = (
            f"cross_entropy of logits in the thousands is {found:.4g} instead of {right:.4g}: a small number added to "
            "p, or a cut, hides how wrong the network is"
        )
    return Verdict(1.0, False, wrong)


def _entropy_gradient(got: dict[str, Evidence], small: np.ndarray, large: np.ndarray, fine: bool) -> Verdict:
    """Gradients with respect to the logits: torch's where the value is, otherwise there at all and finite."""
    found = [array_of(got[name], "grad_logits", right.shape) for name, right in (("small", small), ("large", large))]
    praise = "gradients reach the logits, and are finite"
    if found[0] is None and "inplace" in str(got["small"].get("backward")):
        return Verdict(1.0, False, "backward cannot go through logits that were overwritten: leave them as they are")
    if found[0] is None:
        return Verdict(1.0, False, "no gradient reaches the logits: is there an item(), a detach or a no_grad?")
    if fine and not np.allclose(found[0], small, atol=1e-4):
        return Verdict(1.0, False, "the value is right, its gradient is not: is a part of it detached?")
    if found[1] is None:
        return Verdict(
            1.0, False, "for logits in the thousands the gradient is nan, and so are the weights after a step"
        )
    return verdict(found[0].any(), praise, "the gradient is 0 everywhere")


def _torch_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """torch's cross-entropy in double precision, and its gradient."""
    leaf = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(leaf, torch.from_numpy(labels))
    loss.backward()
    return loss.item(), leaf.grad.numpy()
