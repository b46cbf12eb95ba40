"""How the cells of a lab are told apart: which an exam marks, and by which name."""

from __future__ import annotations

from typing import Any

CHECK = "check-"


KEY = "course"
"""The key of a Run among nbgrader's resources, and of its summary in the metadata of an autograded notebook."""


NOTES = "course_notes"
"""The key under which nbgrader_plugins.read leaves what it repaired: {"notes": lines, "damage": line}."""


def is_automatic(cell: Any) -> bool:
    """Whether nbgrader reads a score for this cell from its outputs: graded code that no person marks."""
    meta = cell.metadata.get("nbgrader", {})
    return bool(meta.get("grade")) and not meta.get("solution") and cell.cell_type == "code"


def grade_id(cell: Any) -> str:
    """nbgrader's name of a cell, "" for an ordinary one."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def exam_name(cell: Any) -> str:
    """The exam of a check cell: "standardise" for check-standardise."""
    return grade_id(cell).removeprefix(CHECK)


def is_needed(cell: Any) -> bool:
    """Whether a cell is set-up or an answer, which the exercises need."""
    return bool("setup" in cell.metadata.get("tags", []) or cell.metadata.get("nbgrader", {}).get("solution"))
