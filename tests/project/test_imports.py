"""Which folder imports from which, and what stays light: the contracts of pyproject.toml hold, torch stays out."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_no_folder_reaches_for_one_that_it_may_not():
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


LIGHT = (
    "course_admin.cli",
    "course_admin.feedback.mark_scheme",
    "course_admin.feedback.page",
    "course_admin.feedback.sanitise",
    "course_admin.grading.gradebook",
    "course_admin.grading.late_penalty",
    "course_admin.grading.store",
    "course_admin.nbgrader_plugins.late",
    "course_admin.common.atomic",
    "course_admin.feedback.render",
    "course_admin.grading.scoring",
    "course_admin.report",
    "course_admin.report.figures",
    "course_admin.report.lms",
    "course_admin.report.marks",
    "course_admin.report.page",
    "course_admin.report.statistics",
    "course_admin.report.table",
    "course_admin.submissions.collect",
    "course_admin.submissions.read",
    "course_admin.submissions.repair",
    "course_admin.common.text",
)


@pytest.mark.parametrize("module", LIGHT)
def test_torch_is_not_imported_where_nothing_is_computed(module):
    code = f"import sys, {module}; raise SystemExit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr or f"{module} imports torch"
