"""The result of one run of a submission, as plain data: reading it imports no large library.

`execute` (course_admin.grading.run_notebook) makes it, `score` (course_admin.grading.scoring) converts it to points,
and `store` (course_admin.grading.store) writes the points to the gradebook.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from course_admin.common.graded_cells import CHECK

if TYPE_CHECKING:
    from course_admin.grading.exams import Result, Transcript

SEED = 20240917
"""The seed of the exams' random inputs in notebooks and tests, where it may be known. The grader uses another seed for
each submission (course_admin.grading.execution) and records it with the marks.
"""


@dataclass
class ExamRun:
    """One run of an exam on a submission. transcript: questions and answers; result: the exam's verdicts on them."""

    exam: str
    transcript: Transcript
    result: Result


@dataclass
class Run:
    """The result of a submission's run.

    exam_runs: the exam runs by grade_id of the check cell;
    missed: grade_id -> reason, for check cells without an exam run;
    findings: lines for student and grader about cells that were stopped and things that are missing;
    seconds: duration of the run;
    answers_only: whether given cells were left out, see course_admin.grading.answers_only;
    fingerprint: of the graded submission, see course_admin.grading.fingerprint.
    """

    lab: str
    seed: int = SEED
    exam_runs: dict[str, ExamRun] = field(default_factory=dict)
    missed: dict[str, str] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    answers_only: bool = False
    fingerprint: str = ""

    def summary(self) -> dict[str, Any]:
        """Return the part that is stored in the autograded notebook, as plain JSON values."""
        return {
            "lab": self.lab,
            "seed": self.seed,
            "findings": list(self.findings),
            "seconds": round(self.seconds, 2),
            **({"answers_only": True} if self.answers_only else {}),
            "fingerprint": self.fingerprint,
            "verdicts": {
                grade_id.removeprefix(CHECK): [
                    [item.passed, item.message, item.aspect] for item in exam_run.result.verdicts
                ]
                for grade_id, exam_run in self.exam_runs.items()
            },
        }
