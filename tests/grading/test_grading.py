"""Grading: who decides a mark, what costs points and what does not, and what the commands say."""

from __future__ import annotations

import csv
import io
import json
import pickle
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from rich.console import Console
from template_course import template_course

from course_admin import classroom, demo
from course_admin.authoring.new_lab import new_course, new_lab
from course_admin.cli import main
from course_admin.common.graded_cells import KEY
from course_admin.course import CourseError
from course_admin.grading import pool
from course_admin.grading.command import EARLIER, FAILED, GRADED, KEPT, Outcome, grade, show
from course_admin.grading.exams import Result, Transcript, load_exams, run_exam
from course_admin.grading.run_result import ExamRun, Run
from course_admin.report import as_csv, gradebook_url, read_marks, report
from course_utils.checks import Verdict
from course_utils.evidence import pack
from course_utils.probes import StudentError

REPO = Path(__file__).parents[2]
LAB = "00_template"
POINTS = {"check-standardise": 2.0, "check-sampler": 3.0, "check-linear_autoencoder": 4.0}
HIDDEN = "checks.f(f)\n### BEGIN HIDDEN TESTS\nsecret()\n### END HIDDEN TESTS"


def check_cell(name="f", points=2, source=HIDDEN, outputs=()):
    meta = {"grade": True, "grade_id": f"check-{name}", "locked": True, "points": points, "solution": False}
    meta |= {"schema_version": 3, "task": False}
    cell = new_code_cell(source, metadata={"nbgrader": meta}, outputs=list(outputs))
    return cell


def exam_run(share, *verdicts):
    return ExamRun("f", Transcript(), Result(share, list(verdicts)))


# --- score -----------------------------------------------------------------------------------------------------------


def scoring_plugin():
    # nbgrader takes seconds to import: not when the tests are only collected.
    from course_admin.nbgrader_plugins import score

    return score


@pytest.mark.parametrize(("share", "points"), [(1.0, 2.0), (0.0, 0.0), (1 / 3, 0.67), (float("nan"), 0.0), (7.0, 0.0)])
def test_a_share_becomes_points(share, points):
    run = Run(LAB, exam_runs={"check-f": exam_run(share)})
    assert scoring_plugin().score(run, {"check-f": 2.0})["check-f"].points == points


def test_a_cell_that_never_ran_earns_nothing_and_says_so():
    mark = scoring_plugin().score(Run(LAB, missed={"check-g": "Python ended"}), {"check-f": 2.0, "check-g": 3.0})
    assert (mark["check-f"].points, mark["check-g"].points) == (0.0, 0.0)
    assert "never run" in mark["check-f"].message
    assert "Python ended" in mark["check-g"].message


@pytest.mark.parametrize(
    "fake",
    [
        [],
        [new_output("execute_result", data={"text/plain": "2.0"})],
        [new_output("execute_result", data={"text/plain": "nan"})],
        [new_output("stream", name="stdout", text="2.0")],
        [new_output("display_data", data={"text/html": "<b>full marks</b>"})],
    ],
)
def test_nothing_that_the_student_displays_is_a_score(fake):
    from nbgrader.utils import determine_grade

    cell = check_cell(outputs=fake)
    nb, _ = scoring_plugin().ScoreExams().preprocess(new_notebook(cells=[cell]), {KEY: Run(LAB)})
    assert determine_grade(nb.cells[0]) == (0.0, 2.0)
    run = Run(LAB, exam_runs={"check-f": exam_run(0.75)})
    nb, _ = scoring_plugin().ScoreExams().preprocess(new_notebook(cells=[cell]), {KEY: run})
    assert determine_grade(nb.cells[0]) == (1.5, 2.0)


def test_scoring_refuses_without_a_run():
    plugin = scoring_plugin()
    full = new_output("execute_result", data={"text/plain": "2.0"})
    for resources in ({}, {KEY: {"exam_runs": {"check-f": 1.0}}}):
        with pytest.raises(plugin.NoExamRunsError, match="no evidence, no marks"):
            plugin.ScoreExams().preprocess(new_notebook(cells=[check_cell(outputs=[full])]), resources)


