"""conv_parameters and dense_parameters: how many numbers a layer learns."""

from torch import nn

from course_utils.checks.toolkit import exercise


def count(layer):
    return sum(parameter.numel() for parameter in layer.parameters())


def conv(n, m, k):
    return count(nn.Conv2d(n, m, k, device="meta"))


def dense(n, m, size):
    return count(nn.Linear(n * size**2, m * size**2, device="meta"))


@exercise(
    targets=["conv_parameters", "dense_parameters"],
    conv=(1, "the parameters of a convolution"),
    dense=(1, "the parameters of a dense layer between the same maps"),
)
def layer_parameters(c):
    def ask(name, last, cases):
        call, names = c.function(name).call, ("channels_in", "channels_out", last)
        return [
            call(", ".join(map("{} {}".format, names, case)), **dict(zip(names, case, strict=True))) for case in cases
        ]

    n, m, k = (int(c.rng.integers(*ends)) for ends in ((3, 9), (10, 30), (4, 9)))
    answers = ask("conv_parameters", "kernel", [(1, 2, 3), (2, 3, 2), (n, m, k)])
    slips = {
        "the biases are missing: one for each filter": (lambda n, m, k: conv(n, m, k) - m, 0.5),
        "each filter has one bias, whatever the number of maps that come in": (
            lambda n, m, k: (k * k + 1) * n * m,
            0.5,
        ),
        "one bias for the whole layer: each filter has its own": (lambda n, m, k: conv(n, m, k) - m + 1, 0.5),
        "a kernel is a square: kernel * kernel weights": (lambda n, m, k: (n * k + 1) * m, 0.5),
        "a filter has its own weights for every map that comes in": lambda n, m, k: (k * k + 1) * m,
    }
    c.agrees("conv", answers, conv, slips, number=True, what="the number")
    answers = ask("dense_parameters", "size", [(1, 2, 2), (2, 3, 3), (n, m, k)])
    slips = {
        "the biases are missing: one for each number that comes out": (lambda n, m, s: dense(n, m, s) - m * s * s, 0.5),
        "one bias for each map: a dense layer has one for each number that comes out": (
            lambda n, m, s: dense(n, m, s) - m * s * s + m,
            0.5,
        ),
        "a map has size * size numbers": lambda n, m, s: (n * s + 1) * m * s,
    }
    c.agrees("dense", answers, dense, slips, number=True, what="the number")
