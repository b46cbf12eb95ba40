"""`score`, the third of the five calls: convert the exam results of a run to points."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output

from course_admin.common.graded_cells import CHECK
from course_admin.grading.run_result import Run

DECIMALS = 2
"""Points are rounded to this many decimals, half to even like Python's `round`. nbgrader's pages show as many."""


NOT_RUN = "this cell was never run, so your answer could not be marked"


class Mark(NamedTuple):
    """The mark of one exercise. points: earned; out_of: their maximum; message: the lines for the feedback page."""

    points: float
    out_of: float
    message: str


def score(run: Run, points: Mapping[str, float]) -> dict[str, Mark]:
    """Return the marks of a run by grade_id. A check cell without an exam run earns 0.

    points: the maximum of each check cell by grade_id.
    """
    marks = {}
    for grade_id, out_of in points.items():
        exam_run = run.exam_runs.get(grade_id)
        share = exam_run.result.share if exam_run else 0.0
        # This condition is also true for nan.
        if not 0.0 <= share <= 1.0:
            share = 0.0
        earned = min(round(share * out_of, DECIMALS), out_of)
        lines = exam_run.result.explained(out_of) if exam_run else f"✗  {run.missed.get(grade_id, NOT_RUN)}"
        marks[grade_id] = Mark(
            earned, out_of, f"{lines}\n\n{grade_id.removeprefix(CHECK)}: {earned:g} of {out_of:g} points\n"
        )
    return marks


def outputs_of(mark: Mark, execution_count: int | None = None) -> list[NotebookNode]:
    """Return a mark as the outputs of its check cell. nbgrader reads the points from the second output."""
    if not math.isfinite(mark.points):
        raise ValueError(f"{mark.points} is not a number of points")
    return [
        new_output("stream", name="stdout", text=mark.message),
        new_output("execute_result", data={"text/plain": repr(float(mark.points))}, execution_count=execution_count),
    ]
