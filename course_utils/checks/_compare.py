"""Comparing what came back with what is right, and with what known slips give. Used by the checks of several labs.

A *step* is a dict of arrays, {name: change of that weight}.
"""

from __future__ import annotations

import numpy as np
import torch

from course_utils.checks._report import Verdict, array_of, kind_of, shape_problem
from course_utils.evidence import Evidence


def match(
    got: Evidence,
    what: str,
    right: np.ndarray,
    praise: str,
    slips: dict[str, np.ndarray],
    shapes: dict[tuple, str] | None = None,
    share: float = 1.0,
    name: str = "value",
    otherwise: str = "not the numbers that scikit-learn gives",
) -> Verdict:
    """The value against the right one, and against what known slips give.

    what: as the student knows it ("the codes"); slips: {message: the value it explains}; shapes: {shape: message}, what
    a wrong shape tells; name: as in the evidence; otherwise: what is said when no slip explains it.
    """

    def same(expected: np.ndarray) -> bool:
        size = float(np.abs(expected).max())
        return value.shape == expected.shape and np.allclose(value, expected, rtol=1e-3, atol=1e-4 * size)

    problem = shape_problem(got, name, right.shape, what)
    value = array_of(got, name)
    if not problem and same(right):
        return Verdict(share, True, praise)
    if value is not None:
        for slip, expected in slips.items():
            if same(expected):
                return Verdict(share, False, slip)
        if problem and kind_of(got, name) == "tensor":
            problem = (shapes or {}).get(value.shape, problem)
    return Verdict(share, False, problem or f"{what}: {otherwise}")


def closest(value: float, slips: dict[str, float], within: float = 1e-3) -> str | None:
    """The slip that gives this value. The closest, since two slips may by chance give nearly the same."""
    apart = {slip: abs(value / np.float64(other) - 1) for slip, other in slips.items()}
    best = min(apart, key=apart.get)
    return best if apart[best] < within else None


def difference(after: dict, before: dict) -> dict[str, np.ndarray]:
    return {name: after[name] - before[name] for name in before}


def added(step: dict, other: dict) -> dict[str, np.ndarray]:
    return {name: step[name] + other[name] for name in step}


def scaled(factor: float, step: dict) -> dict[str, np.ndarray]:
    return {name: factor * value for name, value in step.items()}


def norm(step: dict) -> float:
    return float(np.linalg.norm(_flat(step)))


def close(step: dict, expected: dict) -> bool:
    return bool(np.linalg.norm(_flat(step) - _flat(expected)) < 2e-3 * max(norm(expected), 1e-6))


def along(step: dict, gradient: dict) -> bool:
    """Whether the step goes along the gradient, up or down, whatever its length."""
    return times_longer(step, gradient) is not None


def times_longer(step: dict, expected: dict) -> float | None:
    """How many times longer the step is than expected; None when it goes another way."""
    a, b = _flat(step), _flat(expected)
    if not a.any() or not b.any():
        return None
    ratio = float(a @ b / (b @ b))
    return ratio if np.linalg.norm(a - ratio * b) < 1e-2 * np.linalg.norm(a) else None


def _flat(step: dict) -> np.ndarray:
    return np.concatenate([step[name].ravel().astype(np.float64) for name in sorted(step)])


def as_leaves(weights: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    """Weights in double precision that autograd will find gradients for."""
    return {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in weights.items()}


def mean_error(reconstruction: torch.Tensor, images: np.ndarray, kind: str = "squared") -> torch.Tensor:
    """torch's mean error of reconstructions, "squared" or "absolute"."""
    error = {"squared": torch.nn.functional.mse_loss, "absolute": torch.nn.functional.l1_loss}[kind]
    return error(reconstruction, torch.from_numpy(images).double())


def gradient_of(loss: torch.Tensor, leaves: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """Autograd's gradient of a loss, as a step."""
    found = torch.autograd.grad(loss, list(leaves.values()))
    return {name: value.numpy() for name, value in zip(leaves, found, strict=True)}
