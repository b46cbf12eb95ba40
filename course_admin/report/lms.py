"""Marks for Canvas and Moodle: the file that the LMS exported, with one lab's points filled in.

Canvas (Gradebook, Export): all lines are kept, including "Points Possible" and "Manual Posting". The kept columns are
those that identify a student, with Canvas's own numbers, and the column of this lab. Other assignments are dropped,
so that a mark that was changed on Canvas in the meantime is not overwritten. GradebookImporter in
https://github.com/instructure/canvas-lms, lib/gradebook_importer.rb, shows how Canvas reads the file.

Moodle, one of two files, in English or in German:
- the assignment's grading worksheet (View all submissions, Download grading worksheet). All columns are kept, because
  Moodle finds students by Identifier and detects by "Last modified (grade)" that a mark was changed in the meantime
  (assignfeedback_offline_grade_importer in https://github.com/moodle/moodle,
  mod/assign/feedback/offline/importgradeslib.php);
- the gradebook's export (Grades, Export, Plain text file). The columns about the student and the lab's column are kept
  (grade/export/lib.php writes "Assignment: NAME (Real)").
Headers are kept unchanged, and numbers are written in the notation of the file.

The cell of a student stays unchanged in three cases: some answers still need manual grading; the student is not in the
gradebook; or the cell holds a person's decision: EX (excused), a letter, a locked mark.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from course_admin.common.tables import decoded, delimiter_of, parse_table
from course_admin.common.text import one_line
from course_admin.course import CourseError
from course_admin.report.marks import Marks
from course_admin.submissions.roster import Roster, Student, folded, read_roster

COMMA, POINT = re.compile(r"-?\d+,\d{1,2}"), re.compile(r"-?\d+\.\d{1,2}")
CANVAS_ABOUT = (
    "student",
    "lastname",
    "firstname",
    "id",
    "sisuserid",
    "sisloginid",
    "integrationid",
    "rootaccount",
    "section",
)
MOODLE_ABOUT = (
    *("firstname", "lastname", "surname", "username", "idnumber", "institution", "department", "email", "emailaddress"),
    *("alternatename", "vorname", "nachname", "anmeldename", "idnummer", "institution", "abteilung", "emailadresse"),
)
MOODLE_KNOWN_BY = {"emailaddress", "username", "idnumber", "emailadresse", "anmeldename", "idnummer"}
GRADE, MAXIMUM = ("grade", "bewertung"), ("maximumgrade", "bestwertung")
SCALE, CHANGEABLE = ("scale", "skala"), ("gradecanbechanged", "bewertungkanngeandertwerden")
NO_MARK = ("", "-")
LANGUAGES = "in English or German: choose one of these in Moodle, and download the file again"


def for_lms(
    lms: str,
    rows: Sequence[Marks],
    like: Path,
    *,
    roster: Roster | None = None,
    column: str | None = None,
    scale: bool = False,
) -> tuple[str, list[str]]:
    """Return the text of the file for an LMS, and notes for the instructor, one line each.

    lms: "canvas" or "moodle"; rows: the marks of one lab; like: the file that the LMS exported; roster: the class list,
    needed if students have other names in submitted/ than in that file; column: the header of the lab's column, if the
    lab's name does not identify it; scale: scale the points if the LMS has a different maximum.
    Raises CourseError.
    """
    try:
        data = like.read_bytes()
    except OSError as error:
        raise CourseError(f"{like} cannot be read: {error.strerror}") from error
    text = decoded(data, like)
    table = parse_table(text, like)
    heads = table[0] if table else []
    if not rows:
        raise CourseError("there are no marks of this lab yet: `course grade` makes them")
    keys = [folded(head) for head in heads]
    worksheet = lms == "moodle" and ("identifier" in keys or {"id", "status", "bewertung"} <= set(keys))
    if lms == "canvas" and not {"id", "section"} <= set(keys):
        raise CourseError(f"{like} is not Canvas's export of its gradebook: it has no columns ID and Section")
    if lms == "moodle" and not worksheet and not set(keys) & MOODLE_KNOWN_BY:
        raise CourseError(f"{like} is neither Moodle's grading worksheet nor its gradebook's export {LANGUAGES}")
    about = CANVAS_ABOUT if lms == "canvas" else MOODLE_ABOUT
    target = _column(heads, rows[0].lab, column, like, worksheet, about)
    if worksheet and set(keys) & set(SCALE):
        raise CourseError(f"{like} is graded by a scale, not by points: change that in Moodle, and download it again")
    kept = range(len(heads)) if worksheet else [i for i, key in enumerate(keys) if key in about or i == target]
    notes: list[str] = []
    factor = _factor(rows[0].out_of, _maxima(table, keys, target, worksheet), like, scale, notes)
    comma = _has_commas(_cells(table, keys, target, worksheet))
    if comma is None:
        comma = _has_commas([cell for row in table[1:] for cell in row])
    marks = {row.student: row for row in rows}
    listed, waiting, absent, decided, changed = set(), [], [], [], []
    for line, student in _students(like, rows, roster).items():
        found = marks.get(student)
        if found is None:
            absent.append(student)
            continue
        if student in listed:
            raise CourseError(f"{like} has two lines for {student}: take the wrong one out")
        listed.add(student)
        row = table[line]
        row += [""] * (len(heads) - len(row))
        there = row[target].strip()
        before = _number(there)
        locked = any(key in CHANGEABLE and folded(cell) in ("no", "nein") for key, cell in zip(keys, row, strict=False))
        if locked or (before is None and there not in NO_MARK):
            decided.append(f"{student} ({'locked' if locked else one_line(there, 20)})")
            continue
        if found.pending:
            waiting.append(student)
            continue
        value = f"{max(found.total, 0.0) * factor:.2f}"
        if before is not None and before != float(value):
            changed.append(f"{student} ({there})")
        row[target] = value.replace(".", ",") if comma else value
    lists = {
        "left as they were, since a person decided something else": decided,
        "left as they were, since answers wait for a person": waiting,
        "left as they were, since nothing of theirs was graded": absent,
        "had another mark until now": changed,
        f"graded, but not in {like.name} (a class list with the LMS's numbers helps: --roster)": sorted(
            set(marks) - listed
        ),
    }
    notes += [f"{what}: {', '.join(names)}" for what, names in lists.items() if names]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter_of(text), lineterminator="\r\n" if "\r\n" in text else "\n")
    writer.writerows([row[i] if i < len(row) else "" for i in kept] for row in table)
    return out.getvalue(), notes


def _column(
    heads: Sequence[str], lab: str, column: str | None, like: Path, worksheet: bool, about: Sequence[str]
) -> int:
    if worksheet:
        wanted = [i for i, head in enumerate(heads) if folded(head) in GRADE]
        if len(wanted) == 1:
            return wanted[0]
        raise CourseError(f"{like} has no column Grade: set the assignment to give points, and download it again")
    if column is not None:
        wanted = [i for i, head in enumerate(heads) if head.strip() == column.strip()]
    else:
        topic = re.sub(r"^\d+_", "", lab)
        names = {folded(lab), folded(topic)}
        wanted = [i for i, head in enumerate(heads) if folded(_title(head)) in names]
    if len(wanted) == 1:
        return wanted[0]
    others = "; ".join(head for head in heads if folded(head) not in about)
    problem = f"no column {column!r}" if column else f"{'no' if not wanted else 'more than one'} column for {lab}"
    raise CourseError(f"{like} has {problem}: name it with --column (there: {others or 'none'})")


def _title(head: str) -> str:
    """Return the assignment's name in a header, without Canvas's number or Moodle's type of activity and of mark."""
    head = re.sub(r"\s*\((\d+|Real|Points|Punkte)\)\s*\Z", "", head.strip())
    return re.sub(r"\A(Assignment|Aufgabe|Devoir|Tarea)\s*:\s*", "", head)


