"""Candidates: the namespaces that a student's notebook would define, made from the reference and the corpora.

A lab's cells are run in one process, without a kernel: the cells tagged `setup`, the given classes and functions, and
the solution cells. Cells that train, plot or check are left out.
"""

from __future__ import annotations

import ast
import linecache
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jupytext

from course_admin.authoring.derived_cells import read_cells
from course_admin.authoring.draft import is_solution, nbgrader
from course_admin.common import regions
from course_admin.course import Lab
from course_admin.settings import CODE_STUB


@dataclass(frozen=True)
class Entry:
    """One entry of a corpus: a mistake (keeps: its share of the points) or an alternative right answer (keeps: None).

    corner: a deduction's name in the exam file, if only this deduction finds the mistake and not the visible check.
    """

    name: str
    exercise: str
    patch: str
    body: str
    keeps: float | None
    hint: str
    path: Path
    corner: str = ""


@cache
def reference_cells(root: Path, lab: str) -> tuple[tuple[str | None, str], ...]:
    """Return the cells that define names, in order, as (grade_id of a solution cell or None, source)."""
    cells: list[tuple[str | None, str]] = []
    for cell in read_cells(Lab(Path(root), lab)):
        if is_solution(cell):
            cells.append((nbgrader(cell)["grade_id"], cell["source"]))
        elif cell["cell_type"] == "code" and (
            "setup" in cell["metadata"].get("tags", []) or _only_defines(cell["source"])
        ):
            cells.append((None, cell["source"]))
    return tuple(cells)


def _only_defines(source: str) -> bool:
    body = ast.parse(source).body
    return bool(body) and all(
        isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom) for node in body
    )


def candidate(root: Path, lab: str, replaced: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the names that a notebook defines, with some solution cells replaced.

    replaced: grade_id -> source of the cell. If a replaced cell raises, its names stay undefined, as in a notebook.
    """
    namespace: dict[str, Any] = {"__name__": "__main__"}
    replaced = replaced or {}
    for grade_id, source in reference_cells(root, lab):
        source = replaced.get(grade_id, source)
        try:
            exec(compile(source, _readable(source, grade_id or "given"), "exec"), namespace)
        except Exception:
            if grade_id not in replaced:
                raise
    return namespace


def _readable(source: str, name: str) -> str:
    """Return a file name under which `inspect` finds the cell's source, as in a notebook."""
    file = f"<{name} {zlib.crc32(source.encode())}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    return file


def solution(root: Path, lab: str, exercise: str) -> str:
    """Return the reference solution of one exercise: the source of its solution cell."""
    found = [source for grade_id, source in reference_cells(root, lab) if grade_id == exercise]
    if not found:
        raise KeyError(f"{lab} has no solution cell {exercise}")
    return found[0]


def stub(source: str) -> str:
    """Return a solution cell as in the release: each region between the markers is replaced by one line that raises."""
    return regions.replaced(source, regions.SOLUTION, CODE_STUB)


def stubs(root: Path, lab: str) -> dict[str, str]:
    """Return all solution cells of a lab as in the release, by grade_id."""
    return {grade_id: stub(source) for grade_id, source in reference_cells(root, lab) if grade_id}


def read_corpus(root: Path, lab: str) -> list[Entry]:
    """Return all entries of autograder_tests/corpora/<lab>/, which has one file per exercise, and unlikely.py.

    An entry with keeps= is a mistake; an entry without it is an alternative right answer. Raises ValueError for an
    incomplete entry and for two entries of an exercise with the same name.
    """
    entries = []
    for path in sorted((Path(root) / "autograder_tests" / "corpora" / lab).glob("*.py")):
        if path.stem in ("hostile", "accidental"):
            continue
        for cell in jupytext.read(path, fmt="py:percent").cells:
            title, meta = cell.metadata.get("title"), cell.metadata
            if not title:
                continue
            exercise = meta.get("exercise") if path.stem == "unlikely" else path.stem
            if (
                not exercise
                or not (meta.get("patch") or cell.source.strip())
                or ("hint" in meta and "keeps" not in meta)
            ):
                raise ValueError(f"{path}: entry {title} is incomplete, see the head of the file")
            keeps = meta.get("keeps")
            words = (meta.get("hint", ""), path, meta.get("corner", ""))
            entries.append(Entry(title, exercise, meta.get("patch", ""), cell.source, keeps, *words))
    names = [(entry.exercise, entry.name) for entry in entries]
    if doubled := {f"{exercise}: {name}" for exercise, name in names if names.count((exercise, name)) > 1}:
        raise ValueError(f"two entries of {lab} are called {', '.join(sorted(doubled))}")
    return entries


def apply(entry: Entry, reference: str) -> str:
    """Return the exercise's cell for an entry: the entry's own code, or the reference with the patch "old => new".

    Raises ValueError unless the old text is in the reference exactly once.
    """
    if not entry.patch:
        return entry.body
    old, arrow, new = entry.patch.partition(" => ")
    if not arrow or reference.count(old) != 1:
        raise ValueError(f"entry {entry.name}: the reference has {reference.count(old)} times the text {old!r}")
    return reference.replace(old, new)
