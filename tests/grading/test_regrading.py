"""Grading again: manual marks are kept, and a finding names each mark of an earlier hand-in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from template_course import template_course

from course_admin import classroom
from course_admin.course import CourseError
from course_admin.grading.command import EARLIER, FAILED, GRADED, KEPT, grade, rescore
from course_admin.report import gradebook_url

REPO = Path(__file__).parents[2]
LAB = "00_template"
WRITTEN = "written-linear"
FAILING = """

from course_admin.grading.exams import exam


@exam("standardise")
def standardise(ask, rng):
    return 1 / 0
"""

pytestmark = pytest.mark.pipeline


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course in which ada's submission was graded, and a person marked her written answer and commented on it."""
    root = template_course(tmp_path_factory.mktemp("regrading"))
    put(root)
    (outcome,) = grade(root, [LAB])
    assert (outcome.state, outcome.automatic, outcome.pending) == (GRADED, 9, 1)
    with opened(root) as gradebook:
        mark = gradebook.find_grade(WRITTEN, LAB, LAB, "ada")
        mark.manual_score, mark.needs_manual_grade = 0.75, False
        gradebook.find_comment(WRITTEN, LAB, LAB, "ada").manual_comment = "Nearly: what about the width?"
        # And gave her something for a good try.
        extra = gradebook.find_grade("check-sampler", LAB, LAB, "ada")
        extra.manual_score, extra.needs_manual_grade = 2.5, False
        gradebook.db.commit()
    return root


def opened(root):
    from nbgrader.api import Gradebook

    return Gradebook(gradebook_url(root))


def put(root, **changes):
    """Hand in: the reference, with other text in some cells."""
    release = classroom.read_notebook(root / "release" / LAB / f"{LAB}.ipynb")
    answers = classroom.reference_answers(classroom.read_notebook(root / "source" / LAB / f"{LAB}.ipynb"))
    return classroom.hand_in(root, "ada", LAB, classroom.fill(release, answers | changes))


def by_hand(root):
    """(points, pending) of what a person marked, and the comment."""
    with opened(root) as gradebook:
        marks = [gradebook.find_grade(name, LAB, LAB, "ada") for name in (WRITTEN, "check-sampler")]
        comment = gradebook.find_comment(WRITTEN, LAB, LAB, "ada").comment
        return [(mark.score, mark.needs_manual_grade) for mark in marks], comment


def page(root):
    return (root / "feedback" / "ada" / LAB / f"{LAB}.html").read_text(encoding="utf-8")


def test_what_a_person_marked_survives_when_nothing_changed(course):
    put(course)
    (outcome,) = grade(course, [LAB], force=True)
    assert (outcome.state, outcome.pending, outcome.findings) == (GRADED, 0, [])
    assert by_hand(course) == ([(0.75, False), (2.5, False)], "Nearly: what about the width?")
    assert "Nearly: what about the width?" in page(course)


def test_a_changed_answer_keeps_its_mark_until_a_person_looks(course):
    put(course, **{WRITTEN: "It needs a bend. A wider code is none."})
    (outcome,) = grade(course, [LAB])
    assert by_hand(course) == ([(0.75, True), (2.5, True)], "Nearly: what about the width?")
    (finding,) = outcome.findings
    assert finding.startswith("changed since a person marked it")
    assert WRITTEN in finding
    assert "check-sampler" in finding
    assert outcome.pending == 2
    # Kept with what was found, and on the page.
    assert grade(course, [LAB])[0].findings == [finding]
    assert "changed since a person marked it" in page(course)


def test_a_damaged_hand_in_leaves_the_earlier_mark_and_says_so(course):
    path = put(course)
    (before,) = grade(course, [LAB], force=True)
    whole = path.read_bytes()
    for damaged, words in ((whole[: len(whole) // 2], "ends in the middle"), (b"", "is empty"), (None, "no notebook")):
        path.unlink() if damaged is None else path.write_bytes(damaged)
        for _ in range(2):
            (outcome,) = grade(course, [LAB])
            assert (outcome.state, outcome.automatic) == (FAILED, 9)
            assert words in outcome.findings[0]
            assert outcome.findings[-1] == EARLIER
            assert EARLIER in page(course)
            assert words in page(course)
        assert by_hand(course)[0][0][0] == 0.75
    # The old file again: nothing is left of it.
    path.write_bytes(whole)
    (outcome,) = grade(course, [LAB])
    assert (outcome.state, outcome.automatic, outcome.findings) == (KEPT, 9, before.findings)
    assert EARLIER not in page(course)


def test_what_goes_wrong_after_the_run_is_a_finding_and_the_mark_stands(course, monkeypatch):
    from course_admin.grading.store import Records

    put(course)
    grade(course, [LAB], force=True)
    monkeypatch.setattr(Records, "store", lambda *_: 1 / 0)
    (outcome,) = grade(course, [LAB], force=True)
    assert (outcome.state, outcome.automatic) == (FAILED, 9)
    assert outcome.findings == ["could not be graded: ZeroDivisionError: division by zero", EARLIER]


def test_an_exam_that_fails_when_it_judges_again_takes_no_points(course):
    put(course)
    grade(course, [LAB], force=True)
    exams = course / "autograder_tests" / "exams" / f"{LAB}.py"
    whole = exams.read_text()
    exams.write_text(whole + FAILING)
    try:
        changes = rescore(course, LAB, "standardise")
    finally:
        exams.write_text(whole)
    assert changes == {
        "ada": "the exam could not judge the answer, so the points stay: ZeroDivisionError: division by zero"
    }
    with opened(course) as gradebook:
        assert gradebook.find_grade("check-standardise", LAB, LAB, "ada").auto_score == 2
    with pytest.raises(CourseError, match="no submission of 00_template by nobody"):
        rescore(course, LAB, "standardise", student="nobody")


def test_stock_nbgrader_leaves_the_earlier_mark_too(course):
    path = put(course)
    grade(course, [LAB], force=True)
    path.write_bytes(path.read_bytes()[:3000])
    command = [sys.executable, "-m", "nbgrader", "autograde", LAB, "--force"]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode != 0
    assert "ends in the middle" in done.stderr
    assert "the gradebook keeps the marks of an earlier hand-in" in done.stderr
    with opened(course) as gradebook:
        assert gradebook.find_grade("check-standardise", LAB, LAB, "ada").auto_score == 2
    # And `course grade` does not take them for the new file's.
    (outcome,) = grade(course, [LAB])
    assert (outcome.state, outcome.automatic, outcome.findings[-1]) == (FAILED, 9, EARLIER)
    assert json.loads(put(course).read_text())["cells"]
    assert grade(course, [LAB])[0].state == GRADED
