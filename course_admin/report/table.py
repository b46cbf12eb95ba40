"""Format marks as a table for the terminal and as CSV for programs."""

from __future__ import annotations

import csv
import io
from statistics import mean
from typing import Any

from course_admin.common.text import spreadsheet_text
from course_admin.deadlines import in_words
from course_admin.report.marks import Grade, Marks


def as_csv(found: dict[str, list[Marks]]) -> str:
    """Return the marks as CSV, see course_admin.report.report."""
    rows = [marks for lab in found.values() for marks in lab]
    exercises = list(dict.fromkeys(name for marks in rows for name in marks.grades))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["lab", "student", "total", "out_of", "to_mark", "penalty", "late_seconds", *exercises])
    for marks in rows:
        points = {name: f"{grade.points:g}" if grade.known else "" for name, grade in marks.grades.items()}
        totals = [number(marks.total), f"{marks.out_of:g}", marks.pending, number(marks.penalty), f"{marks.late:.0f}"]
        by_exercise = [points.get(name, "") for name in exercises]
        writer.writerow([marks.lab, spreadsheet_text(marks.student), *totals, *by_exercise])
    return text.getvalue()


def as_text(found: dict[str, list[Marks]]) -> str:
    """Return the tables as plain text, 120 characters wide."""
    from rich.console import Console

    text = io.StringIO()
    show(found, Console(file=text, width=120))
    return text.getvalue()


def show(found: dict[str, list[Marks]], console: Any) -> None:
    """Print one table for each lab."""
    for lab, rows in found.items():
        if rows:
            _show_lab(lab, rows, console)
        else:
            console.print(f"{lab}: no marks yet; `course grade {lab}` makes them", highlight=False)


def number(value: float) -> str:
    """Format points with at most two decimals and without trailing zeros."""
    return f"{round(value, 2):g}"


def points_of(grade: Grade) -> str:
    """Format an exercise's points; "?" if it needs manual grading and has no mark yet."""
    return "?" if grade.pending and not grade.known else number(grade.points)


def _show_lab(lab: str, rows: list[Marks], console: Any) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    exercises = {name: grade.out_of for name, grade in rows[0].grades.items()}
    late = any(row.late for row in rows)
    heads = [f"{name} /{out_of:g}" for name, out_of in exercises.items()]
    # Column heads are the exercises' names if they fit, else numbers, with the names below the table.
    room = max(len(row.student) for row in rows) + 24 + 22 * late
    numbered = sum(len(head) + 2 for head in heads) + room > console.width
    if numbered:
        heads = [str(i) for i in range(1, len(exercises) + 1)]
    table = Table(title=lab, title_style="bold", title_justify="left", show_footer=True, box=box.SIMPLE_HEAD)
    table.padding, table.pad_edge = (0, 1, 0, 0), False
    table.add_column("student", "mean", no_wrap=True)
    for name, head in zip(exercises, heads, strict=True):
        # An answer that is not marked yet would count as wrong.
        marked = [row.grades[name].points for row in rows if row.grades[name].marked]
        table.add_column(head, number(mean(marked)) if marked else "?", justify="right", no_wrap=True)
    if late:
        table.add_column("late", justify="right", no_wrap=True)
    complete = [row.total for row in rows if row.complete]
    total = number(mean(complete)) if complete else "?"
    table.add_column(f"total /{rows[0].out_of:g}", total, justify="right", no_wrap=True)
    table.add_column("to mark", justify="right", no_wrap=True)
    for row in rows:
        points = [points_of(grade) for grade in row.grades.values()]
        if late:
            lost = f": -{number(row.penalty)}" if row.penalty else ""
            points.append(f"{in_words(row.late)}{lost}" if row.late else "")
        table.add_row(escape(row.student), *points, f"[bold]{number(row.total)}[/]", str(row.pending or ""))
    console.print(table)
    if len(complete) < len(rows):
        console.print(f"[dim]mean total: of the {len(complete)} of {len(rows)} students with all answers marked[/]")
    if numbered:
        legend = "  ".join(f"{i} {name} /{out_of:g}" for i, (name, out_of) in enumerate(exercises.items(), 1))
        console.print(f"[dim]{legend}[/]", highlight=False)
