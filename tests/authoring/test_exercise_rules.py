# ruff: noqa: E501 (the table of refusals is read across)
"""What `course build` refuses about exercises, their checks and their exams, each with the line in the text."""

from __future__ import annotations

import mini_course
import pytest
from mini_course import put

from course_admin.authoring import build
from course_admin.authoring.build import Refused


@pytest.fixture
def lab(tmp_path):
    return mini_course.make_template_course(tmp_path / "course")


def refusal(lab, old, new, *words):
    """The problems after a change of the text. One holds all the words, and the line where `new` (or `old`) begins."""
    text = lab.text.read_text(encoding="utf-8")
    assert old in text, f"the test is out of date: {old!r} is not in the text"
    put(lab.text, text.replace(old, new, 1))
    with pytest.raises(Refused) as caught:
        build.build(lab.root, say=lambda line: None)
    problems = [str(problem) for problem in caught.value.problems]
    assert any(all(word in problem for word in words) for problem in problems), problems
    assert all("\n" not in problem for problem in problems) and not lab.source.exists()
    return problems


def line_of(lab, words):
    lines = lab.text.read_text(encoding="utf-8").split("\n")
    return next(number for number, line in enumerate(lines, 1) if words in line)


EXERCISE = '# %% exercise="sampler"\n'
CHECK = '# %% check="sampler" points=3\nchecks.sampler(GaussianSampler)\n'
FULL = '# %% nbgrader={"grade_id": "check-sampler", "grade": true, "locked": true, "points": 3} tags=["raises-exception"]\nchecks.sampler(GaussianSampler)\n'
HIDDEN = '### BEGIN HIDDEN TESTS\nfrom course_admin.grading.exams import grade\n\ngrade("00_template", "sampler", GaussianSampler)\n### END HIDDEN TESTS\n'

