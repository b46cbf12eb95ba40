"""`course demo`: the complete grading of a class of four, in a separate folder and gradebook, without network access.

One of the four submissions is hostile: it tries to get marks that it has not earned. It is left out if there is no
sandbox.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from course_admin import classroom
from course_admin.course import CourseError, Lab
from course_admin.guide.mistakes import load_candidates

LAB = "01_pca_vs_ae"
TEMPLATE_LAB = "00_template"
MARKER = ".course-demo"
PERFECT, PARTLY, BLANK, HOSTILE = "perfect", "partly-right", "blank", "hostile"

ATTEMPTS = """\
# A submission that wants marks without work. Every line says what it got.
import os
import socket
from pathlib import Path

COURSE = Path({root!r})


def attempt(what, how):
    try:
        got = how()
    except BaseException as error:
        got = getattr(error, "strerror", None) or error
    print(f"{{what}}: {{' '.join(str(got).split())[:60]}}")


attempt("read the answers", (COURSE / "source" / {lab!r} / {notebook!r}).read_text)
attempt("read another submission", (COURSE / "submitted" / {neighbour!r} / {lab!r} / {notebook!r}).read_text)
attempt("open the gradebook", lambda: (COURSE / "gradebook.db").open("r+b").read(16))
attempt("import the exams", lambda: __import__("course_admin"))
attempt("call home", lambda: socket.create_connection(("192.0.2.1", 80), timeout=2))
attempt("see other processes", lambda: sum(name.isdigit() for name in os.listdir("/proc")) - 2)
"""
CHEATS = """\
# Asserts vanish, everything equals everything, and the last line claims full marks.
import ast

from IPython import get_ipython
from IPython.display import display

from course_utils import probes


class Agreeable(float):
    def __eq__(self, other):
        return True

    __ne__ = __lt__ = __gt__ = lambda self, other: False
    __le__ = __ge__ = __eq__
    __hash__ = float.__hash__

    def __call__(self, *args, **kwargs):
        return self


class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()


get_ipython().ast_transformers.append(NoAsserts())
for name in {targets!r}:
    globals()[name] = Agreeable(1e9)
for name in list(probes.PROBES):
    probes.PROBES[name] = lambda *args, **inputs: {{"value": Agreeable(1e9), "passed": True, "points": 1e9}}
display(Agreeable(1e9))
Agreeable(1e9)
"""


def demo(root: Path, into: Path | None = None) -> Path:
    """Build a lab, hand in four submissions, grade them, show marks and paths of the feedback. Return the folder.

    into: the folder (default: out/demo under the root). A folder from an earlier demo is deleted and made again.
    Raises CourseError for a folder with other content, and if the marks are not the expected ones.
    """
    from rich.console import Console

    from course_admin.grading.command import FAILED, grade
    from course_admin.report import read_marks
    from course_admin.report import show as show_marks

    console = Console()
    into = (Path(into) if into else Path(root) / "out" / "demo").resolve()
    shown = _show(into)

    def say(step: str, line: str) -> None:
        console.print(f"[bold cyan]{step:<8}[/]", line, highlight=False, soft_wrap=True)

    with console.status("building the release"):
        lab = _new_course(Path(root), into)
    say("build", f"{lab.name}: text → instructor's notebook → students' release, in {shown}")
    without = _no_sandbox(into)
    students = _hand_in(Path(root), lab, hostile=not without)
    say("class", "   ".join(f"{name}: {what}" for name, what in students.items()))
    if without:
        say("sandbox", f"{without}. The hostile submission is left out; the others, our own, run unprotected")
    outcomes = grade(into, [lab.name], console=console, table=False, **({"sandbox": "none"} if without else {}))
    seconds = ", ".join(f"{outcome.student} {outcome.seconds:.1f} s" for outcome in outcomes)
    say("grade", f"every notebook executed, every exercise examined: {seconds}")
    show_marks(read_marks(into), console)
    console.print("[dim]?: written answers, which a person marks in nbgrader's formgrader[/]", highlight=False)
    console.print()
    for line in _told(lab, PARTLY):
        say("told", f"{PARTLY} reads: {line}")
    points = {outcome.student: outcome.automatic for outcome in outcomes}
    most = outcomes[0].automatic_max
    if not without:
        for line in _tried(lab):
            say("hostile", f"tried to {line}")
        say("hostile", f"claimed 1,000,000,000 points for each exercise, and earned {points[HOSTILE]:g} of {most:g}")
    for outcome in outcomes:
        for finding in outcome.findings:
            say("finding", f"{outcome.student}: {finding}")
    pages = [outcome.page for outcome in outcomes if outcome.page]
    for page in pages:
        say("feedback" if page == pages[0] else "", _show(page))
    say("next", f"course --root {shown} report --format csv")

    right = points[PERFECT] == most and points[BLANK] == 0 and 0 < points[PARTLY] < most
    if not without:
        right = right and points[HOSTILE] == 0
    if not right or any(outcome.state == FAILED for outcome in outcomes):
        raise CourseError(
            "these are not the marks that the demo must end with (all for perfect, some for partly-right, none for "
            f"blank and hostile): run `course doctor`, and look at the pages in {shown}/feedback"
        )
    return into


def _new_course(root: Path, into: Path) -> Lab:
    """Make a course folder with one built lab. Raises CourseError for a nonempty folder that no demo made."""
    from course_admin.authoring.build import build
    from course_admin.authoring.new_lab import new_course, new_lab

    if into.is_dir() and any(into.iterdir()):
        if not (into / MARKER).is_file():
            raise CourseError(f"{into} holds something that no demo made: name another folder, course demo --into DIR")
        shutil.rmtree(into)
    elif into.exists() and not into.is_dir():
        raise CourseError(f"{into} is a file: name a folder, course demo --into DIR")
    into.mkdir(parents=True, exist_ok=True)
    (into / MARKER).write_text("Made by `course demo`, which removes this folder when it is run again.\n")
    new_course(into, like=root)
    if (root / "notebooks" / LAB / f"{LAB}.py").is_file():
        for part in ("notebooks", "autograder_tests/corpora"):
            shutil.copytree(root / part / LAB, into / part / LAB)
        exams = Lab(root, LAB).exams
        if exams.is_file():
            Lab(into, LAB).exams.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(exams, Lab(into, LAB).exams)
        lab = Lab(into, LAB)
    else:
        new_lab(into, TEMPLATE_LAB)
        lab = Lab(into, TEMPLATE_LAB)
    build(into, [lab.name], say=lambda line: None)
    return lab


def _no_sandbox(into: Path) -> str:
    """Return why there is no sandbox, "" if there is one. In this case the sandbox is open, and grading will use it."""
    from course_admin.grading.execution import shared_sandbox
    from course_admin.sandbox.limits import Limits
    from course_admin.sandbox.session import SandboxError

    try:
        shared_sandbox("auto", Limits(), hide=[into])
    except SandboxError as error:
        return error.what
    return ""


def _hand_in(root: Path, lab: Lab, *, hostile: bool) -> dict[str, str]:
    """Hand in the class's notebooks. Return a description of each submission, by student."""
    release = classroom.read_notebook(lab.release)
    answers = classroom.reference_answers(classroom.read_notebook(lab.source))
    partly, words = _partly_right(root, lab)
    for student, given in {PERFECT: answers, PARTLY: partly, BLANK: {}}.items():
        classroom.hand_in(lab.root, student, lab.name, classroom.fill(release, given))
    class_of = {PERFECT: "every answer right", PARTLY: words, BLANK: "the release as it stands"}
    if hostile:
        classroom.hand_in(lab.root, HOSTILE, lab.name, _hostile(lab, release))
        class_of[HOSTILE] = "blank, and would like full marks all the same"
    return class_of


