"""Training: single steps against autograd's gradients, and what whole trainings learned from images drawn anew."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from course_utils.checks.toolkit.answers import Answer
from course_utils.checks.toolkit.networks import Networks, Weights
from course_utils.checks.toolkit.values import _count
from course_utils.data.drawn import draw_digits

Path = list[Weights]
Images = tuple[np.ndarray, np.ndarray]
Loss = Callable[[dict[str, torch.Tensor], torch.Tensor], torch.Tensor]
"""loss(weights, batch) -> a differentiable torch scalar."""


class Training(Networks):
    """What is asked of training loops."""

    def path(self, answers: Sequence[Answer], start: Weights) -> Path:
        """The weights before training and after each of 1, 2, ... steps; one answer for each number of steps. Stops the
        judging where they are missing or not finite.
        """
        path = [{name: np.asarray(value, np.float64) for name, value in start.items()}]
        for answer in answers:
            path.append({name: answer.array(f"weights.{name}", np.shape(value)) for name, value in start.items()})
            if any(value is None for value in path[-1].values()):
                self.stop(answer.raised or "the weights after training hold nan or inf: the steps are far too long")
        return path

    def first_step(
        self, aspect: str, path: Path, batches: Sequence[Any], loss: Loss, rate: float,
        lengths: Mapping[str, float] | None = None, losses: Mapping[str, tuple[Loss, float]] | None = None,
    ) -> bool:  # fmt: skip
        """Judge the first step of plain SGD: minus rate times autograd's gradient of loss(weights, batch).

        lengths: {line: how many times too long this slip makes the step}; losses: {line: (another loss, part that is
        kept)}. A step in the right direction and of another length keeps half.
        """
        _count({**(lengths or {}), **(losses or {})})
        taken, asked = _change(path[0], path[1]), -rate * _gradient(loss, path[0], batches[0])
        if not taken.any():
            return self.verify(aspect, False, _no_step(path))
        ratio = _times_longer(taken, asked)
        if ratio is not None:
            named = (line for line, factor in (lengths or {}).items() if abs(ratio / factor - 1) < 2e-3)
            up = "the first step goes up the gradient: the loss grows"
            long = f"the first step has the right direction, but is {ratio:.3g} times as long as it should be"
            wrong = up if ratio < 0 else next(named, long)
            return self.verify(aspect, abs(ratio - 1) < 2e-3, wrong, 0.5 if ratio > 0 else 0.0)
        for line, (other, keeps) in (losses or {}).items():
            if _times_longer(taken, _gradient(other, path[0], batches[0])) is not None:
                return self.verify(aspect, False, line, keeps)
        still = [name for name, value in path[0].items() if np.array_equal(value, path[1][name])]
        wrong = f"leaves {', '.join(still)} as they were" if still else "does not go down the gradient of the loss"
        return self.verify(aspect, False, f"the first step {wrong}")

    def later_steps(self, aspect: str, path: Path, batches: Sequence[Any], losses: Sequence[Loss], rate: float) -> bool:
        """Judge the direction of the second and later steps: each batch takes one step of its own, down the gradient
        at the weights of that moment, of the first of `losses` that explains the first step; gradients do not
        accumulate. Lengths are compared where the first step has the right one.
        """
        taken = [_change(before, after) for before, after in pairwise(path)]
        if not taken[0].any():
            return self.verify(aspect, False, _no_step(path))
        for loss in losses:
            own = [_gradient(loss, at, batch) for at, batch in zip(path, batches, strict=False)]
            first, *_ = lengths = [_times_longer(*pair) for pair in zip(taken, own, strict=True)]
            if first is None:
                continue
            parts = [length / first for length in lengths if length is not None]
            alike = abs(first / -rate - 1) > 0.02 or max(abs(part - 1) for part in parts) < 0.02
            right = None not in lengths and min(parts) > 0 and alike
            return self.verify(aspect, right, "" if right else _later_slip(taken, path, batches, loss, own, parts))
        # No known loss explains the first step. Then only require that every batch moves the weights.
        moved = all(step.any() for step in taken)
        return self.verify(aspect, moved, "only the first batch moves the weights: is the return inside the loop?")

    def learns(
        self, aspect: str, error: float | None, enough: float, stages: Mapping[str, tuple[float, float]],
        slips: Mapping[str, float] | None = None,
    ) -> bool:  # fmt: skip
        """Judge what a training reached: an error of at most `enough`.

        stages: {line: (the error from which on it is said, the part that is kept)}, from worst to best; the first that
        applies is told, with {error} and {enough} filled in. slips: {line: the error of the same weights in another
        network}, told when it is below `enough`.
        """
        _count(slips)
        if error is None or not np.isfinite(error):
            return self.verify(aspect, False, "the trained weights give nan or inf: take a smaller learning rate")
        told = [(line, 0.0) for line, other in (slips or {}).items() if np.isfinite(other) and other <= enough]
        told += [(line, keeps) for line, (above, keeps) in stages.items() if error >= above]
        line, keeps = (told or [("the error is {error:.4f}, expected at most {enough:.4f}", 0.0)])[0]
        return self.verify(aspect, error <= enough, line.format(error=error, enough=enough), keeps)

    def digits(self, count: int, unseen: int = 500, classes: Sequence[int] | None = None, hide: str = "mix") -> Images:
        """Training images [count, 1, 28, 28] and unseen ones, drawn anew for each exam: another subset of the bundled
        digits, each changed by a small affine map, brightness and noise, all pixels hidden in the same way: "mix" (for
        dense networks), "turn" (for convolutions) or "". Weights trained elsewhere are worth nothing on these.
        """
        return draw_digits(self.rng, count, unseen, classes, hide)


def loss_at(loss: Loss, weights: Weights, batch: Any) -> float:
    """loss(weights, batch) as a number."""
    return loss(*_in_torch(weights, batch)).item()


def _gradient(loss: Loss, weights: Weights, batch: Any) -> np.ndarray:
    """Return autograd's gradient of loss(weights, batch) as one vector, in double precision."""
    leaves, images = _in_torch(weights, batch)
    found = torch.autograd.grad(loss(leaves, images), list(leaves.values()), allow_unused=True)
    pairs = zip(leaves.values(), found, strict=True)
    return np.concatenate([np.zeros(leaf.numel()) if grad is None else grad.numpy().ravel() for leaf, grad in pairs])


