"""Read CSV files in the formats that spreadsheets write."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from course_admin.course import CourseError

MAX_BYTES = 20 * 2**20


def read_table(path: Path) -> list[list[str]]:
    """Return the rows of a CSV file, with commas, semicolons or tabs, in any encoding that spreadsheets write.

    Raises CourseError if the file cannot be read, is too large or is not CSV.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise CourseError(f"{path} cannot be read ({error.strerror}): name a CSV file") from error
    if len(data) > MAX_BYTES:
        raise CourseError(f"{path} is larger than {MAX_BYTES >> 20} MB, so no list of students")
    return parse_table(decoded(data, path), path)


def decoded(data: bytes, path: Path) -> str:
    """Decode a CSV file from a spreadsheet. Raises CourseError if it is not text. path: for the message."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    elif b"\0" in data:
        raise CourseError(f"{path} is not CSV: save the list as CSV")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    # Excel's first line "sep=;" names the delimiter. It is not a row.
    return re.sub(r"\Asep=.\r?\n", "", text, flags=re.IGNORECASE)


def parse_table(text: str, path: Path) -> list[list[str]]:
    """Return the rows of CSV text without blank rows. Raises CourseError if it is not CSV."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text)))
    except csv.Error as error:
        raise CourseError(f"{path} is not CSV: {error}") from error
    return [row for row in rows if any(cell.strip() for cell in row)]


def delimiter_of(text: str) -> str:
    """Return the delimiter of columns: comma, semicolon or tab, whichever is most frequent in the first line."""
    first = text.lstrip("\ufeff\r\n").split("\n", 1)[0]
    return max(",;\t", key=first.count)
