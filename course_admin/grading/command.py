"""`course grade`: submissions through run, judge and record, many at a time.

`run` is spread over workers, on this machine or of a cluster (course_admin.grading.pool, course_admin.grading.tasks),
each with a sandbox of its own; reading what was handed in, judging and writing happen here, one after the other
(course_admin.grading.store). One submission is one task, so that what is wrong with it stays its own, and one
transaction, so that the command can be stopped anywhere and run again. The feedback pages are rendered by the workers
too.

`nbgrader autograde` does the same for one submission after the other, by course_admin.nbgrader_plugins.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import logging
import os
import tempfile
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import nbformat

from course_admin.course import CourseError, Lab, find_labs
from course_admin.grading.fingerprint import fingerprint
from course_admin.grading.gradebook import Ledger
from course_admin.grading.pool import Cluster, LostError, ProcessPool, Task, ThreadPool, spread
from course_admin.grading.progress import Watching
from course_admin.grading.store import EARLIER, FAILED, GRADED, KEPT, HandIn, Outcome, Records
from course_admin.sandbox.fork_server import ForkServer
from course_admin.sandbox.selftest import WARNING
from course_admin.sandbox.session import NONE, SandboxError
from course_admin.submissions.find_notebook import find_notebook
from course_admin.submissions.safe_files import files_beside, seen_from
from course_admin.submissions.safe_text import plain

__all__ = ["EARLIER", "FAILED", "GRADED", "KEPT", "Outcome", "grade", "rejudge", "show"]

MARGIN = 300.0
"""Seconds that a worker may take for a submission beyond the notebook's own limit, before it counts as stuck."""
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
    **execution: Any,
) -> list[Outcome]:
    """Grade the submissions in submitted/<student>/<lab>/, write marks and feedback pages, and show how it went.

    student: that one alone; force: also those that did not change since they were graded; jobs: how many at a time
    (default: one for each core); scheduler: the address of a Dask scheduler, whose workers are used instead;
    table: whether to end with one; execution: settings (course_admin.grading.execution: sandbox, timeout, memory)
    that count instead of the configured ones.
    A broken submission never stops the others: what is wrong with it stands in its Outcome.
    Raises CourseError, before anything is graded, for an unknown lab, one that is not built or has no exams, and when
    nothing was handed in; when no sandbox works, at the first submission that has to be executed; when the gradebook
    refuses; and when it is interrupted. What was recorded until then stays, and the same command goes on from there.
    """
    from rich.console import Console

    console = console or Console()
    chosen = find_labs(root, tuple(labs))
    work = [(lab, _submissions(lab, student)) for lab in chosen if _is_gradable(lab)]
    if not any(students for _, students in work):
        _nothing_handed_in(work, student)
    if execution.get("sandbox") == NONE:
        console.print(f"*** {WARNING} ***", style="bold red", highlight=False)
    count = sum(len(students) for _, students in work)
    outcomes: list[Outcome] = []
    try:
        with _quiet(), _pool(jobs, scheduler, count) as pool:
            for lab, students in work:
                if students:
                    outcomes += _grade_lab(lab, students, pool, force=force, console=console, execution=execution)
    except KeyboardInterrupt:
        raise CourseError(
            "stopped: what was graded until now is in the gradebook, and the same command goes on from there"
        ) from None
    if table:
        show(outcomes, console)
    return outcomes


