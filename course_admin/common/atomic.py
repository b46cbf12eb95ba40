"""Write files atomically: if the program is killed, the old or the new file exists, never an incomplete one."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path


def write_atomic(path: Path, content: bytes | str, *, durable: bool = False, folder: Path | None = None) -> None:
    """Write a file completely or not at all. It keeps its old content until the new content is complete.

    content: text is written as UTF-8 with unchanged line ends; durable: also after a power failure; folder: for the
    temporary file, on the same file system (default: the file's folder).
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
    """Create a file with this content if it does not exist. If several processes do so, the first one wins."""
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
"""The pattern for the names of temporary files. A killed program may leave such a file behind."""


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    """Yield a path that no other process or thread uses. Its name is short: the file's own name may be at the limit.

    The file is removed at the end if it still exists.
    """
    temporary = folder / f".part-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def replace_folder(new: Path, dest: Path) -> None:
    """Put the folder `new`, a sibling of `dest`, in the place of `dest`.

    A killed run leaves `dest` complete, or, between the two renames, only its siblings. Run again, the caller makes
    `new` again, and this function removes the rest.
    """
    old = dest.with_name(f".{dest.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if dest.exists():
        dest.rename(old)
    new.rename(dest)
    shutil.rmtree(old, ignore_errors=True)
