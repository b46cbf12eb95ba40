"""The report as one HTML page: compute the values that templates/report.html.j2 shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

from course_admin.common.templates import templates_beside
from course_admin.deadlines import in_words
from course_admin.report import figures
from course_admin.report.marks import Marks, RunNotes, read_runs
from course_admin.report.statistics import ENOUGH, Exercise, blank, diagnoses, exercises
from course_admin.report.table import number, points_of
from course_admin.submissions.roster import Roster, by_name
from course_utils.plotting.style import PALETTE
from course_utils.sentences import STUB


def as_page(root: Path, found: Mapping[str, Sequence[Marks]], *, roster: Roster | None = None) -> str:
    """Return the HTML page for the marks of labs. roster: the class list, for names and for missing students."""
    from course_admin.settings import load_settings

    config = load_settings(root)
    environment = templates_beside(__file__)
    environment.filters["decimals"] = lambda value: "–" if value is None else f"{value:.2f}"
    labs = [_lab(lab, rows, read_runs(root, lab, config), roster) for lab, rows in found.items()]
    return environment.get_template("report.html.j2").render(labs=labs, palette=PALETTE, enough=ENOUGH)


def _lab(lab: str, rows: Sequence[Marks], runs: Mapping[str, RunNotes], roster: Roster | None) -> dict[str, Any]:
    if not rows:
        return {"name": lab, "students": []}
    present = {row.student for row in rows}
    runs = {student: run for student, run in runs.items() if student in present}
    items = exercises(rows)
    absent = [student for student in roster.students if student.id not in present] if roster else []
    return {
        "name": lab,
        "out_of": f"{rows[0].out_of:g}",
        "key_figures": _key_figures(rows, runs, None if roster is None else len(absent)),
        "missing": [student.display_name for student in by_name(absent)],
        "pictures": _pictures(rows, items, runs),
        "exercises": items,
        "blank": blank(runs, STUB),
        "diagnoses": diagnoses(runs, leave_out=STUB),
        "any_late": any(row.late for row in rows),
        "students": [_student(row, items, runs.get(row.student, RunNotes()), roster) for row in rows],
    }


def _key_figures(rows: Sequence[Marks], runs: Mapping[str, RunNotes], missing: int | None) -> list[tuple[str, str]]:
    # An answer that is not marked yet would count as 0.
    totals = [row.total for row in rows if row.complete]
    found = [
        ("students with marks", str(len(rows))),
        ("all answers marked", str(len(totals))),
        (f"mean of {rows[0].out_of:g}", number(mean(totals)) if totals else "–"),
        ("median", number(median(totals)) if totals else "–"),
        ("lowest, highest", f"{number(min(totals))}, {number(max(totals))}" if totals else "–"),
        ("answers to mark", str(sum(row.pending for row in rows))),
        ("handed in late", str(sum(row.late > 0 for row in rows))),
        ("with findings", str(sum(bool(run.findings) for run in runs.values()))),
    ]
    return found if missing is None else [*found, ("missing", str(missing))]


def _pictures(
    rows: Sequence[Marks], items: Sequence[Exercise], runs: Mapping[str, RunNotes]
) -> list[tuple[str, figures.Picture]]:
    seconds = [run.seconds for run in runs.values() if run.seconds is not None]
    complete = [row for row in rows if row.complete]
    pictures = [
        ("Marks, penalties taken off", figures.marks(complete) if complete else None),
        ("Success, exercise by exercise", figures.success(items) if items else None),
        ("Difficulty and discrimination", figures.difficulty(items)),
        ("Run times", figures.seconds(seconds) if seconds else None),
    ]
    return [(title, picture) for title, picture in pictures if picture is not None]


def _student(row: Marks, items: Sequence[Exercise], run: RunNotes, roster: Roster | None) -> dict[str, Any]:
    """Return one line of the table of students."""
    listed = roster.of(row.student) if roster else None
    named = listed and listed.display_name != row.student
    grades = [row.grades.get(item.name) for item in items]
    return {
        "name": f"{listed.display_name} ({row.student})" if named else row.student,
        "points": [points_of(grade) if grade else "" for grade in grades],
        "late": in_words(row.late) if row.late else "",
        "penalty": number(row.penalty) if row.penalty else "",
        "total": number(row.total),
        "pending": row.pending,
        "seconds": "" if run.seconds is None else f"{run.seconds:.1f} s",
        "findings": run.findings,
    }
