"""`course collect`: sort a download from Canvas or Moodle into submitted/<student>/<lab>/.

lms_downloads and owners parse the file names, roster reads class lists, hand_in_times reads times, and student_folder
writes the files.

A download does not contain the time of submission: the times of files in the zips are those of the download, and
Canvas writes LATE without a time. So the times come from a CSV: Moodle's grading worksheet, or any list with a column
`submitted`.

submitted/.collected/<lab>/ stores a record of each hand-in and the files that it replaced. A hand-in is prepared there
and moved to its place in one step, so if the command is stopped, a student's folder is either unchanged or complete.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from course_admin.common.one_at_a_time import one_at_a_time
from course_admin.common.text import last_line, printable
from course_admin.course import CourseError, Lab, find_labs
from course_admin.deadlines import FORM, Deadlines, deadlines, in_words
from course_admin.submissions.hand_in_times import hand_in_times, known_already, note_time, timestamp_text
from course_admin.submissions.lms_downloads import OTHER, Piece, choose, compiled, parse, parse_by
from course_admin.submissions.owners import by_student, names_given_before, owners_of
from course_admin.submissions.roster import Student, by_name, find_roster, folded, read_roster
from course_admin.submissions.safe_files import MAX_NOTES, TIMESTAMP
from course_admin.submissions.student_folder import (
    FAILED,
    NEW,
    NOTHING,
    REPLACED,
    STATES,
    UNCHANGED,
    StudentFolder,
    remove_leftovers,
)
from course_admin.submissions.unknown_names import warning
from course_admin.submissions.zip_reader import open_source

RECORDS = ".collected"
FOR_ALL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE)
"""System errors that no hand-in causes, and that would happen again with the next hand-in."""


@dataclass
class HandIn:
    """One student's hand-in and its result.

    state: one of STATES; files: their paths; handed_in: the time in ISO format, "" if unknown; late: how late, in
    words, "" if in time or unknown; doubled: whether there were several hand-ins to choose from.
    """

    student: str
    name: str = ""
    state: str = NOTHING
    files: list[str] = field(default_factory=list)
    handed_in: str = ""
    late: str = ""
    doubled: bool = False
    notes: list[str] = field(default_factory=list)


@dataclass
class Collected:
    """The result of `collect`.

    missing: ids of students without a hand-in; unknown: names that are not on the class list; left_out: files that
    belong to no hand-in, with the reason.
    """

    lab: str
    source: str
    hand_ins: list[HandIn] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def collect(
    root: Path,
    source: Path,
    lab: str | None = None,
    *,
    roster: Path | None = None,
    times: Path | None = None,
    pattern: str | None = None,
    force: bool = False,
    dry_run: bool = False,
) -> Collected:
    """Sort a download from Canvas or Moodle into submitted/. source: the zip, or a folder with its unpacked files.

    lab: the lab that was handed in (default: the course's only lab); roster: the class list (default: roster.csv in
    the root); times: a CSV with the times of submission; pattern: for the file names of another LMS, see
    `lms_downloads.parse_by`; force: also replace files that are newer or were put there by hand (they are kept in
    submitted/.collected); dry_run: write nothing.
    A faulty hand-in does not affect other hand-ins.
    Raises CourseError, before anything is written, if the source is no download or the class list is invalid.
    """
    from course_admin.settings import load_settings

    root = Path(root)
    names = compiled(pattern) if pattern is not None else None
    work = _the_lab(root, lab)
    dates = deadlines(load_settings(root))
    known = find_roster(root, roster)
    listed = read_roster(Path(times)) if times else None
    found = Collected(work.name, str(source))
    moments = hand_in_times(known, listed, dates, found.notes)
    if listed and not any(student.submitted for student in listed.students):
        raise CourseError(f"{times} has no times in it: write them into a column `submitted`, as {FORM}")
    with contextlib.nullcontext() if dry_run else one_at_a_time(root), open_source(Path(source)) as files:
        pieces = [piece for file in files if (piece := parse_by(names, file) if names else parse(file)) is not None]
        taken = {id(piece.file) for piece in pieces}
        others = [file for file in files if id(file) not in taken]
        no_match = "does not fit --pattern" if names else "has no name that Canvas or Moodle gives"
        found.left_out = [f"{file.path} {file.problem or no_match}" for file in others]
        if not pieces:
            there = ", ".join(file.path for file in files[:3]) or "nothing"
            if names:
                raise CourseError(f"--pattern fits none of the files of {source} (there: {there})")
            raise CourseError(
                f"{source} is no download of Canvas or Moodle: none of its files has such a name (there: {there}); "
                "describe the names of another LMS with --pattern REGEX (docs/graders.md has examples), or put each "
                f"notebook at submitted/STUDENT/{work.name}/{work.name}.ipynb"
            )
        store = root / "submitted" / RECORDS / work.name
        groups, found.unknown = by_student(pieces, known, names_given_before(store))
        if known is None and listed is not None:
            for student, own in groups.items():
                for same in owners_of(own[0], listed)[0][:1]:
                    note_time(moments, student.id, same.submitted, dates)
        if not dry_run:
            remove_leftovers(store)
        for student, own in groups.items():
            try:
                hand_in = _take(work, store, student, own, moments, dates, force=force, dry_run=dry_run)
            except Exception as error:
                if isinstance(error, CourseError) or (isinstance(error, OSError) and error.errno in FOR_ALL):
                    raise
                hand_in = HandIn(student.id, student.display_name, FAILED, notes=[_in_words(error)])
            if len(hand_in.notes) > MAX_NOTES:
                hand_in.notes[MAX_NOTES:] = [f"{len(hand_in.notes) - MAX_NOTES} more notes"]
            found.hand_ins.append(hand_in)
        if not dry_run:
            remove_leftovers(store)
    if known is None:
        found.notes.append("no class list: students have the names of the LMS, and missing students cannot be found")
    else:
        there = {hand_in.student for hand_in in found.hand_ins if hand_in.state not in (NOTHING, FAILED)}
        found.missing = [student.id for student in by_name(known.students) if student.id not in there]
    found.notes += warning(dates).splitlines()
    handed_in = [hand_in for hand_in in found.hand_ins if hand_in.state not in (NOTHING, FAILED)]
    without = [hand_in.student for hand_in in handed_in if not hand_in.handed_in]
    if without:
        what = "something was" if len(without) == len(handed_in) else f"these were ({'; '.join(without)})"
        found.notes.append(
            f"the download does not say when {what} handed in, so no penalty is charged for it: "
            f"name a list with the times (--times FILE), or write them into {TIMESTAMP}"
        )
    return found


def show(found: Collected, console: Any, *, dry_run: bool = False) -> None:
    """Print a table of the hand-ins, and lines about everything that a person has to check."""
    from rich import box
    from rich.table import Table

    from course_admin.common.text import rich_text

    table = Table(title=found.lab, title_style="bold", title_justify="left", box=box.SIMPLE_HEAD)
    for head in ("student", "hand-in", "files", "late", "notes"):
        table.add_column(head, overflow="fold", justify="right" if head == "files" else "left")
    for row in found.hand_ins:
        notes = [*(["doubled"] if row.doubled else []), *row.notes]
        files = str(len(row.files) or "")
        table.add_row(rich_text(row.student), row.state, files, row.late, rich_text("\n".join(notes)))
    console.print(table)
    rows = found.hand_ins
    counts = {state: sum(row.state == state for row in rows) for state in STATES}
    counts |= {"late": sum(bool(row.late) for row in rows), "doubled": sum(row.doubled for row in rows)}
    counts["missing"] = len(found.missing)
    plainly = {"highlight": False, "markup": False, "soft_wrap": True}
    console.print(", ".join(f"{count} {what}" for what, count in counts.items() if count), **plainly)
    lists = {"missing": found.missing, "not on the class list": found.unknown, "left out": found.left_out}
    for what, names in lists.items():
        if names:
            console.print(printable(f"{what}: {'; '.join(names)}"), **plainly)
    for note in found.notes:
        console.print(printable(note), **plainly)
    if dry_run:
        console.print("nothing was written (--dry-run)", **plainly)
    without = [f"{row.student} ({', '.join(row.notes) or 'no file'})" for row in rows if row.state in (NOTHING, FAILED)]
    if without:
        what = "hand-in was" if len(without) == 1 else "hand-ins were"
        console.print(printable(f"{len(without)} {what} left out: {'; '.join(without)}"), **plainly)


def as_json(found: Collected) -> str:
    """Return the result as JSON, for other programs."""
    return json.dumps(asdict(found), ensure_ascii=False, indent=1).encode("utf-8", "replace").decode() + "\n"


# --- preparation -----------------------------------------------------------------------------------------------------


def _the_lab(root: Path, name: str | None) -> Lab:
    labs = find_labs(root, [name] if name else [])
    if len(labs) > 1:
        there = ", ".join(lab.name for lab in labs)
        raise CourseError(f"whose hand-ins are these? Name the lab: --lab {labs[0].name} (there: {there})")
    return labs[0]


def _in_words(error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else last_line(str(error))
    return f"could not be put into submitted/: {reason or type(error).__name__}"


# --- one student ------------------------------------------------------------------------------------------------------


def _take(
    lab: Lab,
    store: Path,
    student: Student,
    pieces: Sequence[Piece],
    moments: Mapping[str, datetime],
    dates: Deadlines,
    *,
    force: bool,
    dry_run: bool,
) -> HandIn:
    """Choose a student's files and write them to the student's folder. Return the result."""
    chosen = choose(lab.name, pieces)
    hand_in = HandIn(student.id, student.display_name, doubled=chosen.doubled, notes=chosen.notes)
    moment = moments.get(student.id)
    if not chosen.content:
        if all(piece.typed for piece in chosen.pieces):
            hand_in.notes.append("typed a text or gave a link, and handed in no file")
        return hand_in
    hand_in.files = sorted(chosen.content)
    newest = max(chosen.pieces, key=lambda piece: (piece.attempt, piece.file.when))
    if _is_called_otherwise(student, newest):
        hand_in.notes.append(
            f"found by the number alone, handed in as {newest.name}: "
            "where that is a group, a column group in the class list gives it to all members"
        )
    record: dict[str, Any] = {
        "files": {path: hashlib.sha256(data).hexdigest() for path, data in chosen.content.items()},
        "attempt": newest.attempt,
        "as_of": newest.file.when.isoformat(),
        "lms": newest.lms,
        "owner": newest.id or folded(newest.name),
    }
    folder = lab.root / "submitted" / student.id / lab.name
    place = StudentFolder(folder, store / f"{student.id}.json", store / "earlier" / student.id)
    hand_in.state, note = place.verdict(record, force=force)
    hand_in.notes += [note] if note else []
    known = moment
    if moment is None and hand_in.state == UNCHANGED:
        known = known_already(folder)
    hand_in.handed_in = known.isoformat() if known else ""
    hand_in.late = _late(lab, student.id, known, newest.late, dates)
    record |= {"late": hand_in.late, "handed_in": hand_in.handed_in}
    if not dry_run and hand_in.state in (NEW, REPLACED):
        place.put(chosen.content, timestamp_text(moment), record)
    elif not dry_run and hand_in.state == UNCHANGED:
        place.amend(timestamp_text(moment), record)
    return hand_in


def _is_called_otherwise(student: Student, piece: Piece) -> bool:
    """Return whether the name in a file's name differs from its student's name and group. Middle names are ignored."""
    if piece.lms == OTHER:  # the name may be any of the student's identifiers
        return False
    called = folded(piece.name)
    words = [folded(word) for word in (student.first_name, student.last_name) if word]
    words = words or [folded(word) for word in re.split(r"[\s,]+", student.name)]
    names = any(words) and bool(called) and not called.startswith(("participant", "teilnehmer"))
    if not names or called == folded(student.group) or called in student.name_keys:
        return False
    return not all(word in called for word in words)


def _late(lab: Lab, student: str, moment: datetime | None, marked: bool, dates: Deadlines) -> str:
    due = dates.due_date(lab.name, student)
    if moment and due:
        return f"{in_words((moment - due).total_seconds())}" if moment > due else ""
    return "by Canvas's mark" if marked else ""
