"""What nbgrader's pages show of a notebook: whole lines, whatever their length."""

import json
from pathlib import Path

import pytest
from chromium import launched
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_admin.feedback.page import STYLE
from course_admin.feedback.render import Page, render
from course_admin.settings import load_settings

REPO = Path(__file__).parents[2]
LONG = "the image that came back has other numbers than the image that went in, as for " + "x" * 400 + " end"
CHECK = {"nbgrader": {"grade": True, "solution": False, "grade_id": "check-a", "points": 2, "score": 1.0}}
NAMES = {"notebook": "a", "assignment": "a", "student": "ada", "score": 1.0, "max_score": 2.0, "late_penalty": 0.0}


def notebook():
    outputs = [new_output("stream", name="stdout", text=f"✗  0 of 2 points · {LONG}\n")]
    cells = [
        new_markdown_cell(f"**Notes on your submission**\n\n- {LONG}\n\n```\n{LONG}\n```"),
        new_code_cell(f"checks.a(a)  # {LONG}", metadata=CHECK, outputs=outputs),
    ]
    return new_notebook(cells=cells)


def feedback_page():
    page = Page(json.dumps(notebook()), {"nbgrader": NAMES, "unique_key": "a"}, load_settings(REPO))
    return render(page)


def formgrader_page():
    from nbconvert import HTMLExporter

    return HTMLExporter(config=load_settings(REPO), template_name="classic").from_notebook_node(notebook())[0]


@pytest.mark.parametrize("page", [feedback_page, formgrader_page])
def test_the_pages_break_long_lines(page):
    rules = (STYLE / "custom" / "custom.css").read_text(encoding="utf-8").strip()
    assert "white-space: pre-wrap" in rules and rules in page()


def test_the_points_stand_in_words_and_not_as_a_bare_number_too():
    from course_admin.grading.scoring import Mark, outputs_of

    nb = notebook()
    check = next(cell for cell in nb.cells if cell.metadata.get("nbgrader"))
    check.outputs = outputs_of(Mark(1.25, 2.0, "✓  right\n\na: 1.25 of 2 points\n"))
    html = render(Page(json.dumps(nb), {"nbgrader": NAMES, "unique_key": "a"}, load_settings(REPO)))
    assert html.count("a: 1.25 of 2 points") == 1
    assert "output_execute_result" not in html and "1.25</pre>" not in html


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 700])
def test_nothing_of_a_long_line_is_behind_the_right_edge(tmp_path, width):
    (tmp_path / "page.html").write_text(feedback_page(), encoding="utf-8")
    with launched() as browser:
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto((tmp_path / "page.html").as_uri(), wait_until="domcontentloaded")
        wide = """() => [...document.querySelectorAll("#notebook *")].filter(
            (node) => node.getBoundingClientRect().right > window.innerWidth || node.scrollWidth > node.clientWidth + 1
                && getComputedStyle(node).display !== "inline" ).map((node) => node.outerHTML.slice(0, 80))"""
        found = page.evaluate(wide)
    assert found == []
