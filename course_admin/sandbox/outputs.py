"""Build a cell's outputs from frames that an attacker may have written.

Every output is built again from its permitted fields, with the required types. All other fields are dropped. So no
output can cause an error in nbformat, nbgrader or a page. course_admin.feedback.page makes HTML outputs safe.
"""

from __future__ import annotations

import json
import re
from typing import Any

from course_admin.sandbox.limits import Limits

KINDS = frozenset(
    ["text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "image/gif", "image/svg+xml"]
)
"""The MIME types that are kept. Widgets and scripts are dropped."""
COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
CONTROLS = re.compile(r"[\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f]")
MOST_OUTPUTS = 1000
MOST_DISPLAYS = 1000
MOST_OF_ONE = 100
"""The maximum number of outputs that one display update changes."""
MOST_AROUND = 200_000
"""The maximum number of bytes outside of strings in one output's JSON, and of quotation marks in it."""
EACH = 500
"""Bytes that each output counts in addition to its text: a million empty outputs need a gigabyte of memory."""


class Outputs:
    """The outputs of one notebook, cell by cell, within the limits.

    cell: the outputs of the current cell; cut: whether some of them were dropped.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.cell: list[dict[str, Any]] = []
        self.cut = False
        self._size = self._total = 0
        self._clear = False
        self._displays: dict[str, list[dict[str, Any]]] = {}

    def next_cell(self) -> None:
        """Start a new cell. Its outputs are then in `cell`."""
        self.cell, self.cut, self._size, self._clear = [], False, 0, False

    def take(self, body: bytes) -> None:
        """Add the output in a frame's body. A malformed output, or one beyond the limits, is dropped."""
        if not _is_text_mostly(body):
            self.cut = True
            return
        try:
            got = json.loads(body)
        except (ValueError, RecursionError):
            return
        if not isinstance(got, dict):
            return
        kind = got.get("output_type")
        if kind == "clear_output":
            self._clear = True
            if got.get("wait") is not True:
                self._empty()
        elif kind == "stream":
            name = "stderr" if got.get("name") == "stderr" else "stdout"
            self.text(name, got.get("text"))
        elif kind in ("display_data", "execute_result"):
            self._display(kind, got)
        elif kind == "error":
            lines = got.get("traceback")
            lines = [_text(line) for line in lines[:1000]] if isinstance(lines, list) else []
            error = {"ename": _text(got.get("ename"))[:200], "evalue": _text(got.get("evalue"))[:2000]}
            self._add({"output_type": "error", **error, "traceback": lines}, sum(map(len, lines)))

    def text(self, name: str, text: Any) -> None:
        """Add text to stdout or stderr. It is joined with the last output if that is the same stream."""
        text = _text(text)
        if self._clear:
            self._empty()
        last = self.cell[-1] if self.cell else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            if self._room(len(text)):
                last["text"] += text
        elif text:
            self._add({"output_type": "stream", "name": name, "text": text}, len(text))

    def note(self, line: str) -> None:
        """Add a line from the grader, without regard to the limits."""
        self.cell.append({"output_type": "error", "ename": "Stopped", "evalue": line, "traceback": [line]})

    def _display(self, kind: str, got: dict[str, Any]) -> None:
        data = got.get("data")
        data = data if isinstance(data, dict) else {}
        kept = {key: _text(value) for key, value in data.items() if key in KINDS and isinstance(value, str)}
        count = sum(map(len, kept.values()))
        identity = got.get("display_id")
        if got.get("update") is True:
            # As in JupyterLab: all outputs with this display_id change, in all cells.
            for output in self._displays.get(identity[:200], []) if isinstance(identity, str) else []:
                if self._room(count - sum(map(len, output["data"].values()))):
                    output["data"] = dict(kept)
            return
        output = {"output_type": kind, "data": kept, "metadata": {}}
        if kind == "execute_result":
            number = got.get("execution_count")
            output["execution_count"] = number if type(number) is int and 0 <= number < 1 << 31 else None
        if kept and self._add(output, count) and isinstance(identity, str) and len(self._displays) < MOST_DISPLAYS:
            same = self._displays.setdefault(identity[:200], [])
            same[MOST_OF_ONE - 1 :] = [output]

    def _add(self, output: dict[str, Any], count: int) -> bool:
        if self._clear:
            self._empty()
        if len(self.cell) >= MOST_OUTPUTS or not self._room(count + EACH):
            self.cut = True
            return False
        self.cell.append(output)
        return True

    def _room(self, count: int) -> bool:
        self._size += count
        self._total += count
        fits = self._size <= self.limits.cell_output and self._total <= self.limits.notebook_output
        if not fits:
            self._size -= count
            self._total -= count
            self.cut = True
        return fits

    def _empty(self) -> None:
        self._total -= self._size
        self._size, self._clear = 0, False
        self.cell.clear()


def _is_text_mostly(body: bytes) -> bool:
    """Return whether JSON is mostly strings: parsing 30 MB of brackets needs a gigabyte of memory."""
    if len(body) <= MOST_AROUND:
        return True
    quotes = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    if quotes.count(b'"') > MOST_AROUND:
        return False
    return sum(map(len, quotes.split(b'"')[::2])) <= MOST_AROUND


def _text(value: Any) -> str:
    """Return a text without colour codes, control characters and surrogates, "" if it is not a string."""
    if not isinstance(value, str):
        return ""
    return CONTROLS.sub("", COLOURS.sub("", value)).encode("utf-8", "replace").decode()
