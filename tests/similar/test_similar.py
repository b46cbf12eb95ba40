"""`course similar`: on a made-up class, copies are found however they were disguised, and nothing is executed."""

from __future__ import annotations

import ast
import io
import random
import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from course_admin import classroom
from course_admin.authoring.new_lab import new_course
from course_admin.cli import main
from course_admin.course import CourseError
from course_admin.similar import compare, similar
from course_admin.similar.answers import LONGEST, own_code

REPO = Path(__file__).parents[2]
LAB = "01_pca_vs_ae"
HONEST = 9
COPIES = (0, 1, 2)
"""The students whose answers student 10, 11 and 12 copied."""


def whole_answers() -> dict[str, list[str]]:
    """The corpora's whole answers, right and wrong ones: written independently of each other."""
    found = {}
    for path in sorted((REPO / "autograder_tests" / "corpora" / LAB).glob("*.py")):
        entries = re.split(r"^# %% .*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        found[path.stem] = [entry.strip() for entry in entries if re.search(r"^(def|class) ", entry, re.MULTILINE)]
    found.pop("unlikely")
    return found


# --- disguises ------------------------------------------------------------------------------------------


def renamed(code: str) -> str:
    """Other names for everything that the answer assigns to."""
    tree = ast.parse(code)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    for node in names:
        if node.id in own:
            node.id = f"my_{node.id[::-1]}"
    return ast.unparse(tree)


def reordered(code: str) -> str:
    """Neighbours that do not depend on each other change places: assignments, and methods of a class."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for at, (one, other) in enumerate(list(pairwise(body))):
            movable = all(isinstance(part, ast.Assign | ast.FunctionDef) for part in (body[at], other))
            if movable and body[at] is one and not (_set(one) & _used(other) or _set(other) & _used(one)):
                body[at], body[at + 1] = other, one
    return ast.unparse(tree)


def _used(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _set(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def commented(code: str) -> str:
    """Comments and a docstring of one's own, and other white space."""
    lines = []
    for line in code.split("\n"):
        lines += [f"{line}   # so that it works", ""] if line.endswith(")") else [line]
        if re.match(r"def .*:$", line):
            lines.append('    """I wrote this myself."""')
    return "\n".join(lines)


def disguised(code: str) -> str:
    return commented(renamed(reordered(code)))


DISGUISES = {
    "one each": (renamed, reordered, commented),
    "all of them": (disguised, disguised, disguised),
}


def made_up(seed: int, disguises) -> dict[str, dict[str, str]]:
    """exercise -> student -> answer: nine who worked alone, three who copied."""
    dice, classes = random.Random(seed), {}
    for exercise, answers in whole_answers().items():
        chosen = dice.sample(answers, HONEST)
        taken = [disguise(chosen[number]) for number, disguise in zip(COPIES, disguises, strict=True)]
        classes[exercise] = {f"student{number:02}": answer for number, answer in enumerate([*chosen, *taken])}
    return classes


def copies() -> set[tuple[str, str]]:
    return {(f"student{number:02}", f"student{HONEST + number:02}") for number in COPIES}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with lab 01 and nobody's submissions."""
    root = new_course(tmp_path_factory.mktemp("similar") / "course", like=REPO)
    for folder in ("notebooks", "source"):
        shutil.copytree(REPO / folder / LAB, root / folder / LAB)
    return root


def hand_in(course: Path, classes: dict[str, dict[str, str]]) -> None:
    shutil.rmtree(course / "submitted", ignore_errors=True)
    release = classroom.read_notebook(REPO / "release" / LAB / f"{LAB}.ipynb")
    for student in sorted({student for answers in classes.values() for student in answers}):
        given = {exercise: answers[student] for exercise, answers in classes.items() if student in answers}
        classroom.hand_in(course, student, LAB, classroom.fill(release, given))


# --- the class ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("which", DISGUISES)
def test_all_copies_are_found_and_nobody_else_stands_above_them(which, seed):
    classes = made_up(seed, DISGUISES[which])
    own = {name: {who: own_code(code, "") for who, code in answers.items()} for name, answers in classes.items()}
    pairs = compare(own).pairs
    assert {pair.students for pair in pairs[:3]} == copies()
    # 0.83 to 1 and 0.15 to 0.28 over eight classes; with names compared as they are, copies have 0.5 to 0.7.
    assert pairs[2].share > 0.75 and pairs[3].share < 0.4


def test_the_command_finds_them_and_writes_one_page(course, capsys):
    hand_in(course, made_up(3, DISGUISES["all of them"]))
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(course), "similar", LAB, "--pairs", "4"])
    assert ended.value.code == 0
    said = capsys.readouterr().out.splitlines()
    assert {tuple(line.split("  ")[1].split(" and ")) for line in said[:3]} == copies()
    page = (course / "out" / f"similar_{LAB}.html").read_text(encoding="utf-8")
    assert page.count('<h2 id="pair-') == 4
    assert "Similarity proves nothing" in page and "A two-line answer is worth nothing as evidence" in page
    assert "<mark>" in page and "short, worth nothing" in page
    assert not re.search(r"<(script|link|img|iframe)|https?://|url\(", page), "the page asks nobody for anything"
    assert "I wrote this myself" not in page, "docstrings are not compared"


