"""Select the cells that `course grade --answers-only` leaves out, and the outputs to show for them.

These cells are run: the set-up, the answers, all cells that the student changed or added, and the given cells whose
results they use. The other given cells are left out: only their definitions are run, and their outputs come from the
submitted file. If a name is still missing, the notebook is run again in full (course_admin.grading.tasks).
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from typing import Any

from nbformat.notebooknode import NotebookNode

from course_admin.common.graded_cells import is_automatic, is_needed
from course_admin.sandbox.limits import Limits
from course_admin.sandbox.outputs import Outputs
from course_admin.submissions.cell_analysis import (
    globals_read,
    names_bound,
    names_computed,
    names_imported,
    normal,
    parsed,
    read_by_definitions,
)

AS_HANDED_IN = "(not run again: the output as you handed it in)\n"


class NeedsAllCells(Exception):  # noqa: N818 - no error: the notebook is run again
    """A name is missing that a left-out cell defines."""


def demonstrations(notebook: NotebookNode, release: NotebookNode) -> frozenset[str]:
    """Return the ids of the cells in a repaired notebook whose results no mark depends on."""
    given = {cell.id: cell.source for cell in release.cells if cell.cell_type == "code" and cell.get("id")}
    left_out: dict[str, str] = {}
    run = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and not is_automatic(cell):
            unchanged = not is_needed(cell) and _is_unchanged(cell.source, given.get(cell.get("id", "")))
            if unchanged:
                left_out[cell.id] = cell.source
            else:
                run.append(cell.source)
    modules = frozenset().union(*map(names_imported, [*left_out.values(), *run]))
    # The definitions of left-out cells are run. The names that a definition reads count only if a run cell uses it.
    definitions = [item for source in left_out.values() for item in read_by_definitions(source).items()]
    read = frozenset().union(*map(globals_read, run))
    while True:
        before, count = read, len(left_out)
        for name, source in list(left_out.items()):
            if (names_computed(source) - modules) & read:
                read |= globals_read(left_out.pop(name))
        read = read.union(*(names for name, names in definitions if name in read))
        if (read, len(left_out)) == (before, count):
            break
    return frozenset(left_out)


def _is_unchanged(source: str, given: str | None) -> bool:
    """Return whether a cell equals the released cell, except for guesses: `my_guess = ...` may have another value."""
    if given is None:
        return False
    if normal(source) == normal(given):
        return True
    mine, course = parsed(source), parsed(given)
    if mine is None or course is None or len(mine.body) != len(course.body):
        return False
    return all(
        ast.dump(one) == ast.dump(other) or _is_guess(one, other)
        for one, other in zip(mine.body, course.body, strict=True)
    )


def _is_guess(one: ast.stmt, other: ast.stmt) -> bool:
    return (
        isinstance(one, ast.Assign)
        and isinstance(other, ast.Assign)
        and isinstance(other.value, ast.Constant)
        and other.value.value is ...
        and [ast.dump(target) for target in one.targets] == [ast.dump(target) for target in other.targets]
    )


def shown(outputs: Sequence[Any], limits: Limits) -> list[dict[str, Any]]:
    """Clean outputs from an untrusted file by the same rules as a run's outputs, and put AS_HANDED_IN before them."""
    cleaned = Outputs(limits)
    for output in outputs:
        cleaned.take(json.dumps(_in_one_piece(output)).encode("utf-8", "replace"))
    if not cleaned.cell:
        return []
    return [{"output_type": "stream", "name": "stdout", "text": AS_HANDED_IN}, *cleaned.cell]


def _in_one_piece(output: Any) -> Any:
    """Convert an output to the form of a kernel message: files store texts as lists of lines."""
    if not isinstance(output, dict):
        return None
    data = output.get("data")
    data = {kind: _joined(text) for kind, text in data.items()} if isinstance(data, dict) else {}
    return {**output, "text": _joined(output.get("text")), "data": data}


def _joined(text: Any) -> Any:
    return "".join(line for line in text if isinstance(line, str)) if isinstance(text, list) else text


def is_missing(error: str, left_out: Sequence[str]) -> bool:
    """Return whether left-out cells may cause a NameError. error: its text; left_out: sources of the cells."""
    named = re.search(r"name '(\w+)' is not defined", error)
    return bool(left_out) and (named is None or any(named[1] in names_bound(source) for source in left_out))
