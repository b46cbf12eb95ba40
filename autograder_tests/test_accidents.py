"""Tests of the accidental corpus: accidents in honest submissions cost no points, and a finding names them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from submissions import TOOLS, Case, hand_in, mismatches, read_cases
from template_course import template_answers, template_course
from tested_labs import REPO

from course_admin import classroom
from course_admin.authoring.new_lab import new_course
from course_admin.grading.exams import load_exams, points_of, run_exam
from course_admin.submissions.find_notebook import cells_of
from course_utils.probes import StudentError, direct_ask

LAB = "00_template"
CASES = read_cases(REPO / "autograder_tests" / "corpora" / LAB / "accidental.py")
NEIGHBOURS = ("before-them-all", "zz-after-them-all")

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The template lab, built."""
    return template_course(tmp_path_factory.mktemp("accidents"))


@pytest.fixture(scope="module")
def answers(course):
    return template_answers(course)


@pytest.fixture(scope="module")
def full(course):
    return points_of(course, LAB)


def test_there_are_enough():
    assert len(CASES) >= 25
    assert len({case.name for case in CASES}) == len(CASES)


# --- without a kernel: submissions are repaired and run in this process ----------------------------------------------


def points_here(root: Path, notebook, full) -> dict[str, float]:
    """Run a repaired notebook's cells in this process, each exam in place of its check, and return the points."""
    exams, namespace, got = load_exams(root, LAB), {"__name__": "__main__"}, {}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name.startswith("check-"):
            assert name not in got, f"{name} is there twice"
            exam = exams[name.removeprefix("check-")]
            assert cell.metadata.nbgrader.points == full[exam.name]
            result = run_exam(exam, late_ask(exam, namespace))
            got[exam.name] = result.share * full[exam.name]
        elif cell.cell_type == "code":
            try:
                lines = [line for line in cell.source.splitlines() if not line.startswith(("%", "!"))]
                exec(compile("\n".join(lines), f"<{name or 'cell'}>", "exec"), namespace)
            except Exception:
                continue
    return got


def late_ask(exam, namespace):
    def ask(question, targets=None, /, **inputs):
        missing = [name for name in exam.targets if name not in namespace]
        if missing:
            raise StudentError("NameError", f"{missing[0]} is not defined")
        return direct_ask({name: namespace[name] for name in exam.targets})(question, targets, **inputs)

    return ask


@pytest.mark.parametrize("case", [case for case in CASES if not case.sandbox], ids=lambda case: case.name)
def test_an_accident_costs_nothing_once_repaired(case: Case, course, answers, full, tmp_path, monkeypatch):
    from course_admin.settings import load_settings
    from course_admin.submissions.find_notebook import find_notebook
    from course_admin.submissions.read import read_release, repaired
    from course_admin.submissions.repair import filled_in
    from course_admin.submissions.safe_files import files_beside

    root = tmp_path / "course"
    shutil.copytree(course, root)
    folder = hand_in(case, root, LAB, answers)
    before = snapshot(folder)
    given = read_release(root / "source" / LAB / f"{LAB}.ipynb", load_settings(root))
    found = find_notebook(folder, LAB, partial(filled_in, given))
    found.notes += files_beside(folder)[1]
    submission = repaired(given, found)
    assert snapshot(folder) == before, "the submission was changed"
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    findings = [*([submission.damage] if submission.damage else []), *submission.notes]
    assert bool(submission.damage) == (case.state == "failed"), findings
    assert mismatches(case, full, points_here(root, submission.notebook, full), findings) == []
    assert_readable(findings)


def snapshot(folder: Path) -> list[tuple]:
    def about(path: Path) -> tuple:
        plain = path.is_file() and not path.is_symlink() and path.stat().st_size < 10**6
        return path.name, path.lstat().st_mode, path.read_bytes() if plain else b""

    return [about(path) for path in sorted(folder.rglob("*"))]


def assert_readable(findings):
    for line in findings:
        assert "\n" not in line, line
        assert len(line) < 250, line
        assert not any(word in line for word in ("Traceback", "Error:", "grade_id", "None", "0x")), line


