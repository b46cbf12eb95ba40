"""What one run of a submission brings back: plain data, so that nothing heavy has to be imported to read it.

`execute` (course_admin.grading.run_notebook) makes it, `score` (course_admin.grading.scoring) turns it into points and
`store` (course_admin.grading.store) writes those into the gradebook.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from course_admin.common.graded_cells import CHECK

if TYPE_CHECKING:
    from course_admin.grading.exams import Result, Transcript

SEED = 20240917
"""The seed of the exams' random inputs where nobody has to be surprised: in notebooks and tests. The grader draws one
for each run (course_admin.grading.execution) and records it with the marks.
"""


@dataclass
class ExamRun:
    """One exam run on a submission. transcript: questions and answers; result: the exam's verdicts on them."""

    exam: str
    transcript: Transcript
    result: Result


@dataclass
class Run:
    """What a submission's run brought back.

    exam_runs: by the check cell's grade_id, of those check cells that were reached;
    missed: grade_id -> why not, of the others;
    findings: lines for student and grader about what stopped or went missing;
    seconds: how long the run took;
    answers_only: whether given cells were left out, see course_admin.grading.answers_only;
    fingerprint: of what was graded, see course_admin.grading.fingerprint.
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
        """The part that is kept with the autograded notebook, as plain JSON."""
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
