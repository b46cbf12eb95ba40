"""`course rubric`: the points of each exercise of a lab, aspect by aspect, as its exam declares them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from course_admin.common.templates import templates_beside
from course_admin.course import CourseError, Lab

FORMATS = ("table", "markdown", "html")


class Row(NamedTuple):
    """One line of a rubric. worth: "1.5 points" for an aspect, "minus 20 %" for a deduction; right: what is correct."""

    worth: str
    right: str


class ExerciseRubric(NamedTuple):
    """One exercise: its name, its points and its rubric. Without a declared rubric, one aspect says so."""

    name: str
    points: float
    aspects: list[Row]
    deductions: list[Row]


def rubrics(root: Path, lab: str) -> list[ExerciseRubric]:
    """Return the rubrics of a lab's automatically graded exercises, in the order of the notebook.

    Raises CourseError for a lab that does not exist or is not built.
    """
    from course_admin.grading.exams import load_exams, points_of

    found = Lab(root, lab)
    if not found.source.is_file():
        raise CourseError(f"lab {lab} is not built: run `course build {lab}` first")
    exams = load_exams(root, lab)
    return [_rubric(name, points, exams[name].rubric) for name, points in points_of(root, lab).items() if name in exams]


def as_text(root: Path, lab: str, form: str) -> str:
    """Return the rubrics as Markdown (form "markdown") or as one HTML page (form "html")."""
    found = rubrics(root, lab)
    if form == "html":
        environment = templates_beside(__file__)
        return environment.get_template("rubric.html.j2").render(lab=lab, exercises=found)
    lines = [f"# Rubric of {lab}", ""]
    for item in found:
        lines += [f"## {item.name} ({item.points:g} points)", "", "| worth | what is right |", "|---|---|"]
        lines += [f"| {row.worth} | {row.right} |" for row in (*item.aspects, *item.deductions)]
        lines.append("")
    return "\n".join(lines)


def show(root: Path, lab: str, console: Any) -> None:
    """Print the rubrics as tables."""
    from rich.markup import escape
    from rich.table import Table

    for item in rubrics(root, lab):
        table = Table(title=f"{item.name} · {item.points:g} points", title_justify="left", title_style="bold")
        table.add_column("worth", justify="right", no_wrap=True)
        table.add_column("what is right")
        for row in item.aspects:
            table.add_row(row.worth, escape(row.right))
        for row in item.deductions:
            table.add_row(row.worth, f"[dim]unless:[/] {escape(row.right)}")
        console.print(table)
        console.print()


def _points(value: float) -> str:
    number = f"{round(value, 2):g}"
    return f"{number} point{'' if number == '1' else 's'}"


def _rubric(name: str, points: float, rubric: Any) -> ExerciseRubric:
    if rubric is None:
        return ExerciseRubric(name, points, [Row(f"{points:g} points", "its exam declares no rubric")], [])
    total = sum(line.size for line in rubric.aspects)
    aspects = [Row(_points(points * line.size / total), line.right) for line in rubric.aspects]
    deductions = [Row(f"minus {100 * line.size:.0f} %", line.right) for line in rubric.deductions]
    return ExerciseRubric(name, points, aspects, deductions)
