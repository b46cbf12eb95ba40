"""Parse the file names in a download from Canvas or Moodle, and choose each student's newest files.

Canvas ("Download Submissions") makes one flat zip. Its files have these names, according to Canvas's source code
(ContentZipper in https://github.com/instructure/canvas-lms, lib/content_zipper.rb):

    lovelaceada_4711_901234_01_pca_vs_ae.ipynb          last and first name, number of the student, of the file
    lovelaceada_LATE_4711_901240_01_pca_vs_ae-1.ipynb   after the due date; -1: second file with this name
    lovelaceada_late_4711_901240_01_pca_vs_ae.ipynb     the same in old versions
    anon_kq7Xw_901234_01_pca_vs_ae.ipynb                with anonymous grading; LATE_anon_..., anon_kq7Xw_LATE_...
    blueteam_4711_901234_01_pca_vs_ae.ipynb             a group, with the number of one of its members
    lovelaceada_4711_text.html, ..._link.html           typed text or a link instead of a file

Moodle ("Download all submissions") makes these names (mod_assign\\downloader in https://github.com/moodle/moodle,
mod/assign/classes/downloader.php):

    Ada Lovelace_123_assignsubmission_file/01_pca_vs_ae.ipynb     with folders (older versions: "..._file_/")
    Ada Lovelace_123_assignsubmission_file_01_pca_vs_ae.ipynb     without folders
    Participant_123_assignsubmission_file/...                     with anonymous submissions
    Blue team_45_assignsubmission_file/..., Default group_...     a group
    ..._assignsubmission_onlinetext/onlinetext.html               typed text instead of a file

The number is Moodle's number of the student in this assignment, as in the Identifier column of its grading worksheet.

For any other LMS the user gives a pattern: a regular expression with the named groups `student`, `attempt` and `file`
(`compiled`, `parse_by`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from course_admin.course import UsageError
from course_admin.submissions.find_notebook import MAX_PARTS
from course_admin.submissions.safe_files import NBGRADER_FILES
from course_admin.submissions.zip_reader import File, UnreadableError, read_inner

# Canvas's numbers do not start with 0, and they follow a name, except in anonymous files. So 2026_01_lab.ipynb must not
# match.
CANVAS = re.compile(
    r"(?:(?P<name>.+?)_(?P<late>(?i:LATE)_)?(?P<id>[1-9][0-9]*)|(?P<late_anon>LATE_)?(?P<anon>anon_[0-9A-Za-z]+))"
    r"_(?P<late_after>LATE_)?(?:(?P<attempt>[1-9][0-9]*)_(?P<file>.+)|(?P<typed>text|link)\.html)\Z"
)
OTHER = "other"
GROUPS = ("student", "attempt", "file")
MAX_OF_STUDENT = 200 * 2**20
"""The maximum total size of one student's files in bytes."""
MOODLE = re.compile(r"(?P<name>.+?)(?:_(?P<id>[0-9]+))?_assignsubmission_(?P<plugin>[a-z0-9]+)")


class Piece(NamedTuple):
    """One file of the download, and the information in its name.

    lms: "canvas", "moodle" or OTHER; id: the LMS's number of the student ("" if there is none; with OTHER the same
    text as name); attempt: increases with time (Canvas: the number of the file; Moodle: always 0); late: whether the
    LMS marked it as late; path: the student's own name for it; typed: whether it is a text or link instead of a file.
    """

    lms: str
    name: str
    id: str
    attempt: int
    late: bool
    path: tuple[str, ...]
    typed: bool
    file: File


@dataclass
class Chosen:
    """The hand-in of one student.

    pieces: the files of the newest account and attempt; content: the files for the student's folder, by path; doubled:
    whether there were several to choose from.
    """

    pieces: list[Piece] = field(default_factory=list)
    content: dict[str, bytes] = field(default_factory=dict)
    doubled: bool = False
    notes: list[str] = field(default_factory=list)


def parse(file: File) -> Piece | None:
    """Parse a file name in Canvas's or Moodle's format. Return None for any other name.

    Folders above the matching part are ignored: a download may have been unpacked into a folder and packed again.
    """
    if file.problem.endswith("leads elsewhere"):
        return None
    for i, part in enumerate(file.parts):
        rest, last = file.parts[i + 1 :], i == len(file.parts) - 1
        moodle = MOODLE.match(part)
        if moodle:
            tail = part[moodle.end() :]
            path = rest if not last and tail in ("", "_") else (tail[1:],) if last and tail[:1] == "_" else ()
            if path and path[0]:
                typed = moodle["plugin"] != "file"
                return Piece("moodle", moodle["name"], moodle["id"] or "", 0, False, path, typed, file)
        canvas = CANVAS.match(part) if last else None
        if canvas:
            return Piece(
                "canvas",
                canvas["name"] or "",
                canvas["id"] or canvas["anon"],
                int(canvas["attempt"] or 0),
                bool(canvas["late"] or canvas["late_anon"] or canvas["late_after"]),
                (canvas["file"] or part,),
                bool(canvas["typed"]),
                file,
            )
    return None


