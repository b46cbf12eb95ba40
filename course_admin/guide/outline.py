"""The outline of a lab for teachers: sections, exercises with points and minutes, questions, written answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from nbformat.notebooknode import NotebookNode

from course_admin.authoring.point_rules import HEADING
from course_admin.common.graded_cells import CHECK
from course_admin.site.executed import seconds_of
from course_admin.site.notebook_pages import promise_of, title_of

SECTION = re.compile(r"## (?P<title>(?P<number>\d+) · .+)")
THINK = "**Think.**"
TAKES = re.compile(r"(?i)sections? (\d+)(?: to (\d+))? takes? about (\d+)")
WORDS_A_MINUTE = 130
"""Reading speed for a text with formulas in a foreign language; used only if a lab does not state its time."""


@dataclass
class ExerciseText:
    """An exercise. name: the name of its exam, or the grade_id of a written answer; question: the text below its
    heading; anchor: the id of this heading on the page of the solved notebook.
    """

    number: str
    points: float
    minutes: float
    question: str
    name: str = ""
    written: bool = False
    anchor: str = ""


@dataclass
class Section:
    """A numbered section. words: number of words of its text; seconds: computing time of its cells."""

    number: int
    title: str
    words: int = 0
    seconds: float = 0.0
    exercises: list[ExerciseText] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


class Sitting(NamedTuple):
    """The sections of one session, from `first` to `last`; minutes: their stated time, None if the lab states none."""

    first: int
    last: int
    minutes: float | None


@dataclass
class Outline:
    """The outline of a lab. sittings: its sessions, usually one; several if the first cell states a time for each, as
    in "section 6 takes about 60 minutes" after the time of the other sections.
    """

    title: str
    promise: str
    remember: str
    sections: list[Section]
    sittings: list[Sitting]

    @property
    def last(self) -> int:
        """The number of the last section that belongs to a session."""
        return self.sittings[-1].last

    @property
    def minutes(self) -> float | None:
        """The stated minutes of all sessions together; None if the lab states none."""
        stated = [sitting.minutes for sitting in self.sittings if sitting.minutes is not None]
        return sum(stated) if stated else None

    @property
    def exercises(self) -> list[ExerciseText]:
        return [exercise for section in self.sections for exercise in section.exercises]

    @property
    def questions(self) -> list[str]:
        return [question for section in self.sections for question in section.questions]

    def sections_of(self, sitting: Sitting) -> list[Section]:
        """Return the sections of a session; text before the first section belongs to the first session."""
        first = -1 if sitting == self.sittings[0] else sitting.first
        return [section for section in self.sections if first <= section.number <= sitting.last]


def outline_of(notebook: NotebookNode) -> Outline:
    """Return the outline of an instructor's notebook. The computing time of its sections is known only after a run."""
    sections = [Section(-1, "Before the first section")]
    waiting: ExerciseText | None = None
    remember: list[str] = []
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade"):
            if waiting is not None:
                waiting.name = about["grade_id"].removeprefix(CHECK)
                waiting.written = cell.cell_type == "markdown"
                sections[-1].exercises.append(waiting)
            waiting = None
        elif cell.cell_type == "markdown":
            waiting = _read_text(cell.source, sections, waiting)
            remember += _list_below(cell.source, "## What to remember")
        sections[-1].seconds += seconds_of(cell)
    first = notebook.cells[0].source if notebook.cells else ""
    taken = TAKES.findall(" ".join(first.split()))
    sittings = [Sitting(int(begin), int(end or begin), float(minutes)) for begin, end, minutes in taken]
    last = max((section.number for section in sections if section.exercises), default=0)
    sittings = sittings or [Sitting(0, last, None)]
    return Outline(title_of(notebook), promise_of(notebook), "\n".join(remember).strip(), sections, sittings)


def _read_text(source: str, sections: list[Section], waiting: ExerciseText | None) -> ExerciseText | None:
    """Add a cell's sections, words and questions, and return the exercise whose graded cell comes next."""
    for part in re.split(r"(?=^#+ )", source, flags=re.MULTILINE):
        heading = part.partition("\n")[0].strip()
        if found := SECTION.fullmatch(heading):
            sections.append(Section(int(found["number"]), found["title"]))
        if found := HEADING.fullmatch(heading):
            question = part.partition("\n")[2].strip()
            anchor = re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")
            numbers = float(found["points"]), float(found["minutes"])
            waiting = ExerciseText(found["exercise"], *numbers, question, anchor=anchor)
        sections[-1].words += len(part.split())
        for paragraph in re.split(r"\n\s*\n", part):
            if THINK in paragraph:
                sections[-1].questions.append(" ".join(paragraph.partition(THINK)[2].split()))
    return waiting


def _list_below(source: str, heading: str) -> list[str]:
    """Return the paragraphs of the list below a heading; empty if there is none."""
    found = re.search(rf"^{heading}\s*$(.*?)(?=^#+ |\Z)", source, flags=re.MULTILINE | re.DOTALL)
    return [part for part in re.split(r"\n\s*\n", found[1].strip()) if part.startswith("- ")] if found else []