def test_cells_outside_of_exercises_leave_them_their_time(course, answers, full):
    from course_admin.grading.run_notebook import execute
    from course_admin.sandbox.limits import Limits
    from course_admin.sandbox.selftest import open_sandbox
    from course_admin.sandbox.session import SandboxError
    from course_admin.submissions.read import read_release
    from course_admin.submissions.repair import repair

    notebook = classroom.fill(classroom.read_notebook(course / "release" / LAB / f"{LAB}.ipynb"), answers)
    own = [
        "while True: pass",
        "while True: pass",
        "while True: pass",
        "def middle(X):\n    return X.mean(dim=0)\n\n\n1 / 0",
    ]
    notebook["cells"][2:2] = [TOOLS["code"](source) for source in own]
    answer = TOOLS["named"](notebook["cells"], "standardise")
    answer["source"] = answer["source"].replace("X.mean(dim=0)", "middle(X)")
    notebook = repair(read_release(course / "source" / LAB / f"{LAB}.ipynb"), cells_of(notebook)).notebook
    try:
        sandbox = open_sandbox("auto", Limits(cell_seconds=4, notebook_seconds=16))
    except SandboxError as refused:
        pytest.skip(f"NO SANDBOX HERE: {refused}")
    with sandbox:
        done = execute(notebook, LAB, sandbox, load_exams(course, LAB))
    assert {exam_run.exam: exam_run.result.share for exam_run in done.exam_runs.values()} == dict.fromkeys(full, 1.0)
    assert len(done.findings) == 3, done.findings
    assert "cells outside of exercises were not run" in done.findings[-1]


def test_an_answer_to_be_written_by_hand_is_read_in_the_notebook(course, answers):
    """The exam reads the text of the answer from the notebook, not from the student's process, which can lie."""
    from course_admin.grading.exams import Exam
    from course_admin.grading.run_notebook import execute
    from course_admin.sandbox.limits import Limits
    from course_admin.sandbox.selftest import open_sandbox
    from course_admin.sandbox.session import SandboxError
    from course_admin.submissions.read import read_release
    from course_admin.submissions.repair import repair
    from course_utils.checks.toolkit import exercise

    @exercise(values=(1, "the columns have mean 0"), without=("mean",))
    def standardise(c):
        c.verify("values", c.call("X", X=[[1.0], [3.0]]).array() is not None, "nothing came back")

    hidden = "import inspect\n\ninspect.findsource = lambda target: (['def standardise(X):\\n', '    return X\\n'], 0)"
    notebook = classroom.fill(classroom.read_notebook(course / "release" / LAB / f"{LAB}.ipynb"), answers)
    notebook["cells"].insert(2, TOOLS["code"](hidden))
    notebook = repair(read_release(course / "source" / LAB / f"{LAB}.ipynb"), cells_of(notebook)).notebook
    exam = Exam("standardise", standardise.targets, standardise.judge, standardise.rubric)
    try:
        sandbox = open_sandbox("auto", Limits())
    except SandboxError as refused:
        pytest.skip(f"NO SANDBOX HERE: {refused}")
    with sandbox:
        done = execute(notebook, LAB, sandbox, {"standardise": exam})
    found = done.exam_runs["check-standardise"]
    assert found.result.share == pytest.approx(0.4), found.result.message
    assert "mean: not allowed in this exercise" in found.result.message
    assert run_exam(exam, found.transcript.replaying(), done.seed).share == found.result.share  # as for a regrade


# --- the whole class, in one command ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def accidents(course, answers):
    """Grade the whole corpus and two perfect submissions in one batch; return the outcomes by student."""
    from course_admin.grading.command import grade

    folders = [hand_in(case, course, LAB, answers) for case in CASES]
    for name in NEIGHBOURS:
        hand_in(Case(name), course, LAB, answers)
    before = [snapshot(folder) for folder in folders]
    outcomes = {outcome.student: outcome for outcome in grade(course, [LAB], timeout=10)}
    assert [snapshot(folder) for folder in folders] == before, "submissions were changed"
    return outcomes


