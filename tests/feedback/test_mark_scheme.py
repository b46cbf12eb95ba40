"""The model answer and the mark scheme are on the formgrader's pages and on no others."""

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


def test_the_formgrader_shows_model_answer_and_mark_scheme_above_the_answer(page):
    shown = page(submission_id="abc", assignment_id=LAB)
    assert shown[0::2] == ["x = 1", "because of the units"]
    model, scheme = shown[1].split("**Mark scheme**")
    assert model.startswith("**Model answer** (students never see it)\n\nColumns in different units become comparable.")
    assert scheme.endswith("1 point: says that columns become comparable")
    assert "SOLUTION" not in shown[1] and "SCHEME" not in shown[1]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("Whole cell.\n\n### BEGIN MARK SCHEME\n1 point\n### END MARK SCHEME", ["Whole cell.", "1 point"]),
        ("Asked.\n### BEGIN SOLUTION\nSo.\n### END SOLUTION", ["So."]),
        ("### BEGIN MARK SCHEME\n1 point\n### END MARK SCHEME", ["1 point"]),
    ],
)
def test_of_a_cell_each_part_is_shown_where_it_is(source, shown):
    from course_admin.feedback.mark_scheme import _for_graders

    made = _for_graders(source, code=False)
    parts = [part.partition("\n\n")[2].strip() for part in made.split("**")[2::2]]
    assert [part.partition("\n\n**")[0] for part in parts] == shown
    assert "Asked" not in made


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
