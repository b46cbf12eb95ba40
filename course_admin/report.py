"""`course report`: the marks in the gradebook, as a table for people or as CSV for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from course_admin.course import CourseError
from course_admin.submission import CHECK

FORMATS = ("table", "csv")


class Grade(NamedTuple):
    """One exercise of one submission.

    points: what counts now (a person's mark before the machine's); automatic: whether the machine marks this exercise;
    pending: whether a person still has to; known: whether anybody has marked it.
    """

    points: float
    out_of: float
    automatic: bool
    pending: bool
    known: bool


class Marks(NamedTuple):
    """One submission in the gradebook. grades: by the exercise's name, in the notebook's order."""

    lab: str
    student: str
    grades: dict[str, Grade]

    @property
    def points(self) -> float:
        return sum(grade.points for grade in self.grades.values())

    @property
    def out_of(self) -> float:
        return sum(grade.out_of for grade in self.grades.values())

    @property
    def pending(self) -> int:
        """How many written answers wait for a person."""
        return sum(grade.pending for grade in self.grades.values())


def report(
    root: Path, labs: Sequence[str] = (), *, format: str = "table", out: Path | None = None, console: Any = None
) -> None:
    """Show the marks of labs (default: all in the gradebook), or write them to a file.

    format: "table": per student and exercise, totals and means; "csv": a line per student and lab with the columns lab,
    student, total, out_of, to_mark (answers that wait for a person) and one per exercise, empty where there is no mark.
    Raises CourseError for another format, a missing gradebook, an unknown lab and a file that cannot be written.
    """
    if format not in FORMATS:
        raise CourseError(f"no report in the format {format!r}: choose one of {', '.join(FORMATS)}")
    found = read_marks(root, labs)
    text = as_csv(found) if format == "csv" else None
    if out is None and text is not None:
        print(text, end="")
    elif out is None:
        from rich.console import Console

        show(found, console or Console())
    else:
        _write(Path(out), text if text is not None else _plain(found))


def read_marks(root: Path, labs: Sequence[str] = ()) -> dict[str, list[Marks]]:
    """The marks in a course's gradebook by lab, students in alphabetical order. Raises CourseError."""
    from nbgrader.api import Gradebook

    url = gradebook_url(root)
    path = url.removeprefix("sqlite:///")
    if url.startswith("sqlite") and not Path(path).is_file():
        raise CourseError(f"there is no gradebook yet ({path}): `course grade LAB` makes it")
    try:
        with Gradebook(url) as gradebook:
            known = {assignment.name: assignment for assignment in gradebook.assignments}
            unknown = [name for name in labs if name not in known]
            if unknown:
                there = ", ".join(sorted(known)) or "no lab"
                raise CourseError(f"the gradebook has no marks of {', '.join(unknown)} (there: {there})")
            return {name: _marks_of(root, known[name]) for name in dict.fromkeys(labs or sorted(known))}
    except CourseError:
        raise
    except Exception as error:  # SQLAlchemy's and the databases' own, which have no common base
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise CourseError(f"the gradebook {path} cannot be read: {reason}") from error


def gradebook_url(root: Path) -> str:
    """The address of a course's gradebook: c.CourseDirectory.db_url, by default gradebook.db in the root."""
    from nbgrader.coursedir import CourseDirectory

    from course_admin.settings import load_settings

    return CourseDirectory(config=load_settings(root)).db_url


def as_csv(found: dict[str, list[Marks]]) -> str:
    """Marks as CSV, see `report`."""
    rows = [marks for lab in found.values() for marks in lab]
    exercises = list(dict.fromkeys(name for marks in rows for name in marks.grades))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["lab", "student", "total", "out_of", "to_mark", *exercises])
    for marks in rows:
        points = {name: f"{grade.points:g}" if grade.known else "" for name, grade in marks.grades.items()}
        totals = [f"{marks.points:g}", f"{marks.out_of:g}", marks.pending]
        writer.writerow([marks.lab, marks.student, *totals, *(points.get(name, "") for name in exercises)])
    return text.getvalue()


def show(found: dict[str, list[Marks]], console: Any) -> None:
    """Print one table for each lab."""
    for lab, rows in found.items():
        if rows:
            _show_lab(lab, rows, console)
        else:
            console.print(f"{lab}: no marks yet; `course grade {lab}` makes them", highlight=False)


def _show_lab(lab: str, rows: list[Marks], console: Any) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    exercises = {name: grade.out_of for name, grade in rows[0].grades.items()}
    heads = [f"{name} /{out_of:g}" for name, out_of in exercises.items()]
    # Names above the columns where they fit, else numbers, and the names below the table.
    numbered = sum(len(head) + 2 for head in heads) + max(len(row.student) for row in rows) + 24 > console.width
    if numbered:
        heads = [str(i) for i in range(1, len(exercises) + 1)]
    table = Table(title=lab, title_style="bold", title_justify="left", show_footer=True, box=box.SIMPLE_HEAD)
    table.padding, table.pad_edge = (0, 1, 0, 0), False
    table.add_column("student", "mean", no_wrap=True)
    for name, head in zip(exercises, heads, strict=True):
        table.add_column(head, _number(mean(row.grades[name].points for row in rows)), justify="right", no_wrap=True)
    total = _number(mean(row.points for row in rows))
    table.add_column(f"total /{rows[0].out_of:g}", total, justify="right", no_wrap=True)
    table.add_column("to mark", justify="right", no_wrap=True)
    for row in rows:
        points = [_points(grade) for grade in row.grades.values()]
        table.add_row(escape(row.student), *points, f"[bold]{_number(row.points)}[/]", str(row.pending or ""))
    console.print(table)
    if numbered:
        legend = "  ".join(f"{i} {name} /{out_of:g}" for i, (name, out_of) in enumerate(exercises.items(), 1))
        console.print(f"[dim]{legend}[/]", highlight=False)


def _points(grade: Grade) -> str:
    return "?" if grade.pending and not grade.known else _number(grade.points)


def _number(value: float) -> str:
    return f"{round(value, 2):g}"


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
        found.append(Marks(assignment.name, submission.student.id, grades))
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


def _plain(found: dict[str, list[Marks]]) -> str:
    from rich.console import Console

    text = io.StringIO()
    show(found, Console(file=text, width=120))
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise CourseError(
            f"cannot write {path} ({error.strerror}): name another file after --out, in a folder that is there"
        ) from error
