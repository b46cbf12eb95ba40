"""Make a course whose only lab is the template: three exercises, graded in a second."""

from __future__ import annotations

from pathlib import Path

from course_admin import classroom
from course_admin.authoring.build import build
from course_admin.authoring.new_lab import new_course, new_lab

REPO = Path(__file__).parents[2]
LAB = "00_template"


def template_course(folder: Path) -> Path:
    """Make the course in a folder, build it, and return its root."""
    root = new_course(folder, like=REPO)
    new_lab(root, LAB)
    build(root, say=lambda line: None)
    return root


def template_answers(root: Path) -> dict[str, str]:
    """Return the reference answers of the template lab by grade_id."""
    return classroom.reference_answers(classroom.read_notebook(root / "source" / LAB / f"{LAB}.ipynb"))
