"""Penalties for handing in late, by nbgrader's own means, so that stock nbgrader charges the same.

nbgrader's AssignLatePenalties asks a plugin (here LateDays) what a submission loses that the gradebook knows to be
late, and keeps it with the marks; pages and sums take it off. ChargeLateness is that preprocessor; before it asks, it
puts the due date and the extension of the configuration into the gradebook. It stands among the preprocessors of
autograde and of generate_feedback: there because marks that a person gives later change what a share of them is.

A submission is late when its timestamp.txt says so (nbgrader's file), which `course collect` writes where it knows the
time. Without one nothing is charged.
"""

from __future__ import annotations

import math
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets import Float

from course_admin.deadlines import Deadlines, deadlines, in_words
from course_admin.intake import read_plain_file
from course_admin.submission import KEY

DAY = 24 * 3600
TIMESTAMP = "timestamp.txt"


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
        if total_seconds_late <= self.grace * 60:
            return 0.0
        return min(self.per_day * math.ceil(total_seconds_late / DAY), self.cap)


class ChargeLateness(AssignLatePenalties):
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
        share = self.plugin_inst.share(seconds) if isinstance(self.plugin_inst, LateDays) else 0.0
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


def set_time(db_url: str, lab: str, student: str, folder: Path) -> str:
    """Put the time in a submission's timestamp.txt into the gradebook, none where there is no such file.

    nbgrader does the same when it autogrades; this is for a submission that is not graded again.
    Returns what is wrong with the file, "" when nothing is.
    """
    from nbgrader.api import Gradebook, MissingEntry

    moment, trouble = read_timestamp(folder)
    with Gradebook(db_url) as gradebook:
        try:
            submission = gradebook.find_submission(lab, student)
        except MissingEntry:
            return trouble
        if not trouble and submission.timestamp != moment:
            submission.timestamp = moment
            gradebook.db.commit()
    return trouble


def read_timestamp(folder: Path) -> tuple[datetime | None, str]:
    """The time in a submission's timestamp.txt (naive UTC, None without one), and what is wrong with it or ""."""
    from nbgrader.utils import parse_utc

    path = folder / TIMESTAMP
    if not os.path.lexists(path):
        return None, ""
    data, damage = read_plain_file(path)
    if damage:
        return None, f"{TIMESTAMP} {damage}, so nothing is known about when this was handed in"
    try:
        return parse_utc(data.decode().strip()), ""
    except (ValueError, OverflowError):
        return None, f"{TIMESTAMP} holds no date and time, so nothing is known about when this was handed in"


def bring_up_to_date(gradebook: Any, lab: str, config: Any) -> None:
    """Set the dates and penalties of all submissions of a lab anew, as ChargeLateness does.

    So marks that a person gave since the last grading, and new dates, count at once. Raises CourseError for bad dates.
    """
    dates, charging = deadlines(config), ChargeLateness(config=config)
    charging.init_plugin()
    for submission in gradebook.find_assignment(lab).submissions:
        charging.charge(submission, dates)
    gradebook.db.commit()
