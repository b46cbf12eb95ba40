"""The check of lab 02's training loop: its steps and losses one by one, and digits that it has to learn."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch

from course_utils import probes
from course_utils.checks._compare import (
    added,
    along,
    as_leaves,
    close,
    closest,
    difference,
    gradient_of,
    mean_error,
    norm,
    scaled,
    times_longer,
)
from course_utils.checks._matrices import some_matrices
from course_utils.checks._report import Verdict, array_of, attempt, kind_of, number_of, run_check, verdict
from course_utils.data import load_mnist
from course_utils.evidence import Evidence
from course_utils.probes import Ask, StudentError

RATE = 0.1
LOOP_SIZES = (6, 5, 2, 5, 6)
BATCH = 4
DIGIT_SIZES = (784, 64, 8, 64, 784)
DIGIT_STEPS = 200
ENOUGH = 0.85
"""Error on unseen digits over that of the mean image. The reference ends at 0.60 +- 0.03 over 20 seeds, at most at
0.67: eight standard deviations below."""


def train_by_hand(function: Callable) -> None:
    """Check the student's train_by_hand(network, W, draw, optimizer, iterations)."""
    run_check(judge_train_by_hand, function)


def judge_train_by_hand(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Each step goes down the gradient that autograd finds at the matrices before it; the losses are those of the
    batches; and digits with shuffled pixels are learned.
    """
    while True:
        start = some_matrices(rng, LOOP_SIZES, 0.6)
        images = rng.uniform(-1, 1, (3 * BATCH, LOOP_SIZES[0])).astype(np.float32)
        # Batches of very different losses, so that no two ways to report them look alike, and the last with a gradient
        # longer than the 1 to which many cut theirs.
        images *= np.repeat([1.0, 2.0, 4.0], BATCH).astype(np.float32)[:, None]
        if norm(_gradient(start, images[-BATCH:])) > 1.5:
            break
    draws = np.arange(3 * BATCH).reshape(3, BATCH)
    parts = [images[rows] for rows in draws]
    path, answers = [start], []
    for count in (1, 2, 3):
        got = _ask_loop(ask, images=images, draws=draws, iterations=count, learning_rate=RATE, **start)
        answers.append(got)
        path.append({name: array_of(got, f"weights.{name}", value.shape) for name, value in start.items()})
    if any(value is None for weights in path for value in weights.values()):
        return [Verdict(1.0, False, "the matrices after training hold nan or inf: the steps are far too long")]
    return [*_diagnose_steps(path, parts, answers), _diagnose_losses(answers[-1], path, parts), _learns(ask, rng)]


def _ask_loop(ask: Ask, **inputs: object) -> Evidence:
    """Ask for the loop; torch's messages about what stands in the wrong place are told in other words."""
    try:
        return ask(probes.train_matrices, **inputs)
    except StudentError as error:
        plain = {
            "modified by an inplace operation": "the matrices change before backward is done: it comes first",
            "does not require grad": "backward finds no way to the matrices: is there a no_grad, a detach or an item() "
            "in between?",
            "must match the size of tensor": "images are compared with something of another shape: the network returns "
            "the reconstruction first, then the code",
            "a second time": "backward ran twice through the same loss: compute it anew in every iteration",
            "only for scalar outputs": "backward starts from one number, this loss has several: take the mean over the "
            "batch as well",
        }
        for words, meaning in plain.items():
            if error.kind == "RuntimeError" and words in error.text:
                raise StudentError(error.kind, meaning, error.where) from None
        raise


def _diagnose_steps(path: list[dict], parts: list[np.ndarray], answers: list[Evidence]) -> list[Verdict]:
    """Length and direction of the first step, direction of the others."""
    taken = [difference(after, before) for before, after in pairwise(path)]
    steps = [number_of(got, "steps") for got in answers]
    asked = [scaled(-RATE, _gradient(at, part)) for at, part in zip(path, parts, strict=False)]
    counted = _count_slip(steps, norm(taken[0]))
    slip = counted or _first_step_slip(taken[0], asked[0], path[0], parts[0])
    unused = None
    if slip and not counted and close(taken[0], scaled(-RATE, _gradient(path[0], parts[1]))):
        slip = unused = "the first step is that of the second batch: the first one is drawn and not used"
    right = ("a step goes down the gradient of the loss", "every iteration draws a batch and takes a step of its own")
    if norm(taken[0]) == 0:
        return [Verdict(2.0, False, slip or "")]
    if slip is None:
        own = all(close(step, expected) for step, expected in zip(taken, asked, strict=True))
    else:  # another loss has other lengths, but each batch's step still has a direction of its own
        kind = "absolute" if along(taken[0], _gradient(path[0], parts[0], "absolute")) else "squared"
        own = all(along(step, _gradient(at, part, kind)) for step, at, part in zip(taken, path, parts, strict=False))
    return [
        verdict(not slip, right[0], slip or ""),
        verdict(own, right[1], counted or unused or _later_slip(taken, asked, path, parts, answers[-1])),
    ]


def _count_slip(steps: list[float | None], moved: float) -> str | None:
    """What the calls of optimizer.step() in loops of 1, 2 and 3 iterations tell; moved: by the first of these."""
    if None in steps:
        return None
    if not any(steps):
        if moved:
            return "the matrices move, but not by optimizer.step(): the optimiser that came in takes the steps"
        return "the matrices do not move: optimizer.step() is never called"
    if steps == [0, 1, 2]:
        return "one iteration too few: for iterations = 1 no step is taken. range(iterations) gives all of them"
    if steps == [2, 3, 4]:
        return "one iteration too many: for iterations = 1 two steps are taken. range(iterations) gives all of them"
    if steps == [2, 4, 6]:
        return "optimizer.step() is called twice in every iteration"
    if not steps[0]:
        return "for iterations = 1 no step is taken: every iteration takes one"
    if steps[0] > 1 and steps[0] == steps[-1]:
        return f"{steps[0]:.0f} steps are taken, however many are asked for: iterations says how many"
    return None


def _first_step_slip(step: dict, expected: dict, start: dict, part: np.ndarray) -> str | None:
    if close(step, expected):
        return None
    if norm(step) == 0:
        return (
            "the matrices do not move: step finds no gradient. Is backward called before it, on a loss that still "
            "hangs on these matrices, and nothing emptied in between?"
        )
    pixels, loss = part.shape[1], _loss(start, part)
    slips = {
        "the step goes up the slope: the loss grows": -1.0,
        f"the step is {part.size} times too long: the squares are added up, their mean is asked for": part.size,
        f"the step is {pixels} times too long: the squares of an image are added up, the mean over its pixels is asked "
        "for": pixels,
        f"the step is {len(part)} times too long: the images' losses are added up, their mean is asked for": len(part),
        "the step is that of the root of the mean square: leave out the square root": 0.5 / np.sqrt(loss),
        "the step is half as long as it should be: is there a factor 1/2 in the loss?": 0.5,
        "the step is a quarter as long as it should be: are the images, or the differences, halved?": 0.25,
        "the step is twice as long as it should be: does backward run twice, or something else move the matrices?": 2.0,
        f"the images' losses are divided by 40, and these batches have {len(part)} images": len(part) / 40,
        f"the squares of an image are divided by 784, and these images have {pixels} pixels": pixels / 784,
        f"the squares are divided by 40 * 784, and these batches have {len(part)} images of {pixels} pixels": (
            part.size / (40 * 784)
        ),
    }
    ratio = times_longer(step, expected)
    slip = closest(ratio, slips) if ratio is not None else None
    if slip:
        return slip
    still = [name for name in step if not step[name].any()]
    moving = [name for name in step if name not in still]
    if still and close({name: step[name] for name in moving}, {name: expected[name] for name in moving}):
        return f"{', '.join(f'W[{name[1:]}]' for name in still)} stays as it is: does its gradient get lost on the way?"
    if close(step, scaled(-RATE, _gradient(start, part[:1]))):
        return "the step is that of the first image of the batch: the mean over all of them is asked for"
    if along(step, _gradient(start, part, "absolute")):
        return "the step goes down the gradient of the absolute differences: squares are asked for"
    if ratio is not None:
        return f"the first step has the right direction, but {ratio:.3g} times the length asked for"
    return "the first step is not minus the learning rate times the gradient of the mean square"


def _later_slip(taken: list, asked: list, path: list, parts: list, whole: Evidence) -> str:
    if norm(taken[1]) == 0:
        return "only one step is taken, however many are asked for: is the return inside the loop?"
    first = scaled(-RATE, _gradient(path[1], parts[0]))
    if number_of(whole, "seen") == 1 and close(taken[1], first):
        return "one batch is drawn for all iterations: call draw() inside the loop"
    left = times_longer(taken[0], asked[0]) or 1.0
    if close(taken[1], scaled(left, added(asked[0], asked[1]))):
        return "gradients pile up from step to step: empty them before each backward"
    both = added(asked[0], scaled(-RATE, _gradient(path[0], parts[1])))
    if close(difference(path[2], path[0]), scaled(left, both)):
        if number_of(whole, "steps") == 3:
            return (
                "every step has the gradient of the matrices as they were at first: are these copied before the loop?"
            )
        return "one step is taken at the end for all batches: every iteration takes a step"
    if number_of(whole, "steps") == 1:
        return "one step is taken, however many are asked for: does step() stand behind the loop?"
    piled, own = added(asked[0], asked[1]), asked[1]
    kinds = [
        "own"
        if close({name: taken[1][name]}, {name: own[name]})
        else close({name: taken[1][name]}, {name: piled[name]})
        for name in own
    ]
    if all(kinds) and True in kinds:
        return "the gradients of some of the matrices pile up: all of them are to be emptied before each backward"
    lengths = [times_longer(step, expected) for step, expected in zip(taken, asked, strict=True)]
    if None not in lengths:
        shown = ", ".join(f"{length:.2g}" for length in lengths)
        return f"the steps are {shown} times as long as they should be: leave gradients and optimiser as they are"
    drawn = number_of(whole, "seen") or 0
    if drawn > 3:
        return f"{drawn:.0f} batches were drawn in 3 iterations: one serves for the whole iteration"
    return "the later steps do not go down their own batch's gradient"


def _diagnose_losses(got: Evidence, path: list[dict], parts: list[np.ndarray]) -> Verdict:
    """The losses returned, against those of the matrices that the student's own steps went through."""
    found = array_of(got, "returned", (3,))
    if found is None:
        found = [number_of(got, f"returned_{i}") for i in range(3)]
        listed = kind_of(got, "returned") in ("list of 3", "tuple of 3")
        if not listed or None in found:
            return Verdict(1.0, False, _no_losses(got))
        found = np.array(found)
    right = np.array([_loss(at, part) for at, part in zip(path, parts, strict=False)])
    after = np.array([_loss(at, part) for at, part in zip(path[1:], parts, strict=True)])
    absolute = np.array([_loss(at, part, "absolute") for at, part in zip(path, parts, strict=False)])
    pixels, batch = parts[0].shape[1], len(parts[0])
    slips = {
        "the losses were measured after the step: those before it are asked for": after,
        "the losses are added up as they come: each batch's own is asked for": right.cumsum(),
        "the losses are running means: each batch's own is asked for": right.cumsum() / np.arange(1, 4),
        "the losses are sums over the pixels of an image: the mean is asked for": right * pixels,
        "the losses are sums of all squares: their mean is asked for": right * pixels * batch,
        "the losses are sums over the batch: the mean over its images is asked for": right * batch,
        "the losses are square roots: leave the root out": np.sqrt(right),
        "the losses are those of absolute differences: squares are asked for": absolute,
        "the losses are halved: is there a factor 1/2?": right / 2,
        "the losses are negative: a mean of squares never is": -right,
        "the last loss came back three times: append each when it is computed": np.full(3, right[-1]),
        "the losses come back in another order: the first iteration's first": right[::-1],
        "the losses are rounded: loss.item() has all its digits": np.round(right, 2),
        **({"the losses are cut to whole numbers: loss.item() is none": np.trunc(right)} if found.any() else {}),
        "each loss is the smallest up to then: each batch's own is asked for": np.minimum.accumulate(right),
    }
    if np.allclose(found, right, rtol=1e-3):
        if got.get("history") is True:
            wrong = "the losses still hang on the matrices, and keep everything alive: loss.item() is the number alone"
            return Verdict(1.0, False, wrong)
        return Verdict(1.0, True, "the losses returned are those of the batches")
    for slip, expected in slips.items():
        if np.allclose(found, expected, rtol=1e-3):
            return Verdict(1.0, False, slip)
    return Verdict(
        1.0, False, f"the losses returned are {np.round(found, 4)}, those of the batches {np.round(right, 4)}"
    )


def _no_losses(got: Evidence) -> str:
    kind = kind_of(got, "returned")
    if number_of(got, "returned") is not None:
        return "one number came back: a list with the loss of each iteration is asked for"
    if "None" in kind:
        return "nothing came back (None): is there a return?"
    if kind == "list of 1" and number_of(got, "steps") == 3:
        return "of 3 iterations one loss came back: make the list once, before the loop, and append to it"
    if kind.startswith(("list", "tuple")):
        return f"of 3 iterations a {kind} came back: a list of 3 losses is asked for, each one number"
    return f"what came back is {kind}: a list with the loss of each iteration is asked for"


def _learns(ask: Ask, rng: np.random.Generator) -> Verdict:
    """The matrices that come back redraw unseen digits better than the mean image does.

    Run here, in plain numpy. The pixels are shuffled, in the same way for all images: matrices learn as well from
    these, and weights that were trained beforehand are worth nothing.
    """
    order = rng.permutation(784)
    digits = [load_mnist(split, source="sample", device="cpu").images.flatten(1).numpy() for split in ("train", "test")]
    picks = [rng.choice(len(images), 600, replace=False) for images in digits]
    seen, unseen = (2 * images[rows][:, order] - 1 for images, rows in zip(digits, picks, strict=True))
    start = some_matrices(rng, DIGIT_SIZES, 0.05)
    draws = rng.integers(0, len(seen), (DIGIT_STEPS, 40))
    how = {"iterations": DIGIT_STEPS, "learning_rate": 3e-3, "optimizer": "Adam"}
    got = attempt(ask, probes.train_matrices, images=seen, draws=draws, **how, **start)
    W = [array_of(got, f"weights.{name}", value.shape) for name, value in start.items()]
    if any(matrix is None for matrix in W):
        wrong = str(got.get("raised", "the matrices after training hold nan or inf"))
        return Verdict(1.0, False, f"digits are not learned: {wrong}")
    x = unseen.astype(np.float64)
    for i, matrix in enumerate(W):
        x = x @ matrix[:-1] + matrix[-1]
        x = np.maximum(x, 0) if i in (0, 2) else x
    share = float(np.mean((np.tanh(x) - unseen) ** 2) / np.mean((seen.mean(axis=0) - unseen) ** 2))
    said = f"after {DIGIT_STEPS} iterations the error on unseen digits is {share:.2f} times that of the mean image"
    return verdict(share < ENOUGH, said, f"{said}, {ENOUGH} or less is asked for")


def redrawn(weights: dict, images: np.ndarray) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The reconstructions, of the network with a linear code, and the matrices as leaves."""
    leaves = as_leaves(weights)
    x = torch.from_numpy(images).double()
    for i, matrix in enumerate(leaves.values()):
        x = torch.nn.functional.linear(x, matrix[:-1].T, matrix[-1])
        x = x.relu() if i in (0, 2) else x
    return x.tanh(), leaves


def _loss(weights: dict[str, np.ndarray], images: np.ndarray, kind: str = "squared") -> float:
    """torch's mean squared, or absolute, error of the network with these matrices."""
    return mean_error(redrawn(weights, images)[0], images, kind).item()


def _gradient(weights: dict[str, np.ndarray], images: np.ndarray, kind: str = "squared") -> dict[str, np.ndarray]:
    """Autograd's gradient of that error."""
    reconstruction, leaves = redrawn(weights, images)
    return gradient_of(mean_error(reconstruction, images, kind), leaves)
