"""What a worker does, in a process or on a machine of its own: execute one submission, render one page, judge anew.

Everything that a task needs is in it, and everything that comes of it is in its result: a worker reads no file of the
course, and opens no gradebook. It is not trusted less than the command that uses it: the student's code runs in the
sandbox that each worker opens for itself, and keeps for the next task.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat

from course_admin.course import CourseError
from course_admin.grading.evidence_store import pack_evidence, unpack_evidence
from course_admin.grading.exams import Result, Transcript, exams_in, run_exam
from course_admin.grading.execution import Execution, shared_sandbox
from course_admin.grading.run_notebook import run
from course_admin.grading.run_result import Run


@dataclass(frozen=True)
class Job:
    """A submission to execute.

    notebook: mended, as JSON; files: those beside it, content by relative path; exams: the text of the lab's exams;
    config: nbgrader's configuration, for the preprocessors between execution and marks.
    """

    lab: str
    student: str
    notebook: str
    files: Mapping[str, bytes]
    exams: str
    seed: int
    execution: Execution
    config: Any


@dataclass
class Done:
    """What came of a Job. notebook: executed, as JSON, its check cells still without marks; run: without transcripts;
    evidence: what the exams were told, see `pack_evidence`; log: tracebacks of exams that could not cope.
    """

    notebook: str
    run: Run
    evidence: bytes
    log: list[str]


@dataclass(frozen=True)
class Page:
    """A feedback page to render. notebook: with scores and comments in its metadata, as JSON; resources: nbgrader's."""

    notebook: str
    resources: dict[str, Any]
    config: Any


def execute(job: Job) -> Done:
    """Execute a submission in this worker's sandbox, the exams asking.

    Raises SandboxError, and CourseError for exams that cannot be used: no fault of the submission.
    """
    try:
        exams = exams_in(job.exams, job.lab)
    except Exception as error:  # an exam file is the course team's Python
        raise CourseError(f"the exams of {job.lab} cannot be used: {error}") from error
    notebook = nbformat.from_dict(json.loads(job.notebook))
    given = job.execution
    hide = [Path(folder) for folder in given.hide]
    log: list[str] = []
    found = run(
        notebook,
        job.lab,
        shared_sandbox(given.sandbox, given.limits, hide=hide, warn=False, fork_server=given.fork_server),
        exams,
        files=job.files,
        seed=job.seed,
        max_restarts=given.max_restarts,
        log=log.append,
    )
    names = {"student": job.student, "assignment": job.lab, "notebook": job.lab}
    resources = {"nbgrader": names, "metadata": {"name": job.lab, "path": ""}, "unique_key": job.lab}
    for step in _between(job.config):
        notebook, resources = step(notebook, resources)
    evidence = pack_evidence(found)
    for sitting in found.sittings.values():
        sitting.transcript = Transcript()
    return Done(json.dumps(notebook, ensure_ascii=False), found, evidence, log)


def render(page: Page) -> str:
    """A feedback page as HTML."""
    exporter = _exporter(page.config)
    notebook = nbformat.from_dict(json.loads(page.notebook))
    return exporter.from_notebook_node(notebook, resources=dict(page.resources))[0]


def rerun_exam(exams: str, lab: str, name: str, evidence: bytes, seed: int) -> Result | None:
    """Judge one exercise again by what its exam was told before. None when that was not recorded, or is not enough,
    because the exam asks other questions now.
    """
    told = unpack_evidence(evidence).get(name)
    if told is None:
        return None
    missing: list[LookupError] = []
    answers = told.replaying()

    def ask(*args: Any, **inputs: Any) -> Any:
        try:
            return answers(*args, **inputs)
        except LookupError as error:
            missing.append(error)
            raise

    result = run_exam(exams_in(exams, lab)[name], ask, seed)
    return None if missing else result


# --- nbgrader's preprocessors ----------------------------------------------------------------------------------------


def _between(config: Any) -> list[Any]:
    """Those of autograde that neither execute, nor judge, nor open the gradebook, ready to be called."""
    from nbgrader.converters import Autograde
    from nbgrader.preprocessors import AssignLatePenalties, Execute, SaveAutoGrades

    ours = (Execute, SaveAutoGrades, AssignLatePenalties)
    return _steps(Autograde(config=config).autograde_preprocessors, ours, config)


def _steps(given: list[Any], without: tuple[type, ...], config: Any) -> list[Any]:
    from traitlets.utils.importstring import import_item

    kinds = [import_item(kind) if isinstance(kind, str) else kind for kind in given]
    # Some are there but not enabled, as nbgrader lists them; called, they then do nothing.
    return [
        kind(config=config) for kind in kinds if not issubclass(kind, without) and not getattr(kind, "needs_run", False)
    ]


def _exporter(config: Any) -> Any:
    """The exporter of generate_feedback, without what opens the gradebook; made once for each configuration."""
    return _exporter_of(_Same(config))


class _Same:
    """A configuration as a key: equal to those that say the same."""

    def __init__(self, config: Any) -> None:
        self.config, self._text = config, repr(config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


@lru_cache(maxsize=2)
def _exporter_of(same: _Same) -> Any:
    from nbgrader.converters import GenerateFeedback
    from nbgrader.preprocessors import AssignLatePenalties, GetGrades

    converter = GenerateFeedback(config=same.config)
    exporter = converter.exporter_class(parent=converter, config=converter.config)
    for step in _steps(converter.preprocessors, (GetGrades, AssignLatePenalties), converter.config):
        exporter.register_preprocessor(step)
    return exporter
