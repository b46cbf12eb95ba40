"""`judge` and `record`: from what a run brought back to points, and from points to the gradebook.

Judge stands after CourseExecute among the preprocessors of `nbgrader autograde`. It throws away every output of every
automatically graded cell, whatever the student's process put there, and writes two of its own: the exam's lines as
stdout, and the points as `repr(float)`, which is what nbgrader's determine_grade reads. Without a Run (stock Execute,
--no-execute) it refuses: no marks rather than full ones. RecordMarks is nbgrader's SaveAutoGrades, and gives zero for
check cells that are no longer in the notebook.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades

from course_admin.submission import CHECK, KEY, NOTES, Run, is_automatic

DECIMALS = 2
"""Points are rounded to so many decimals, half to even as Python rounds: what nbgrader's own pages show."""

NOT_RUN = "this cell was never run, so nothing is known about your answer"


class Mark(NamedTuple):
    """Points of one exercise, out_of its maximum, and the lines for the feedback page."""

    points: float
    out_of: float
    message: str


class NoEvidenceError(RuntimeError):
    """There is no Run to judge: whoever executed the notebook, it was not course_admin.executor."""


def judge(run: Run, points: Mapping[str, float]) -> dict[str, Mark]:
    """The marks of a run. points: grade_id of a check cell -> its maximum. A cell without a sitting earns nothing."""
    marks = {}
    for grade_id, out_of in points.items():
        sitting = run.sittings.get(grade_id)
        share = sitting.result.share if sitting else 0.0
        # not (0 <= share <= 1) is also true of nan.
        if not 0.0 <= share <= 1.0:
            share = 0.0
        earned = min(round(share * out_of, DECIMALS), out_of)
        lines = sitting.result.message if sitting else f"✗  {run.missed.get(grade_id, NOT_RUN)}"
        marks[grade_id] = Mark(
            earned, out_of, f"{lines}\n\n{grade_id.removeprefix(CHECK)}: {earned:g} of {out_of:g} points\n"
        )
    return marks


class Judge(NbGraderPreprocessor):
    """Replaces the outputs of all automatically graded cells by the marks of the Run in resources["course"]."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        run = resources.get(KEY)
        if not isinstance(run, Run):
            raise NoEvidenceError(
                "no evidence, no marks: this notebook was not executed by course_admin.executor. Leave out "
                "--no-execute, and keep CourseExecute in c.Autograde.autograde_preprocessors"
            )
        cells = [cell for cell in nb.cells if is_automatic(cell)]
        # The points are the gradebook's: nbgrader's OverwriteCells has put back what a student may have changed.
        marks = judge(run, {_id(cell): _points(cell) for cell in cells})
        for cell in cells:
            cell.outputs = outputs_of(marks[_id(cell)], cell.get("execution_count"))
        mended = resources.get(NOTES) or {}
        notes, damage = list(mended.get("notes", [])), mended.get("damage", "")
        run.findings[:0] = [*([damage] if damage else []), *notes]
        nb.metadata[KEY] = NotebookNode(run.summary(), notes=notes, damage=damage)
        return nb, resources


def outputs_of(mark: Mark, execution_count: int | None = None) -> list[NotebookNode]:
    """A mark as the outputs of its cell. nbgrader reads the second one."""
    if not math.isfinite(mark.points):
        raise ValueError(f"{mark.points} is no number of points")
    return [
        new_output("stream", name="stdout", text=mark.message),
        new_output("execute_result", data={"text/plain": repr(float(mark.points))}, execution_count=execution_count),
    ]


class RecordMarks(SaveAutoGrades):
    """Writes the marks into the gradebook; a check cell that is missing gets zero, not its old mark."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        nb, resources = super().preprocess(nb, resources)
        from nbgrader.api import Gradebook

        there = {_id(cell) for cell in nb.cells}
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            notebook = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
            missing = [grade for grade in notebook.grades if grade.name not in there]
            for grade in missing:
                grade.auto_score = 0.0
                # A person has to look when a person's mark stands there; an empty place needs none.
                grade.needs_manual_grade = grade.manual_score is not None
            gradebook.db.commit()
            gone = sorted(grade.name for grade in missing)
        if gone and KEY in nb.metadata:
            nb.metadata[KEY]["findings"].append(f"not in the notebook, so without points: {', '.join(gone)}")
        return nb, resources


def _id(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _points(cell: NotebookNode) -> float:
    value = float(cell.metadata.nbgrader.get("points", 0))
    return value if math.isfinite(value) and value > 0 else 0.0
