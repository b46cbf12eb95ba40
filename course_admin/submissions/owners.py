"""Find the students to whom the files of a download belong, by the number and the name in the file's name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from course_admin.submissions.lms_downloads import OTHER, Piece
from course_admin.submissions.roster import UNIQUE, Roster, Student, folded, is_folder_name
from course_admin.submissions.student_folder import read_record


def by_student(
    pieces: Sequence[Piece], known: Roster | None, called: dict[str, str]
) -> tuple[dict[Student, list[Piece]], list[str]]:
    """Return the files of each student, and the names that match no student. called: see _named_by_lms."""
    groups: dict[Student, list[Piece]] = {}
    unknown: dict[str, None] = {}
    for piece in pieces:
        if known is None:
            owners = [_named_by_lms(piece, called)]
        else:
            owners, why = owners_of(piece, known)
            shifted = None if owners else _with_longer_name(piece)
            if shifted and (others := owners_of(shifted, known)[0]):
                piece, owners = shifted, others
            if not owners:
                number = f" ({piece.id})" if piece.name and piece.id not in ("", piece.name) else ""
                unknown[f"{piece.name or piece.id}{number}{why}"] = None
        for owner in owners:
            groups.setdefault(owner, []).append(piece)
    return dict(sorted(groups.items(), key=lambda item: item[0].id)), list(unknown)


def owners_of(piece: Piece, known: Roster) -> tuple[list[Student], str]:
    """Return the students who own a file (several for a group), or none and the reason, to be printed after the name.

    The number has priority over the name. If number and name belong to different students, the file belongs to neither:
    Moodle's numbers differ between assignments, and the list may be from another assignment.
    """
    group = known.find("group", piece.name)
    named = known.find("name", piece.name)
    if group and not named:
        return group, ""
    # "Participant 123" has its number in the name.
    number = piece.id or "".join(re.findall(r"\A\D+ (\d+)\Z", piece.name) if piece.lms == "moodle" else [])
    columns = ("id", *UNIQUE) if piece.lms == OTHER else (f"{piece.lms}_id",)
    numbered = next((there for column in columns if (there := known.find(column, number))), [])
    if numbered and named and not set(numbered) & set(named):
        return [], f": the number is {numbered[0].id}'s, the name {named[0].id}'s"
    found = [student for student in numbered if student in named] or numbered or named
    if len(found) > 1:
        could = " or ".join(student.id for student in found)
        return [], f": could be {could}, which the number in a column {columns[0]} of the class list tells"
    return found, ""


def _with_longer_name(piece: Piece) -> Piece | None:
    """Parse a Canvas file name again with a longer student name, or return None if that is impossible.

    team_7_4711_901234_lab.ipynb is by team_7 with number 4711, not file 4711 of number 7.
    """
    rest = re.fullmatch(r"(\d+)_(.+)", piece.path[0])
    if piece.lms != "canvas" or piece.typed or not piece.id.isdecimal() or not rest:
        return None
    name = f"{piece.name}_{piece.id}".strip("_")
    return piece._replace(name=name, id=str(piece.attempt), attempt=int(rest[1]), path=(rest[2],))


def names_given_before(store: Path) -> dict[str, str]:
    """Return the owner of each folder name from earlier collections, see _named_by_lms."""
    found = {}
    for path in store.glob("*.json") if store.is_dir() else ():
        owner = read_record(path).get("owner")
        if isinstance(owner, str):
            found[path.stem] = owner
    return found


def _named_by_lms(piece: Piece, called: dict[str, str]) -> Student:
    """Return a student for a file without a class list. The id is the LMS's name, plus its number if necessary.

    called: the owner (number or name in the LMS) of each id that is already in use; this function adds to it.
    """
    anonymous = not piece.name or folded(piece.name) in ("participant", "teilnehmer", "teilnehmerin")
    name = (f"participant{piece.id}" if piece.name else piece.id) if anonymous else folded(piece.name)
    if piece.lms == OTHER and is_folder_name(piece.name):
        name = piece.name
    owner = piece.id or name
    if not is_folder_name(name) or called.setdefault(name, owner) != owner:
        name = f"{name}_{owner}" if is_folder_name(f"{name}_{owner}") else owner
    return Student(id=name, name=piece.name)
