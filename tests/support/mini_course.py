# ruff: noqa: E501 (the lines of the lab's text are long)
"""Make a course of one small lab for the tests of the build: one exercise, a written answer, a figure, the exam."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

from course_admin.course import Lab

REPOSITORY = Path(__file__).parents[2]
NAME = "01_mini"

PLAIN = '"locked": true, "schema_version": 3, "solution": false, "task": false'

TEXT = f"""\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# Notes for instructors: this comment stays in the text.

# %% [markdown] nbgrader={{"grade": false, "grade_id": "intro", {PLAIN}}}
# # A mini lab: naïve σ
#
# ![A grey square](figures/square.png)
#
# | exercise | you write | points | minutes |
# |---|---|---|---|
# | 1 | `scale(X)` | 3 | 5 |
# | 2 | an answer in words | 1 | 3 |
#
# ### Exercise 1 (3 points, about 5 minutes)

# %% tags=["setup"]
import matplotlib.pyplot as plt
import numpy as np

from course_utils.plotting import describe


# %% [markdown]
# Plain prose without metadata. `![](in/code.png)` is no picture.

# %% nbgrader={{"grade": false, "grade_id": "scale", "locked": false, "schema_version": 3, "solution": true, "task": false}}
def scale(X):
    \"\"\"Divide each column by its largest absolute value.\"\"\"
    ### BEGIN SOLUTION
    # the largest value of a column, whatever its sign
    largest = np.abs(X).max(axis=0)
    return X / np.where(largest > 0, largest, 1.0)
    ### END SOLUTION


# %% nbgrader={{"grade": true, "grade_id": "check-scale", "points": 3, {PLAIN}}} tags=["raises-exception"]
assert callable(scale)
### BEGIN HIDDEN TESTS
from course_admin.grading.exams import grade

grade("01_mini", "scale", scale)
### END HIDDEN TESTS


# %%
# %matplotlib inline
fig, ax = plt.subplots()
ax.plot([1, 2, 3])
describe(ax, "three points that rise in a line")

# %% [markdown] nbgrader={{"grade": false, "grade_id": "why", {PLAIN}}}
# Why divide by the largest value?
#
# ### Exercise 2, in words (1 point, about 3 minutes)

# %% [markdown] nbgrader={{"grade": true, "grade_id": "written-why", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}}
# ### BEGIN MARK SCHEME
# 1 point: says that columns in different units become comparable
# ### END MARK SCHEME
"""

EXAMS = '''\
"""The exams of 01_mini."""

import no_such_module_so_this_file_must_never_be_run

from course_admin.grading.exams import exam


@exam("scale")
def scale(ask, rng):
    return []
'''

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


def make_course(root: Path) -> Lab:
    """Write the course into `root` and return its lab."""
    lab = Lab(root, NAME)
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    put(lab.text, TEXT)
    put(lab.exams, EXAMS)
    put(lab.folder / "figures" / "square.png", PICTURE)
    return lab


def make_template_course(root: Path) -> Lab:
    """Write a course with the template's lab, in the short form, into `root` and return the lab.

    The lab's exercises are those of course_utils.
    """
    lab = Lab(root, "00_template")
    root.mkdir(parents=True, exist_ok=True)
    shutil.copy(REPOSITORY / "nbgrader_config.py", root)
    put(lab.text, (REPOSITORY / "course_admin" / "authoring" / "template" / "lab.py").read_text(encoding="utf-8"))
    return lab


def put(path: Path, content: str | bytes) -> None:
    """Write a file and its folders. Line endings stay unchanged."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
