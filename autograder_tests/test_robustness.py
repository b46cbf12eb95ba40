"""Evidence comes from a process that the student controls. A judge never raises on damaged evidence, and never gives
all points for wrong values.
"""

from __future__ import annotations

import random
from functools import cache

import numpy as np
from candidates import candidate
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from course_admin.grading.exams import Transcript, load_exams, run_exam
from course_utils.evidence import pack, unpack
from course_utils.probes import direct_ask

MOST = 60
"""The number of damaged runs per exam, a fixed sample. (All of them take minutes; try them when you write a judge.)"""

# Values that an honest answer may contain, but the references do not: any share is allowed, but no error.
OTHER_NUMBERS = {
    "float16": lambda v: v.astype(np.float16),
    "float64": lambda v: v.astype(np.float64),
    "int8": lambda v: np.full(v.shape, -128, np.int8),
    "uint64": lambda v: np.full(v.shape, 2**63, np.uint64),
    "booleans": lambda v: np.ones(v.shape, np.bool_),
    "one dimension more": lambda v: v[None],
    "zeros": np.zeros_like,
    "huge": lambda v: np.full(v.shape, 1e300),
    "float32's largest": lambda v: np.full(v.shape, np.finfo(np.float32).max, np.float32),
}
# Values that no right answer contains.
WRONG_ARRAYS = {
    "one row less": lambda v: np.atleast_1d(v)[:-1],
    "one column less": lambda v: np.atleast_1d(v)[..., :-1],
    "nan": lambda v: np.full(v.shape, np.nan),
    "one nan": lambda v: np.where(np.arange(v.size).reshape(v.shape) == v.size - 1, np.nan, v),
    "inf": lambda v: np.full(v.shape, -np.inf),
    "empty": lambda v: np.zeros((0, *v.shape[1:]), np.float32),
    "too many dimensions": lambda v: np.zeros((1,) * 20, np.float32),
    "too many numbers": lambda v: np.zeros(1_000_000, np.float32),
}
WRONG_VALUES = {
    "missing": None,
    "None": lambda v: None,
    "text": lambda v: "<script>\n✓ right</script>" * 50,
    "empty text": lambda v: "",
    "list": lambda v: ["a", 1, 2.5],
    "empty list": lambda v: [],
    "True": lambda v: True,
    "nan alone": lambda v: float("nan"),
    "inf alone": lambda v: float("inf"),
    "a very long number": lambda v: -(10**400),
    "no dimensions": lambda v: np.array(np.nan),
    "nothing in it": lambda v: np.zeros(0),
    "a column of nothing": lambda v: np.zeros((3, 0), np.int8),
}

DAMAGES = WRONG_VALUES | WRONG_ARRAYS | OTHER_NUMBERS


@cache
def recorded(root, lab, name):
    """Return an exam, and the reference's answers to its questions."""
    exam = load_exams(root, lab)[name]
    namespace = candidate(root, lab)
    transcript = Transcript()
    result = run_exam(exam, transcript.recording(direct_ask({target: namespace[target] for target in exam.targets})))
    assert result.share == 1.0, result.message
    answers = [Noted(got) for _, got in transcript.entries]
    run_exam(exam, answering(answers))
    return exam, answers


class Noted(dict):
    """Evidence that records which of its entries were read."""

    def __init__(self, *args):
        super().__init__(*args)
        self.seen = set()

    def get(self, name, default=None):
        self.seen.add(name)
        return super().get(name, default)

    def __getitem__(self, name):
        self.seen.add(name)
        return super().__getitem__(name)

    def matters(self, name):
        """Return True if points depend on an entry: a number that was read. Words, lists and counts serve messages."""
        value = dict.get(self, name)
        number = isinstance(value, np.ndarray | float | int) and not isinstance(value, bool)
        return number and name in self.seen and name not in ("calls", "seen", "steps")


def answering(answers):
    """Return an `ask` function that gives these answers one after the other, for any questions."""
    waiting = iter(answers)
    return lambda question, targets=None, /, **inputs: next(waiting, {})


def through_the_channel(value):
    """Return the value as it arrives from the student's process: packed and unpacked."""
    return unpack(pack({"value": value}))["value"]


def exams_of(lab):
    root, name = lab
    return [recorded(root, name, exam) for exam in load_exams(root, name)]


def test_damaged_values_earn_nothing_and_upset_nothing(lab):
    """If one value of the evidence is replaced, there is no exception, and less than all points are given."""
    for exam, answers in exams_of(lab):
        cases = [
            (position, name, damage)
            for position, evidence in enumerate(answers)
            for name, value in evidence.items()
            for damage in (DAMAGES if isinstance(value, np.ndarray) else WRONG_VALUES)
        ]
        for position, name, damage in random.Random(0).sample(cases, min(MOST, len(cases))):
            evidence = answers[position]
            damaged = {key: item for key, item in evidence.items() if key != name}
            if DAMAGES[damage]:
                damaged[name] = through_the_channel(DAMAGES[damage](dict.get(evidence, name)))
            result = run_exam(exam, answering([*answers[:position], damaged, *answers[position + 1 :]]))
            where = f"{exam.name}: {name} of answer {position} is {damage}"
            assert not result.error, f"{where}\n{result.error}"
            without_bias = damage == "missing" and name.endswith("bias")  # a layer may have none
            # An empty array with one column less may be the same array.
            same = name in damaged and np.array_equal(np.shape(damaged[name]), np.shape(dict.get(evidence, name)))
            same = same and np.array_equal(damaged[name], dict.get(evidence, name))
            harmless = damage in OTHER_NUMBERS or without_bias or same or not evidence.matters(name)
            assert result.share < 1 or harmless, where


def test_no_answers_at_all(lab):
    for exam, answers in exams_of(lab):
        for evidence in ({}, {"value": None}, {"": [], "weights.": True, "é\n": np.zeros((2, 2))}):
            result = run_exam(exam, answering([evidence] * len(answers)))
            assert (result.share, result.error) == (0.0, None), result.message


SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)
NUMBERS = st.sampled_from([0.0, 1.0, -1.0, 0.5, 6e4, np.nan, np.inf])
ARRAYS = st.builds(
    lambda shape, number, kind: np.full(shape, number if kind.startswith("f") else 1).astype(kind),
    SHAPES,
    NUMBERS,
    st.sampled_from(["f2", "f4", "f8", "i1", "i8", "u1", "u8", "?"]),
)
NONSENSE = st.one_of(
    ARRAYS, NUMBERS, st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.lists(st.text(max_size=3))
)


@settings(max_examples=30, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
@given(data=st.data())
def test_nonsense_under_the_right_names(lab, data):
    """Several values at once are replaced by values of any kind, shape and type."""
    for exam, answers in exams_of(lab):
        nonsense = []
        for evidence in answers:
            names = data.draw(st.lists(st.sampled_from(sorted(evidence)), min_size=1, unique=True, max_size=6))
            nonsense.append(evidence | {name: through_the_channel(data.draw(NONSENSE)) for name in names})
        result = run_exam(exam, answering(nonsense))
        assert not result.error, result.error
        touched = [
            evidence.matters(name)
            for evidence, other in zip(answers, nonsense, strict=True)
            for name in evidence
            if other[name] is not dict.get(evidence, name)
        ]
        assert result.share < 1 or not any(touched)
