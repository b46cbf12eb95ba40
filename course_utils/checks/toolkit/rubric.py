"""The rubric of an exercise: aspects with weights, deductions, and the share of the points that follows.

share = (sum of weight * earned over all aspects) / (sum of weights) * (product of 1 - cost over deductions).
All declared aspects count, whatever path the judging takes: what was not judged has earned nothing.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

from course_utils.sentences import STUB

MAX_SLIPS = 8
"""The largest number of named slips of an exercise. All other mistakes get a counterexample."""
DEDUCTIONS = {"form": (0.2, "the form asked for"), "writes": (0.2, "the inputs are left as they were")}
"""Deductions of every exercise, unless it declares an aspect or a deduction with the same name."""


class Verdict(NamedTuple):
    """What was found about an aspect, or about a deduction that applies.

    message: the lines for the student; weight: of the aspect, 0 for a deduction; earned: the part of the weight that is
    kept, 0 to 1; cost: the share that a deduction takes, 0 for an aspect.
    """

    aspect: str
    message: str
    weight: float = 0.0
    earned: float = 1.0
    cost: float = 0.0

    @property
    def passed(self) -> bool:
        return self.earned == 1.0 and not self.cost


class Line(NamedTuple):
    """A line of a rubric: the weight of an aspect, or the cost of a deduction, and what is right."""

    name: str
    size: float
    right: str


class Rubric(NamedTuple):
    """aspects: what the points are given for; deductions: what takes a share of them away."""

    aspects: tuple[Line, ...]
    deductions: tuple[Line, ...]


def declare(aspects: dict[str, tuple[float, str]], costs: dict[str, tuple[float, str]]) -> Rubric:
    """A Rubric from what `exercise` is given. Raises ValueError for weights and costs that cannot be meant."""
    deductions = {name: pair for name, pair in DEDUCTIONS.items() if name not in aspects} | costs
    found = Rubric(
        tuple(Line(name, *pair) for name, pair in aspects.items()),
        tuple(Line(name, *pair) for name, pair in deductions.items() if pair[0]),  # a cost of 0 turns it off
    )
    meant = all(line.size > 0 for line in found.aspects) and all(0 < line.size < 1 for line in found.deductions)
    if not aspects or not meant:
        raise ValueError(f"an aspect has a weight above 0, a deduction a share between 0 and 1: {aspects}, {costs}")
    return found


def share_of(verdicts: Iterable[Verdict]) -> float:
    """The share of the points, 0 to 1, that verdicts leave. 0 where nothing was judged."""
    verdicts = list(verdicts)
    total = sum(item.weight for item in verdicts)
    earned = sum(item.weight * item.earned for item in verdicts)
    return earned / total * math.prod(1 - item.cost for item in verdicts) if total > 0 else 0.0


def lines_of(verdicts: Iterable[Verdict]) -> list[str]:
    """The verdicts as the lines that students read, what is right first; the same line once.

    Of several functions, one that still is the stub is not wrong: "·".
    """
    ordered = sorted(verdicts, key=lambda item: not item.passed)
    signs = ("✓" if item.passed else "·" if item.message.endswith(STUB) else "✗" for item in ordered)
    return list(
        dict.fromkeys(f"{sign}  {item.message}" for sign, item in zip(signs, ordered, strict=True) if item.message)
    )
