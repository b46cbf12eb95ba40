"""Write the configured dates to the gradebook and compute late penalties from them."""

from __future__ import annotations

import math
from datetime import timezone
from typing import Any

from nbgrader.preprocessors import AssignLatePenalties

from course_admin.deadlines import Deadlines, deadlines, in_words

DAY = 24 * 3600


def share_lost(seconds_late: float, *, grace: float, per_day: float, cap: float) -> float:
    """Return the share of points that is lost: `per_day` per started day, at most `cap`, 0 within `grace` minutes."""
    if seconds_late <= grace * 60:
        return 0.0
    return min(per_day * math.ceil(seconds_late / DAY), cap)


class LatePenalties(AssignLatePenalties):
    """nbgrader's AssignLatePenalties with the dates of the configuration.

    c.ChargeLateness configures it, too. ChargeLateness is its subclass, a preprocessor for nbgrader's own commands
    (course_admin.nbgrader_plugins.late).
    """

    @classmethod
    def section_names(cls) -> list[str]:
        """Return the configuration sections to read. Later ones win."""
        return list(dict.fromkeys([*super().section_names(), "ChargeLateness"]))

    def charge(self, submission: Any, dates: Deadlines) -> str:
        """Set the dates and the penalty of one submission. The caller must commit.

        Returns a line for the student: how late the submission was and how many points are lost; "" if not late.
        """
        set_dates(submission, dates)
        seconds, lost = submission.total_seconds_late, 0.0
        for notebook in submission.notebooks:
            penalty = None
            if seconds > 0:
                penalty = self.plugin_inst.late_submission_penalty(submission.student.id, notebook.score, seconds)
            if penalty is not None:
                penalty = self._check_late_penalty(notebook, penalty)
            if notebook.late_submission_penalty != penalty:
                notebook.late_submission_penalty = penalty
            lost += penalty or 0.0
        if not seconds > 0:
            return ""
        line = f"handed in {in_words(seconds)} late"
        share = self.plugin_inst.share(seconds) if hasattr(self.plugin_inst, "share") else 0.0
        if share:
            return f"{line}: {share * 100:g}% of the points earned are lost, {lost:g} points"
        return f"{line}: {lost:g} points are lost" if lost else f"{line}, which costs nothing"


def set_dates(submission: Any, dates: Deadlines) -> None:
    """Write the due date of a lab and a student's extension to the gradebook (nbgrader stores naive UTC).

    If the configuration has no date for the lab, the gradebook keeps its own dates.
    """
    lab = submission.assignment
    due = dates.due_date(lab.name)
    if due is None:
        return
    due = due.astimezone(timezone.utc).replace(tzinfo=None)
    extension = dates.extension(lab.name, submission.student.id)
    if (lab.duedate, submission.extension) != (due, extension):
        lab.duedate, submission.extension = due, extension


def update_penalties(gradebook: Any, lab: str, config: Any) -> None:
    """Set the dates and penalties of all submissions of a lab again, as ChargeLateness does.

    So new dates, and marks that a person gave since the last grading, count immediately. Raises CourseError for
    invalid dates.
    """
    dates, charging = deadlines(config), LatePenalties(config=config)
    charging.init_plugin()
    for submission in gradebook.find_assignment(lab).submissions:
        charging.charge(submission, dates)
    gradebook.db.commit()