def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern for an LMS's file names. Raises UsageError if it is invalid."""
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"--pattern is no regular expression: {error}") from error
    if "student" not in found.groupindex or set(found.groupindex) - set(GROUPS):
        there = ", ".join(found.groupindex) or "none"
        raise UsageError(f"--pattern needs the group (?P<student>...), and may have attempt and file (there: {there})")
    return found


def parse_by(pattern: re.Pattern[str], file: File) -> Piece | None:
    """Parse a file's path with a pattern. Return None if the pattern does not match.

    The pattern has to match the whole path, or the path without some of its upper folders. Group attempt: its digits
    are read as one number, so a date from year to second works, too. Group file: by default the name of the file.
    """
    if file.problem.endswith("leads elsewhere"):
        return None
    for i in range(len(file.parts)):
        fits = pattern.fullmatch("/".join(file.parts[i:]))
        if fits and (student := (fits["student"] or "").strip()):
            groups = fits.groupdict()
            attempt = int(re.sub(r"[^0-9]", "", groups.get("attempt") or "") or 0)
            path = tuple(part for part in (groups.get("file") or "").split("/") if part) or file.parts[-1:]
            return Piece(OTHER, student, student, attempt, False, path, False, file)
    return None


def choose(lab: str, pieces: Sequence[Piece]) -> Chosen:
    """Choose the newest version of each file among all files of one student.

    Several versions exist if the student handed in again and two downloads are in one folder, or has two accounts.
    """
    found = Chosen()
    found.pieces = _newest_attempt(_newest_account(pieces, found), found)
    newest: dict[str, tuple[Piece, str]] = {}
    for piece in sorted(found.pieces, key=lambda piece: (piece.attempt, piece.file.when)):
        if piece.typed:
            continue
        path = "/".join(_first_name(lab, piece))
        if path.casefold() in newest:
            found.doubled = True
            found.notes.append(f"{newest[path.casefold()][0].file.parts[-1]} is older and was left out")
        newest[path.casefold()] = (piece, path)
    folders = {piece.file.parts[:-1] for piece in found.pieces if piece.lms == "canvas"}
    if len(folders) > 1:
        names = ", ".join(sorted("/".join(folder) or "the top" for folder in folders))
        found.notes.append(
            f"has Canvas's names in several folders ({names}), which may be several students: collect one folder at a "
            "time, or describe the names with --pattern"
        )
        return found
    _read([(path, piece.file) for piece, path in newest.values()], found)
    if not any(_is_notebook(path) for path in found.content):
        _recognise(found)
    if not any(_is_notebook(path) for path in found.content):
        _unpack(found)
    # Most archives contain a single folder with all files in it.
    while len({path.partition("/")[0] for path in found.content}) == 1 and all("/" in path for path in found.content):
        found.content = {path.partition("/")[2]: data for path, data in found.content.items()}
    _rename_folders(lab, found)
    for path in [path for path in found.content if path.casefold() in NBGRADER_FILES]:
        del found.content[path]
        found.notes.append(f"{path} was left out: nbgrader would read it as the time of the hand-in")
    notebooks = [path for path in found.content if _is_notebook(path)]
    if len(notebooks) == 1 and "/" not in notebooks[0] and notebooks[0] != f"{lab}.ipynb":
        found.content[f"{lab}.ipynb"] = found.content.pop(notebooks[0])
        found.notes.append(f"was called {notebooks[0]}")
    if found.content and not notebooks:
        found.notes.append(f"no notebook among the files: {', '.join(sorted(found.content))}")
    return found


def _newest_account(pieces: Sequence[Piece], found: Chosen) -> list[Piece]:
    accounts: dict[tuple[str, str], list[Piece]] = {}
    for piece in pieces:
        accounts.setdefault((piece.lms, piece.id or piece.name), []).append(piece)
    ranked = sorted(accounts.values(), key=lambda own: (max(p.attempt for p in own), max(p.file.when for p in own)))
    if len(ranked) > 1:
        found.doubled = True
        names = ", ".join(sorted({f"{own[0].name}_{own[0].id}".strip("_") for own in ranked[:-1]}))
        found.notes.append(f"also handed in as {names}, which is older and was left out")
    return ranked[-1]


