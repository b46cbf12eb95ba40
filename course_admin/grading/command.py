"""`course grade`: make the five calls for many submissions in parallel.

`execute` and `render` run in workers, on this machine or on a cluster (course_admin.grading.pool and .tasks). Each
worker has its own sandbox. `read`, `score` and `store` run in this process, one submission after another. Each
submission is one task and one transaction: a faulty submission does not affect others, and the command can be stopped
at any time and run again.

`nbgrader autograde` makes the same calls for one submission after another, through course_admin.nbgrader_plugins.
"""

from __future__ import annotations

import contextlib
import glob
import json
import logging
import os
import warnings
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat

from course_admin.common.graded_cells import CHECK
from course_admin.common.one_at_a_time import one_at_a_time
from course_admin.common.text import in_unicode, last_line, printable
from course_admin.course import CourseError, Lab, find_labs
from course_admin.feedback.render import Page, render
from course_admin.grading.answers_only import demonstrations
from course_admin.grading.fingerprint import fingerprint, judging_digest, rules_of
from course_admin.grading.gradebook import CourseGradebook
from course_admin.grading.outcome_tables import as_json, show, show_changes
from course_admin.grading.pool import Cluster, ProcessPool, Task, ThreadPool, spread
from course_admin.grading.progress import ProgressTable
from course_admin.grading.reasons import reason
from course_admin.grading.register import register
from course_admin.grading.run_result import ExamRun, Run
from course_admin.grading.scoring import score
from course_admin.grading.store import EARLIER, FAILED, GRADED, KEPT, Outcome, Records
from course_admin.sandbox.fork_server import ForkServer
from course_admin.sandbox.selftest import WARNING
from course_admin.sandbox.session import NONE, SandboxError
from course_admin.submissions.read import Submission, read, read_release

__all__ = ["EARLIER", "FAILED", "GRADED", "KEPT", "Outcome", "as_json", "grade", "register", "rescore", "show"]

Pool = ProcessPool | ThreadPool | Cluster

MARGIN = 300.0
"""Seconds in addition to the notebook's time limit, after which a worker is killed because it hangs."""
RENDER_SECONDS = 300.0


def grade(
    root: Path,
    labs: Sequence[str],
    *,
    student: str | None = None,
    force: bool = False,
    jobs: int | None = None,
    scheduler: str | None = None,
    console: Any = None,
    table: bool = True,
    answers_only: bool = False,
    **execution: Any,
) -> list[Outcome]:
    """Grade the submissions in submitted/<student>/<lab>/, write marks and feedback pages, and show the outcomes.

    student: grade only this student; force: also grade submissions that did not change since the last grading; jobs:
    number of workers (default: one per core); scheduler: the address of a Dask scheduler, whose workers are used
    instead; table: whether to print a table at the end; answers_only: leave out the cells that affect no mark
    (course_admin.grading.answers_only); execution: settings (course_admin.grading.execution: sandbox, timeout,
    memory) that replace the configured ones.
    A broken submission never stops the others: its Outcome says what is wrong with it.
    Raises CourseError before anything is graded: for an unknown lab, a lab that is not built or has no exams, if
    nothing was handed in, or if another command is running. Raises CourseError during grading: if no sandbox works (at
    the first submission to execute), if the gradebook fails, or on Ctrl-C. Marks stored before that are kept, and
    the same command continues from there.
    """
    from rich.console import Console

    console = console or Console()
    chosen = find_labs(root, tuple(labs))
    for lab in chosen:
        _check_gradable(lab)
    work = {lab: _submissions(lab, student) for lab in chosen}
    outcomes = [outcome for lab in chosen for outcome in _unusable(lab, student)]
    if not any(work.values()) and not outcomes:
        raise _nothing_handed_in(chosen, student)
    if execution.get("sandbox") == NONE:
        console.print(f"*** {WARNING} ***", style="bold red", highlight=False)
    count = sum(map(len, work.values()))
    try:
        with one_at_a_time(root), _without_warnings(), _pool(jobs, scheduler, count) as pool:
            for lab, students in work.items():
                if students:
                    outcomes += _grade_lab(
                        lab,
                        students,
                        pool,
                        force=force,
                        answers_only=answers_only,
                        console=console,
                        execution=execution,
                    )
    except KeyboardInterrupt:
        raise CourseError(
            "stopped: what was graded until now is in the gradebook, and the same command goes on from there"
        ) from None
    if table:
        show(outcomes, console)
    return outcomes


