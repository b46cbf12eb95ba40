"""The exams of lab 02. The diagnoses stand in course_utils/checks/manual_weights.py; here they meet fresh inputs, and a
few corners that the checks leave out.
"""

import numpy as np

from course_admin.grading.exams import exam
from course_utils import probes
from course_utils.checks import manual_weights as checks
from course_utils.checks import verdict
from course_utils.checks._report import array_of, attempt, number_of


def corner(verdicts, one):
    """A corner counts where all else is right: whoever has a mistake already does not pay for it twice."""
    return [*verdicts, one] if all(item.passed for item in verdicts) else verdicts


@exam("to_range")
def to_range(ask, rng):
    return checks.judge_to_range(ask, rng)


@exam("get_random_batch")
def get_random_batch(ask, rng):
    return checks.judge_get_random_batch(ask, rng)


@exam("init_parameters")
def init_parameters(ask, rng):
    verdicts = checks.judge_init_parameters(ask, rng)
    got = attempt(ask, probes.seeded, seed=1, times=1, sizes=[5, 3])
    alone = array_of(got, "draw_0_0", (6, 3)) is not None and "draw_0_1" not in got
    wrong = got.get("raised", "two sizes make one layer: a list of one matrix")
    return corner(verdicts, verdict(alone, "one layer alone is a list of one", wrong))


@exam("forward")
def forward(ask, rng):
    verdicts = checks.judge_forward(ask, rng)
    W = {f"w{i}": rng.normal(size=shape) for i, shape in enumerate([(21, 6), (7, 1), (2, 4), (5, 20)])}
    got = attempt(ask, probes.matrices, X=rng.normal(size=(1, 20)), at_code="linear", **W)
    small = array_of(got, "value_0", (1, 20)) is not None and array_of(got, "value_1", (1, 1)) is not None
    wrong = "one image through a code of one number comes out in another shape than [1, 20] and [1, 1]"
    wrong = got.get("raised", wrong)
    return corner(verdicts, verdict(small, "one image and one code keep both dimensions", wrong))


@exam("train_by_hand")
def train_by_hand(ask, rng):
    return checks.judge_train_by_hand(ask, rng)


@exam("dead_codes")
def dead_codes(ask, rng):
    return checks.judge_dead_codes(ask, rng) + checks.judge_dead_codes(ask, rng)


@exam("decoder_alone", targets=("sample_codes", "decode"))
def decoder_alone(ask, rng):
    return checks.judge_decoder_alone(ask, rng)


@exam("cross_entropy", targets=("softmax", "cross_entropy"))
def cross_entropy(ask, rng):
    verdicts = checks.judge_cross_entropy(ask, rng)
    # By hand: twelve equal logits, whatever they are, make log 12.
    level = np.full((3, 12), float(rng.uniform(-9e3, 9e3)), dtype=np.float32)
    got = attempt(
        ask, probes.differentiate, targets=("cross_entropy",), logits=level, one_hot=np.eye(12, dtype=np.float32)[:3]
    )
    found = number_of(got, "value")
    even = found is not None and abs(found - np.log(12)) < 1e-2  # a float32 of 9000 is known to 0.001
    wrong = "twelve equal logits do not make log 12 = 2.485"
    return corner(verdicts, verdict(even, "twelve equal logits make log 12", wrong))
