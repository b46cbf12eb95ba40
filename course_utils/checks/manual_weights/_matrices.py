"""The network of lab 02: four matrices whose last row is the bias, with the options that slips take."""

from itertools import pairwise

import numpy as np
from torch.nn.functional import linear

from course_utils.checks.toolkit import nonlinearities

SIZES = (12, 9, 3, 8, 12)
HAND = {"w0": [[2.0], [1.0]], "w1": [[1.0], [-2.5]], "w2": [[-1.0], [0.5]], "w3": [[0.5], [0.2]]}
"""Matrices for an image of one pixel: a case to be worked out by hand."""


def matrices(rng, sizes=SIZES, spread=0.5):
    pairs = pairwise(sizes)
    return {f"w{i}": rng.normal(0, spread, (n + 1, m)).astype(np.float32) for i, (n, m) in enumerate(pairs)}


def network(X, W, at_code=lambda z: z):
    """(reconstruction, code) by torch's own layers."""
    hidden, code, decoder, output = (lambda x, M=M: linear(x, M[:-1].T, M[-1]) for M in W)
    Z = at_code(code(hidden(X).relu()))
    return output(decoder(Z).relu()).tanh(), Z


_layers = {"l": lambda x, M: x @ M[:-1] + M[-1], "-": lambda x, M: x @ M[:-1], "f": lambda x, M: x @ M[1:] + M[0]}
_biases = {
    "the last row of each matrix": "llll",
    "none, the last rows play no part": "----",
    "the first row of each matrix": "ffff",
    "none in the decoder": "ll--",
    "none in the encoder": "--ll",
    "none after the code, which needs its column of ones too": "ll-l",
    "none in the last layer": "lll-",
    "in the first layer only": "l---",
}
BIAS = {name: [_layers[kind] for kind in kinds] for name, kinds in _biases.items()}
_hidden = nonlinearities("ReLU", "none", "tanh", "sigmoid", "leaky ReLU", "GELU")
RELU, NONE = _hidden["ReLU"], _hidden["none"]
HIDDEN = {name: (f, f) for name, f in _hidden.items()}
HIDDEN |= {"none in the encoder": (NONE, RELU), "none in the decoder": (RELU, NONE)}
OUTPUT = nonlinearities("tanh", "none", "sigmoid", "ReLU") | {
    "cut off at -1 and 1": lambda x: x.clip(-1, 1),
    "ReLU, then tanh": lambda x: np.tanh(RELU(x)),
    "tanh moved to [0, 1]": lambda x: (np.tanh(x) + 1) / 2,
}
