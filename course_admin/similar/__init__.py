"""`course similar`: show on one page which answers of a class resemble each other, exercise by exercise.

answers.py extracts the student's own code from a submission; engine.py compares with copydetect; page.py makes the
page. Submitted code is never executed: the texts are read, parsed and compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from course_admin.common.atomic import write_atomic
from course_admin.course import CourseError, find_labs
from course_admin.settings import load_settings
from course_admin.similar.answers import own_code
from course_admin.similar.engine import Pair, compare
from course_admin.similar.page import as_page
from course_admin.submissions.read import read, read_release

SHOWN = 20
"""Number of pairs of a class on the page. A pair that is not on the page is at most as similar as these pairs."""

__all__ = ["SHOWN", "Pair", "compare", "similar"]


def similar(root: Path, name: str, *, pairs: int = SHOWN, out: Path | None = None, console: Any) -> list[Pair]:
    """Compare the answers of a lab in code, write the page, and return the pairs, the most similar first.

    Raises CourseError for an unknown lab, a lab that is not built, and fewer than two submissions.
    """
    (lab,) = find_labs(root, (name,))
    if not lab.source.is_file():
        raise CourseError(f"lab {name} is not built: run `course build {name}` first")
    students = sorted(folder.parent.name for folder in (root / "submitted").glob(f"*/{name}") if folder.is_dir())
    students = [student for student in students if not student.startswith(".")]
    if len(students) < 2:
        raise CourseError(f"fewer than two submissions of {name}: they are expected in submitted/STUDENT/{name}")
    release = read_release(lab.source, load_settings(root))
    given = {cell.metadata.nbgrader.grade_id: cell.source for cell in _answers(release.notebook)}
    classes: dict[str, dict[str, str]] = {exercise: {} for exercise in given}
    with console.status(f"{len(students)} submissions"):
        for student in students:
            for cell in _answers(read(root, name, student, release).notebook):
                exercise = cell.metadata.nbgrader.grade_id
                classes[exercise][student] = own_code(cell.source, given[exercise])
        found = compare(classes)
    path = out or root / "out" / f"similar_{name}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, as_page(name, found, students=len(students), shown=pairs))
    for pair in found.pairs[: min(pairs, 5)]:
        console.print(f"{pair.share:4.0%}  {' and '.join(pair.shown)}", markup=False, highlight=False)
    console.print(f"written  {path}: {len(students)} submissions; similarity proves nothing, read the pairs")
    return found.pairs


def _answers(notebook: Any) -> list[Any]:
    """Return the code cells that hold answers."""
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    ]