def test_nothing_is_executed_and_nothing_is_live_in_the_page(course, tmp_path):
    trap = tmp_path / "executed"
    nasty = (
        f"open({str(trap)!r}, 'w')\n"
        "def pca_fit(X, k):\n"
        "    shown = '<script>alert(1)</script> & <b>' * len(X) + str(k // 7)\n"
        "    return {'<img src=x>': shown}, [shown, k, '\x1b[31m']\n"
    )
    hand_in(course, {"pca_fit": {"<b>ada": nasty, "eve": nasty, "bob": "def pca_fit(:\n  %magic\n ¿" * 3}})
    pairs = similar(course, LAB, out=tmp_path / "page.html", console=Console(file=io.StringIO()))
    assert [pair.students for pair in pairs] == [("<b>ada", "eve")]
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not trap.exists()
    assert "&lt;script&gt;" in page and "<script" not in page and "<img" not in page
    assert "&lt;b&gt;ada" in page and "<b>ada" not in page and "\x1b" not in page


def test_untouched_releases_have_nothing_in_common(course, tmp_path):
    hand_in(course, {"pca_fit": dict.fromkeys(["ada", "bob", "eve"], "pass")})
    release = (REPO / "release" / LAB / f"{LAB}.ipynb").read_text(encoding="utf-8")
    for path in (course / "submitted").rglob("*.ipynb"):
        path.write_text(release, encoding="utf-8")
    assert similar(course, LAB, out=tmp_path / "page.html", console=Console(file=io.StringIO())) == []
    assert "No two answers" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_one_submission_cannot_be_compared(course):
    hand_in(course, {"pca_fit": {"ada": "pass"}})
    with pytest.raises(CourseError, match="fewer than two submissions"):
        similar(course, LAB, console=Console(file=io.StringIO()))


# --- the parts ------------------------------------------------------------------------------------------


def test_what_is_given_is_no_part_of_an_answer():
    given = 'def f(x, k):\n    """What to do."""\n    model = Model(k)\n    raise NotImplementedError("here")\n'
    answer = (
        "def f(a, k):\n"
        '    """Mine,\n    in two lines."""\n'
        "    model  =  Model(k)\n"
        "    # a comment\n"
        "    y = a * 2  # another\n"
        "    return '# no comment', y\n"
    )
    assert own_code(answer, given) == "    y = a * 2\n    return '# no comment', y"


def test_a_helper_of_ones_own_counts_and_broken_code_keeps_its_lines():
    assert "return b" in own_code("def helper(b):\n    return b + 1\n\ndef f(x):\n    return helper(x)", "")
    assert own_code("def f(x):\n    'doc'; return x + 1", "def f(x):") == "    'doc'; return x + 1"
    assert own_code('def f(x):\n    """one\n    two"""; return x + 1', "def f(x):") == '    two"""; return x + 1'
    assert own_code("def f(x:\n    return x", "def f(x):") == "def f(x:\n    return x"
    assert len(own_code("x = 1\n" * LONGEST, "")) <= LONGEST


def test_what_a_third_of_the_class_writes_says_nothing():
    usual = "optimizer.zero_grad()\nloss.backward()\noptimizer.step()\nreturn sum(losses) / len(losses)"
    alone = [f"{usual}\nfor a{n} in range({n}3{n}): b = a{n} ** {n}7 - {n}{n}1 * [a{n}, {n}]" for n in range(1, 9)]
    answers = {f"s{number}": code for number, code in enumerate(alone)}
    assert not [pair for pair in compare({"f": answers}).pairs if pair.share > 0.5]
    answers["copy"] = alone[0]
    assert compare({"f": answers}).pairs[0].students == ("copy", "s0")


def test_a_short_answer_is_marked_as_worth_nothing():
    long = "total = 0\nfor row in table:\n    total += row[0] * 17 - row[1] ** 3\n    if total > 250: total %= 41\n"
    long += "return total / len(table), 12"
    short = {"a": "return x[keep], y[keep]", "b": "return u[v], w[v]"}
    found = compare({"short": short, "long": {"a": long, "b": long}})
    usual = {row.exercise: row for row in found.usual}
    assert usual["short"].short and not usual["long"].short
    assert usual["long"].nearest == 1.0 and usual["long"].answers == 2
