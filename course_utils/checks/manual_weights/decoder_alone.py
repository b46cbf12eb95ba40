"""sample_codes(Z, n, generator): uniform codes; decode(W, Z): images from codes."""

from functools import partial

import numpy as np

from course_utils import probes
from course_utils.checks.manual_weights._matrices import BIAS, HAND, HIDDEN, OUTPUT, matrices
from course_utils.checks.toolkit import exercise

COUNT = 3000
STAGES = {"bias_in_decode": BIAS, "hidden_layer_in_decode": HIDDEN, "output_in_decode": OUTPUT}


def build(inputs, **options):
    Z, _, _, *W = (np.asarray(value, np.float64) for value in inputs.values())
    bias, hidden, output = options.values()
    return output(bias[3](hidden[1](bias[2](Z, W[0])), W[1]))


@exercise(
    targets=["sample_codes", "decode"],
    codes=(6, "codes uniform between the smallest and the largest of each column"),
    independent=(2, "all numbers are drawn independently"),
    generator=(2, "the random numbers come from the generator"),
    bias_in_decode=(4, "decode: the last row of each matrix is the bias"),
    hidden_layer_in_decode=(3, "decode: ReLU in the hidden layer"),
    output_in_decode=(3, "decode: tanh at the end"),
)
def decoder_alone(c):
    # Few codes near the ends and most in the middle, so that codes drawn from these rows do not look uniform.
    low, high = np.array([-5.0, 0.5, 10.0]), np.array([-2.0, 9.0, 11.0])
    Z = c.rng.permutation(np.vstack([low, low + (high - low) * c.rng.beta(6, 6, (58, 3)), high]))
    answer = c.function("sample_codes").seeded(f"60 codes of 3 numbers, n = {COUNT}", Z=Z, n=COUNT)
    drawn = answer.array() if c.shape("codes", answer, (COUNT, 3), "the codes") else None
    drawn = np.zeros((1, 3)) if drawn is None else drawn.reshape(COUNT, 3)
    if c.verify("codes", np.ptp(drawn, axis=0).all(), "all codes are the same: draw n of them"):
        ends = {
            "the codes are in [0, 1]: stretch and shift them to [low, high]": (0, 1),
            "all columns have the same range: each has its own smallest and largest number": (low.min(), high.max()),
            "the codes reach from low to low + high: the length of the range is high - low": (low, low + high),
            "the codes reach from 0 to high: they should begin at low": (0 * high, high),
        }
        slips = {line: ((a + b) / 2, np.abs(b - a) / 12**0.5) for line, (a, b) in ends.items()}
        slips["the codes have the mean and spread of Z: draw them uniformly from low to high"] = Z.mean(0), Z.std(0)
        right = (low + high) / 2, (high - low) / 12**0.5
        c.moments("codes", drawn, *right, slips, law="uniform", what="the codes")
        c.fresh("independent", drawn)
        gaps = np.diff(np.sort(drawn[:, 0]))  # of random numbers: as different from each other as they are large
        odd = c.right("codes") and abs(gaps.std() - gaps.mean()) > 0.3 * gaps.mean()
        c.verify("independent", not odd, "the codes are repeated, or have equal distances: draw each number anew")
    c.generator("generator", answer)

    small, codes = "Z = [[-0.5]], W[2] = [[-1], [0.5]], W[3] = [[0.5], [0.2]]", c.rng.normal(0, 1.5, (7, 3))
    ask = partial(c.function("decode").ask, probes.matrices)
    cases = [ask(small, X=[[-0.5]], **HAND), ask("7 codes of 3 numbers", X=codes, **matrices(c.rng))]
    c.options(cases, build, "the images", **STAGES)
