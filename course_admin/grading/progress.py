"""Show the progress of grading: how many submissions are done, running and waiting, findings, time left."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from course_admin.common.text import rich_text
from course_admin.grading.pool import Task


class ProgressTable:
    """A live table, used in a `with` block. Without a terminal it shows nothing."""

    def __init__(self, title: str, count: int, console: Any) -> None:
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self.title, self.count, self.finished, self.findings = title, count, 0, 0
        self._running: list[Task] = []
        self._began = time.monotonic()
        columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
        self._bar = Progress(*columns, console=console)
        self._task = self._bar.add_task(rich_text(title), total=count)
        self._live = Live(self, console=console, transient=True, refresh_per_second=4) if console.is_terminal else None

    def __enter__(self) -> ProgressTable:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def tick(self, running: list[Task]) -> None:
        """Store the running tasks. The caller calls this several times a second."""
        self._running = running

    def done(self, findings: Sequence[str]) -> None:
        """Count one more finished submission and its findings."""
        self.finished += 1
        self.findings += len(findings)
        self._bar.update(self._task, completed=self.finished)

    def left(self) -> float | None:
        """Return the estimated remaining time in seconds, or None before the first submission is done."""
        if not self.finished:
            return None
        return (time.monotonic() - self._began) / self.finished * (self.count - self.finished)

    def __rich__(self) -> Any:
        from rich import box
        from rich.console import Group
        from rich.table import Table

        graded = [task for task in self._running if task.key[0] != "page"]
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for head in ("done", "running", "waiting", "pages", "findings", "time left"):
            table.add_column(head, justify="right")
        left = self.left()
        table.add_row(
            str(self.finished),
            str(len(graded)),
            str(max(0, self.count - self.finished - len(graded))),
            str(len(self._running) - len(graded)),
            str(self.findings or "none"),
            "?" if left is None else f"{int(left) // 60}:{int(left) % 60:02} min",
        )
        now = time.monotonic()
        names = [f"{rich_text(_name(task))} {now - task.since:.0f} s" for task in graded[:8]]
        more = f" and {len(graded) - 8} more" if len(graded) > 8 else ""
        return Group(self._bar, table, *(["running: " + ", ".join(names) + more] if names else []))


def _name(task: Task) -> str:
    about = task.key[1]
    return about if isinstance(about, str) else about.student
