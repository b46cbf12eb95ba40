"""The checks of lab 01 about networks: a small autoencoder, its training loop, a training of the student's own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product
from typing import Any

import numpy as np
import torch
from torch import nn

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
from course_utils.checks._report import (
    Verdict,
    array_of,
    attempt,
    kind_of,
    left_alone,
    number_of,
    run_check,
    shape_problem,
    verdict,
)
from course_utils.data import load_mnist
from course_utils.evidence import Evidence
from course_utils.probes import Ask, StudentError

TRAINING_PAIR = (0, 1)
"""The digits that `train_small` is tried on, which a 2-D code tells apart much better than PCA does. Always these, so
that the same answer earns the same points.
"""


def small_autoencoder(cls: type) -> None:
    """Check the student's SmallAutoencoder."""
    run_check(judge_small_autoencoder, cls)


def judge_small_autoencoder(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Layers 784-128-2-128-784, the bends between them, which a plain numpy network with these weights brings to
    light, and gradients for every weight.
    """
    # Large numbers of both signs: layers start near 0, where a sigmoid looks like a line, and where all images are
    # alike their codes may all be positive, so that nobody sees a ReLU there.
    images = rng.normal(0, 16, (12, 1, 28, 28)).astype(np.float32)
    seed = int(rng.integers(1000))
    got = ask(probes.module, images=images, seed=seed)
    layers = {part: _in_order(_layers(got, f"{part}.")) for part in ("encoder", "decoder")}
    wrong = None
    if not layers["encoder"] and not layers["decoder"]:
        found = _layers(got, "")
        layers = {"encoder": found[:2], "decoder": found[2:]}
        wrong = "the layers are there, but not as self.encoder and self.decoder: later cells look for these names"
    for part, sizes in {"encoder": [784, 128, 2], "decoder": [2, 128, 784]}.items():
        found = _layer_sizes(layers[part])
        if found != sizes:
            shown = "-".join(map(str, found)) or "nothing with weights (which torch does not find in a plain list)"
            asked = "-".join(map(str, sizes))
            return [Verdict(1.0, False, f"self.{part} holds {shown}, {asked} is asked for")]
    verdicts = [verdict(wrong is None, "the layers are 784-128-2-128-784", wrong or "")]
    problem = shape_problem(got, "output", images.shape, f"the reconstruction of {len(images)} images")
    output = array_of(got, "output")
    flat = (len(images), 784)
    if output is not None and output.shape == flat:
        problem = "the reconstruction is flat: give it back in the shape of the images, [N, 1, 28, 28]"
    elif output is not None and output.shape == (len(images), 2):
        problem = "the code came back: forward returns the reconstruction, what the decoder makes of the code"
    if problem and (output is None or output.size != images.size):
        return [*verdicts, Verdict(9.0, False, problem)]
    if not problem and np.allclose(output, images):
        return [*verdicts, Verdict(9.0, False, "the images come back as they went in: forward does not use the layers")]
    unreached = got.get("unreached")
    one = attempt(ask, probes.module, images=images[:1], seed=seed)
    alone = array_of(one, "output")
    if not problem and (alone is None or alone.shape != (1, *images.shape[1:])):
        found = shape_problem(one, "output", (1, *images.shape[1:]), "the reconstruction")
        problem = f"a batch of one image, [1, 1, 28, 28], goes wrong (is there a squeeze?): {found}"
    bends = _diagnose_bends(images.reshape(flat), output.reshape(flat), layers["encoder"], layers["decoder"], got)
    return [
        *verdicts,
        verdict(not problem, "reconstructions have the shape of the images", problem or ""),
        *bends,
        verdict(
            isinstance(unreached, list) and not unreached,
            "gradients reach every weight",
            f"no gradient reaches {_some(unreached)}: nothing there would learn. Is there a detach or a no_grad?",
            share=2,
        ),
        *(_extras(got) if len(bends) > 1 else []),
        *_twins(layers),
        *left_alone(got, "images"),
    ]


def _extras(got: Evidence) -> list[Verdict]:
    """Nothing, or a failed verdict when the network behaves in another way while it trains."""
    if got.get("same_in_training") is not False:
        return []
    wrong = (
        "in training the network gives something else: leave out dropout and batch normalisation, and make layers in "
        "__init__ alone"
    )
    return [Verdict(2.5, False, wrong)]  # a fifth of the points, as for a wrong bend


def _twins(layers: dict[str, list]) -> list[Verdict]:
    """Nothing, or a failed verdict when all units of a layer are alike: same weights in, same weights out."""
    chain = [*layers["encoder"], *layers["decoder"]]
    for (entering, bias), (leaving, _) in pairwise(chain):
        if np.ptp(entering, axis=0).max() == np.ptp(bias) == np.ptp(leaving, axis=1).max() == 0:
            wrong = (
                f"all {len(bias)} units of a layer start with the same weights, so they learn the same and stay alike: "
                "leave the weights that torch draws"
            )
            return [Verdict(2.5, False, wrong)]
    return []


def _some(names: object) -> str:
    """The first of some names, for a message."""
    if not isinstance(names, list) or not names:
        return "the weights"
    return f"{str(names[0])[:40]}" + (f" and {len(names) - 1} others" if len(names) > 1 else "")


def _diagnose_bends(
    images: np.ndarray, output: np.ndarray, encoder: list, decoder: list, got: Evidence
) -> list[Verdict]:
    """Which bends the network has: those with which numpy gets the same output from the same weights."""

    found = _find_bends(images, output, encoder, decoder)
    if found is None:
        return [Verdict(6.0, False, _no_bends_slip(images, output, encoder, decoder, got))]
    first, code, second, end = found
    hidden = ""
    if "none" in (first, second):
        where = "the encoder's" if second == "ReLU" else "the decoder's" if first == "ReLU" else "the"
        hidden = f"there is no ReLU between {where} layers: two linear layers in a row are one linear layer"
    elif (first, second) != ("ReLU", "ReLU"):
        hidden = f"the hidden layers go through {first if first != 'ReLU' else second}, a ReLU is asked for"
    if (code, end) == ("ReLU", "ReLU"):
        wrong = "the code and the output go through a ReLU: units die, and what is dead learns nothing more"
        return [verdict(not hidden, "a ReLU in the hidden layers", hidden, share=2), Verdict(4.0, False, wrong)]
    codes = {
        "ReLU": "the code goes through a ReLU: half of the plane, and often all of it, is cut away",
        "sigmoid": "the code goes through a sigmoid: it is squeezed into a square between 0 and 1",
    }
    ends = {
        "none": "the sigmoid is missing at the end: pixels come out below 0 and above 1",
        "ReLU": "the output goes through a ReLU: it can be larger than 1, and a unit that never fires learns nothing",
        "tanh": "the output goes through tanh: pixels lie between 0 and 1, use a sigmoid",
        "two sigmoids": "the output goes through a sigmoid twice: all pixels are grey, between 0.5 and 0.73",
        "clamp": "the output is cut off at 0 and 1: where it is cut there is no gradient, use a sigmoid",
        "a ReLU and a sigmoid": "there is a ReLU before the sigmoid at the end: no pixel can be darker than 0.5",
        "tanh and a sigmoid": "there is a tanh before the sigmoid at the end: all pixels lie between 0.27 and 0.73",
        "255 sigmoids": "the output was multiplied by 255: pixels lie between 0 and 1",
    }
    return [
        verdict(not hidden, "a ReLU in the hidden layers", hidden, share=2),
        verdict(code == "none", "a linear code", codes.get(code, f"the code goes through {code}, it is linear"), 2),
        verdict(end == "sigmoid", "a sigmoid at the end", ends.get(end, f"the output goes through {end}"), 2),
    ]


def _no_bends_slip(images: np.ndarray, output: np.ndarray, encoder: list, decoder: list, got: Evidence) -> str:
    """What else is done to the images, on the way in or on the way out; else what there is that was not asked for."""
    from scipy.special import expit

    def drawn(x: np.ndarray) -> np.ndarray:
        return _run_layers(_run_layers(x, encoder), decoder)

    def turned(x: np.ndarray) -> np.ndarray:
        return x.reshape(-1, 28, 28).transpose(0, 2, 1).reshape(-1, 784)

    grey, linear = expit(drawn(images)), drawn(images)
    entering = {
        "divided by 255 before they went in: they lie between 0 and 1 already": images / 255,
        "multiplied by 255 before they went in: they lie between 0 and 1 already": images * 255,
        "shifted by 0.5 before they went in: leave them as they are": images - 0.5,
        "stretched to lie between -1 and 1 before they went in: leave them as they are": 2 * images - 1,
        "standardised before they went in: leave them as they are": (images - 0.1307) / 0.3081,
        "cut off at 0 and 1 before they went in: leave them as they are": images.clip(0, 1),
        "cut off at 0 before they went in: is there a ReLU before the first layer?": images.clip(0),
        "turned, rows into columns, before they went in: leave them as they are": turned(images),
    }
    leaving = {
        "the output is turned upside down, 1 - x: leave it as it is": 1 - grey,
        "the images are added to the output: everything has to come through the code": grey + images,
        "the pixels of the output are turned, rows into columns: use view_as": turned(grey),
        "the output is tanh, shifted to lie between 0 and 1: a sigmoid is asked for": (1 + np.tanh(linear)) / 2,
        "the output is rounded to 0 and 1: there is no gradient, leave it as it is": grey.round(),
        "the output is stretched to lie between 0 and 1, all images together: use a sigmoid": (
            (linear - linear.min()) / np.ptp(linear)
        ),
    }
    slips = {f"the images were {slip}": expit(drawn(x)) for slip, x in entering.items()} | leaving
    for slip, value in slips.items():
        if np.allclose(value, output, rtol=1e-3, atol=1e-4):
            return slip
    wrong = "these layers give another output with ReLU inside and a sigmoid at the end"
    if got.get("same_in_training") is False:
        return f"{wrong}, and yet another one the second time: leave out noise, dropout and batch normalisation"
    asked = {"Linear", "ReLU", "Sigmoid", "Flatten", "Unflatten", "Identity"}
    modules = got.get("modules") if isinstance(got.get("modules"), list) else []
    others = [kind for kind in modules if isinstance(kind, str) and kind not in asked]
    return f"{wrong}: the {others[0][:40]} was not asked for" if others else wrong


def _find_bends(images: np.ndarray, output: np.ndarray, encoder: list, decoder: list) -> tuple | None:
    """(encoder's hidden layer, code, decoder's hidden layer, output) in words; None when none of those known fit."""
    from scipy.special import expit, ndtr

    inner = {
        "ReLU": lambda x: np.maximum(x, 0),
        "none": lambda x: x,
        "sigmoid": expit,
        "tanh": np.tanh,
        "a leaky ReLU": lambda x: np.where(x > 0, x, 0.01 * x),
        "a leaky ReLU of slope 0.2": lambda x: np.where(x > 0, x, 0.2 * x),
        "an ELU": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
        "a GELU": lambda x: x * ndtr(x),
        "a SiLU": lambda x: x * expit(x),
        "a softplus": lambda x: np.logaddexp(0, x),
    }
    outer = inner | {
        "two sigmoids": lambda x: expit(expit(x)),
        "clamp": lambda x: x.clip(0, 1),
        "a ReLU and a sigmoid": lambda x: expit(np.maximum(x, 0)),
        "tanh and a sigmoid": lambda x: expit(np.tanh(x)),
        "255 sigmoids": lambda x: 255 * expit(x),
    }
    (E, e), (C, c), (D, d), (P, p) = *encoder, *decoder
    hidden = images.astype(np.float64) @ E.T + e

    def run(first: str, code: str, second: str, pixels: slice) -> np.ndarray:
        at_code = inner[code](inner[first](hidden) @ C.T + c)
        return inner[second](at_code @ D.T + d) @ P[pixels].T + p[pixels]

    def fits(found: np.ndarray, pixels: slice) -> bool:
        right = output[:, pixels]
        return bool((np.abs(found - right) <= 1e-4 + 1e-3 * np.abs(right)).all())  # np.allclose takes ten times as long

    right = ("ReLU", "none", "ReLU", "sigmoid")
    if fits(outer[right[3]](run(*right[:3], slice(None))), slice(None)):
        return right
    some = slice(None, None, 16)  # enough pixels to tell the other ways apart, of which there are many
    ways = []
    for way in product(inner, inner, inner):
        found = run(*way, some)
        ways += [(*way, end) for end, bend in outer.items() if fits(bend(found), some)]
    return min(ways, key=lambda way: sum(a != b for a, b in zip(way, right, strict=True)), default=None)


def train_epoch(function: Callable) -> None:
    """Check the student's train_epoch(model, loader, optimizer)."""
    run_check(judge_train_epoch, function)


def judge_train_epoch(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Each step goes down the gradient that autograd finds at the weights before it; the loss counts every image
    once.
    """
    sizes, batch = [784, 5, 784], 4
    start = {}
    for i, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        start[f"w{i}"] = rng.normal(0, 0.1, (fan_out, fan_in)).astype(np.float32)
        start[f"b{i}"] = rng.normal(0, 0.3, fan_out).astype(np.float32)
    # The shape of the notebook's images, so that what works there works here.
    images = rng.random((2 * batch + 1, 1, 28, 28)).astype(np.float32)
    # Batches of different losses; the odd one out has the largest, so that counting it fourfold shows.
    images[:batch] *= 2
    images[-1] *= 5
    flat = images.reshape(len(images), 784)
    parts = [flat[:batch], flat[batch : 2 * batch], flat[2 * batch :]]

    # The loop on one, two and all three batches: the weights after each step, without looking into the loop.
    path, answers = [start], []
    for count in (1, 2, 3):
        got = _ask_loop(
            ask,
            images=images[: sum(map(len, parts[:count]))],
            layers="-".join(map(str, sizes)),
            batch_size=batch,
            learning_rate=RATE,
            **start,
        )
        answers.append(got)
        path.append({name: array_of(got, f"weights.{name}", value.shape) for name, value in start.items()})
    if any(value is None for weights in path for value in weights.values()):
        return [Verdict(1.0, False, "the weights after training hold nan or inf: the steps are far too long")]
    return [*_diagnose_steps(path, parts, answers), _diagnose_loss(answers[-1], path, parts), *_manners(answers[-1])]


RATE = 0.07


def _manners(got: Evidence) -> list[Verdict]:
    """Nothing, or failed verdicts for what the loop leaves behind."""
    found = {
        "the network is left in evaluation mode: it came in training mode, in which it is to be trained": (
            got.get("training") is False
        ),
        "the network learns in evaluation mode, in which dropout and batch normalisation rest: leave eval() out": (
            got.get("training") is True and got.get("in_training") is False and (number_of(got, "seen") or 0) > 0
        ),
        "the loss returned still hangs on the whole network and its gradients: take its number, loss.item()": (
            got.get("history") is True
        ),
    }
    return [Verdict(1.0, False, wrong) for wrong, so in found.items() if so]


def _ask_loop(ask: Ask, **inputs: Any) -> Evidence:
    """Ask for the loop; torch's messages about what stands in the wrong place are told in other words."""
    try:
        return ask(probes.train_loop, **inputs)
    except StudentError as error:
        plain = {
            "modified by an inplace operation": "the weights change before backward is done: backward first, then step",
            "does not require grad": "backward finds no way to the weights: is there a no_grad, a detach or an item() "
            "in between?",
            "a second time": "backward ran twice through the same loss: compute it anew for every batch",
        }
        for words, meaning in plain.items():
            if error.kind == "RuntimeError" and words in error.text:
                raise StudentError(error.kind, meaning, error.where) from None
        raise


def _diagnose_steps(path: list[dict], parts: list[np.ndarray], answers: list[Evidence]) -> list[Verdict]:
    """Length and direction of the first step, direction of the others."""
    taken = [difference(after, before) for before, after in pairwise(path)]
    asked = [scaled(-RATE, _gradient(at, part)) for at, part in zip(path, parts, strict=False)]
    right = (
        "a step goes down the gradient of the mean squared error",
        "every batch, also the last, takes a step of its own",
    )
    slip = _first_step_slip(taken, asked, path, parts, answers)
    if norm(taken[0]) == 0 or number_of(answers[-1], "steps") == 0:
        return [Verdict(1.0, False, slip or ""), Verdict(1.0, False, slip or "")]
    first = verdict(slip is None, right[0], slip or "")
    if slip is None:
        own = all(close(step, expected) for step, expected in zip(taken, asked, strict=True))
    else:  # another loss has other lengths, but each batch's step still has a direction of its own
        kind = "absolute" if along(taken[0], _gradient(path[0], parts[0], "absolute")) else "squared"
        own = all(along(step, _gradient(at, part, kind)) for step, at, part in zip(taken, path, parts, strict=False))
    return [first, verdict(own, right[1], _later_step_slip(taken, asked, path, parts, answers[-1]))]


def _first_step_slip(taken: list, asked: list, path: list, parts: list, answers: list[Evidence]) -> str | None:
    step, expected = taken[0], asked[0]
    steps = number_of(answers[0], "steps") or 0
    if norm(step) > 0 and steps == 0:
        return "the weights move, but not by the optimizer that comes as an argument: it is never asked for a step"
    if close(step, expected):
        return None
    if number_of(answers[0], "seen") == 0:
        return "no image went through the network that comes as an argument: is another one trained?"
    if steps > 1 and number_of(answers[0], "seen") == len(parts[0]):
        return f"{steps:.0f} steps were taken for one batch: one is asked for, on the mean over all its images"
    if steps == 0 and number_of(answers[-1], "steps"):
        return "the first batch takes no step: every batch takes one"
    if norm(step) == 0:
        if number_of(answers[-1], "steps") == 0:
            return "the weights do not move: optimizer.step() is never called"
        return (
            "the weights do not move: step finds no gradient. Is backward called before it, and nothing set to zero in "
            "between?"
        )
    values, batch = parts[0].size, len(parts[0])
    loss = _loss(path[0], parts[0])
    slips = {
        "the step goes up the slope: the loss grows": -1.0,
        f"the step is {values} times too long: the squared errors are added up, their mean is asked for": values,
        f"the step is {values // batch} times too long: a sum over the pixels, the mean is asked for": values / batch,
        f"the step is {batch} times too long: the loss was multiplied by the batch before backward": batch,
        "the step is that of the root of the mean squared error: leave out the square root": 0.5 / np.sqrt(loss),
        "the step is half as long as it should be: is there a factor 1/2 in the loss?": 0.5,
        "the step is twice as long as it should be: does backward run twice for one batch?": 2.0,
        "the step is that of the length of all differences, the root of their squares' sum: the mean of the squares is "
        "asked for": 0.5 * np.sqrt(values / loss),
    }
    ratio = times_longer(step, expected)
    slip = closest(ratio, slips) if ratio is not None else None
    if slip:
        return slip
    if along(step, _gradient(path[0], parts[0], "absolute")):
        return "the step goes down the gradient of the absolute errors: squared errors are asked for"
    for name, loss_of in OTHER_LOSSES.items():
        if along(step, _gradient_of(path[0], parts[0], loss_of)):
            return f"the step goes down the gradient {name}: the mean squared error is asked for"
    for factor in (255, 1 / 255):
        if along(step, _gradient(path[0], factor * parts[0])):
            return f"the images were made {factor:.3g} times as bright first: they lie between 0 and 1 already"
    if ratio is not None:
        return f"the first step has the right direction, but {ratio:.3g} times the length asked for"
    return "the first step is not minus the learning rate times the gradient of the mean squared error"


def _later_step_slip(taken: list, asked: list, path: list, parts: list, whole: Evidence) -> str:
    count = sum(map(len, parts))
    seen = number_of(whole, "seen") or 0
    if norm(taken[2]) == 0 and norm(taken[1]) > 0 and seen == count:
        return "the last, smaller batch takes no step: every batch takes one"
    if norm(taken[1]) == 0:
        return "only the first batch is used: is the return inside the loop?"
    if number_of(whole, "steps") == 1:
        return "one step was taken for the whole epoch, for all batches together: every batch takes a step"
    if norm(taken[2]) == 0 and seen < count:
        return f"{seen:.0f} of {count} images went through the network: the last, smaller batch counts too"
    # How the second step is explained by what the first batch left behind.
    left = times_longer(taken[0], asked[0]) or 1.0
    if close(taken[1], scaled(left, added(asked[0], asked[1]))):
        return "gradients pile up from batch to batch: set them to zero before each backward"
    # One step from the start, with both gradients taken there.
    both = added(asked[0], scaled(-RATE, _gradient(path[0], parts[1])))
    if close(difference(path[2], path[0]), scaled(left, both)):
        return "one step was taken for the whole epoch, at its end: every batch takes a step"
    if seen >= 2 * count:
        return (
            f"{seen:.0f} images went through the network where the loader has {count}: each goes through once, "
            "one pass is an epoch"
        )
    if all(times_longer(step, right) for step, right in zip(taken, asked, strict=True)):
        return "the later batches' steps have another length: leave the optimizer's learning rate as it is"
    return "the later batches' steps are not down their own gradients"


def _diagnose_loss(got: Evidence, path: list[dict], parts: list[np.ndarray]) -> Verdict:
    """The loss returned, against that of the weights that the student's own steps went through."""
    returned = number_of(got, "returned")
    if returned is None:
        kind = kind_of(got, "returned")
        wrong = f"train_epoch returns {kind}: the mean loss over all images, a float, is asked for"
        if isinstance(got.get("returned"), float):
            wrong = "the loss returned is nan or inf"
        return Verdict(1.0, False, wrong)
    counts = np.array([len(part) for part in parts])
    losses = np.array([_loss(at, part) for at, part in zip(path, parts, strict=False)])
    after = np.array([_loss(at, part) for at, part in zip(path[1:], parts, strict=True)])
    absolute = np.array([_loss(at, part, "absolute") for at, part in zip(path, parts, strict=False)])
    mean, batches, pixels = float(np.average(losses, weights=counts)), len(parts), parts[0].shape[1]
    slips = {
        "the loss is the mean of the batches' means: the last batch is smaller and must weigh less": np.mean(losses),
        "the loss of the last batch alone came back, here the largest: the mean over all images is asked for": (
            losses[-1]
        ),
        "the loss of the first batch alone came back, here the middle one: the mean over all images is asked for": (
            losses[0]
        ),
        "the batches' losses are added up and never divided: the mean over all images is asked for": np.sum(losses),
        "the losses are added up, image by image: divide by the number of images": mean * counts.sum(),
        "the images' losses were divided by the number of batches, not of images": mean * counts.sum() / batches,
        "the batches' losses were divided by the number of images, but not multiplied by the size of their batch": (
            np.sum(losses) / counts.sum()
        ),
        "every batch was counted as a full one: the last is smaller, use len(images)": (
            np.sum(losses) * counts[0] / counts.sum()
        ),
        f"the loss returned is {pixels} times too large: the mean over the pixels, too, is asked for": mean * pixels,
        f"the loss returned is {pixels} times too small: mse_loss divides by the pixels already": mean / pixels,
        "the loss returned was divided once more, by the number of batches": mean / batches,
        "the loss returned is a hundred times too large: the loss itself is asked for, not per cent": 100 * mean,
        "the loss returned was measured after the step: it is that of the batch before it": np.average(
            after, weights=counts
        ),
        "the loss returned leaves out the last batch": np.average(losses[:-1], weights=counts[:-1]),
        "the loss returned was divided as if every batch were a full one: divide by the number of images": (
            mean * counts.sum() / (batches * counts[0])
        ),
        "the loss returned is divided by one image too many: does a count begin at 1?": (
            mean * counts.sum() / (counts.sum() + 1)
        ),
        "the loss returned was measured when the epoch was over: a batch's loss is the one before its step": (
            _loss(path[-1], np.concatenate(parts))
        ),
        "the loss returned is the last batch's alone, divided by all images: it overwrites the others, add them up": (
            losses[-1] * counts[-1] / counts.sum()
        ),
        "the loss returned is the smallest of the batches' losses: the mean over all images is asked for": losses.min(),
        "the loss returned is that of the absolute errors": np.average(absolute, weights=counts),
        "the loss returned is a mean of square roots": np.average(np.sqrt(losses), weights=counts),
        "the loss returned is the sum of the squared errors": float(np.sum(losses * counts * pixels)),
        "the loss returned is weighted twice by the size of the batch": (
            np.sum(losses * counts**2) * pixels / counts.sum()
        ),
    }
    if np.isclose(returned, mean, rtol=1e-4):
        return Verdict(1.0, True, "the loss returned is the mean over all images")
    slip = closest(returned, slips, within=1e-4)
    if slip:
        return Verdict(1.0, False, slip)
    if np.isclose(returned, -mean, rtol=1e-4):
        return Verdict(1.0, False, "the loss returned is negative: a squared error never is")
    return Verdict(1.0, False, f"the loss returned is {returned:.4g}, the mean over all images is {mean:.4g}")


def train_small(function: Callable) -> None:
    """Check the student's train_small(images)."""
    run_check(judge_train_small, function)


def judge_train_small(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """The weights that come back rebuild unseen digits better than PCA with two components does.

    Run here, in a plain numpy network. The pixels are shuffled, in the same way for all images: a dense network learns
    as well from these, weights that were trained beforehand are worth nothing.
    """
    from scipy.special import expit
    from sklearn.decomposition import PCA

    pair = TRAINING_PAIR
    order = rng.permutation(784)
    train, unseen = (_shuffled(split, pair, order) for split in ("train", "test"))
    train = train[:1000]
    got = ask(probes.train, images=train.reshape(-1, 1, 28, 28), seed=int(rng.integers(1000)))
    if any(isinstance(value, np.ndarray) and not np.isfinite(value).all() for value in got.values()):
        return [Verdict(1.0, False, "some weights are nan or inf: training ran away, take a smaller learning rate")]
    layers = {part: _layers(got, f"{part}.") for part in ("encoder", "decoder")}
    for part, sizes in {"encoder": [784, 128, 2], "decoder": [2, 128, 784]}.items():
        found = _layer_sizes(layers[part])
        if found != sizes:
            shown = "-".join(map(str, found)) or "missing"
            asked = "-".join(map(str, sizes))
            return [
                Verdict(1.0, False, f"the {part} of what you return is {shown}, {asked} is asked for: return small()")
            ]
    with np.errstate(over="ignore", invalid="ignore"):
        code = _run_layers(unseen, layers["encoder"])
        drawn = expit(_run_layers(code, layers["decoder"]))
        error = float(np.mean((drawn - unseen) ** 2))
        # What the same weights draw in a network of another kind, for a hint.
        others = {
            "without the sigmoid at the end": _run_layers(code, layers["decoder"]),
            "with a ReLU on the code": expit(_run_layers(np.maximum(code, 0), layers["decoder"])),
            "with tanh on the code": expit(_run_layers(np.tanh(code), layers["decoder"])),
            "with a sigmoid on the code": expit(_run_layers(expit(code), layers["decoder"])),
        }
    pca = PCA(2, random_state=0).fit(train)
    best = float(np.mean((pca.inverse_transform(pca.transform(unseen)) - unseen) ** 2))
    mean_only = float(np.mean((unseen - train.mean(axis=0)) ** 2))
    # The reference ends at 0.73 +- 0.01 times PCA's error, over 20 seeds.
    seen = f"on unseen digits {pair[0]} and {pair[1]} your error is {error:.4f}, PCA's {best:.4f}"
    learned = f"the error on unseen digits is {error:.4f}, the mean image drawn every time has {mean_only:.4f}"
    slip, behind = "", seen
    untouched = [part for part, found in layers.items() if _as_torch_draws(found)]
    if len(untouched) == 1:
        behind = slip = (
            f"{seen}; the {untouched[0]}'s weights lie where torch draws them: does the optimizer have all of "
            "model.parameters(), and is there no detach?"
        )
        slip = slip if error >= 0.95 * mean_only else ""
    elif error < 0.95 * mean_only:
        behind = f"{seen}: a good start, it needs more steps, or longer ones"
    else:
        other = min(others, key=lambda name: np.nan_to_num(np.mean((others[name] - unseen) ** 2), nan=np.inf))
        if not np.mean((others[other] - unseen) ** 2) < 0.95 * mean_only:
            # Last, since cutting off below 0 makes the network without anything at its end better, too.
            other = "with a ReLU at the end"
            others[other] = np.maximum(_run_layers(code, layers["decoder"]), 0)
        if np.mean((others[other] - unseen) ** 2) < 0.95 * mean_only:
            slip = f"what you return learned {other}: small() is asked for, a linear code and a sigmoid at the end"
        elif np.abs(drawn - 0.5).max() < 0.25:
            slip = f"{learned}. All it draws is grey, as before training: is it the trained network that you return?"
        elif error >= 2 * mean_only and all(_as_torch_draws(found, give=0.5) for found in layers.values()):
            slip = f"{learned}, less. The weights have hardly moved: it needs more steps, or longer ones"
        elif error < 2 * mean_only:
            slip = (
                f"{learned}: not much more was learned. Are the steps too few, far too short (plain SGD with 0.25), "
                "too long (Adam with 0.1), or do gradients pile up? Are the images those that came in?"
            )
        else:
            slip = (
                f"{learned}, less: steps that are too long, gradients that pile up, a bend on the code, or images "
                "changed before training (they lie between 0 and 1 already)?"
            )
    return [
        verdict(not slip, "it learned more than the mean image", slip),
        verdict(error < best, seen, behind, share=3),
        *left_alone(got, "images"),
    ]


def _shuffled(split: str, pair: tuple[int, int], order: np.ndarray) -> np.ndarray:
    """The bundled images of two digits, flat, their pixels in this order."""
    return load_mnist(split, classes=pair, source="sample", device="cpu").images.flatten(1).numpy()[:, order]


def _run_layers(x: np.ndarray, layers: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Linear layers with a ReLU between them."""
    for i, (weight, bias) in enumerate(layers):
        x = (np.maximum(x, 0) if i else x) @ weight.T.astype(np.float64) + bias
    return x


def _layers(got: Evidence, prefix: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """(weight, bias) of the linear layers whose names begin with `prefix`, in order, as far as they are usable."""
    found = []
    for name in got:
        if not (isinstance(name, str) and name.startswith(f"weights.{prefix}") and name.endswith(".weight")):
            continue
        weight = array_of(got, name)
        if weight is None or weight.ndim != 2:
            continue
        bias_name = name.removesuffix("weight") + "bias"
        bias = array_of(got, bias_name, weight.shape[:1]) if bias_name in got else np.zeros(len(weight))
        if bias is not None:
            found.append((weight, bias))
    return found


def _as_torch_draws(layers: list[tuple[np.ndarray, np.ndarray]], give: float = 1e-5) -> bool:
    """Whether no weight lies outside the interval from which nn.Linear draws it, or not by more than this share of it;
    training leads some out of it.
    """
    return all(np.abs(weight).max() <= (1 + give) / np.sqrt(weight.shape[1]) for weight, _ in layers)


def _in_order(layers: list[tuple[np.ndarray, np.ndarray]]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Two layers in the order in which they fit on each other, which need not be that in which they were made."""
    fits = len(layers) != 2 or layers[0][0].shape[0] == layers[1][0].shape[1]
    return layers if fits else layers[::-1]


def _layer_sizes(layers: list[tuple[np.ndarray, np.ndarray]]) -> list[int]:
    """[784, 128, 2] for two layers that fit on each other; what a layer gets that does not fit stands there as well."""
    sizes: list[int] = []
    for weight, _ in layers:
        entering = [weight.shape[1]] if sizes[-1:] != [weight.shape[1]] else []
        sizes += [*entering, weight.shape[0]]
    return sizes


def _loss(weights: dict[str, np.ndarray], images: np.ndarray, kind: str = "squared") -> float:
    """torch's mean squared, or absolute, error of the two-layer network with these weights."""
    return mean_error(_redrawn(weights, images)[0], images, kind).item()


def _gradient(weights: dict[str, np.ndarray], images: np.ndarray, kind: str = "squared") -> dict[str, np.ndarray]:
    """Autograd's gradient of that error."""
    reconstruction, leaves = _redrawn(weights, images)
    return gradient_of(mean_error(reconstruction, images, kind), leaves)


OTHER_LOSSES = {
    "of the smooth absolute errors": nn.functional.smooth_l1_loss,
    "of the cross-entropy": nn.functional.binary_cross_entropy_with_logits,
    "of the differences, which were never squared and cancel": lambda output, images: (output - images).mean(),
    "of the squared mean of the differences": lambda output, images: (output - images).mean() ** 2,
    "of an error behind a sigmoid": lambda output, images: nn.functional.mse_loss(output.sigmoid(), images),
    "of an error with the output cut off at 0 and 1": lambda output, images: nn.functional.mse_loss(
        output.clamp(0, 1), images
    ),
    "towards images cut off at 0 and 1": lambda output, images: nn.functional.mse_loss(output, images.clamp(0, 1)),
    "towards the mean image of the batch": lambda output, images: nn.functional.mse_loss(
        output, images.mean(dim=0).expand_as(images)
    ),
    "towards 0, as which the labels come here": lambda output, images: nn.functional.mse_loss(
        output, torch.zeros_like(images)
    ),
    "of the first image's error": lambda output, images: nn.functional.mse_loss(output[0], images[0]),
}
"""Losses that are taken for the mean squared error, as functions of reconstructions and images."""


def _gradient_of(weights: dict[str, np.ndarray], images: np.ndarray, loss_of: Callable) -> dict[str, np.ndarray]:
    """Autograd's gradient of any loss of reconstructions and images."""
    reconstruction, leaves = _redrawn(weights, images)
    return gradient_of(loss_of(reconstruction, torch.from_numpy(images).double()), leaves)


def _redrawn(weights: dict, images: np.ndarray) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    leaves = as_leaves(weights)
    hidden = torch.relu(torch.from_numpy(images).double() @ leaves["w0"].T + leaves["b0"])
    return hidden @ leaves["w1"].T + leaves["b1"], leaves
