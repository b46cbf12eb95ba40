"""Match the cells of a submission to the cells of the lab: by grade_id, cell id, defined names, and position.

If a cell has several copies, the last copy above its check cell that is not the stub counts, as in a run from top to
bottom. If all copies are below the check, the last copy counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from nbformat.notebooknode import NotebookNode

from course_admin.common.graded_cells import CHECK, grade_id
from course_admin.submissions.cell_analysis import CLOSE, is_stub, likeness, names_bound, names_used, normal, parsed
from course_admin.submissions.find_notebook import SubmittedCell


@dataclass(frozen=True)
class Release:
    """The lab's released notebook. targets: grade_id of a solution cell -> the names that it has to define."""

    notebook: NotebookNode
    targets: dict[str, frozenset[str]]


@dataclass(eq=False)
class Slot:
    """A cell of the release, and the submission's cell that matches it.

    source: the text for the repaired notebook; hand: the matching submitted cell; back: whether the cell has to come
    from the release; train: indices of extra cells that move together with it.
    """

    index: int
    cell: NotebookNode
    source: str
    hand: SubmittedCell | None = None
    # Index in the submission, None if no submitted cell matches.
    at: int | None = None
    back: bool = False
    # Matched only by its position.
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
    """Make the release of a lab. given: the released notebook; source: tells which names the solutions define."""
    checks = {grade_id(cell): names_used(cell.source) for cell in source.cells}
    solved = {grade_id(cell): names_bound(cell.source) for cell in source.cells if cell.cell_type == "code"}
    targets = {}
    for cell in given.cells:
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
            name = grade_id(cell)
            asked = solved.get(name, frozenset()) & checks.get(CHECK + name, frozenset())
            targets[name] = asked or names_bound(cell.source) or solved.get(name, frozenset())
    return Release(given, targets)