def _hostile(lab: Lab, release: classroom.Notebook) -> classroom.Notebook:
    """Make a notebook that attempts to read others' files, cheats, claims points and edits the points of its checks."""
    from course_admin.grading.exams import load_exams

    about = {"root": str(lab.root), "lab": lab.name, "notebook": f"{lab.name}.ipynb", "neighbour": PERFECT}
    targets = sorted({name for taken in load_exams(lab.root, lab.name).values() for name in taken.targets})
    notebook = classroom.fill(release, {})
    checks = [i for i, cell in enumerate(notebook["cells"]) if cell["metadata"].get("nbgrader", {}).get("grade")]
    for i in checks:
        notebook["cells"][i]["metadata"]["nbgrader"]["points"] = 1000
    # The cheats are repeated before each check, because the cells in between define the stubs again.
    for i in reversed(checks):
        notebook["cells"].insert(i, _cell(CHEATS.format(targets=targets)))
    notebook["cells"].insert(0, _cell(ATTEMPTS.format(**about)))
    return notebook


def _cell(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}


def _partly_right(root: Path, lab: Lab) -> tuple[dict[str, str], str]:
    """Return answers (some right, one with a typical mistake, the rest blank) and a description of them."""
    candidates = load_candidates(root)
    answers = classroom.reference_answers(classroom.read_notebook(lab.source), written=False)
    corpus = candidates.read_corpus(lab.root, lab.name)
    mistakes = [entry for entry in corpus if entry.keeps is not None and entry.exercise in answers]
    # Prefer a mistake that keeps a part of the points: it shows the most.
    mistakes.sort(key=lambda entry: not 0 < entry.keeps < 1)
    wrong = {}
    for mistake in mistakes[:1]:
        reference = candidates.solution(lab.root, lab.name, mistake.exercise)
        wrong[mistake.exercise] = candidates.apply(mistake, reference)
    others = [name for name in answers if name not in wrong]
    right = others[: max(1, len(others) // 2)]
    words = [f"{len(right)} exercise{'s' if len(right) > 1 else ''} right", *(f"{name} wrong" for name in wrong)]
    return {**{name: answers[name] for name in right}, **wrong}, ", ".join([*words, "the rest blank"])


def _told(lab: Lab, student: str) -> list[str]:
    """Return the lines on a student's feedback page that say what is wrong with an answer that is not blank."""
    from course_utils.checks.toolkit.answers import STUB

    path = lab.root / "autograded" / student / lab.name / f"{lab.name}.ipynb"
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    streams = [out for cell in notebook["cells"] for out in cell.get("outputs", []) if out.get("name") == "stdout"]
    lines = [line for out in streams for line in "".join(out["text"]).splitlines()]
    return [line for line in lines if line.startswith("✗") and STUB not in line]


def _tried(lab: Lab) -> list[str]:
    """Return the lines that the hostile submission printed: each attempt and its result."""
    path = lab.root / "autograded" / HOSTILE / lab.name / f"{lab.name}.ipynb"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError):
        return []
    first = next(cell for cell in cells if cell["cell_type"] == "code")
    return "".join("".join(out.get("text", "")) for out in first["outputs"]).splitlines()


def _show(path: Path) -> str:
    """Return a path relative to the current folder if it is inside it, else unchanged."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
