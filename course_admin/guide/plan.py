"""A plan for a session of two hours, from the minutes that a lab states and the seconds that it computed."""

from __future__ import annotations

from typing import NamedTuple

from course_admin.guide.outline import WORDS_A_MINUTE, Outline, Section

SESSION, END = 120, 5
"""Minutes: of a session, and at least for its end."""


class Step(NamedTuple):
    """A line of the plan, in minutes from the start of the session. seconds: of computing."""

    begin: float
    end: float
    what: str
    exercises: list[str]
    writing: float
    reading: float
    seconds: float


def plan(outline: Outline) -> list[Step]:
    """The steps of a session: the graded sections, with the time that is left for reading shared out by words."""
    graded = [section for section in outline.graded if section.words]
    writing = sum(_writing(section) for section in graded)
    words = sum(section.words for section in graded) or 1
    reading = words / WORDS_A_MINUTE if outline.minutes is None else max(0.0, outline.minutes - writing)
    steps, now = list[Step](), 0.0
    for section in graded:
        step = _writing(section) + reading * section.words / words
        shown = [exercise.number for exercise in section.exercises]
        steps.append(
            Step(now, now + step, section.title, shown, _writing(section), step - _writing(section), section.seconds)
        )
        now += step
    last = max(float(SESSION), now + END)
    return [*steps, Step(now, last, "Look back: *What to remember*; hand in", [], 0, 0, 0)]


def surplus(steps: list[Step]) -> float:
    """By how many minutes a plan is longer than a session; 0 where it fits."""
    return max(0.0, steps[-1].end - SESSION)


def _writing(section: Section) -> float:
    return sum(exercise.minutes for exercise in section.exercises)
