"""The exams of 00_template. Each asks the student's code and judges the answers; see course_admin/grading/exams.py."""

import numpy as np

from course_admin.grading.exams import exam
from course_utils import probes
from course_utils.checks import template as checks
from course_utils.checks import verdict


@exam("standardise")
def standardise(ask, rng):
    verdicts = checks.judge_standardise(ask, rng)
    # Beyond the check: large offsets, where E[x^2] - E[x]^2 loses all its digits in float32.
    X = (10_000 + 3 * rng.normal(size=(40, 3))).astype(np.float32)
    got = ask(probes.call, X=X).get("value")
    steady = isinstance(got, np.ndarray) and got.shape == X.shape and np.allclose(got.std(axis=0), 1, atol=1e-2)
    steady = steady and checks.follows(got, X)
    wrong = "around 10,000 the columns no longer spread by 1: centre first, then square, or all digits are lost"
    return [*verdicts, verdict(steady, "holds for numbers far from zero", wrong)]


@exam("sampler", targets=("GaussianSampler",))
def sampler(ask, rng):
    return checks.judge_sampler(ask, rng)


@exam("linear_autoencoder", targets=("train_linear_autoencoder",))
def linear_autoencoder(ask, rng):
    return checks.judge_linear_autoencoder(ask, rng)