def test_the_message_of_a_mark_stands_in_the_cell():
    verdicts = Verdict("shape", "shape", 1), Verdict("values", "divides by n - 1", 1, 0.0)
    run = Run(LAB, exam_runs={"check-f": exam_run(0.5, *verdicts)})
    nb, _ = scoring_plugin().ScoreExams().preprocess(new_notebook(cells=[check_cell()]), {KEY: run})
    text = nb.cells[0].outputs[0].text
    assert text == "✓  1 of 1 points · shape\n✗  0 of 1 points · divides by n - 1\n\nf: 1 of 2 points\n"
    assert nb.metadata[KEY]["seed"] == run.seed


# --- evidence that comes back, pages ---------------------------------------------------------------------------------


def test_an_answer_is_evidence_or_an_error():
    from course_admin.grading.run_notebook import read_answer

    assert list(read_answer(pack({"ok": True, "e:value": np.ones(3), "share": 1.0}))) == ["value"]
    with pytest.raises(StudentError, match=r"ValueError: a \[31m b"):
        read_answer(pack({"ok": False, "kind": "ValueError", "text": "a\x1b[31m\nb", "where": ""}))
    for garbage in (b"", b"not evidence", b"PK\x03\x04", pickle.dumps({"ok": True})):
        with pytest.raises(StudentError, match="damaged"):
            read_answer(garbage)


def test_pages_lose_hidden_tests_of_check_cells_alone():
    from course_admin.feedback.page import HideTests

    answer = new_markdown_cell(
        "I wrote BEGIN HIDDEN TESTS here", metadata={"nbgrader": {"grade": True, "solution": True}}
    )
    nb, _ = HideTests().preprocess(new_notebook(cells=[check_cell(), answer]), {})
    assert [cell.source for cell in nb.cells] == ["checks.f(f)", "I wrote BEGIN HIDDEN TESTS here"]


def test_nothing_live_is_left_of_markdown():
    from course_admin.feedback.sanitise import safe_markdown

    page = safe_markdown(
        "**bold** <script>alert(1)</script> <img src=x onerror=alert(2)> [go](javascript:alert(3))\n\n"
        '<a href="data:text/html,x">d</a> <img src="https://example.org/spy.png"> <iframe src=x></iframe>\n\n'
        "| a |\n|---|\n| 1 |"
    )
    assert "<strong>bold</strong>" in page
    assert "<td>1</td>" in page
    for live in ("<script", "onerror=", 'href="javascript', 'href="data', "spy.png", "<iframe"):
        assert live not in page, page


# --- the gradebook's report ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gradebook(tmp_path_factory):
    """A course with a gradebook of two students, made by nbgrader's API."""
    from nbgrader.api import Gradebook

    root = new_course(tmp_path_factory.mktemp("gradebook"), like=REPO)
    with Gradebook(gradebook_url(root)) as gb:
        gb.add_assignment(LAB)
        gb.add_notebook(LAB, LAB)
        for name, points in POINTS.items():
            gb.add_grade_cell(name, LAB, LAB, max_score=points, cell_type="code")
        gb.add_grade_cell("written-linear", LAB, LAB, max_score=1, cell_type="markdown")
        gb.add_solution_cell("written-linear", LAB, LAB)
        for student, share in (("zoe", 1.0), ("ada", 0.5)):
            gb.add_student(student)
            gb.add_submission(LAB, student)
            for name, points in POINTS.items():
                mark = gb.find_grade(name, LAB, LAB, student)
                mark.auto_score, mark.needs_manual_grade = share * points, False
        gb.find_grade("written-linear", LAB, LAB, "zoe").manual_score = 1.0
        gb.find_grade("written-linear", LAB, LAB, "zoe").needs_manual_grade = False
        gb.db.commit()
    return root


