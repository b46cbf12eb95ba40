"""init_parameters(sizes, generator): matrices from N(0, 0.01^2), ready to be trained."""

from itertools import pairwise

import numpy as np

from course_utils.checks.toolkit import exercise

STD = 0.01


@exercise(
    shapes=(2, "a matrix for each layer, the last row for the bias"),
    numbers=(3, "every entry from N(0, 0.01^2)"),
    leaves=(2, "leaves that require gradients"),
    generator=(2, "the random numbers come from the generator"),
)
def init_parameters(c):
    sizes = [int(60 + c.rng.integers(5)), int(100 + c.rng.integers(5)), 4, int(90 + c.rng.integers(5)), 70]
    pairs = list(pairwise(sizes))
    answer = c.seeded(f"sizes {tuple(sizes)}", sizes=sizes)
    W = [answer.array(f"draw_0_{i}") for i in range(answer.items())]
    if not W or any(matrix is None or matrix.ndim != 2 or not matrix.size for matrix in W):
        c.stop(answer.raised or f"{answer.kind()} came back, expected a list of {len(pairs)} matrices")
    slips = {
        "the row for the bias is missing: [inputs + 1, outputs]": pairs,
        "the matrices are transposed: images are rows, so [inputs + 1, outputs]": [(m, n + 1) for n, m in pairs],
        "the bias has a column: it should be a row, [inputs + 1, outputs]": [(n, m + 1) for n, m in pairs],
    }
    asked = [(n + 1, m) for n, m in pairs]
    c.equal("shapes", [M.shape for M in W], asked, slips, what="the shapes", words=answer.words)
    for i, M in enumerate(W):
        dull = f"a row or a column of W[{i}] has the same number everywhere: each entry is random, the bias too"
        c.verify("numbers", np.ptp(M, axis=0).all() and np.ptp(M, axis=1).all(), dull)
    spreads = {
        "the standard deviation is 0.0001: 0.01 is the standard deviation, 0.01^2 the variance": (0, STD**2),
        "the standard deviation is 0.1: 0.01 is the standard deviation already, take no square root": (0, STD**0.5),
        "the standard deviation is 1: multiply what torch.randn gives by 0.01": (0, 1),
        "the numbers are uniform: torch.randn gives normal ones, torch.rand does not": (STD / 2, STD / 12**0.5),
        "the mean is 0.01: it should be 0": (STD, STD),
    }
    c.moments("numbers", np.concatenate([M.ravel() for M in W]), 0, STD, spreads, law="normal", what="the entries")
    c.leaves("leaves", answer, len(W), "the matrices")
    c.generator("generator", answer)
    kinds = {str(answer.got[f"draw_0_{i}"].dtype) for i in range(len(W))}
    c.cost("form", kinds == {"float32"}, f"the matrices are {', '.join(sorted(kinds))}, but images are float32")
