"""Make submissions from a release and answers, for the demo, the tests and the benchmarks."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from course_admin.common import regions

Notebook = dict[str, Any]


def read_notebook(path: Path) -> Notebook:
    """Read a notebook as plain JSON, with each cell's source as one string."""
    notebook = json.loads(Path(path).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def solution_cells(notebook: Notebook) -> dict[str, dict[str, Any]]:
    """Return the cells that students fill in, by grade_id, in the order of the notebook."""
    found = {}
    for cell in notebook["cells"]:
        meta = cell["metadata"].get("nbgrader", {})
        if meta.get("solution"):
            found[meta["grade_id"]] = cell
    return found


def reference_answers(source: Notebook, *, written: bool = True) -> dict[str, str]:
    """Return the answers of an instructor's notebook by grade_id, without solution markers and mark schemes.

    written: include written answers, not only code.
    """
    return {
        grade_id: _without_markers(cell["source"])
        for grade_id, cell in solution_cells(source).items()
        if written or cell["cell_type"] == "code"
    }


def fill(release: Notebook, answers: Mapping[str, str]) -> Notebook:
    """Return a copy of a release with these answers in its solution cells. The other cells stay unchanged.

    answers: grade_id -> the cell's whole source. Raises KeyError for a grade_id that the release does not have.
    """
    notebook = copy.deepcopy(release)
    cells = solution_cells(notebook)
    for grade_id, source in answers.items():
        cells[grade_id]["source"] = source
    return notebook


def hand_in(root: Path, student: str, lab: str, notebook: Notebook) -> Path:
    """Put a notebook where `course grade` finds it, submitted/<student>/<lab>/<lab>.ipynb, and return that path."""
    path = Path(root) / "submitted" / student / lab / f"{lab}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    return path


def _without_markers(source: str) -> str:
    return regions.without_markers(regions.without(source, regions.MARK_SCHEME), regions.SOLUTION).rstrip("\n")
