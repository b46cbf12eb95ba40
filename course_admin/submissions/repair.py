"""Repair a submission: put the student's work into the lab's released notebook.

The release has priority: its cells keep their type, metadata and points, even if the submission differs. The student's
solution cells are put into it (match_cells), and cells that the student added stay next to their neighbours (compose).
Each repair is reported in one line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from nbformat.notebooknode import NotebookNode

from course_admin.submissions.cell_analysis import is_stub, names_bound, names_used, parsed
from course_admin.submissions.compose import Composer
from course_admin.submissions.find_notebook import SubmittedCell
from course_admin.submissions.match_cells import Matching, Release, Slot, release_of

__all__ = ["Release", "Repaired", "filled_in", "release_of", "repair"]

SETUP = "setup"


@dataclass
class Repaired:
    """The result of a repair.

    notebook: the release with the student's work; notes: what was repaired; found: number of the lab's solution and
    check cells in the submission; outputs: see Composer.
    """

    notebook: NotebookNode
    notes: list[str]
    found: int
    outputs: dict[str, list[Any]] = field(default_factory=dict)


def filled_in(release: Release, cells: Sequence[SubmittedCell]) -> tuple[int, int]:
    """Return how many of the lab's solution cells are filled in, and how many of its graded cells are present."""
    work = Matching(release, cells)
    work.match()
    graded = [slot for slot in work.slots if slot.is_solution or slot.is_check]
    filled = [slot for slot in graded if slot.is_solution and slot.hand and not slot.guessed]
    filled = [slot for slot in filled if not is_stub(slot.source, slot.cell.source)]
    return len(filled), sum(slot.hand is not None and not slot.guessed for slot in graded)


def repair(release: Release, cells: Sequence[SubmittedCell]) -> Repaired:
    """Return the lab's notebook with the work in `cells`. Faulty cells never raise an exception."""
    work = _Repair(release, cells)
    work.match()
    work.bring_back()
    graded = [slot for slot in work.slots if slot.is_solution or slot.is_check]
    composer = Composer(work)
    notebook = composer.composed()
    found = sum(slot.hand is not None and not slot.guessed for slot in graded)
    return Repaired(notebook, work.notes(composer.metadata_changed), found, composer.outputs)


class _Repair(Matching):
    """A matching that also marks the cells that have to come from the release."""

    def bring_back(self) -> None:
        """Mark the missing cells to take from the release: graded and locked cells, and code that other cells need."""
        lost, locked = [], []
        for slot in self.slots:
            if slot.hand is not None or not slot.name:
                continue
            slot.back = True
            if slot.is_solution:
                self.replace_lost_answer(slot, lost)
            elif slot.is_check:
                lost.append(slot.name)
            else:
                locked.append(slot.name)
        if lost and self.cells:
            self.say(f"deleted and put back as they were given out: {', '.join(lost)}")
        self.restore_kinds()
        self.bring_back_given_code()

    def replace_lost_answer(self, slot: Slot, lost: list[str]) -> None:
        index = self.elsewhere(slot)
        if index is None:
            lost.append(slot.name)
            return
        # The stub would run after the answer and replace it.
        slot.source = f"# The answer is in cell {index + 1} of the file that was handed in."
        self.say(f"{slot.name}: its own cell is gone or empty; cell {index + 1} of your file holds the answer")

    def restore_kinds(self) -> None:
        """Report cells of the course whose type was changed. They get their type back."""
        retyped = []
        for slot in self.slots:
            if slot.hand is None or slot.hand.kind == slot.cell.cell_type:
                continue
            if slot.name and not slot.is_check:
                retyped.append(slot.name)
            elif not slot.name and slot.cell.cell_type == "code" and parsed(slot.source) is not None:
                retyped.append(_label(slot))
        if retyped:
            self.say(f"cells that had changed their type were changed back: {', '.join(retyped)}")

    def bring_back_given_code(self) -> None:
        code = [slot.source for slot in self.slots if (slot.hand or slot.back) and slot.cell.cell_type == "code"]
        code += [cell.source for index, cell in enumerate(self.cells) if self.is_extra(index) and cell.kind == "code"]
        bound = frozenset().union(*map(names_bound, code))
        used = frozenset().union(*map(names_used, code))
        again = True
        while again:
            again = False
            for slot in self.slots:
                if slot.hand or slot.back or slot.name or slot.cell.cell_type != "code":
                    continue
                gives = names_bound(slot.cell.source) - bound
                if gives & used or SETUP in slot.cell.metadata.get("tags", []):
                    slot.back = again = True
                    bound |= gives
                    used |= names_used(slot.cell.source)
                    if self.cells:
                        self.say(f"deleted, but needed, and so put back: {_label(slot)}")

    def notes(self, metadata_changed: list[str]) -> list[str]:
        """Return one line for each repair."""
        lines = list(self.lines)
        if metadata_changed:
            lines.append(f"points or locks had been changed; the course's own count: {', '.join(metadata_changed)}")
        if self.cells and not self.has_marks():
            lines.append("the notebook had lost its grading data; the answers were found by what they define")
        return list(dict.fromkeys(lines))


def _label(slot: Slot) -> str:
    tags = slot.cell.metadata.get("tags", [])
    first = next((line for line in slot.cell.source.splitlines() if line.strip() and not line.startswith("#")), "")
    return "the set-up cell" if SETUP in tags else f"the given cell “{first.strip()[:60]}”"
