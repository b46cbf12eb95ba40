"""The exams of lab 01. The diagnoses stand in course_utils/checks/pca_vs_ae.py; here they meet fresh inputs, and a
few corners that the checks leave out.
"""

import numpy as np

from course_admin.exams import exam
from course_utils import probes
from course_utils.checks import pca_vs_ae as checks
from course_utils.checks import verdict
from course_utils.checks._report import attempt, number_of


@exam("keep_digits")
def keep_digits(ask, rng):
    return checks.judge_keep_digits(ask, rng) + checks.judge_keep_digits(ask, rng)


@exam("small_autoencoder", targets=("SmallAutoencoder",))
def small_autoencoder(ask, rng):
    return checks.judge_small_autoencoder(ask, rng)


@exam("train_epoch")
def train_epoch(ask, rng):
    return checks.judge_train_epoch(ask, rng)


@exam("train_small")
def train_small(ask, rng):
    return checks.judge_train_small(ask, rng)


@exam("pca_fit")
def pca_fit(ask, rng):
    return checks.judge_pca_fit(ask, rng)


@exam("pca_codes", targets=("pca_encode", "pca_decode"))
def pca_codes(ask, rng):
    return checks.judge_pca_codes(ask, rng)


@exam("components_needed")
def components_needed(ask, rng):
    verdicts = checks.judge_components_needed(ask, rng)
    # Many components: the count by numpy, at shares halfway between two steps of the running sum, where no rounding
    # decides.
    variances = np.sort(rng.exponential(size=50))[::-1].astype(np.float32)
    running = np.cumsum(variances, dtype=np.float64) / variances.sum(dtype=np.float64)
    counts = [int(count) for count in rng.integers(3, 45, size=3)]
    right = []
    for count in counts:
        share = float(running[count - 2] + running[count - 1]) / 2
        right.append(number_of(attempt(ask, probes.call, variances=variances, share=share), "value") == count)
    return [*verdicts, verdict(all(right), "right for fifty components too", "wrong for a list of fifty components")]


@exam("image_errors")
def image_errors(ask, rng):
    return checks.judge_image_errors(ask, rng)
