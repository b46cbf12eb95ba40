"""Select the labs whose exams are tested: those of the course, and the fixture lab that `course new` makes."""

from __future__ import annotations

import os
import sys
import tempfile
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from candidates import read_corpus

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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise tests with `lab` (root, name), or with `mistake` or `alternative` (root, name, entry of a corpus)."""
    if "lab" in metafunc.fixturenames:
        metafunc.parametrize("lab", labs(), ids=[name for _, name in labs()])
    for kind in ("mistake", "alternative"):
        if kind in metafunc.fixturenames:
            found = [
                (root, name, entry)
                for root, name in labs()
                for entry in read_corpus(root, name)
                if (kind == "mistake") == (entry.keeps is not None)
            ]
            metafunc.parametrize(kind, found, ids=[f"{name}-{entry.exercise}-{entry.name}" for _, name, entry in found])
