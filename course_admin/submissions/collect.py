"""`course collect`: what Canvas and Moodle give for download, into submitted/<student>/<lab>/.

How their files are called stands in course_admin.submissions.lms_downloads, what a class list holds in
course_admin.submissions.roster.

Neither says when something was handed in: the times of files in the zips are those of the download, and Canvas marks
LATE without saying how late. Times come from a CSV: Moodle's grading worksheet has them, and any list with a column
`submitted` will do.

submitted/.collected/<lab>/ keeps a record of each hand-in and what it replaced. A hand-in is put together there and
moved to its place in one step, so whatever stops the command leaves a student's folder as it was or as it is to be.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from course_admin.atomic import write_atomic
from course_admin.course import CourseError, Lab, find_labs
from course_admin.deadlines import FORM, Deadlines, deadlines, in_words
from course_admin.submissions.lms_downloads import Piece, choose, parse
from course_admin.submissions.roster import Roster, Student, by_name, find_roster, folded, is_folder_name, read_roster
from course_admin.submissions.safe_files import NBGRADER_FILES, TIMESTAMP, read_plain_file, walk
from course_admin.submissions.unknown_names import warning
from course_admin.submissions.zip_reader import open_source

RECORDS = ".collected"
GERMAN = ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez")
MONTHS = {name: number for number, name in enumerate(GERMAN, start=1)}

NEW, REPLACED, UNCHANGED, KEPT, NOTHING = "new", "replaced", "unchanged", "kept", "nothing"
"""What became of a hand-in: put there; put in the place of an older one; was there already; left alone, since what is
there is newer or somebody's own; no file that could be taken.
"""


@dataclass
class HandIn:
    """One student's hand-in, and what became of it.

    late: in words, "" when in time or when nothing is known; doubled: whether there was more than one to choose from.
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
    """What `collect` found. missing: the students without a hand-in; unknown: who is on no list; left_out: files."""

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
    force: bool = False,
    dry_run: bool = False,
) -> Collected:
    """Sort a download of Canvas or Moodle, a zip or the folder it was unpacked into, into submitted/.

    lab: whose hand-ins these are (default: the course's only lab); roster: the class list (default:
    roster.csv in the root); times: a CSV with the times of handing in; force: also replace what is newer or
    was put there by hand, which is kept in submitted/.collected; dry_run: write nothing.
    Raises CourseError, before anything is written, for what is no download, and for a class list that is none.
    """
    from course_admin.settings import load_settings

    root = Path(root)
    work = _the_lab(root, lab)
    dates = deadlines(load_settings(root))
    known = find_roster(root, roster)
    listed = read_roster(Path(times)) if times else None
    found = Collected(work.name, str(source))
    moments = _times(known, listed, dates, found.notes)
    if listed and not any(student.submitted for student in listed.students):
        raise CourseError(f"{times} has no times in it: they stand in a column submitted, as {FORM}")
    with open_source(Path(source)) as files:
        pieces = [piece for file in files if (piece := parse(file)) is not None]
        taken = {id(piece.file) for piece in pieces}
        others = [file for file in files if id(file) not in taken]
        found.left_out = [f"{file.path} {file.problem or 'has no name that Canvas or Moodle gives'}" for file in others]
        if not pieces:
            there = ", ".join(file.path for file in files[:3]) or "nothing"
            raise CourseError(
                f"{source} is no download of Canvas or Moodle: none of its files has such a name (there: {there})"
            )
        store = root / "submitted" / RECORDS / work.name
        groups, found.unknown = _by_student(pieces, known, _called_before(store))
        if known is None and listed is not None:
            for student, own in groups.items():
                for same in owners_of(own[0], listed)[0][:1]:
                    _note_time(moments, student.id, same.submitted, dates)
        if not dry_run:
            _tidy(store)
        for student, own in groups.items():
            found.hand_ins.append(_take(work, store, student, own, moments, dates, force=force, dry_run=dry_run))
    if known is None:
        found.notes.append("no class list: students are called as the LMS calls them, and nobody can be missed")
    else:
        there = {hand_in.student for hand_in in found.hand_ins if hand_in.state != NOTHING}
        found.missing = [student.id for student in by_name(known.students) if student.id not in there]
    found.notes += warning(dates).splitlines()
    handed_in = [hand_in for hand_in in found.hand_ins if hand_in.state != NOTHING]
    without = [hand_in.student for hand_in in handed_in if not hand_in.handed_in]
    if without:
        what = "something was" if len(without) == len(handed_in) else f"these were ({'; '.join(without)})"
        found.notes.append(
            f"the download does not say when {what} handed in, so no penalty is charged for it: "
            f"name a list with the times (--times FILE), or write them into {TIMESTAMP}"
        )
    return found


