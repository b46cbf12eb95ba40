"""`judge` and `record`: from what a run brought back to points, and from points to the gradebook.

Judge stands after CourseExecute among the preprocessors of `nbgrader autograde`. It throws away every output of every
automatically graded cell, whatever the student's process put there, and writes two of its own: the exam's lines as
stdout, and the points as `repr(float)`, which is what nbgrader's determine_grade reads. Without a Run (stock Execute,
--no-execute) it refuses: no marks rather than full ones. RecordMarks is nbgrader's SaveAutoGrades, and gives zero for
check cells that are no longer in the notebook.
"""

from __future__ import annotations

import math
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades

from course_admin.graded_cells import KEY, NOTES, is_automatic
from course_admin.grading.run_result import Run
from course_admin.grading.scoring import judge, outputs_of


class NoEvidenceError(RuntimeError):
    """There is no Run to judge: whoever executed the notebook, it was not course_admin.nbgrader_plugins.execute."""


class Judge(NbGraderPreprocessor):
    """Replaces the outputs of all automatically graded cells by the marks of the Run in resources["course"]."""

    needs_run = True
    """Not for workers (course_admin.grading.tasks): `course grade` judges in the command itself."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        run = resources.get(KEY)
        if not isinstance(run, Run):
            raise NoEvidenceError(
                "no evidence, no marks: this notebook was not executed by course_admin.nbgrader_plugins.execute. "
                "Leave out --no-execute, and keep CourseExecute in c.Autograde.autograde_preprocessors"
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
