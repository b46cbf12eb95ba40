"""`course grade`: every submission of a lab through nbgrader's own autograder, one after the other.

The steps are nbgrader's: GenerateAssignment fills the gradebook (its release goes to a temporary folder), Autograde
runs a submission with the course's preprocessors (course_admin.executor, course_admin.judge) and writes the marks,
GenerateFeedback writes its page. One submission at a time goes through, so that what is wrong with it stays its own:
Autograde gets a copy of its plain files, never of what a link points to, with the notebook under the name it should
have. What else has to be mended course_admin.reader mends, for `nbgrader autograde` as well.
"""

from __future__ import annotations

import contextlib
import copy
import glob
import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from course_admin.course import CourseError, Lab, find_labs
from course_admin.intake import HandedIn, files_beside, find_notebook, read_plain_file
from course_admin.sandbox.host import SandboxError
from course_admin.submission import KEY, fingerprint

GRADED, KEPT, FAILED = "graded", "kept", "failed"
EARLIER = "the points are those of an earlier hand-in"


@dataclass
class Outcome:
    """What became of one submission.

    state: "graded", "kept" (unchanged since it was graded) or "failed" (missing or damaged: a person has to look, and
    the findings say why; the points are what could be saved, or, said so, those of an earlier hand-in);
    automatic, automatic_max: points that the exams gave, and could give; pending: answers that wait for a person;
    page: the feedback page, None where there is none; seconds: how long the notebook ran.
    """

    lab: str
    student: str
    state: str
    automatic: float = 0.0
    automatic_max: float = 0.0
    pending: int = 0
    findings: list[str] = field(default_factory=list)
    page: Path | None = None
    seconds: float = 0.0


def grade(
    root: Path,
    labs: Sequence[str],
    *,
    student: str | None = None,
    force: bool = False,
    console: Any = None,
    table: bool = True,
    **execution: Any,
) -> list[Outcome]:
    """Grade the submissions in submitted/<student>/<lab>/, write marks and feedback pages, and show how it went.

    student: that one alone; force: also those that did not change since they were graded;
    table: whether to end with one; execution: settings of course_admin.executor.CourseExecute (sandbox, timeout,
    memory) that count instead of the configured ones.
    A broken submission never stops the others: what is wrong with it stands in its Outcome.
    Raises CourseError, before anything is graded, for an unknown lab, one that is not built or has no exams, and when
    nothing was handed in; and when no sandbox works, at the first submission that has to be executed.
    """
    from rich.console import Console

    from course_admin.executor import close_sandboxes

    console = console or Console()
    chosen = find_labs(root, tuple(labs))
    work = [(lab, _submissions(lab, student)) for lab in chosen if _is_gradable(lab)]
    if not any(students for _, students in work):
        _nothing_handed_in(work, student)
    outcomes = []
    try:
        for lab, students in work:
            if students:
                outcomes += _grade_lab(lab, students, force=force, console=console, execution=execution)
    finally:
        close_sandboxes()
    if table:
        show(outcomes, console)
    return outcomes


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
            table.add_row(_plain(row.student), points, str(row.pending or ""), _plain("\n".join(findings)))
        console.print(table)
        kept = sum(row.state == KEPT for row in rows)
        if kept:
            console.print(f"{kept} of {len(rows)} kept as they were; --force grades them again", highlight=False)


# --- before ----------------------------------------------------------------------------------------------------------


def _is_gradable(lab: Lab) -> bool:
    from course_admin.exams import load_exams

    if not lab.source.is_file():
        raise CourseError(f"lab {lab.name} is not built: run `course build {lab.name}` first")
    try:
        load_exams(lab.root, lab.name)
    except Exception as error:  # an exam file is the course team's Python
        raise CourseError(f"the exams of {lab.name} cannot be used: {error}") from error
    return True


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


def register(lab: Lab, config: Any) -> None:
    """Fill the gradebook with the lab's cells and points, by nbgrader's GenerateAssignment. release/ is left alone.

    Raises CourseError when nbgrader refuses.
    """
    from nbgrader.converters import GenerateAssignment

    with tempfile.TemporaryDirectory(prefix="course-release-") as folder:
        coursedir = _coursedir(config, lab)
        coursedir.release_directory = folder
        error = _convert(GenerateAssignment, coursedir, config)
    if error is not None:
        hint = ""
        if "there are submissions associated with it" in str(error):
            hint = "; exercises were added or removed after students handed in: move gradebook.db away and grade again"
        raise CourseError(f"lab {lab.name} cannot be put into the gradebook: {_reason(error)}{hint}") from error


# --- one lab, one submission ------------------------------------------------------------------------------------------


def _grade_lab(lab: Lab, students: list[str], *, force: bool, console: Any, execution: dict[str, Any]) -> list[Outcome]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from course_admin.settings import load_settings

    outcomes = []
    columns = [
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    ]
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress, _quiet():
        task = progress.add_task(f"{lab.name}: preparing", total=len(students))
        config = load_settings(lab.root)
        config.CourseExecute.update(execution)
        register(lab, config)
        given = _frame(lab, config)
        for student in students:
            progress.update(task, description=f"{lab.name}: {_plain(student)}")
            outcomes.append(grade_one(lab, student, config, given, force=force))
            progress.advance(task)
            if hidden:
                console.print(_line(outcomes[-1]), highlight=False, markup=False, soft_wrap=True)
    return outcomes


