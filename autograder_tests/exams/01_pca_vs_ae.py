"""The exams of lab 01. The diagnoses stand in course_utils/checks/pca_vs_ae.py; here they meet fresh inputs. What costs
points is what the checks find as well.
"""

from course_admin.grading.exams import exam
from course_utils.checks import pca_vs_ae as checks


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
    return checks.judge_components_needed(ask, rng)


@exam("image_errors")
def image_errors(ask, rng):
    return checks.judge_image_errors(ask, rng)