def _newest_attempt(pieces: list[Piece], found: Chosen) -> list[Piece]:
    """Return only the files of the newest attempt if lms is OTHER. Canvas numbers files, not attempts."""
    newest = max(piece.attempt for piece in pieces)
    older = sorted({piece.file.parts[-1] for piece in pieces if piece.lms == OTHER and piece.attempt < newest})
    if not older:
        return pieces
    found.doubled = True
    found.notes += [f"{name} is older and was left out" for name in older]
    return [piece for piece in pieces if piece.attempt == newest]


def _read(files: Sequence[tuple[str, File]], found: Chosen) -> None:
    """Add files to the content, up to MAX_OF_STUDENT bytes. Add a note for each file that is left out."""
    room = MAX_OF_STUDENT - sum(map(len, found.content.values()))
    there = {path.casefold() for path in found.content}
    for path, file in files:
        try:
            if path.casefold() in there:
                raise UnreadableError("is there twice")
            data = file.read()
            if len(data) > room:
                raise UnreadableError(f"would make the hand-in larger than {MAX_OF_STUDENT >> 20} MB")
        except UnreadableError as error:
            found.notes.append(f"{path} {error}; it was left out")
            continue
        room -= len(data)
        there.add(path.casefold())
        found.content[path] = data


def _rename_folders(lab: str, found: Chosen) -> None:
    """Rename folders whose path equals that of a submitted file, the lab's notebook or one of nbgrader's files."""
    files = {path.casefold() for path in (*found.content, *NBGRADER_FILES, f"{lab}.ipynb")}
    folders = {above.casefold() for path in found.content for above in _above(path)}
    renamed = {}
    for path in list(found.content):
        parts = path.split("/")
        for i, old in enumerate(_above(path)):
            new = old
            while new.casefold() in files or (new != old and new.casefold() in folders):
                new += "_"
            if new != old:
                renamed[old] = new
                parts[i] = new.rpartition("/")[2]
        found.content["/".join(parts)] = found.content.pop(path)
    found.notes += [f"the folder {old} has the name of a file and is now {new}" for old, new in renamed.items()]


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:i]) for i in range(1, len(parts))]


def _first_name(lab: str, piece: Piece) -> tuple[str, ...]:
    """Return the student's own path for a file, without the number that Canvas adds: helper-1.py is helper.py.

    The number is removed only from the lab's notebook, modules and archives. Other names are ambiguous: the student
    may have named a file plot-2.csv.
    """
    *above, name = piece.path
    counted = re.fullmatch(r"(.+)-[0-9]{1,2}(\.ipynb|\.py|\.zip)", name)
    if piece.lms == "canvas" and counted and (counted[2] != ".ipynb" or counted[1] == lab):
        name = counted[1] + counted[2]
    return (*above, name)


def _recognise(found: Chosen) -> None:
    """Rename a notebook that was saved as lab.json or lab.txt to lab.ipynb, if there is exactly one."""
    texts = [
        path
        for path in found.content
        if path.lower().endswith((".json", ".txt")) and path.casefold() not in NBGRADER_FILES
    ]
    notebooks = [path for path in texts if _holds_notebook(found.content[path])]
    if len(notebooks) == 1:
        (path,) = notebooks
        found.content[f"{path[: path.rindex('.')]}.ipynb"] = found.content.pop(path)
        found.notes.append(f"{path} is a notebook")


def _holds_notebook(data: bytes) -> bool:
    if sum(map(data.count, (b"[", b"{", b","))) > MAX_PARTS:
        return False
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and "nbformat" in content and ("cells" in content or "worksheets" in content)


def _unpack(found: Chosen) -> None:
    """Replace a submitted zip archive by its files, if there is exactly one archive."""
    archives = [path for path in found.content if path.lower().endswith(".zip")]
    if len(archives) != 1:
        return
    try:
        files = read_inner(found.content[archives[0]])
    except UnreadableError as error:
        found.notes.append(f"{archives[0]} {error}")
        return
    del found.content[archives[0]]
    found.notes.append(f"unpacked {archives[0]}" if files else f"{archives[0]} is an empty archive")
    _read([(file.path, file) for file in files], found)


def _is_notebook(path: str) -> bool:
    # Some browsers save a notebook as lab.ipynb.txt or lab.ipynb.json.
    return re.search(r"\.ipynb(\.txt|\.json)?\Z", path.lower()) is not None