def show(found: Collected, console: Any, *, dry_run: bool = False) -> None:
    """A table of the hand-ins, and lines for what needs a person."""
    from rich import box
    from rich.table import Table

    from course_admin.text import printable, rich_text

    table = Table(title=found.lab, title_style="bold", title_justify="left", box=box.SIMPLE_HEAD)
    for head in ("student", "hand-in", "files", "late", "notes"):
        table.add_column(head, overflow="fold", justify="right" if head == "files" else "left")
    for row in found.hand_ins:
        notes = [*(["doubled"] if row.doubled else []), *row.notes]
        files = str(len(row.files) or "")
        table.add_row(rich_text(row.student), row.state, files, row.late, rich_text("\n".join(notes)))
    console.print(table)
    rows = found.hand_ins
    counts = {state: sum(row.state == state for row in rows) for state in (NEW, REPLACED, UNCHANGED, KEPT, NOTHING)}
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


def as_json(found: Collected) -> str:
    """The same for programs."""
    return json.dumps(asdict(found), ensure_ascii=False, indent=1) + "\n"


# --- before ----------------------------------------------------------------------------------------------------------


def _the_lab(root: Path, name: str | None) -> Lab:
    labs = find_labs(root, [name] if name else [])
    if len(labs) > 1:
        there = ", ".join(lab.name for lab in labs)
        raise CourseError(f"whose hand-ins are these? Name the lab: --lab {labs[0].name} (there: {there})")
    return labs[0]


def _times(known: Roster | None, listed: Roster | None, dates: Deadlines, notes: list[str]) -> dict[str, datetime]:
    """When students handed in, in UTC, by id: from the class list, and from a list of its own, which counts more."""
    moments: dict[str, datetime] = {}
    unknown_students = []
    for student in known.students if known else ():
        _note_time(moments, student.id, student.submitted, dates)
    for student in listed.students if listed else ():
        same = known.same(student) if known else student
        if same is not None:
            _note_time(moments, same.id, student.submitted, dates)
        elif _is_time(student.submitted):
            unknown_students.append(student.display_name)
    if unknown_students:
        notes.append(f"in the list of times, but not on the class list: {'; '.join(unknown_students)}")
    return moments


def _is_time(text: str) -> bool:
    return text not in ("", "-")


def _note_time(moments: dict[str, datetime], student: str, text: str, dates: Deadlines) -> None:
    if _is_time(text):
        moments[student] = read_time(text, dates, f"the time of {student}'s hand-in")


def read_time(text: str, dates: Deadlines, where: str) -> datetime:
    """A time of handing in as UTC: YYYY-MM-DD HH:MM, or as Moodle writes it, "Monday, 12 October 2026, 11:05 PM", in
    the USA "Monday, October 12, 2026, 11:05 PM", in German "Montag, 12. Oktober 2026, 23:05"; as German spreadsheets
    write it, "12.10.2026 23:05"; as nbgrader does, "2026-10-12 21:05:00.000000 UTC".

    In the course's time zone, where it has none of its own. Raises CourseError.
    """
    text = " ".join(text.split())
    german = re.fullmatch(r"(?:\w+, )?(\d{1,2})\. ?(\w+?)\.? ?(\d{4}),? (\d{1,2}):(\d\d)(?::\d\d)?(?: Uhr)?", text)
    if german:
        day, name, year, hour, minute = german.groups()
        month = int(name) if name.isdecimal() else MONTHS.get(name[:3].casefold(), 0)
        try:
            return dates.moment(datetime(int(year), month, int(day), int(hour), int(minute)).isoformat(), where)
        except ValueError:
            return dates.moment(text, where)
    text = re.sub(r" UTC\Z", "+00:00", text)
    days, hours = ("%A, %d %B %Y", "%A, %B %d, %Y", "%d %B %Y", "%B %d, %Y"), ("%I:%M %p", "%H:%M")
    for form in (f"{day}, {hour}" for day in days for hour in hours):
        try:
            return dates.moment(datetime.strptime(text, form).isoformat(), where)
        except ValueError:
            continue
    return dates.moment(text, where)


