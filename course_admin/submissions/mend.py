"""What was handed in, rebuilt as a notebook that can be graded, whatever state it is in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course_admin.submissions.find_notebook import HandedIn
from course_admin.submissions.repair import Frame, frame, repair


@dataclass
class Mended:
    """A submission that can be graded. notes: what was mended; damage: why it is not all that was meant, or ""."""

    notebook: NotebookNode
    notes: list[str] = field(default_factory=list)
    damage: str = ""


def lab_frame(source: Path, config: Any = None) -> Frame:
    """The frame of a lab, made from source/<lab>/<lab>.ipynb by nbgrader's own preprocessors.

    Not read from release/, which need not be there where grading is done.
    """
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearOutput, ClearSolutions, LockCells

    solved = nbformat.read(source, as_version=4)
    release = nbformat.from_dict(solved)
    for step in (LockCells, ClearSolutions, ClearHiddenTests, ClearMarkScheme, ClearOutput):
        release, _ = step(config=config).preprocess(release, {})
    return frame(release, solved)


def mend(given: Frame, taken: HandedIn) -> Mended:
    """What was handed in as a notebook that can be graded; of what cannot be read at all the untouched release."""
    done = repair(given, taken.cells)
    damage = taken.damage
    if not damage and not done.found:
        damage = "none of this lab's exercises is in the notebook: is it another lab's? Hand in again"
        done.notebook, done.notes = repair(given, []).notebook, []
    return Mended(done.notebook, [*taken.notes, *done.notes], damage)
