"""Find the notebook in a submission's folder and read its cells, even from a damaged file.

A faulty submission never raises an exception here. No link is followed, no pipe blocks and no file is changed.
`notes` says what was repaired, `damage` what could not be repaired: one readable line each.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_admin.common.text import display_name
from course_admin.submissions.safe_files import AGAIN, MAX_BYTES, TOO_LARGE, read_plain_file, walk

MAX_CELLS, MAX_TEXT = 3000, 500_000
"""The maximum numbers of cells, and of characters without pasted pictures, that are read from one notebook. Repair
takes one second for the largest realistic notebook. A hundred thousand cells would block the grader.
"""

MAX_PARTS = 5_000_000
"""The maximum number of opening brackets and commas in one file. Each can become an object of 70 bytes, and 50 MB of
them needed a gigabyte of memory. Only the outputs of several large interactive figures come near this limit.
"""


# The possible starts of a cell, to find cells in a broken file.
CELL_START = re.compile(r'\{\s*"(?:attachments|cell_type|execution_count|id|metadata|outputs|source)"\s*:')
PASTED = re.compile(r"data:image/[a-z+.-]+;base64,[A-Za-z0-9+/=]+")
CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
MAX_MISSES = 200


@dataclass
class SubmittedCell:
    """A submitted cell.

    kind: "code", "markdown" or "raw"; number: its position in the file, from 1; graded: nbgrader's metadata, which the
    student can change; id: "" if there is none; attachments: only the well-formed ones; outputs: of a code cell,
    unchanged from the file.
    """

    kind: str
    source: str
    number: int = 0
    graded: dict[str, Any] = field(default_factory=dict)
    id: str = ""
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    outputs: list[Any] = field(default_factory=list)

    @property
    def grade_id(self) -> str:
        name = self.graded.get("grade_id")
        return name if isinstance(name, str) else ""


@dataclass
class FoundNotebook:
    """A submitted notebook.

    path: the file that was read, None if there is none; cells: the readable cells; notes: what was repaired; damage:
    why the submission is incomplete, "" if it is complete.
    """

    path: Path | None = None
    cells: list[SubmittedCell] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    damage: str = ""


# --- the folder ------------------------------------------------------------------------------------------------------


def find_notebook(folder: Path, lab: str, filled_in: Callable[[list[SubmittedCell]], tuple[int, int]]) -> FoundNotebook:
    """Find the notebook of a lab in the folder submitted/<student>/<lab>.

    It is <lab>.ipynb. If that file is missing, damaged or without answers, it is the notebook of any name with the
    most work in it. filled_in: returns how many exercises the cells fill in, and how many graded cells they contain.
    """
    for above in (folder, folder.parent):
        if above.is_symlink():
            return FoundNotebook(damage=f"the folder {above.name} is a link, and links are not followed: {AGAIN}")
    files, notes = walk(folder)
    expected = folder / f"{lab}.ipynb"
    notes = [note for note in notes if not note.startswith(f"{expected.name} is ")]
    named = read_notebook(expected) if os.path.lexists(expected) else None
    if named is not None and not named.damage and filled_in(named.cells)[0]:
        named.notes[:0] = notes
        return named
    others = _read_several([path for path in files if path != expected and _may_be_notebook(path)])
    work = {id(other): filled_in(other.cells) for other in others}
    others = [other for other in others if other.cells and work[id(other)] > (0, 0)]
    best = max(others, key=lambda other: (work[id(other)], not other.damage), default=None)
    if best is not None and (named is None or work[id(best)] > filled_in(named.cells)):
        name = display_name(best.path.relative_to(folder))
        why = f"there is no {expected.name}" if named is None else f"{expected.name} has less work in it"
        if named is not None and named.damage:
            why = named.damage
        notes.append(f"{name} was graded: {why}")
        doubt = [other for other in others if other is not best and work[id(other)] == work[id(best)]]
        if any(_text(other) != _text(best) for other in doubt):
            names = ", ".join(display_name(other.path.relative_to(folder)) for other in doubt)
            notes.append(f"other notebooks hold as many answers ({names}): {AGAIN} with one alone if another was meant")
        best.notes[:0] = notes
        return best
    if named is None:
        there = ", ".join(display_name(path.relative_to(folder)) for path in files[:5]) or "nothing"
        named = FoundNotebook(damage=f"no notebook was handed in (there: {there}): {AGAIN} with {expected.name}")
    named.notes[:0] = notes
    return named


def _read_several(paths: list[Path]) -> list[FoundNotebook]:
    """Read the first notebooks among files, at most 10, until their total size exceeds the limits for one notebook."""
    found: list[FoundNotebook] = []
    room, code = MAX_BYTES, MAX_TEXT
    for path in paths[:10]:
        with contextlib.suppress(OSError):
            room -= path.lstat().st_size
        if room < 0 or code < 0:
            break
        found.append(read_notebook(path))
        code -= sum(len(cell.source) for cell in found[-1].cells if cell.kind == "code")
    return found


def _may_be_notebook(path: Path) -> bool:
    name = path.name.lower()
    # Some browsers save notebooks as .ipynb.txt or .ipynb.json. macOS adds files ._NAME to archives.
    return not name.startswith("._") and (".ipynb" in name or name.endswith(".json"))


def _text(found: FoundNotebook) -> list[str]:
    return [cell.source for cell in found.cells]


# --- the file --------------------------------------------------------------------------------------------------------


def read_notebook(path: Path) -> FoundNotebook:
    """Read the cells of a notebook file, from any program, in any encoding, of any notebook version."""
    path = Path(path)
    data, damage = read_plain_file(path)
    if damage:
        first = "clear the outputs, save and " if damage == TOO_LARGE else ""
        return FoundNotebook(path=None, damage=f"{display_name(path.name)} {damage}: {first}{AGAIN}")
    found = parse_notebook(data)
    found.path = path
    if found.damage:
        found.damage = f"{display_name(path.name)} {found.damage}"
    return found


def parse_notebook(data: bytes) -> FoundNotebook:
    """Parse the bytes of a notebook file and return its cells."""
    found = FoundNotebook()
    if not data.strip(b"\0 \t\r\n"):
        found.damage = f"is empty: {AGAIN}"
        return found
    text = _decoded(data, found)
    other = _other_format(data, text)
    if other:
        found.notes.clear()
        found.damage = f"is {other}, not a notebook: {AGAIN} with the .ipynb file"
        return found
    if sum(map(text.count, "[{,")) > MAX_PARTS:
        found.damage = f"holds more than is read of one file: clear the outputs, save and {AGAIN}"
        return found
    start = text.find("{")
    try:
        notebook, end = json.JSONDecoder(strict=False).raw_decode(text, max(start, 0))
        if text[end:].strip("\0 \t\r\n\x1a"):
            found.notes.append("there was more text after the end of the notebook; it was left out")
    except (ValueError, RecursionError):
        notebook = {"cells": _salvaged(text)}
        ends = not text.rstrip("\0 \t\r\n").endswith("}")
        broken = "ends in the middle" if ends else "is broken"
        there = len(notebook["cells"])
        rest = f"only {there} whole cell{'s' * (there != 1)} could be read" if there else "nothing could be read"
        found.damage = f"{broken}: {rest}; save the notebook and {AGAIN}"
    found.cells = cells_of(notebook)
    whole = len(found.cells)
    found.cells = _bounded(found.cells)
    if len(found.cells) < whole:
        much = f"{whole} cells" if len(found.cells) == MAX_CELLS else "more code or text than a lab"
        there = f"only the first {len(found.cells)} cells were read"
        found.damage = found.damage or f"has {much}: {there}; take out what belongs to no exercise and {AGAIN}"
    if not found.cells and not found.damage:
        found.damage = f"is not a notebook with cells: {AGAIN}"
    return found


def cells_of(notebook: Any) -> list[SubmittedCell]:
    """Return the cells of a parsed JSON notebook of any version. Entries that are not cells are skipped."""
    if not isinstance(notebook, dict):
        return []
    found = notebook.get("cells")
    if not isinstance(found, list):  # before version 4
        sheets = notebook.get("worksheets")
        sheets = [sheet for sheet in sheets if isinstance(sheet, dict)] if isinstance(sheets, list) else []
        found = [
            cell for sheet in sheets for cell in (sheet.get("cells") if isinstance(sheet.get("cells"), list) else [])
        ]
    cells = [_cell(cell) for cell in found if isinstance(cell, dict)]
    for number, cell in enumerate(cells, start=1):
        cell.number = number
    return cells


def _bounded(cells: list[SubmittedCell]) -> list[SubmittedCell]:
    room = MAX_TEXT
    for count, cell in enumerate(cells):
        room -= len(cell.source if cell.kind == "code" else PASTED.sub("", cell.source))
        if room < 0 or count == MAX_CELLS:
            return cells[:count]
    return cells


def _cell(cell: dict[str, Any]) -> SubmittedCell:
    kind = cell.get("cell_type")
    source = _joined(cell.get("source", cell.get("input")))
    if kind == "heading":
        level = cell.get("level")
        source, kind = "#" * (level if level in range(1, 7) else 1) + " " + source, "markdown"
    elif kind not in ("code", "markdown", "raw"):
        kind = "code" if {"outputs", "execution_count", "input", "prompt_number"} & set(cell) else "markdown"
    metadata = cell.get("metadata")
    graded = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = cell.get("id")
    return SubmittedCell(
        kind,
        source,
        graded=graded if isinstance(graded, dict) else {},
        id=name if isinstance(name, str) and CELL_ID.match(name) else "",
        attachments=_attachments(cell.get("attachments")) if kind != "code" else {},
        outputs=cell["outputs"] if kind == "code" and isinstance(cell.get("outputs"), list) else [],
    )


def _joined(source: Any) -> str:
    parts = [part for part in (source if isinstance(source, list) else [source]) if isinstance(part, str)]
    # Some programs write lines without line ends. Python cannot parse text with a NUL, and a NUL is never intended.
    text = ("" if any("\n" in part for part in parts) else "\n").join(parts).replace("\0", "")
    # A single surrogate cannot be encoded as UTF-8.
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _attachments(found: Any) -> dict[str, dict[str, str]]:
    if not isinstance(found, dict):
        return {}
    return {
        name: dict(bundle)
        for name, bundle in found.items()
        if isinstance(bundle, dict)
        and all(re.fullmatch(r"[\w.+-]+/[\w.+-]+", mime) and isinstance(data, str) for mime, data in bundle.items())
    }


# --- damage ----------------------------------------------------------------------------------------------------------


def _decoded(data: bytes, found: FoundNotebook) -> str:
    head = data[:4]
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\0\0\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if head.startswith(mark):
            return data.decode(encoding, "replace")
    # JSON begins with two ASCII characters, so the position of a zero byte shows the byte order of UTF-16.
    if len(head) > 1 and 0 in head[:2]:
        return data.decode("utf-16-le" if head[1] == 0 else "utf-16-be", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    repaired = data.decode("utf-8", "replace")
    if repaired.count("�") <= sum(char > "\x7f" for char in repaired) // 2:
        found.notes.append("some characters of the file were broken; they show as �")
        return repaired
    found.notes.append("the file is not in UTF-8; it was read as Windows text, so accents may have changed")
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _other_format(data: bytes, text: str) -> str:
    for start, what in ((b"%PDF", "a PDF"), (b"PK\x03\x04", "a zip archive"), (b"\x1f\x8b", "a compressed file")):
        if data.startswith(start):
            return what
    first = text.lstrip("\ufeff \t\r\n")[:200].lower()
    if first.startswith("<"):
        return "a web page" if "html" in first else "no JSON"
    return "" if "{" in text else "plain text"


def _salvaged(text: str) -> list[Any]:
    """Return the complete cells of a broken file. After MAX_MISSES failures the rest is skipped, to limit the time."""
    cells, at, misses = [], 0, 0
    decoder = json.JSONDecoder(strict=False)
    while misses < MAX_MISSES:
        start = CELL_START.search(text, at)
        if start is None:
            break
        try:
            cell, at = decoder.raw_decode(text, start.start())
        except (ValueError, RecursionError):
            at, misses = start.start() + 1, misses + 1
            continue
        if isinstance(cell, dict) and isinstance(cell.get("cell_type"), str) and ("source" in cell or "input" in cell):
            cells.append(cell)
    return cells