def grade_one(lab: Lab, student: str, config: Any, given: Any = None, *, force: bool = False) -> Outcome:
    """Grade one submission of a registered lab. Never raises for what is wrong with the submission.

    given: the lab's course_admin.repair.Frame, where it is at hand.
    """
    from nbgrader.converters import Autograde, GenerateFeedback

    from course_admin.late import set_time
    from course_admin.reader import has_points, mend
    from course_admin.repair import filled_in

    given = given or _frame(lab, config)
    taken = find_notebook(_folder(lab, student), lab.name, partial(filled_in, given))
    beside, too_large = files_beside(_folder(lab, student))
    taken.notes += too_large
    mended = mend(given, taken)
    notes, damage = mended.notes, mended.damage
    now = fingerprint(lab.root, lab.name, taken.path or Path(), beside)
    outcome = None if force else _kept(lab, student, config, (now, set(notes), damage))
    if outcome is None and damage and has_points(_coursedir(config, lab).db_url, lab.name, student):
        outcome = _stands(lab, student, config, [damage, *notes, EARLIER])
        if not _path(config, lab, student, "autograded_directory", ".ipynb").is_file():
            return outcome
    elif outcome is None:
        marked = _marked_by_hand(lab, student, config)
        with _staged(lab, student, taken, beside, config, notes, damage) as (coursedir, settings):
            error = _convert(Autograde, coursedir, settings)
        if error is not None:
            return _stands(lab, student, config, [_reason(error)])
        _keep_manual_marks(lab, student, config, marked, now)
        outcome = _outcome(lab, student, FAILED if damage else GRADED, config)
    late = set_time(_coursedir(config, lab).db_url, lab.name, student, _folder(lab, student))
    if late:
        outcome.findings.append(late)
    # Also for those that were kept: a person may have marked an answer since, or a date may have changed.
    error = _convert(GenerateFeedback, _coursedir(config, lab, student), config)
    if error is not None:
        outcome.findings.append(f"no feedback page: {_reason(error)}")
    else:
        outcome.page = _path(config, lab, student, "feedback_directory", ".html")
    return outcome


def _frame(lab: Lab, config: Any) -> Any:
    from course_admin.reader import lab_frame

    return lab_frame(lab.source, config)


def _folder(lab: Lab, student: str) -> Path:
    return lab.root / "submitted" / student / lab.name


@contextlib.contextmanager
def _staged(
    lab: Lab,
    student: str,
    taken: HandedIn,
    beside: Mapping[str, bytes],
    config: Any,
    notes: list[str],
    damage: str,
) -> Iterator[tuple[Any, Any]]:
    """A copy of a submission for nbgrader: its plain files, the notebook under the lab's name.

    Yields nbgrader's course directory with the copy in it, and settings that tell the reader what was found.
    """
    with tempfile.TemporaryDirectory(prefix="course-submitted-") as stage:
        coursedir = _coursedir(config, lab, student)
        coursedir.submitted_directory = stage
        into = Path(coursedir.format_path(stage, student, lab.name))
        into.mkdir(parents=True)
        for name, content in beside.items():
            copied = into / name
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(content)
        notebook = into / f"{lab.name}.ipynb"
        notebook.write_bytes(read_plain_file(taken.path)[0] if taken.path else b"")
        if taken.path:
            shutil.copystat(taken.path, notebook, follow_symlinks=False)
        settings = copy.deepcopy(config)
        settings.TolerantReader.notes = notes
        settings.TolerantReader.damage = damage
        yield coursedir, settings


def _stands(lab: Lab, student: str, config: Any, findings: list[str]) -> Outcome:
    """The outcome of a submission that could not be graded: what the gradebook holds stays, and that is said."""
    outcome = _outcome(lab, student, FAILED, config)
    if outcome.automatic and EARLIER not in findings:
        findings.append(EARLIER)
    outcome.findings = findings
    _amend(lab, student, config, lambda summary: summary.update(newer=findings))
    return outcome


def _kept(lab: Lab, student: str, config: Any, now: tuple[str, set[str], str]) -> Outcome | None:
    """The outcome of an earlier run, when nothing that the marks depend on has changed since."""
    summary = _summary(lab, student, config)
    then = (summary.get("fingerprint"), set(summary.get("notes", [])), summary.get("damage", ""))
    automatic = [score for _, score, _, _, automatic in _grades(lab, student, config) if automatic]
    if then != now or not automatic or None in automatic:
        return None
    if "newer" in summary:
        # What was damaged has been taken back.
        _amend(lab, student, config, lambda summary: summary.pop("newer"))
    return _outcome(lab, student, FAILED if then[2] else KEPT, config)


