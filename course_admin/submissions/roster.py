"""Read the class list: the students and their names and numbers in Canvas and Moodle.

It is a CSV file in the course's own format or an export of an LMS. In heads, case, spaces, "_" and "-" do not matter.
Columns can be in any order. Other columns are ignored:

| column | other heads for it | what it is |
|---|---|---|
| id | student, student id | the folder in submitted/ and the name in the gradebook |
| first_name, last_name | given name, Vorname; surname, family name, Nachname | |
| name | full name | both in one column |
| email | email address, e-mail | |
| canvas_id | | Canvas's number of the student ("ID" in Canvas's own export) |
| sis_id | SIS user id, ID number, Matrikelnummer | the number at the university |
| login | SIS login id, username | |
| moodle_id | identifier, participant | Moodle's number of the student in *this* assignment: "Participant 123" |
| group | team | for work that one student hands in for several |
| submitted | handed in, submitted at, last modified (submission) | the time of submission |

Canvas's gradebook export (heads Student, ID, SIS User ID, SIS Login ID, Section; or LastName and FirstName), Moodle's
grading worksheet (Identifier, Full name, Email address, Status, ...) and its gradebook export (First name, Last name,
ID number, Email address, ...) can be read unchanged; Moodle's in German, too. Without a column id, a student's id is
the first value that exists of login, sis_id, email, canvas_id, moodle_id.

The heads are defined in GradebookExporter in https://github.com/instructure/canvas-lms, lib/gradebook_exporter.rb, and
in https://github.com/moodle/moodle, assign_grading_table in mod/assign/gradingtable.php, and grade/export/lib.php.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from course_admin.common.tables import read_table
from course_admin.course import CourseError

FILE = "roster.csv"
"""The class list's usual name, in the course's root."""

HEADS = {
    "id": ("id", "student", "student id"),
    "first_name": ("first name", "firstname", "given name", "vorname"),
    "last_name": ("last name", "lastname", "surname", "family name", "nachname"),
    "name": ("name", "full name", "fullname", "vollstandiger name"),
    "email": ("email", "email address", "e mail", "e mail adresse"),
    "canvas_id": ("canvas id", "canvas user id"),
    "sis_id": ("sis id", "sis user id", "id number", "idnumber", "id nummer", "matrikelnummer"),
    "login": ("login", "login id", "sis login id", "username", "user name", "anmeldename", "benutzername"),
    "moodle_id": ("moodle id", "identifier", "participant"),
    "group": ("group", "team", "gruppe"),
    "submitted": ("submitted", "submitted at", "handed in", "last modified submission", "zuletzt geandert abgabe"),
}
# Heads of Moodle's German grading worksheet. Its head "ID" means Moodle's number.
GERMAN_WORKSHEET = {"id", "status", "bewertung"}
# WHOLE: ASCII spelling of letters that Unicode does not decompose. DOTS: German spelling without umlauts.
WHOLE = str.maketrans({"ı": "i", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h"})
DOTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
CANVAS_HEADS = {"id": "canvas_id", "student": "name"}
CALLED_BY = ("id", "login", "sis_id", "email", "canvas_id", "moodle_id")
# Only these identify a student. Two students can have the same name.
UNIQUE = ("canvas_id", "sis_id", "login", "moodle_id", "email")


@dataclass(frozen=True)
class Student:
    """One line of the class list. id: the name of the student's folder; name: full name; submitted: unparsed text."""

    id: str
    first_name: str = ""
    last_name: str = ""
    name: str = ""
    email: str = ""
    canvas_id: str = ""
    sis_id: str = ""
    login: str = ""
    moodle_id: str = ""
    group: str = ""
    submitted: str = ""

    @property
    def display_name(self) -> str:
        """The student's full name, or the id if no name is known."""
        return f"{self.first_name} {self.last_name}".strip() or self.name or self.id

    @property
    def name_keys(self) -> frozenset[str]:
        """The spellings of the name as one word, as an LMS writes it: first or last name first, see `folded`."""
        parts = [part for part in (self.first_name, self.last_name) if folded(part)]
        parts = parts or [part for part in re.split(r"[\s,]+", self.name) if folded(part)]
        spellings = [[folded(part) for part in parts], [folded(dotless(part)) for part in parts]]
        return frozenset("".join(words[i:] + words[:i]) for words in spellings for i in range(len(words)))


class Roster:
    """A class list that finds students by their names and numbers in an LMS.

    lines: the student of each line of the table that was read. The heads are line 0.
    """

    def __init__(self, students: Iterable[Student], lines: Mapping[int, Student] | None = None) -> None:
        self.students = tuple(students)
        self.lines = dict(lines or {})
        self._by: dict[tuple[str, str], list[Student]] = {}
        for student in self.students:
            keys = {("id", student.id.casefold())}
            keys |= {(column, value.casefold()) for column in UNIQUE if (value := getattr(student, column))}
            keys |= {("name", key) for key in student.name_keys}
            if student.group:
                keys.add(("group", folded(student.group)))
            for key in keys:
                self._by.setdefault(key, []).append(student)

    def find(self, column: str, value: str) -> list[Student]:
        """Return the students with a value in a column: "id", one of UNIQUE, "name" or "group".

        Names and groups are compared as in `folded`, other columns without regard to case.
        """
        if not value:
            return []
        if column not in ("name", "group"):
            return list(self._by.get((column, value.casefold()), []))
        return list(self._by.get((column, folded(value)), []) or self._by.get((column, folded(dotless(value))), []))

    def of(self, student_id: str) -> Student | None:
        """Return the student with an id, which is the name of a folder in submitted/, or None."""
        return next(iter(self.find("id", student_id)), None)

    def same(self, other: Student) -> Student | None:
        """Return this list's entry for a student of another list, or None if it is not unique."""
        for column in ("id", *UNIQUE):
            found = self.find(column, getattr(other, column))
            if len(found) == 1:
                return found[0]
        found = {student for key in other.name_keys for student in self._by.get(("name", key), [])}
        return found.pop() if len(found) == 1 else None