def rescore(
    root: Path,
    lab_name: str,
    exercise: str,
    *,
    student: str | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    console: Any = None,
) -> dict[str, tuple[float, float] | str]:
    """Re-mark one exercise for all students, or for one student, from saved evidence, and print a table.

    No student code is executed. Returns by student the points before and now, or the reason why nothing changed.
    Raises CourseError for an unknown lab or exercise.
    """
    from rich.console import Console

    from course_admin.grading import tasks as worker
    from course_admin.grading.exams import exams_in
    from course_admin.settings import load_settings

    console = console or Console()
    (lab,) = find_labs(root, (lab_name,))
    _check_gradable(lab)
    exams = _exams_of(lab)
    known = exams_in(exams, lab.name)
    if exercise not in known:
        raise CourseError(f"{lab.name} has no exercise {exercise!r}: choose one of {', '.join(known)}")
    config = load_settings(lab.root)
    students = _submissions(lab, student)
    if not students:
        raise _nothing_handed_in([lab], student)
    changes: dict[str, tuple[float, float] | str] = {}
    with (
        one_at_a_time(root),
        _without_warnings(),
        CourseGradebook.of(config) as gradebook,
        _pool(jobs, scheduler, len(students)) as pool,
        ProgressTable(f"{lab.name}: {exercise}", len(students), console) as progress,
    ):
        register(lab, config, gradebook)
        records = Records(lab, config, gradebook)
        pages: deque[Task] = deque()

        def changed(name: str, change: tuple[float, float] | str) -> None:
            changes[name] = change
            progress.done([change] if isinstance(change, str) else [])

        def exam_tasks() -> Iterator[Task]:
            for name in students:
                path, seed = records.evidence(name), records.summary(name).get("seed")
                if path.is_file() and isinstance(seed, int) and gradebook.read(lab.name, name) is not None:
                    given = (exams, lab.name, exercise, path.read_bytes(), seed, judging_digest(lab.name))
                    yield Task(worker.rerun_exam, given, ("exam", name), seconds=MARGIN)
                else:
                    changed(name, "no evidence is saved: `course grade` first")

        for task, result in spread(pool, exam_tasks(), pages, tick=progress.tick):
            what, name, *comment = task.key
            if isinstance(result, CourseError):  # all later tasks would fail in the same way
                raise result
            if what == "exam":
                changed(name, _rescored(records, name, exercise, result))
                if not isinstance(changes[name], str):
                    pages.extend(_page_task(records, name))
            elif not isinstance(result, Exception):
                records.write_page(name, result, *comment)
    show_changes(f"{lab.name}: {exercise}", changes, console)
    return changes


# --- finding submissions ---------------------------------------------------------------------------------------------


def _check_gradable(lab: Lab) -> None:
    from course_admin.grading.exams import load_exams

    if not lab.source.is_file():
        raise CourseError(f"lab {lab.name} is not built: run `course build {lab.name}` first")
    try:
        load_exams(lab.root, lab.name)
    except Exception as error:  # an exam file is Python code, which can raise anything
        raise CourseError(f"the exams of {lab.name} cannot be used: {error}") from error


def _exams_of(lab: Lab) -> str:
    return lab.exams.read_text(encoding="utf-8") if lab.exams.is_file() else ""


def _pool(jobs: int | None, scheduler: str | None, count: int) -> Pool:
    if scheduler:
        return Cluster(scheduler)
    if count == 1:
        return ThreadPool()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ProcessPool(max(1, min(jobs or cores, count)))


def _submissions(lab: Lab, student: str | None) -> list[str]:
    """Return the students who handed in this lab: those with a folder submitted/<student>/<lab>."""
    return [name for name in _folders(lab, student) if _can_be_in_a_gradebook(name)]


def _unusable(lab: Lab, student: str | None) -> list[Outcome]:
    """Return a failed outcome for each student folder whose name a gradebook cannot store."""
    found = []
    for name in _folders(lab, student):
        if not _can_be_in_a_gradebook(name):
            better = in_unicode(name)
            why = "longer than 128 characters" if better == name else f"not UTF-8 (it means {better}?)"
            finding = f"not graded, since the name of the folder is {why}: rename it in submitted/ and grade again"
            found.append(Outcome(lab.name, printable(better), FAILED, findings=[finding]))
    return found


def _folders(lab: Lab, student: str | None) -> list[str]:
    folders = sorted((lab.root / "submitted").glob(f"*/{glob.escape(lab.name)}"))
    names = [folder.parent.name for folder in folders if folder.is_dir() and not folder.parent.name.startswith(".")]
    return [name for name in names if student in (None, name)]


def _can_be_in_a_gradebook(name: str) -> bool:
    return in_unicode(name) == name and len(name) <= 128


def _nothing_handed_in(labs: Sequence[Lab], student: str | None) -> CourseError:
    names, who = ", ".join(lab.name for lab in labs), student or "STUDENT"
    return CourseError(
        f"no submission of {names}{f' by {student}' if student else ''}: put the notebook at "
        f"submitted/{who}/{labs[0].name}/{labs[0].name}.ipynb in {labs[0].root}"
    )


# --- one lab ---------------------------------------------------------------------------------------------------------


