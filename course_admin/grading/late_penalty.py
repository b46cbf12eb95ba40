"""Late penalties: puts the configured dates into the gradebook and computes the penalty from them."""

from __future__ import annotations

import math
from datetime import timezone
from typing import Any

from nbgrader.preprocessors import AssignLatePenalties

from course_admin.deadlines import Deadlines, deadlines, in_words

DAY = 24 * 3600


def share_lost(seconds_late: float, *, grace: float, per_day: float, cap: float) -> float:
    """The share of the points that is lost: `per_day` for each day begun, up to `cap`; none within `grace` minutes."""
    if seconds_late <= grace * 60:
        return 0.0
    return min(per_day * math.ceil(seconds_late / DAY), cap)


class LatePenalties(AssignLatePenalties):
    """nbgrader's AssignLatePenalties with the dates of the configuration. c.ChargeLateness configures it, too: that is
    its subclass among the preprocessors of nbgrader's own commands (course_admin.nbgrader_plugins.late).
    """

    @classmethod
    def section_names(cls) -> list[str]:
        """The sections of the configuration that count, the last one most."""
        return list(dict.fromkeys([*super().section_names(), "ChargeLateness"]))

    def charge(self, submission: Any, dates: Deadlines) -> str:
        """Set the dates and the penalty of one submission; whoever calls commits.

        Returns how late it was and what that costs, as a line for the student; "" when it was in time.
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
    """Put the due date of a lab and a student's extension into the gradebook (nbgrader keeps naive UTC).

    Where the configuration has no date for the lab, what the gradebook has stays.
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
    """Set the dates and penalties of all submissions of a lab anew, as ChargeLateness does.

    So marks that a person gave since the last grading, and new dates, count at once. Raises CourseError for bad dates.
    """
    dates, charging = deadlines(config), LatePenalties(config=config)
    charging.init_plugin()
    for submission in gradebook.find_assignment(lab).submissions:
        charging.charge(submission, dates)
    gradebook.db.commit()
