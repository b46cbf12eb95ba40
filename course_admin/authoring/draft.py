"""The draft of a lab that the rules of `course build` check, and the problems that the rules find."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Any

from course_admin.authoring.lab_exercises import KnownExercises
from course_admin.authoring.lab_text import Cell
from course_admin.course import Lab


@dataclass(frozen=True)
class Problem:
    """A problem in a lab. where: file:line or the file alone, with the cell if there is one; reason: what is wrong and
    how to correct it.
    """

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


@dataclass(frozen=True)
class Draft:
    """The data that the rules check.

    written: the cells as the author writes them; cells: the same cells with all derived parts; exercises: the exercises
    that course_utils.checks and the exam file declare; lines: for each cell, the line of its `# %%` in the lab's text
    and the line where its source begins (empty if the cells come from the source notebook); release: the cells of
    nbgrader's release as JSON (empty if there are none); files: the files that are copied with the notebook, by name.
    """

    lab: Lab
    written: list[Cell]
    cells: list[Cell]
    exercises: KnownExercises
    lines: list[tuple[int, int]] = field(default_factory=list)
    release: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def at(self, number: int, reason: str, line: int | None = None) -> Problem:
        """Return a problem of cell `number` (from 1), or of a line of its source (from 0)."""
        cell = f"cell {number} ({label(self.cells[number - 1])})"
        if not self.lines:
            return Problem(f"{self.lab.show(self.lab.source)}, {cell}", reason)
        marker, first = self.lines[number - 1]
        there = marker if line is None else first + line
        return Problem(f"{self.lab.show(self.lab.text)}:{there}, {cell}", reason)

    def numbered(self) -> list[tuple[int, Cell]]:
        return list(enumerate(self.cells, 1))


def label(cell: Cell) -> str:
    """Return a cell's grade_id, or its first line, shortened, if it has none."""
    first = cell["source"].strip().split("\n")[0]
    return grade_id(cell) or textwrap.shorten(first, 40, placeholder=" …") or "empty"


def nbgrader(cell: Cell) -> dict[str, Any]:
    """Return a cell's nbgrader metadata, or an empty dict if there is none."""
    return cell["metadata"].get("nbgrader", {})


def grade_id(cell: Cell) -> str:
    """Return a cell's grade_id, or an empty string if there is none."""
    return str(nbgrader(cell).get("grade_id", ""))


def is_check(cell: Cell) -> bool:
    """Return True if an exam marks this cell."""
    return bool(nbgrader(cell).get("grade") and not nbgrader(cell).get("solution"))


def is_answer(cell: Cell) -> bool:
    """Return True if students write in this cell and a person marks it."""
    return bool(nbgrader(cell).get("grade") and nbgrader(cell).get("solution"))


def is_solution(cell: Cell) -> bool:
    """Return True if students write code in this cell and a check cell has the points for it."""
    return cell["cell_type"] == "code" and bool(nbgrader(cell).get("solution")) and not nbgrader(cell).get("grade")
