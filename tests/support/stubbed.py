"""Stubs for a worker's tasks, so that the code around them can be tested often and fast. Workers can import them."""

from __future__ import annotations

import os
import time

from course_admin.feedback.render import Page
from course_admin.grading.evidence_store import pack_evidence
from course_admin.grading.exams import Result, load_exams
from course_admin.grading.execution import Execution, shared_sandbox
from course_admin.grading.run_result import ExamRun, Run
from course_admin.grading.tasks import Job, JobResult
from course_utils.checks import Verdict

SECONDS = float(os.environ.get("STUB_SECONDS", "0.02"))


def execute_job(job: Job) -> JobResult:
    """Return full marks after SECONDS, or no marks for a student with "wrong" in the name."""
    from course_admin.grading.exams import Transcript

    time.sleep(SECONDS)
    share = 0.0 if "wrong" in job.student else 1.0
    exams = load_exams(job.execution.hide[0], job.lab)
    run = Run(job.lab, job.seed)
    for name in exams:
        told = Transcript([("asked", {"value": 1.0})])
        run.exam_runs[f"check-{name}"] = ExamRun(
            name, told, Result(share, [Verdict("values", "a stub", 1.0, float(share))])
        )
    return JobResult(job.notebook, run, pack_evidence(run), [])


def render(page: Page) -> str:
    """Return a page that shows only the score."""
    time.sleep(SECONDS / 4)
    return f"<p>{page.resources['nbgrader']['score']} of {page.resources['nbgrader']['max_score']}</p>"


def ends_itself(value: int) -> int:
    """A task that always ends its worker, with the exit code `value`."""
    os._exit(value)


def doubled(value: int) -> int:
    """A task that takes a moment."""
    time.sleep(0.05)
    return 2 * value


def waits(_: int) -> int:
    """A task that hangs."""
    time.sleep(600)
    return 0


def opens_a_sandbox(execution: Execution) -> tuple[int, str]:
    """Return the process id of the parent in this worker's sandbox, and the output of a cell that ran in it."""
    sandbox = shared_sandbox(execution.sandbox, execution.limits, fork_server=execution.fork_server)
    with sandbox.session() as session:
        (output,) = session.execute("6 * 7").outputs
    return sandbox.parent, output["data"]["text/plain"]
