"""Item analysis: statistics of the exercises from the marks of a class.

Difficulty is the mean share of an exercise's points, from 0 (no student got any) to 1 (all students got all): the
classical index p, which is large for an easy exercise. Discrimination is the corrected item-total correlation:
Pearson's r between the points of the exercise and the sum of all others, so that an exercise does not correlate with
itself (S. Henrysson, Correction of item-total correlations in item analysis, Psychometrika 28, 1963). Positive:
students who are good at the other exercises are good at this one. Near zero or negative: check the exercise and its
marking. R. L. Ebel and D. A. Frisbie (Essentials of Educational Measurement, 5th edition, 1991) call 0.4 and more very
good, below 0.2 poor.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from course_admin.report.marks import Marks, RunNotes

ENOUGH = 5
"""The smallest number of students for which a correlation is shown; with fewer it has no meaning."""
MOST = 15
"""The largest number of diagnoses that are listed."""


class Exercise(NamedTuple):
    """The statistics of one exercise over the class.

    marked: the number of students with a mark; full, none: how many of these have all points, and no points; waiting:
    the number of answers that need manual grading; difficulty: mean share of the points, None if nobody has a mark;
    discrimination: see above, None if it is not defined.
    """

    name: str
    out_of: float
    automatic: bool
    marked: int
    full: int
    none: int
    waiting: int
    difficulty: float | None
    discrimination: float | None

    @property
    def part(self) -> int:
        """The number of students with some of the points, but not all."""
        return self.marked - self.full - self.none


class Diagnosis(NamedTuple):
    """A failed aspect: its exercise, the number of students who got its message, and one wording of the message."""

    exercise: str
    students: int
    message: str


def exercises(rows: Sequence[Marks]) -> list[Exercise]:
    """Return the statistics of every exercise of a lab, in the notebook's order."""
    names = list(dict.fromkeys(name for row in rows for name in row.grades))
    return [_exercise(name, rows) for name in names]


def correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Pearson's r, None if one of the two sequences does not vary."""
    if len(first) < 2 or min(statistics.pstdev(first), statistics.pstdev(second)) < 1e-9:  # rounding of sums
        return None
    return statistics.correlation(first, second)


def diagnoses(runs: Mapping[str, RunNotes], *, leave_out: str = "") -> list[Diagnosis]:
    """Return the most frequent messages of failed aspects, the most frequent first.

    Messages that differ only in their numbers count as one. Each student counts once. leave_out: messages that contain
    this text are ignored; it is the message for a blank exercise, which is no diagnosis.
    """
    told: dict[tuple[str, str], tuple[set[str], str]] = {}
    for student, run in runs.items():
        for exercise, verdicts in run.verdicts.items():
            for passed, message in verdicts:
                if not passed and not (leave_out and leave_out in message):
                    kind = re.sub(r"[-+]?\d[\d.,]*(e[-+]?\d+)?", "#", message)
                    told.setdefault((exercise, kind), (set(), message))[0].add(student)
    found = [Diagnosis(exercise, len(students), message) for (exercise, _), (students, message) in told.items()]
    return sorted(found, key=lambda item: (-item.students, item.exercise, item.message))[:MOST]


def blank(runs: Mapping[str, RunNotes], sentence: str) -> dict[str, int]:
    """Return by exercise how many students left it blank. sentence: the text in the message for a blank exercise."""
    counts: dict[str, int] = {}
    for run in runs.values():
        for exercise, verdicts in run.verdicts.items():
            if any(not passed and sentence in message for passed, message in verdicts):
                counts[exercise] = counts.get(exercise, 0) + 1
    return counts


def _exercise(name: str, rows: Sequence[Marks]) -> Exercise:
    grades = [row.grades[name] for row in rows if name in row.grades]
    marked = [grade for grade in grades if grade.marked]
    out_of = max((grade.out_of for grade in grades), default=0.0)
    shares = [grade.points / grade.out_of for grade in marked if grade.out_of > 0]
    # Only exercises that are marked for every student: an answer not marked yet would count as wrong.
    others = [other for other in _settled(rows) if other != name]
    have = [row for row in rows if name in row.grades and row.grades[name].marked]
    own = [row.grades[name].points for row in have]
    rest = [sum(row.grades[other].points for other in others) for row in have]
    return Exercise(
        name,
        out_of,
        any(grade.automatic for grade in grades),
        len(marked),
        sum(share >= 1 - 1e-9 for share in shares),
        sum(share <= 1e-9 for share in shares),
        sum(grade.pending for grade in grades),
        statistics.mean(shares) if shares else None,
        correlation(own, rest) if len(have) >= ENOUGH else None,
    )


def _settled(rows: Sequence[Marks]) -> list[str]:
    names = dict.fromkeys(name for row in rows for name in row.grades)
    return [name for name in names if all(name in row.grades and row.grades[name].marked for row in rows)]
