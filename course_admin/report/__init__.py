"""`course report`: the marks in the gradebook as a table, an HTML page, CSV, or a file for Canvas or Moodle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course_admin.common.atomic import write_atomic
from course_admin.course import CourseError, UsageError
from course_admin.deadlines import deadlines
from course_admin.report.marks import Grade, Marks, gradebook_url, read_marks
from course_admin.report.table import as_csv, as_text, show
from course_admin.submissions.unknown_names import warning

FORMATS = ("table", "csv", "html", "canvas", "moodle")

__all__ = ["FORMATS", "Grade", "Marks", "as_csv", "gradebook_url", "read_marks", "report", "show"]


def report(
    root: Path,
    labs: Sequence[str] = (),
    *,
    format: str = "table",
    out: Path | None = None,
    like: Path | None = None,
    column: str | None = None,
    scale: bool = False,
    roster: Path | None = None,
    console: Any = None,
) -> None:
    """Show the marks of labs (default: all in the gradebook), or write them to a file.

    format:
    - "table": per student and exercise, totals and means;
    - "csv": one line per student and lab. Columns: lab, student, total, out_of, to_mark (number of answers that need
      manual grading), penalty (points deducted for lateness, already subtracted from total), late_seconds, and one per
      exercise, empty if the exercise has no mark. A name that a spreadsheet would read as a formula is prefixed by ';
    - "html": one page with figures, by default report.html in the root;
    - "canvas", "moodle": one lab in a file that the LMS can import, made from a file that the LMS exported, see
      course_admin.report.lms. like: the exported file; column: the header of the lab's column in it, if the lab's name
      does not identify the column; scale: scale the points if the LMS has a different maximum.
    roster: the class list (default: roster.csv in the root, if it exists).
    Raises UsageError for an unknown format, and if `like` is missing or does not belong to the format. Raises
    CourseError for a missing gradebook, an unknown lab and a file that cannot be written.
    """
    if format not in FORMATS:
        raise UsageError(f"no report in the format {format!r}: choose one of {', '.join(FORMATS)}")
    if format in ("canvas", "moodle"):
        if len(labs) != 1 or like is None:
            raise UsageError(
                f"--format {format} takes one lab and a file that the LMS wrote: course report LAB --like FILE"
            )
        if out is not None and Path(out).resolve() == Path(like).resolve():
            raise UsageError("--out would overwrite the file of the LMS: name another one")
    elif like is not None or column is not None or scale:
        raise UsageError("--like, --column and --scale go with --format canvas or moodle")
    elif roster is not None and format != "html":
        raise UsageError("--roster goes with --format html, canvas or moodle")
    from rich.console import Console

    from course_admin.settings import load_settings

    console = console or Console()
    found = read_marks(root, labs)
    misspelt = warning(deadlines(load_settings(root)))
    if misspelt:
        Console(stderr=True).print(misspelt, highlight=False, markup=False, soft_wrap=True)
    if format == "table" and out is None:
        show(found, console)
    elif format == "table":
        _write(Path(out), as_text(found))
    elif format == "csv":
        _put(as_csv(found), out)
    elif format == "html":
        from course_admin.report.page import as_page
        from course_admin.submissions.roster import find_roster

        out = Path(out) if out else Path(root) / "report.html"
        _write(out, as_page(root, found, roster=find_roster(root, roster)))
        console.print(f"written  {out}", highlight=False, soft_wrap=True)
    else:
        from course_admin.report.lms import for_lms
        from course_admin.submissions.roster import find_roster

        known = find_roster(root, roster)
        text, notes = for_lms(format, found[labs[0]], Path(like), roster=known, column=column, scale=scale)
        _put(text, out)
        target = Console(stderr=True) if out is None else console
        for line in notes:
            target.print(line, highlight=False, markup=False, soft_wrap=True)


def _put(text: str, out: Path | None) -> None:
    if out is None:
        print(text, end="")
    else:
        _write(Path(out), text)


def _write(path: Path, text: str) -> None:
    """Write a file atomically, so that an older one is not lost on a full disk."""
    try:
        if path.exists() and not path.is_file():  # /dev/stdout
            path.write_text(text, encoding="utf-8", newline="")
            return
        write_atomic(path.resolve(), text)  # resolved, so that a symbolic link stays a link
    except OSError as error:
        raise CourseError(
            f"cannot write {path} ({error.strerror}): name another file after --out, in a folder that is there"
        ) from error
