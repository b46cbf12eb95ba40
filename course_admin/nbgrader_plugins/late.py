"""Late penalties with nbgrader's own mechanism, so that stock nbgrader computes the same penalties.

If the gradebook shows that a submission is late, nbgrader's AssignLatePenalties asks a plugin (here LateDays) for the
penalty. It stores the penalty with the marks; pages and sums subtract it. ChargeLateness is a subclass. It first writes
the configured due date and extension to the gradebook. It is a preprocessor of both autograde and generate_feedback,
because marks that a person gives later change the penalty.

The time of submission comes from timestamp.txt (nbgrader's file), which `course collect` writes if it knows the time.
Without that file there is no penalty.
"""

from __future__ import annotations

from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float

from course_admin.common.graded_cells import KEY
from course_admin.deadlines import Deadlines
from course_admin.grading.late_penalty import LatePenalties, share_lost


class LateDays(LateSubmissionPlugin):
    """The penalty: a share of the earned points for each started day after the due date, up to a maximum."""

    grace = Float(0.0, min=0, help="So many minutes late cost nothing; later than that counts from the due date.").tag(
        config=True
    )
    per_day = Float(0.0, min=0, max=1, help="The share of the points lost for each day begun: 0.1 is a tenth.").tag(
        config=True
    )
    cap = Float(1.0, min=0, max=1, help="The largest share that is lost, however late.").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """Return the points that are lost, or None (no penalty) within the grace period or if the rate is 0."""
        share = self.share(total_seconds_late)
        return round(share * score, 2) if share else None

    def share(self, total_seconds_late: float) -> float:
        """Return the share of the points that is lost, 0 to 1."""
        return share_lost(total_seconds_late, grace=self.grace, per_day=self.per_day, cap=self.cap)


class ChargeLateness(LatePenalties):
    """nbgrader's AssignLatePenalties with the configured dates. It also adds a line for the student's page."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        from nbgrader.api import Gradebook

        self.init_plugin()
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as gradebook:
            submission = gradebook.find_submission(names["assignment"], names["student"])
            line = self.charge(submission, Deadlines(parent=self))
            gradebook.db.commit()
        if KEY in nb.metadata:
            nb.metadata[KEY].pop("late", None)
            if line:
                nb.metadata[KEY]["late"] = line
        return nb, resources
