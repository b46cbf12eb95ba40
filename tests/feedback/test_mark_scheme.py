"""The mark scheme is on the formgrader's pages and on no others."""

from __future__ import annotations

import json

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

LAB = "01_mini"
ANSWER = {"nbgrader": {"grade_id": "written-why", "grade": True, "solution": True}}
SOURCE = """\
### BEGIN SOLUTION
Columns in different units become comparable.
### BEGIN MARK SCHEME
1 point: says that columns become comparable
### END MARK SCHEME
### END SOLUTION"""


@pytest.fixture
def page(tmp_path):
    """A function that shows a student's answer with some resources, and returns the sources of the cells."""
    from traitlets.config import Config

    from course_admin.feedback.mark_scheme import ShowMarkScheme

    path = tmp_path / "source" / LAB / f"{LAB}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(new_notebook(cells=[new_markdown_cell(SOURCE, metadata=ANSWER)])))

    def show(**resources):
        cells = [new_code_cell("x = 1"), new_markdown_cell("because of the units", metadata=ANSWER)]
        scheme = ShowMarkScheme(config=Config({"ShowMarkScheme": {"course_root": str(tmp_path)}}))
        return [cell.source for cell in scheme.preprocess(new_notebook(cells=cells), resources)[0].cells]

    return show


def test_the_formgrader_shows_it_above_the_answer_and_not_the_model_answer(page):
    shown = page(submission_id="abc", assignment_id=LAB)
    assert shown[1].startswith("**Mark scheme**")
    assert shown[1].endswith("1 point: says that columns become comparable")
    assert shown[0::2] == ["x = 1", "because of the units"]
    assert "different units" not in "".join(shown)


@pytest.mark.parametrize(
    "resources",
    [
        {},
        {"assignment_id": LAB},
        {"nbgrader": {"assignment": LAB, "student": "ada"}},
        {"submission_id": "abc", "assignment_id": "09_gone"},
    ],
)
def test_no_other_page_does(page, resources):
    assert page(**resources) == ["x = 1", "because of the units"]