def points_in_gradebook(root: Path) -> dict[str, dict[str, float]]:
    from course_admin.report import read_marks

    rows = read_marks(root)[LAB]
    return {row.student: {name: mark.points for name, mark in row.grades.items() if mark.automatic} for row in rows}


@pytest.mark.pipeline
@pytest.mark.timeout(900)
def test_a_class_of_accidents_is_graded_in_one_batch(course, accidents, full):
    assert set(accidents) == {case.name for case in CASES} | set(NEIGHBOURS)
    got, said = points_in_gradebook(course), []
    for case in CASES:
        outcome = accidents[case.name]
        said += mismatches(case, full, got[case.name], outcome.findings)
        if (outcome.state == "failed") != (case.state == "failed"):
            said.append(f"{case.name}: {outcome.state}")
        page = outcome.page.read_text(encoding="utf-8") if outcome.page else ""
        if ("Notes on your submission" in page) != bool(outcome.findings):
            said.append(f"{case.name}: the page does not show the findings")
    assert said == [], "\n".join(said)


@pytest.mark.pipeline
@pytest.mark.timeout(900)
def test_perfect_neighbours_are_untouched(course, accidents, answers, full):
    got = points_in_gradebook(course)
    for name in NEIGHBOURS:
        assert (accidents[name].state, accidents[name].findings) == ("graded", [])
        assert got[name] == full
        handed = json.loads((course / "submitted" / name / LAB / f"{LAB}.ipynb").read_text())["cells"]
        graded = json.loads((course / "autograded" / name / LAB / f"{LAB}.ipynb").read_text())["cells"]
        for before, after in zip(handed, graded, strict=True):
            if not before["metadata"].get("nbgrader", {}).get("locked"):
                assert "".join(before["source"]) == "".join(after["source"])
            assert before["id"] == after["id"]


@pytest.mark.pipeline
@pytest.mark.timeout(900)
def test_the_same_again_is_kept_with_its_findings(course, accidents):
    from course_admin.grading.command import FAILED, KEPT, grade

    for outcome in grade(course, [LAB]):
        first = accidents[outcome.student]
        assert outcome.state == (FAILED if first.state == FAILED else KEPT), outcome
        assert (outcome.automatic, outcome.findings) == (first.automatic, first.findings)


# --- stock nbgrader --------------------------------------------------------------------------------------------------

STOCK = (
    *("byte-order-mark", "utf-16", "colab", "nbformat-3", "schema-versions", "malformed-outputs", "all-cells-twice"),
    *("all-checks-deleted", "answer-deleted", "turned-round", "retyped", "merged", "cut-off", "empty", "pipe", "huge"),
)
"""One entry of each kind that stock nbgrader reads: files under the right name."""


@pytest.mark.pipeline
@pytest.mark.timeout(600)
def test_stock_nbgrader_repairs_the_same_in_one_batch(course, answers, full, tmp_path):
    root = new_course(tmp_path / "stock", like=REPO)
    for part in ("source", "release", "autograder_tests"):
        shutil.copytree(course / part, root / part)
    cases = [case for case in CASES if case.name in STOCK]
    assert len(cases) == len(STOCK)
    for case in (*cases, Case(NEIGHBOURS[1]), *(case for case in CASES if case.name == "links-beside-the-notebook")):
        hand_in(case, root, LAB, answers)

    def nbgrader(*arguments):
        command = [sys.executable, "-m", "nbgrader", *arguments]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=500, check=False)

    assert nbgrader("generate_assignment", LAB, "--force").returncode == 0
    done = nbgrader("autograde", LAB)
    got, said = points_in_gradebook(root), []
    for case in cases:
        said += mismatches(case, full, got.get(case.name, {}), case.findings) if case.name != "pipe" else []
        said += [f"{case.name}: the log does not say {line!r}" for line in case.findings if line not in done.stderr]
    assert said == [], "\n".join(said)
    assert got[NEIGHBOURS[1]] == full
    # Links and pipes are refused before nbgrader copies files through them.
    assert done.returncode != 0
    assert set(STOCK) - set(got) == {"pipe"}
    assert "links-beside-the-notebook" not in got
    assert "not copied: data.csv is a link" in done.stderr
