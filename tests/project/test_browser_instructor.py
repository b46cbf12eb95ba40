"""The instructor's path, in JupyterLab and Chromium, on a course whose only lab is the template. The lab's text is
opened as a notebook, edited and built; Generate, Preview, Autograde, an answer marked by hand, and the feedback page.

The screenshots are in COURSE_SCREENSHOTS (default out/screenshots). The student's path: test_browser.py.
"""

import re
import shutil

import pytest
from jupyter_lab import PATIENCE, ROOT, Notebook, environment, jupyter_lab, shoot
from template_course import LAB, template_answers, template_course

from course_admin import classroom
from course_admin.authoring.build import build
from course_admin.course import Lab
from course_admin.report import read_marks

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

FULL_MARKS_BY_PRINTING = 'print("standardise: 2 of 2 points")\n9.0'
WRITTEN, MODEL_ANSWER, MARK_SCHEME = "written-linear", "it needs a bend", "1 point: names the missing nonlinearity"
COMMENT = "The bend is there. What about the width?"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = template_course(tmp_path_factory.mktemp("instructor") / "course")
    shutil.copy(ROOT / "pyproject.toml", root)  # its [tool.jupytext] says how JupyterLab saves a lab's text
    return root


@pytest.fixture(scope="module")
def server(course):
    with jupyter_lab(course, environment(course.parent), course.parent / "server.log") as address:
        yield address


# --- a lab's text as a notebook -------------------------------------------------------------------------


def test_a_labs_text_is_opened_as_a_notebook_edited_and_built(course, server, page):
    text, release = Lab(course, LAB).text, Lab(course, LAB).release
    before, old, new = text.read_text(), "Three exercises that are unlike each other", "Three very different exercises"
    assert before.count(old) == 1 and old in release.read_text()

    # Right click, Open With, Notebook: what docs/instructors.md says.
    page.goto(f"{server}/lab/workspaces/text/tree/notebooks/{LAB}")
    file = page.locator(".jp-DirListing-item", has_text=f"{LAB}.py")
    file.click(button="right")
    page.locator(".lm-Menu-item", has_text="Open With").click()
    page.locator(".lm-Menu-item").get_by_text("Notebook", exact=True).click()
    notebook = Notebook(page)
    title = page.locator(".jp-MarkdownCell", has_text=old)
    title.dblclick()
    shoot(page, "instructor-1-text-as-notebook")
    source = next(cell["source"] for cell in classroom.read_notebook(Lab(course, LAB).source)["cells"])
    notebook.write(title, source.replace(old, new))
    notebook.save()

    # In the text this sentence is another one, and nothing else.
    assert text.read_text() == before.replace(old, new)
    build(course, say=lambda line: None)
    assert new in release.read_text() and old not in release.read_text()


# --- the formgrader -------------------------------------------------------------------------------------


def test_an_instructor_generates_previews_autogrades_marks_and_gives_feedback(course, server, page):
    # The formgrader's pages ask for MathJax from elsewhere: here as without internet.
    page.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: route.abort())
    page.goto(f"{server}/lab/workspaces/formgrader")
    page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
    page.get_by_role("menuitem", name="Formgrader", exact=True).click()
    form = page.frame_locator("#formgrader-iframe iframe")

    def press(row, icon, said):
        """Press an icon in a row of a table, and wait for the dialog that says so."""
        form.locator("tr", has_text=row).locator(f"td.{icon} a").click()
        form.get_by_text(said).wait_for(timeout=PATIENCE)
        shoot(page, f"instructor-2-{icon}-{row}")
        form.locator(".modal-dialog").get_by_role("button", name="OK").click()
        form.locator(".modal-dialog").wait_for(state="detached")

    # Generate makes the same bytes as `course build`; Preview shows the folder of the release.
    release = Lab(course, LAB).release
    built = release.read_bytes()
    release.unlink()
    press(LAB, "assign", f"Successfully created the student version of '{LAB}'")
    assert release.read_bytes() == built
    form.locator("tr", has_text=LAB).locator("td.preview a").click()
    page.locator(".jp-DirListing-item", has_text=f"{LAB}.ipynb").dblclick()
    Notebook(page)
    shown = page.locator(".jp-Notebook")
    shown.get_by_text("Your code goes here: replace this line.").first.wait_for()
    assert MODEL_ANSWER not in shown.inner_text()
    shoot(page, "instructor-3-preview")

    # Two students hand in: ada is right, eve only prints marks.
    answers = template_answers(course)
    for student, given in (("ada", answers), ("eve", dict.fromkeys(answers, FULL_MARKS_BY_PRINTING))):
        classroom.hand_in(course, student, LAB, classroom.fill(classroom.read_notebook(release), given))

    def submissions():
        form.get_by_role("link", name="Manage Assignments").click()
        form.locator("tr", has_text=LAB).locator("td.num-submissions a").click()

    page.locator(".lm-TabBar-tab", has_text="Formgrader").click()
    submissions()
    for student in ("ada", "eve"):
        press(student, "autograde", f"Successfully autograded '{LAB}' for student '{student}'")
    assert marks(course, automatic=True) == {"ada": 9.0, "eve": 0.0}

    # A written answer, with model answer and mark scheme in view.
    form.get_by_role("link", name="Manual Grading").click()
    for _ in ("the lab", "its notebook"):
        form.locator("td").get_by_role("link", name=LAB).click()
    form.get_by_role("link", name="Submission #1").wait_for()
    form.get_by_role("button", name="Show All Names").click()
    form.get_by_role("link", name="ada").click()
    points, comment = form.locator(f"#{WRITTEN}"), form.locator(f"#{WRITTEN}-comment")
    form.get_by_text("Model answer").scroll_into_view_if_needed()
    scheme = form.locator(".text_cell", has_text="Mark scheme")
    for words in ("Model answer", MODEL_ANSWER, MARK_SCHEME):
        assert words in scheme.inner_text()
    for field, value in ((points, "0.5"), (comment, COMMENT)):
        field.fill(value)
        with page.expect_response(lambda response: response.request.method == "PUT" and response.ok):
            field.press("Tab")
    form.get_by_text("Model answer").scroll_into_view_if_needed()
    shoot(page, "instructor-4-marking")
    assert marks(course, automatic=False)["ada"] == 0.5

    # The feedback page has the points and the comment, and no model answer.
    form.get_by_role("link", name="Manual Grading").click()
    submissions()
    press("ada", "generate-feedback", f"Successfully generated feedback for '{LAB}' for student 'ada'")
    page.goto((course / "feedback" / "ada" / LAB / f"{LAB}.html").as_uri())
    page.get_by_text(COMMENT).wait_for()
    page.get_by_text(COMMENT).scroll_into_view_if_needed()
    shoot(page, "instructor-5-feedback")
    assert "0.5" in page.locator("body").inner_text()
    assert MARK_SCHEME not in page.content()


def marks(course, automatic):
    """student -> the sum of the points that the course gave, or that a person gave."""
    return {
        row.student: sum(mark.points for mark in row.grades.values() if mark.automatic == automatic)
        for row in read_marks(course)[LAB]
    }
