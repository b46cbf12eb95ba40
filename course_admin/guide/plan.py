"""A plan for a session of two hours, from the minutes that a lab states and the seconds that it computed."""

from __future__ import annotations

from typing import NamedTuple

from course_admin.guide.outline import WORDS_A_MINUTE, Outline, Section, Sitting

SESSION, END = 120, 5
"""Minutes: of a session, and at least for its end."""
LONG = 20
"""Minutes at the end that are more than looking back needs."""


class Step(NamedTuple):
    """A line of the plan, in minutes from the start of the session. seconds: of computing."""

    begin: float
    end: float
    what: str
    exercises: list[str]
    writing: float
    reading: float
    seconds: float


def plan(outline: Outline, sitting: Sitting | None = None) -> list[Step]:
    """The steps of a session (default: the first): its sections, with the time that is left for reading shared out by
    words.
    """
    sitting = sitting or outline.sittings[0]
    graded = [section for section in outline.sections_of(sitting) if section.words]
    writing = sum(_writing(section) for section in graded)
    words = sum(section.words for section in graded) or 1
    reading = words / WORDS_A_MINUTE if sitting.minutes is None else max(0.0, sitting.minutes - writing)
    steps, now = list[Step](), 0.0
    for section in graded:
        step = _writing(section) + reading * section.words / words
        shown = [exercise.number for exercise in section.exercises]
        steps.append(
            Step(now, now + step, section.title, shown, _writing(section), step - _writing(section), section.seconds)
        )
        now += step
    last = max(float(SESSION), now + END)
    end = "Look back: *What to remember*; hand in"
    if sitting != outline.sittings[-1]:
        end = "Look back; the other sections are for the next session"
    elif last - now > LONG:
        end += "; then *Going further*"
    return [*steps, Step(now, last, end, [], 0, 0, 0)]


def surplus(steps: list[Step]) -> float:
    """By how many minutes a plan is longer than a session; 0 where it fits."""
    return max(0.0, steps[-1].end - SESSION)


def _writing(section: Section) -> float:
    return sum(exercise.minutes for exercise in section.exercises)
