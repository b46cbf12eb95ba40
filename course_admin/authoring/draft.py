"""A lab as the rules of `course build` look at it, and the problems that they find."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Any

from course_admin.authoring.lab_exercises import KnownExercises
from course_admin.authoring.lab_text import Cell
from course_admin.course import Lab


@dataclass(frozen=True)
class Problem:
    """where: file:line, or the file alone, and the cell where there is one; reason: what is wrong and what to do."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


@dataclass(frozen=True)
class Draft:
    """What the rules look at.

    written: the cells as the author writes them; cells: the same cells with all that is derived; lines: of
    each cell the line of its `# %%` in the lab's text and that of the first line of its source, empty where the cells
    come from the source notebook; exercises: those that
    course_utils.checks and the exam file declare; release: nbgrader's cells as JSON, empty where there are none;
    files: what goes along, by name.
    """

    lab: Lab
    written: list[Cell]
    cells: list[Cell]
    exercises: KnownExercises
    lines: list[tuple[int, int]] = field(default_factory=list)
    release: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def at(self, number: int, reason: str, line: int | None = None) -> Problem:
        """A problem of cell `number` (from 1), or of a line of its source (from 0)."""
        cell = f"cell {number} ({label(self.cells[number - 1])})"
        if not self.lines:
            return Problem(f"{self.lab.show(self.lab.source)}, {cell}", reason)
        marker, first = self.lines[number - 1]
        there = marker if line is None else first + line
        return Problem(f"{self.lab.show(self.lab.text)}:{there}, {cell}", reason)

    def numbered(self) -> list[tuple[int, Cell]]:
        return list(enumerate(self.cells, 1))


def label(cell: Cell) -> str:
    """A cell's grade_id, or its first line."""
    first = cell["source"].strip().split("\n")[0]
    return grade_id(cell) or textwrap.shorten(first, 40, placeholder=" …") or "empty"


def nbgrader(cell: Cell) -> dict[str, Any]:
    """A cell's nbgrader metadata, empty where there is none."""
    return cell["metadata"].get("nbgrader", {})


def grade_id(cell: Cell) -> str:
    """A cell's grade_id, empty where there is none."""
    return str(nbgrader(cell).get("grade_id", ""))


def is_check(cell: Cell) -> bool:
    """Whether an exam marks this cell."""
    return bool(nbgrader(cell).get("grade") and not nbgrader(cell).get("solution"))


def is_answer(cell: Cell) -> bool:
    """Whether students write in this cell and a person marks it."""
    return bool(nbgrader(cell).get("grade") and nbgrader(cell).get("solution"))


def is_solution(cell: Cell) -> bool:
    """Whether students write code in this cell and a check cell carries its points."""
    return cell["cell_type"] == "code" and bool(nbgrader(cell).get("solution")) and not nbgrader(cell).get("grade")
