"""Candidates: namespaces as a student's notebook leaves them, made from the reference and the corpora.

A lab's own exercises are run in one process, without a kernel: the cells tagged `setup`, the given classes and
functions, and the solution cells; cells that train, plot or check are left out.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jupytext

from course_admin.settings import CODE_STUB


@dataclass(frozen=True)
class Entry:
    """One entry of a corpus: a wrong or another right answer to one exercise."""

    name: str
    exercise: str
    body: str
    keeps: float = 1.0
    hint: str = ""


@cache
def reference_cells(root: Path, lab: str) -> tuple[tuple[str | None, str], ...]:
    """The cells that define names, in order, as (grade_id of a solution cell or None, source)."""
    notebook = jupytext.read(Path(root) / "notebooks" / lab / f"{lab}.py", fmt="py:percent")
    cells: list[tuple[str | None, str]] = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        graded = cell.metadata.get("nbgrader", {})
        if graded.get("solution") and not graded.get("grade"):
            cells.append((graded["grade_id"], cell.source))
        elif "setup" in cell.metadata.get("tags", []) or _only_defines(cell.source):
            cells.append((None, cell.source))
    return tuple(cells)


def _only_defines(source: str) -> bool:
    body = ast.parse(source).body
    return bool(body) and all(
        isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom) for node in body
    )


def candidate(root: Path, lab: str, replaced: dict[str, str] | None = None) -> dict[str, Any]:
    """The names that a notebook defines, with some solution cells replaced.

    replaced: grade_id -> source of the cell; a cell that raises leaves its names undefined, as in a notebook.
    """
    namespace: dict[str, Any] = {"__name__": "__main__"}
    replaced = replaced or {}
    for grade_id, source in reference_cells(root, lab):
        source = replaced.get(grade_id, source)
        try:
            exec(compile(source, f"<{grade_id or 'given'}>", "exec"), namespace)
        except Exception:
            if grade_id not in replaced:
                raise
    return namespace


def solution(root: Path, lab: str, exercise: str) -> str:
    """The reference's source of one solution cell."""
    found = [source for grade_id, source in reference_cells(root, lab) if grade_id == exercise]
    if not found:
        raise KeyError(f"{lab} has no solution cell {exercise}")
    return found[0]


def stub(source: str) -> str:
    """A solution cell as the release has it: each region between the markers is one line that raises."""
    out: list[str] = []
    inside = False
    for line in source.splitlines():
        if "### BEGIN SOLUTION" in line:
            out.append(line[: len(line) - len(line.lstrip())] + CODE_STUB)
            inside = True
        elif "### END SOLUTION" in line:
            inside = False
        elif not inside:
            out.append(line)
    return "\n".join(out)


def stubs(root: Path, lab: str) -> dict[str, str]:
    """All solution cells of a lab as the release has them, by grade_id."""
    return {grade_id: stub(source) for grade_id, source in reference_cells(root, lab) if grade_id}


def read_corpus(root: Path, lab: str, corpus: str) -> list[Entry]:
    """The entries of autograder_tests/corpora/<lab>/<corpus>.py. Raises ValueError for an incomplete entry."""
    path = Path(root) / "autograder_tests" / "corpora" / lab / f"{corpus}.py"
    if not path.is_file():
        return []
    entries = []
    for cell in jupytext.read(path, fmt="py:percent").cells:
        title, meta = cell.metadata.get("title"), cell.metadata
        if not title:
            continue
        if "exercise" not in meta or (corpus == "mistakes" and not ("keeps" in meta and meta.get("hint"))):
            raise ValueError(f"{path}: entry {title} needs exercise=, and a mistake keeps= and hint= too")
        entries.append(Entry(title, meta["exercise"], cell.source, float(meta.get("keeps", 1)), meta.get("hint", "")))
    names = [entry.name for entry in entries]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise ValueError(f"{path}: two entries are called {', '.join(sorted(doubled))}")
    return entries


def apply(entry: Entry, reference: str) -> str:
    """The exercise's cell with the entry applied to it. Raises ValueError when an old line is not in the reference
    exactly once.
    """
    lines = entry.body.splitlines()
    if not any(line.startswith("# old |") for line in lines):
        return entry.body
    patched, old, new = reference, [], []
    for line in [*lines, "# old |"]:
        if line.startswith("# old |") and new:
            patched = _replace(entry, patched, "\n".join(old), "\n".join(new))
            old, new = [], []
        if line.startswith("# old |"):
            old.append(line.removeprefix("# old |").removeprefix(" "))
        elif line.startswith("# new |"):
            new.append(line.removeprefix("# new |").removeprefix(" "))
    return patched


def _replace(entry: Entry, text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise ValueError(f"entry {entry.name}: the reference has {text.count(old)} times the lines\n{old}")
    return text.replace(old, new)
