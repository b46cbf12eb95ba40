"""Convert the short form, in which authors write graded cells, to nbgrader's cells and back.

    # %% exercise="to_range"                          a cell that students fill in
    # %% check="to_range" points=2                    the visible check, checks.to_range(to_range)
    # %% [markdown] written="samples" points=2        an answer that a person marks

The build derives the rest from these lines: nbgrader's metadata, the hidden tests of a check, and the tag
raises-exception. Each check has this tag, and so has each cell that reads a name defined in an exercise. Authors can
still write nbgrader={...} by hand.
"""

from __future__ import annotations

import ast
import copy
import re
from typing import Any

from course_admin.authoring import lab_text
from course_admin.authoring.cell_code import names_bound, names_read, tree
from course_admin.authoring.lab_exercises import KnownExercises, known_exercises
from course_admin.authoring.lab_text import Cell
from course_admin.common import regions
from course_admin.common.graded_cells import CHECK
from course_admin.course import Lab

WRITTEN = "written-"
SHORT_KEYS = {"exercise": "code", "check": "code", "written": "markdown"}
"""The keys of the short form, each with the type of its cells."""

NAME = re.compile(r"[A-Za-z0-9_-]+")
MAY_FAIL = "raises-exception"
"""The tag of a cell whose exceptions do not stop Run All."""


def read_cells(lab: Lab) -> list[Cell]:
    """Return the cells of a lab's text with all derived parts."""
    cells = lab_text.parse(lab.text.read_text(encoding="utf-8-sig"))[0].cells
    return derived(lab.name, cells, known_exercises(lab))


def derived(lab: str, cells: list[Cell], exercises: KnownExercises) -> list[Cell]:
    """Return the cells with nbgrader's metadata, hidden tests and tags in place of the short form.

    A cell without a valid short form stays unchanged, except for the tag raises-exception.
    """
    full = [_full(lab, cell, exercises) for cell in cells]
    for position in _cells_that_read_exercises(full):
        full[position] = _tagged(full[position])
    return full


def shortened(lab: str, cells: list[Cell], exercises: KnownExercises) -> list[Cell]:
    """Return the cells in the short form, without the additions of `derived`.

    A cell that the short form cannot express keeps its nbgrader metadata.
    """
    full = derived(lab, cells, exercises)
    short = [_short(lab, cell, exercises) for cell in full]
    for position in _cells_that_read_exercises(full):
        short[position] = _untagged(short[position])
    return short


def short_form(cell: Cell) -> tuple[str, str] | None:
    """Return the key and the name of a cell in the short form, for example ("check", "to_range").

    Return None for any other cell and for a wrong short form.
    """
    keys = SHORT_KEYS.keys() & cell["metadata"].keys()
    if len(keys) != 1 or "nbgrader" in cell["metadata"]:
        return None
    key = keys.pop()
    name = cell["metadata"][key]
    fits = isinstance(name, str) and NAME.fullmatch(name) and SHORT_KEYS[key] == cell["cell_type"]
    return (key, name) if fits else None


def hidden_tests(lab: str, name: str, exercises: KnownExercises) -> str | None:
    """Return the hidden tests of an exercise's check cell, or None if no exercise of this name is known."""
    known = exercises.by_name.get(name)
    if known is None:
        return None
    call = f'grade("{lab}", "{name}", {", ".join(known.targets)})'
    return f"from course_admin.grading.exams import grade\n\n{call}"


def same_code(one: str, other: str) -> bool:
    """Return True if two texts are the same Python code, apart from comments, blank lines and the kind of quotes."""
    trees = tree(one), tree(other)
    return None not in trees and ast.dump(trees[0]) == ast.dump(trees[1])


def _full(lab: str, cell: Cell, exercises: KnownExercises) -> Cell:
    form = short_form(cell)
    if form is None:
        return cell
    key, name = form
    metadata = {k: v for k, v in cell["metadata"].items() if k not in (*SHORT_KEYS, "points")}
    nbgrader: dict[str, Any] = {"grade_id": {"exercise": "", "check": CHECK, "written": WRITTEN}[key] + name}
    nbgrader.update(grade=key != "exercise", solution=key != "check")
    if "points" in cell["metadata"]:
        nbgrader["points"] = cell["metadata"]["points"]
    full = {**cell, "metadata": {**metadata, "nbgrader": nbgrader}}
    if key == "check":
        hidden = hidden_tests(lab, name, exercises)
        if hidden and not regions.texts(cell["source"], regions.HIDDEN_TESTS):
            full["source"] += "\n" + regions.region(hidden, regions.HIDDEN_TESTS)
        full = _tagged(full)
    return lab_text.normal(full)


def _short(lab: str, cell: Cell, exercises: KnownExercises) -> Cell:
    metadata = {k: v for k, v in cell["metadata"].items() if k != "nbgrader"}
    nbgrader, source = cell["metadata"].get("nbgrader", {}), cell["source"]
    grade_id = str(nbgrader.get("grade_id", ""))
    if "grade_id" not in nbgrader or set(SHORT_KEYS) & set(metadata) or "points" in metadata:
        return cell
    if nbgrader["grade"] and not nbgrader["solution"] and grade_id.startswith(CHECK):
        hidden = hidden_tests(lab, grade_id.removeprefix(CHECK), exercises)
        written = regions.texts(source, regions.HIDDEN_TESTS)
        if hidden is None or (written and not same_code("\n".join(written), hidden)):
            return cell
        source = regions.without(source, regions.HIDDEN_TESTS)
        own = {"check": grade_id.removeprefix(CHECK)}
    elif nbgrader["grade"] and grade_id.startswith(WRITTEN):
        own = {"written": grade_id.removeprefix(WRITTEN)}
    else:
        own = {"exercise": grade_id}
    if "points" in nbgrader:
        own["points"] = nbgrader["points"]
    short = lab_text.normal({**cell, "source": source, "metadata": {**own, **metadata}})
    if "check" in own:
        short = _untagged(short)
    # The short form cannot express all nbgrader metadata. A cell with other metadata stays as it is.
    return short if _full(lab, short, exercises)["metadata"].get("nbgrader") == nbgrader else cell


def _cells_that_read_exercises(full: list[Cell]) -> list[int]:
    """Return the positions of the given cells that read a name defined in an exercise's cell.

    If a given cell defines the name again, the cells after it do not count, because they do not need the exercise.
    """
    students: set[str] = set()
    found = []
    for position, cell in enumerate(full):
        if cell["cell_type"] != "code":
            continue
        nbgrader = cell["metadata"].get("nbgrader", {})
        if nbgrader.get("solution"):
            students |= names_bound(cell["source"], imports=False)
        elif not nbgrader:
            if students & names_read(cell["source"]):
                found.append(position)
            students -= names_bound(cell["source"])
    return found


def _tagged(cell: Cell) -> Cell:
    tags = cell["metadata"].get("tags", [])
    if MAY_FAIL in tags:
        return cell
    return lab_text.normal({**cell, "metadata": {**cell["metadata"], "tags": [*tags, MAY_FAIL]}})


def _untagged(cell: Cell) -> Cell:
    found = copy.deepcopy(cell)
    found["metadata"]["tags"] = [tag for tag in found["metadata"].get("tags", []) if tag != MAY_FAIL]
    return lab_text.normal(found)
