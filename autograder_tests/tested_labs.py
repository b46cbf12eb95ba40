"""Select the labs whose exams are tested: those of the course, and the fixture lab that `course new` makes."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

from course_admin.authoring.new_lab import new_course, new_lab

REPO = Path(__file__).parent.parent


@cache
def fixture_course() -> Path:
    """Make a course with the template's lab in a temporary folder, and return its root."""
    folder = tempfile.TemporaryDirectory(prefix="course-fixture-")
    fixture_course.folder = folder  # kept until the interpreter ends, then removed
    root = new_course(Path(folder.name), like=REPO)
    new_lab(root, "00_template")
    return root


def labs() -> list[tuple[Path, str]]:
    """Return (course root, lab) for every lab to test. The variable COURSE_ROOT selects another course."""
    root = Path(os.environ.get("COURSE_ROOT", REPO))
    own = sorted(path.parent.name for path in root.glob("notebooks/*/*.py") if path.stem == path.parent.name)
    return [(fixture_course(), "00_template"), *((root, lab) for lab in own)]
