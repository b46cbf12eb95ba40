"""The checks of lab 02: rows and batches, matrices as layers, the loop by hand, dead codes, a decoder alone, softmax
and cross-entropy.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product

import numpy as np

from course_utils import probes
from course_utils.checks._compare import close, match
from course_utils.checks._entropy import cross_entropy, judge_cross_entropy
from course_utils.checks._loop_by_hand import judge_train_by_hand, redrawn, train_by_hand
from course_utils.checks._matrices import (
    AT_CODE,
    BENDS,
    BIAS_SLIPS,
    END_SLIPS,
    ENDS,
    HIDDEN,
    SIZES,
    find_detour,
    find_way,
    layer,
    some_matrices,
)
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
from course_utils.checks._rows import get_random_batch, judge_get_random_batch, judge_to_range, to_range
from course_utils.evidence import Evidence
from course_utils.probes import Ask

__all__ = [
    "cross_entropy",
    "dead_codes",
    "decoder_alone",
    "forward",
    "get_random_batch",
    "init_parameters",
    "judge_cross_entropy",
    "judge_dead_codes",
    "judge_decoder_alone",
    "judge_forward",
    "judge_get_random_batch",
    "judge_init_parameters",
    "judge_to_range",
    "judge_train_by_hand",
    "to_range",
    "train_by_hand",
]

# ---------------------------------------------------------------------------------------------------------------------
# 2 · A layer is a matrix

SPREAD = 0.01


def init_parameters(function: Callable) -> None:
    """Check the student's init_parameters(sizes, generator)."""
    run_check(judge_init_parameters, function)


