"""Checks: what a student sees under an exercise, right or wrong and why. One module for each lab, named after its
topic.

A diagnosis (`diagnose_NAME`) reads evidence and says what is wrong; the check (`NAME`) asks for the evidence in the
notebook and shows the diagnosis; the exam asks again, on inputs of its own, and reuses the diagnosis. Neither
contains the formula that the exercise asks for: they compare with a library's result or with a property.
"""

from course_utils.checks._report import CheckFailed, Verdict, run_check, verdict

__all__ = ["CheckFailed", "Verdict", "run_check", "verdict"]
