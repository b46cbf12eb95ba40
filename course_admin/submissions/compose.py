"""Compose the repaired notebook: cells in the submission's order; moved and missing cells at their place in the lab."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course_admin.submissions.cell_analysis import names_bound, names_used, parsed
from course_admin.submissions.match_cells import Matching, Slot


class Composer:
    """Build the notebook from a matching whose missing cells are marked.

    metadata_changed: names of cells whose grading metadata the student changed; outputs: the submitted outputs by the
    id of the released code cell.
    """

    def __init__(self, matching: Matching) -> None:
        self.matching = matching
        self.metadata_changed: list[str] = []
        self.outputs: dict[str, list[Any]] = {}

    def composed(self) -> NotebookNode:
        """Return the notebook: cells in the submission's order, moved and missing cells at their place in the lab."""
        placed = [(index, slot) for index, slot in sorted(self.matching.owner.items()) if slot.at == index]
        steady = {placed[i][0] for i in _longest_rising([slot.index for _, slot in placed])}
        moved = [slot for index, slot in placed if index not in steady]
        self.attach_helpers({slot.at: slot for slot in moved})
        trains = {index for slot in moved for index in slot.train}
        line: list[int | Slot] = []
        for index in range(len(self.matching.cells)):
            if index in steady:
                line.append(self.matching.owner[index])
            elif self.matching.is_extra(index) and index not in trains:
                line.append(index)
        if any(slot.name for slot in moved):
            names = ", ".join(slot.name for slot in moved if slot.name)
            self.matching.say(f"cells that had been moved were put back in order: {names}")
        put_in = sorted({*moved, *(slot for slot in self.matching.slots if slot.back)}, key=lambda slot: slot.index)
        for slot in put_in:
            self.put_in(slot, line)
        return self.written(line)

    def attach_helpers(self, moved: dict[int, Slot]) -> None:
        """Move extra cells directly above a moved cell together with it, if it uses names that they define."""
        cells = self.matching.cells
        for index, slot in moved.items():
            used, above = names_used(slot.source), index - 1
            while above >= 0 and self.matching.is_extra(above) and names_bound(cells[above].source) & used:
                slot.train.insert(0, above)
                used |= names_used(cells[above].source)
                above -= 1

    def put_in(self, slot: Slot, line: list[int | Slot]) -> None:
        """Insert a slot into the line after the slots that come before it in the release.

        A stub or a given cell is inserted directly after them, so that the student's own cells there run later and
        count. An answer or a check is inserted after the student's own cells, because it may need them.
        """
        before = [at for at, item in enumerate(line) if isinstance(item, Slot) and item.index < slot.index]
        at = before[-1] + 1 if before else 0
        if slot.is_check or (slot.is_solution and not slot.back):
            while at < len(line) and not isinstance(line[at], Slot):
                at += 1
        line[at:at] = [*slot.train, slot]

    def written(self, line: Sequence[int | Slot]) -> NotebookNode:
        given = self.matching.release.notebook
        taken = {slot.cell.get("id", "") for slot in self.matching.slots}
        cells = [self.slot_cell(item) if isinstance(item, Slot) else self.extra_cell(item, taken) for item in line]
        notebook = nbformat.v4.new_notebook(metadata=_copy(given.metadata), cells=cells)
        notebook.nbformat_minor = 5
        return notebook

    def slot_cell(self, slot: Slot) -> NotebookNode:
        kind, source = slot.cell.cell_type, slot.source
        if slot.hand and not slot.name and slot.hand.kind != kind and kind == "code" and parsed(source) is None:
            kind = slot.hand.kind
        cell = _new_cell(kind, source, slot.cell.get("id", ""))
        cell.metadata = _copy(slot.cell.metadata)
        if slot.hand and slot.hand.graded and slot.name and slot.hand.grade_id == slot.name:
            self.compare_metadata(slot)
        attachments = slot.attachments or (slot.hand.attachments if slot.hand else {}) or slot.cell.get("attachments")
        if attachments and kind != "code":
            cell.attachments = _copy(attachments)
        if kind == "code" and slot.hand and slot.hand.outputs:
            self.outputs[cell.id] = slot.hand.outputs
        return cell

    def extra_cell(self, index: int, taken: set[str]) -> NotebookNode:
        handed = self.matching.cells[index]
        name = handed.id if handed.id and handed.id not in taken else f"added-{handed.number}"
        while name in taken:
            name += "-"
        taken.add(name)
        cell = _new_cell(handed.kind, handed.source, name)
        if handed.attachments:
            cell.attachments = _copy(handed.attachments)
        return cell

    def compare_metadata(self, slot: Slot) -> None:
        meta = slot.cell.metadata.nbgrader
        if any(
            slot.hand.graded.get(key, meta.get(key)) != meta.get(key)
            for key in ("grade", "solution", "locked", "points")
        ):
            self.metadata_changed.append(slot.name)


def _longest_rising(values: Sequence[int]) -> list[int]:
    """Return the indices of a longest strictly increasing subsequence."""
    ends: list[int] = []  # the smallest last value of an increasing subsequence of each length
    places: list[int] = []
    before: list[int | None] = []
    for place, value in enumerate(values):
        at = bisect_left(ends, value)
        before.append(places[at - 1] if at else None)
        ends[at : at + 1] = [value]
        places[at : at + 1] = [place]
    found: list[int] = []
    place = places[-1] if places else None
    while place is not None:
        found.append(place)
        place = before[place]
    return found[::-1]


def _new_cell(kind: str, source: str, name: str) -> NotebookNode:
    make: Any = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}.get(
        kind, nbformat.v4.new_raw_cell
    )
    return make(source, **({"id": name} if name else {}))


def _copy(node: Any) -> Any:
    return nbformat.from_dict(node)