def _in_torch(weights: Weights, batch: Any) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    leaves = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in weights.items()}
    return leaves, torch.as_tensor(np.asarray(batch, np.float64))


def _change(before: Weights, after: Weights) -> np.ndarray:
    """Return a step, the change of all weights, as one vector."""
    return np.concatenate([(after[name] - before[name]).ravel() for name in before])


def _times_longer(step: np.ndarray, expected: np.ndarray) -> float | None:
    """Return step / expected, the ratio of lengths (negative: opposite directions); None if they are not parallel."""
    if not step.any() or not expected.any():
        return None
    ratio = float(step @ expected / (expected @ expected))
    return ratio if np.linalg.norm(step - ratio * expected) < 1e-2 * np.linalg.norm(step) else None


def _no_step(path: Path) -> str:
    if any(_change(path[0], after).any() for after in path[1:]):
        return "the first batch moves no weights: call zero_grad(), backward() and step() in this order for each batch"
    return "the weights do not move: call backward() and then step(), with nothing between them that empties gradients"


def _later_slip(taken: list, path: Path, batches: Sequence[Any], loss: Loss, own: list, parts: list) -> str:
    """Return the message for wrong later steps.

    taken: the steps; own: the gradient of each step's own batch; parts: the steps' lengths as multiples of their
    gradients, relative to the first step.
    """
    if not taken[1].any():
        return "only the first batch moves the weights: is the return inside the loop, or step() after it?"
    first, second = (_gradient(loss, path[i], batches[1 - i]) for i in (1, 0))
    ways = {
        "gradients accumulate from batch to batch: call zero_grad() before each backward()": (taken[1], sum(own[:2])),
        "the first batch is used for every step: take the next one inside the loop": (taken[1], first),
        "one step is taken for all batches together: every batch takes a step": (sum(taken[:2]), own[0] + second),
    }
    found = [line for line, (step, gradient) in ways.items() if (_times_longer(step, gradient) or 0) < 0]
    if found or not taken[-1].any():
        return next(iter(found), "the last batch moves no weights: the last, smaller batch counts as well")
    if len(parts) == len(taken):
        shown = ", ".join(f"{part:.3g}" for part in parts)
        return f"the steps are {shown} times as long as the first: leave gradients and learning rate as they are"
    return "the later steps do not go down the gradient of their own batch"
