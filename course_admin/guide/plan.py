"""Plan a session of two hours from the minutes that a lab states and the measured seconds of computing."""

from __future__ import annotations

from typing import NamedTuple

from course_admin.guide.outline import WORDS_A_MINUTE, Outline, Section, Sitting

SESSION, END = 120, 5
"""Minutes of a session, and the least number of minutes for its end."""
LONG = 20
"""If more minutes than this are left at the end, looking back does not need them all."""


class Step(NamedTuple):
    """A line of the plan. begin, end: minutes from the start of the session; seconds: computing time."""

    begin: float
    end: float
    what: str
    exercises: list[str]
    writing: float
    reading: float
    seconds: float


def plan(outline: Outline, sitting: Sitting | None = None) -> list[Step]:
    """Return the steps of a session (default: the first): one for each section, and one for the end.

    The time for reading is divided among the sections in proportion to their number of words.
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
    """Return the number of minutes by which a plan is longer than a session; 0 if it fits."""
    return max(0.0, steps[-1].end - SESSION)


def _writing(section: Section) -> float:
    return sum(exercise.minutes for exercise in section.exercises)
