"""Read the files of a zip archive or a folder safely: their content cannot decide where something is written.

Paths are split and checked, links and special files are not read, and sizes are limited. A fault of one file is stored
in `File.problem`. A fault of the whole archive or folder raises an exception.
"""

from __future__ import annotations

import contextlib
import copy
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from course_admin.common.text import in_unicode
from course_admin.course import CourseError
from course_admin.submissions.safe_files import read_plain_file

MAX_FILES = 20_000
MAX_BYTES = 50 * 2**20
"""The maximum size of one file: the same as for a notebook in course_admin.submissions.find_notebook."""
MAX_TOTAL = 8 * 2**30
MAX_INNER = 200 * 2**20
"""The maximum total size of the files in an archive that a student handed in."""
MAX_RATIO = 200
"""The maximum compression ratio. Notebooks are text, with a ratio of 5 to 30. A file of more than 1 MB with a higher
ratio than this maximum counts as a zip bomb."""
MAX_DEPTH = 20
MAX_PATH = 1000
"""The maximum length in bytes of a path inside the student's folder."""
UNUSUAL = re.compile(r'[\x00-\x1f\x7f:*?"<>|]')
"""Characters that not every system allows in file names. They are replaced by "_"."""
EARLIEST = datetime(1980, 1, 1)
"""The time of a file with an invalid time. A zip cannot contain an earlier time."""
JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".ipynb_checkpoints", "__pycache__")


class UnreadableError(Exception):
    """A file's content cannot be read. The message is the reason, to be printed after the file's name."""


@dataclass(frozen=True)
class File:
    """One file.

    parts: its path; when: its time in the archive, without a time zone; content: reads it; problem: why it cannot be
    read, or "".
    """

    parts: tuple[str, ...]
    when: datetime
    content: Callable[[], bytes]
    problem: str = ""

    @property
    def path(self) -> str:
        return "/".join(self.parts)

    def read(self) -> bytes:
        """Return the content, at most MAX_BYTES. Raises UnreadableError."""
        if self.problem:
            raise UnreadableError(self.problem)
        return self.content()


@contextlib.contextmanager
def open_source(path: Path) -> Iterator[list[File]]:
    """Open a folder or a zip archive and return its files, sorted by path. They can be read inside the `with` block.

    Raises CourseError if it does not exist, is damaged or exceeds the limits.
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
        except CourseError:
            raise
        except Exception as error:  # zipfile raises errors of many kinds for damaged bytes
            raise CourseError(f"{path} is no zip archive, or a damaged one ({error}): download it again") from error
        yield files


def read_inner(data: bytes) -> list[File]:
    """Return the files of an archive that a student handed in, sorted by path. Raises UnreadableError."""
    # Each entry of a zip's central directory starts with these bytes. zipfile would need ten seconds for a million.
    if data.count(b"PK\x01\x02") > MAX_FILES:
        raise UnreadableError(f"has more than {MAX_FILES} files: it is not unpacked")
    try:
        return sorted(_of_archive(zipfile.ZipFile(io.BytesIO(data)), MAX_INNER), key=lambda file: file.parts)
    except CourseError as error:
        raise UnreadableError(str(error)) from error
    except Exception as error:  # zipfile raises errors of many kinds for damaged bytes
        raise UnreadableError(f"is a damaged zip archive ({error})") from error


def _of_folder(folder: Path) -> Iterator[File]:
    waiting, count = [folder], 0
    while waiting:
        here = waiting.pop()
        try:
            entries = sorted(here.iterdir())
        except OSError as error:
            if here == folder:
                raise CourseError(f"{here} cannot be read: {error.strerror}") from error
            yield File(_parts(here.relative_to(folder).parts), EARLIEST, bytes, f"cannot be read ({error.strerror})")
            continue
        for entry in entries:
            parts = _parts(entry.relative_to(folder).parts)
            if _is_junk(parts):
                continue
            facts = entry.lstat()
            if stat.S_ISDIR(facts.st_mode) and len(parts) < MAX_DEPTH:
                waiting.append(entry)
                continue
            count += 1
            if count > MAX_FILES:
                raise CourseError(f"{folder} has more than {MAX_FILES} files: name the folder with the hand-ins alone")
            problem = _kind_problem(facts.st_mode) or _name_problem(parts)
            when = EARLIEST
            with contextlib.suppress(ValueError, OverflowError, OSError):  # a student can set an invalid time
                when = datetime.fromtimestamp(facts.st_mtime)
            yield File(parts, when, lambda entry=entry: _plain_content(entry), problem)


def _kind_problem(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "lies too deep"
    return "" if stat.S_ISREG(mode) else "is a link" if stat.S_ISLNK(mode) else "is no plain file"


def _parts(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names in a path as Unicode, with "_" for characters that some systems do not allow."""
    return tuple(UNUSUAL.sub("_", in_unicode(name)) for name in names)


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
        parts = _parts(re.split(r"[/\\]", _member_name(member)))
        if _is_junk(parts):
            continue
        problem = _name_problem(parts) or _member_problem(member)
        if not problem and parts in seen:
            problem = "is there twice under one name"
        seen.add(parts)
        when = EARLIEST
        with contextlib.suppress(ValueError):
            when = datetime(*member.date_time)
        yield File(parts, when, lambda member=member: _member_content(archive, member), problem)


