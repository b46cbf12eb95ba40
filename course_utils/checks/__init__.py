"""Checks: what a student sees under an exercise, right or wrong and why, and what decides the marks.

A folder for each lab, named after its topic, with one module an exercise; `toolkit` is what they are written in. The
check shows its verdicts in the notebook; the exam asks again, on inputs of its own. Neither contains the formula that
the exercise asks for: they compare with a library's result or with a property.
"""

from course_utils import tracebacks, versions
from course_utils.checks.toolkit import CheckFailed, Exercise, Verdict, exercise

__all__ = ["CheckFailed", "Exercise", "Verdict", "exercise"]

# Every lab imports its checks first.
tracebacks.shorten()
versions.notice()