class Matching:
    """The slots of the release, and the slot of each cell of the submission."""

    def __init__(self, release: Release, cells: Sequence[SubmittedCell]) -> None:
        self.release = release
        self.cells = list(cells)
        self.slots = [Slot(index, cell, cell.source) for index, cell in enumerate(release.notebook.cells)]
        self.by_name = {slot.name: slot for slot in self.slots if slot.name}
        # owner: the slot of each matched submitted cell. gone: submitted cells that are left out or joined to another.
        self.owner: dict[int, Slot] = {}
        self.gone: set[int] = set()
        self.lines: list[str] = []
        self.metadata_changed: list[str] = []

    # --- matching ----------------------------------------------------------------------------------------------------

    def match(self) -> None:
        """Find the submitted cell for each slot."""
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
        # Match the certain cells first, then the others among the remaining cells.
        for slot in code:
            self.choose(slot, self.good(slot, self.named[slot.name]))
        for slot in code:
            if slot.hand is None:
                self.choose(slot, self.good(slot, self.same_id(slot)))
        for slot in code:
            if slot.hand is None and self.release.targets[slot.name]:
                self.choose(slot, self.good(slot, range(len(self.cells))), note=self.has_marks())
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

    def claim(self, slot: Slot, index: int, source: str | None = None) -> None:
        other = self.owner.get(index)
        if other is not None:
            other.hand = other.at = None
        slot.hand, slot.at = self.cells[index], index
        slot.source = slot.hand.source if source is None else source
        self.owner[index] = slot

    def free(self, index: int) -> bool:
        """Return whether a cell has no slot, or has the slot of a check cell, whose submitted text does not count."""
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
        """Return whether a cell defines a name that an exercise asks for. Then its id does not matter."""
        bound = names_bound(self.cells[index].source)
        return any(bound & names for names in self.release.targets.values())

    def names(self, cell: SubmittedCell) -> bool:
        return cell.grade_id in self.by_name

    def match_locked(self, slot: Slot) -> None:
        """Find the position of a locked cell. Its text always comes from the release."""
        there = self.named[slot.name] or self.same_id(slot)
        if not there:
            text = normal(slot.cell.source)
            there = [i for i, cell in enumerate(self.cells) if i not in self.owner and normal(cell.source) == text]
        there = [index for index in there if index not in self.owner]
        if not there:
            return
        like = [index for index in there if normal(self.cells[index].source) == normal(slot.cell.source)]
        self.claim(slot, (like or there)[0], slot.cell.source)

    def same_id(self, slot: Slot) -> list[int]:
        wanted = slot.cell.get("id", "")
        there = [index for index, cell in enumerate(self.cells) if cell.id == wanted and not self.names(cell)]
        return there if len(there) == 1 and there[0] not in self.owner else []

    def good(self, slot: Slot, among: Iterable[int]) -> list[int]:
        """Return the cells that define the most target names of an exercise and are not its stub, the best one last."""
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
        # `<=`, because an answer can be in the check cell itself.
        return sorted(best, key=lambda index: (index <= end, index))

    def choose(self, slot: Slot, good: list[int], *, note: bool = False) -> None:
        if not good:
            return
        index = good[-1]
        source = self.cells[index].source
        other = self.owner.get(index)
        if other is not None:  # an answer in a check cell
            source = source.replace(other.cell.source.strip(), "").strip("\n")
        self.claim(slot, index, source)
        if note:
            place = "in its check cell" if other is not None else "in another cell"
            self.say(f"{slot.name}: your answer was found {place} (cell {index + 1} of your file)")

    def has_marks(self) -> bool:
        """Return whether any cell has grading data. If all of it is lost, notes about single cells are useless."""
        return any(cell.graded for cell in self.cells)

    def settle(self, slot: Slot) -> None:
        """Choose a cell for an exercise if no cell defines its targets, so that the student sees it on the page."""
        for name in self.release.targets[slot.name]:
            pattern = re.compile(rf"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+{re.escape(name)}\b", re.MULTILINE)
            defining = [i for i, cell in enumerate(self.cells) if self.free(i) and pattern.search(cell.source)]
            defining = [i for i in defining if not is_stub(self.cells[i].source, slot.cell.source)]
            if defining:
                self.claim(slot, defining[-1])
                return
        there = [index for index in self.named[slot.name] or self.same_id(slot) if self.is_extra(index)]
        if not there:
            stub = normal(slot.cell.source)
            there = [i for i, cell in enumerate(self.cells) if self.free(i) and normal(cell.source) == stub]
        tried = [index for index in there if not is_stub(self.cells[index].source, slot.cell.source)]
        if tried or (there and self.elsewhere(slot) is None):
            self.claim(slot, (tried or there)[-1])

    def elsewhere(self, slot: Slot) -> int | None:
        """Return the cell above the check that answers an exercise but does not belong to its slot, or None."""
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

    def join_halves(self, slot: Slot) -> None:
        """Join later cells to a solution that was split: the parts are not valid Python alone."""
        joined = False
        while slot.hand is not None and (parts := self.rest_of(slot)):
            slot.source = "\n".join([slot.source, *(self.cells[part].source for part in parts)])
            self.gone |= set(parts)
            joined = True
        if joined:
            self.say(f"{slot.name}: its cell had been split; the parts were put together again")

    def rest_of(self, slot: Slot) -> list[int]:
        """Return the fewest following cells, at most three, that make a solution valid Python.

        Returns [] if it is complete, or if no such cells exist.
        """
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

    def put_copies_away(self, slot: Slot) -> None:
        """Leave out copies of a cell that are empty or identical. A copy with other text stays as an ordinary cell."""
        copies = [index for index in self.named[slot.name] if index not in self.gone and index not in self.owner]
        if slot.hand is None:
            # No copy counts. A stub must not run after another cell that holds the answer.
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

    def match_written(self, slot: Slot) -> None:
        """Match a written answer: all cells with its name, or the text at its position."""
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
            self.say(f"{slot.name}: your answer had lost its name; the text at its place was used")
        elif len(texts) > 1:
            self.say(f"{slot.name}: its cell is there {len(there)} times; the texts were put together")
        elif len(there) > 1:
            self.say(f"{slot.name}: its cell is there {len(there)} times; one counts")

    def between(self, slot: Slot) -> list[int]:
        """Return the cells without a slot between the nearest matched slots before and after this one."""
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

    def is_extra(self, index: int) -> bool:
        return index not in self.owner and index not in self.gone

    def say(self, line: str) -> None:
        self.lines.append(line)


def _unique(ids: dict[int, str]) -> dict[str, int]:
    found: dict[str, list[int]] = {}
    for index, name in ids.items():
        found.setdefault(name, []).append(index)
    return {name: there[0] for name, there in found.items() if len(there) == 1}