def rejudge(
    root: Path,
    lab_name: str,
    exercise: str,
    *,
    student: str | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    console: Any = None,
) -> dict[str, tuple[float, float] | str]:
    """Judge one exercise of everybody again, by what its exam was told when the submissions were executed.

    Nothing is executed. Returns for each student the points before and now, or why there are none now; shows a table.
    Raises CourseError for an unknown lab or exercise.
    """
    from rich.console import Console

    from course_admin.grading import tasks as worker
    from course_admin.grading.exams import exams_in
    from course_admin.settings import load_settings

    console = console or Console()
    (lab,) = find_labs(root, (lab_name,))
    _is_gradable(lab)
    exams = _exams_of(lab)
    known = exams_in(exams, lab.name)
    if exercise not in known:
        raise CourseError(f"{lab.name} has no exercise {exercise!r}: choose one of {', '.join(known)}")
    config = load_settings(lab.root)
    students = _submissions(lab, student)
    if not students:
        _nothing_handed_in([(lab, students)], student)
    changes: dict[str, tuple[float, float] | str] = {}
    with _quiet(), Ledger(_coursedir(config, lab).db_url) as ledger, _pool(jobs, scheduler, len(students)) as pool:
        register(lab, config, ledger)
        records = Records(lab, config, ledger)
        pages: deque[Task] = deque()

        def tasks() -> Iterator[Task]:
            for name in students:
                path, seed = records.evidence(name), records.summary(name).get("seed")
                if path.is_file() and isinstance(seed, int) and ledger.read(lab.name, name) is not None:
                    given = (exams, lab.name, exercise, path.read_bytes(), seed)
                    yield Task(worker.rerun_exam, given, ("judge", name), seconds=MARGIN)
                else:
                    changes[name] = "nothing is recorded: `course grade` first"
                    watching.done([changes[name]])

        with Watching(f"{lab.name}: {exercise}", len(students), console) as watching:
            for task, result in spread(pool, tasks(), pages, tick=watching.tick):
                what, name, *mark = task.key
                if what == "page":
                    if not isinstance(result, Exception):
                        records.write_page(name, result, *mark)
                    continue
                if result is None:
                    changes[name] = (
                        "its exam was not recorded, or asks other questions now: `course grade` runs it again"
                    )
                elif isinstance(result, Exception):
                    changes[name] = _reason(result)
                elif result.trouble:
                    reason = result.trouble.strip().splitlines()[-1]
                    changes[name] = f"the exam could not judge the answer, so the points stay: {reason}"
                else:
                    changes[name] = records.rejudge(name, exercise, result)
                    pages.extend(_page_task(records, name))
                watching.done([changes[name]] if isinstance(changes[name], str) else [])
    _show_changes(lab, exercise, changes, console)
    return changes


