"""Classify the cells of a lab: the cells that an exam marks, their names, and the cells that exercises need."""

from __future__ import annotations

from typing import Any

CHECK = "check-"


KEY = "course"
"""The key of a Run in nbgrader's resources, and of its summary in the metadata of an autograded notebook."""


NOTES = "course_notes"
"""The key in nbgrader's resources for the notes of nbgrader_plugins.read: {"notes": lines, "damage": line}."""


def is_automatic(cell: Any) -> bool:
    """Return whether nbgrader reads this cell's score from its outputs: graded code that no person marks."""
    meta = cell.metadata.get("nbgrader", {})
    return bool(meta.get("grade")) and not meta.get("solution") and cell.cell_type == "code"


def grade_id(cell: Any) -> str:
    """Return nbgrader's name of a cell, "" for an ordinary cell."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def exam_name(cell: Any) -> str:
    """Return the name of a check cell's exam: "standardise" for check-standardise."""
    return grade_id(cell).removeprefix(CHECK)


def is_needed(cell: Any) -> bool:
    """Return whether the exercises need a cell, because it is set-up or an answer."""
    return bool("setup" in cell.metadata.get("tags", []) or cell.metadata.get("nbgrader", {}).get("solution"))
