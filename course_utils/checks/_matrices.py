"""Networks of matrices whose last row is the bias, in plain numpy: what they give with each known slip in them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product

import numpy as np

SIZES = (12, 9, 3, 8, 12)


def some_matrices(rng: np.random.Generator, sizes: tuple[int, ...], spread: float) -> dict[str, np.ndarray]:
    return {f"w{i}": rng.normal(0, spread, (n + 1, m)).astype(np.float32) for i, (n, m) in enumerate(pairwise(sizes))}


BENDS = {
    "ReLU": lambda x: np.maximum(x, 0),
    "none": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": lambda x: 0.5 * (1 + np.tanh(x / 2)),
}


def _special(name: str, x: np.ndarray, **more: int) -> np.ndarray:
    """One of scipy's functions, which is slow to import."""
    from scipy import special

    return getattr(special, name)(x, **more)


HIDDEN = BENDS | {
    "leaky ReLU": lambda x: np.where(x > 0, x, 0.01 * x),
    "GELU": lambda x: x * _special("ndtr", x),
    "softplus": lambda x: np.logaddexp(x, 0),
    "ELU": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "absolute value": np.abs,
    "square": np.square,
}
AT_CODE = BENDS | {"two tanh": lambda x: np.tanh(np.tanh(x)), "ReLU, tanh": lambda x: np.tanh(np.maximum(x, 0))}
ENDS = AT_CODE | {
    "clamp": lambda x: x.clip(-1, 1),
    "unit": lambda x: (np.tanh(x) + 1) / 2,
    "2 sigmoid - 1": lambda x: np.tanh(x / 2),
    "half of tanh": lambda x: np.tanh(x) / 2,
    "minus tanh": lambda x: -np.tanh(x),
    "the sign of tanh": np.sign,
    "softmax": lambda x: _special("softmax", x, axis=1),
}
BIASES = {  # which row of each of the four matrices is the bias: the last, the first, none
    "last": "llll",
    "first": "ffff",
    "none": "----",
    "once": "l---",
    "decoder": "ll--",
    "code": "ll-l",
    "end": "lll-",
    "first layer": "-lll",
    "before the code": "l-ll",
    "encoder": "--ll",
}
BIAS_SLIPS = {
    "first": "the first row of each matrix is taken for the bias: the 1 belongs at the end of each input",
    "none": "the bias is left out: the last row of each matrix plays no part",
    "once": "only the first layer has its bias: a 1 belongs behind the input of every layer",
    "decoder": "the decoder has no bias: a 1 belongs behind the code, too, and behind its hidden layer",
    "code": "the code goes into the decoder without its 1, so that the layer behind it has no bias",
    "end": "the last layer has no bias: a 1 belongs behind the decoder's hidden layer, too",
    "first layer": "the first layer has no bias: a 1 belongs behind the images, too",
    "before the code": "the layer that makes the code has no bias: a 1 belongs behind the encoder's hidden layer, too",
    "encoder": "the encoder has no bias: a 1 belongs behind the images, and behind its hidden layer",
}
END_SLIPS = {
    "none": "the tanh is missing at the end: pixels come out below -1 and above 1",
    "sigmoid": "the output goes through a sigmoid: between 0 and 1, and our pixels lie between -1 and 1",
    "ReLU": "the output goes through a ReLU: no pixel can be negative, and half of the range is lost",
    "two tanh": "the output goes through tanh twice",
    "unit": "the output was moved to pixels from 0 to 1: leave them between -1 and 1",
    "ReLU, tanh": "there is a ReLU before the tanh at the end: no pixel can be negative",
    "clamp": "the output is cut off at -1 and 1: where it is cut there is no gradient, use tanh",
}


def layer(x: np.ndarray, matrix: np.ndarray, bias: str, i: int) -> np.ndarray:
    where = BIASES[bias][i]
    weights, row = (matrix[1:], matrix[0]) if where == "f" else (matrix[:-1], matrix[-1])
    return x @ weights + (0 if where == "-" else row)