def as_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as plain JSON values."""
    return asdict(outcome) | {"page": str(outcome.page) if outcome.page else None}


def show(outcomes: Sequence[Outcome], console: Any) -> None:
    """A table for each lab: student, automatic points, what waits for a person, findings."""
    from rich import box
    from rich.table import Table

    for lab in dict.fromkeys(outcome.lab for outcome in outcomes):
        rows = [outcome for outcome in outcomes if outcome.lab == lab]
        table = Table(title=lab, title_style="bold", title_justify="left", box=box.SIMPLE_HEAD)
        table.add_column("student", overflow="fold")
        table.add_column("automatic", justify="right")
        table.add_column("to mark", justify="right")
        table.add_column("findings", overflow="fold")
        for row in rows:
            points = f"{round(row.automatic, 2):g}/{row.automatic_max:g}" if row.automatic_max else "-"
            findings = [*row.findings, *(["unchanged, kept"] if row.state == KEPT else [])]
            table.add_row(plain(row.student), points, str(row.pending or ""), plain("\n".join(findings)))
        console.print(table)
        kept = sum(row.state == KEPT for row in rows)
        if kept:
            console.print(f"{kept} of {len(rows)} kept as they were; --force grades them again", highlight=False)


# --- before ----------------------------------------------------------------------------------------------------------


def _is_gradable(lab: Lab) -> bool:
    from course_admin.grading.exams import load_exams

    if not lab.source.is_file():
        raise CourseError(f"lab {lab.name} is not built: run `course build {lab.name}` first")
    try:
        load_exams(lab.root, lab.name)
    except Exception as error:  # an exam file is the course team's Python
        raise CourseError(f"the exams of {lab.name} cannot be used: {error}") from error
    return True


def _exams_of(lab: Lab) -> str:
    return lab.exams.read_text(encoding="utf-8") if lab.exams.is_file() else ""


def _pool(jobs: int | None, scheduler: str | None, count: int) -> ProcessPool | ThreadPool | Cluster:
    if scheduler:
        return Cluster(scheduler)
    if count == 1:
        return ThreadPool()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ProcessPool(max(1, min(jobs or cores, count)))


def _submissions(lab: Lab, student: str | None) -> list[str]:
    """The students who handed this lab in: the folders submitted/<student>/<lab>."""
    folders = sorted((lab.root / "submitted").glob(f"*/{glob.escape(lab.name)}"))
    names = [folder.parent.name for folder in folders if folder.is_dir() and not folder.parent.name.startswith(".")]
    return [name for name in names if student in (None, name)]


def _nothing_handed_in(work: list[tuple[Lab, list[str]]], student: str | None) -> None:
    lab = work[0][0]
    names = ", ".join(lab.name for lab, _ in work)
    who = student or "STUDENT"
    raise CourseError(
        f"no submission of {names}{f' by {student}' if student else ''}: put the notebook at "
        f"submitted/{who}/{lab.name}/{lab.name}.ipynb in {lab.root}"
    )


def register(lab: Lab, config: Any, ledger: Ledger) -> None:
    """Fill the gradebook with the lab's cells and points, by nbgrader's GenerateAssignment. release/ is left alone.

    Nothing to do when that was done with the same source. Raises CourseError when nbgrader refuses.
    """
    from nbgrader import __version__ as version
    from nbgrader.converters import GenerateAssignment

    made_of = hashlib.sha256(version.encode() + lab.source.read_bytes()).hexdigest()
    if ledger.registered(lab.name) == made_of:
        return
    with tempfile.TemporaryDirectory(prefix="course-release-") as folder:
        coursedir = _coursedir(config, lab)
        coursedir.release_directory = folder
        error = _convert(GenerateAssignment, coursedir, config)
    if error is not None:
        hint = ""
        if "there are submissions associated with it" in str(error):
            hint = "; exercises were added or removed after students handed in: move gradebook.db away and grade again"
        raise CourseError(f"lab {lab.name} cannot be put into the gradebook: {_reason(error)}{hint}") from error
    ledger.set_registered(lab.name, made_of)


# --- one lab ---------------------------------------------------------------------------------------------------------


def _grade_lab(
    lab: Lab,
    students: list[str],
    pool: ProcessPool | ThreadPool | Cluster,
    *,
    force: bool,
    console: Any,
    execution: dict[str, Any],
) -> list[Outcome]:
    from course_admin.grading.execution import ExecutionSettings
    from course_admin.settings import load_settings
    from course_admin.submissions.mend import lab_frame

    config = load_settings(lab.root)
    config.CourseExecute.update(execution)
    outcomes: dict[str, Outcome] = {}
    settings = ExecutionSettings(config=config).execution(lab.root)
    with Watching(lab.name, len(students), console) as watching, Ledger(_coursedir(config, lab).db_url) as ledger:
        records = Records(lab, config, ledger)
        if force or any(not records.summary(student) for student in students):
            pool.prepare(settings)  # in good time: it takes as long as what follows here
        register(lab, config, ledger)
        frame = lab_frame(lab.source, config)
        pages: deque[Task] = deque()

        def recorded(outcome: Outcome) -> None:
            outcomes[outcome.student] = outcome
            pages.extend(_page_task(records, outcome.student))
            watching.done(outcome.findings)

        def runs() -> Iterator[Task]:
            for student in students:
                # Read when a worker is about to be free, not before: a class may be larger than the memory.
                hand_in = _read(lab, student, frame)
                outcome = None if force else records.kept(hand_in)
                if outcome is None and hand_in.damage and records.has_points(student):
                    outcome = records.stands(student, [hand_in.damage, *hand_in.notes, EARLIER])
                if outcome is None:
                    pool.prepare(settings)
                    yield _run_task(lab, hand_in, config, pool.fork_server())
                else:
                    recorded(outcome)

        for task, result in spread(pool, runs(), pages, tick=watching.tick):
            what, *about = task.key
            if what == "run":
                recorded(_record(records, *about, result))
            elif isinstance(result, Exception):
                outcomes[about[0]].findings.append(f"no feedback page: {_reason(result)}")
            else:
                records.write_page(*about[:1], result, *about[1:])
        for student, outcome in outcomes.items():
            page = records.path("feedback_directory", student, ".html")
            outcome.page = page if page.is_file() else None
    return [outcomes[student] for student in students]


def _read(lab: Lab, student: str, frame: Any) -> HandIn:
    """What a student handed in, mended. Never raises for what is wrong with it."""
    from course_admin.submissions.mend import mend
    from course_admin.submissions.repair import filled_in

    folder = lab.root / "submitted" / student / lab.name
    taken = find_notebook(folder, lab.name, partial(filled_in, frame))
    beside, too_large = files_beside(folder)
    taken.notes += too_large
    mended = mend(frame, taken)
    now = fingerprint(lab.root, lab.name, taken.path or Path(), beside)
    beside = seen_from(taken.path, folder, beside)
    return HandIn(student, mended.notebook, beside, mended.notes, mended.damage, now)


def _run_task(lab: Lab, hand_in: HandIn, config: Any, fork_server: ForkServer | None) -> Task:
    from course_admin.grading import tasks as worker
    from course_admin.grading.execution import ExecutionSettings

    settings = ExecutionSettings(config=config)
    execution = replace(settings.execution(lab.root), fork_server=fork_server)
    seed = settings.seed_of(lab.root, hand_in.fingerprint)
    notebook = json.dumps(hand_in.notebook, ensure_ascii=False)
    job = worker.Job(lab.name, hand_in.student, notebook, hand_in.beside, _exams_of(lab), seed, execution, config)
    return Task(worker.execute, (job,), ("run", hand_in), seconds=execution.limits.notebook_seconds + MARGIN)


def _record(records: Records, hand_in: HandIn, result: Any) -> Outcome:
    """The marks of a submission that was executed, or what there is to say of one that could not be."""
    if isinstance(result, SandboxError | CourseError):
        # No fault of this submission, and the next ones would fare no better.
        raise CourseError(str(result)) from result
    if isinstance(result, Exception):
        return records.stands(hand_in.student, [_reason(result)])
    for text in result.log:
        logging.getLogger("course.grade").warning("%s: %s", hand_in.student, text)
    try:
        return records.record(hand_in, nbformat.from_dict(json.loads(result.notebook)), result.run, result.evidence)
    except (CourseError, OSError):
        raise
    except Exception as error:
        return records.stands(hand_in.student, [_reason(error)])


def _page_task(records: Records, student: str) -> list[Task]:
    """Also for those that were kept: a person may have marked an answer since, or a date may have changed."""
    from course_admin.grading import tasks as worker

    made = records.page(student)
    if made is None:
        return []
    notebook, resources, mark = made
    page = worker.Page(notebook, resources, records.config)
    return [Task(worker.render, (page,), ("page", student, mark), seconds=RENDER_SECONDS)]


# --- nbgrader --------------------------------------------------------------------------------------------------------


def _coursedir(config: Any, lab: Lab, student: str | None = None) -> Any:
    from nbgrader.coursedir import CourseDirectory

    coursedir = CourseDirectory(config=config)
    coursedir.assignment_id = lab.name
    if student is not None:
        # nbgrader takes it for a pattern.
        coursedir.student_id = glob.escape(student)
    return coursedir


def _convert(converter: type, coursedir: Any, config: Any) -> Exception | None:
    """Run one of nbgrader's converters and return what went wrong, None when nothing did.

    nbgrader logs the exception that stopped a conversion and raises one that says no more than that there was one.
    """
    caught: list[Exception] = []

    class Listening(converter):
        def convert_single_notebook(self, notebook_filename: str) -> None:
            with _remembering(caught):
                super().convert_single_notebook(notebook_filename)

        def init_assignment(self, assignment_id: str, student_id: str) -> None:
            with _remembering(caught):
                super().init_assignment(assignment_id, student_id)

    # The same name, so that c.Autograde and the like are meant for it.
    Listening.__name__ = converter.__name__
    log = logging.getLogger("course.grade")
    log.propagate = False
    log.handlers = [logging.NullHandler()]
    try:
        Listening(coursedir=coursedir, config=config, log=log, force=True).start()
    except Exception as error:
        found = caught[0] if caught else error
        if isinstance(found, SandboxError):
            # No fault of this submission, and the next ones would fare no better.
            raise CourseError(str(found)) from error
        return found
    return None


@contextlib.contextmanager
def _remembering(caught: list[Exception]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        caught.append(error)
        raise


def _reason(error: Exception) -> str:
    """An exception from a worker or from nbgrader's depths as one line for the person who grades."""
    import nbformat
    from nbgrader.nbgraderformat import SchemaTooNewError, SchemaTooOldError

    first = (str(error).strip().splitlines() or [""])[0][:200]
    if isinstance(error, LostError):
        return f"could not be graded: {first}; look at it by hand, in a sandbox"
    known: list[tuple[tuple[type, ...], str]] = [
        ((SchemaTooOldError, SchemaTooNewError), "nbgrader cannot read the grading data of its cells"),
        ((nbformat.ValidationError,), f"not a valid notebook: {first}"),
    ]
    for kinds, line in known:
        if isinstance(error, kinds):
            return line
    return f"could not be graded: {type(error).__name__}: {first}".rstrip(": ")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # SQLAlchemy warns about nbgrader's way of making a submission.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _show_changes(lab: Lab, exercise: str, changes: dict[str, tuple[float, float] | str], console: Any) -> None:
    from rich import box
    from rich.table import Table

    table = Table(title=f"{lab.name}: {exercise}, judged again", title_style="bold", title_justify="left")
    table.box = box.SIMPLE_HEAD
    table.add_column("student", overflow="fold")
    table.add_column("before", justify="right")
    table.add_column("now", justify="right")
    table.add_column("", overflow="fold")
    for student, change in sorted(changes.items()):
        if isinstance(change, str):
            table.add_row(plain(student), "", "", plain(change))
        elif change[0] != change[1]:
            table.add_row(plain(student), *(f"{round(points, 2):g}" for points in change), "")
    same = sum(not isinstance(change, str) and change[0] == change[1] for change in changes.values())
    if table.row_count:
        console.print(table)
    console.print(f"{same} of {len(changes)} as before", highlight=False)