def test_marks_as_csv(gradebook):
    rows = list(csv.DictReader(io.StringIO(as_csv(read_marks(gradebook)))))
    assert [(row["student"], row["total"], row["out_of"], row["to_mark"]) for row in rows] == [
        ("ada", "4.5", "10", "1"),
        ("zoe", "10", "10", "0"),
    ]
    assert (rows[0]["sampler"], rows[0]["written-linear"], rows[1]["written-linear"]) == ("1.5", "", "1")


def test_names_and_findings_cannot_steer_a_terminal():
    out = io.StringIO()
    outcome = Outcome(LAB, "a\x1b[2J[red]b", GRADED, findings=["left\u202eright", "[/] two\nlines"])
    show([outcome], Console(file=out, width=100, force_terminal=True, color_system=None))
    text = out.getvalue()
    assert "\x1b[2J" not in text
    assert "\u202e" not in text
    assert "a\N{REPLACEMENT CHARACTER}[2J[red]b" in text
    assert "[/] two" in text


def test_marks_as_a_table(gradebook, tmp_path):
    out = tmp_path / "marks.txt"
    report(gradebook, [LAB], out=out)
    lines = {line.split()[0]: line.split() for line in reversed(out.read_text().splitlines()) if line.split()}
    assert lines["ada"] == ["ada", "2", "1.5", "1", "?", "4.5", "1"]
    assert lines["zoe"] == ["zoe", "4", "3", "2", "1", "10"]
    assert lines["mean"] == ["mean", "3", "2.25", "1.5", "1", "10"]  # the total: of those who are marked


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["report", "--format", "pdf"], 2, "choose one of table, csv"),
        (["report", "03_none"], 1, "no marks of 03_none"),
        (["report", "--out", "nowhere/marks.csv"], 1, "cannot write nowhere/marks.csv"),
    ],
)
def test_report_says_in_one_line_what_is_wrong(gradebook, capsys, arguments, code, words):
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(gradebook), *arguments])
    said = capsys.readouterr().err
    assert ended.value.code == code
    assert words in said
    assert said.count("\n") == 1


def test_ctrl_c_is_for_the_command_not_for_those_that_it_starts(tmp_path, monkeypatch):
    seen, before = [], signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(pool, "get_ready", lambda: seen.append(signal.getsignal(signal.SIGINT)))
    with pytest.raises(SystemExit):
        main(["--root", str(tmp_path), "grade", LAB])
    assert seen == [signal.SIG_IGN]
    assert signal.getsignal(signal.SIGINT) == before


@pytest.mark.parametrize(
    "options, words",
    [
        (["--exercise", "f", "--force"], "do not go with it"),
        (["--exercise", "f", "--answers-only"], "do not go with it"),
        (["--exercise", "f", "--timeout", "5"], "do not go with it"),
        (["--exercise", "f", "--sandbox", "bwrap"], "do not go with it"),
        (["--exercise", "f", "another"], "name one LAB"),
        (["--sandbox", "docker"], "choose auto, bwrap or none"),
    ],
)
def test_options_that_contradict_each_other_are_refused_before_anything_starts(
    tmp_path, monkeypatch, capsys, options, words
):
    monkeypatch.setattr(pool, "get_ready", lambda: pytest.fail("workers were started"))
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(tmp_path), "grade", LAB, *options])
    assert ended.value.code == 2
    assert words in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_no_gradebook_no_report(tmp_path):
    new_course(tmp_path, like=REPO)
    with pytest.raises(CourseError, match="no gradebook yet"):
        report(tmp_path)


# --- the classroom, demo ---------------------------------------------------------------------------------------------


def test_fill_puts_answers_into_solution_cells_only():
    solution = {"nbgrader": {"grade_id": "f", "solution": True, "grade": False}}
    cells = [
        {"cell_type": "code", "source": "raise", "metadata": solution},
        {
            "cell_type": "code",
            "source": "checks.f(f)",
            "metadata": {"nbgrader": {"grade_id": "check-f", "grade": True}},
        },
    ]
    release = {"cells": cells}
    filled = classroom.fill(release, {"f": "def f(): ..."})
    assert [cell["source"] for cell in filled["cells"]] == ["def f(): ...", "checks.f(f)"]
    assert release["cells"][0]["source"] == "raise"
    with pytest.raises(KeyError):
        classroom.fill(release, {"check-f": "pass"})


