"""conv_output_size and conv_transpose_output_size: the height of what comes out of a layer."""

import math

import torch
from torch import nn

from course_utils.checks.toolkit import exercise


def conv(n, k, s, p):
    return nn.Conv1d(1, 1, k, s, p)(torch.zeros(1, 1, n)).shape[-1]


def transposed(n, k, s, p, more):
    return nn.ConvTranspose1d(1, 1, k, s, p, more)(torch.zeros(1, 1, n)).shape[-1]


@exercise(
    targets=["conv_output_size", "conv_transpose_output_size"],
    conv=(1, "sizes after a convolution"),
    transposed=(1, "sizes after a transposed convolution"),
)
def output_sizes(c):
    def ask(name, cases):
        call, names = c.function(name).call, ("size", "kernel", "stride", "padding", "output_padding")
        inputs = [dict(zip(names, case, strict=False)) for case in cases]
        return [call(", ".join(f"{key} {value}" for key, value in one.items()), **one) for one in inputs]

    n, k, s = (int(c.rng.integers(*ends)) for ends in ((30, 60), (3, 8), (2, 5)))
    answers = ask("conv_output_size", [(5, 3, 1, 0), (9, 3, 2, 1), (7, 2, 2, 0), (28, 3, 2, 1), (n, k, s, 2)])
    slips = {
        "one too few: the first position of the kernel counts as well, + 1": (lambda *a: conv(*a) - 1, 0.5),
        "rounded up: a position at which the kernel does not fit is left out, round down": (
            lambda n, k, s, p: math.ceil((n + 2 * p - k) / s) + 1,
            0.5,
        ),
        "the padding is added on both sides: 2 times padding": (lambda n, k, s, p: (n + p - k) // s + 1, 0.5),
        "not a whole number: round down": (lambda n, k, s, p: (n + 2 * p - k) / s + 1, 0.5),
    }
    c.agrees("conv", answers, conv, slips, number=True, what="the size")
    cases = [(2, 3, 1, 0, 0), (3, 3, 2, 0, 0), (7, 4, 2, 1, 0), (14, 3, 2, 1, 1), (n, k, s, 1, s - 1)]
    answers = ask("conv_transpose_output_size", cases)
    slips = {
        "output_padding is not added": (lambda n, k, s, p, more: transposed(n, k, s, p, 0), 0.5),
        "padding makes the output smaller here: subtract it on both sides": (
            lambda n, k, s, p, more: transposed(n, k, s, 0, more) + 2 * p,
            0.5,
        ),
        "the first pixel needs no stride: size - 1 strides, not size": (
            lambda n, k, s, p, m: transposed(n, k, s, p, m) + s,
            0.5,
        ),
        "padding rows are removed on each side: 2 times padding": (
            lambda n, k, s, p, more: transposed(n, k, s, p, more) + p,
            0.5,
        ),
    }
    c.agrees("transposed", answers, transposed, slips, number=True, what="the size")