# --- whose is it ------------------------------------------------------------------------------------------------------


def _by_student(
    pieces: Sequence[Piece], known: Roster | None, called: dict[str, str]
) -> tuple[dict[Student, list[Piece]], list[str]]:
    """The files of each student, and those whom nobody knows, in words. called: see _called_by_lms."""
    groups: dict[Student, list[Piece]] = {}
    unknown: dict[str, None] = {}
    for piece in pieces:
        if known is None:
            owners = [_called_by_lms(piece, called)]
        else:
            owners, why = owners_of(piece, known)
            shifted = None if owners else _with_longer_name(piece)
            if shifted and (others := owners_of(shifted, known)[0]):
                piece, owners = shifted, others
            if not owners:
                unknown[f"{piece.name or piece.id}{f' ({piece.id})' if piece.name and piece.id else ''}{why}"] = None
        for owner in owners:
            groups.setdefault(owner, []).append(piece)
    return dict(sorted(groups.items(), key=lambda item: item[0].id)), list(unknown)


def owners_of(piece: Piece, known: Roster) -> tuple[list[Student], str]:
    """The students whose file it is (several for a group's), and why nobody's, to be read after the name.

    The number counts more than the name, but a name that is clearly somebody else's makes it nobody's: numbers of
    Moodle are those of one assignment, and a list made for another has others.
    """
    group = known.find("group", piece.name)
    named = known.find("name", piece.name)
    if group and not named:
        return group, ""
    # "Participant 123" has its number in the name.
    number = piece.id or "".join(re.findall(r"\A\D+ (\d+)\Z", piece.name) if piece.lms == "moodle" else [])
    numbered = known.find("canvas_id" if piece.lms == "canvas" else "moodle_id", number)
    if numbered and named and not set(numbered) & set(named):
        return [], f": the number is {numbered[0].id}'s, the name {named[0].id}'s"
    found = [student for student in numbered if student in named] or numbered or named
    if len(found) > 1:
        could = " or ".join(student.id for student in found)
        return [], f": could be {could}, which the number in a column {piece.lms}_id of the class list tells"
    return found, ""


def _with_longer_name(piece: Piece) -> Piece | None:
    """The piece, read otherwise: team_7_4711_901234_lab.ipynb is by team_7, and not the file 4711 of number 7."""
    rest = re.fullmatch(r"(\d+)_(.+)", piece.path[0])
    if piece.lms != "canvas" or piece.typed or not piece.id.isdecimal() or not rest:
        return None
    name = f"{piece.name}_{piece.id}".strip("_")
    return piece._replace(name=name, id=str(piece.attempt), attempt=int(rest[1]), path=(rest[2],))


def _called_before(store: Path) -> dict[str, str]:
    """Whose the names are that students got when they were collected before, see _called_by_lms."""
    found = {}
    for path in store.glob("*.json") if store.is_dir() else ():
        owner = read_record(path).get("owner")
        if isinstance(owner, str):
            found[path.stem] = owner
    return found


def _called_by_lms(piece: Piece, called: dict[str, str]) -> Student:
    """A student of no class list, called by the name that the LMS has, and by the number where that is not enough.

    called: whose number or name has which of these names already, which is noted there.
    """
    anonymous = not piece.name or folded(piece.name) in ("participant", "teilnehmer", "teilnehmerin")
    name = (f"participant{piece.id}" if piece.name else piece.id) if anonymous else folded(piece.name)
    owner = piece.id or name
    if not is_folder_name(name) or called.setdefault(name, owner) != owner:
        name = f"{name}_{owner}" if is_folder_name(f"{name}_{owner}") else owner
    return Student(id=name, name=piece.name)


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
    """Choose a student's files and put them where they belong."""
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
    place = Place(folder, store / f"{student.id}.json", store / "earlier" / student.id)
    hand_in.state, note = place.verdict(record, force=force)
    hand_in.notes += [note] if note else []
    known = moment
    if moment is None and hand_in.state == UNCHANGED:
        known = _known_already(folder)
    hand_in.handed_in = known.isoformat() if known else ""
    hand_in.late = _late(lab, student.id, known, newest.late, dates)
    record |= {"late": hand_in.late, "handed_in": hand_in.handed_in}
    if not dry_run and hand_in.state in (NEW, REPLACED):
        place.put(chosen.content, _timestamp(moment), record)
    elif not dry_run and hand_in.state == UNCHANGED:
        place.amend(_timestamp(moment), record)
    return hand_in


