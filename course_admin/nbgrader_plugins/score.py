"""`score` for `nbgrader autograde`: the preprocessor ScoreExams, which runs after CourseExecute.

It discards all outputs of all automatically graded cells, because they come from the student's process. It writes two
outputs instead: the exam's lines as stdout, and the points as `repr(float)`, which nbgrader's determine_grade reads.
Without a Run (stock Execute, --no-execute) it raises an error: no marks are better than full marks.
"""

from __future__ import annotations

import math
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor

from course_admin.common.graded_cells import KEY, NOTES, grade_id, is_automatic
from course_admin.grading.run_result import Run
from course_admin.grading.scoring import outputs_of, score


class NoExamRunsError(RuntimeError):
    """There is no Run to score: something other than course_admin.nbgrader_plugins.execute executed the notebook."""


class ScoreExams(NbGraderPreprocessor):
    """Replace the outputs of all automatically graded cells by the marks of the Run in resources["course"]."""

    needs_run = True
    """Workers do not use this preprocessor (course_admin.grading.tasks): `course grade` scores in its main process."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        run = resources.get(KEY)
        if not isinstance(run, Run):
            raise NoExamRunsError(
                "no evidence, no marks: this notebook was not executed by course_admin.nbgrader_plugins.execute. "
                "Leave out --no-execute, and keep CourseExecute in c.Autograde.autograde_preprocessors"
            )
        cells = [cell for cell in nb.cells if is_automatic(cell)]
        # The maximum comes from the gradebook: nbgrader's OverwriteCells has undone the student's changes to metadata.
        marks = score(run, {grade_id(cell): _out_of(cell) for cell in cells})
        for cell in cells:
            cell.outputs = outputs_of(marks[grade_id(cell)], cell.get("execution_count"))
        read = resources.get(NOTES) or {}
        notes, damage = list(read.get("notes", [])), read.get("damage", "")
        run.findings[:0] = [line for line in (damage, *notes) if line]
        nb.metadata[KEY] = NotebookNode(run.summary(), notes=notes, damage=damage)
        return nb, resources


def _out_of(cell: NotebookNode) -> float:
    value = float(cell.metadata.nbgrader.get("points", 0))
    return value if math.isfinite(value) and value > 0 else 0.0
