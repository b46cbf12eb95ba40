"""The tasks of a worker, in a process or on another machine: execute one submission, or run one exam again.

A task contains all of its input, and its result contains all of its output: a worker reads no file of the course and
opens no gradebook. A worker is trusted as much as the command that uses it. Only the student's code runs in a sandbox,
which each worker opens itself and keeps for the next task. course_admin.feedback.render renders the pages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from course_admin.course import CourseError
from course_admin.feedback.render import preprocessors
from course_admin.grading.answers_only import NeedsAllCells
from course_admin.grading.evidence_store import pack_evidence, unpack_evidence
from course_admin.grading.exams import Result, Transcript, exams_in, run_exam
from course_admin.grading.execution import Execution, shared_sandbox
from course_admin.grading.fingerprint import refuse_old_checks
from course_admin.grading.run_notebook import execute
from course_admin.grading.run_result import Run


@dataclass(frozen=True)
class Job:
    """A submission to execute.

    notebook: repaired, as JSON; files: the other files in its folder, content by relative path; exams: the text of the
    lab's exam file; seed: of the exams' random inputs; config: nbgrader's configuration, for the preprocessors between
    execution and scoring; checks: the command's `judging_digest` (course_admin.grading.fingerprint); left_out: see
    `execute`.
    """

    lab: str
    student: str
    notebook: str
    files: Mapping[str, bytes]
    exams: str
    seed: int
    execution: Execution
    config: Any
    checks: str
    left_out: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass
class JobResult:
    """The result of a Job.

    notebook: executed, as JSON, without marks in its check cells; run: without transcripts; evidence: the answers to
    the exams' questions, see `pack_evidence`; log: tracebacks of exams that failed.
    """

    notebook: str
    run: Run
    evidence: bytes
    log: list[str]


def execute_job(job: Job) -> JobResult:
    """Execute a submission in this worker's sandbox and run the exams.

    Raises SandboxError if no sandbox works, and CourseError if the exams cannot be used or the checks differ from the
    command's. The submission causes neither of them.
    """
    refuse_old_checks(job.lab, job.checks)
    try:
        exams = exams_in(job.exams, job.lab)
    except Exception as error:  # an exam file is Python code, which can raise anything
        raise CourseError(f"the exams of {job.lab} cannot be used: {error}") from error
    settings = job.execution
    hide = [Path(folder) for folder in settings.hide]
    log: list[str] = []
    sandbox = shared_sandbox(settings.sandbox, settings.limits, hide=hide, warn=False, fork_server=settings.fork_server)
    options = {"files": job.files, "seed": job.seed, "max_restarts": settings.max_restarts, "log": log.append}
    try:
        notebook = nbformat.from_dict(json.loads(job.notebook))
        run = execute(notebook, job.lab, sandbox, exams, left_out=job.left_out, **options)
    except NeedsAllCells:
        log.clear()
        notebook = nbformat.from_dict(json.loads(job.notebook))
        run = execute(notebook, job.lab, sandbox, exams, **options)
    names = {"student": job.student, "assignment": job.lab, "notebook": job.lab}
    resources = {"nbgrader": names, "metadata": {"name": job.lab, "path": ""}, "unique_key": job.lab}
    for step in _steps_before_scoring(job.config):
        notebook, resources = step(notebook, resources)
    evidence = pack_evidence(run)
    for exam_run in run.exam_runs.values():
        exam_run.transcript = Transcript()
    return JobResult(json.dumps(notebook, ensure_ascii=False), run, evidence, log)


def rerun_exam(exams: str, lab: str, name: str, evidence: bytes, seed: int, checks: str) -> Result | None:
    """Run one exam again on saved evidence.

    Returns None if no evidence was saved for this exam, or if the exam now asks questions that were not recorded.
    """
    refuse_old_checks(lab, checks)
    transcript = unpack_evidence(evidence).get(name)
    if transcript is None:
        return None
    missing: list[LookupError] = []
    answers = transcript.replaying()

    def ask(*args: Any, **inputs: Any) -> Any:
        try:
            return answers(*args, **inputs)
        except LookupError as error:
            missing.append(error)
            raise

    result = run_exam(exams_in(exams, lab)[name], ask, seed)
    return None if missing else result


def _steps_before_scoring(config: Any) -> list[Any]:
    """Return the preprocessors of autograde that neither execute, nor score, nor open the gradebook."""
    from nbgrader.converters import Autograde
    from nbgrader.preprocessors import AssignLatePenalties, Execute, SaveAutoGrades

    without = (Execute, SaveAutoGrades, AssignLatePenalties)
    return preprocessors(Autograde(config=config).autograde_preprocessors, without, config)