def judge_init_parameters(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Shapes; moments of the numbers; leaves that want gradients; dice that are the generator's."""
    sizes = [int(30 + rng.integers(5)), int(60 + rng.integers(5)), 4, int(50 + rng.integers(5)), 33]
    got = ask(probes.seeded, seed=int(rng.integers(10_000)), times=2, sizes=sizes)
    count = len(sizes) - 1
    found = [array_of(got, f"draw_0_{i}") for i in range(count)]
    if any(matrix is None for matrix in found) or f"draw_0_{count}" in got:
        kind = kind_of(got, "draw_0")
        broken = [i for i in range(count) if f"draw_0_{i}" in got and found[i] is None]
        wrong = f"what came back is {kind}: a list of {count} tensors is asked for, one for each layer"
        if broken:
            name = f"draw_0_{broken[0]}"
            wrong = shape_problem(got, name, shape_of(got, name) or (), "a matrix") or wrong
        return [Verdict(4.0, False, wrong)]
    asked = [(above + 1, below) for above, below in pairwise(sizes)]
    shapes = [matrix.shape for matrix in found]
    shape = verdict(
        shapes == asked, "one matrix for each layer, the last row for the bias", _matrix_slip(shapes, sizes)
    )
    slip, dull = _number_slip(found, shapes == asked)
    leaf = _leaf_verdict(got, count)
    if dull:  # nothing random about them: there are no dice to ask about
        return [shape, Verdict(2.0, False, slip), leaf]
    others = [array_of(got, f"draw_1_{i}", matrix.shape) for i, matrix in enumerate(found)]
    new = all(
        other is not None and (not matrix.std() or not np.array_equal(other, matrix))
        for other, matrix in zip(others, found, strict=True)
    )
    if got.get("repeats") is not True:
        loose = "a generator of the same seed gives other matrices: other dice than the generator's are thrown"
    elif not new:
        loose = "every call gives the same matrices: the generator that comes in is not used, or is started anew"
    else:
        loose = "the seed of the generator changes nothing"
    return [
        shape,
        verdict(not slip, "every entry from N(0, 0.01^2)", slip),
        leaf,
        verdict(
            new and got.get("repeats") is True and got.get("follows") is True, "the dice are the generator's", loose
        ),
        *_kind_verdict(got, count),
    ]


def _kind_verdict(got: Evidence, count: int) -> list[Verdict]:
    """Nothing when the matrices are of torch's ordinary float, in which images come; else a failed verdict."""
    kinds = {str(got[f"draw_0_{i}"].dtype) for i in range(count)}
    if kinds == {"float32"}:
        return []
    wrong = f"the matrices hold {' and '.join(sorted(kinds))}: images are float32, and @ takes two of the same kind"
    return [Verdict(1.0, False, wrong)]


def _matrix_slip(shapes: list[tuple], sizes: list[int]) -> str:
    pairs = list(pairwise(sizes))
    known = {
        "the row for the bias is missing: entering + 1 rows": [(n, m) for n, m in pairs],
        "the matrices stand on their side: inputs are rows here, x @ W, so [entering + 1, leaving]": [
            (m, n + 1) for n, m in pairs
        ],
        "the bias is a column here, it is to be a row: [entering + 1, leaving]": [(n, m + 1) for n, m in pairs],
        "there is a column too many: only the entering side has a 1 more": [(n + 1, m + 1) for n, m in pairs],
        "the matrices stand on their side, and the row for the bias is missing: [entering + 1, leaving]": [
            (m, n) for n, m in pairs
        ],
    }
    for slip, expected in known.items():
        if shapes == expected:
            return slip
    asked = [[n + 1, m] for n, m in pairs]
    return f"for layers of {sizes} the matrices have shapes {[list(shape) for shape in shapes]}, asked for are {asked}"


def _number_slip(matrices: list[np.ndarray], upright: bool) -> tuple[str, bool]:
    """What is wrong with the numbers ("" if nothing), and whether nothing random is left in them."""
    values = np.concatenate([matrix.ravel() for matrix in matrices])
    if values.std() == 0:
        return "all numbers are the same: then all units of a layer do the same, for ever", True
    flat = [i for i, matrix in enumerate(matrices) if matrix.std() == 0]
    if flat:
        return f"all numbers of matrix {flat[0]} are the same: each of the {len(matrices)} has random ones", False
    if upright and all(not matrix[0].any() for matrix in matrices):
        return "the first rows are zero: all begin with random numbers, and the row for the bias is the last", False
    shortest = min(10, *(matrix.size for matrix in matrices))
    heads = {tuple(matrix.ravel()[:shortest].tolist()) for matrix in matrices}
    if len(heads) < len(matrices):
        return "the matrices begin with the same numbers: one generator serves for all of them, and goes on", True
    if upright and all(not matrix[-1].any() for matrix in matrices):
        return "the last rows are zero: the bias begins with random numbers like all others here", False
    without = [i for i, matrix in enumerate(matrices) if not matrix[-1].any()]
    if upright and without:
        return f"the last row of matrix {without[0]} is zero: every bias begins with random numbers here", False
    if any(len(np.unique(matrix)) < 0.5 * matrix.size for matrix in matrices):
        if all(len(np.unique(matrix)) < 30 for matrix in matrices):
            return "the numbers take a few values only: a normal distribution gives another one each time", False
        return "the same numbers come again and again in a matrix: draw one for each of its entries", False
    spread = values.std()
    if (values >= 0).all():
        return "no number is negative: a normal distribution around 0 is asked for, torch.randn", False
    if upright and _biases_differ(matrices):
        return "the last rows have another mean or spread than the others: the bias is from N(0, 0.01^2), too", False
    if abs(values.mean()) < 0.1 * spread:
        known = {
            0.0001: "the spread is 0.0001: N(0, 0.01^2) has the variance 0.01^2, so the standard deviation 0.01",
            0.1: "the spread is 0.1: 0.01 is the standard deviation already, no root is to be taken of it",
            1.0: "the spread is 1: multiply what torch.randn gives by 0.01",
        }
        for size, slip in known.items():
            if abs(spread / size - 1) < 0.08:
                return slip, False
    shape = _shape_slip(matrices)
    if shape:
        return shape, False
    spreads = np.array([matrix.std() for matrix in matrices])
    if abs(values.mean()) > max(0.1 * SPREAD, 0.1 * spread) or (
        spreads.max() < 1.3 * spreads.min() and abs(spread / SPREAD - 1) > 0.08
    ):
        return f"the numbers have mean {values.mean():.2g} and spread {spread:.2g}: 0 and 0.01 are asked for", False
    if (np.abs(spreads / SPREAD - 1) > 0.3).any():
        shown = ", ".join(f"{one:.2g}" for one in spreads)
        return f"the matrices have spreads of {shown}: 0.01 is asked for in each", False
    return "", False


def _shape_slip(matrices: list[np.ndarray]) -> str:
    """How the numbers of each matrix, brought to the same mean and spread, differ from a normal distribution, ""
    when they do not. The kurtosis of 4000 normal numbers is 3, give or take 0.08.
    """
    from scipy.stats import kstest, kurtosis

    def even(matrix: np.ndarray) -> bool:
        low, high = matrix.min(), matrix.max()
        return kstest((matrix.ravel() - low) / (high - low), "uniform").pvalue > 1e-4

    if all(even(matrix) for matrix in matrices):
        return "the numbers are spread evenly between two ends: a normal distribution is asked for"
    alike = np.concatenate([((matrix - matrix.mean()) / matrix.std()).ravel() for matrix in matrices])
    peak = kurtosis(alike, fisher=False)
    if peak < 2.6:
        return "large numbers are missing: a normal distribution has no ends at which it is cut off"
    if peak > 3.6:
        return "very small and very large numbers are too many: a normal distribution is asked for, torch.randn"
    return ""


def _biases_differ(matrices: list[np.ndarray]) -> bool:
    """Whether the last rows are off although all others are as asked for. Five standard deviations of 150 numbers."""
    biases = np.concatenate([matrix[-1] for matrix in matrices])
    others = np.concatenate([matrix[:-1].ravel() for matrix in matrices])
    if abs(others.std() / SPREAD - 1) > 0.08 or abs(others.mean()) > 0.1 * SPREAD:
        return False
    return bool(abs(biases.std() / SPREAD - 1) > 0.3 or abs(biases.mean()) > 0.42 * SPREAD)


def _leaf_verdict(got: Evidence, count: int) -> Verdict:
    wants, leaves = (got[name] if isinstance(got.get(name), list) else [] for name in ("wants_gradient", "leaf"))
    fine = wants == [1] * count and leaves == [1] * count
    if kind_of(got, "draw_0_0") == "array":
        wrong = "numpy arrays came back, which want no gradients: torch tensors are asked for"
    elif not any(wants):
        wrong = "no matrix wants gradients: backward would leave all of them as they are"
    elif leaves != [1] * count:
        wrong = (
            "the matrices are no leaves, they were computed from tensors that want gradients: scale first, then want"
        )
    else:
        wrong = "some of the matrices want no gradients"
    return verdict(fine, "leaves that want gradients", wrong)


def forward(function: Callable) -> None:
    """Check the student's forward(W, X, at_code)."""
    run_check(judge_forward, function)


def judge_forward(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Which bends and which bias the network has: those with which numpy gets the same from the same matrices."""
    X = rng.normal(0, 1.5, (7, SIZES[0])).astype(np.float32)
    W = some_matrices(rng, SIZES, 0.5)
    got = ask(probes.matrices, X=X, at_code="linear", **W)
    if "value_0" not in got or "value_1" not in got or "value_2" in got:
        kind = kind_of(got, "value")
        return [
            Verdict(6.0, False, f"what came back is {kind}: two tensors are asked for, the reconstruction, the code")
        ]
    shape, code_shape = (7, SIZES[0]), (7, SIZES[2])
    if shape_of(got, "value_0") == code_shape and shape_of(got, "value_1") == shape:
        return [Verdict(6.0, False, "code and reconstruction came back the other way round: the reconstruction first")]
    problem = shape_problem(got, "value_0", shape, "the reconstruction")
    if problem:
        return [Verdict(6.0, False, problem)]
    bent = attempt(ask, probes.matrices, X=X, at_code="tanh", **W)
    matrices = [matrix.astype(np.float64) for matrix in W.values()]
    way = find_way(matrices, X, array_of(got, "value_0"))
    other = find_way(matrices, X, array_of(bent, "value_0", shape))
    if way is None:
        wrong = _other_network(ask, W, X, array_of(got, "value_0"))
        return [Verdict(6.0, False, wrong), *left_alone(got, "W or X")]
    bias, first, code, second, end = way
    hidden_slip = _hidden_slip(first, second, other)
    end_slip = END_SLIPS.get(end, f"the output goes through {end}, tanh it is")
    code_used = _at_code(code, other, bent, hidden_slip)
    if other and (end, code, other[2], other[4]) == ("none", "none", "none", "tanh"):
        end_slip = "at_code is applied to the output: it belongs at the code, and tanh at the end"
        code_used = code_used._replace(message=end_slip)
    if (code, end) == ("ReLU", "ReLU, tanh") and not code_used.passed:
        end_slip = "there is a ReLU behind every matrix: it belongs in the two hidden layers alone"
        code_used = code_used._replace(message=end_slip)
    returned = _code_returned(matrices, X, bent, other)
    if not returned.passed and not code_used.passed and "comes back" in returned.message:
        code_used = code_used._replace(message=returned.message)
    return [
        verdict(bias == "last", "the bias is the last row of each matrix", BIAS_SLIPS.get(bias, "")),
        verdict((first, second) == ("ReLU", "ReLU"), "a ReLU in both hidden layers", hidden_slip),
        verdict(end == "tanh", "tanh at the end", end_slip),
        code_used,
        returned,
        _gradients(got, W, X, right=way == ("last", "ReLU", "none", "ReLU", "tanh")),
        *left_alone(got, "W or X"),
    ]


def _other_network(ask: Ask, W: dict[str, np.ndarray], X: np.ndarray, output: np.ndarray | None) -> str:
    """What can be said of a reconstruction that no known way through the matrices gives."""
    again = array_of(attempt(ask, probes.matrices, X=X, at_code="linear", **W), "value_0", X.shape)
    fewer = array_of(attempt(ask, probes.matrices, X=X[:3], at_code="linear", **W), "value_0", (3, X.shape[1]))
    if output is not None and again is not None and not np.allclose(again, output, atol=1e-4):
        return (
            "two calls with the same matrices and images give different reconstructions: nothing is left to dice here"
        )
    if output is not None and fewer is not None and not np.allclose(fewer, output[:3], atol=1e-4):
        return "the reconstruction of an image depends on the others of its batch: each row goes its own way"
    slip = find_detour([matrix.astype(np.float64) for matrix in W.values()], X, output)
    return slip or "these matrices give another reconstruction with ReLU, at_code, ReLU and tanh"


def _gradients(got: Evidence, W: dict[str, np.ndarray], X: np.ndarray, right: bool) -> Verdict:
    """Whether gradients reach all matrices, and, if the reconstruction is right, whether they are autograd's."""
    unreached = got.get("unreached")
    if not isinstance(unreached, list) or unreached:
        named = [name for name in W if not isinstance(unreached, list) or name in unreached]
        which = ", ".join(f"W[{name[1:]}]" for name in named or W)
        wrong = f"no gradient reaches {which}: is there a detach, a no_grad or a tensor made anew?"
        return Verdict(1.0, False, wrong)
    output, leaves = redrawn(W, X)
    output.sum().backward()
    found = {name: array_of(got, f"gradient.{name}", matrix.shape) for name, matrix in W.items()}
    same = all(
        found[name] is not None and close({name: found[name]}, {name: leaf.grad.numpy()})
        for name, leaf in leaves.items()
    )
    wrong = "the reconstruction is right, its gradients are not: is a part of a matrix, or the tanh, detached?"
    return verdict(same or not right, "gradients reach all four matrices", wrong)


def _hidden_slip(first: str, second: str, with_tanh: tuple | None) -> str:
    """What is wrong in the hidden layers; with_tanh: the way when at_code is torch.tanh."""
    if with_tanh and (("none", "tanh") in ((first, with_tanh[1]), (second, with_tanh[3]))):
        return "at_code is applied in a hidden layer: a ReLU belongs there, and at_code at the code alone"
    if "none" in (first, second):
        where = "the encoder's" if second != "none" else "the decoder's" if first != "none" else "each half's"
        return f"there is no ReLU between {where} layers: two matrices in a row are one matrix"
    return f"the hidden layers go through {first if first != 'ReLU' else second}, a ReLU is asked for"


def _at_code(code: str, other: tuple | None, bent: Evidence, hidden_slip: str) -> Verdict:
    """Whether the function that came in, and no other, is used at the code."""
    with_tanh = other[2] if other else None
    if code == "none" and with_tanh == "none" and hidden_slip.startswith("at_code"):
        wrong = hidden_slip
    elif code == "none" and with_tanh == "none":
        wrong = "at_code is never used: with torch.tanh the reconstruction is that of a linear code"
    elif code == "none" and with_tanh == "two tanh":
        wrong = "at_code is applied twice: once is enough"
    elif code == with_tanh:
        wrong = f"the code goes through {code} whatever at_code is: call at_code"
    elif with_tanh is None:
        wrong = str(bent.get("raised", "with torch.tanh for at_code the reconstruction is another"))
    else:
        wrong = f"with a linear code it goes through {code} all the same"
    return verdict(code == "none" and with_tanh == "tanh", "at_code is applied to the code", wrong)


def _code_returned(W: list[np.ndarray], X: np.ndarray, bent: Evidence, other: tuple | None) -> Verdict:
    """The code, of the network as the student built it, with torch.tanh at the code."""
    bias, first, code = other[:3] if other else ("last", "ReLU", "tanh")
    code = "tanh" if code == "two tanh" else code  # which of the two comes back is nobody's concern
    hidden = HIDDEN[first](layer(X.astype(np.float64), W[0], bias, 0))
    before = layer(hidden, W[1], bias, 1)
    right = AT_CODE[code](before)
    slips = {
        "the code that comes back went through one more ReLU than the one that goes into the decoder": np.maximum(
            right, 0
        ),
        "the code came back as it was before at_code: the one that goes into the decoder is asked for": before,
        "the hidden layer came back instead of the code": hidden,
        "at_code is applied once more to the code that comes back": AT_CODE["two tanh"](before),
        "the code came back with the ones behind it": np.hstack([right, np.ones((len(X), 1))]),
        "the decoder's hidden layer came back instead of the code": np.maximum(layer(right, W[2], bias, 2), 0),
    }
    if code == "none":
        wrong = "at_code is applied to the code that comes back, not to the one that goes into the decoder: to both"
        slips = {wrong: np.tanh(before)} | slips
    otherwise = "what comes back is not what goes into the decoder"
    return match(bent, "the code", right, "the code comes back as well", slips, name="value_1", otherwise=otherwise)


# ---------------------------------------------------------------------------------------------------------------------
# 4 · Numbers that die


def dead_codes(function: Callable) -> None:
    """Check the student's dead_codes(Z)."""
    run_check(judge_dead_codes, function)


def judge_dead_codes(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Columns made to be dead or alive, each in a way of its own."""
    n = 300
    lively = rng.permutation(np.linspace(1, 3, n))
    columns = {
        "zero": np.zeros(n),
        "constant": np.full(n, float(rng.choice([-1.75, 2.5]))),
        # Neither the first image nor the last: these two alone do not tell.
        "rare": np.where(np.arange(n) == rng.integers(1, n - 1), 3.0, 0.0),
        "dip": np.where(np.arange(n) == rng.integers(1, n - 1), -3.0, 0.0),
        "negative": -lively,
        "mirrored": np.tile([2.0, -2.0], n // 2),
        "positive": lively,
        "faint": 0.0004 * lively,
        "centred": np.full(n, 3.0),
        "switched": 2.0 * (rng.permutation(n) > 0.4 * n),
    }
    # The first image has the mean of one code, and the one number other than 0 of another.
    columns["centred"][1::2] = 1.0
    columns["centred"][[0, int(rng.integers(2, n // 2)) * 2 - 1]] = 2.0
    columns["switched"][[0, -1]] = 2.0, 0.0
    names = [str(name) for name in rng.permutation(list(columns))]
    Z = np.stack([columns[name] for name in names], axis=1).astype(np.float32)
    got = ask(probes.call, Z=Z)
    value = got.get("value")
    count = len(names)
    problem = None
    if not isinstance(value, np.ndarray):
        problem = "one number came back: which codes are dead is asked for, d booleans"
        if number_of(got, "value") is None:
            problem = f"what came back is {kind_of(got, 'value')}: a tensor of {count} booleans is asked for"
    elif kind_of(got, "value") == "array":
        problem = "a numpy array came back: a torch tensor is asked for"
    elif value.shape == (n,):
        problem = "there is an answer for each image: one for each code is asked for, so compare along dim=0"
    elif value.shape == ():
        problem = "one number came back: which codes are dead is asked for, d booleans"
    elif value.shape == (2,) and value.dtype.kind in "iu":
        problem = "positions came back: True or False for each code is asked for"
    elif value.shape != (count,):
        problem = f"the shape is {list(value.shape)}: one answer for each of {count} codes is asked for"
    elif value.dtype.kind not in "biuf":
        problem = "what came back are no booleans"
    if problem:
        return [Verdict(2.0, False, problem)]
    marked = {name for name, mark in zip(names, value.tolist(), strict=True) if mark}
    numbers = "numbers came back: True and False are asked for, so that Z[:, ~dead] takes the live ones"
    return [
        verdict(marked == {"zero", "constant"}, "marks what is the same for all images", _dead_slip(marked, value), 3),
        verdict(value.dtype.kind == "b", "as booleans", numbers),
        *left_alone(got, "Z"),
    ]


def _dead_slip(marked: set[str], value: np.ndarray) -> str:
    dead = {"zero", "constant"}
    live = {"rare", "dip", "negative", "mirrored", "positive", "faint", "centred", "switched"}
    if marked == live:
        return "True and False are the wrong way round: True is for the dead"
    if marked == {"zero"}:
        return "a code that is the same number for all images, but not 0, is not found: it says as little"
    if {"zero", "rare", "dip"} <= marked <= {"zero", "rare", "dip", "switched"}:
        return "a code that is 0 for some of the images counts as dead: it is when it is the same for all of them"
    if {"zero", "dip"} <= marked <= dead | {"dip", "negative"} and marked != dead | {"dip"}:
        return "a code that is never positive counts as dead, though it differs from image to image"
    if "mirrored" in marked and marked <= {"zero", "mirrored"}:
        return "a code whose numbers cancel counts as dead: sums and means do not show whether they differ"
    if marked == dead | {"mirrored"}:
        return "a code of 2 and -2 counts as dead: without their signs its numbers are the same, with them they differ"
    if marked == dead | {"centred"}:
        return "a code counts as dead when its first image has the mean of all: look at every image"
    if dead | {"switched"} <= marked <= dead | {"rare", "dip", "switched"}:
        return "a code that is either 0 or one other number counts as dead: it differs from image to image"
    if dead < marked <= dead | {"rare", "dip", "mirrored", "switched"} and "mirrored" in marked:
        return "a code with two different numbers counts as dead: it is when all images have one and the same"
    if dead < marked <= dead | {"rare", "dip"}:
        return "a code that is 0 for all images but one counts as dead: it is alive as long as one image differs"
    if {"zero", "faint"} <= marked <= dead | {"rare", "dip", "faint"}:
        return "a code whose numbers are small counts as dead, though they differ: compare them with one another"
    if not marked:
        return "no code is marked, two of them are dead"
    if len(marked) == len(dead | live):
        return "all codes are marked, two of them are dead"
    return f"{len(marked)} codes are marked, not just the two that are the same number for all images"


# ---------------------------------------------------------------------------------------------------------------------
# 7 · The decoder alone


CODES = 3000


def decoder_alone(sample_codes: Callable, decode: Callable) -> None:
    """Check the student's sample_codes(Z, n, generator) and decode(W, Z)."""
    run_check(judge_decoder_alone, sample_codes, decode, names=("sample_codes", "decode"))


def judge_decoder_alone(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Draws against scipy's uniform distribution, column by column; images against the same matrices in numpy."""
    # Few codes near the ends and most in the middle, so that codes drawn from these rows do not look uniform.
    low, high = np.array([-5.0, 0.5, 10.0]), np.array([-2.0, 9.0, 11.0])
    Z = low + (high - low) * rng.beta(6, 6, (60, 3))
    Z[:2] = low, high
    Z = rng.permutation(Z).astype(np.float32)
    seed = int(rng.integers(10_000))
    drawn = attempt(ask, probes.seeded, targets=("sample_codes",), seed=seed, times=2, Z=Z, n=CODES)
    W = some_matrices(rng, SIZES, 0.5)
    codes = rng.normal(0, 1.5, (7, SIZES[2])).astype(np.float32)
    decoded = attempt(ask, probes.matrices, targets=("decode",), X=codes, **W)
    if drawn.get("stub") is True and decoded.get("stub") is True:
        ask(probes.matrices, targets=("decode",), X=codes, **W)  # raises: nothing has been done yet
    return [
        *_diagnose_draws(drawn, Z),
        *_diagnose_decoder(decoded, [matrix.astype(np.float64) for matrix in W.values()], codes),
        *(left_alone(drawn, "Z") or left_alone(decoded, "W or Z")),
    ]


def _diagnose_draws(got: Evidence, Z: np.ndarray) -> list[Verdict]:
    problem = shape_problem(got, "draw_0", (CODES, 3), "what sample_codes gives")
    if problem:
        if shape_of(got, "draw_0") == (3, CODES):
            problem = "sample_codes gives a column for each code drawn: a row for each is asked for"
        elif shape_of(got, "draw_0") == (60, 3):
            problem = "sample_codes gives as many codes as came in: n are asked for"
        return [Verdict(2.0, False, problem)]
    drawn, low, high = array_of(got, "draw_0"), Z.min(axis=0).astype(float), Z.max(axis=0).astype(float)
    slip, constant = _draw_slip(drawn, Z, low, high), not drawn.std(axis=0).any()
    if constant:
        return [Verdict(2.0, False, slip)]
    again = array_of(got, "draw_1", drawn.shape)
    new = again is not None and not np.array_equal(again, drawn)
    if got.get("repeats") is not True:
        loose = "a generator of the same seed gives other codes: other dice than the generator's are thrown"
    elif not new:
        loose = "every call of sample_codes gives the same codes: is a generator made inside?"
    else:
        loose = "the seed of the generator changes nothing about the codes"
    own = got.get("repeats") is True and got.get("follows") is True and new
    range_found = verdict(not slip, "codes are uniform between the smallest and the largest of each column", slip)
    if left_alone(got, "Z"):  # other codes came in at the second call: nothing is known about the dice
        return [range_found]
    return [range_found, verdict(own, "their dice are the generator's", loose)]


def _draw_slip(drawn: np.ndarray, Z: np.ndarray, low: np.ndarray, high: np.ndarray) -> str:
    """What is wrong with the codes drawn, "" if nothing."""
    from scipy.stats import kstest, kurtosis

    def uniform(start: np.ndarray | float, end: np.ndarray | float) -> bool:
        unit = (drawn - start) / (np.asarray(end) - start)
        return all(kstest(column, "uniform").pvalue > 1e-7 for column in unit.T)

    if (drawn == drawn[0]).all():
        return "all codes drawn are the same one: draw n of them"
    if np.isin(drawn.astype(np.float32), Z).all():
        return "codes that came in come back: draw new ones between the smallest and the largest"
    share = (drawn - low) / (high - low)
    if uniform(low, high):
        links = np.abs(np.corrcoef(drawn.T) - np.eye(drawn.shape[1])).max()
        if links > 0.2:
            return "the codes of a row go up and down together: throw dice for each of them"
        if all(kstest(column, "uniform").statistic < 0.2 / len(drawn) ** 0.5 for column in share.T):
            return "the codes lie at even distances from each other: dice leave gaps and heaps, throw one for each"
        if len(np.unique(drawn[:, 0])) < 0.9 * len(drawn):
            return "codes come again in other rows: draw n of them, each anew"
        if (  # the ends are reached, but not passed
            share.min(axis=0).max() < 0.01
            and share.max(axis=0).min() > 0.99
            and -1e-5 < share.min() < share.max() < 1.00001
        ):
            return ""
    mean, spread = Z.mean(axis=0), Z.std(axis=0)
    slips = {
        "the codes are numbers from 0 to 1: stretch them from low to high": (0.0, 1.0),
        "all columns have the same range, that of the whole of Z: each has a low and a high of its own": (
            low.min(),
            high.max(),
        ),
        "the codes reach from low to low + high: the length of the range is high - low": (low, low + high),
        "the codes reach from 0 to high: begin at low": (0.0 * high, high),
        "the codes reach from 0 to high - low: begin at low": (0.0 * high, high - low),
        "the codes reach from -1 to 1: stretch them from low to high": (-1.0, 1.0),
        "the codes reach from high to high + (high - low): begin at low": (high, 2 * high - low),
        "the codes reach one standard deviation to each side of the mean: from low to high is asked for": (
            mean - spread,
            mean + spread,
        ),
        "the codes reach from low down to low - (high - low) as well: torch.rand begins at 0, not at -1": (
            2 * low - high,
            high,
        ),
        "the codes reach from low to high + 2 * low: the length of the range is high - low": (low, high + 2 * low),
        "the codes reach only from low to the middle": (low, (low + high) / 2),
        "the codes reach as far below 0 as above: low and high need not be opposites": (
            -np.maximum(-low, high),
            np.maximum(-low, high),
        ),
        "all columns have the range of the first: each has a low and a high of its own": (low[0], high[0]),
        "the codes lie between the first and the last image's: the smallest and the largest are asked for": (
            np.minimum(Z[0], Z[-1]),
            np.maximum(Z[0], Z[-1]) + 1e-9,
        ),
    }
    for slip, (start, end) in slips.items():
        if uniform(start, end):
            return slip
    if (drawn == np.round(drawn, 1)).all():
        return "the codes are rounded: each number between low and high is possible"
    inside = share.min() > -1e-3 and share.max() < 1.001
    if inside and max((np.diff(share, axis=1) >= 0).mean(), (np.diff(share, axis=1) <= 0).mean()) > 0.99:
        return "the codes of a row are sorted: each is drawn apart from the others"
    ends = np.isclose(share, 0, atol=1e-6).mean(axis=0) + np.isclose(share, 1, atol=1e-6).mean(axis=0)
    if ends.min() > 0.01 and inside:
        return "many of the codes are the smallest or the largest of their column: draw between these, cut nothing off"
    if kurtosis(drawn).min() > -0.9 and np.abs((drawn.mean(axis=0) - mean) / spread).max() < 0.5:
        return "the codes crowd in the middle: uniform is asked for, each number between low and high alike"
    if share.min() < -1e-3 or share.max() > 1.001:
        return "some of the codes drawn lie below the smallest or above the largest number of their column"
    if share.min(axis=0).max() > 0.01 or share.max(axis=0).min() < 0.99:
        return "the codes drawn do not reach the smallest and the largest number of their column: these are the ends"
    return "the codes are not uniform between the smallest and the largest number of each column"


def _diagnose_decoder(got: Evidence, W: list[np.ndarray], codes: np.ndarray) -> list[Verdict]:
    shape = (len(codes), SIZES[-1])
    problem = shape_problem(got, "value", shape, "what decode gives")
    if problem:
        if shape_of(got, "value") == (len(codes), SIZES[3]):
            problem = "decode gives the hidden layer: one more matrix is to come"
        return [Verdict(2.0, False, problem)]
    output = array_of(got, "value")
    befores = ("none", "ReLU", "tanh")
    for bias, before, hidden, end in product(("last", "first", "none", "code", "end"), befores, HIDDEN, ENDS):
        x = HIDDEN[hidden](layer(BENDS[before](codes.astype(np.float64)), W[2], bias, 2))
        x = ENDS[end](layer(x, W[3], bias, 3))
        if np.allclose(x, output, rtol=1e-3, atol=1e-4):
            inside = f"the decoder's hidden layer goes through {hidden}, a ReLU is asked for"
            if hidden == "none":
                inside = "the decoder has no ReLU between its matrices: two in a row are one"
            slips = [
                f"decode puts a {before} on the codes: they are codes already, and go in as they are"
                if before != "none"
                else "",
                "" if hidden == "ReLU" else inside,
                "" if end == "tanh" else f"decode: {END_SLIPS.get(end, f'the output goes through {end}, tanh it is')}",
            ]
            slip = "; ".join(filter(None, slips))
            return [
                verdict(
                    bias == "last", "decode takes the last rows for the bias", f"decode: {BIAS_SLIPS.get(bias, '')}"
                ),
                verdict(not slip, "a ReLU inside, tanh at the end", slip),
            ]
    slip = find_detour([np.zeros((1, 1)), np.zeros((1, 1)), *W[2:]], codes, output, decoder=True)
    wrong = slip and f"decode: {slip}"
    return [Verdict(2.0, False, wrong or "decode gives other images than W[2], a ReLU, W[3] and tanh do")]
