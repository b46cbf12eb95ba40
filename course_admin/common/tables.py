"""CSV files as spreadsheets write them."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from course_admin.course import CourseError

MAX_BYTES = 20 * 2**20


def read_table(path: Path) -> list[list[str]]:
    """The rows of a CSV file, with commas, semicolons or tabs, in any encoding that spreadsheets write.

    Raises CourseError.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise CourseError(f"{path} cannot be read ({error.strerror}): name a CSV file") from error
    if len(data) > MAX_BYTES:
        raise CourseError(f"{path} is larger than {MAX_BYTES >> 20} MB, so no list of students")
    return parse_table(decoded(data, path), path)


def decoded(data: bytes, path: Path) -> str:
    """The text of a CSV file as spreadsheets write it. Raises CourseError for what is no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    elif b"\0" in data:
        raise CourseError(f"{path} is not CSV: save the list as CSV")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    # A line for Excel, which says what parts the columns.
    return re.sub(r"\Asep=.\r?\n", "", text, flags=re.IGNORECASE)


def parse_table(text: str, path: Path) -> list[list[str]]:
    """The rows of CSV text, blank ones left out. Raises CourseError."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text)))
    except csv.Error as error:
        raise CourseError(f"{path} is not CSV: {error}") from error
    return [row for row in rows if any(cell.strip() for cell in row)]


def delimiter_of(text: str) -> str:
    """What parts the columns: the one of comma, semicolon and tab that the first line has most of."""
    first = text.lstrip("\ufeff\r\n").split("\n", 1)[0]
    return max(",;\t", key=first.count)