def _is_called_otherwise(student: Student, piece: Piece) -> bool:
    """Whether a file's name is neither that of its student nor of the student's group; second names do not count."""
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


def _known_already(folder: Path) -> datetime | None:
    """The time in a folder's timestamp.txt, where there is one: from a list named before, or by hand."""
    if not (folder / TIMESTAMP).is_file():
        return None
    from course_admin.submissions.timestamp import read_timestamp  # with nbgrader, which takes a second

    moment, _ = read_timestamp(folder)
    return moment.replace(tzinfo=timezone.utc) if moment else None


def _timestamp(moment: datetime | None) -> str:
    """A time as nbgrader writes it, "" without one."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f UTC") if moment else ""


# --- putting it there -------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """A student's folder for a lab, the record of what was collected into it, and where what it replaces is kept."""

    folder: Path
    record: Path
    earlier: Path

    def verdict(self, new: Mapping[str, Any], *, force: bool) -> tuple[str, str]:
        """What is to become of a hand-in, and a note for the person."""
        for above in (self.folder, self.folder.parent):
            if above.is_symlink() or (above.exists() and not above.is_dir()):
                return KEPT, f"{above.name} in submitted/ is a link or a file: nothing was written there"
        there = self._files()
        if there == new["files"]:
            return UNCHANGED, ""
        if not there:
            return NEW, ""
        old = self._recorded()
        if force:
            return REPLACED, "replaced because of --force; what was there is kept"
        if there != old.get("files"):
            return KEPT, "something else is there that was not collected: --force replaces it"
        if _order(new) < _order(old):
            return KEPT, "what is there was handed in later: --force replaces it"
        return REPLACED, "what was there is kept"

    def put(self, content: Mapping[str, bytes], timestamp: str, record: Mapping[str, Any]) -> None:
        """Write a hand-in beside its place, then move it there; what was there goes to the earlier ones."""
        store = self.record.parent
        store.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".stage-", dir=store))
        for path, data in content.items():
            target = stage.joinpath(*path.split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        if timestamp:
            (stage / TIMESTAMP).write_text(timestamp, encoding="utf-8")
        stage.chmod(0o755)  # mkdtemp's is for its owner alone
        if self.folder.exists():
            self.earlier.mkdir(parents=True, exist_ok=True)
            number = 1 + max((int(path.name) for path in self.earlier.iterdir() if path.name.isdigit()), default=0)
            self.folder.rename(self.earlier / str(number))
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        stage.rename(self.folder)
        self._note(record)

    def amend(self, timestamp: str, record: Mapping[str, Any]) -> None:
        """Note a time that has become known of a hand-in that is there already."""
        path = self.folder / TIMESTAMP
        if timestamp and read_plain_file(path)[0].decode(errors="replace") != timestamp:
            self._write(path, timestamp)
        if self._recorded() != record:
            self._note(record)

    def _note(self, record: Mapping[str, Any]) -> None:
        self._write(self.record, json.dumps(record, ensure_ascii=False, indent=1) + "\n")

    def _write(self, path: Path, text: str) -> None:
        # The temporary file is made among the records, so that a killed command leaves none among the student's files.
        self.record.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text, folder=self.record.parent)

    def _recorded(self) -> dict[str, Any]:
        return read_record(self.record)

    def _files(self) -> dict[str, str]:
        """What is there, but for nbgrader's own file: the digest of each file by path."""
        files = walk(self.folder)[0] if self.folder.is_dir() else []
        found = {}
        for path in files:
            inside = path.relative_to(self.folder).as_posix()
            if inside not in NBGRADER_FILES:
                found[inside] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found


def read_record(path: Path) -> dict[str, Any]:
    """What is noted of a hand-in, nothing where that cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _order(record: Mapping[str, Any]) -> tuple[int, str]:
    """What grows from one hand-in to the next: Canvas's number of the file, and when it was downloaded."""
    return int(record.get("attempt", 0)), str(record.get("as_of", ""))


def _tidy(store: Path) -> None:
    """Remove what a collection that was stopped has left half made."""
    for path in store.glob(".stage-*") if store.is_dir() else ():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
