"""Images as rows of numbers, and batches of them: the first two exercises of lab 02."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_utils import probes
from course_utils.checks._compare import match
from course_utils.checks._report import (
    Verdict,
    array_of,
    attempt,
    left_alone,
    run_check,
    shape_problem,
    verdict,
)
from course_utils.evidence import Evidence
from course_utils.probes import Ask


def to_range(function: Callable) -> None:
    """Check the student's to_range(images)."""
    run_check(judge_to_range, function)


def judge_to_range(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Pixels against numpy's interp between (0, 1) and (-1, 1), wherever they stand; then the shapes, also of one
    image alone.
    """
    # Neither 0 nor 1 occurs, and each image has a darkest and a brightest pixel of its own.
    low, high = rng.uniform(0.05, 0.3, (7, 1, 1, 1)), rng.uniform(0.6, 0.95, (7, 1, 1, 1))
    images = (low + (high - low) * rng.random((7, 1, 6, 5))).astype(np.float32)
    places = np.arange(7), rng.permutation(30)[:7]  # where one and the same grey stands, in each image elsewhere
    images.reshape(7, 30)[places] = rng.uniform(0.35, 0.55)
    got = ask(probes.call, images=images)
    one = attempt(ask, probes.call, images=images[:1])
    rows = images.reshape(7, 30).astype(np.float64)
    value = array_of(got, "value")
    if value is None or value.size != rows.size:
        problem = shape_problem(got, "value", rows.shape, "the result")
        return [Verdict(4.0, False, problem or "the result is no tensor of numbers")]
    right = np.interp(rows, [0, 1], [-1, 1])
    sideways = value.shape == (30, 7)
    mixed = sideways and np.allclose(value.reshape(7, 30), right, atol=1e-5)
    found = value.T if sideways and not mixed else value.reshape(7, 30)
    shapes = {
        (7, 1, 6, 5): "the images are not flat: a row of H * W pixels for each is asked for",
        (7, 6, 5): "the images lost their channel, but are not flat: a row of H * W pixels for each is asked for",
        (210,): "the whole batch became one row: each image is to keep a row of its own",
        (1, 210): "the whole batch became one row: each image is to keep a row of its own",
        (30, 7): "one column for each image came back: one row for each is asked for"
        if not mixed
        else "the shape is [H * W, N], and its rows hold pieces of several images: the number of images comes first",
        (7, 1, 30): "the rows have a dimension too many, [N, 1, H * W]: the channel goes into the row as well",
    }
    problem = shape_problem(got, "value", rows.shape, "the result")
    problem = problem and shapes.get(value.shape, problem)
    pixels = match(
        {"value": found, "value_type": "tensor"},
        "the pixels",
        right,
        "0 becomes -1 and 1 becomes 1",
        _range_slips(rows),
        share=2,
        otherwise=_in_words(rows, found, found[places]),
    )
    if not pixels.passed and np.allclose(np.sort(found, axis=None), np.sort(right, axis=None), atol=1e-5):
        wrong = "the numbers are right, their order is not: a row holds the pixels of one image as they are read"
        pixels = pixels._replace(message=wrong)
    verdicts = [pixels, verdict(not problem, "one row for each image", problem or "", share=1 if not problem else 2)]
    if not problem:
        wrong = shape_problem(one, "value", (1, 30), "of a batch of one image: the result")
        verdicts.append(verdict(not wrong, "one image alone makes one row", wrong or ""))
    return verdicts + left_alone(got, "images")


def _in_words(rows: np.ndarray, found: np.ndarray, same: np.ndarray) -> str:
    """What became of the pixels when no known slip explains it; same: of one grey in several images and places."""
    if np.ptp(same) > 1e-3 * max(1.0, float(np.abs(same).max())):
        return (
            "the same grey becomes another number in another image or place: one formula for all of them is asked "
            "for, without their means, their largest or dice"
        )
    slope, start = np.polyfit(rows.ravel(), found.ravel(), 1)
    if np.abs(start + slope * rows - found).max() < 1e-3 * max(1.0, abs(slope)):
        black, white = (round(float(x), 2) + 0.0 for x in (start, start + slope))  # + 0.0: no "-0"
        return f"0 becomes {black:g} and 1 becomes {white:g}: -1 and 1 are asked for"
    if (found == np.round(found)).all():
        return "they were rounded to whole numbers: greys lie between -1 and 1"
    if (found >= 0).all():
        return "none is below 0, and they lie on no line: 0 is to become -1, and nothing to be cut off or bent"
    return "they lie on a curve: 0 is to become -1, 1 to become 1, and all in between along a line"


def _range_slips(x: np.ndarray) -> dict[str, np.ndarray]:
    """What comes of rows in [0, 1] when something is mixed up."""
    each = {"axis": 1, "keepdims": True}
    return {
        "the pixels are still those from 0 to 1: 0 is to become -1": x,
        "the pixels run from 0 to 2: they are stretched, but not moved down": 2 * x,
        "the pixels run from -0.5 to 0.5: they are moved, but not stretched": x - 0.5,
        "the pixels run from -1 to 0: they are moved, but not stretched": x - 1,
        "black became white: 0 is to become -1, 1 to become 1": 1 - 2 * x,
        "pixels from 0 to 255 would fit this formula, ours go to 1": x / 127.5 - 1,
        "the smallest and the largest pixel of this batch set the range: the same grey must always become the same "
        "number": (2 * (x - x.min()) / (x.max() - x.min()) - 1),
        "each image is stretched by its own darkest and brightest pixel: the same grey must always become the same "
        "number": (2 * (x - x.min(**each)) / (x.max(**each) - x.min(**each)) - 1),
        "the pixels are standardised by the mean and the spread of this batch: a fixed formula is asked for": (
            (x - x.mean()) / x.std(ddof=1)
        ),
        "each image is standardised by its own mean and spread: a fixed formula is asked for": (
            (x - x.mean(**each)) / x.std(ddof=1, **each)
        ),
        "the mean of this batch is taken off: a fixed formula is asked for": x - x.mean(),
        "the mean of each image is taken off: a fixed formula is asked for": x - x.mean(**each),
        "the pixels are divided by the largest of this batch: the same grey must always become the same number": (
            2 * x / x.max() - 1
        ),
        "each pixel is stretched by its own extremes over this batch: the same grey must always become the same "
        "number": (2 * (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0)) - 1),
        "the pixels were rounded to whole numbers: greys lie between -1 and 1": np.trunc(2 * x - 1),
        "the pixels are only black and white: greys lie between -1 and 1": np.where(x > 0.5, 1.0, -1.0),
        "the pixels went through tanh: only the range has to fit, the last layer has the tanh": np.tanh(x),
        "the pixels went through tanh after they were stretched: leave it to the last layer": (np.tanh(2 * x - 1)),
    }


DRAWS = 160


def get_random_batch(function: Callable) -> None:
    """Check the student's get_random_batch(X, size, generator)."""
    run_check(judge_get_random_batch, function)


def judge_get_random_batch(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Rows of X, all equally often (within six standard deviations of a binomial count), some twice in a batch; new
    ones at every call, and the same ones from a generator of the same seed.
    """
    size, times, many = 10, DRAWS, 4000
    X = rng.random((12, 4)).astype(np.float32)
    seed = int(rng.integers(10_000))
    problem = _batch_problem(ask(probes.seeded, seed=seed, times=1, X=X, size=size), X, size, 1)
    if problem:
        return [Verdict(4.0, False, problem)]
    got = ask(probes.seeded, seed=seed, times=times, X=X, size=size)
    problem = _batch_problem(got, X, size, times)
    if problem:
        return [Verdict(4.0, False, problem)]
    batches = np.stack([got[f"draw_{i}"] for i in range(times)])
    if np.all(batches == batches[0]):
        wrong = "every call gives the same batch: was a generator made inside, or a seed set there?"
        if np.array_equal(batches[0], X[:size]):
            wrong = "the first images come back, at every call: draw at random"
        return [Verdict(4.0, False, wrong)]
    same = (batches[:, :, None] == X).all(axis=3)
    if not same.any(axis=2).all():
        return [Verdict(4.0, False, "some of the rows are no rows of X: draw whole images and leave them as they are")]
    positions = same.argmax(axis=2)
    more = attempt(ask, probes.seeded, seed=1, times=1, X=X, size=many)
    slip = _drawing_slip(positions, len(X))
    batch = array_of(more, "draw_0", (many, 4))
    enough = batch is not None
    if enough and (not slip or slip.startswith("image ")):  # in so many draws small differences show as well
        later = (batch[:, None] == X).all(axis=2).argmax(axis=1)
        slip = _drawing_slip(np.concatenate([positions.ravel(), later])[:, None], len(X)) or slip
    few = f"{many} out of {len(X)} images: with replacement that can be done. {more.get('raised', '')}".rstrip()
    few = slip if slip and not enough else few
    replaced = any(len(set(batch)) < size for batch in positions.tolist())
    if not replaced:
        again = f"no image came twice in {DRAWS} batches of {size}: draw with replacement, every time from all images"
        slip = few = slip or again
        enough = False
    dice = "the dice are those of the generator"
    if got.get("repeats") is True:
        loose = "the seed of the generator changes nothing: it is to be the source of all randomness"
    else:
        loose = "a generator of the same seed gives another batch: other dice than the generator's are thrown"
    own = got.get("repeats") is True and got.get("follows") is True
    return [
        verdict(not slip, "all images are drawn, equally often", slip or "", share=2),
        verdict(enough, "with replacement", few),
        *(left_alone(got, "X") or [verdict(own, dice, loose)]),  # from other images the dice give other batches
    ]


def _batch_problem(got: Evidence, X: np.ndarray, size: int, times: int) -> str | None:
    """What is wrong with the form of the draws."""
    shape = (size, X.shape[1])
    first = got.get("draw_0")
    if isinstance(first, np.ndarray):
        shapes = {
            (size,): "numbers came back, one for each image drawn: these are positions, X[positions] takes the rows",
            (len(X), size): "columns were drawn, pixels instead of images: draw rows",
            X.shape: f"{len(X)} rows came back where {size} were asked for: are these all images?",
        }
        if first.shape in shapes:
            return shapes[first.shape]
        if first.shape[1:] == shape[1:] and len(first) < size - 1:
            return f"only {len(first)} rows came back where {size} were asked for: was a row that came twice left out?"
    problems = (shape_problem(got, f"draw_{i}", shape, "a batch") for i in range(times))
    return next(filter(None, problems), None)


def _drawing_slip(positions: np.ndarray, n: int) -> str | None:
    """Which images are drawn too rarely, and why; positions [times, size], n: how many images there are."""
    from scipy.stats import chisquare

    size = positions.shape[1]
    if size > 1 and (positions == positions[:, :1]).all():
        return "all images of a batch are the same one: draw a position for each of them"
    if size > 1 and (np.diff(positions, axis=1) % n == 1).all():
        return "neighbours come together, only the first of a batch is drawn: draw a position for each"
    apart = (positions[:, :, None] - positions[:, None]) % n
    if size > 1 and (apart == apart[:1]).all(axis=0).sum() > size:
        return "some images of a batch always follow from others of it: draw a position for each, apart from all others"
    counts = np.bincount(positions.ravel(), minlength=n)
    if 1 < size < n - 1 and counts[:size].all() and not counts[size:].any():
        return f"of {n} images only the first {size} are ever drawn, as many as a batch has: the end is len(X)"
    if counts[-1] == 0 and counts[:-1].all():
        return "the last image is never drawn: torch.randint leaves out its upper end, so that end is len(X)"
    if counts[0] == 0 and counts[1:].all():
        return "the first image is never drawn: positions begin at 0"
    if not counts.all():
        never = ", ".join(str(i) for i in np.flatnonzero(counts == 0))
        return f"the images in positions {never} of 0 to {n - 1} are never drawn: each of them must be possible"
    if chisquare(counts).pvalue < 1e-8:
        return _uneven(counts)
    return None


def _uneven(counts: np.ndarray) -> str:
    """In words: which images come too often."""
    n, most, least = len(counts), int(counts.argmax()), int(counts.argmin())
    inner = counts[1:-1].mean()
    told = f"image {most} came {counts[most]} times, image {least} {counts[least]} times"
    if max(counts[0], counts[-1]) < 0.7 * inner and counts[1:-1].min() > 0.7 * inner:
        return f"{told}: the first and the last come half as often, as when numbers are rounded to the nearest"
    if max(counts[0], counts[-1]) < 0.7 * inner:
        return f"{told}: those in the middle come more often than those at the ends"
    if most in (0, n - 1) and counts[most] > 1.15 * np.delete(counts, most).max():
        which = "first" if most == 0 else "last"
        return f"{told}: the {which} comes too often, as when positions outside are cut off or wrapped round to it"
    return f"{told}, of {n} images: draw all alike"
