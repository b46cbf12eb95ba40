"""Read the marks of a class from nbgrader's gradebook, and the notes on each run from the autograded notebooks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from course_admin.common.graded_cells import CHECK, KEY
from course_admin.course import CourseError


class Grade(NamedTuple):
    """The mark of one exercise of one submission.

    points: the points that count now (a manual mark overrides the automatic one); automatic: the exercise is graded
    automatically; pending: it still needs manual grading; known: it has a mark, manual or automatic.
    """

    points: float
    out_of: float
    automatic: bool
    pending: bool
    known: bool

    @property
    def marked(self) -> bool:
        return self.known and not self.pending


class Marks(NamedTuple):
    """One submission in the gradebook.

    grades: by the exercise's name, in the notebook's order; penalty: points deducted for lateness (nbgrader's
    late_submission_penalty); late: lateness in seconds, 0.0 if on time or if the time is not known.
    """

    lab: str
    student: str
    grades: dict[str, Grade]
    penalty: float = 0.0
    late: float = 0.0

    @property
    def points(self) -> float:
        """The sum of the exercises' points, nbgrader's `score`."""
        return sum(grade.points for grade in self.grades.values())

    @property
    def total(self) -> float:
        """The mark that counts: the points minus the penalty."""
        return self.points - self.penalty

    @property
    def out_of(self) -> float:
        return sum(grade.out_of for grade in self.grades.values())

    @property
    def complete(self) -> bool:
        """True if all exercises are marked. If not, an answer without a mark counts as 0 in the total."""
        return all(grade.marked for grade in self.grades.values())

    @property
    def pending(self) -> int:
        """The number of exercises that still need manual grading."""
        return sum(grade.pending for grade in self.grades.values())


@dataclass
class RunNotes:
    """Notes on the run of one submission, see course_admin.grading.run_result.Run.summary.

    verdicts: by exercise, (passed, message) of each aspect; seconds: the run time, None if it is not known.
    """

    findings: list[str] = field(default_factory=list)
    verdicts: dict[str, list[tuple[bool, str]]] = field(default_factory=dict)
    seconds: float | None = None


def read_marks(root: Path, labs: Sequence[str] = ()) -> dict[str, list[Marks]]:
    """Return the marks in a course's gradebook by lab, students in alphabetical order.

    Late penalties are updated first, in the gradebook as well. Raises CourseError.
    """
    from nbgrader.api import Gradebook

    from course_admin.grading.late_penalty import update_penalties
    from course_admin.settings import load_settings

    config = load_settings(root)
    url = gradebook_url(root, config)
    path = url.removeprefix("sqlite:///")
    if url.startswith("sqlite") and not Path(path).is_file():
        raise CourseError(f"there is no gradebook yet ({path}): `course grade LAB` makes it")
    try:
        with Gradebook(url) as gradebook:
            known = {assignment.name for assignment in gradebook.assignments}
            unknown = [name for name in labs if name not in known]
            if unknown:
                there = ", ".join(sorted(known)) or "no lab"
                raise CourseError(f"the gradebook has no marks of {', '.join(unknown)} (there: {there})")
            found = {}
            for name in dict.fromkeys(labs or sorted(known)):
                update_penalties(gradebook, name, config)
                found[name] = _marks_of(root, gradebook.find_assignment(name))
            return found
    except CourseError:
        raise
    except Exception as error:  # errors of SQLAlchemy and of the databases have no common base class
        reason = (str(getattr(error, "orig", None) or error).strip().splitlines() or [type(error).__name__])[0]
        hint = "`course grade` makes one; move a damaged file away first, or take it from a backup"
        if "locked" in reason:
            hint = "another program holds it: close that, or wait for it, and run the same command again"
        elif "readonly" in reason:
            hint = "the penalties of today are to be written into it: make the file writable, or report on a copy"
        elif not url.startswith("sqlite"):
            hint = "is the server running, and is c.CourseDirectory.db_url its address?"
        raise CourseError(f"the gradebook {without_password(url)} cannot be read: {reason}. {hint}") from error


def gradebook_url(root: Path, config: Any = None) -> str:
    """Return the address of a course's gradebook: c.CourseDirectory.db_url, by default gradebook.db in the root."""
    from nbgrader.coursedir import CourseDirectory

    from course_admin.settings import load_settings

    return CourseDirectory(config=config or load_settings(root)).db_url


def without_password(url: str) -> str:
    """Return a gradebook's address for display: the path of a file, or a server's address without the password."""
    from sqlalchemy.engine import make_url

    if url.startswith("sqlite:///"):
        return url.removeprefix("sqlite:///")
    try:
        return make_url(url).render_as_string(hide_password=True)
    except Exception:  # not a valid address
        return "at the address in c.CourseDirectory.db_url"


def read_runs(root: Path, lab: str, config: Any = None) -> dict[str, RunNotes]:
    """Return the notes on a lab's runs in autograded/, by student. Notebooks that cannot be read are skipped."""
    from nbgrader.coursedir import CourseDirectory

    from course_admin.settings import load_settings

    coursedir = CourseDirectory(config=config or load_settings(root))
    folder = Path(coursedir.format_path(coursedir.autograded_directory, "STUDENT", lab)).parent.parent
    found = {}
    for path in sorted(folder.glob(f"*/{lab}/{lab}.ipynb")):
        try:
            about = json.loads(path.read_text(encoding="utf-8"))["metadata"][KEY]
            found[path.parent.parent.name] = _run_notes(about)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return found


def _run_notes(about: dict[str, Any]) -> RunNotes:
    late = [about["late"]] if about.get("late") else []
    findings = [str(line) for line in (*about.get("newer", []), *late, *about.get("findings", []))]
    verdicts = {
        str(name): [(bool(passed), str(message)) for passed, message, *_ in rows]
        for name, rows in about.get("verdicts", {}).items()
    }
    seconds = about.get("seconds")
    return RunNotes(findings, verdicts, None if seconds is None else float(seconds))


def _marks_of(root: Path, assignment: Any) -> list[Marks]:
    order = _order(root, assignment.name)
    written = {cell.name for notebook in assignment.notebooks for cell in notebook.solution_cells}
    found = []
    for submission in assignment.submissions:
        grades = {}
        for grade in sorted(_grades(submission), key=lambda grade: (order.get(grade.name, len(order)), grade.name)):
            automatic = grade.cell_type == "code" and grade.name not in written
            known = grade.manual_score is not None or grade.auto_score is not None
            grades[grade.name.removeprefix(CHECK)] = Grade(
                float(grade.score), float(grade.max_score), automatic, bool(grade.needs_manual_grade), known
            )
        penalty = sum(notebook.late_submission_penalty or 0.0 for notebook in submission.notebooks)
        late = float(submission.total_seconds_late)
        found.append(Marks(assignment.name, submission.student.id, grades, float(penalty), late))
    return sorted(found, key=lambda marks: marks.student)


def _order(root: Path, lab: str) -> dict[str, int]:
    # A gradebook does not keep the order of the cells.
    try:
        notebook = json.loads((Path(root) / "source" / lab / f"{lab}.ipynb").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    names = [cell["metadata"].get("nbgrader", {}).get("grade_id", "") for cell in notebook["cells"]]
    return {name: position for position, name in enumerate(names)}


def _grades(submission: Any) -> list[Any]:
    return [grade for notebook in submission.notebooks for grade in notebook.grades]