def test_reference_answers_hold_neither_markers_nor_mark_schemes():
    source = (
        "# ### BEGIN SOLUTION\nit bends\n# ### BEGIN MARK SCHEME\n1 point\n# ### END MARK SCHEME\n# ### END SOLUTION"
    )
    cell = {"cell_type": "markdown", "source": source, "metadata": {"nbgrader": {"grade_id": "w", "solution": True}}}
    assert classroom.reference_answers({"cells": [cell]}) == {"w": "it bends"}


def test_the_demo_leaves_other_peoples_folders_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(CourseError, match="no demo made"):
        demo.demo(REPO, tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_the_demo_makes_its_folder_anew_with_a_class_of_its_own(tmp_path):
    into = tmp_path / "demo"
    lab = demo._new_course(REPO, into)
    students = demo._hand_in(REPO, lab, hostile=True)
    handed_in = {student: (into / "submitted" / student / lab.name / f"{lab.name}.ipynb") for student in students}
    assert len({path.read_text() for path in handed_in.values()}) == 4
    assert json.loads(handed_in[demo.BLANK].read_text()) == classroom.read_notebook(lab.release)
    demo._new_course(REPO, into)
    assert not (into / "submitted").exists()


def test_the_demos_hostile_submission_would_succeed_without_a_sandbox(tmp_path, capsys):
    lab = demo._new_course(REPO, tmp_path / "demo")
    demo._hand_in(REPO, lab, hostile=True)
    (lab.root / "gradebook.db").write_bytes(b"SQLite format 3\0 and more")
    path = lab.root / "submitted" / demo.HOSTILE / lab.name / f"{lab.name}.ipynb"
    first = classroom.read_notebook(path)["cells"][0]["source"]
    exec(first.replace("192.0.2.1", "127.0.0.1"), {})
    got = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert "BEGIN SOLUTION" in got["read the answers"] or got["read the answers"].startswith("{")
    assert got["open the gradebook"] == repr(b"SQLite format 3\0")
    assert got["import the exams"].startswith("<module 'course_admin'")
    assert int(got["see other processes"]) > 0


# --- what can be wrong before anything runs --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The template lab, built."""
    return template_course(tmp_path_factory.mktemp("course"))


def test_grading_says_in_one_line_what_is_missing(course, tmp_path):
    with pytest.raises(CourseError, match="no lab '09_gone'"):
        grade(course, ["09_gone"])
    bare = new_course(tmp_path / "bare", like=REPO)
    new_lab(bare, LAB)
    with pytest.raises(CourseError, match=f"course build {LAB}"):
        grade(bare, [LAB])
    shutil.copytree(course / "source", bare / "source")
    with pytest.raises(CourseError, match=f"put the notebook at submitted/STUDENT/{LAB}/{LAB}.ipynb"):
        grade(bare, [LAB])
    (bare / "autograder_tests" / "exams" / f"{LAB}.py").write_text("import nothing_of_the_kind\n")
    with pytest.raises(CourseError, match="exams of 00_template cannot be used: No module named 'nothing_of_the_kind'"):
        grade(bare, [LAB])


# --- whole submissions -----------------------------------------------------------------------------------------------

NOISY = """
import sys, warnings
from tqdm.auto import tqdm

def standardise(X):
    print("5.0")
    warnings.warn("only a warning")
    sys.stderr.write("on stderr\\n")
    for _ in tqdm(range(3)):
        pass
    centred = X - X.mean(dim=0)
    spread = centred.square().mean(dim=0).sqrt()
    return centred / torch.where(spread > 0, spread, 1.0)

warnings.warn("at the top as well")
standardise(torch.ones(2, 2))
"""

# Fakes of every kind that stock nbgrader falls for, and none of the exercises done.
CHEAT = """
import ast, types
from IPython.display import display, Markdown

class Right:
    def __eq__(self, other): return True
    def __float__(self): return 2.0
    def __getattr__(self, name): return Right()
    def __call__(self, *args, **kwargs): return Right()
    def __repr__(self): return "2.0"

class Passes(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
    def visit_Raise(self, node): return ast.Pass()

get_ipython().ast_transformers.append(Passes())
checks = Right()
import course_admin.grading.exams, course_utils.checks
course_admin.grading.exams.grade = lambda *args: 2.0
get_ipython().events.register("post_run_cell", lambda *args: print("standardise: 2 of 2 points\\n2.0"))
standardise = Right()
GaussianSampler = Right()
display(Markdown("2.0"))
2.0
"""


def submissions(root):
    """The class: answers for each student, and what is done to the notebook otherwise."""
    release = classroom.read_notebook(root / "release" / LAB / f"{LAB}.ipynb")
    answers = classroom.reference_answers(classroom.read_notebook(root / "source" / LAB / f"{LAB}.ipynb"))
    sampler = answers["sampler"].replace("torch.randn_like(mu)", "torch.randn(())")
    assert sampler != answers["sampler"]

    def position(notebook, grade_id):
        names = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in notebook["cells"]]
        return names.index(grade_id)

    partly = classroom.fill(release, {"standardise": NOISY, "sampler": sampler})

    cheat = classroom.fill(release, {"standardise": CHEAT, "linear_autoencoder": answers["linear_autoencoder"]})
    claims = cheat["cells"][position(cheat, "check-standardise")]
    claims["metadata"]["nbgrader"]["points"] = 100
    claims["source"] = "2.0"
    claims["outputs"] = [
        {"output_type": "execute_result", "data": {"text/plain": "2.0"}, "execution_count": 1, "metadata": {}}
    ]

    # One check cell is gone, one cell kills Python; what comes after still counts, and finds its files again.
    own = "from helpers.middle import middle\n" + answers["standardise"].replace("X.mean(dim=0)", "middle(X)")
    assert own.count("middle(X)") == 1
    killed = classroom.fill(release, answers | {"standardise": own})
    del killed["cells"][position(killed, "check-standardise")]
    killed["cells"][position(killed, "check-sampler")]["source"] = "import os; os._exit(1)"
    exits = {
        "cell_type": "code",
        "source": "import os\nos._exit(3)",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    killed["cells"].insert(position(killed, "check-sampler"), exits | {"id": "exits"})

    return {
        "reference": classroom.fill(release, answers),
        "blank": release,
        "partly": partly,
        "cheat": cheat,
        "killed": killed,
    }


@pytest.fixture(scope="module")
def graded(course):
    """The class graded by `course grade`: outcomes by student."""
    for student, notebook in submissions(course).items():
        classroom.hand_in(course, student, LAB, notebook)
    helpers = course / "submitted" / "killed" / LAB / "helpers"
    helpers.mkdir()
    (helpers / "middle.py").write_text("def middle(X):\n    return X.mean(dim=0)\n")
    text = (course / "submitted" / "reference" / LAB / f"{LAB}.ipynb").read_text()
    for student, content in {"cut-off": text[:2000], "nothing": ""}.items():
        (course / "submitted" / student / LAB).mkdir(parents=True)
        (course / "submitted" / student / LAB / f"{LAB}.ipynb").write_text(content)
    (course / "submitted" / "no-file" / LAB).mkdir(parents=True)
    release = (course / "release" / LAB / f"{LAB}.ipynb").read_bytes()
    outcomes = {outcome.student: outcome for outcome in grade(course, [LAB])}
    assert (course / "release" / LAB / f"{LAB}.ipynb").read_bytes() == release, "grading touched release/"
    return outcomes


def points_of(root, student):
    marks = {row.student: row for row in read_marks(root)[LAB]}[student]
    return {name: mark.points for name, mark in marks.grades.items() if mark.automatic}


def page_of(root, student):
    return (root / "feedback" / student / LAB / f"{LAB}.html").read_text(encoding="utf-8")


@pytest.mark.pipeline
def test_each_submission_gets_the_points_that_it_earned(course, graded):
    nothing = {"standardise": 0.0, "sampler": 0.0, "linear_autoencoder": 0.0}
    everything = {"standardise": 2.0, "sampler": 3.0, "linear_autoencoder": 4.0}
    assert points_of(course, "reference") == everything
    assert points_of(course, "blank") == nothing
    # Warnings, prints and progress bars cost nothing; one number for all keeps five sixths of three points.
    assert points_of(course, "partly") == nothing | {"standardise": 2.0, "sampler": 2.5}
    # Fakes earn nothing, and do not spoil what is right either.
    assert points_of(course, "cheat") == nothing | {"linear_autoencoder": 4.0}
    # The deleted check cell is put back; a kernel that died is started again for the others.
    assert points_of(course, "killed") == everything
    assert (graded["reference"].automatic, graded["reference"].automatic_max, graded["reference"].pending) == (9, 9, 1)
    assert (graded["blank"].pending, graded["blank"].findings) == (0, [])


@pytest.mark.pipeline
def test_findings_name_what_happened(graded):
    assert {name for name, outcome in graded.items() if outcome.state == FAILED} == {"cut-off", "nothing", "no-file"}
    assert "ends in the middle" in graded["cut-off"].findings[0]
    assert "is empty" in graded["nothing"].findings[0]
    assert "no notebook was handed in (there: nothing)" in graded["no-file"].findings[0]
    gone, ended = graded["killed"].findings
    assert gone == "deleted and put back as they were given out: check-standardise"
    assert ended.startswith("code cell ")
    assert "ended the Python process" in ended


@pytest.mark.pipeline
def test_pages_show_points_and_messages_and_no_hidden_tests(course, graded):
    pages = {student: page_of(course, student) for student, outcome in graded.items() if outcome.state == GRADED}
    for student, page in pages.items():
        assert "course_admin.grading.exams" not in page or student == "cheat", student
        assert "HIDDEN TESTS" not in page
    assert "share the same noise" in pages["partly"]
    assert "sampler: 2.5 of 3 points" in pages["partly"]


@pytest.mark.pipeline
def test_the_same_again_keeps_what_did_not_change(course, graded):
    again = {outcome.student: outcome for outcome in grade(course, [LAB])}
    kept = {student for student, outcome in graded.items() if outcome.state == GRADED}
    assert {student for student, outcome in again.items() if outcome.state == KEPT} == kept
    for student in kept:
        assert again[student].automatic == graded[student].automatic


@pytest.mark.pipeline
def test_a_changed_submission_is_graded_again_and_no_old_mark_stays(course, graded):
    path = course / "submitted" / "partly" / LAB / f"{LAB}.ipynb"
    before = path.read_text()
    notebook = json.loads(before)
    names = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in notebook["cells"]]
    del notebook["cells"][names.index("standardise")]
    path.write_text(json.dumps(notebook))
    try:
        (outcome,) = grade(course, [LAB], student="partly")
    finally:
        path.write_text(before)
    assert (outcome.state, outcome.automatic) == (GRADED, pytest.approx(graded["partly"].automatic - 2))
    helper = course / "submitted" / "killed" / LAB / "helpers" / "middle.py"
    right = helper.read_text()
    helper.write_text("def middle(X):\n    raise ValueError\n")
    try:
        (outcome,) = grade(course, [LAB], student="killed")
    finally:
        helper.write_text(right)
    assert (outcome.state, outcome.automatic) == (GRADED, pytest.approx(graded["killed"].automatic - 2))
    path.write_text(before[:2000])
    (outcome,) = grade(course, [LAB], student="partly")
    path.write_text(before)
    assert outcome.state == FAILED
    assert outcome.automatic == pytest.approx(graded["partly"].automatic - 2)
    assert outcome.findings[-1] == EARLIER
    assert EARLIER in page_of(course, "partly")


