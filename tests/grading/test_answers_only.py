"""`course grade --answers-only`: what is left out, what is shown in its place, and that the marks are the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from template_course import template_course

from course_admin import classroom
from course_admin.authoring.build import build
from course_admin.grading.answers_only import AS_HANDED_IN, demonstrations, is_missing, shown
from course_admin.grading.command import grade
from course_admin.report import read_marks
from course_admin.sandbox.limits import Limits
from course_admin.submissions.cell_analysis import globals_read, names_computed

LAB = "00_template"


def given(*sources, answer="def f(x):\n    raise NotImplementedError"):
    """A release: a set-up cell, an answer, and given cells g0, g1, ..."""
    cells = [
        new_code_cell("import torch\nscale = 2.0", id="setup", metadata={"tags": ["setup"]}),
        new_code_cell(answer, id="answer", metadata={"nbgrader": {"solution": True, "grade": False, "grade_id": "f"}}),
    ]
    return new_notebook(cells=cells + [new_code_cell(source, id=f"g{i}") for i, source in enumerate(sources)])


def left_out(release, answer="def f(x):\n    return x", **changed):
    handed = given(answer=answer)
    handed.cells += [new_code_cell(changed.get(c.id, c.source), id=c.id) for c in release.cells[2:]]
    handed.cells += [new_code_cell(source, id=name) for name, source in changed.items() if name.startswith("own")]
    return demonstrations(handed, release)


RELEASE = given("errors = f(scale)", "plt.plot(errors)", "my_guess = ...  # fill it in\nprint(f(1))", "y = errors + 1")


def test_given_cells_are_left_out_when_nothing_that_counts_uses_them():
    assert left_out(RELEASE) == {"g0", "g1", "g2", "g3"}


def test_a_guess_that_is_filled_in_changes_nothing_other_changes_do():
    assert left_out(RELEASE, g2="my_guess = 0.3\nprint(f(1))") == {"g0", "g1", "g2", "g3"}
    assert left_out(RELEASE, g2="my_guess = 0.3\nprint(f(2))") == {"g0", "g1", "g3"}
    assert left_out(RELEASE, g1="plt.plot(errors) # mine") == {"g0", "g2", "g3", "g1"}
    assert left_out(RELEASE, g1="errors = 0") == {"g0", "g2", "g3"}


@pytest.mark.parametrize(
    "answer, run",
    [
        ("def f(x):\n    return x + errors", {"g0"}),
        ("def f(x):\n    return [y for _ in x]", {"g0", "g3"}),
        ("def f(x):\n    def inner():\n        return errors\n    return inner()", {"g0"}),
        ("class F:\n    start = errors", {"g0"}),
        ("def f(errors):\n    return errors", set()),
        ("def f(x):\n    errors = x\n    return errors", set()),
        ("def f(x):\n    return x.errors", set()),
        ("errors = 3\ndef f(x):\n    return errors", set()),
        ("@errors.register\ndef f(x, y=1):\n    return x", {"g0"}),
        ("def f(x, y=errors):\n    return x", {"g0"}),
    ],
)
def test_given_cells_whose_results_an_answer_uses_are_run(answer, run):
    assert left_out(RELEASE, answer) == {"g0", "g1", "g2", "g3"} - run


CHANGES = {
    "bound again": ("history = [1, 2]",),
    "through its item": ("history[0] = 1",),
    "through a method": ("history.append(1)",),
    "in a loop": ("for i in range(3):\n    history.append(i)",),
    "by way of another": ("more = [1]", "history.extend(more)"),
}


@pytest.mark.parametrize("cells", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("answer", ["def f():\n    return len(history)", "def f():\n    return helper()"])
def test_cells_that_change_what_an_answer_uses_are_run(cells, answer):
    """Also where the first value is there all the same, so that no name is missing, and through a given function."""
    others = [
        "import matplotlib.pyplot as plt\nplt.plot([1])",
        "def helper():\n    return len(history)",
        "print(helper())",
    ]
    release = given("history = []", *others, *cells)
    assert left_out(release, answer) == {"g1", "g2", "g3"}


@pytest.mark.parametrize(
    "source, read",
    [
        ("train = train[:5]", {"train"}),
        ("total += 1", {"total"}),
        ("for i in range(3):\n    total = total + i", {"range", "total"}),
        ("for i in rows:\n    last = i\nprint(last)", {"rows", "print"}),
        ("with open(name) as file:\n    text = file.read()", {"open", "name"}),
        ("try:\n    import a\nexcept ImportError as error:\n    b = error", {"ImportError"}),
        ("x = 1\nx = x + 1", set()),
        ("def f(n):\n    return f(n - 1) + late\nlate = 3", set()),
        ("squares = [i * i for i in values]", {"values"}),
        ("class A(Base):\n    size = width", {"Base", "width"}),
    ],
)
def test_what_a_cell_takes_from_other_cells(source, read):
    assert globals_read(source) == read


def test_a_students_own_cell_is_run_with_what_it_uses():
    assert left_out(RELEASE, own="z = y * 2") == {"g1", "g2"}


def test_names_of_a_cell():
    source = "import a\ndef b(): return c\nclass D: pass\ne = f\nfor g in h: pass"
    assert names_computed(source) == {"e", "g"}
    assert globals_read(source) == {"c", "f", "h"}
    assert globals_read("%matplotlib inline\nx") == {"x"}
    assert globals_read("def (") == names_computed("def (") == frozenset()


def test_outputs_of_a_file_are_cleaned_and_marked():
    from_file = [
        {"output_type": "stream", "name": "stdout", "text": ["one\n", "two\n"]},
        {"output_type": "display_data", "data": {"text/html": ["<b>", "x</b>"], "application/javascript": "alert()"}},
        {"output_type": "execute_result", "execution_count": "x", "data": {"text/plain": 7}},
        "no output",
        {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["line"]},
    ]
    first, *rest = shown(from_file, Limits())
    assert (first["text"], rest[0]["text"]) == (AS_HANDED_IN, "one\ntwo\n")
    assert "alert" not in json.dumps(rest)
    assert [output["output_type"] for output in rest[-2:]] == ["display_data", "error"]
    assert rest[-2]["data"] == {"text/html": "<b>x</b>"}
    assert shown([], Limits()) == shown(["?"], Limits()) == []


def test_only_a_name_that_was_left_out_makes_a_full_run():
    assert is_missing("NameError: name 'errors' is not defined", ["errors = 1"])
    assert not is_missing("NameError: name 'eror' is not defined", ["errors = 1"])
    assert not is_missing("NameError: name 'errors' is not defined", [])
    assert is_missing("NameError: in other words", ["errors = 1"])


# --- whole submissions -----------------------------------------------------------------------------------------------

DEMONSTRATION = """
# %%
heard = " ".join(["from a demonstration"])
print("demonstration ran")

