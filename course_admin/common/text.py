"""Text that somebody else chose (a student, an LMS), made fit for the place where it is shown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"


def printable(text: str, *, keep: str = "\n", instead: str = UNPRINTABLE) -> str:
    """Text without control characters, and without those that reverse the direction of reading.

    keep: control characters that stay; instead: what the others become.
    """
    return "".join(char if char.isprintable() or char in keep else instead for char in text)


def in_unicode(name: str) -> str:
    """The name of a file; one whose bytes are not UTF-8, which Python gives as lone surrogates, as Windows text."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(name).decode("cp1252", "replace")
    return name


def one_line(value: Any, limit: int = 300) -> str:
    """The first `limit` characters of a string on one line; "" for anything that is not a string."""
    return printable(value[:limit], keep="", instead=" ") if isinstance(value, str) else ""


def last_line(text: str) -> str:
    """The last line of a traceback or of a program's output, "" when there is none; see `one_line`."""
    return one_line((text.strip().splitlines() or [""])[-1])


def display_name(path: Path | str) -> str:
    """A file name on one line; the middle of a long one is left out."""
    name = printable(path if isinstance(path, str) else path.as_posix(), keep="")
    return name if len(name) <= 100 else f"{name[:50]}…{name[-45:]}"


def rich_text(text: str) -> str:
    """Text for rich and a terminal: without markup and control characters."""
    from rich.markup import escape

    return escape(printable(text))


def spreadsheet_text(text: str) -> str:
    """Text for a cell of a spreadsheet: a ' stands before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