@pytest.mark.pipeline
def test_stock_nbgrader_gives_the_same_marks_and_none_without_evidence(course, graded, tmp_path):
    root = new_course(tmp_path / "stock", like=REPO)
    for part in ("source", "autograder_tests"):
        shutil.copytree(course / part, root / part)
    for student in ("partly", "cheat", "killed"):
        shutil.copytree(course / "submitted" / student, root / "submitted" / student)

    def nbgrader(*arguments):
        command = [sys.executable, "-m", "nbgrader", *arguments]
        return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=200, check=False)

    assert nbgrader("generate_assignment", LAB).returncode == 0
    refused = nbgrader("autograde", LAB, "--no-execute", "--student", "cheat")
    assert refused.returncode != 0
    assert "no evidence, no marks" in refused.stderr
    assert set(points_of(root, "cheat").values()) == {0.0}

    done = nbgrader("autograde", LAB)
    assert done.returncode == 0, done.stderr
    assert nbgrader("generate_feedback", LAB).returncode == 0
    grade(course, [LAB])  # other tests have handed in other things meanwhile
    for student in ("partly", "cheat", "killed"):
        assert rows_of(root, student) == rows_of(course, student)
        assert sum(points_of(root, student).values()) == graded[student].automatic
        assert "HIDDEN TESTS" not in page_of(root, student)


