"""dead_codes(Z): which codes are the same number for all images."""

import numpy as np

from course_utils.checks.toolkit import exercise


def oracle(Z):
    return np.array([len(set(column)) == 1 for column in Z.T.tolist()])


@exercise(values=(3, "True for the codes that are the same for all images"), shape=(1, "an answer for each code"))
def dead_codes(c):
    n, lively = 300, c.rng.permutation(np.linspace(1, 3, 300))
    one = np.arange(n) == c.rng.integers(1, n - 1)  # neither the first nor the last image
    columns = [
        np.zeros(n), np.full(n, c.rng.choice([-1.75, 2.5])), 3.0 * one, -3.0 * one, lively, -lively, 0.0004 * lively,
        np.tile([2.0, -2.0], n // 2), 2.0 * (c.rng.permutation(n) > 0.4 * n), np.tile([3.0, 1.0], n // 2),
    ]  # fmt: skip
    # The first image has the mean of the last code, and the one number other than 0 of the last but one.
    columns[-1][[0, int(c.rng.integers(2, n // 2)) * 2 - 1]], columns[-2][[0, -1]] = 2.0, (2.0, 0.0)
    Z = np.stack([columns[i] for i in c.rng.permutation(len(columns))], axis=1)
    small = [[0.0, 2.0, 0.0, -1.0], [0.0, 2.0, 0.0, 1.0], [0.0, 2.0, 3.0, 0.0]]
    cases = [c.call(f"Z = {small}".replace(".0", ""), Z=small), c.call("300 images, 10 codes", Z=Z)]
    slips = {
        "a code that is the same number everywhere, but not 0, is dead as well": (lambda Z: (Z == 0).all(0), 0.25),
        "a code that is 0 for some images only is alive": lambda Z: (Z == 0).any(0),
        "True and False are exchanged: True is for the dead codes": (lambda Z: ~oracle(Z), 0.33),
        "an answer for each image: compare along dim=0, the images": lambda Z: oracle(Z.T),
        "this is how many codes are dead: say of each code whether it is": (lambda Z: oracle(Z).sum(), 0.33),
        "these are positions: return True or False for each code": (lambda Z: np.flatnonzero(oracle(Z)), 0.5),
        "sums and means do not say whether the numbers of a code are the same": lambda Z: Z.sum(0).abs() < 1e-4,
        "a code that is never positive is alive when its numbers differ": lambda Z: oracle(Z) | (Z <= 0).all(0).numpy(),
    }
    c.agrees("values", cases, oracle, slips)
    c.shape("shape", cases[1], (10,))
