"""The checks of lab 01: digits by class, networks (_small_network), PCA (_pca), errors image by image."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np

from course_utils import probes
from course_utils.checks._compare import match
from course_utils.checks._pca import (
    components_needed,
    judge_components_needed,
    judge_pca_codes,
    judge_pca_fit,
    pca_codes,
    pca_fit,
)
from course_utils.checks._report import (
    Verdict,
    array_of,
    attempt,
    kind_of,
    left_alone,
    run_check,
    shape_problem,
    verdict,
)
from course_utils.checks._small_network import (
    judge_small_autoencoder,
    judge_train_epoch,
    judge_train_small,
    small_autoencoder,
    train_epoch,
    train_small,
)
from course_utils.evidence import Evidence
from course_utils.probes import Ask

__all__ = [
    "components_needed",
    "image_errors",
    "judge_components_needed",
    "judge_image_errors",
    "judge_keep_digits",
    "judge_pca_codes",
    "judge_pca_fit",
    "judge_small_autoencoder",
    "judge_train_epoch",
    "judge_train_small",
    "keep_digits",
    "pca_codes",
    "pca_fit",
    "small_autoencoder",
    "train_epoch",
    "train_small",
]


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
    if "value_0" not in got or "value_1" not in got or "value_2_type" in got:
        kind = kind_of(got, "value")
        return [Verdict(1.0, False, f"what came back is {kind}: two tensors are asked for, return images, labels")]
    if np.ndim(got["value_0"]) == 1 and np.ndim(got["value_1"]) == images.ndim:
        return [Verdict(1.0, False, "labels and images came back the other way round: images first")]
    image_slip = _position_slip(got["value_0"], images, wanted) or _images_slip(got, images, labels, kept, wanted)
    label_slip = _position_slip(got["value_1"], labels, wanted) or _labels_slip(got, labels[kept], labels, wanted)
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


def _position_slip(value: object, whole: np.ndarray, wanted: list[int]) -> str | None:
    """What comes of an index that is no row of True and False, but is taken for positions."""
    if not isinstance(value, np.ndarray) or value.shape[1:] != whole.shape[1:] or value.dtype.kind != whole.dtype.kind:
        return None
    if len(value) == len(whole) and {row.tobytes() for row in value} <= {row.tobytes() for row in whole[:2]}:
        return "only the first two came back, over and over: 0 and 1 are taken for positions, True and False are not"
    if np.array_equal(value, whole[wanted]):
        return f"those at the positions {', '.join(map(str, wanted))} came back: compare the labels with the digits"
    return None


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
        if value.dtype.kind == "b":
            return "True and False came back instead of the labels: index the labels with them"
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


def image_errors(function: Callable) -> None:
    """Check the student's image_errors(images, reconstructions)."""
    run_check(judge_image_errors, function)


def judge_image_errors(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """One number an image, against scikit-learn's mean_squared_error of each image alone."""
    from sklearn.metrics import mean_squared_error

    images = rng.random((7, 1, 28, 28)).astype(np.float32)
    # Each image is off by an amount of its own, and one of them in brightness, so that no two ways to err look alike.
    # From slightly, so that rounding shows, to by more than 1, so that a limit does.
    amounts = rng.permutation(np.linspace(0.03, 1.2, 7)).reshape(7, 1, 1, 1)
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
        "the differences were cut off at -1 and 1 first: take them as they are": np.square(off.clip(-1, 1)).mean(
            axis=each
        ),
        "the errors are cut off at 1: they may be larger": right.clip(0, 1),
        "the errors are negative: a square never is": -right,
        "the errors are a hundred times too large: the mean square itself is asked for, not per cent": right * 100,
        "the absolute differences are averaged and then squared: square each before taking the mean": np.square(
            np.abs(off).mean(axis=each)
        ),
        "the absolute differences are added up: square them, and take the mean": np.abs(off).sum(axis=each),
        "the lengths of the differences are divided by 784: square the differences, take their mean, no root": (
            np.sqrt(right * 784) / 784
        ),
        "the errors are shares of the sum over all images: the mean square itself is asked for": right / right.sum(),
        "these are running sums: each image has an error of its own": np.cumsum(right),
        "the errors come in the opposite order: each stands at the place of its image": right[::-1],
        "each image is compared with all reconstructions: compare it with its own": np.array(
            [np.square(image.astype(np.float64) - others).mean() for image in images]
        ),
        "all images are compared with the first reconstruction: each has its own": np.square(
            images.astype(np.float64) - others[:1]
        ).mean(axis=each),
        "the differences have lost their mean over the images: take them as they are": np.square(
            off - off.mean(axis=0)
        ).mean(axis=each),
        "the errors are rounded, or whole numbers: give them back as they are": right.round(),
        "the errors are rounded: give them back as they are": right.round(2),
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
        verdicts.append(Verdict(1.0, False, problem if "raised" in one else f"{problem}: is there a squeeze?"))
    return [*verdicts, *left_alone(got, "images or reconstructions")]


def _flat_images(flat: Evidence, got: Evidence, right: np.ndarray) -> Verdict:
    """The same of flat images. Whoever has another mistake as well loses nothing more here if it is the same one."""
    value = array_of(flat, "value")
    # A column was already found fault with above.
    fine = value is not None and value.shape in {(7,), (7, 1)} and np.allclose(value.ravel(), right, rtol=1e-3, atol=0)
    wrong = "flat images [N, 784] give something else than [N, 1, 28, 28]: flatten first"
    if isinstance(flat.get("raised"), str):
        wrong = f"flat images [N, 784] do not go through, flatten first: {flat['raised']}"
    elif not fine and value is not None and value.shape == (7,) and np.allclose(value, right, rtol=0, atol=1e-4):
        wrong = "the errors are rounded: give them back as they are"
    elif not fine and _alike(got, flat):
        wrong = "flat images [N, 784] go wrong in the same way"
    return verdict(fine, "flat images [N, 784] serve as well", wrong)


def _alike(got: Evidence, flat: Evidence) -> bool:
    """Whether the same wrong thing came back for both: the same numbers, or nothing that could be compared."""
    one, other = got.get("value"), flat.get("value")
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.shape == other.shape and np.allclose(one, other, equal_nan=True)
    return kind_of(got, "value") == kind_of(flat, "value")
