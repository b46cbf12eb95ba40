"""The files of a zip archive or a folder, read with care: nothing that lies in them decides where something is written.

Names are taken apart and checked, links and special files are passed over, sizes have limits. What is wrong with one
file is that file's affair (`File.problem`); what is wrong with the whole is an error.
"""

from __future__ import annotations

import contextlib
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from course_admin.course import CourseError
from course_admin.submissions.safe_files import read_plain_file

MAX_FILES = 20_000
MAX_BYTES = 50 * 2**20
"""Of one file: the same as course_admin.submissions.find_notebook reads of a notebook."""
MAX_TOTAL = 8 * 2**30
MAX_INNER = 200 * 2**20
"""Of all files in an archive that a student handed in."""
MAX_RATIO = 200
"""How many bytes may come out of one in an archive. Notebooks are text: 5 to 30; what has more than 1 MB and more than
this is a bomb."""
MAX_DEPTH = 20
DAMAGE = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
DAMAGE += (OSError,)
UNUSUAL = re.compile(r'[\x00-\x1f\x7f:*?"<>|]')
"""What names do not have on every system; it becomes "_"."""
JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints", "__pycache__")


class UnreadableError(Exception):
    """A file whose content cannot be had. The message says why, to be read after the file's name."""


@dataclass(frozen=True)
class File:
    """One file. parts: its path; when: its time in the archive, without a zone; problem: why it is not to be had."""

    parts: tuple[str, ...]
    when: datetime
    content: Callable[[], bytes]
    problem: str = ""

    @property
    def path(self) -> str:
        return "/".join(self.parts)

    def read(self) -> bytes:
        """The content, at most MAX_BYTES. Raises UnreadableError."""
        if self.problem:
            raise UnreadableError(self.problem)
        return self.content()


@contextlib.contextmanager
def open_source(path: Path) -> Iterator[list[File]]:
    """The files of a folder or a zip archive, in the order of their paths; they can be read inside the `with`.

    Raises CourseError.
    """
    path = Path(path)
    if path.is_dir():
        yield sorted(_of_folder(path), key=lambda file: file.parts)
        return
    if not path.is_file():
        raise CourseError(
            f"{path} is not there: name the zip that the LMS gave you, or the folder it was unpacked into"
        )
    with contextlib.ExitStack() as opened:
        try:
            archive = opened.enter_context(zipfile.ZipFile(path))
            files = sorted(_of_archive(archive), key=lambda file: file.parts)
        except DAMAGE as error:
            raise CourseError(f"{path} is no zip archive, or a damaged one ({error}): download it again") from error
        yield files


def read_inner(data: bytes) -> list[File]:
    """The files of an archive that a student handed in. Raises UnreadableError."""
    try:
        return sorted(_of_archive(zipfile.ZipFile(io.BytesIO(data)), MAX_INNER), key=lambda file: file.parts)
    except DAMAGE as error:
        raise UnreadableError(f"is a damaged zip archive ({error})") from error
    except CourseError as error:
        raise UnreadableError(str(error)) from error


def _of_folder(folder: Path) -> Iterator[File]:
    waiting, count = [folder], 0
    while waiting:
        here = waiting.pop()
        try:
            entries = sorted(here.iterdir())
        except OSError as error:
            raise CourseError(f"{here} cannot be read: {error.strerror}") from error
        for entry in entries:
            parts = tuple(UNUSUAL.sub("_", part) for part in entry.relative_to(folder).parts)
            if _is_junk(parts):
                continue
            kind = entry.lstat().st_mode
            if stat.S_ISDIR(kind):
                if len(parts) < MAX_DEPTH:
                    waiting.append(entry)
                continue
            count += 1
            if count > MAX_FILES:
                raise CourseError(f"{folder} has more than {MAX_FILES} files: name the folder with the hand-ins alone")
            problem = "" if stat.S_ISREG(kind) else "is a link" if stat.S_ISLNK(kind) else "is no plain file"
            when = datetime.fromtimestamp(entry.lstat().st_mtime)
            yield File(parts, when, lambda entry=entry: _plain_content(entry), problem or _name_problem(parts))


def _plain_content(path: Path) -> bytes:
    data, damage = read_plain_file(path)
    if damage:
        raise UnreadableError(damage)
    return data


def _of_archive(archive: zipfile.ZipFile, limit: int = MAX_TOTAL) -> Iterator[File]:
    members = archive.infolist()
    if len(members) > MAX_FILES:
        raise CourseError(f"the archive has {len(members)} files, more than {MAX_FILES}: it is not unpacked")
    if sum(member.file_size for member in members) > limit:
        raise CourseError(f"the archive would unpack to more than {limit >> 20} MB: it is not unpacked")
    if members and all(member.flag_bits & 1 for member in members if not member.is_dir()):
        raise CourseError("the archive is encrypted: unpack it with its password, and name the folder")
    seen: set[tuple[str, ...]] = set()
    for member in members:
        if member.is_dir():
            continue
        parts = tuple(UNUSUAL.sub("_", part) for part in re.split(r"[/\\]", _member_name(member)))
        if _is_junk(parts):
            continue
        problem = _name_problem(parts) or _member_problem(member)
        if not problem and parts in seen:
            problem = "is there twice under one name"
        seen.add(parts)
        when = datetime(1980, 1, 1)
        with contextlib.suppress(ValueError):
            when = datetime(*member.date_time)
        yield File(parts, when, lambda member=member: _member_content(archive, member), problem)


def _member_name(member: zipfile.ZipInfo) -> str:
    # Programs write UTF-8 without saying so; Python then takes it for the encoding of DOS.
    if not member.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            return member.filename.encode("cp437").decode("utf-8")
    return member.filename


def _member_problem(member: zipfile.ZipInfo) -> str:
    mode = member.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "is a link"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "is no plain file"
    if member.flag_bits & 1:
        return "is encrypted"
    if member.file_size > MAX_BYTES:
        return f"is larger than {MAX_BYTES >> 20} MB"
    if member.file_size > 2**20 and member.file_size > MAX_RATIO * max(member.compress_size, 1):
        return f"would unpack to {member.file_size >> 20} MB from {member.compress_size >> 10} kB: a bomb"
    return ""


def _member_content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        # At most as much as the member says it holds, which _member_problem has looked at.
        return archive.read(member)
    except DAMAGE as error:
        raise UnreadableError(f"is damaged in the archive ({error})") from error


def _is_junk(parts: tuple[str, ...]) -> bool:
    return any(part in JUNK or part.startswith("._") for part in parts)


def _name_problem(parts: tuple[str, ...]) -> str:
    """What makes a path one that nothing is written to, "" when nothing does."""
    if len(parts) > MAX_DEPTH:
        return "lies too deep"
    if any(part in ("", ".", "..") for part in parts) or PurePosixPath("/".join(parts)).is_absolute():
        return "has a path that leads elsewhere"
    if any(len(part.encode(errors="replace")) > 200 for part in parts):
        return "has a name that is too long"
    return ""
