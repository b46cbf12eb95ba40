"""Repair: the lab's notebook as it was given out, with what the student wrote in it.

The release is the frame: its cells keep their type, their metadata and points, whatever the submission says. Into it
go the student's solution cells, found by grade_id, or by cell id, by what they define, by where they stand; and all
other cells that the student added stay in relation to their neighbours. What had to be mended is said in one line each.
Which of several copies counts: the last above its check cell that is not the stub, as in a run from top to bottom;
where all stand below it, the last.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course_admin.graded_cells import CHECK
from course_admin.submissions.cell_analysis import CLOSE, is_stub, likeness, names_bound, names_used, normal, parsed
from course_admin.submissions.find_notebook import SubmittedCell

SETUP = "setup"


@dataclass(frozen=True)
class Release:
    """The lab's notebook as it was given out. targets: grade_id of a solution cell -> the names it has to define."""

    notebook: NotebookNode
    targets: dict[str, frozenset[str]]


@dataclass
class Repaired:
    """notebook: the frame with the student's work in it; notes: what was mended; found: how many solution and check
    cells of the lab the submission held."""

    notebook: NotebookNode
    notes: list[str]
    found: int


@dataclass(eq=False)
class _Slot:
    """A cell of the frame, and the submission's cells that belong there."""

    index: int
    cell: NotebookNode
    source: str
    hand: SubmittedCell | None = None
    # Where in the submission it stands, None when it has to be put in.
    at: int | None = None
    back: bool = False
    # Found by its place alone.
    guessed: bool = False
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    train: list[int] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.cell.metadata.get("nbgrader", {}).get("grade_id", "")

    @property
    def is_solution(self) -> bool:
        return bool(self.cell.metadata.get("nbgrader", {}).get("solution"))

    @property
    def is_check(self) -> bool:
        meta = self.cell.metadata.get("nbgrader", {})
        return bool(meta.get("grade")) and not meta.get("solution")


def release_of(given: NotebookNode, source: NotebookNode) -> Release:
    """The release of a lab from the notebook as it was given out and the source, which says what a solution defines."""
    checks = {_grade_id(cell): names_used(cell.source) for cell in source.cells}
    solved = {_grade_id(cell): names_bound(cell.source) for cell in source.cells if cell.cell_type == "code"}
    targets = {}
    for cell in given.cells:
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
            name = _grade_id(cell)
            asked = solved.get(name, frozenset()) & checks.get(CHECK + name, frozenset())
            targets[name] = asked or names_bound(cell.source) or solved.get(name, frozenset())
    return Release(given, targets)


def filled_in(release: Release, cells: Sequence[SubmittedCell]) -> tuple[int, int]:
    """How many solution cells of the lab the cells fill in, and how many of its graded cells they hold at all."""
    work = _Repair(release, cells)
    work.match()
    graded = [slot for slot in work.slots if slot.is_solution or slot.is_check]
    filled = [slot for slot in graded if slot.is_solution and slot.hand and not slot.guessed]
    filled = [slot for slot in filled if not is_stub(slot.source, slot.cell.source)]
    return len(filled), sum(slot.hand is not None and not slot.guessed for slot in graded)


def repair(release: Release, cells: Sequence[SubmittedCell]) -> Repaired:
    """The lab's notebook with the work that `cells` hold. Never raises for what the cells are like."""
    work = _Repair(release, cells)
    work.match()
    work.bring_back()
    graded = [slot for slot in work.slots if slot.is_solution or slot.is_check]
    notebook = work.composed()
    return Repaired(notebook, work.notes(), sum(slot.hand is not None and not slot.guessed for slot in graded))