# %%
my_guess = ...
print("second demonstration ran")
"""
HIDDEN_USE = "eval('heard').upper()\n"


@pytest.mark.pipeline
def test_the_marks_are_the_same_and_the_page_shows_what_was_handed_in(tmp_path):
    root = template_course(tmp_path / "course")
    text = root / "notebooks" / LAB / f"{LAB}.py"
    lines = text.read_text(encoding="utf-8")
    text.write_text(lines.replace("# %% exercise=", DEMONSTRATION.lstrip() + "\n# %% exercise=", 1), encoding="utf-8")
    build(root, [LAB], say=lambda line: None)
    release = classroom.read_notebook(root / "release" / LAB / f"{LAB}.ipynb")
    answers = classroom.reference_answers(classroom.read_notebook(root / "source" / LAB / f"{LAB}.ipynb"))
    reference = classroom.fill(release, answers)
    for cell in reference["cells"]:
        if "second demonstration" in cell["source"]:
            cell["source"] = cell["source"].replace("...", "0.25")
        if "demonstration ran" in cell["source"]:
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["as I saw it\n"]}]
    uses = {"standardise": HIDDEN_USE + answers["standardise"]}
    wrong = {"standardise": answers["standardise"].replace("X.mean(dim=0)", "X.mean()")}
    assert wrong["standardise"] != answers["standardise"]
    students = {
        "reference": reference,
        "blank": release,
        "uses": classroom.fill(release, answers | uses),
        "wrong": classroom.fill(release, answers | wrong),
    }
    for student, notebook in students.items():
        classroom.hand_in(root, student, LAB, notebook)
    in_full = Path(shutil.copytree(root, tmp_path / "full"))
    grade(in_full, [LAB])
    grade(root, [LAB], answers_only=True)

    def marks(where):
        return {row.student: {name: mark.points for name, mark in row.grades.items()} for row in read_marks(where)[LAB]}

    assert marks(root) == marks(in_full)
    assert len({tuple(found.values()) for found in marks(root).values()}) == 3

    def page(where, student):
        return (where / "feedback" / student / LAB / f"{LAB}.html").read_text(encoding="utf-8")

    assert page(root, "reference").count(AS_HANDED_IN.strip()) == page(root, "reference").count("as I saw it\n") == 2
    assert "were run; the outputs" in page(root, "reference")
    assert "demonstration ran\n" in page(in_full, "reference") and "as I saw it" not in page(in_full, "reference")
    # Here a name turned out to be missing, so everything was run.
    assert "were run; the outputs" not in page(root, "uses")
    assert marks(root)["uses"] == marks(root)["reference"]
