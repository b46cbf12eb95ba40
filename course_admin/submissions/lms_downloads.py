"""What the names of files in a download of Canvas or Moodle say, and which of a student's files are handed in.

Canvas ("Download Submissions") gives one flat zip. A file is called, in its source code (ContentZipper in
https://github.com/instructure/canvas-lms, lib/content_zipper.rb),

    lovelaceada_4711_901234_01_pca_vs_ae.ipynb          last and first name, numbers of student and file
    lovelaceada_LATE_4711_901240_01_pca_vs_ae-1.ipynb   after the due date; -1: there was one of that name
    lovelaceada_late_4711_901240_01_pca_vs_ae.ipynb     the same, years ago
    anon_kq7Xw_901234_01_pca_vs_ae.ipynb                with anonymous grading; LATE_anon_..., anon_kq7Xw_LATE_...
    blueteam_4711_901234_01_pca_vs_ae.ipynb             a group's, with the number of one of its members
    lovelaceada_4711_text.html, ..._link.html           text typed or a link given in place of a file

Moodle ("Download all submissions") gives (mod_assign\\downloader in https://github.com/moodle/moodle,
mod/assign/classes/downloader.php)

    Ada Lovelace_123_assignsubmission_file/01_pca_vs_ae.ipynb     with folders (older versions: "..._file_/")
    Ada Lovelace_123_assignsubmission_file_01_pca_vs_ae.ipynb     without folders
    Participant_123_assignsubmission_file/...                     with anonymous submissions
    Blue team_45_assignsubmission_file/..., Default group_...     a group's
    ..._assignsubmission_onlinetext/onlinetext.html               text typed in place of a file

The number is Moodle's for the student in that assignment, the one in the Identifier column of its grading worksheet.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from course_admin.submissions.safe_files import NBGRADER_FILES
from course_admin.submissions.zip_reader import File, UnreadableError, read_inner

CANVAS = re.compile(
    r"(?:(?P<name>.+?)_)??(?P<late>(?i:LATE)_)?(?P<id>anon_[0-9A-Za-z]+|[0-9]+)_(?P<late_after>LATE_)?"
    r"(?:(?P<attempt>[0-9]+)_(?P<file>.+)|(?P<typed>text|link)\.html)\Z"
)
MAX_OF_STUDENT = 200 * 2**20
"""All files of one student together."""
MOODLE = re.compile(r"(?P<name>.+?)(?:_(?P<id>[0-9]+))?_assignsubmission_(?P<plugin>[a-z0-9]+)")


class Piece(NamedTuple):
    """One file of the download, and what its name says.

    id: the LMS's number of the student ("" where there is none); attempt: Canvas's number of the file, which grows
    with time, 0 with Moodle; path: what the student called it; typed: text or a link in place of a file.
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
    """What one student handed in.

    pieces: those of the newest account; content: by path, what goes into the student's folder; doubled: whether there
    was more than one to choose from.
    """

    pieces: list[Piece] = field(default_factory=list)
    content: dict[str, bytes] = field(default_factory=dict)
    doubled: bool = False
    notes: list[str] = field(default_factory=list)


def parse(file: File) -> Piece | None:
    """What the name of a file says, in Canvas's or Moodle's pattern; None for any other name.

    Folders above the pattern are passed over: a download may have been unpacked into one and packed again.
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
                canvas["id"],
                int(canvas["attempt"] or 0),
                bool(canvas["late"] or canvas["late_after"]),
                (canvas["file"] or part,),
                bool(canvas["typed"]),
                file,
            )
    return None


def choose(lab: str, pieces: Sequence[Piece]) -> Chosen:
    """The files that one student handed in, of all that bear that student's name: the newest of each.

    Several can be there when somebody hands in again and two downloads lie in one folder, or has two accounts.
    """
    found = Chosen()
    found.pieces = _newest_account(pieces, found)
    newest: dict[str, tuple[Piece, str]] = {}
    for piece in sorted(found.pieces, key=lambda piece: (piece.attempt, piece.file.when)):
        if piece.typed:
            continue
        path = "/".join(_first_name(lab, piece))
        if path.casefold() in newest:
            found.doubled = True
            found.notes.append(f"{newest[path.casefold()][0].file.parts[-1]} is older and was left out")
        newest[path.casefold()] = (piece, path)
    _read([(path, piece.file) for piece, path in newest.values()], found)
    if not any(_is_notebook(path) for path in found.content):
        _recognise(found)
    if not any(_is_notebook(path) for path in found.content):
        _unpack(found)
    # Most archives hold one folder with everything in it.
    while len({path.partition("/")[0] for path in found.content}) == 1 and all("/" in path for path in found.content):
        found.content = {path.partition("/")[2]: data for path, data in found.content.items()}
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


def _read(files: Sequence[tuple[str, File]], found: Chosen) -> None:
    """Add files to the content, as long as there is room for them."""
    folders = {above.casefold() for path, _ in files for above in _above(path)}
    for path, file in files:
        try:
            if path.casefold() in folders:
                raise UnreadableError("is a file and a folder at once")
            data = file.read()
            if len(data) + sum(len(other) for other in found.content.values()) > MAX_OF_STUDENT:
                raise UnreadableError(f"would make the hand-in larger than {MAX_OF_STUDENT >> 20} MB")
        except UnreadableError as error:
            found.notes.append(f"{path} {error}; it was left out")
            continue
        found.content[path] = data


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:i]) for i in range(1, len(parts))]


def _first_name(lab: str, piece: Piece) -> tuple[str, ...]:
    """What the student called a file, before Canvas counted it: helper-1.py is the second helper.py.

    Of notebooks of the lab, of modules and of archives alone, where it can be nothing else: plot-2.csv may be the
    second plot.
    """
    *above, name = piece.path
    counted = re.fullmatch(r"(.+)-[0-9]{1,2}(\.ipynb|\.py|\.zip)", name)
    if piece.lms == "canvas" and counted and (counted[2] != ".ipynb" or counted[1] == lab):
        name = counted[1] + counted[2]
    return (*above, name)


def _recognise(found: Chosen) -> None:
    """Give the one notebook that was saved as lab.json or lab.txt the ending of one."""
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
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and "nbformat" in content and ("cells" in content or "worksheets" in content)


def _unpack(found: Chosen) -> None:
    """Put the files of the one archive that was handed in into its place."""
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