class _Repair:
    """The steps of one repair, on what they share: the slots of the frame and whose each cell of the submission is."""

    def __init__(self, release: Release, cells: Sequence[SubmittedCell]) -> None:
        self.release = release
        self.cells = list(cells)
        self.slots = [_Slot(index, cell, cell.source) for index, cell in enumerate(release.notebook.cells)]
        self.by_name = {slot.name: slot for slot in self.slots if slot.name}
        # The slot of each cell of the submission that has one; and those that are left out or joined to another.
        self.owner: dict[int, _Slot] = {}
        self.gone: set[int] = set()
        self.said: list[str] = []
        self.metadata_changed: list[str] = []

    # --- whose is it -------------------------------------------------------------------------------------------------

    def match(self) -> None:
        """Find the submission's cell of each slot."""
        self.named: dict[str, list[int]] = {name: [] for name in self.by_name}
        for index, cell in enumerate(self.cells):
            if cell.grade_id in self.named:
                self.named[cell.grade_id].append(index)
        self.match_plain_by_id_or_text()
        for slot in self.slots:
            if slot.name and not slot.is_solution:
                self.match_locked(slot)
        solutions = [slot for slot in self.slots if slot.is_solution]
        code = [slot for slot in solutions if slot.cell.cell_type == "code"]
        # First those about which there is no doubt, then the others from what is left.
        for slot in code:
            self.choose(slot, self.good(slot, self.named[slot.name]))
        for slot in code:
            if slot.hand is None:
                self.choose(slot, self.good(slot, self.same_id(slot)))
        for slot in code:
            if slot.hand is None and self.release.targets[slot.name]:
                self.choose(slot, self.good(slot, range(len(self.cells))), said=self.has_marks())
        for slot in code:
            if slot.hand is None:
                self.settle(slot)
        for slot in solutions:
            if slot.cell.cell_type != "code":
                self.match_written(slot)
        for slot in code:
            self.join_halves(slot)
            self.put_copies_away(slot)
        for slot in self.slots:
            if slot.is_check:
                self.put_copies_away(slot)
        self.match_plain_by_likeness()

    def claim(self, slot: _Slot, index: int, source: str | None = None) -> None:
        other = self.owner.get(index)
        if other is not None:
            other.hand = other.at = None
        slot.hand, slot.at = self.cells[index], index
        slot.source = slot.hand.source if source is None else source
        self.owner[index] = slot

    def free(self, index: int) -> bool:
        """Whether a cell belongs to no slot, or to that of a check cell, whose own text does not count."""
        slot = self.owner.get(index)
        return index not in self.gone and (slot is None or slot.is_check)

    def match_plain_by_id_or_text(self) -> None:
        ids = _unique({index: cell.id for index, cell in enumerate(self.cells) if cell.id and not self.names(cell)})
        texts: dict[str, list[int]] = {}
        for index, cell in enumerate(self.cells):
            if not self.names(cell):
                texts.setdefault(normal(cell.source), []).append(index)
        plain = [slot for slot in self.slots if not slot.name]
        for slot in plain:
            index = ids.get(slot.cell.get("id", ""))
            if index is not None and not self.taken_by_solution(index):
                self.claim(slot, index)
        for slot in plain:
            same = [index for index in texts.get(normal(slot.cell.source), []) if index not in self.owner]
            if slot.hand is None and same and normal(slot.cell.source):
                self.claim(slot, same[0])

    def taken_by_solution(self, index: int) -> bool:
        """Whether a cell defines what an exercise asks for: then it is that exercise's, whatever its id says."""
        bound = names_bound(self.cells[index].source)
        return any(bound & names for names in self.release.targets.values())

    def names(self, cell: SubmittedCell) -> bool:
        return cell.grade_id in self.by_name

    def match_locked(self, slot: _Slot) -> None:
        """A cell whose text is the frame's in any case: only its place is looked for."""
        there = self.named[slot.name] or self.same_id(slot)
        if not there:
            text = normal(slot.cell.source)
            there = [i for i, cell in enumerate(self.cells) if i not in self.owner and normal(cell.source) == text]
        there = [index for index in there if index not in self.owner]
        if not there:
            return
        like = [index for index in there if normal(self.cells[index].source) == normal(slot.cell.source)]
        self.claim(slot, (like or there)[0], slot.cell.source)

    def same_id(self, slot: _Slot) -> list[int]:
        wanted = slot.cell.get("id", "")
        there = [index for index, cell in enumerate(self.cells) if cell.id == wanted and not self.names(cell)]
        return there if len(there) == 1 and there[0] not in self.owner else []

    def good(self, slot: _Slot, among: Iterable[int]) -> list[int]:
        """Those cells that define what the exercise asks for, and are not its stub; the best of them last."""
        targets, stub = self.release.targets[slot.name], slot.cell.source
        cover = {}
        for index in among:
            cell = self.cells[index]
            if self.free(index) and not is_stub(cell.source, stub):
                cover[index] = len(names_bound(cell.source, strict=True) & targets)
        most = max(cover.values(), default=0)
        check = self.by_name.get(CHECK + slot.name)
        end = check.at if check is not None and check.at is not None else len(self.cells)
        best = [index for index, count in cover.items() if count == most and (count or not targets)]
        # An answer in the check cell itself stands where the check stands.
        return sorted(best, key=lambda index: (index <= end, index))

    def choose(self, slot: _Slot, good: list[int], *, said: bool = False) -> None:
        if not good:
            return
        index = good[-1]
        source = self.cells[index].source
        other = self.owner.get(index)
        if other is not None:  # an answer in a check cell
            source = source.replace(other.cell.source.strip(), "").strip("\n")
        self.claim(slot, index, source)
        if said:
            place = "in its check cell" if other is not None else "in another cell"
            self.say(f"{slot.name}: your answer was found {place} (cell {index + 1} of your file)")

    def has_marks(self) -> bool:
        """Whether any cell has grading data. Where it is gone altogether, there is nothing to tell about one cell."""
        return any(cell.graded for cell in self.cells)

    def settle(self, slot: _Slot) -> None:
        """No cell defines what is asked for: take the one that was meant, so that the student sees it on the page."""
        for name in self.release.targets[slot.name]:
            pattern = re.compile(rf"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+{re.escape(name)}\b", re.MULTILINE)
            said = [i for i, cell in enumerate(self.cells) if self.free(i) and pattern.search(cell.source)]
            said = [i for i in said if not is_stub(self.cells[i].source, slot.cell.source)]
            if said:
                self.claim(slot, said[-1])
                return
        there = [index for index in self.named[slot.name] or self.same_id(slot) if self.is_extra(index)]
        if not there:
            stub = normal(slot.cell.source)
            there = [i for i, cell in enumerate(self.cells) if self.free(i) and normal(cell.source) == stub]
        tried = [index for index in there if not is_stub(self.cells[index].source, slot.cell.source)]
        if tried or (there and self.elsewhere(slot) is None):
            self.claim(slot, (tried or there)[-1])

    def elsewhere(self, slot: _Slot) -> int | None:
        """The cell above the check that answers an exercise although it belongs to something else, None without one."""
        targets = self.release.targets.get(slot.name, frozenset())
        check = self.by_name.get(CHECK + slot.name)
        end = check.at if check is not None and check.at is not None else len(self.cells)
        for index, cell in enumerate(self.cells[:end]):
            other = self.owner.get(index)
            if index in self.gone or not targets or cell.kind != "code":
                continue
            if other is not None and (other.is_check or normal(other.cell.source) == normal(cell.source)):
                continue
            if names_bound(cell.source, strict=True) >= targets and not is_stub(cell.source, slot.cell.source):
                return index
        return None

    def join_halves(self, slot: _Slot) -> None:
        """Give a solution the rest of its text: cells behind it that go on with it and cannot stand alone, nor it."""
        joined = False
        while slot.hand is not None and (parts := self.rest_of(slot)):
            slot.source = "\n".join([slot.source, *(self.cells[part].source for part in parts)])
            self.gone |= set(parts)
            joined = True
        if joined:
            self.say(f"{slot.name}: its cell had been split; the parts were put together again")

    def rest_of(self, slot: _Slot) -> list[int]:
        """The fewest cells, at most three, that make a whole of a solution, [] when it is one or nothing does."""
        after = slot.at + 1
        while after in self.gone:
            after += 1
        text, parts = slot.source, []
        for index in range(after, min(after + 3, len(self.cells))):
            if not self.is_extra(index):
                break
            source = self.cells[index].source
            if not parts and parsed(text) is not None and (parsed(source) is not None or not source[:1].isspace()):
                break
            text += "\n" + source
            parts.append(index)
            if parsed(text) is not None:
                return parts
        return []

    def put_copies_away(self, slot: _Slot) -> None:
        """Copies that say nothing are left out; what else was in a copy stays as an ordinary cell."""
        copies = [index for index in self.named[slot.name] if index not in self.gone and index not in self.owner]
        if slot.hand is None:
            # Nothing counts yet, and a stub must not come after what does.
            self.gone |= {index for index in copies if is_stub(self.cells[index].source, slot.cell.source)}
            return
        if not copies:
            return
        empty = [index for index in copies if is_stub(self.cells[index].source, slot.cell.source)]
        same = [index for index in copies if normal(self.cells[index].source) == normal(slot.source)]
        self.gone |= {*empty, *same}
        if slot.is_check:
            self.say(f"{slot.name}: the check cell is there {len(copies) + 1} times; one counts, the course's own")
        elif len(same) + len(empty) == len(copies):
            self.say(f"{slot.name}: its cell is there {len(copies) + 1} times; cell {slot.at + 1} of your file counts")
        else:
            self.say(
                f"{slot.name}: its cell is there {len(copies) + 1} times with different content; cell {slot.at + 1} "
                "of your file counts, the last above the check that is filled in"
            )

    def match_written(self, slot: _Slot) -> None:
        """An answer in words: all that was written under its name, or what stands in its place."""
        stub = slot.cell.source
        there = [index for index in self.named[slot.name] if self.free(index)]
        there = there or [index for index in self.same_id(slot) if self.free(index)]
        found_by_place = False
        if not there:
            there = [i for i in self.between(slot) if self.cells[i].source.strip()]
            words = [i for i in there if self.cells[i].kind != "code"]
            there = words or [i for i in there if parsed(self.cells[i].source) is None]
            found_by_place = bool(there)
        answers = [i for i in there if not is_stub(self.cells[i].source, stub)] or there[-1:]
        texts = list(dict.fromkeys(self.cells[i].source.strip("\n") for i in answers))
        texts = [text for text in texts if not any(text != other and text in other for other in texts)]
        if not texts:
            return
        self.claim(slot, answers[0], texts[0] if len(texts) == 1 else "\n\n".join(texts))
        if len(answers) == 1:
            slot.source = self.cells[answers[0]].source
        slot.attachments = {name: bundle for i in answers for name, bundle in self.cells[i].attachments.items()}
        self.gone |= set(there) - {answers[0]}
        slot.guessed = found_by_place
        if found_by_place and self.has_marks():
            self.say(f"{slot.name}: your answer had lost its mark; what stands in its place was taken")
        elif len(texts) > 1:
            self.say(f"{slot.name}: its cell is there {len(there)} times; the texts were put together")
        elif len(there) > 1:
            self.say(f"{slot.name}: its cell is there {len(there)} times; one counts")

    def between(self, slot: _Slot) -> list[int]:
        """The cells that belong to no slot, between the nearest slots before and after this one."""
        before = [other.at for other in self.slots[: slot.index] if other.at is not None]
        after = [other.at for other in self.slots[slot.index + 1 :] if other.at is not None]
        start = before[-1] + 1 if before else 0
        end = next((at for at in after if at >= start), len(self.cells))
        return [i for i in range(start, end) if i not in self.owner and i not in self.gone]

    def match_plain_by_likeness(self) -> None:
        for slot in self.slots:
            if slot.name or slot.hand is not None or not slot.cell.source.strip():
                continue
            best, most = None, CLOSE
            for index in self.between(slot)[:20]:
                alike = likeness(self.cells[index].source, slot.cell.source)
                if alike > most:
                    best, most = index, alike
            if best is not None:
                self.claim(slot, best)

    # --- what is missing ---------------------------------------------------------------------------------------------

    def bring_back(self) -> None:
        """Mark what has to come from the frame: graded and locked cells, and given code that something there needs."""
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
        self.mend_kinds()
        self.bring_back_given_code()

    def replace_lost_answer(self, slot: _Slot, lost: list[str]) -> None:
        index = self.elsewhere(slot)
        if index is None:
            lost.append(slot.name)
            return
        # The stub would take its place.
        slot.source = f"# The answer stands in cell {index + 1} of the file that was handed in."
        self.say(f"{slot.name}: its own cell is gone or empty; cell {index + 1} of your file holds the answer")

    def mend_kinds(self) -> None:
        """Cells of the course keep their type; a given cell that was changed into prose becomes code again."""
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

    def is_extra(self, index: int) -> bool:
        return index not in self.owner and index not in self.gone

    # --- the notebook ------------------------------------------------------------------------------------------------

    def composed(self) -> NotebookNode:
        """The cells in order: the submission's, with what had left its place or was missing put where it belongs."""
        placed = [(index, self.owner[index]) for index in range(len(self.cells)) if index in self.owner]
        placed = [(index, slot) for index, slot in placed if slot.at == index]
        steady = {placed[i][0] for i in _longest_rising([slot.index for _, slot in placed])}
        moved = [slot for index, slot in placed if index not in steady]
        self.attach_helpers({slot.at: slot for slot in moved})
        trains = {index for slot in moved for index in slot.train}
        line: list[int | _Slot] = []
        for index in range(len(self.cells)):
            if index in steady:
                line.append(self.owner[index])
            elif self.is_extra(index) and index not in trains:
                line.append(index)
        if any(slot.name for slot in moved):
            names = ", ".join(slot.name for slot in moved if slot.name)
            self.say(f"cells that had been moved were put back in order: {names}")
        put_in = sorted({*moved, *(slot for slot in self.slots if slot.back)}, key=lambda slot: slot.index)
        for slot in put_in:
            self.put_in(slot, line)
        return self.written(line)

    def attach_helpers(self, moved: dict[int, _Slot]) -> None:
        """A helper that stands right above a cell that had been moved goes along with it, when that cell uses it."""
        for index, slot in moved.items():
            used, above = names_used(slot.source), index - 1
            while above >= 0 and self.is_extra(above) and names_bound(self.cells[above].source) & used:
                slot.train.insert(0, above)
                used |= names_used(self.cells[above].source)
                above -= 1

    def put_in(self, slot: _Slot, line: list[int | _Slot]) -> None:
        """Put a slot into the line after those that come before it in the frame.

        A stub or a given cell directly, so that what the student wrote there comes later and counts; an answer or a
        check behind the student's own cells, which it may need.
        """
        before = [at for at, item in enumerate(line) if isinstance(item, _Slot) and item.index < slot.index]
        at = before[-1] + 1 if before else 0
        if slot.is_check or (slot.is_solution and not slot.back):
            while at < len(line) and not isinstance(line[at], _Slot):
                at += 1
        line[at:at] = [*slot.train, slot]

    def written(self, line: Sequence[int | _Slot]) -> NotebookNode:
        given = self.release.notebook
        taken = {slot.cell.get("id", "") for slot in self.slots}
        cells = [self.slot_cell(item) if isinstance(item, _Slot) else self.extra_cell(item, taken) for item in line]
        notebook = nbformat.v4.new_notebook(metadata=_copy(given.metadata), cells=cells)
        notebook.nbformat_minor = 5
        return notebook

    def slot_cell(self, slot: _Slot) -> NotebookNode:
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
        return cell

    def extra_cell(self, index: int, taken: set[str]) -> NotebookNode:
        handed = self.cells[index]
        name = handed.id if handed.id and handed.id not in taken else f"added-{handed.number}"
        while name in taken:
            name += "-"
        taken.add(name)
        cell = _new_cell(handed.kind, handed.source, name)
        if handed.attachments:
            cell.attachments = _copy(handed.attachments)
        return cell

    def compare_metadata(self, slot: _Slot) -> None:
        meta = slot.cell.metadata.nbgrader
        if any(
            slot.hand.graded.get(key, meta.get(key)) != meta.get(key)
            for key in ("grade", "solution", "locked", "points")
        ):
            self.metadata_changed.append(slot.name)

    # --- notes -------------------------------------------------------------------------------------------------------

    def say(self, line: str) -> None:
        self.said.append(line)

    def notes(self) -> list[str]:
        """What was mended, a line each."""
        said = list(self.said)
        if self.metadata_changed:
            said.append(f"points or locks had been changed, and the course's count: {', '.join(self.metadata_changed)}")
        if self.cells and not self.has_marks():
            said.append("the notebook had lost its grading data; the answers were found by what they define")
        return list(dict.fromkeys(said))


# --- small things ----------------------------------------------------------------------------------------------------


def _grade_id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _unique(ids: dict[int, str]) -> dict[str, int]:
    found: dict[str, list[int]] = {}
    for index, name in ids.items():
        found.setdefault(name, []).append(index)
    return {name: there[0] for name, there in found.items() if len(there) == 1}


def _label(slot: _Slot) -> str:
    tags = slot.cell.metadata.get("tags", [])
    first = next((line for line in slot.cell.source.splitlines() if line.strip() and not line.startswith("#")), "")
    return "the set-up cell" if SETUP in tags else f"the given cell “{first.strip()[:60]}”"


def _longest_rising(values: Sequence[int]) -> list[int]:
    """The places of a longest strictly rising subsequence."""
    ends: list[int] = []  # the smallest last value of a rising run of each length
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
