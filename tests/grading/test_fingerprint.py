"""What makes `course grade` grade again, what does not, and checks that are not those of the command."""

from __future__ import annotations

import json
import os
import time

import pytest

from course_admin.course import CourseError
from course_admin.grading import fingerprint as module
from course_admin.grading.fingerprint import fingerprint, judging_digest, refuse_old_checks, rules_of

LAB = "01_pca_vs_ae"


@pytest.fixture
def judging(tmp_path, monkeypatch):
    """An installation whose checks are one file, older than this process; returns the file."""
    check = tmp_path / "check.py"
    check.write_text("right = 1\n")
    os.utime(check, (module.STARTED - 60,) * 2)
    monkeypatch.setattr(module, "_judging_files", lambda lab: {"course_utils/check.py": check})
    judging_digest.cache_clear()
    yield check
    judging_digest.cache_clear()


@pytest.fixture
def root(tmp_path, judging):
    """A course with one lab of a sentence, a code cell, and a written answer of two points."""
    code = {"cell_type": "code", "source": "x = 1", "metadata": {"nbgrader": {"grade_id": "given"}}}
    prose = {"cell_type": "markdown", "source": "A sentence.", "metadata": {}}
    written = {"cell_type": "markdown", "source": "Why?", "metadata": {"nbgrader": {"grade_id": "why", "points": 2}}}
    put(tmp_path, [prose, code, written])
    (tmp_path / "autograder_tests" / "exams").mkdir(parents=True)
    return tmp_path


def put(root, cells):
    folder = root / "source" / LAB
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{LAB}.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4, "metadata": {}}))


def cells_of(root):
    return json.loads((root / "source" / LAB / f"{LAB}.ipynb").read_text())["cells"]


def test_prose_executes_nothing_again(root):
    before, cells = rules_of(root, LAB), cells_of(root)
    cells[0]["source"] = "Another sentence."
    cells[2]["source"] = "Why is that?"
    put(root, [*cells, {"cell_type": "markdown", "source": "More.", "metadata": {}}][:3])
    assert rules_of(root, LAB) == before


def change_code(root, judging):
    cells = cells_of(root)
    cells[1]["source"] = "x = 2"
    put(root, cells)


def change_points(root, judging):
    cells = cells_of(root)
    cells[2]["metadata"]["nbgrader"]["points"] = 3
    put(root, cells)


def change_exam(root, judging):
    (root / "autograder_tests" / "exams" / f"{LAB}.py").write_text("# another corner\n")


def change_data_of_the_lab(root, judging):
    (root / "source" / LAB / "numbers.csv").write_text("1,2\n")


def change_check(root, judging):
    judging.write_text("right = 2\n")
    judging_digest.cache_clear()  # as another process sees it


@pytest.mark.parametrize(
    "change", [change_code, change_points, change_exam, change_data_of_the_lab, change_check], ids=lambda f: f.__name__
)
def test_what_marks_depend_on_grades_again(root, judging, change):
    before = rules_of(root, LAB)
    change(root, judging)
    assert rules_of(root, LAB) != before


def test_a_file_cannot_move_its_content_into_another(root):
    one = fingerprint("rules", root / "none.ipynb", {"a": b"bc", "d": b""})
    other = fingerprint("rules", root / "none.ipynb", {"a": b"b", "cd": b""})
    assert one != other != fingerprint("other rules", root / "none.ipynb", {"a": b"b", "cd": b""})


def test_checks_toolkit_probes_data_and_the_exams_machinery_decide_marks_other_labs_and_figures_do_not():
    names = set(module._judging_files(LAB))
    asked = {
        "course_utils/checks/pca_vs_ae/pca_fit.py", "course_utils/checks/toolkit/values.py",
        "course_utils/probes/functions.py",
        "course_utils/evidence.py", "course_utils/training.py", "course_utils/data/drawn.py",
        "course_utils/data/samples/mnist-test.npz", "course_admin/grading/exams.py",
    }  # fmt: skip
    assert asked <= names
    assert not [name for name in names if "manual_weights" in name or "plotting" in name or "__pycache__" in name]


def test_a_worker_with_other_checks_is_refused(judging):
    refuse_old_checks(LAB, judging_digest(LAB))
    with pytest.raises(CourseError, match="install the same course on every worker"):
        refuse_old_checks(LAB, "the digest of another version")


def test_a_program_that_was_started_before_a_check_changed_refuses_to_judge(judging):
    refuse_old_checks(LAB)
    os.utime(judging, (time.time() + 1,) * 2)
    with pytest.raises(CourseError, match=r"course_utils/check\.py was changed after .* restart JupyterLab"):
        refuse_old_checks(LAB)
