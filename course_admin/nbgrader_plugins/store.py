"""`store` for `nbgrader autograde`: nbgrader's SaveAutoGrades, plus zero points for missing check cells."""

from __future__ import annotations

from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import SaveAutoGrades

from course_admin.common.graded_cells import KEY, grade_id


class StoreMarks(SaveAutoGrades):
    """Write the marks to the gradebook. A missing check cell gets zero points instead of its old mark."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        nb, resources = super().preprocess(nb, resources)
        from nbgrader.api import Gradebook

        present = {grade_id(cell) for cell in nb.cells}
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            notebook = gradebook.find_submission_notebook(names["notebook"], names["assignment"], names["student"])
            missing = [grade for grade in notebook.grades if grade.name not in present]
            for grade in missing:
                grade.auto_score = 0.0
                # Needs manual grading only if a manual score exists.
                grade.needs_manual_grade = grade.manual_score is not None
            gradebook.db.commit()
            gone = sorted(grade.name for grade in missing)
        if gone and KEY in nb.metadata:
            nb.metadata[KEY]["findings"].append(f"not in the notebook, so without points: {', '.join(gone)}")
        return nb, resources
