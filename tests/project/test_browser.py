"""As a student sees it: the bundle's release in JupyterLab, in Chromium; and a grader's button in the formgrader. Every
step leaves a screenshot (COURSE_SCREENSHOTS, default out/screenshots).
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from course_admin import classroom
from course_admin.authoring import student_bundle
from course_admin.authoring.build import build
from course_admin.authoring.new_lab import new_course, new_lab
from course_admin.course import Lab
from course_admin.grading.gradebook import CourseGradebook
from course_admin.grading.register import register
from course_admin.report import gradebook_url, read_marks
from course_admin.settings import load_settings
from course_utils.checks.toolkit.answers import STUB

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
LAB = Lab(ROOT, "01_pca_vs_ae")
SLIDERS = "05_vae"  # the lab with the explorer
SHOTS = Path(os.environ.get("COURSE_SCREENSHOTS") or ROOT / "out" / "screenshots")
NOT_DONE = f"·  {STUB}"
WRONG = """\
def keep_digits(images, labels, digits):
    kept = labels == digits[0]
    return images[kept], labels[kept]"""

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
# Every cell in the page, whatever is in view; no questions and no news from outside.
LAB_SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
}
PATIENCE = 120_000  # milliseconds, for what may take long on a busy machine; nothing is measured by it


# --- the server and the browser -------------------------------------------------------------------------


@pytest.fixture
def bundle(tmp_path):
    return student_bundle.publish(ROOT, tmp_path / "autoencoders", [LAB.name, SLIDERS], say=lambda line: None)


@pytest.fixture
def server(bundle, tmp_path):
    """The address of a JupyterLab in the bundle that knows nothing of this machine's settings. Its kernels import
    course_utils from the bundle.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTHON", "COURSE"))}
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR"):
        env[name] = str(tmp_path / name.lower())
    env.update(JUPYTERLAB_WORKSPACES_DIR=str(tmp_path / "workspaces"), IPYTHONDIR=str(tmp_path / "ipython"))
    env.update(HOME=str(tmp_path / "home"), PYTHONPATH=str(bundle), OMP_NUM_THREADS="1", PYTHONDONTWRITEBYTECODE="1")
    env.update(COURSE_BUDGET="quick", COURSE_DATA="sample")
    (tmp_path / "home").mkdir()
    for name, values in LAB_SETTINGS.items():
        path = tmp_path / "jupyterlab_settings_dir" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    where = subprocess.run(
        [sys.executable, "-c", "import course_utils; print(course_utils.__file__)"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(bundle)
    with jupyter_lab(bundle, env, tmp_path / "server.log") as address:
        yield address


@contextmanager
def jupyter_lab(folder, env, log, attempts=2):
    """A running server; another port is tried once when the first attempt does not answer. It and its kernels are gone
    afterwards, whatever happens.
    """
    with log.open("w") as output:
        process, address = start(folder, env, output)
        try:
            if not answers(process, address):
                if attempts > 1:
                    stop(process)
                    with jupyter_lab(folder, env, log.with_suffix(".second.log"), attempts - 1) as second:
                        yield second
                    return
                pytest.fail(f"jupyter lab does not start:\n{log.read_text()[-3000:]}")
            yield address
        finally:
            stop(process)


def start(folder, env, output):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"]
    options += ["--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"]
    command = [sys.executable, "-m", "jupyterlab", *options]
    process = subprocess.Popen(
        command, env=env, cwd=folder, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )
    return process, f"http://127.0.0.1:{port}"


def answers(process, address):
    """Wait until the server answers; False when it ends or stays silent."""
    for _ in range(600):
        if process.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(f"{address}/api/status", timeout=5):
                return True
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    return False


def stop(process):
    """End a server, kindly (it then ends its kernels), else with all that it started."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def page(tmp_path):
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: apt install chromium")
        pytest.skip("no Chromium on this machine: apt install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path / "profile"),
            executable_path=chromium,
            headless=True,
            args=FLAGS,
            viewport={"width": 1280, "height": 800},
        )
        context.set_default_timeout(30_000)
        try:
            yield context.pages[0]
        finally:
            with suppress(Exception):  # the last thing seen, also of a failure
                context.pages[0].screenshot(path=SHOTS / "9-end.png")
            context.close()


# --- what a student does --------------------------------------------------------------------------------


class Notebook:
    """A notebook open in JupyterLab."""

    def __init__(self, page, address, path):
        self.page = page
        page.goto(f"{address}/lab/tree/{path}")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=PATIENCE)
        self.wait_until_idle()

    def cell(self, text):
        """The code cell with this text in it."""
        found = self.page.locator(".jp-CodeCell", has=self.page.locator(".jp-InputArea-editor", has_text=text))
        assert found.count() == 1, f"{found.count()} cells with {text!r}"
        return found

    def wait_until_idle(self):
        self.page.locator("#jp-main-statusbar").get_by_text(re.compile(r"\| Idle$")).wait_for(timeout=PATIENCE)
        self.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=PATIENCE)

    def run_all(self):
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.page.wait_for_function(
            r"""() => {
                // A cell whose source is folded away has no prompt to read.
                const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")].filter(
                    prompt => !prompt.closest(".jp-Cell").querySelector(".jp-Placeholder"));
                return prompts.every(prompt => /^\[\d+\]:$/.test(prompt.textContent.trim()));
            }""",
            timeout=PATIENCE,
        )
        self.wait_until_idle()

    def write(self, cell, source):
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source)

    def run(self, cell):
        """Run the selected cell, wait for its end, and leave the next one selected."""
        before = prompt(cell)
        self.page.keyboard.press("Shift+Enter")
        self.page.wait_for_function(
            r"""([cell, before]) => {
                const now = cell.querySelector(".jp-InputPrompt").textContent.trim();
                return now !== before && /^\[\d+\]:$/.test(now);
            }""",
            arg=[cell.element_handle(), before],
            timeout=PATIENCE,
        )
        self.wait_until_idle()

    def validate(self, shot):
        """Press Validate; returns what the dialog says."""
        self.page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate", exact=True).click()
        dialog = self.page.locator(".jp-Dialog", has=self.page.locator("#validation-message"))
        dialog.wait_for(timeout=PATIENCE)
        self.shoot(shot)
        said = dialog.inner_text()
        dialog.get_by_role("button", name="Ok").click()
        dialog.wait_for(state="detached")
        return said

    def scroll_to(self, locator):
        """Put something at the top of the notebook's window."""
        locator.evaluate(
            """element => {
                const area = element.closest(".jp-WindowedPanel-outer");
                const gap = element.getBoundingClientRect().top - area.getBoundingClientRect().top;
                area.scrollTop += gap - 12;
            }"""
        )

    def shoot(self, name):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")


def prompt(cell):
    return cell.locator(".jp-InputPrompt").inner_text().strip()


def output(cell):
    return "\n".join(cell.locator(".jp-OutputArea-output").all_inner_texts())


def red(page):
    """The text on red ground: errors and warnings."""
    kinds = [f'.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.{kind}"]' for kind in ("stderr", "error")]
    return [text.strip() for text in page.locator(", ".join(kinds)).all_inner_texts()]


def without_numbers(text):
    return re.sub(r"\d[\d, ]*", "", text)


def is_stub_message(text):
    return text == NOT_DONE or re.fullmatch(r"·  `\w+` is not complete yet: fill in its cell first, .*", text)


WATCH_PICTURES = """cell => {
    window.seen = {pictures: new Set(), most: 0};
    new MutationObserver(() => {
        const pictures = [...cell.querySelectorAll(".jp-OutputArea-output img")];
        window.seen.most = Math.max(window.seen.most, pictures.length);
        pictures.forEach(picture => window.seen.pictures.add(picture.src));
    }).observe(cell, {childList: true, subtree: true, attributes: true});
}"""


def test_a_student_opens_the_release_runs_it_mends_an_answer_and_validates(server, page):
    notebook = Notebook(page, server, f"{LAB.name}/{LAB.name}.ipynb")
    notebook.shoot("1-opened")

    # Run All, untouched: it goes through, and says nothing in red but what is still to be done.
    notebook.run_all()
    exercise, check = notebook.cell("def keep_digits("), notebook.cell("checks.keep_digits(")
    notebook.scroll_to(exercise)
    notebook.shoot("2-run-untouched")
    assert [text for text in red(page) if not is_stub_message(text)] == []
    assert output(check) == NOT_DONE
    graded = classroom.read_notebook(LAB.release)["cells"]
    checks = [
        cell for cell in graded if cell["metadata"].get("nbgrader", {}).get("grade") and cell["cell_type"] == "code"
    ]
    assert red(page).count(NOT_DONE) == len(checks)
    pictures = page.locator(".jp-OutputArea-output img")
    assert pictures.count() >= 3
    assert [alt for alt in pictures.evaluate_all("all => all.map(one => one.alt)") if len(alt) < 10] == []
    said = notebook.validate("3-validate-untouched")
    assert "checks.keep_digits(keep_digits)" in said and said.count(NOT_DONE) == len(checks)

    # A wrong answer: the check says what is wrong, and so does Validate.
    notebook.write(exercise, WRONG)
    notebook.run(exercise)
    notebook.run(check)
    notebook.scroll_to(page.locator(".jp-MarkdownCell", has_text="First contact").last)
    notebook.shoot("4-wrong")
    complaint = next(line for line in output(check).splitlines() if line.startswith("✗"))
    assert "Traceback" not in output(check)
    said = notebook.validate("5-validate-wrong")
    assert without_numbers(complaint) in without_numbers(said), "a check takes new numbers each time"
    assert said.count(NOT_DONE) == len(checks) - 1

    # The right one: no complaint is left, and Validate does not list that check any more.
    notebook.write(exercise, classroom.reference_answers(classroom.read_notebook(LAB.source))["keep_digits"])
    notebook.run(exercise)
    notebook.run(check)
    notebook.shoot("6-right")
    assert output(check) and all(line.startswith("✓") for line in output(check).splitlines())
    said = notebook.validate("7-validate-right")
    assert "checks.keep_digits" not in said and said.count(NOT_DONE) == len(checks) - 1

    # The live figure: one picture that changes in place, longer trained than the rest of this test.
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
    notebook.shoot("8-live-figure")
    seen = page.evaluate("() => ({pictures: [...window.seen.pictures], most: window.seen.most})")
    assert seen["most"] == 1, "every drawing got an output of its own"
    assert len(set(seen["pictures"]) - {old}) >= 2, "the figure was drawn only once"
    parts = live.locator(".jp-OutputArea-output").all_inner_texts()
    assert parts[0].strip() == "", "there is something above the figure"
    assert ["100%" in part for part in parts] == [False, True], "the progress bar is one line below it"


def test_the_sliders_of_the_explorer_change_its_image(server, page):
    notebook = Notebook(page, server, f"{SLIDERS}/{SLIDERS}.ipynb")
    shown = ("from course_utils.checks import vae as checks", "show_latent_grid(", "plotting.explore_latents(")
    for explorer in map(notebook.cell, shown):
        explorer.locator(".cm-content").click()
        notebook.run(explorer)
    sliders, image = explorer.locator(".noUi-handle"), explorer.locator(".jp-OutputArea-output img")
    image.wait_for(timeout=PATIENCE)
    assert (sliders.count(), image.count()) == (2, 1)
    assert "z = (0.00, 0.00)" in image.get_attribute("alt")
    before = image.get_attribute("src")
    sliders.nth(1).focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    explorer.get_by_alt_text("z = (0.00, 1.00)").wait_for(timeout=PATIENCE)
    assert image.get_attribute("src") != before
    notebook.scroll_to(explorer)
    notebook.shoot("11-explorer")


# --- what a grader does ---------------------------------------------------------------------------------


TEMPLATE = "00_template"
FULL_MARKS_BY_PRINTING = 'print("standardise: 2 of 2 points")\n9.0'


@pytest.fixture
def class_of_two(tmp_path):
    """A course with the template lab in its gradebook, one right submission and one that pretends."""
    root = new_course(tmp_path / "course", like=ROOT)
    new_lab(root, TEMPLATE)
    build(root, say=lambda line: None)
    release = classroom.read_notebook(root / "release" / TEMPLATE / f"{TEMPLATE}.ipynb")
    answers = classroom.reference_answers(classroom.read_notebook(root / "source" / TEMPLATE / f"{TEMPLATE}.ipynb"))
    for student, given in (("ada", answers), ("eve", dict.fromkeys(answers, FULL_MARKS_BY_PRINTING))):
        classroom.hand_in(root, student, TEMPLATE, classroom.fill(release, given))
    lab, config = Lab(root, TEMPLATE), load_settings(root)
    with CourseGradebook(gradebook_url(root)) as gradebook:
        register(lab, config, gradebook)
    return root


def test_a_grader_presses_autograde_in_the_formgrader(class_of_two, page, tmp_path):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "COURSE"))}
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        env[name] = str(tmp_path / name.lower())
    env.update(HOME=str(tmp_path), OMP_NUM_THREADS="1")
    with jupyter_lab(class_of_two, env, tmp_path / "formgrader.log") as address:
        page.goto(f"{address}/formgrader/manage_submissions/{TEMPLATE}")
        for student in ("ada", "eve"):
            page.locator("tr", has_text=student).locator("td.autograde a").click()
            page.get_by_text(f"Successfully autograded '{TEMPLATE}' for student '{student}'").wait_for(timeout=PATIENCE)
            page.screenshot(path=SHOTS / f"10-formgrader-{student}.png")
            page.locator(".modal-dialog").get_by_role("button", name="OK").click()
            page.locator(".modal-dialog").wait_for(state="detached")
    marks = {row.student: row.grades for row in read_marks(class_of_two)[TEMPLATE]}
    automatic = {
        student: sum(mark.points for mark in found.values() if mark.automatic) for student, found in marks.items()
    }
    assert automatic == {"ada": 9.0, "eve": 0.0}
