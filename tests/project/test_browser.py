"""The student's path, in JupyterLab and Chromium: the six releases of a published bundle.

The bundle is what `course publish` makes, in an empty folder. Two things are shorter than in its README: the packages
are those of the course's own environment, so nothing is installed (docs/where.md says when the README was followed
word for word), and course_utils is found by PYTHONPATH, in the bundle. The budget is *quick*.

The screenshots are in COURSE_SCREENSHOTS (default out/screenshots). The instructor's path: test_browser_instructor.py.
"""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from candidates import apply, read_corpus, solution
from jupyter_lab import PATIENCE, ROOT, environment, jupyter_lab, open_notebook, output, red, shoot

from course_admin import classroom
from course_admin.authoring import student_bundle
from course_admin.common import regions
from course_admin.course import Lab
from course_admin.submissions.collect import collect
from course_admin.submissions.find_notebook import read_notebook
from course_admin.submissions.read import read_release, repaired
from course_utils.checks.toolkit.answers import STUB

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

BLANKS = {
    "01_pca_vs_ae": ("keep_digits", "first-digit-only"),
    "02_manual_weights": ("get_random_batch", "neighbours"),
    "03_sparse_denoising": ("psnr", "natural-logarithm"),
    "04_conv": ("layer_parameters", "no-biases"),
    "05_vae": ("reparameterize", "variance-for-sigma"),
    "06_semi_supervised": ("interval", "spread-over-n"),
}
"""Of each lab an exercise whose check trains nothing, and a mistake of its corpus."""
FIRST, SLIDERS = "01_pca_vs_ae", "05_vae"  # for validating and handing in; for the explorer
NOT_DONE = f"·  {STUB}"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return student_bundle.publish(ROOT, tmp_path_factory.mktemp("student") / "autoencoders", say=lambda line: None)


