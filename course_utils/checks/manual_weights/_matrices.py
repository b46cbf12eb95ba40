"""The network of lab 02 in numpy: four matrices whose last row is the bias, with the options that slips take."""

from itertools import pairwise

import numpy as np

from course_utils.checks.toolkit import nonlinearities

SIZES = (12, 9, 3, 8, 12)


def matrices(rng, sizes=SIZES, spread=0.5):
    pairs = pairwise(sizes)
    return {f"w{i}": rng.normal(0, spread, (n + 1, m)).astype(np.float32) for i, (n, m) in enumerate(pairs)}


def last_row(x, M):
    return x @ M[:-1] + M[-1]


def no_bias(x, M):
    return x @ M[:-1]


def first_row(x, M):
    return x @ M[1:] + M[0]


BIAS = {
    "the last row of each matrix": (last_row,) * 4,
    "none, the last rows play no part": (no_bias,) * 4,
    "the first row of each matrix": (first_row,) * 4,
    "none in the decoder": (last_row, last_row, no_bias, no_bias),
    "none in the encoder": (no_bias, no_bias, last_row, last_row),
    "none after the code, which needs its column of ones too": (last_row, last_row, no_bias, last_row),
    "none in the last layer": (last_row, last_row, last_row, no_bias),
    "in the first layer only": (last_row, no_bias, no_bias, no_bias),
}
_hidden = nonlinearities("ReLU", "none", "tanh", "sigmoid", "leaky ReLU", "GELU")
HIDDEN = {name: (f, f) for name, f in _hidden.items()} | {
    "none in the encoder": (_hidden["none"], _hidden["ReLU"]),
    "none in the decoder": (_hidden["ReLU"], _hidden["none"]),
}
OUTPUT = nonlinearities("tanh", "none", "sigmoid", "ReLU") | {
    "cut off at -1 and 1": lambda x: x.clip(-1, 1),
    "ReLU, then tanh": lambda x: np.tanh(np.maximum(x, 0)),
    "tanh moved to [0, 1]": lambda x: (np.tanh(x) + 1) / 2,
}


def weights(inputs):
    """The matrices among the inputs of a question, in order, in double precision."""
    return [np.asarray(value, np.float64) for name, value in sorted(inputs.items()) if name.startswith("w")]
