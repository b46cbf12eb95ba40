"""Make untrusted text (from a student or an LMS) safe for the place where it is shown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"


def printable(text: str, *, keep: str = "\n", instead: str = UNPRINTABLE) -> str:
    """Return text without control characters and without characters that reverse the reading direction.

    keep: control characters that stay; instead: the replacement for all others.
    """
    return "".join(char if char.isprintable() or char in keep else instead for char in text)


def in_unicode(name: str) -> str:
    """Return a file name as valid Unicode. If its bytes are not UTF-8, decode them as cp1252 (Windows).

    Python represents such bytes as lone surrogates.
    """
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(name).decode("cp1252", "replace")
    return name


def one_line(value: Any, limit: int = 300) -> str:
    """Return the first `limit` characters of a string on one line, "" for anything that is not a string."""
    return printable(value[:limit], keep="", instead=" ") if isinstance(value, str) else ""


def last_line(text: str) -> str:
    """Return the last line of a traceback or of a program's output, "" if it is empty; see `one_line`."""
    return one_line((text.strip().splitlines() or [""])[-1])


def display_name(path: Path | str) -> str:
    """Return a file name on one line. The middle of a long name is left out."""
    name = printable(path if isinstance(path, str) else path.as_posix(), keep="")
    return name if len(name) <= 100 else f"{name[:50]}…{name[-45:]}"


def rich_text(text: str) -> str:
    """Return text for rich and a terminal: markup is escaped, control characters are replaced."""
    from rich.markup import escape

    return escape(printable(text))


def spreadsheet_text(text: str) -> str:
    """Return text for a spreadsheet cell: it starts with ' if a spreadsheet would read it as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