def rows_of(root, student):
    """All that the gradebook holds of a submission, but for its own names for things and the times."""
    from nbgrader.api import Gradebook

    with Gradebook(gradebook_url(root)) as gradebook:
        (notebook,) = gradebook.find_submission(LAB, student).notebooks
        grades = {
            (grade.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade, grade.max_score)
            for grade in notebook.grades
        }
        comments = {(comment.name, comment.auto_comment, comment.manual_comment) for comment in notebook.comments}
        return grades, comments, notebook.late_submission_penalty, notebook.score, notebook.max_score


EXAMS = """
from course_admin.grading.exams import exam
from course_utils import probes
from course_utils.checks import Verdict


def adds_one(ask, rng):
    right = ask(probes.call, probe=1)["value"] == 2
    return [Verdict("values", "adds one" if right else "does not add one", 1.0, float(right))]


exams = [exam(name)(adds_one) for name in ("slow", "stubborn", "exits", "fine")]
slow, stubborn, exits, fine = exams
"""

CODE = """
import os, time
import course_utils.probes

def slow(x):
    while True: time.sleep(0.01)

def stubborn(x):
    while True:
        try: time.sleep(60)
        except KeyboardInterrupt: pass

def exits(x):
    os._exit(0)

def fine(x):
    return x + 1 if "leaked" not in globals() else None
"""


