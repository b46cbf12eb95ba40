"""Penalties for handing in late, by nbgrader's own means, so that stock nbgrader charges the same.

nbgrader's AssignLatePenalties asks a plugin (here LateDays) what a submission loses that the gradebook knows to be
late, and keeps it with the marks; pages and sums take it off. ChargeLateness is that preprocessor; before it asks, it
puts the due date and the extension of the configuration into the gradebook. It is among the preprocessors of
autograde and of generate_feedback, because marks that a person gives later change the penalty.

A submission is late when its timestamp.txt says so (nbgrader's file), which `course collect` writes where it knows the
time. Without one nothing is charged.
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
    """A share of the points earned for each day begun after the due date, up to a cap."""

    grace = Float(0.0, min=0, help="So many minutes late cost nothing; later than that counts from the due date.").tag(
        config=True
    )
    per_day = Float(0.0, min=0, max=1, help="The share of the points lost for each day begun: 0.1 is a tenth.").tag(
        config=True
    )
    cap = Float(1.0, min=0, max=1, help="The largest share that is lost, however late.").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """The points that are lost; None, which is nbgrader's "no penalty", within the grace or without a rate."""
        share = self.share(total_seconds_late)
        return round(share * score, 2) if share else None

    def share(self, total_seconds_late: float) -> float:
        """The share of the points that is lost."""
        return share_lost(total_seconds_late, grace=self.grace, per_day=self.per_day, cap=self.cap)


class ChargeLateness(LatePenalties):
    """nbgrader's AssignLatePenalties, with the dates of the configuration, and a line for the student's page."""

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
