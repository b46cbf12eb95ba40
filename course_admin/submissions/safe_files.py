"""Read a student's folder safely: follow no link, do not block on a pipe, and read no more than the limits allow."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from course_admin.common.text import display_name

MAX_BYTES = 50 * 2**20
"""The maximum size of a notebook in bytes. Only outputs make notebooks large, and grading creates new outputs."""


TOO_LARGE = f"is larger than {MAX_BYTES >> 20} MB"


MAX_FILES = 2000
"""The maximum number of files that are read from one submission."""


MAX_NOTES = 10
"""The maximum number of notes about links, and about unreadable files, for one submission."""


TIMESTAMP = "timestamp.txt"
NBGRADER_FILES = (TIMESTAMP,)
"""nbgrader's own files in a submission's folder."""


AGAIN = "hand in again"


def walk(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the regular files of a submission, sorted within each folder, and a note about every other entry.

    Links are not followed.
    """
    files, notes, waiting, odd, seen = [], [], [folder], 0, 0
    while waiting and len(files) < MAX_FILES and seen < 10 * MAX_FILES:
        try:
            entries = sorted(os.scandir(waiting.pop(0)), key=lambda entry: entry.name)
        except OSError:
            continue
        seen += len(entries) + 1
        for entry in entries:
            path = Path(entry.path)
            name = display_name(path.relative_to(folder))
            plain = not entry.is_symlink() and (
                entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)
            )
            odd += not plain
            if not plain and odd > MAX_NOTES:
                continue
            if entry.is_symlink():
                notes.append(f"{name} is a link, and links are not followed: {AGAIN} with the file itself")
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif entry.is_file(follow_symlinks=False):
                files.append(path)
            else:
                notes.append(f"{name} is no file and was left out")
    if odd > MAX_NOTES:
        notes.append(f"{odd - MAX_NOTES} more links and the like were left out")
    if len(files) >= MAX_FILES:
        notes.append(f"only the first {MAX_FILES} files were looked at")
    return files, notes


def files_beside(folder: Path) -> tuple[dict[str, bytes], list[str]]:
    """Return the files in a notebook's folder that its code may read, and notes about files that were left out.

    The files are content by relative path. Notebooks, __pycache__, hidden files and nbgrader's own files are not
    included. A note names a file that is too large or unreadable.
    """
    found: dict[str, bytes] = {}
    notes, room = [], MAX_BYTES
    linked = folder.is_symlink() or folder.parent.is_symlink()
    for path in () if linked else walk(folder)[0]:
        inside = path.relative_to(folder)
        left_behind = any(part.startswith(".") or part == "__pycache__" for part in inside.parts)
        if left_behind or path.suffix.lower() == ".ipynb" or str(inside) in NBGRADER_FILES:
            continue
        content, damage = read_plain_file(path)
        if not damage and len(content) <= room:
            room -= len(content)
            found[inside.as_posix()] = content
        else:
            why = damage or f"would make the files beside the notebook larger than {MAX_BYTES >> 20} MB"
            notes.append(f"{display_name(inside)} {why}; the notebook was run without it")
    if len(notes) > MAX_NOTES:
        notes[MAX_NOTES:] = [f"{len(notes) - MAX_NOTES} more files beside the notebook could not be read"]
    return found, notes


def seen_from(notebook: Path | None, folder: Path, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Return a submission's files by their path relative to the notebook, as its code expects them.

    files: by path relative to `folder`. If the notebook is in a subfolder, the subfolder's files get a path relative
    to it, as on the student's machine. They replace other files with the same path.
    """
    if notebook is None or notebook.parent == folder:
        return files
    inside = notebook.parent.relative_to(folder).as_posix() + "/"
    rest = {name: content for name, content in files.items() if not name.startswith(inside)}
    return rest | {name.removeprefix(inside): files[name] for name in files if name not in rest}


def read_plain_file(path: Path) -> tuple[bytes, str]:
    """Return the bytes of a regular file and "", or b"" and the reason why it cannot be read."""
    try:
        # O_NOFOLLOW: do not follow links. O_NONBLOCK: do not wait for the writer of a pipe.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        try:
            facts = os.fstat(handle)
            if stat.S_ISREG(facts.st_mode):
                # An archive can contain a hard link to any file of the machine on which it is unpacked.
                if facts.st_nlink > 1:
                    return b"", "has another name elsewhere on this machine (a hard link)"
                if facts.st_size > MAX_BYTES:
                    return b"", TOO_LARGE
                with os.fdopen(handle, "rb", closefd=False) as file:
                    return file.read(MAX_BYTES + 1), ""
        finally:
            os.close(handle)
    except FileNotFoundError:
        return b"", "is missing"
    except OSError as error:
        if not path.is_symlink() and not path.is_dir():
            return b"", f"cannot be read ({error.strerror})"
    if path.is_symlink():
        return b"", "is a link, and links are not followed"
    return b"", f"is {'a folder' if path.is_dir() else 'no file'}, not a notebook"