def find_way(W: list[np.ndarray], X: np.ndarray, output: np.ndarray | None) -> tuple | None:
    """(bias, encoder's hidden layer, code, decoder's hidden layer, output) in words, the way with the fewest slips;
    None when none of those known gives this output.
    """
    if output is None:
        return None
    best, fewest = None, 4  # with more slips than three a way is no explanation any more
    for bias, first, code, second in product(BIASES, HIDDEN, AT_CODE, HIDDEN):
        slips = (bias != "last") + (code != "none") + (first != "ReLU") + (second not in ("ReLU", first))
        slips += second == "ReLU" != first
        if slips >= fewest:
            continue
        x = HIDDEN[first](layer(X.astype(np.float64), W[0], bias, 0))
        x = AT_CODE[code](layer(x, W[1], bias, 1))
        x = layer(HIDDEN[second](layer(x, W[2], bias, 2)), W[3], bias, 3)
        for end, bend in ENDS.items():
            found = slips + (end != "tanh")
            if found < fewest and np.allclose(bend(x), output, rtol=1e-3, atol=1e-4):
                best, fewest = (bias, first, code, second, end), found
        if fewest == 0:
            break
    return best


def find_detour(W: list[np.ndarray], X: np.ndarray, output: np.ndarray | None, decoder: bool = False) -> str | None:
    """What else somebody may have done to images or biases on the way to this output, in words; the code is linear.

    decoder: X holds codes, and only the last two matrices are used.
    """
    if output is None:
        return None
    ways = {
        "the bias comes in behind the ReLU: it is part of the matrix product, which the ReLU follows": {"late": (0, 2)},
        "the bias comes in behind the tanh: it is part of the matrix product, which the tanh follows": {"late": (3,)},
        "the bias is added behind the bends: it is part of the matrix product, which they follow": {"late": (0, 2, 3)},
        "the bias is taken off, where it is to be added": {"bias": -1.0},
        "the bias is added twice": {"bias": 2.0},
        "the column behind the inputs holds 0.5, ones belong there": {"bias": 0.5},
        "the ReLU comes before the hidden layers' matrices, where it belongs behind them": {"early": True},
    }
    if decoder:
        ways["the codes are standardised first: they go in as they are"] = {
            "before": lambda x: (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
        }
        ways["the codes are rounded first: they go in as they are"] = {"before": np.round}
    else:
        stretched = "the images are stretched once more: they come in the range of tanh, leave them as they are"
        ways |= {
            stretched: {"before": lambda x: 2 * x - 1},
            "the images are brought to [0, 1] first: they come in the range of tanh, leave them as they are": {
                "before": lambda x: (x + 1) / 2
            },
            "the images are divided by 255 first: they come in the range of tanh, leave them as they are": {
                "before": lambda x: x / 255
            },
            "the images are added to the output: the decoder has only the code to go by": {"skip": 1},
            "the images are added before the tanh: the decoder has only the code to go by": {"skip": 2},
            "the images themselves came back for the reconstruction": {"skip": 3},
            "the code is rounded: it goes into the decoder as at_code gives it": {"code": np.round},
            "the code is divided by its length: it goes into the decoder as at_code gives it": {
                "code": lambda x: x / np.linalg.norm(x, axis=1, keepdims=True)
            },
        }
    for slip, how in ways.items():
        if np.allclose(_detour(W, X.astype(np.float64), decoder, **how), output, rtol=1e-3, atol=1e-4):
            return slip
    return None


def _detour(
    W: list[np.ndarray],
    X: np.ndarray,
    decoder: bool,
    late: tuple[int, ...] = (),
    bias: float = 1.0,
    early: bool = False,
    before: Callable = np.asarray,
    code: Callable = np.asarray,
    skip: int = 0,
) -> np.ndarray:
    """The output with one thing changed; late: layers whose bias comes behind their bend; bias: times so much;
    early: a ReLU before, not behind, the hidden layers' matrices; skip: 1 adds the images to the output, 2 before the
    tanh, 3 gives them back.
    """
    x = before(X)
    for i in (2, 3) if decoder else range(4):
        bend = {1: code, 3: np.tanh}.get(i, BENDS["none"] if early else BENDS["ReLU"])
        x = BENDS["ReLU"](x) if early and i in (0, 2) else x
        x, row = x @ W[i][:-1], bias * W[i][-1]
        x = x + X if (i, skip) == (3, 2) else x
        x = bend(x) + row if i in late else bend(x + row)
    return {1: x + X, 3: X}.get(skip, x) if skip in (1, 3) else x