def _outcome(lab: Lab, student: str, state: str, config: Any) -> Outcome:
    grades = _grades(lab, student, config)
    summary = _summary(lab, student, config)
    return Outcome(
        lab.name,
        student,
        state,
        automatic=sum(score or 0.0 for _, score, _, _, automatic in grades if automatic),
        automatic_max=sum(out_of for _, _, out_of, _, automatic in grades if automatic),
        pending=sum(pending for _, _, _, pending, _ in grades),
        findings=[str(line) for line in summary.get("findings", [])],
        seconds=float(summary.get("seconds", 0.0)),
    )


def _grades(lab: Lab, student: str, config: Any) -> list[tuple[str, float | None, float, bool, bool]]:
    """(grade_id, automatic points or None, maximum, whether a person has to mark it, whether exams mark it)."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(_coursedir(config, lab).db_url) as gradebook:
        try:
            submission = gradebook.find_submission(lab.name, student)
        except MissingEntry:
            return []
        found = []
        for notebook in submission.notebooks:
            written = {cell.name for cell in notebook.notebook.solution_cells}
            for item in notebook.grades:
                automatic = item.cell_type == "code" and item.name not in written
                found.append((item.name, item.auto_score, item.max_score, item.needs_manual_grade, automatic))
        return found


def _summary(lab: Lab, student: str, config: Any) -> dict[str, Any]:
    """What the run left in the autograded notebook, {} where there is none."""
    path = _path(config, lab, student, "autograded_directory", ".ipynb")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["metadata"].get(KEY)
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _amend(lab: Lab, student: str, config: Any, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change what the run left in the autograded notebook, where there is one."""
    path = _path(config, lab, student, "autograded_directory", ".ipynb")
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        change(notebook["metadata"][KEY])
    except (OSError, ValueError, KeyError, TypeError):
        return
    beside = path.with_suffix(".tmp")
    beside.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    shutil.copymode(path, beside)
    beside.replace(path)


# --- what a person marked --------------------------------------------------------------------------------------------


def _marked_by_hand(lab: Lab, student: str, config: Any) -> dict[str, str]:
    """The answers that a person has marked, by grade_id: their text when they were marked, or, of what the exams mark,
    the fingerprint of the submission.
    """
    from nbgrader.api import Gradebook, MissingEntry

    texts, then = _answers(lab, student, config), _summary(lab, student, config).get("fingerprint", "")
    with Gradebook(_coursedir(config, lab).db_url) as gradebook:
        try:
            submission = gradebook.find_submission(lab.name, student)
        except MissingEntry:
            return {}
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
        marked = [grade.name for grade in grades if grade.manual_score is not None and not grade.needs_manual_grade]
    return {name: texts.get(name, then) for name in marked}


def _keep_manual_marks(lab: Lab, student: str, config: Any, marked: dict[str, str], now: str) -> None:
    """A person need not mark again what did not change; where it did, the mark stays too, and that is said.

    nbgrader keeps the marks and comments of persons, and asks for all of them to be looked at again.
    """
    from nbgrader.api import Gradebook

    texts = _answers(lab, student, config)
    same = [name for name, before in marked.items() if texts.get(name, now) == before]
    with Gradebook(_coursedir(config, lab).db_url) as gradebook:
        for name in same:
            gradebook.find_grade(name, lab.name, lab.name, student).needs_manual_grade = False
        gradebook.db.commit()
    changed = [name for name in marked if name not in same]
    if changed:
        line = f"changed since a person marked it, so to be looked at again: {', '.join(changed)}"
        _amend(lab, student, config, lambda summary: summary["findings"].append(line))


def _answers(lab: Lab, student: str, config: Any) -> dict[str, str]:
    """The student's answers in the autograded notebook by grade_id."""
    from course_admin.classroom import read_notebook, solution_cells

    path = _path(config, lab, student, "autograded_directory", ".ipynb")
    try:
        return {name: cell["source"] for name, cell in solution_cells(read_notebook(path)).items()}
    except (OSError, ValueError, KeyError):
        return {}


# --- nbgrader --------------------------------------------------------------------------------------------------------


def _coursedir(config: Any, lab: Lab, student: str | None = None) -> Any:
    from nbgrader.coursedir import CourseDirectory

    coursedir = CourseDirectory(config=config)
    coursedir.assignment_id = lab.name
    if student is not None:
        # nbgrader takes it for a pattern.
        coursedir.student_id = glob.escape(student)
    return coursedir


def _path(config: Any, lab: Lab, student: str, directory: str, suffix: str) -> Path:
    coursedir = _coursedir(config, lab)
    return Path(coursedir.format_path(getattr(coursedir, directory), student, lab.name), lab.name + suffix)


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
    """An exception from nbgrader's depths as one line for the person who grades."""
    import nbformat
    from nbgrader.nbgraderformat import SchemaTooNewError, SchemaTooOldError

    first = (str(error).strip().splitlines() or [""])[0][:200]
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


def _line(outcome: Outcome) -> str:
    points = f" {round(outcome.automatic, 2):g}/{outcome.automatic_max:g}" if outcome.automatic_max else ""
    findings = f" ({'; '.join(outcome.findings)})" if outcome.findings else ""
    return f"{outcome.lab} {outcome.student}: {outcome.state}{points}{findings}"


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
