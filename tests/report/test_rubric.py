"""`course rubric`: the declared aspects and deductions with their points."""

from pathlib import Path

import pytest

from course_admin.authoring.new_lab import new_course, new_lab
from course_admin.course import CourseError
from course_admin.report import rubric

REPO = Path(__file__).parents[2]
LAB = "00_template"


@pytest.fixture
def course(tmp_path):
    from course_admin.authoring.build import build

    root = new_course(tmp_path / "course", like=REPO)
    new_lab(root, LAB)
    build(root, say=lambda line: None)
    return root


def test_the_points_of_the_aspects_add_up_to_those_of_the_exercise(course):
    found = {item.name: item for item in rubric.rubrics(course, LAB)}
    assert list(found) == ["standardise", "sampler", "linear_autoencoder"]
    for item in found.values():
        assert sum(float(row.worth.split()[0]) for row in item.aspects) == pytest.approx(item.points, abs=0.02)
    assert ("1.5 points", "the right mean and standard deviation") in found["sampler"].aspects
    assert ("minus 25 %", "a constant column becomes zeros") in found["standardise"].deductions


def test_what_an_exam_file_adds_is_in_the_rubric(course):
    standardise, *_ = rubric.rubrics(course, LAB)
    assert ("minus 20 %", "holds for numbers far from zero") in standardise.deductions


def test_the_page_and_the_markdown_hold_every_line(course):
    page, text = (rubric.as_text(course, LAB, form) for form in ("html", "markdown"))
    for item in rubric.rubrics(course, LAB):
        assert f"## {item.name} ({item.points:g} points)" in text
        assert all(row.right in page and f"| {row.worth} | {row.right} |" in text for row in item.aspects)
    assert "<script" not in page


def test_what_a_lab_declares_is_escaped_on_the_page(course, monkeypatch):
    evil = rubric.ExerciseRubric("x", 1.0, [rubric.Row("1 points", "<script>alert(1)</script>")], [])
    monkeypatch.setattr(rubric, "rubrics", lambda root, lab: [evil])
    assert "&lt;script&gt;" in rubric.as_text(course, LAB, "html")


def test_a_lab_that_is_not_built_is_said(course):
    with pytest.raises(CourseError, match="course build 09_none"):
        rubric.rubrics(course, "09_none")
