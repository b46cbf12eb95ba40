"""The regions of a cell between `### BEGIN kind` and `### END kind` lines: solutions, hidden tests, mark schemes."""

from __future__ import annotations

import re
from collections.abc import Iterator

SOLUTION, HIDDEN_TESTS, MARK_SCHEME = KINDS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")

MARKER = re.compile(rf"(?:BEGIN|END) (?:{'|'.join(KINDS)})")
"""Matches any marker anywhere in a text."""


def texts(source: str, kind: str) -> list[str]:
    """Return the text of each region of this kind. A region without END extends to the end of the cell."""
    found: list[list[str]] = []
    for place, line in _places(source, kind):
        if place == "begin":
            found.append([])
        elif place == "inside":
            found[-1].append(line)
    return ["\n".join(lines) for lines in found]


def wrong_markers(source: str, kind: str) -> str | None:
    """Return the first error in the markers of this kind, None if each BEGIN has its END."""
    inside = False
    for place, line in _places(source, kind):
        if place == "begin":
            if inside:
                return f"BEGIN {kind} twice before an END {kind}"
            inside = True
        elif f"END {kind}" in line:
            if not inside:
                return f"END {kind} without a BEGIN {kind} before it"
            inside = False
    return f"BEGIN {kind} without an END {kind}" if inside else None


def without(source: str, kind: str) -> str:
    """Return the source without the regions of this kind. A region without END extends to the end of the cell."""
    return "\n".join(line for place, line in _places(source, kind) if place == "outside")


def without_markers(source: str, kind: str) -> str:
    """Return the source without the marker lines of this kind. The text of the regions stays."""
    return "\n".join(line for place, line in _places(source, kind) if place in ("outside", "inside"))


def replaced(source: str, kind: str, line: str) -> str:
    """Return the source with each region of this kind replaced by one line, indented like its BEGIN."""
    kept = []
    for place, old in _places(source, kind):
        if place == "begin":
            kept.append(old[: len(old) - len(old.lstrip())] + line)
        elif place == "outside":
            kept.append(old)
    return "\n".join(kept)


def region(text: str, kind: str) -> str:
    """Return a region of this kind with this text and its marker lines."""
    return f"### BEGIN {kind}\n{text}\n### END {kind}"


def _places(source: str, kind: str) -> Iterator[tuple[str, str]]:
    """Yield each line with its position: ("begin", "inside", "end" or "outside", line)."""
    inside = False
    for line in source.splitlines():
        if f"BEGIN {kind}" in line:
            inside = True
            yield "begin", line
        elif f"END {kind}" in line:
            yield "end", line
            inside = False
        else:
            yield ("inside" if inside else "outside"), line
