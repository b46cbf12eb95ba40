"""A lab as a teacher looks at it: sections, exercises with points and minutes, questions, written answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nbformat.notebooknode import NotebookNode

from course_admin.authoring.point_rules import HEADING
from course_admin.common.graded_cells import CHECK
from course_admin.site.executed import seconds_of
from course_admin.site.notebook_pages import promise_of, title_of

SECTION = re.compile(r"## (?P<title>(?P<number>\d+) · .+)")
THINK = "**Think.**"
TAKES = re.compile(r"(?i)sections (\d+) to (\d+) take about (\d+) minutes")
WORDS_A_MINUTE = 130
"""Of a text with formulas in a foreign language; only where a lab does not say how long it takes."""


@dataclass
class ExerciseText:
    """An exercise. name: of its exam, or the grade_id of a written answer; question: the text below its heading."""

    number: str
    points: float
    minutes: float
    question: str
    name: str = ""
    written: bool = False


@dataclass
class Section:
    """A numbered section. words: of its text; seconds: that its cells computed."""

    number: int
    title: str
    words: int = 0
    seconds: float = 0.0
    exercises: list[ExerciseText] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


@dataclass
class Outline:
    """graded: the sections that belong to the session; minutes: that they take, None where the lab does not say it."""

    title: str
    promise: str
    remember: str
    sections: list[Section]
    last: int
    minutes: float | None

    @property
    def exercises(self) -> list[ExerciseText]:
        return [exercise for section in self.sections for exercise in section.exercises]

    @property
    def questions(self) -> list[str]:
        return [question for section in self.sections for question in section.questions]

    @property
    def graded(self) -> list[Section]:
        return [section for section in self.sections if section.number <= self.last]


def outline_of(notebook: NotebookNode) -> Outline:
    """The outline of an instructor's notebook; with its outputs, also how long its sections computed."""
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
    takes = TAKES.search(" ".join(first.split()))
    last = int(takes[2]) if takes else max((section.number for section in sections if section.exercises), default=0)
    minutes = float(takes[3]) if takes else None
    return Outline(title_of(notebook), promise_of(notebook), "\n".join(remember).strip(), sections, last, minutes)


def _read_text(source: str, sections: list[Section], waiting: ExerciseText | None) -> ExerciseText | None:
    """Add a cell's sections, words and questions; returns the exercise whose graded cell comes next."""
    for part in re.split(r"(?=^#+ )", source, flags=re.MULTILINE):
        heading = part.partition("\n")[0].strip()
        if found := SECTION.fullmatch(heading):
            sections.append(Section(int(found["number"]), found["title"]))
        if found := HEADING.fullmatch(heading):
            question = part.partition("\n")[2].strip()
            waiting = ExerciseText(found["exercise"], float(found["points"]), float(found["minutes"]), question)
        sections[-1].words += len(part.split())
        for paragraph in re.split(r"\n\s*\n", part):
            if THINK in paragraph:
                sections[-1].questions.append(" ".join(paragraph.partition(THINK)[2].split()))
    return waiting


def _list_below(source: str, heading: str) -> list[str]:
    """The list below a heading."""
    found = re.search(rf"^{heading}\s*$(.*?)(?=^#+ |\Z)", source, flags=re.MULTILINE | re.DOTALL)
    return [part for part in re.split(r"\n\s*\n", found[1].strip()) if part.startswith("- ")] if found else []
