"""The class list: who the students are, and what Canvas and Moodle call them.

A CSV file in the course's own form, or as an LMS exports it. Heads are read without regard to case, spaces, "_" and
"-", columns come in any order, others are passed over:

| column | other heads for it | what it is |
|---|---|---|
| id | student, student id | the folder in submitted/ and the name in the gradebook |
| first_name, last_name | given name, Vorname; surname, family name, Nachname | |
| name | full name | both in one |
| email | email address, e-mail | |
| canvas_id | | Canvas's number of the student ("ID" in Canvas's own export) |
| sis_id | SIS user id, ID number, Matrikelnummer | the number at the university |
| login | SIS login id, username | |
| moodle_id | identifier, participant | Moodle's number of the student in *this* assignment: "Participant 123" |
| group | team | for work that is handed in once for several |
| submitted | handed in, submitted at, last modified (submission) | when it was handed in |

Canvas's gradebook export (heads Student, ID, SIS User ID, SIS Login ID, Section; or LastName and FirstName), Moodle's
grading worksheet (Identifier, Full name, Email address, Status, ...) and its gradebook export (First name, Last name,
ID number, Email address, ...) are read as they are; Moodle's in German too. Without a column id, a student is called by
the first that there is of login, sis_id, email, canvas_id, moodle_id.

Where the heads are written: GradebookExporter in https://github.com/instructure/canvas-lms, lib/gradebook_exporter.rb;
assign_grading_table in https://github.com/moodle/moodle, mod/assign/gradingtable.php, and grade/export/lib.php there.
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
# What Moodle's grading worksheet has in German, where the head of its number is "ID".
GERMAN_WORKSHEET = {"id", "status", "bewertung"}
# Letters that Unicode does not take apart, as they are written without them; and how German does without its dots.
WHOLE = str.maketrans({"ı": "i", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h"})
DOTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
CANVAS_HEADS = {"id": "canvas_id", "student": "name"}
CALLED_BY = ("id", "login", "sis_id", "email", "canvas_id", "moodle_id")
# Identifiers that are unique. Two people can have the same name.
UNIQUE = ("canvas_id", "sis_id", "login", "moodle_id", "email")


@dataclass(frozen=True)
class Student:
    """One line of the class list. id: the folder's name; name: what people read; submitted: the text in the list."""

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
        """The name for people, or the id where none is known."""
        return f"{self.first_name} {self.last_name}".strip() or self.name or self.id

    @property
    def name_keys(self) -> frozenset[str]:
        """What the name can look like when an LMS writes it as one word: first or last name first, see `plain`."""
        parts = [part for part in (self.first_name, self.last_name) if folded(part)]
        parts = parts or [part for part in re.split(r"[\s,]+", self.name) if folded(part)]
        spellings = [[folded(part) for part in parts], [folded(dotless(part)) for part in parts]]
        return frozenset("".join(words[i:] + words[:i]) for words in spellings for i in range(len(words)))


class Roster:
    """A class list that finds its students by what an LMS says of them.

    lines: which line of the table that it was read from is whose, the heads being line 0.
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
        """The students with that value in a column: "id", one of UNIQUE, "name" or "group" (both see `plain`)."""
        if not value:
            return []
        if column not in ("name", "group"):
            return list(self._by.get((column, value.casefold()), []))
        return list(self._by.get((column, folded(value)), []) or self._by.get((column, folded(dotless(value))), []))

    def of(self, student_id: str) -> Student | None:
        """The student of a folder in submitted/."""
        return next(iter(self.find("id", student_id)), None)

    def same(self, other: Student) -> Student | None:
        """The student of this list who is the same person as one in another list, None where that is not clear."""
        for column in ("id", *UNIQUE):
            found = self.find(column, getattr(other, column))
            if len(found) == 1:
                return found[0]
        found = {student for key in other.name_keys for student in self._by.get(("name", key), [])}
        return found.pop() if len(found) == 1 else None


def folded(text: str) -> str:
    """A name as one word in lower case, without accents, spaces and signs: what all spellings of it share."""
    letters = unicodedata.normalize("NFKD", text.casefold().translate(WHOLE))
    return "".join(letter for letter in letters if letter.isalnum())


def dotless(text: str) -> str:
    """A name without German's dots: Jürgen is written Juergen where there is no ü."""
    return unicodedata.normalize("NFC", text).casefold().translate(DOTS)


def find_roster(root: Path, path: Path | None = None) -> Roster | None:
    """The class list in a file, or in roster.csv in the course's root; None where there is none. Raises CourseError."""
    if path is None and not (Path(root) / FILE).is_file():
        return None
    return read_roster(Path(path) if path else Path(root) / FILE)


def read_roster(path: Path) -> Roster:
    """Read a class list. Raises CourseError, naming the line, for what cannot be one."""
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
        if not called and is_canvas:  # a line about the assignments, in whatever language
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
    """Whether a student's id can be the name of a folder, and of a student in nbgrader."""
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
    # Canvas has two lines above the students, and a student of its own for trying things out.
    name = values.get("name") or f"{values.get('last_name', '')}, {values.get('first_name', '')}"
    return name.startswith("Points Possible") or name == "Student, Test"


def _split(student: Student) -> Student:
    """With first and last name where the one name says which is which, "Last, First"."""
    last, comma, first = student.name.partition(",")
    if comma and not student.first_name and not student.last_name:
        return replace(student, first_name=first.strip(), last_name=last.strip())
    return student


def by_name(students: Sequence[Student]) -> list[Student]:
    """In the order of a register: by last name, where it is known."""
    return sorted(students, key=lambda student: (folded(student.last_name or student.name), folded(student.id)))