@pytest.fixture(scope="module")
def server(bundle):
    """The address of a JupyterLab in the bundle, one for all labs. Its kernels import course_utils from the bundle."""
    folder = bundle.parent
    env = environment(folder, PYTHONPATH=str(bundle), COURSE_BUDGET="quick", COURSE_DATA="sample")
    where = subprocess.run(
        [sys.executable, "-c", "import course_utils; print(course_utils.__file__)"],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(bundle)
    with jupyter_lab(bundle, env, folder / "server.log") as address:
        yield address


# --- what a student does --------------------------------------------------------------------------------


class Work:
    """A student at the release of a lab: she opens it, runs all of it untouched, and turns to one exercise."""

    def __init__(self, page, address, name):
        self.page, self.name, self.lab = page, name, Lab(ROOT, name)
        self.exercise, self.mistake = BLANKS[name]
        self.reference = solution(ROOT, name, self.exercise)
        graded = classroom.read_notebook(self.lab.release)["cells"]
        self.checks = [
            cell["source"]
            for cell in graded
            if cell["metadata"].get("nbgrader", {}).get("grade") and cell["cell_type"] == "code"
        ]
        self.notebook = open_notebook(page, address, f"{name}/{name}.ipynb")
        self.shoot("1-opened")
        self.notebook.run_all()
        self.blank = self.notebook.cell(re.search(r"def \w+\(", self.reference).group())
        self.check = self.notebook.cell(f"checks.{self.exercise}(")
        self.notebook.scroll_to(self.blank)
        self.shoot("2-run-untouched")

    def shoot(self, name):
        shoot(self.page, f"{self.name}-{name}")

    def answer(self, source):
        self.notebook.write(self.blank, source)
        self.notebook.run(self.blank)
        self.notebook.run(self.check)
        self.notebook.scroll_to(self.blank)
        return output(self.check)

    def answer_wrongly(self):
        """Hand the mistake to the check; returns its line with the ✗."""
        entry = next(
            entry
            for entry in read_corpus(ROOT, self.name)
            if (entry.exercise, entry.name) == (self.exercise, self.mistake)
        )
        said = self.answer(plain(apply(entry, self.reference)))
        self.shoot("3-wrong")
        complaint = [line for line in said.splitlines() if line.startswith("✗")]
        assert any(entry.hint in line for line in complaint), said
        assert "Traceback" not in said
        return next(line for line in complaint if entry.hint in line)

    def answer_rightly(self):
        said = self.answer(plain(self.reference))
        self.shoot("4-right")
        assert said and all(line.startswith("✓") for line in said.splitlines()), said


def plain(source):
    """An instructor's cell as a student writes it, without the markers."""
    return regions.without_markers(source, regions.SOLUTION)


def assert_untouched(work):
    """Run All goes through, says nothing in red but what is still to be done, and draws pictures that say what they
    show.
    """
    assert [text for text in red(work.page) if not is_stub_message(text)] == []
    assert output(work.check) == NOT_DONE
    assert red(work.page).count(NOT_DONE) == len(work.checks)
    pictures = work.page.locator(".jp-OutputArea-output img")
    assert pictures.count() >= 3
    assert [alt for alt in pictures.evaluate_all("all => all.map(one => one.alt)") if len(alt) < 10] == []


def is_stub_message(text):
    return text == NOT_DONE or re.fullmatch(r"·  `\w+` is not complete yet: fill in its cell first, .*", text)


def without_numbers(text):
    return re.sub(r"\d[\d, ]*", "", text)


@pytest.mark.parametrize("name", [name for name in BLANKS if name not in (FIRST, SLIDERS)])
def test_a_release_runs_untouched_and_a_check_tells_wrong_from_right(server, page, name):
    work = Work(page, server, name)
    assert_untouched(work)
    work.answer_wrongly()
    work.answer_rightly()


def test_a_student_runs_the_release_mends_an_answer_validates_and_hands_in(server, page, tmp_path):
    work = Work(page, server, FIRST)
    assert_untouched(work)

    # A wrong answer: the check says what is wrong, and so does Validate.
    complaint = work.answer_wrongly()
    said = work.notebook.validate(f"{FIRST}-5-validate-wrong")
    assert f"checks.{work.exercise}(" in said
    assert without_numbers(complaint) in without_numbers(said), "a check takes new numbers each time"
    assert said.count(NOT_DONE) == len(work.checks) - 1

    # The right one: no complaint is left, and Validate does not list that check any more.
    work.answer_rightly()
    said = work.notebook.validate(f"{FIRST}-6-validate-right")
    assert f"checks.{work.exercise}(" not in said and said.count(NOT_DONE) == len(work.checks) - 1

    # Handing in: saved and downloaded, the file has its original name, and goes through an LMS to the grader whole.
    work.notebook.save()
    file = work.notebook.download(tmp_path)
    assert file.name == f"{FIRST}.ipynb"
    handed_in = into_the_course(file, tmp_path)
    release = read_release(work.lab.source)
    submission = repaired(release, read_notebook(handed_in), "ada")
    assert submission.notes == []
    answers = {grade_id: cell["source"] for grade_id, cell in classroom.solution_cells(submission.notebook).items()}
    untouched = {
        grade_id: cell["source"]
        for grade_id, cell in classroom.solution_cells(classroom.read_notebook(work.lab.release)).items()
    }
    assert {grade_id for grade_id in untouched if answers[grade_id] != untouched[grade_id]} == {work.exercise}
    assert answers[work.exercise] == plain(work.reference)

    train_with_live_figure(work)


def into_the_course(file, folder):
    """A student's file in a download of Canvas, collected: the notebook in submitted/."""
    from course_admin.authoring.new_lab import new_course

    root = new_course(folder / "course", like=ROOT)
    (root / "notebooks" / FIRST).mkdir()
    (root / "notebooks" / FIRST / f"{FIRST}.py").write_bytes(Lab(ROOT, FIRST).text.read_bytes())
    with zipfile.ZipFile(folder / "submissions.zip", "w") as download:
        download.write(file, f"ada_1_2_{file.name}")
    found = collect(root, folder / "submissions.zip", FIRST)
    assert [(hand_in.student, hand_in.notes) for hand_in in found.hand_ins] == [("ada", [])]
    return root / "submitted" / "ada" / FIRST / f"{FIRST}.ipynb"


WATCH_PICTURES = """cell => {
    window.seen = {pictures: new Set(), most: 0};
    new MutationObserver(() => {
        const pictures = [...cell.querySelectorAll(".jp-OutputArea-output img")];
        window.seen.most = Math.max(window.seen.most, pictures.length);
        pictures.forEach(picture => window.seen.pictures.add(picture.src));
    }).observe(cell, {childList: true, subtree: true, attributes: true});
}"""


def train_with_live_figure(work):
    """One picture that changes in place, trained longer than the rest of this test."""
    page, notebook = work.page, work.notebook
    live = notebook.cell("LiveFigure(")
    assert live.locator(".jp-OutputArea-output img").count() == 1
    live.locator(".cm-content").click()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.keyboard.insert_text('import os\n\nos.environ["COURSE_BUDGET"] = "study"')
    notebook.run(notebook.cell('os.environ["COURSE_BUDGET"]'))
    old = live.locator("img").get_attribute("src")
    live.evaluate(WATCH_PICTURES)
    notebook.run(live)
    notebook.scroll_to(live.locator(".jp-Cell-outputWrapper"))
    work.shoot("7-live-figure")
    seen = page.evaluate("() => ({pictures: [...window.seen.pictures], most: window.seen.most})")
    assert seen["most"] == 1, "every drawing got an output of its own"
    assert len(set(seen["pictures"]) - {old}) >= 2, "the figure was drawn only once"
    parts = live.locator(".jp-OutputArea-output").all_inner_texts()
    assert parts[0].strip() == "", "there is something above the figure"
    assert ["100%" in part for part in parts] == [False, True], "the progress bar is one line below it"


def test_the_explorer_is_moved_by_keyboard(server, page):
    work = Work(page, server, SLIDERS)
    assert_untouched(work)
    work.answer_wrongly()
    work.answer_rightly()

    # No mouse from here on: Tab until a slider has the focus, then the arrows.
    explorer = work.notebook.cell("plotting.explore_latents(")
    sliders, image = explorer.locator(".noUi-handle"), explorer.locator(".jp-OutputArea-output img")
    image.wait_for(timeout=PATIENCE)
    assert (sliders.count(), image.count()) == (2, 1)
    assert "z = (0.00, 0.00)" in image.get_attribute("alt")
    before = image.get_attribute("src")
    explorer.locator(".cm-content").focus()
    page.keyboard.press("Escape")
    for expected in ("z = (1.00, 0.00)", "z = (1.00, 1.00)"):
        tab_to_next(page, ".noUi-handle")
        for _ in range(20):
            page.keyboard.press("ArrowRight")
        explorer.get_by_alt_text(expected).wait_for(timeout=PATIENCE)
    assert image.get_attribute("src") != before
    work.notebook.scroll_to(explorer)
    work.shoot("5-explorer")


def tab_to_next(page, selector):
    """Press Tab until the next element that matches has the focus."""
    page.evaluate("() => { window.before = document.activeElement; }")
    for _ in range(25):
        page.keyboard.press("Tab")
        if page.evaluate(
            "selector => document.activeElement !== window.before && document.activeElement.matches(selector)", selector
        ):
            return
    pytest.fail(f"25 times Tab did not reach {selector}")
