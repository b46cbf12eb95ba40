"""Writing files so that a program that is killed leaves the old file or the new one, never a part of one."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


def write_atomic(path: Path, content: bytes | str, *, durable: bool = False, folder: Path | None = None) -> None:
    """Write a file whole or not at all; the file keeps its old content until the new one is complete.

    content: text is written as UTF-8, line ends as they are; durable: also after a power cut; folder: where the
    temporary file is made (default: beside the file), on the same file system.
    Raises OSError; then the old file is unchanged.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with _temporary(folder or path.parent) as temporary:
        with temporary.open("xb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)


def create_once(path: Path, content: str, *, mode: int = 0o600) -> None:
    """Make a file with this content unless it exists already; of several processes the first one wins."""
    if path.exists():
        return
    with _temporary(path.parent) as temporary:
        temporary.touch(mode=mode)
        temporary.write_text(content, encoding="utf-8")
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            temporary.replace(path)


TEMPORARY = ".part-*"
"""What temporary files are called; a program that was killed may leave one."""


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    """A file name that no other process or thread uses, as short as the name of the file may be long."""
    temporary = folder / f".part-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
