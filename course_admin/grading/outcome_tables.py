"""Tables at the end of a command: the outcomes of a lab, and the points before and after a re-mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from course_admin.common.text import rich_text
from course_admin.grading.store import KEPT, Outcome


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as plain JSON values."""
    return asdict(outcome) | {"page": str(outcome.page) if outcome.page else None}


def show(outcomes: Sequence[Outcome], console: Any) -> None:
    """Print a table for each lab: student, automatic points, answers that a person has to mark, findings."""
    for lab in dict.fromkeys(outcome.lab for outcome in outcomes):
        rows = [outcome for outcome in outcomes if outcome.lab == lab]
        table = _table(lab, ("student", "fold"), ("automatic", "right"), ("to mark", "right"), ("findings", "fold"))
        for row in rows:
            points = f"{round(row.automatic, 2):g}/{row.automatic_max:g}" if row.automatic_max else "-"
            findings = [*row.findings, *(["unchanged, kept"] if row.state == KEPT else [])]
            table.add_row(rich_text(row.student), points, str(row.pending or ""), rich_text("\n".join(findings)))
        console.print(table)
        kept = sum(row.state == KEPT for row in rows)
        if kept:
            console.print(f"{kept} of {len(rows)} kept as they were; --force grades them again", highlight=False)


def show_changes(title: str, changes: dict[str, tuple[float, float] | str], console: Any) -> None:
    """Print a table of the students whose points changed, and of those who could not be re-marked, with the reason.

    changes: by student, (points before, points now), or the reason.
    """
    table = _table(f"{title}, re-marked", ("student", "fold"), ("before", "right"), ("now", "right"), ("", "fold"))
    for student, change in sorted(changes.items()):
        if isinstance(change, str):
            table.add_row(rich_text(student), "", "", rich_text(change))
        elif change[0] != change[1]:
            table.add_row(rich_text(student), *(f"{round(points, 2):g}" for points in change), "")
    same = sum(not isinstance(change, str) and change[0] == change[1] for change in changes.values())
    if table.row_count:
        console.print(table)
    console.print(f"{same} of {len(changes)} as before", highlight=False)


def _table(title: str, *columns: tuple[str, str]) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_style="bold", title_justify="left", box=box.SIMPLE_HEAD)
    for head, kind in columns:
        table.add_column(head, **({"overflow": "fold"} if kind == "fold" else {"justify": "right"}))
    return table
