# ruff: noqa: E501 (the table of refusals is read across)
"""What `course build` refuses about points and minutes: metadata, headings, the table and totals must agree."""

from __future__ import annotations

import mini_course
import pytest
from mini_course import put

from course_admin.authoring import build
from course_admin.authoring.build import Refused

ROW = "# | 2.1 | `GaussianSampler` | 3 | 8 |\n"
FUNCTION_ROW = "# | 1.1 | `standardise(X)` | 2 | 5 |\n"
WORDS_ROW = "# | 4.1 | an answer in words | 1 | 3 |\n"
HEADING = "# ### Exercise 2.1 (3 points, about 8 minutes)\n"
WORDS_HEADING = "# ### Exercise 4.1, in words (1 point, about 3 minutes)\n"


@pytest.fixture
def lab(tmp_path):
    return mini_course.make_template_course(tmp_path / "course")


def change(lab, *changes):
    text = lab.text.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, f"the test is out of date: {old!r} is not in the text"
        text = text.replace(old, new, 1)
    put(lab.text, text)


def problems_of(lab):
    with pytest.raises(Refused) as caught:
        build.build(lab.root, say=lambda line: None)
    return [str(problem) for problem in caught.value.problems]


REFUSED = {
    # name: (old, new, words that stand in the line to which the refusal points, the refusal after its cell)
    "a heading with other points": (HEADING, HEADING.replace("3 points", "4 points"), "### Exercise 2.1", "the heading says 4 points, cell 9 (check-sampler) carries 3 points: write one of the two everywhere"),
    "a heading of a written answer with other points": (WORDS_HEADING, WORDS_HEADING.replace("1 point", "2 points"), "### Exercise 4.1", "the heading says 2 points, cell 15 (written-linear) carries 1 point: write one of the two everywhere"),
    "a row with other points": (ROW, ROW.replace("| 3 |", "| 2.5 |"), "| 2.1 |", "the row of exercise 2.1 says 2.5 points, cell 9 (check-sampler) carries 3 points: write one of the two everywhere"),
    "a row with other minutes": (ROW, ROW.replace("| 8 |", "| 9 |"), "| 2.1 |", "the row of exercise 2.1 says 9 minutes, its heading 8: write one of the two in both"),
    "a row with another name": (ROW, ROW.replace("GaussianSampler", "Sampler"), "| 2.1 |", "the row of exercise 2.1 says `Sampler`, the exercise defines `GaussianSampler`: write that"),
    "a row with another signature": (FUNCTION_ROW, FUNCTION_ROW.replace("(X)", "(X, axis)"), "| 1.1 |", "the row of exercise 1.1 says `standardise(X, axis)`, the exercise defines `standardise(X)`: write that"),
    "a row with one name too many": (FUNCTION_ROW, FUNCTION_ROW.replace("(X)`", "(X)`, `undo(Z)`"), "| 1.1 |", "the row of exercise 1.1 says `standardise(X)`, `undo(Z)`, the exercise defines `standardise(X)`: write that"),
    "a row without a name": (FUNCTION_ROW, FUNCTION_ROW.replace("`", ""), "| 1.1 |", "the row of exercise 1.1 says standardise(X), the exercise defines `standardise(X)`: write that"),
    "no row": (ROW, "", "### Exercise 2.1", "exercise 2.1 has no row in the table `| exercise | you write | points | minutes |`: add `| 2.1 | `GaussianSampler` | 3 | 8 |`"),
    "no row of a written answer": (WORDS_ROW, "", "### Exercise 4.1", "exercise 4.1 has no row in the table `| exercise | you write | points | minutes |`: add `| 4.1 | an answer in words | 1 | 3 |`"),
    "a row without an exercise": (ROW, ROW + ROW.replace("2.1", "2.2"), "| 2.2 |", "no heading `### Exercise 2.2 (…)` belongs to this row: write it, or delete the row"),
    "a second row": (ROW, ROW + ROW.replace("8 |", "8 | "), "8 | ", "a second row of exercise 2.1: delete one"),
    "a row without points": (ROW, ROW.replace("| 3 |", "|  |"), "| 2.1 |", "the row of exercise 2.1 needs points and minutes: add them"),
    "a row with minutes in words": (ROW, ROW.replace("| 8 |", "| eight |"), "| 2.1 |", "the row of exercise 2.1 needs points and minutes: add them"),
    "another table": ("| exercise | you write | points | minutes |", "| exercise | points | minutes |", "| exercise |", "the table of exercises must begin with `| exercise | you write | points | minutes |`: rewrite it"),
    "no heading": (HEADING, "", '# %% check="sampler"', "a graded cell without a heading: write `### Exercise 1.1 (2 points, about 5 minutes)` above its exercise"),
    "no heading of a written answer": (WORDS_HEADING, "", 'written="linear"', "a graded cell without a heading: write `### Exercise 1.1 (2 points, about 5 minutes)` above its exercise"),
    "a heading without minutes": (HEADING, "# ### Exercise 2.1 (3 points)\n", "### Exercise 2.1", "the heading of an exercise must look like `### Exercise 1.1 (2 points, about 5 minutes)`: rewrite it"),
    "a heading without an exercise": (HEADING, HEADING + "#\n" + HEADING.replace("2.1", "2.2"), "### Exercise 2.1", "exercise 2.1 has no graded cell before the next heading: add one, or delete this"),
    "a last heading without an exercise": ("# ### END SOLUTION\n", "# ### END SOLUTION\n\n# %% [markdown]\n# ### Exercise 5.1 (3 points, about 5 minutes)\n", "### Exercise 5.1", "exercise 5.1 has no graded cell before the next heading: add one, or delete this"),
    "two exercises of one number": (HEADING, HEADING.replace("2.1", "1.1"), "### Exercise 1.1 (3", "a second exercise 1.1: give it another number"),
    "a wrong total in the table": (WORDS_ROW, WORDS_ROW + "# | **total** |  | 11 | 26 |\n", "| **total** |", "the text says 11 points in total, the lab has 10: correct it"),
    "wrong total minutes in the table": (WORDS_ROW, WORDS_ROW + "# | total |  | 10 | 25 |\n", "| total |", "the total says 25 minutes, the rows sum to 26: correct it"),
    "a wrong total in a sentence": ("# Three exercises", "# There are 12 points in all. Three exercises", "12 points in all", "the text says 12 points in total, the lab has 10: correct it"),
    "another wrong total in a sentence": ("# Three exercises", "# A total of 9.5 points. Three exercises", "of 9.5 points", "the text says 9.5 points in total, the lab has 10: correct it"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_the_build_refuses(lab, name):
    old, new, there, reason = REFUSED[name]
    change(lab, (old, new))
    lines = lab.text.read_text(encoding="utf-8").split("\n")
    line = next(number for number, line in enumerate(lines, 1) if there in line)
    problems = problems_of(lab)
    found = [problem for problem in problems if problem.endswith(f"): {reason}")]
    assert found, problems
    assert found[0].startswith(f"notebooks/00_template/00_template.py:{line}, cell "), (line, found)


ALLOWED = {
    "right totals": [
        (WORDS_ROW, WORDS_ROW + "# | total |  | 10 | 26 |\n"),
        ("# Three exercises", "# 10 points in all. Three exercises"),
    ],
    "a function without its parameters": [(FUNCTION_ROW, FUNCTION_ROW.replace("(X)", ""))],
    "half a point": [
        (ROW, ROW.replace("| 3 |", "| 2.5 |")),
        (HEADING, HEADING.replace("3 points", "2.5 points")),
        ('check="sampler" points=3', 'check="sampler" points=2.5'),
    ],
    "a whole number as a decimal": [('check="sampler" points=3', 'check="sampler" points=3.0')],
    "a heading in fenced code": [("# Three exercises", "# ```\n# ### Exercise 9\n# ```\n#\n# Three exercises")],
    "another table": [("# Three exercises", "# | method | points |\n# |---|---|\n# | PCA | 3 |\n#\n# Three exercises")],
    "an empty first line": [("# %% [markdown]\n# # 00", "# %% [markdown]\n#\n# # 00")],
}


@pytest.mark.parametrize("name", ALLOWED)
def test_the_build_allows(lab, name):
    change(lab, *ALLOWED[name])
    build.make(lab)


def test_the_line_is_right_below_an_empty_first_line_too(lab):
    change(lab, ("# %% [markdown]\n# # 00", "# %% [markdown]\n#\n# # 00"), (ROW, ROW.replace("| 8 |", "| 9 |")))
    line = lab.text.read_text(encoding="utf-8").split("\n").index(ROW.replace("| 8 |", "| 9 |").strip()) + 1
    assert problems_of(lab)[0].startswith(f"notebooks/00_template/00_template.py:{line}, cell 1 ")
