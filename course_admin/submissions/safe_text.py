"""Text that a student chose, fit for a line and a terminal."""

from __future__ import annotations

from pathlib import Path


def shown(path: Path | str) -> str:
    """A name that a student chose, fit for a line and a terminal."""
    name = path if isinstance(path, str) else path.as_posix()
    name = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)
    return name if len(name) <= 100 else f"{name[:50]}…{name[-45:]}"


def plain(text: str) -> str:
    """Text that somebody else chose, fit for rich and for a terminal: no markup, no control characters."""
    from rich.markup import escape

    return escape(printable(text))


def printable(text: str) -> str:
    """Text without control characters, and without those that turn what follows from right to left."""
    return "".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text)