def _member_name(member: zipfile.ZipInfo) -> str:
    # Some programs write UTF-8 without the UTF-8 flag. Python then decodes the name as cp437.
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
    if max(member.file_size, member.compress_size) > MAX_BYTES:
        return f"is larger than {MAX_BYTES >> 20} MB"
    if member.file_size > 2**20 and member.file_size > MAX_RATIO * max(member.compress_size, 1):
        return f"would unpack to {member.file_size >> 20} MB from {member.compress_size >> 10} kB: a bomb"
    return ""


def _member_content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return the content of a member. It must have the declared size, which _member_problem has already checked."""
    try:
        # Read the compressed bytes: as ZIP_STORED, without the checksum, which belongs to the uncompressed content.
        packed = copy.copy(member)
        packed.compress_type, packed.file_size = zipfile.ZIP_STORED, member.compress_size
        del packed.CRC
        with archive.open(packed) as file:
            content = _unpacked(file.read(), member)
    except UnreadableError:
        raise
    except Exception as error:  # zipfile and each compression module raise different errors for damaged bytes
        raise UnreadableError(f"is damaged in the archive ({error})") from error
    if len(content) > member.file_size:
        raise UnreadableError("is damaged in the archive (it is larger than it says)")
    if len(content) < member.file_size or zlib.crc32(content) != member.CRC:
        raise UnreadableError("is damaged in the archive (size or checksum is wrong)")
    return content


def _unpacked(data: bytes, member: zipfile.ZipInfo) -> bytes:
    """Decompress a member, at most one byte more than its declared size.

    zipfile itself decompresses everything before it compares sizes: deflate in `read`, bzip2 and LZMA always.
    """
    most = member.file_size + 1
    if member.compress_type == zipfile.ZIP_STORED:
        return data[:most]
    if member.compress_type == zipfile.ZIP_DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, most)
    if member.compress_type == zipfile.ZIP_BZIP2:
        import bz2

        return bz2.BZ2Decompressor().decompress(data, most)
    if member.compress_type == zipfile.ZIP_LZMA:
        import lzma

        # A zip member has a version, the length of the properties, and the properties. An .lzma file has the
        # properties and the size; all bits set means that the size is unknown and a marker ends the content.
        start = 4 + int.from_bytes(data[2:4], "little")
        size = b"\xff" * 8 if member.flag_bits & 2 else member.file_size.to_bytes(8, "little")
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=2 * MAX_BYTES)
        return unpacker.decompress(data[4:start] + size + data[start:], most)
    raise UnreadableError(f"is compressed by method {member.compress_type}, which is not read: hand in an ordinary zip")


def _is_junk(parts: tuple[str, ...]) -> bool:
    return any(part in JUNK or part.startswith("._") for part in parts)


def _name_problem(parts: tuple[str, ...]) -> str:
    """Return why a path must not be written, or "" if it is safe."""
    if len(parts) > MAX_DEPTH:
        return "lies too deep"
    if any(part in ("", ".", "..") for part in parts) or PurePosixPath("/".join(parts)).is_absolute():
        return "has a path that leads elsewhere"
    sizes = [len(part.encode(errors="replace")) for part in parts]
    if max(sizes) > 200 or sum(sizes) > MAX_PATH:
        return "has a name that is too long"
    return ""