REFUSED = {
    # name: (old, new, words that stand in the line to which the refusal points, words of the refusal)
    "two short forms in one line": (EXERCISE, '# %% exercise="sampler" check="sampler"\n', "exercise=\"sampler\" check", ["exercise= and check= in one"]),
    "short and long form in one line": (EXERCISE, '# %% exercise="sampler" nbgrader={"grade_id": "sampler", "solution": true}\n', 'exercise="sampler" nbgrader', ["(sampler)", "exercise= and nbgrader= in one"]),
    "a name that is none": (EXERCISE, '# %% exercise="my sampler"\n', 'exercise="my sampler"', ["needs a name of letters"]),
    "a number for a name": (EXERCISE, "# %% exercise=2\n", "exercise=2", ["needs a name of letters"]),
    "a written answer as code": ('# %% [markdown] written="linear"', '# %% written="linear"', 'written="linear"', ["written= belongs to `# %% [markdown]`"]),
    "a check as markdown": (CHECK, '# %% [markdown] check="sampler" points=3\n# text\n', 'check="sampler"', ["check= belongs to `# %%`, a code cell"]),
    "points at an exercise": (EXERCISE, '# %% exercise="sampler" points=3\n', 'exercise="sampler"', ["(sampler)", "points= belongs to check= or written="]),
    "points without a kind": ("# %%\nclass LinearAutoencoder", "# %% points=3\nclass LinearAutoencoder", "# %% points=3", ["points= belongs to check= or written="]),
    "a short form that cannot be read": (EXERCISE, "# %% exercise='sampler\n", "exercise='sampler", ["cannot be read", 'exercise="x"']),
    "a misspelt short form": (EXERCISE, '# %% excercise="sampler"\n', 'excercise="sampler"', ["BEGIN SOLUTION", 'write exercise="NAME"']),
    "a check without points": (' points=3\nchecks.sampler', '\nchecks.sampler', 'check="sampler"', ["(check-sampler)", "without points: write points=3"]),
    "a check with no points": ('check="sampler" points=3', 'check="sampler" points=0', 'check="sampler"', ["(check-sampler)", "without points"]),
    "points as a text": ('check="sampler" points=3', 'check="sampler" points="3"', 'check="sampler"', ["(check-sampler)", "without points"]),
    "a check of no exercise": ('check="sampler" points=3', 'check="samplers" points=3', 'check="samplers"', ["(check-samplers)", "there is no exercise 'samplers' in course_utils/checks/template/samplers.py, nor an exam in autograder_tests/exams/00_template.py"]),
    "a check without its cell": (EXERCISE, '# %% exercise="drawing"\n', 'check="sampler"', ["(check-sampler)", 'no cell has exercise="sampler"']),
    "an exercise without a check": (CHECK, "", 'exercise="sampler"', ["(sampler)", 'an exercise without a check: add a cell `# %% check="sampler"']),
    "a check above its exercise": (EXERCISE, CHECK + "\n" + EXERCISE, 'check="sampler"', ["(check-sampler)", "above its exercise, cell 9: move it below"]),
    "a target that the cell does not define": ("class GaussianSampler(", "class Sampler(", 'exercise="sampler"', ["(sampler)", "does not define GaussianSampler, which course_utils/checks/template/sampler.py:8 asks about"]),
    "a visible call of another check": ("checks.sampler(", "checks.standardise(", "checks.standardise(Gauss", ["(check-sampler)", "must be the one call checks.sampler(GaussianSampler)"]),
    "a visible call with another argument": ("checks.sampler(GaussianSampler)", "checks.sampler(LinearAutoencoder)", "checks.sampler(", ["must be the one call checks.sampler(GaussianSampler)"]),
    "a visible call with an instance": ("checks.sampler(GaussianSampler)", "checks.sampler(GaussianSampler())", "checks.sampler(", ["must be the one call"]),
    "a visible call with two arguments": ("checks.sampler(GaussianSampler)", "checks.sampler(GaussianSampler, nn)", "checks.sampler(", ["must be the one call"]),
    "a visible call with a keyword": ("checks.sampler(GaussianSampler)", "checks.sampler(model=GaussianSampler)", "checks.sampler(", ["must be the one call"]),
    "two visible calls": ("checks.sampler(GaussianSampler)", "checks.sampler(GaussianSampler)\nchecks.sampler(GaussianSampler)", "checks.sampler(", ["must be the one call"]),
    "no visible call": ("checks.sampler(GaussianSampler)\n", "# nothing\n", 'check="sampler"', ["must be the one call"]),
    "other hidden tests in the short form": (CHECK, CHECK + HIDDEN.replace('"sampler"', '"standardise"'), "BEGIN HIDDEN", ["(check-sampler)", "not those that the build writes"]),
    "more hidden tests than the derived ones": (CHECK, CHECK + HIDDEN.replace("### END", "print(GaussianSampler)\n### END"), "BEGIN HIDDEN", ["(check-sampler)", "not those that the build writes"]),
    "other hidden tests in full metadata": (CHECK, FULL + HIDDEN.replace(", GaussianSampler)", ", print)"), "BEGIN HIDDEN", ["(check-sampler)", 'grade("00_template", "sampler", GaussianSampler)', 'check="sampler" points=3']),
    "no hidden tests in full metadata": (CHECK, FULL, "check-sampler", ["(check-sampler)", "no hidden tests"]),
    "full metadata that is unlocked": (CHECK, FULL.replace('"locked": true', '"locked": false') + HIDDEN, "check-sampler", ["(check-sampler)", "not locked", 'check="sampler" points=3']),
    "full metadata that is ungraded": (CHECK, FULL.replace('"grade": true', '"grade": false') + HIDDEN, "check-sampler", ["(check-sampler)", "not graded", 'check="sampler" points=3']),
    "full metadata of a check that is a solution": (CHECK, FULL.replace('"grade": true', '"grade": true, "solution": true') + HIDDEN, "check-sampler", ["(check-sampler)", "not graded"]),
    "full metadata without the tag": (CHECK, FULL.replace(' tags=["raises-exception"]', "") + HIDDEN, "check-sampler", ["(check-sampler)", "Run All stops"]),
    "two checks of one exercise": (CHECK, CHECK + "\n" + CHECK, "", ["(check-sampler)", "is also that of cell"]),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_the_build_refuses(lab, name):
    old, new, there, words = REFUSED[name]
    problems = refusal(lab, old, new, *words)
    found = next(problem for problem in problems if all(word in problem for word in words))
    if there:
        assert found.startswith(f"notebooks/00_template/00_template.py:{line_of(lab, there)}"), found


def test_the_build_refuses_an_exercise_of_the_checks_that_the_lab_does_not_have(lab):
    text = lab.text.read_text(encoding="utf-8")
    start = text.index("# ## 2 ·")
    end = text.index("# ## 3 ·")
    gone = text[start:end].rsplit("# %% [markdown]\n", 1)[0]
    problems = refusal(lab, gone.split(EXERCISE)[1], "", "exercise 'sampler' has no cell")
    assert any(problem.startswith("course_utils/checks/template/sampler.py:8: ") for problem in problems)


EXAM = "from course_admin.grading.exams import corner, exam\n\n\n@{decorator}\ndef judged(ask, rng):\n    return []\n"


def test_an_exam_of_the_labs_own_is_an_exercise_too(lab):
    put(lab.exams, EXAM.format(decorator='exam("drawing", targets=("draw",))'))
    problems = refusal(lab, "# # 00", "# # 00", "exercise 'drawing' has no cell")
    assert problems[0].startswith("autograder_tests/exams/00_template.py:4: ")
    put(lab.exams, EXAM.format(decorator='exam("sampler", targets=("GaussianSampler",))'))
    build.make(lab)


def test_an_exam_that_asks_about_other_names_than_its_check_is_refused(lab):
    put(lab.exams, EXAM.format(decorator='exam("sampler")'))
    refusal(lab, "# # 00", "# # 00", "exams/00_template.py:4: ", "asks about sampler, its check about GaussianSampler")


def test_a_corner_of_no_exercise_is_refused(lab):
    put(lab.exams, EXAM.format(decorator='corner("samplers", one=(0.1, "one"))'))
    refusal(lab, "# # 00", "# # 00", "exams/00_template.py:4: ", "a corner of 'samplers', which is no exercise")


def test_targets_that_cannot_be_read_are_refused(lab):
    put(lab.exams, EXAM.format(decorator='exam("sampler", targets=NAMES)'))
    refusal(lab, "# # 00", "# # 00", "exams/00_template.py:4: ", "write the targets of 'sampler' as strings")


def test_the_template_itself_is_fine(lab):
    build.make(lab)
