"""code_worth(decode, Z, X): by how much the error grows when the decoder gets only the mean of a code."""

import torch
from torch.nn.functional import mse_loss

from course_utils import probes
from course_utils.checks.toolkit import exercise


def decoded(Z, *W):
    """The decoder that the probe makes of W."""
    for M in W:
        Z = torch.tanh(Z @ M[:-1] + M[-1])
    return Z


def error(Z, X, *W):
    return mse_loss(decoded(Z, *W), X)


def grown(Z, X, W, replaced, before=None):
    """For each code: the error with this code (a row of the identity) replaced, less the error before."""
    before = error(Z, X, *W) if before is None else before
    return torch.stack([error(replaced(Z, one.bool()), X, *W) - before for one in torch.eye(Z.shape[1])])


def blunt(Z, which, by=None):
    return torch.where(which, Z.mean(dim=0) if by is None else by, Z)


def oracle(Z, X, *W):
    return grown(Z, X, W, blunt)


def cumulative(Z, X, *W):
    return grown(Z, X, W, lambda Z, one: blunt(Z, one.flip(0).cumsum(0).flip(0).bool()))


@exercise(values=(4, "for each code, how much the error grows"))
def code_worth(c):
    small = {"Z": [[2.0, 1.0], [-2.0, 1.0]], "X": [[0.5], [-0.5]], "w0": [[0.4], [-0.3], [0.3]]}
    # Codes whose means are far from 0 and from each other, one of them dead, and images that are not what is decoded.
    Z = c.rng.normal(0, 1, (40, 4)) * c.rng.permutation([0.0, 0.5, 1.0, 1.5]) + [1.0, -0.5, 0.4, -0.8]
    X, W = c.rng.uniform(-1, 1, (40, 9)), {"w0": c.rng.normal(0, 0.5, (5, 6)), "w1": c.rng.normal(0, 0.7, (7, 9))}
    words = "Z = [[2, 1], [-2, 1]], X = [[0.5], [-0.5]], decode(Z) = tanh(0.4 z1 - 0.3 z2 + 0.3)"
    cases = [
        c.ask(probes.with_decoder, words, **small),
        c.ask(probes.with_decoder, "40 images, 4 codes", Z=Z, X=X, **W),
    ]
    slips = {
        "the error itself is returned: subtract the error with all codes": (
            lambda Z, X, *W: grown(Z, X, W, blunt, before=0.0), 0.5),
        "the sign is reversed: the error with all codes is subtracted from the larger one": (
            lambda Z, X, *W: -oracle(Z, X, *W), 0.6),
        "the code is replaced by 0: replace it by its mean over the images": (
            lambda Z, X, *W: grown(Z, X, W, lambda Z, one: blunt(Z, one, torch.zeros(()).double())), 0.5),
        "the code is replaced by the mean of all codes: take the mean of its own column": (
            lambda Z, X, *W: grown(Z, X, W, lambda Z, one: blunt(Z, one, Z.mean())), 0.5),
        "the codes that were replaced before stay replaced: begin with a new copy of Z for each code": (
            cumulative, 0.4),
        "all other codes are replaced, and this one is kept": lambda Z, X, *W: grown(
            Z, X, W, lambda Z, one: blunt(Z, ~one)),
        "the squared differences are added up: take their mean": (
            lambda Z, X, *W: oracle(Z, X, *W) * X.numel(), 0.6),
        "the images are compared with the reconstructions from all codes: compare them with X": (
            lambda Z, X, *W: grown(Z, decoded(Z, *W), W, blunt), 0.5),
    }  # fmt: skip
    c.agrees("values", cases, oracle, slips, what="the worth")