def _cells(table: Sequence[Sequence[str]], keys: Sequence[str], target: int, worksheet: bool) -> list[str]:
    """Return the cells that hold the LMS's maximum of points."""
    if worksheet:
        where = [i for i, key in enumerate(keys) if key in MAXIMUM]
        return [row[where[0]] for row in table[1:] if where and where[0] < len(row)]
    if "section" not in keys or "id" not in keys:  # Moodle's gradebook export has no maximum
        return []
    # Canvas has a line with the maxima above the students. Only students' lines have an ID.
    number = keys.index("id")
    return [row[target] for row in table[1:] if max(target, number) < len(row) and not row[number].strip()]


def _maxima(table: Sequence[Sequence[str]], keys: Sequence[str], target: int, worksheet: bool) -> set[float]:
    """Return all different maxima in the LMS's file; empty if it has none."""
    found = (_number(cell) for cell in _cells(table, keys, target, worksheet))
    return {number for number in found if number is not None}


def _has_commas(cells: Sequence[str]) -> bool | None:
    """Return True if numbers have a decimal comma, False if a decimal point, None if the cells do not show it."""
    if any(POINT.fullmatch(cell.strip()) for cell in cells):
        return False
    return True if any(COMMA.fullmatch(cell.strip()) for cell in cells) else None


def _number(text: str) -> float | None:
    text = text.strip()
    if "," in text and "." in text:  # the first of the two separates thousands
        text = text.replace("," if text.rindex(".") > text.rindex(",") else ".", "")
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _factor(out_of: float, maxima: set[float], like: Path, scale: bool, notes: list[str]) -> float:
    if len(maxima) > 1:
        raise CourseError(f"{like} has several maxima for this lab: {', '.join(f'{one:g}' for one in sorted(maxima))}")
    theirs = next(iter(maxima), out_of)
    if not maxima:
        notes.append(f"{like.name} does not say out of how many points: these are out of {out_of:g}")
    if theirs == out_of:
        return 1.0
    if not scale or theirs <= 0 or out_of <= 0:
        told = f"the lab is out of {out_of:g}, its column in {like} out of {theirs:g}"
        raise CourseError(f"{told}: change that in the LMS{', or add --scale' if theirs > 0 and out_of > 0 else ''}")
    notes.append(f"scaled from {out_of:g} to {theirs:g} points")
    return theirs / out_of


def _students(like: Path, rows: Sequence[Marks], roster: Roster | None) -> dict[int, str]:
    """Map line numbers in the LMS's file to students' ids: from the gradebook, else the class list, else the file."""
    known = Roster([(roster and roster.of(row.student)) or Student(row.student) for row in rows])
    found = {}
    for line, student in read_roster(like).lines.items():
        same = known.same(student) or _by_any(known, student) or (roster and roster.same(student))
        found[line] = same.id if same else student.id
    return found


def _by_any(known: Roster, student: Student) -> Student | None:
    """Return the student whose gradebook id is one of the numbers or names in the LMS's line, None if not unique."""
    local = student.email.partition("@")[0]
    for value in (student.login, student.sis_id, student.email, student.canvas_id, local):
        found = known.find("id", value)
        if len(found) == 1:
            return found[0]
    named = {found for key in student.name_keys for found in known.find("id", key)}
    return named.pop() if len(named) == 1 else None
