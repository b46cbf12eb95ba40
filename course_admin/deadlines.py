"""When labs are due: the dates, the students' extensions and the time zone in nbgrader_config.py.

    c.Deadlines.timezone = "Europe/Berlin"
    c.Deadlines.due = {"01_pca_vs_ae": "2026-10-12 23:59"}
    c.LateDays.per_day = 0.1          # the penalty, see course_admin.late

Extensions name students, and the configuration is shared with everybody who may read the course. So they go into a
file beside it, extensions.csv, with the columns student, lab and due (a date and time, or a number of days).
"""

from __future__ import annotations

import contextlib
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from traitlets import Dict, Unicode
from traitlets.config import Configurable

from course_admin.course import CourseError
from course_admin.roster import find_roster, read_table

FORM = "YYYY-MM-DD HH:MM"
HEADS = ("student", "lab", "due")


class Extension(NamedTuple):
    """What a student was granted for a lab. until: a date and time, or days after the due date."""

    student: str
    lab: str
    until: str


class Deadlines(Configurable):
    """Due dates and extensions. `check` says what is wrong with them before anything depends on it."""

    timezone = Unicode("UTC", help="The time zone of all dates below, such as Europe/Berlin.").tag(config=True)
    due = Dict(help=f'When a lab is due: {{"01_pca_vs_ae": "{FORM}"}}.').tag(config=True)
    extensions = Dict(help=f'Later dates: {{"01_pca_vs_ae": {{"ada": "{FORM}" or days}}}}.').tag(config=True)
    extensions_file = Unicode("extensions.csv", help="The same as CSV: student, lab, due.").tag(config=True)
    course_root = Unicode(".", help="The course's folder; `configure` sets it.").tag(config=True)
    _granted: list[Extension] | None = None

    def check(self) -> None:
        """Read everything. Raises CourseError for what cannot be meant."""
        for lab in self.due:
            self.due_date(lab)
        for extension in self.granted():
            if extension.lab not in self.due:
                raise CourseError(
                    f"{extension.student} has an extension for {extension.lab}, which has no due date: "
                    f'c.Deadlines.due = {{"{extension.lab}": "{FORM}"}} in nbgrader_config.py'
                )
            self.due_date(extension.lab, extension.student)

    def due_date(self, lab: str, student: str | None = None) -> datetime | None:
        """When a lab is due, for one student or in general, in UTC; None where no date is set. Raises CourseError."""
        if lab not in self.due:
            return None
        where = f"the due date of {lab}"
        due = self.moment(self.due[lab], where)
        granted = [extension.until for extension in self.granted() if extension[:2] == (student, lab)]
        if not granted:
            return due
        where = f"the extension of {student} for {lab}"
        later = {self._until(due, until, where) for until in granted}
        if len(later) > 1:
            raise CourseError(f"{where} is given twice, and not the same: {', '.join(granted)}")
        return later.pop()

    def extension(self, lab: str, student: str) -> timedelta | None:
        """How much later than the others a student may hand in, None without an extension."""
        general, own = self.due_date(lab), self.due_date(lab, student)
        return None if general is None or own is None or own == general else own - general

    def granted(self) -> list[Extension]:
        """All extensions, of the configuration and of the file, which is read once."""
        if self._granted is not None:
            return self._granted
        found = []
        for lab, students in self.extensions.items():
            if not isinstance(students, dict):
                raise CourseError(f'c.Deadlines.extensions["{lab}"] must be {{"student": "{FORM}"}}')
            found += [Extension(str(student), lab, str(until)) for student, until in students.items()]
        path = Path(self.course_root) / self.extensions_file
        if self.extensions_file and path.is_file():
            found += _read_extensions(path)
        self._granted = found
        return found

    def strangers(self) -> list[str]:
        """Who has an extension, but is neither on the class list roster.csv nor has a folder in submitted/."""
        root, known = Path(self.course_root), None
        with contextlib.suppress(CourseError):  # who needs the list says what is wrong with it
            known = find_roster(root)
        if known is None and not (root / "submitted").is_dir():
            return []
        names = dict.fromkeys(extension.student for extension in self.granted())
        # The names themselves: not every disk tells upper and lower case apart.
        there = {path.name for path in (root / "submitted").glob("*")}
        there |= {student.id for student in known.students} if known else set()
        return [name for name in names if name not in there]

    def moment(self, text: Any, where: str) -> datetime:
        """A date and time in the course's time zone (or with an offset of its own) as UTC. Raises CourseError."""
        zone = self._zone()
        try:
            moment = datetime.fromisoformat(re.sub(r"Z\Z", "+00:00", str(text).strip()))
        except ValueError as error:
            raise CourseError(f"{where} is {text!r}: write it as {FORM}") from error
        if not re.search(r"\d[T ]\d", str(text)):
            raise CourseError(f"{where} is {text!r}, a day without a time: write it as {FORM}")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return moment.astimezone(timezone.utc)

    def _until(self, due: datetime, until: str, where: str) -> datetime:
        if re.fullmatch(r"\d+([.,]\d+)?", until.strip()):
            # The same time of the day, also where the clocks change in between.
            try:
                later = due.astimezone(self._zone()) + timedelta(days=float(until.replace(",", ".")))
                return later.astimezone(timezone.utc)
            except OverflowError as error:
                raise CourseError(f"{where} is {until} days, which no calendar has") from error
        try:
            later = self.moment(until, where)
        except CourseError as error:
            raise CourseError(f"{error}, or as a number of days") from error
        if later < due:
            raise CourseError(f"{where} ends before the lab is due: {until}")
        return later

    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.timezone)
        except (ValueError, OSError, LookupError) as error:
            raise CourseError(
                f"c.Deadlines.timezone: there is no time zone {self.timezone!r}; it is called as in Europe/Berlin"
            ) from error


def deadlines(config: Any) -> Deadlines:
    """The deadlines of a configuration, checked. Raises CourseError."""
    found = Deadlines(config=config)
    found.check()
    return found


def warning(dates: Deadlines) -> str:
    """A line about extensions that help nobody, since their student is called otherwise; "" where there are none."""
    names = ", ".join(dates.strangers())
    if not names:
        return ""
    return f"with an extension, but not on the class list or in submitted/ (misspelt?): {names}"


def in_words(seconds: float) -> str:
    """How long that is, in the two largest units: "2 d 3 h", "40 min"."""
    minutes = max(1, round(seconds / 60))
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "d"), (hours, "h"), (rest, "min")]
    first = next(i for i, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)


def _read_extensions(path: Path) -> list[Extension]:
    rows = read_table(path)
    heads = [head.strip().casefold() for head in rows[0]] if rows else list(HEADS)
    if not set(HEADS) <= set(heads):
        raise CourseError(
            f"{path}: the heads in its first line must be {', '.join(HEADS)} (it has: {', '.join(heads)})"
        )
    found = []
    for number, row in enumerate(rows[1:], start=2):
        values = [row[i].strip() if i < len(row) else "" for i in map(heads.index, HEADS)]
        if not any(values):
            continue
        if not all(values):
            raise CourseError(
                f"{path}, line {number}: it takes a student, a lab and a due date, under these three heads"
            )
        found.append(Extension(*values))
    return found
