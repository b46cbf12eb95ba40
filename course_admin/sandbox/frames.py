"""Frames: the messages on a pipe between the two sides. A frame has two lengths, a small JSON header, and a body.

    | header's length, 4 bytes | body's length, 4 bytes | header: a JSON object | body |

Both lengths are checked before the rest of a frame is collected, so invalid data costs the reader only the connection.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from typing import Any

LENGTHS = struct.Struct(">II")
MAX_HEADER = 1 << 14
CHUNK = 1 << 18


class FrameError(ValueError):
    """The data is not a frame, or the frame is too large."""


def encode(header: dict[str, Any], body: bytes = b"") -> bytes:
    """Return a frame as bytes. Raises FrameError if the header is too long."""
    text = json.dumps(header).encode()
    if len(text) > MAX_HEADER:
        raise FrameError(f"a header of {len(text)} bytes, at most {MAX_HEADER}")
    return LENGTHS.pack(len(text), len(body)) + text + body


def read(descriptor: int) -> tuple[dict[str, Any], bytes] | None:
    """Wait for the next frame from a trusted process. Return None if the other side has closed the pipe."""
    lengths = _exactly(descriptor, LENGTHS.size)
    if lengths is None:
        return None
    header_length, body_length = LENGTHS.unpack(lengths)
    header, body = _exactly(descriptor, header_length), _exactly(descriptor, body_length)
    return None if header is None or body is None else (json.loads(header), body)


class Reader:
    """Collect bytes from an untrusted process and return the complete frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes, max_body: int) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Yield the frames that `data` completes. After a FrameError, later data cannot be parsed, either."""
        self._bytes += data
        while len(self._bytes) >= LENGTHS.size:
            header_length, body_length = LENGTHS.unpack_from(self._bytes)
            if header_length > MAX_HEADER or body_length > max_body:
                raise FrameError("no frame, or one that is too large")
            begin, end = LENGTHS.size + header_length, LENGTHS.size + header_length + body_length
            if len(self._bytes) < end:
                return
            try:
                header = json.loads(self._bytes[LENGTHS.size : begin])
            except (ValueError, RecursionError):
                raise FrameError("a header that is not JSON") from None
            if not isinstance(header, dict):
                raise FrameError("a header that is not an object")
            body = bytes(self._bytes[begin:end])
            del self._bytes[:end]
            yield header, body


def _exactly(descriptor: int, count: int) -> bytes | None:
    parts = []
    while count:
        part = os.read(descriptor, min(count, CHUNK))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
