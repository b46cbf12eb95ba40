"""The checks of lab 01: digits by class, a small autoencoder and its training loop, PCA by hand, errors image by
image.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise, product
from typing import Any

import numpy as np
import torch

from course_utils import probes
from course_utils.checks._compare import added, along, close, closest, difference, match, norm, scaled, times_longer
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

# ---------------------------------------------------------------------------------------------------------------------
# 0 · First contact


def keep_digits(function: Callable) -> None:
    """Check the student's keep_digits(images, labels, digits)."""
    run_check(judge_keep_digits, function)


def judge_keep_digits(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """The images and labels of the wanted classes, all of them, in their order; compared with numpy's isin."""
    labels = rng.permutation(np.repeat(np.arange(10), 4))
    images = rng.random((len(labels), 1, 6, 5)).astype(np.float32)
    wanted = _digits_apart(rng)
    kept = np.isin(labels, wanted)
    got = ask(probes.call, images=images, labels=labels, digits=wanted)
    if "value_0" not in got or "value_1" not in got:
        kind = kind_of(got, "value")
        return [Verdict(1.0, False, f"what came back is {kind}: two tensors are asked for, return images, labels")]
    if np.ndim(got["value_0"]) == 1 and np.ndim(got["value_1"]) == images.ndim:
        return [Verdict(1.0, False, "labels and images came back the other way round: images first")]
    image_slip = _images_slip(got, images, labels, kept, wanted)
    label_slip = _labels_slip(got, labels[kept], labels, wanted)
    verdicts = [
        verdict(not image_slip, "the images of the wanted digits", image_slip or ""),
        verdict(not label_slip, "the labels of the wanted digits", label_slip or ""),
    ]
    if not image_slip and not label_slip:
        in_order = np.array_equal(got["value_0"], images[kept]) and np.array_equal(got["value_1"], labels[kept])
        together = _belong_together(got, images, labels)
        wrong = "the right images and labels, but not in the order they came in"
        if not together:
            wrong = "an image's label no longer stands at the same place as the image: were the labels sorted?"
        verdicts.append(verdict(in_order, "images and labels in the order they came in", wrong))
        if in_order:
            verdicts += _other_digits(ask, images, labels, wanted)
    return verdicts + left_alone(got, "images or labels")


def _other_digits(ask: Ask, images: np.ndarray, labels: np.ndarray, wanted: list[int]) -> list[Verdict]:
    """One digit alone, digits in another order, 0 among them: nothing when all is well, else failed verdicts."""
    others = {
        "one digit alone": [wanted[1]],
        "digits that do not come in ascending order": [wanted[2], wanted[0]],
        "0 and 9": [0, 9],
    }
    verdicts = []
    for name, digits in others.items():
        got = attempt(ask, probes.call, images=images, labels=labels, digits=digits)
        kept = np.isin(labels, digits)
        expected = {"value_0": images[kept], "value_1": labels[kept]}
        right = all(isinstance(got.get(key), np.ndarray) for key in expected) and all(
            np.array_equal(got[key], value) for key, value in expected.items()
        )
        if not right:
            problem = str(got.get("raised", "the images or labels are not those asked for"))
            verdicts.append(Verdict(1.0, False, f"for {name}, here {tuple(digits)}: {problem}"))
    return verdicts


def _digits_apart(rng: np.random.Generator) -> list[int]:
    """Three digits with unwanted ones between and around them, not both 3 and 7: nothing passes by luck."""
    choices = [c for c in combinations(range(1, 9), 3) if c[2] - c[0] > 2 and not {3, 7} <= set(c)]
    return list(choices[rng.integers(len(choices))])


def _images_slip(got: Evidence, images: np.ndarray, labels: np.ndarray, kept: np.ndarray, wanted: list) -> str | None:
    """What is wrong with the images, order aside."""
    value = got["value_0"]
    right = images[kept]
    if isinstance(value, np.ndarray) and value.shape[1:] == images.shape[1:]:
        if len(value) == len(images):
            return f"the images are still all {len(images)}: nothing was left out"
        problem = shape_problem(got, "value_0", value.shape, "images")
        if problem:
            return problem
        places = _places(value, images)
        if places is None:
            return "some of the images are not among those that came in: keep images as they are"
        return _digits_slip("images", labels[places], wanted) or (
            None if sorted(places) == list(np.flatnonzero(kept)) else "some of the images are missing or doubled"
        )
    return _dimension_slip(value, right) or shape_problem(got, "value_0", right.shape, "images")


def _labels_slip(got: Evidence, right: np.ndarray, labels: np.ndarray, wanted: list) -> str | None:
    """What is wrong with the labels, order aside."""
    value = got["value_1"]
    if isinstance(value, np.ndarray) and value.ndim == 1:
        if len(value) == len(labels):
            return f"the labels are still all {len(labels)}: nothing was left out"
        problem = shape_problem(got, "value_1", value.shape, "labels")
        if problem:
            return problem
        if len(value) == len(right) and set(value.tolist()) <= set(range(len(wanted))) and max(wanted) >= len(wanted):
            return f"the labels became {sorted(set(value.tolist()))}: a digit keeps its own label"
        if value.dtype.kind == "f":
            return "the labels came back as decimal numbers: a label stays a whole number"
        return _digits_slip("labels", value, wanted) or (
            None if np.array_equal(np.sort(value), np.sort(right)) else "some of the labels are missing or doubled"
        )
    return _dimension_slip(value, right) or shape_problem(got, "value_1", right.shape, "labels")


def _dimension_slip(value: object, right: np.ndarray) -> str | None:
    """A dimension too many or too few."""
    if isinstance(value, np.ndarray) and value.size == right.size and value.ndim == right.ndim + 1:
        return (
            f"the shape is {list(value.shape)}, one dimension too many: nonzero gives positions as a column, [N, 1], "
            "a row of True and False needs none"
        )
    if isinstance(value, np.ndarray) and value.size == right.size and value.ndim < right.ndim:
        return f"the shape is {list(value.shape)} instead of {list(right.shape)}: was something squeezed or flattened?"
    return None


def _places(found: np.ndarray, images: np.ndarray) -> list[int] | None:
    """Where among the images that came in those that came back stood; None when one of them was not there."""
    where = {image.tobytes(): place for place, image in enumerate(images)}
    places = [where.get(np.ascontiguousarray(image, dtype=images.dtype).tobytes()) for image in found]
    return None if None in places else places


def _digits_slip(what: str, digits: np.ndarray, wanted: list[int]) -> str | None:
    """Which digits came back instead of the wanted ones; None when it is these."""
    found = sorted({int(digit) for digit in digits})
    if found == wanted:
        return None
    if not found:
        return f"no {what} are left: a label is one digit or another, never two at once (`or`, not `and`)"
    if found[-1] > 9:
        return f"the {what} go up to {found[-1]}: are these positions instead of labels?"
    asked = ", ".join(map(str, wanted))
    slips = {
        f"the {what} are those of the others, the digits to leave out": [d for d in range(10) if d not in wanted],
        f"the {what} are those of all digits from {wanted[0]} to {wanted[-1]}: only {asked} are wanted": list(
            range(wanted[0], wanted[-1] + 1)
        ),
        f"the {what} are those of 3 and 7, whatever digits are asked for: use the argument": [3, 7],
    }
    for slip, ones in slips.items():
        if found == [d for d in ones if d in found] and len(found) == len(ones):
            return slip
    if len(found) == 1 and found[0] in wanted:
        return f"the {what} are those of one digit, {found[0]}: all of {asked} are wanted"
    if len(found) == 2 and set(found) < set(wanted):
        return f"the {what} are those of two digits, {found}: there may be more of them, here {asked}"
    return f"the {what} are those of the digits {found}, {wanted} are wanted"


def _belong_together(got: Evidence, images: np.ndarray, labels: np.ndarray) -> bool:
    places = _places(got["value_0"], images)
    return places is not None and np.array_equal(labels[places], got["value_1"])


def small_autoencoder(cls: type) -> None:
    """Check the student's SmallAutoencoder."""
    run_check(judge_small_autoencoder, cls)


def judge_small_autoencoder(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Layers 784-128-2-128-784, the bends between them, which a plain numpy network with these weights brings to
    light, and gradients for every weight.
    """
    # Large numbers of both signs: layers start near 0, where a sigmoid looks like a line, and where all images are
    # alike their codes may all be positive, so that nobody sees a ReLU there.
    images = rng.normal(0, 8, (12, 1, 28, 28)).astype(np.float32)
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
    bends = _diagnose_bends(images.reshape(flat), output.reshape(flat), layers["encoder"], layers["decoder"])
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
        *left_alone(got, "images"),
    ]


def _extras(got: Evidence) -> list[Verdict]:
    """Nothing, or a failed verdict when the network behaves in another way while it trains."""
    if got.get("same_in_training") is not False:
        return []
    wrong = "in training the network gives something else: leave out dropout and batch normalisation"
    return [Verdict(2.5, False, wrong)]  # a fifth of the points, as for a wrong bend


def _some(names: object) -> str:
    """The first of some names, for a message."""
    if not isinstance(names, list) or not names:
        return "the weights"
    return f"{str(names[0])[:40]}" + (f" and {len(names) - 1} others" if len(names) > 1 else "")


def _diagnose_bends(images: np.ndarray, output: np.ndarray, encoder: list, decoder: list) -> list[Verdict]:
    """Which bends the network has: those with which numpy gets the same output from the same weights."""
    from scipy.special import expit

    found = _find_bends(images, output, encoder, decoder)
    if found is None:
        wrong = "these layers give another output with ReLU inside and a sigmoid at the end"
        for factor, slip in {1 / 255: "divided by 255", 255.0: "multiplied by 255"}.items():
            scaled_first = expit(_run_layers(_run_layers(factor * images, encoder), decoder))
            if np.allclose(scaled_first, output, rtol=1e-3, atol=1e-4):
                wrong = f"the images were {slip} before they went in: they lie between 0 and 1 already"
        return [Verdict(6.0, False, wrong)]
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
    for factor in (255, 1 / 255):
        if along(step, _gradient(path[0], factor * parts[0])):
            return f"the images were made {factor:.3g} times as bright first: they lie between 0 and 1 already"
    if ratio is not None:
        return f"the first step has the right direction, but {ratio:.3g} times the length asked for"
    return "the first step is not minus the learning rate times the gradient of the mean squared error"


def _later_step_slip(taken: list, asked: list, path: list, parts: list, whole: Evidence) -> str:
    count = sum(map(len, parts))
    seen = number_of(whole, "seen") or 0
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
        "the loss of the last batch alone came back, the mean over all images is asked for": losses[-1],
        "the loss of the first batch alone came back, the mean over all images is asked for": losses[0],
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
    slip = closest(returned, slips)
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
    if error < 0.95 * mean_only:
        behind = f"{seen}: a good start, it needs more steps, or longer ones"
    else:
        other = min(others, key=lambda name: np.nan_to_num(np.mean((others[name] - unseen) ** 2), nan=np.inf))
        if np.mean((others[other] - unseen) ** 2) < 0.95 * mean_only:
            slip = f"what you return learned {other}: small() is asked for, a linear code and a sigmoid at the end"
        elif np.abs(drawn - 0.5).max() < 0.25:
            slip = f"{learned}. All it draws is grey, as before training: is it the trained network that you return?"
        elif error < 2 * mean_only:
            slip = (
                f"{learned}: not much more was learned. Adam, or far longer steps, get further, unless gradients pile "
                "up, the code has a bend, or the images are not those that came in"
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


# ---------------------------------------------------------------------------------------------------------------------
# 1 · PCA by hand


def pca_fit(function: Callable) -> None:
    """Check the student's pca_fit(X, k)."""
    run_check(judge_pca_fit, function)


def judge_pca_fit(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Mean, components and variances against scikit-learn's PCA, up to the components' signs."""
    from sklearn.decomposition import PCA

    X = cloud(rng, points=60, spreads=[3.0, 2.3, 1.8, 1.4, 1.0, 0.7, 0.5, 0.35, 0.25, 0.15])
    k = int(rng.integers(2, 4))
    got = ask(probes.call, X=X, k=k)
    if not all(f"value_{i}" in got for i in range(3)):
        kind = kind_of(got, "value")
        return [Verdict(1.0, False, f"what came back is {kind}: return mean, components, variances")]
    reference = PCA(X.shape[1]).fit(X.astype(np.float64))
    verdicts = [
        _diagnose_mean(got, X),
        _diagnose_components(got, X.astype(np.float64), reference.components_, reference.explained_variance_, k),
        _diagnose_variances(got, X, reference.explained_variance_, k),
    ]
    if all(item.passed for item in verdicts):
        verdicts += _one_component(ask, rng)
    return verdicts + left_alone(got, "X")


def _one_component(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """k = 1, for images whose eigenvalues general methods find in no order: nothing when all is well."""
    from sklearn.decomposition import PCA

    X = _two_clouds(rng)
    reference = PCA(1).fit(X.astype(np.float64))
    got = attempt(ask, probes.call, X=X, k=1)
    problem = shape_problem(got, "value_1", (1, X.shape[1]), "components") or shape_problem(
        got, "value_2", (1,), "variances"
    )
    if problem:
        return [Verdict(1.0, False, f"for k = 1 {problem}")]
    right = _same_up_to_sign(array_of(got, "value_1"), reference.components_) and np.allclose(
        array_of(got, "value_2"), reference.explained_variance_, rtol=5e-3
    )
    if right:
        return []
    wrong = "for other images, and k = 1, it is another component: eig gives the eigenvalues in no order, sort them"
    return [Verdict(1.0, False, wrong)]


def _two_clouds(rng: np.random.Generator) -> np.ndarray:
    """Made-up data [40, 7]: three columns that vary little and four that vary more, nothing in common between them.

    torch.linalg.eig, and numpy's, then begin with an eigenvalue of the three. (Nearly always: that is tried.)
    """
    for _ in range(50):
        both = cloud(rng, points=40, spreads=[1.6, 0.7, 0.2, 3.0, 2.2, 1.1, 0.4], apart=3)
        S = torch.cov(torch.from_numpy(both).T)
        if max(torch.linalg.eig(S)[0].real[0], np.linalg.eigvals(S.double().numpy()).real[0]) < 5:
            break
    return both


def _diagnose_mean(got: Evidence, X: np.ndarray) -> Verdict:
    n, pixels = X.shape
    shape = (1, pixels) if np.shape(got.get("value_0")) == (1, pixels) else (pixels,)  # [1, P] serves as well
    problem = shape_problem(got, "value_0", shape, "the mean")
    if not problem:
        mean = array_of(got, "value_0")
        wrong = "the mean is not that of the columns of X"
        if np.allclose(mean, np.sort(X, axis=0)[(n - 1) // 2], atol=1e-3):
            wrong = "these are the medians of the columns: their means are asked for"
        elif np.allclose(mean, 0, atol=1e-3):
            wrong = "the mean is 0: was it taken after X had been centred?"
        return verdict(np.allclose(mean, X.mean(axis=0), atol=1e-3), "the mean of every column", wrong)
    if np.shape(got.get("value_0")) in {(n,), (n, 1)}:
        problem = "the mean has an entry for every row: it is the mean over the images, dim=0"
    elif np.size(got.get("value_0")) == 1 and isinstance(got.get("value_0"), np.ndarray | float):
        problem = "the mean is one number for all: every column has a mean of its own, dim=0"
    return Verdict(1.0, False, problem)


def _diagnose_components(
    got: Evidence, X: np.ndarray, right: np.ndarray, variances: np.ndarray, k: int, share: float = 2.0
) -> Verdict:
    from sklearn.decomposition import PCA

    n, pixels = X.shape
    problem = shape_problem(got, "value_1", (k, pixels), "components")
    if problem:
        shape = np.shape(got.get("value_1"))
        if shape == (pixels, k):
            problem = f"components has shape {[pixels, k]}: one component a row is asked for, transpose it"
        elif shape == (pixels, pixels):
            problem = f"components has shape {[pixels, pixels]}: the first k are asked for, here {k}"
        elif shape in {(k, n), (n, k)}:
            problem = f"components has shape {list(shape)}, a number for every image: C is made of X.T @ X, not X @ X.T"
        return Verdict(share, False, problem)
    components = array_of(got, "value_1")
    if _same_up_to_sign(components, right[:k]):
        return Verdict(share, True, "the components are scikit-learn's, up to sign")
    standardised = PCA(pixels).fit(X / X.std(axis=0)).components_
    uncentred, rows_centred, all_centred = (
        np.linalg.svd(Y, full_matrices=False)[2] for Y in (X, X - X.mean(axis=1, keepdims=True), X - X.mean())
    )
    slips = {
        "these are the directions of X itself, not of X minus its mean: the first one points at the mean": uncentred,
        "these are the directions of least variance: eigh sorts from small to large": right[::-1],
        "the right components in the wrong order: the one with the largest variance comes first": right[:k][::-1],
        "each image's own mean was taken off: take off the mean image, dim=0": rows_centred,
        "one number was taken off all of X: take off the mean image, dim=0": all_centred,
        "the columns were divided by their standard deviations: PCA takes them as they are": standardised,
    }
    for slip, value in slips.items():
        if _same_up_to_sign(components, value[:k]):
            return Verdict(share, False, slip)
    lengths = np.linalg.norm(components, axis=1)
    unit = components / np.maximum(lengths, 1e-12)[:, None]
    # The matrix of eigenvectors, largest or smallest first, either way round.
    matrices = (right.T, right[::-1].T)
    ends = (slice(None, k), slice(None, -k - 1, -1))
    if any(np.allclose(np.abs(components), np.abs(V[rows]), atol=2e-2) for V in matrices for rows in ends):
        wrong = "these are rows of the matrix of eigenvectors: the eigenvectors are its columns"
    elif any(_same_up_to_sign(components[:, ::-1], V[:k]) for V in (right, right[::-1])):
        wrong = "the columns of X are reversed in the components: flip the order of the eigenvectors, not their entries"
    elif _same_up_to_sign(components, right[1 : k + 1]):
        wrong = "the component of largest variance is missing: these begin with the second"
    elif np.allclose(components, np.abs(right[:k]), atol=2e-3):
        wrong = "the components have lost their signs: directions have negative entries too"
    elif _same_up_to_sign(unit, right[:k]) and np.allclose(lengths, np.sqrt(variances[:k]), rtol=2e-2):
        wrong = (
            "the components have the right directions, but are scaled by the spread along them: length 1 is asked for"
        )
    elif _same_up_to_sign(unit, right[:k]):
        wrong = f"the components have the right directions, but lengths {np.round(lengths, 2)}: 1 is asked for"
    elif np.all(np.abs(np.sum(unit * right[:k], axis=1)) > 0.9):
        wrong = "the components are close to scikit-learn's, but not equal: is this an approximate method?"
    elif not np.allclose(components @ components.T, np.eye(k), atol=1e-2):
        wrong = "the components are not of length 1 and at right angles to each other"
    else:
        wrong = "the components are not those of largest variance"
    return Verdict(share, False, wrong)


def _diagnose_variances(got: Evidence, X: np.ndarray, right: np.ndarray, k: int) -> Verdict:
    n, pixels = X.shape
    problem = shape_problem(got, "value_2", (k,), "variances")
    if problem:
        if np.shape(got.get("value_2")) == (pixels,):
            problem = f"variances has {pixels} entries: those of the first k are asked for, here {k}"
        return Verdict(1.0, False, problem)
    variances = array_of(got, "value_2")
    columns = np.sort(X.astype(np.float64).var(axis=0, ddof=1))[::-1]
    slips = {
        "the variances divide by n: scikit-learn, and the docstring, divide by n - 1": right[:k] * (n - 1) / n,
        "the variances were never divided by n - 1": right[:k] * (n - 1),
        "these are standard deviations: a variance is their square": np.sqrt(right[:k]),
        "these are singular values: the variance is s squared over n - 1": np.sqrt(right[:k] * (n - 1)),
        "these are the smallest variances": right[::-1][:k],
        "these are the smallest variances, upside down: take the first k after the flip": right[-k:],
        "the variances begin with the second: the largest is missing": right[1 : k + 1],
        "the variances divide by the number of columns: X has one image a row, n is len(X)": right[:k]
        * (n - 1)
        / pixels,
        "the variances divide by the number of columns less 1: X has one image a row, n is len(X)": (
            right[:k] * (n - 1) / (pixels - 1)
        ),
        "the singular values were not squared: the variance is s squared over n - 1": np.sqrt(right[:k] / (n - 1)),
        "the variances are squared once too often: those of S are its eigenvalues": right[:k] ** 2,
        "the eigenvalues of S were squared and divided by n - 1, as singular values of X would be": (
            right[:k] ** 2 / (n - 1)
        ),
        "these are running sums: each component's own variance is asked for": np.cumsum(right)[:k],
        "the variances are in the wrong order: the largest comes first": right[:k][::-1],
        "the variances are shares of the whole: they are asked for as they are": right[:k] / right.sum(),
        "the variances are shares of those of the first k: they are asked for as they are": right[:k] / right[:k].sum(),
        "these are the variances of single pixels: those along the components are asked for": columns[:k],
    }
    if np.allclose(variances, right[:k], rtol=5e-3):
        return Verdict(1.0, True, "the variances are scikit-learn's")
    for slip, value in slips.items():
        if np.allclose(variances, value, rtol=5e-3):
            return Verdict(1.0, False, slip)
    return Verdict(1.0, False, f"the variances are {np.round(variances, 2)}, expected {np.round(right[:k], 2)}")


def pca_codes(encode: Callable, decode: Callable) -> None:
    """Check the student's pca_encode(X, mean, components) and pca_decode(Z, mean, components)."""
    run_check(judge_pca_codes, encode, decode, names=("pca_encode", "pca_decode"))


def judge_pca_codes(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Codes against scikit-learn's transform, reconstructions against its inverse_transform."""
    from sklearn.decomposition import PCA

    X = cloud(rng, points=30, spreads=[3.0, 2.0, 1.0, 0.5, 0.3])
    pca = PCA(2).fit(X)
    mean, components = pca.mean_.astype(np.float32), pca.components_.astype(np.float32)
    # New points, whose mean is not the training mean.
    new = X[:7] + (rng.uniform(1, 3, 5) * rng.choice([-1, 1], 5)).astype(np.float32)
    codes = pca.transform(new).astype(np.float32)
    given = {"mean": mean, "components": components}
    encoded = attempt(ask, probes.call, targets=("pca_encode",), X=new, **given)
    decoded = attempt(ask, probes.call, targets=("pca_decode",), Z=codes, **given)
    if encoded.get("stub") is True and decoded.get("stub") is True:
        ask(probes.call, targets=("pca_encode",), X=new, **given)  # raises: nothing has been done yet
    rebuilt = pca.inverse_transform(codes)
    encode_slips = {
        "the mean is not taken off before projecting": pca.transform(new + mean),
        "the mean taken off is that of the images to encode: the learned one comes as an argument": (
            codes - codes.mean(axis=0)
        ),
        "the mean is added before projecting, it has to be taken off": pca.transform(new + 2 * mean),
        "each image's own mean is taken off: take off the mean image that comes as an argument": (
            pca.transform(new + mean - new.mean(axis=1, keepdims=True))
        ),
        "the codes are those of the differences the wrong way round: image minus mean": -codes,
        "pca_encode gives images instead of codes: stop after the first product": rebuilt,
        "pca_encode gives images around 0 instead of codes: stop after the first product": rebuilt - mean,
        "the codes have one column for each image: one row for each is asked for, transpose": codes.T,
        "the codes were scaled to length 1: they are asked for as they are": (
            codes / np.linalg.norm(codes, axis=1, keepdims=True)
        ),
        "the codes were divided by their spread: they are asked for as they are": codes / codes.std(axis=0, ddof=1),
        "the codes were divided by the number of images: they are asked for as they are": codes / len(codes),
        "the codes have lost their signs: they may be negative": np.abs(codes),
        "the codes were cut off at 0: they may be negative": codes.clip(0),
        "one number is taken off all pixels: every pixel has its own in the mean image": (
            pca.transform(new + mean - mean.mean())
        ),
        "the mean of all numbers is taken off: take off the mean image that comes as an argument": (
            pca.transform(new + mean - new.mean())
        ),
    }
    decode_slips = {
        "the mean is not put back after projecting": rebuilt - mean,
        "the mean is taken off once more instead of put back": rebuilt - 2 * mean,
        "the reconstructions are cut off at 0 and 1: codes may lead outside, return them as they are": rebuilt.clip(
            0, 1
        ),
        "the reconstructions have one column for each image: one row for each is asked for, transpose": rebuilt.T,
        "the mean of the reconstructions was taken off": rebuilt - rebuilt.mean(axis=0),
        "one number is added to all pixels: every pixel has its own in the mean image": rebuilt - mean + mean.mean(),
        "the mean was projected as well: it is added at the end, as it is": (
            rebuilt - mean + mean @ components.T @ components
        ),
        "the reconstructions are cut off at 0: codes may lead outside, return them as they are": rebuilt.clip(0),
        "the reconstructions go through a sigmoid: PCA is linear, return them as they are": 1 / (1 + np.exp(-rebuilt)),
        "the reconstructions were stretched to lie between 0 and 1: return them as they are": (
            (rebuilt - rebuilt.min()) / np.ptp(rebuilt)
        ),
        "the reconstruction has each code's mean added, not the mean image": rebuilt
        - mean
        + codes.mean(axis=1, keepdims=True),
    }
    verdicts = [
        match(encoded, "the codes", codes, "the codes are scikit-learn's", encode_slips),
        match(decoded, "the reconstruction", rebuilt, "the reconstructions are scikit-learn's", decode_slips),
    ]
    # One image and one component: whoever squeezes loses a dimension there.
    one = {"mean": mean, "components": components[:1]}
    alone = {
        "the code": (attempt(ask, probes.call, targets=("pca_encode",), X=new[:1], **one), (1, 1)),
        "the reconstruction": (attempt(ask, probes.call, targets=("pca_decode",), Z=codes[:1, :1], **one), (1, 5)),
    }
    for (what, (got, shape)), whole in zip(alone.items(), tuple(verdicts), strict=True):
        problem = shape_problem(got, "value", shape, f"{what} of one image, with one component,")
        if whole.passed and problem:
            verdicts.append(Verdict(0.5, False, f"{problem}: is there a squeeze?"))
    return [
        *verdicts,
        *(left_alone(encoded, "the images to encode") or left_alone(decoded, "the codes to decode")),
    ]


def components_needed(function: Callable) -> None:
    """Check the student's components_needed(variances, share)."""
    run_check(judge_components_needed, function)


def judge_components_needed(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Counted by hand for five variances, and for shares that are exact in binary, where ties show."""
    exact = np.array([8.0, 4.0, 2.0, 1.0, 1.0], dtype=np.float32) * float(rng.choice([2.0, 4.0, 8.0]))
    first, *others = NEEDED
    answers = {first: ask(probes.call, variances=exact, share=first)}
    answers |= {share: attempt(ask, probes.call, variances=exact, share=share) for share in others}
    found = {share: number_of(got, "value") for share, got in answers.items()}
    if found[first] is None:
        kind = kind_of(answers[first], "value")
        return [Verdict(1.0, False, f"what came back is {kind}: a number of components is asked for")]
    raised = {share: str(got["raised"]) for share, got in answers.items() if "raised" in got}
    between = all(found[share] == NEEDED[share] for share in (0.6, 0.9))
    ties = all(found[share] == NEEDED[share] for share in (0.5, 0.75, 1.0))
    manners = left_alone(answers[first], "variances")
    fifty = _many_components(ask, rng)
    many = "wrong for a list of fifty components"
    if not between:  # then right answers to the other shares are luck
        return [
            Verdict(2.0, False, _count_slip(found, raised)),
            verdict(fifty, "right for fifty components too", many),
            *manners,
        ]
    value = answers[first].get("value")
    if isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
        manners += [Verdict(1.0, False, f"what came back is {value!s:.20}, a decimal number: a count is an int")]
    return [
        Verdict(1.0, True, "counts as many as it takes"),
        verdict(ties, "a share that is reached exactly is enough", _tie_slip(found, raised)),
        verdict(fifty, "right for fifty components too", f"{many}{': is something rounded?' if ties else ''}"),
        *manners,
    ]


def _many_components(ask: Ask, rng: np.random.Generator) -> bool:
    """Fifty components, counted by numpy, at shares that lie just before and just after a step of the running sum; not
    so close that float32 decides.
    """
    variances = np.sort(rng.exponential(size=50))[::-1].astype(np.float32)
    running = np.cumsum(variances, dtype=np.float64) / variances.sum(dtype=np.float64)
    right = []
    for place in (0.04, 0.96) * 8:
        count = int(rng.integers(3, 35))
        share = float((1 - place) * running[count - 2] + place * running[count - 1])
        right.append(number_of(attempt(ask, probes.call, variances=variances, share=share), "value") == count)
    return all(right)


NEEDED = {0.6: 2, 0.9: 4, 0.5: 1, 0.75: 2, 1.0: 5}
"""Shares of the variances 8, 4, 2, 1, 1 and how many components they take, counted by hand."""

COUNT_SLIPS = {
    (1, 3, 0, 1, 4): "one too few each time: a position counts from 0, components from 1",
    (3, 5, 2, 3, 6): "one too many each time: the one that reaches the share is the last",
    (
        1,
        1,
        1,
        1,
        1,
    ): "it always says 1: it is the running sum, over the sum of all variances, that has to reach the share",
    (4, 2, 5, 4, 1): "the ones that have reached the share are counted, not those it takes to get there",
    (5, 5, 4, 5, 5): "the smallest variances were added up first: begin with the largest",
    (3, 5, 2, 3, 5): "the square roots of the variances are added up: it is the variances themselves",
    (1, 2, 1, 2, 5): "the squares of the variances are added up: it is the variances themselves",
    (3, 4, 2, 3, 5): "that is the share of the number of components, not of their variance",
    (3, 5, 3, 4, 5): "that is the share of the number of components, not of their variance",
    (3, 4, 2, 4, 5): "that is the share of the number of components, not of their variance",
}
"""What is found for NEEDED's shares when something is mixed up."""


def _count_slip(found: dict, raised: dict) -> str:
    numbers = tuple(found.values())
    if numbers in COUNT_SLIPS:
        return COUNT_SLIPS[numbers]
    if found[0.9] is None or not float(found[0.6]).is_integer():
        if raised:
            return next(iter(raised.values()))
        return f"for a share of 0.6 it says {found[0.6]:.4g}: how many components it takes is asked for, a whole number"
    if len(set(numbers)) == 1:
        return f"it says {found[0.6]:.0f} whatever the share: use the argument"
    if found[0.6] in (0, 6) and found[0.9] in (0, 6):
        return "the shares of single components are compared: it is their running sum that has to reach the share"
    for shifted in ((1, 3, 0, 1, 4), (3, 5, 2, 3, 6)):  # where it said nothing it raised
        if all(number in (None, other) for number, other in zip(numbers, shifted, strict=True)):
            return COUNT_SLIPS[shifted]
    return f"for variances 8, 4, 2, 1, 1 and a share of 0.9 it says {found[0.9]:g}, the first 4 have 15/16"


def _tie_slip(found: dict, raised: dict) -> str:
    for share in (0.5, 0.75):
        if share in raised:
            return f"for a share of {share} {raised[share]}"
    if found[0.5] == 1 and found[0.75] == 2:
        if 1.0 in raised:
            return f"for a share of 1.0 {raised[1.0]}"
        return "a share of 1 takes all five components of 8, 4, 2, 1, 1"
    return "a share that is reached exactly counts as missed: at least the share is asked for, not more than it"


# ---------------------------------------------------------------------------------------------------------------------
# 3 · A deep autoencoder


def image_errors(function: Callable) -> None:
    """Check the student's image_errors(images, reconstructions)."""
    run_check(judge_image_errors, function)


def judge_image_errors(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """One number an image, against scikit-learn's mean_squared_error of each image alone."""
    from sklearn.metrics import mean_squared_error

    images = rng.random((7, 1, 28, 28)).astype(np.float32)
    # Each image is off by an amount of its own, and one of them in brightness, so that no two ways to err look alike.
    amounts = rng.permutation(np.linspace(0.1, 0.6, 7)).reshape(7, 1, 1, 1)
    others = (images + amounts * rng.normal(0.3, 1, images.shape)).astype(np.float32)
    right = np.array([mean_squared_error(a.ravel(), b.ravel()) for a, b in zip(images, others, strict=True)])
    got = ask(probes.call, images=images, reconstructions=others)
    flat = attempt(ask, probes.call, images=images.reshape(7, 784), reconstructions=others.reshape(7, 784))
    one = attempt(ask, probes.call, images=images[:1], reconstructions=others[:1])
    shapes = {
        (): "one number for all images came back: one for each image is asked for",
        (1,): "one number for all images came back: one for each image is asked for",
        (
            7,
            1,
        ): "a column came back, [N, 1]: [N] is asked for; keepdim leaves a column, so does a mean over (2, 3) alone",
        (7, 1, 28): "the mean over the last dimension is that over a line of pixels: flatten first",
        (7, 28, 28): "the mean over dim=1 alone is that over the only channel: flatten first",
        (7, 1, 28, 28): "an error for every pixel came back: their mean over each image is asked for",
        (784,): "the mean runs over the images: it is to run over the pixels of each image",
        (1, 28, 28): "the mean runs over the images: it is to run over the pixels of each image",
    }
    off = (images - others).astype(np.float64)
    each = (1, 2, 3)
    slips = {
        "the squared errors of an image are added up, their mean over its pixels is asked for": right * 784,
        "these are absolute errors: square them": np.abs(off).mean(axis=each),
        "the square root was taken: the mean square itself is asked for": np.sqrt(right),
        "the lengths of the differences came back: the mean of their squares is asked for": np.sqrt(right * 784),
        "the differences cancel: square each before taking the mean": np.square(off.mean(axis=each)),
        "the differences were never squared: they cancel": off.mean(axis=each),
        "the variance of the differences came back: it leaves out by how much an image is too bright": off.var(
            axis=each
        ),
        "the variances of the differences came back, divided by 783: the mean of the squares is asked for": off.var(
            axis=each, ddof=1
        ),
        "these errors are for pixels from 0 to 255: ours go from 0 to 1": right * 255**2,
        "the worst pixel of each image came back: the mean over its pixels is asked for": (off**2).max(axis=each),
        "the median came back: the mean is asked for": np.median((off**2).reshape(7, 784), axis=1),
        "the errors are divided by the size of the batch: each image stands for itself": right / 7,
        "the squared errors are added up and divided by the number of images: divide by that of the pixels": (
            right * 784 / 7
        ),
        "the squared errors are added up and divided by 28: an image has 28 times 28 pixels": right * 28,
        "the squared errors are added up and divided by 783: an image has 784 pixels": right * 784 / 783,
        "the errors are sorted: each stands at the place of its image": np.sort(right),
        "every image has the same error, that of all of them: each has one of its own": np.full(7, right.mean()),
        "these are decibels (PSNR): the mean square itself is asked for": -10 * np.log10(right),
        "the reconstructions were cut off at 0 and 1 first: take them as they are": np.square(
            images.astype(np.float64) - others.clip(0, 1)
        ).mean(axis=each),
        "both were squared before the difference: square the difference": np.abs(
            np.square(images.astype(np.float64)) - np.square(others.astype(np.float64))
        ).mean(axis=each),
        "the squares were subtracted from each other: square the difference": (
            np.square(images.astype(np.float64)) - np.square(others.astype(np.float64))
        ).mean(axis=each),
        "images and reconstructions are added: take their difference": np.square(
            images.astype(np.float64) + others
        ).mean(axis=each),
        "there is a factor 1/2: the mean of the squares is asked for": right / 2,
        "the errors are measured in shares of the image's own squares: the mean square itself is asked for": (
            right / np.square(images.astype(np.float64)).mean(axis=each)
        ),
    }
    verdicts = [
        match(got, "the result", right, "the mean squared error of each image", slips, shapes, share=2),
        _flat_images(flat, got, right),
    ]
    problem = shape_problem(one, "value", (1,), "the result for one image alone")
    if problem and verdicts[0].passed:
        verdicts.append(Verdict(1.0, False, f"{problem}: is there a squeeze?"))
    return [*verdicts, *left_alone(got, "images or reconstructions")]


def _flat_images(flat: Evidence, got: Evidence, right: np.ndarray) -> Verdict:
    """The same of flat images. Whoever has another mistake as well loses nothing more here if it is the same one."""
    value = array_of(flat, "value")
    # A column was already found fault with above.
    fine = value is not None and value.shape in {(7,), (7, 1)} and np.allclose(value.ravel(), right, rtol=1e-3, atol=0)
    wrong = "flat images [N, 784] give something else than [N, 1, 28, 28]: flatten first"
    if isinstance(flat.get("raised"), str):
        wrong = f"flat images [N, 784] do not go through, flatten first: {flat['raised']}"
    elif not fine and _alike(got, flat):
        wrong = "flat images [N, 784] go wrong in the same way"
    return verdict(fine, "flat images [N, 784] serve as well", wrong)


def _alike(got: Evidence, flat: Evidence) -> bool:
    """Whether the same wrong thing came back for both: the same numbers, or nothing that could be compared."""
    one, other = got.get("value"), flat.get("value")
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.shape == other.shape and np.allclose(one, other, equal_nan=True)
    return kind_of(got, "value") == kind_of(flat, "value")


# ---------------------------------------------------------------------------------------------------------------------
# What several of them use


def cloud(rng: np.random.Generator, *, points: int, spreads: list[float], apart: int = 0) -> np.ndarray:
    """Made-up data [points, P], float32: a tilted cloud with these standard deviations, far from the origin.

    apart: the first so many columns are tilted among themselves, and have the first so many spreads.
    """
    mixed = rng.normal(size=(len(spreads), len(spreads)))
    mixed[:apart, apart:] = mixed[apart:, :apart] = 0
    tilt = np.linalg.qr(mixed)[0]
    centre = rng.uniform(3, 6, len(spreads))
    centre[rng.integers(len(spreads))] *= -1  # one alone: the mean of all numbers is to be far from 0 as well
    # Orthogonal columns, so that the spreads are exactly these and no two components can be confused.
    # Lopsided, so that no median passes for a mean.
    raw = rng.exponential(size=(points, len(spreads))) ** 3
    basis = np.linalg.qr(raw - raw.mean(axis=0))[0] * np.sqrt(points - 1)
    return ((basis * spreads) @ tilt.T + centre).astype(np.float32)


def _same_up_to_sign(found: np.ndarray, right: np.ndarray) -> bool:
    return bool(
        found.shape == right.shape
        and np.all(np.abs(np.sum(found * right, axis=1)) > 0.9999)
        and np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-3)
    )


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
    return _graph(weights, images, kind)[0].item()


def _gradient(weights: dict[str, np.ndarray], images: np.ndarray, kind: str = "squared") -> dict[str, np.ndarray]:
    """Autograd's gradient of that error."""
    loss, leaves = _graph(weights, images, kind)
    found = torch.autograd.grad(loss, list(leaves.values()))
    return {name: value.numpy() for name, value in zip(leaves, found, strict=True)}


def _graph(weights: dict, images: np.ndarray, kind: str) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    leaves = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in weights.items()}
    x = torch.from_numpy(images).double()
    hidden = torch.relu(x @ leaves["w0"].T + leaves["b0"])
    error = {"squared": torch.nn.functional.mse_loss, "absolute": torch.nn.functional.l1_loss}[kind]
    return error(hidden @ leaves["w1"].T + leaves["b1"], x), leaves
