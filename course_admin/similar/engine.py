"""Compare answers with copydetect: k-grams of code in which all names are replaced by the same letter.

    Schleimer, Wilkerson, Aiken (2003): Winnowing: Local Algorithms for Document Fingerprinting

copydetect replaces names by V and strings by S, and leaves out comments and white space. So renamed variables, other
comments and statements in another order change little. copydetect only reads the text.

Code that many students share is no evidence: a k-gram that occurs in more than a third of the answers is left out.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median
from typing import Any

from course_admin.common.text import in_unicode, one_line, printable

K = 12
"""Number of characters of a k-gram, in code whose names are one letter: about one short statement."""
COMMON = 1 / 3
"""A k-gram in a larger share of the answers to an exercise is left out, unless only two or three answers have it."""
SHORT = 50
"""Answers with fewer characters, names counted as one letter, are short: two or three lines."""


@dataclass
class Half:
    """One answer of a pair. lines: (text, whether the line resembles the other answer); length: number of compared
    characters, with names counted as one letter; same: how many of these the other answer has, too.
    """

    lines: list[tuple[str, bool]]
    length: float
    same: float


@dataclass
class Likeness:
    """The answers of two students to one exercise."""

    exercise: str
    one: Half
    other: Half

    @property
    def share(self) -> float:
        return _share(self.one.same + self.other.same, self.one.length + self.other.length)


@dataclass
class Pair:
    """Two students, and the exercises in which their answers resemble each other."""

    students: tuple[str, str]
    exercises: list[Likeness] = field(default_factory=list)
    length: float = 0.0

    @property
    def shown(self) -> list[str]:
        """The names of the two students in printable form."""
        return [one_line(in_unicode(student)) for student in self.students]

    @property
    def share(self) -> float:
        """The share of all own code of the two students in the lab that resembles the other student's code."""
        return _share(sum(found.one.same + found.other.same for found in self.exercises), self.length)


@dataclass
class Usual:
    """Usual values of an exercise in this class. answers: number of answers; length: median number of characters;
    nearest: median over the students of the largest similarity with another student's answer.
    """

    exercise: str
    answers: int
    length: float
    nearest: float

    @property
    def short(self) -> bool:
        return self.length < SHORT


@dataclass
class Compared:
    """The result for a class: all pairs with common code, the most similar first, and usual values of each exercise."""

    pairs: list[Pair]
    usual: list[Usual]


def compare(classes: Mapping[str, Mapping[str, str]]) -> Compared:
    """Compare every two answers to an exercise. classes: exercise -> student -> the student's own code."""
    from copydetect.detector import compare_files

    pairs: dict[tuple[str, str], Pair] = {}
    lengths: Counter[str] = Counter()
    usual = []
    for exercise, answers in classes.items():
        prints = {student: _fingerprint(code) for student, code in answers.items() if code}
        _leave_out_common(list(prints.values()))
        for student, made in prints.items():
            lengths[student] += made.token_coverage
        nearest = dict.fromkeys(prints, 0.0)
        for students in combinations(sorted(prints), 2):
            one, other = (prints[student] for student in students)
            if one.hashes.isdisjoint(other.hashes):
                continue
            _, shares, slices = compare_files(one, other)
            halves = [_half(*part) for part in zip((one, other), shares, slices, strict=True)]
            found = Likeness(exercise, *halves)
            pairs.setdefault(students, Pair(students)).exercises.append(found)
            for student in students:
                nearest[student] = max(nearest[student], found.share)
        sizes = [len(made.filtered_code) for made in prints.values()]
        usual.append(Usual(exercise, len(prints), *(median(part) if part else 0 for part in (sizes, nearest.values()))))
    for pair in pairs.values():
        pair.length = sum(lengths[student] for student in pair.students)
        pair.exercises.sort(key=lambda found: -found.one.same - found.other.same)
    return Compared(sorted(pairs.values(), key=lambda pair: (-pair.share, pair.students)), usual)


def _fingerprint(code: str) -> Any:
    from copydetect.detector import CodeFingerprint

    # With a window of 1 every k-gram counts: answers are short, and the result is the same in each run.
    return CodeFingerprint("answer.py", K, 1, language="python", fp=io.StringIO(code))


def _leave_out_common(prints: list[Any]) -> None:
    from copydetect.utils import get_token_coverage

    counts = Counter(gram for made in prints for gram in made.hashes)
    common = {gram for gram, count in counts.items() if count > max(3, COMMON * len(prints))}
    for made in prints:
        made.hashes = made.hashes - common
        made.hash_idx = {gram: places for gram, places in made.hash_idx.items() if gram not in common}
        made.token_coverage = float(get_token_coverage(made.hash_idx, K, len(made.filtered_code)))


def _half(made: Any, share: float, slices: Any) -> Half:
    length = made.token_coverage
    lines, at = [], 0
    for line in made.raw_code.split("\n"):
        alike = sum(max(0, min(at + len(line), end) - max(at, start)) for start, end in zip(*slices, strict=True))
        lines.append((printable(line), alike * 2 > len(line.strip()) > 0))
        at += len(line) + 1
    return Half(lines, length, min(share, 1.0) * length)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0