def _grade_lab(
    lab: Lab,
    students: list[str],
    pool: Pool,
    *,
    force: bool,
    answers_only: bool,
    console: Any,
    execution: dict[str, Any],
) -> list[Outcome]:
    from course_admin.grading.execution import ExecutionSettings
    from course_admin.settings import load_settings

    config = load_settings(lab.root)
    config.CourseExecute.update(execution)
    outcomes: dict[str, Outcome] = {}
    settings = ExecutionSettings(config=config).execution(lab.root)
    with ProgressTable(lab.name, len(students), console) as progress, CourseGradebook.of(config) as gradebook:
        records = Records(lab, config, gradebook)
        if force or any(not records.summary(student) for student in students):
            pool.prepare(settings)  # early, because it takes as long as the following steps
        register(lab, config, gradebook)
        records.remove_leftovers(students)
        release, rules = read_release(lab.source, config), rules_of(lab.root, lab.name)
        pages: deque[Task] = deque()

        def stored(outcome: Outcome) -> None:
            outcomes[outcome.student] = outcome
            pages.extend(_page_task(records, outcome.student))
            progress.done(outcome.findings)

        def execute_tasks() -> Iterator[Task]:
            for student in students:
                # Each submission is read only when a worker needs it: a whole class may not fit into memory.
                submission = read(lab.root, lab.name, student, release)
                path = submission.path or Path()
                submission.fingerprint = fingerprint(rules, path, submission.folder_files)
                outcome = None if force else records.kept(submission)
                if outcome is None and submission.damage and records.has_points(student):
                    outcome = records.keep_earlier(student, [submission.damage, *submission.notes, EARLIER])
                if outcome is None:
                    pool.prepare(settings)
                    left_out = demonstrations(submission.notebook, release.notebook) if answers_only else ()
                    yield _execute_task(lab, submission, config, pool.fork_server(), left_out)
                else:
                    stored(outcome)

        for task, result in spread(pool, execute_tasks(), pages, tick=progress.tick):
            what, subject, *comment = task.key
            if what == "execute":
                stored(_score_and_store(records, subject, result))
            elif isinstance(result, Exception):
                outcomes[subject].findings.append(f"no feedback page: {reason(result)}")
            else:
                records.write_page(subject, result, *comment)
        for student, outcome in outcomes.items():
            page = records.path("feedback_directory", student, ".html")
            outcome.page = page if page.is_file() else None
    return [outcomes[student] for student in students]


def _execute_task(
    lab: Lab, submission: Submission, config: Any, fork_server: ForkServer | None, left_out: Collection[str]
) -> Task:
    from course_admin.grading import tasks as worker
    from course_admin.grading.execution import ExecutionSettings

    settings = ExecutionSettings(config=config)
    execution = replace(settings.execution(lab.root), fork_server=fork_server)
    seed = settings.seed_of(lab.root, submission.fingerprint)
    notebook = json.dumps(submission.notebook, ensure_ascii=False)
    job = worker.Job(
        lab.name, submission.student, notebook, submission.files, _exams_of(lab), seed, execution, config,
        judging_digest(lab.name), {name: submission.outputs.get(name, []) for name in left_out},
    )  # fmt: skip
    # With left-out cells the notebook may be run twice, the second time in full.
    seconds = execution.limits.notebook_seconds * (2 if left_out else 1) + MARGIN
    return Task(worker.execute_job, (job,), ("execute", submission), seconds=seconds)


def _score_and_store(records: Records, submission: Submission, result: Any) -> Outcome:
    """Score and store a submission's result and return the outcome. result: of tasks.execute_job, or an exception."""
    if isinstance(result, SandboxError | CourseError):
        # The submission does not cause this error, and all later submissions would fail in the same way.
        raise CourseError(str(result)) from result
    if isinstance(result, Exception):
        return records.keep_earlier(submission.student, [reason(result)])
    for text in result.log:
        logging.getLogger("course.grade").warning("%s: %s", submission.student, text)
    try:
        marks = score(result.run, records.out_of())
        notebook = nbformat.from_dict(json.loads(result.notebook))
        return records.store(submission, notebook, result.run, marks, result.evidence)
    except (CourseError, OSError):
        raise
    except Exception as error:
        return records.keep_earlier(submission.student, [reason(error)])


def _rescored(records: Records, student: str, exercise: str, result: Any) -> tuple[float, float] | str:
    """Store a re-mark. Return the points before and now, or the reason why nothing changed.

    result: of tasks.rerun_exam, or an exception.
    """
    if result is None:
        return "no evidence is saved for its exam, or the exam asks other questions now: `course grade` runs it again"
    if isinstance(result, Exception):
        return reason(result)
    if result.error:
        return f"the exam could not judge the answer, so the points stay: {last_line(result.error)}"
    grade_id = CHECK + exercise
    run = Run(records.lab.name, exam_runs={grade_id: ExamRun(exercise, None, result)})
    mark = score(run, {grade_id: records.out_of()[grade_id]})[grade_id]
    return records.store_again(student, exercise, result, mark), mark.points


def _page_task(records: Records, student: str) -> list[Task]:
    """Return a task that renders the feedback page, or [] if the page is up to date.

    Kept submissions need it, too: a manual mark or a date may have changed.
    """
    found = records.page(student)
    if found is None:
        return []
    notebook, resources, comment = found
    page = Page(notebook, resources, records.config)
    return [Task(render, (page,), ("page", student, comment), seconds=RENDER_SECONDS)]


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    # SQLAlchemy warns about the way nbgrader creates a submission.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