def folded(text: str) -> str:
    """Return a name as one word in lower case, without accents, spaces and punctuation, to compare spellings."""
    letters = unicodedata.normalize("NFKD", text.casefold().translate(WHOLE))
    return "".join(letter for letter in letters if letter.isalnum())


def dotless(text: str) -> str:
    """Return a name without German umlauts, in lower case: "juergen" for "Jürgen"."""
    return unicodedata.normalize("NFC", text).casefold().translate(DOTS)


def find_roster(root: Path, path: Path | None = None) -> Roster | None:
    """Read the class list from `path`, or from roster.csv in the course's root. Raises CourseError if it is invalid.

    Returns None if there is no `path` and no roster.csv.
    """
    if path is None and not (Path(root) / FILE).is_file():
        return None
    return read_roster(Path(path) if path else Path(root) / FILE)


def read_roster(path: Path) -> Roster:
    """Read a class list. Raises CourseError with the line number if it is invalid."""
    rows = read_table(path)
    if not rows:
        raise CourseError(f"{path} is empty: a class list needs a line of heads, such as id,first_name,last_name,email")
    heads = [_head(cell) for cell in rows[0]]
    is_canvas = "section" in heads and "id" in heads and ("student" in heads or "lastname" in heads)
    columns = [_column(head, is_canvas) for head in heads]
    if set(heads) >= GERMAN_WORKSHEET:
        columns[heads.index("id")] = "moodle_id"
    if not set(columns) & set(CALLED_BY):
        there = ", ".join(rows[0])
        raise CourseError(
            f"{path} is no class list: its first line has none of the heads {', '.join(CALLED_BY)} (it has: {there}); "
            "give the column that tells students apart one of these"
        )
    students: dict[str, Student] = {}
    lines = {}
    for number, row in enumerate(rows[1:], start=2):
        values: dict[str, str] = {}
        for column, cell in zip(columns, row, strict=False):
            if column and cell.strip():
                values.setdefault(column, cell.strip())
        if not values or _is_no_student(values):
            continue
        values["moodle_id"] = re.sub(r"\D", "", values.get("moodle_id", ""))
        called = next((values[column] for column in CALLED_BY if values.get(column)), "")
        if not called and is_canvas:  # a line about the assignments, in any language
            continue
        if not called:
            raise CourseError(f"{path}, line {number}: a student without any of {', '.join(CALLED_BY)}")
        if not is_folder_name(called):
            shown = called if len(called) <= 40 else f"{called[:40]}…"
            why = ", it is too long" if len(called) > 40 else ""
            raise CourseError(f"{path}, line {number}: {shown!r} cannot be the name of a folder{why}; add a column id")
        if called in students:
            raise CourseError(f"{path}, line {number}: there are two students called {called!r}: take one out")
        students[called] = lines[number - 1] = _split(Student(**{**values, "id": called}))
    folded = {name.casefold() for name in students}
    if len(folded) < len(students):
        raise CourseError(f"{path}: two students' ids differ in upper and lower case alone")
    return Roster(students.values(), lines)


def is_folder_name(name: str) -> bool:
    """Return whether a student's id can be the name of a folder, and of a student in nbgrader."""
    return (
        0 < len(name) <= 100
        and len(name.encode(errors="replace")) <= 200
        and name == name.strip()
        and not name.startswith(".")
        and not name.endswith(".")
        and name.isprintable()
        and not set(name) & set('/\\:*?"<>|')
    )


def _head(cell: str) -> str:
    letters = "".join(
        letter for letter in unicodedata.normalize("NFKD", cell.casefold()) if not unicodedata.combining(letter)
    )
    return " ".join(re.sub(r"[^a-z0-9]+", " ", letters).split())


def _column(head: str, is_canvas: bool) -> str:
    if is_canvas and head in CANVAS_HEADS:
        return CANVAS_HEADS[head]
    return next((column for column, heads in HEADS.items() if head in heads or head == column.replace("_", " ")), "")


def _is_no_student(values: dict[str, str]) -> bool:
    # Canvas adds two lines above the students, and a test student.
    name = values.get("name") or f"{values.get('last_name', '')}, {values.get('first_name', '')}"
    return name.startswith("Points Possible") or name == "Student, Test"


def _split(student: Student) -> Student:
    """Return the student with first and last name, if the full name has the form "Last, First"."""
    last, comma, first = student.name.partition(",")
    if comma and not student.first_name and not student.last_name:
        return replace(student, first_name=first.strip(), last_name=last.strip())
    return student


def by_name(students: Sequence[Student]) -> list[Student]:
    """Return the students sorted by last name, or by full name if the last name is unknown."""
    return sorted(students, key=lambda student: (folded(student.last_name or student.name), folded(student.id)))
