"""Execute notebooks and keep them with their outputs by content: an unchanged notebook is not executed again."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from course_admin.common.atomic import write_atomic
from course_admin.course import CourseError, UsageError

BUDGETS = ("study", "quick", "full")
MAY_FAIL = "raises-exception"
SAY_EVERY = 15.0
"""Seconds between two lines of progress."""
CELL_SECONDS = 1800
SETTINGS = ("COURSE_BUDGET", "COURSE_DATA", "COURSE_CACHE", "COURSE_DEVICE")
"""Environment variables that course_utils reads and that outputs depend on."""
LIBRARIES = ("torch", "torchvision", "numpy", "matplotlib", "seaborn", "scikit-learn", "scipy", "pandas")


def executed(path: Path, root: Path, budget: str, say: Callable[[str], None]) -> NotebookNode:
    """Return a notebook with the outputs of a run from top to bottom; taken from out/executed if nothing has changed.

    An error in a cell with the tag that lets it fail is part of the outputs: the exercise is unfinished. Raises
    CourseError for an error in any other cell.
    """
    kept = root / "out" / "executed" / f"{path.parent.parent.name}-{path.stem}-{key_of(path, root, budget)}.ipynb"
    if kept.is_file():
        return nbformat.read(kept, as_version=4)
    notebook = nbformat.read(path, as_version=4)
    began = time.monotonic()
    _execute(notebook, path, root, budget, say)
    say(f"{path.parent.parent.name}/{path.stem}: executed in {time.monotonic() - began:.0f} s")
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(kept, nbformat.writes(notebook))
    return notebook


def key_of(path: Path, root: Path, budget: str) -> str:
    """Return a key of everything that a notebook's outputs depend on: its cells, course_utils with its data, the
    budget, the other settings of course_utils, and the versions of the libraries.
    """
    given = os.environ | _settings(budget)
    settings = [f"{name}={given.get(name, '')}" for name in SETTINGS]
    return digest([path, *files_of_course_utils(root)], settings)


def files_of_course_utils(root: Path) -> list[Path]:
    """Return all paths in course_utils, and in the course's own course_utils folder if that is another folder."""
    import course_utils

    packages = dict.fromkeys((Path(course_utils.__file__).resolve().parent, (root / "course_utils").resolve()))
    return [file for package in packages for file in sorted(package.rglob("*"))]


def digest(files: Iterable[Path], words: Iterable[str]) -> str:
    """Return a key of the names and content of files, of some words, and of the versions of the libraries.

    Folders and __pycache__ are ignored.
    """
    from importlib import metadata

    found = hashlib.sha256()
    for file in files:
        if file.is_file() and "__pycache__" not in file.parts:
            found.update(file.name.encode() + b"\0" + file.read_bytes())
    for line in (*words, *(f"{name} {metadata.version(name)}" for name in LIBRARIES)):
        found.update(b"\0" + line.encode())
    return found.hexdigest()[:16]


def _settings(budget: str) -> dict[str, str]:
    return {
        "COURSE_BUDGET": budget,
        "COURSE_DATA": os.environ.get("COURSE_DATA", "sample"),
        "COURSE_PROGRESS": "0",
    }


def refuse_budget(budget: str) -> None:
    """Raise UsageError for a budget that course_utils does not know."""
    if budget not in BUDGETS:
        raise UsageError(f"no budget {budget!r}: choose one of {', '.join(BUDGETS)}")


def seconds_of(cell: NotebookNode) -> float:
    """Return the run time of an executed notebook's cell in seconds; 0 for a cell that did not run, as a text cell."""
    from datetime import datetime

    times = cell.metadata.get("execution", {})
    begin, end = times.get("iopub.status.busy"), times.get("iopub.status.idle")
    if not begin or not end:
        return 0.0
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


def _execute(notebook: NotebookNode, path: Path, root: Path, budget: str, say: Callable[[str], None]) -> None:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    name, cells, last = f"{path.parent.parent.name}/{path.stem}", len(notebook.cells), [time.monotonic()]
    say(f"{name}: executing {cells} cells with the budget {budget}")

    def tell(cell_index: int, **_: Any) -> None:
        if time.monotonic() - last[0] >= SAY_EVERY:
            last[0] = time.monotonic()
            say(f"{name}: cell {cell_index + 1} of {cells}")

    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # otherwise it warns about TCP at every start
        on_cell_start=tell,
    )
    try:
        client.execute(env=os.environ | _settings(budget) | {"PYTHONPATH": str(root)})
    except CellExecutionError as error:
        raise CourseError(f"{path} does not run from top to bottom, correct the lab: {_last(str(error))}") from None
    except (CellTimeoutError, DeadKernelError) as error:
        raise CourseError(f"{path} cannot be executed: {_last(str(error))}") from None


def _last(text: str) -> str:
    return ([line.strip() for line in text.splitlines() if line.strip()] or ["no message"])[-1][:200]