@pytest.mark.pipeline
def test_a_question_has_a_limit_and_the_next_exercise_is_asked_all_the_same(tmp_path):
    from course_admin.nbgrader_plugins.execute import CourseExecute

    (tmp_path / "autograder_tests" / "exams").mkdir(parents=True)
    (tmp_path / "autograder_tests" / "exams" / "09_slow.py").write_text(EXAMS)
    names = ("slow", "stubborn", "exits", "fine")
    cells = [new_code_cell(CODE), *(check_cell(name, 1, "### BEGIN HIDDEN TESTS\nleaked = True") for name in names)]
    resources = {"nbgrader": {"assignment": "09_slow", "notebook": "09_slow", "student": "ann"}, "metadata": {}}
    executor = CourseExecute(course_root=str(tmp_path), question_timeout=2)
    _, resources = executor.preprocess(new_notebook(cells=cells), resources)
    exam_runs = resources[KEY].exam_runs
    marks = scoring_plugin().score(resources[KEY], {f"check-{name}": 1.0 for name in names})
    assert [marks[f"check-{name}"].points for name in names] == [0, 0, 0, 1], resources[KEY].findings
    assert "longer than 2 s" in exam_runs["check-slow"].result.message
    assert "longer than 2 s" in exam_runs["check-stubborn"].result.message
    assert "ended the Python process" in exam_runs["check-exits"].result.message
    # The transcript is enough to re-mark.
    replay = exam_runs["check-fine"].transcript.replaying()
    assert run_exam(load_exams(tmp_path, "09_slow")["fine"], replay).share == 1.0
