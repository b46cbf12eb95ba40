"""Deadlines of labs: due dates, students' extensions and the time zone in nbgrader_config.py.

    c.Deadlines.timezone = "Europe/Berlin"
    c.Deadlines.due = {"01_pca_vs_ae": "2026-10-12 23:59"}
    c.LateDays.per_day = 0.1          # the penalty, see course_admin.nbgrader_plugins.late

Extensions name students, but everybody with access to the course can read the configuration. So extensions are kept in
a separate file beside it, extensions.csv, with the columns student, lab and due (date and time, or number of days).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from traitlets import Dict, TraitError, Unicode
from traitlets.config import Configurable

from course_admin.common.tables import read_table
from course_admin.course import CourseError

FORM = "YYYY-MM-DD HH:MM"
FIRST_YEAR = 1970
HEADS = ("student", "lab", "due")
RATES = {"grace": math.inf, "per_day": 1.0, "cap": 1.0}
"""The settings of LateDays and the largest value of each. Repeated here: course_admin.nbgrader_plugins.late imports
slowly."""


class Extension(NamedTuple):
    """An extension granted to a student for a lab. until: a date and time, or a number of days after the due date."""

    student: str
    lab: str
    until: str


class Deadlines(Configurable):
    """Due dates and extensions. `check` validates all of them before they are used."""

    timezone = Unicode("UTC", help="The time zone of all dates below, such as Europe/Berlin.").tag(config=True)
    due = Dict(help=f'When a lab is due: {{"01_pca_vs_ae": "{FORM}"}}.').tag(config=True)
    extensions = Dict(help=f'Later dates: {{"01_pca_vs_ae": {{"ada": "{FORM}" or days}}}}.').tag(config=True)
    extensions_file = Unicode("extensions.csv", help="The same as CSV: student, lab, due.").tag(config=True)
    course_root = Unicode(".", help="The course's folder; `configure` sets it.").tag(config=True)
    _granted: list[Extension] | None = None

    def check(self) -> None:
        """Read all due dates and extensions. Raises CourseError for an invalid one."""
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
        """Return a lab's due date in UTC, in general or for one student; None if none is set. Raises CourseError."""
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
        """Return how much later than the due date a student may hand in, None without an extension."""
        general, own = self.due_date(lab), self.due_date(lab, student)
        return None if general is None or own is None or own == general else own - general

    def granted(self) -> list[Extension]:
        """Return all extensions from the configuration and from the file. The file is read only once."""
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

    def moment(self, text: Any, where: str) -> datetime:
        """Convert a date and time in the course's time zone (or with its own UTC offset) to UTC. Raises CourseError."""
        zone = self._zone()
        try:
            moment = datetime.fromisoformat(re.sub(r"Z\Z", "+00:00", str(text).strip()))
        except ValueError as error:
            raise CourseError(f"{where} is {text!r}: write it as {FORM}") from error
        if not re.search(r"\d[T ]\d", str(text)):
            raise CourseError(f"{where} is {text!r}, a day without a time: write it as {FORM}")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        try:
            moment = moment.astimezone(timezone.utc)
            if moment.year >= FIRST_YEAR:
                return moment
        except OverflowError:
            pass
        raise CourseError(f"{where} is {text!r}: write it as {FORM}, with a year from {FIRST_YEAR} to 9998")

    def _until(self, due: datetime, until: str, where: str) -> datetime:
        if re.fullmatch(r"\d+([.,]\d+)?", until.strip()):
            # Added in local time: the time of day stays the same even if daylight saving time starts or ends.
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
    """Return the deadlines of a configuration after checking them and the rates of LateDays. Raises CourseError."""
    _check_names("Deadlines", config, Deadlines.class_trait_names(config=True))
    _check_names("LateDays", config, (*RATES, "penalty_method"))
    for name, most in RATES.items():
        value = config.get("LateDays", {}).get(name, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
            numbers = "minutes, 0 or more" if name == "grace" else "a share from 0 to 1: 0.1 is a tenth"
            raise CourseError(f"c.LateDays.{name} is {value!r}, but has to be {numbers} (nbgrader_config.py)")
    try:
        found = Deadlines(config=config)
    except TraitError as error:
        raise CourseError(f"c.Deadlines in nbgrader_config.py: {error}") from error
    found.check()
    return found


def _check_names(section: str, config: Any, names: Sequence[str]) -> None:
    """Raise CourseError for an unknown setting. traitlets would ignore a misspelt one, and no penalty would apply."""
    for name in config.get(section, {}):
        if name not in names:
            raise CourseError(
                f"c.{section}.{name} in nbgrader_config.py is no setting: choose one of {', '.join(sorted(names))}"
            )


def in_words(seconds: float) -> str:
    """Format a duration in its two largest nonzero units: "2 d 3 h", "2 d 31 min", "40 min"."""
    minutes = max(1, round(seconds / 60))
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "d"), (hours, "h"), (rest, "min")]
    return " ".join([f"{count} {unit}" for count, unit in parts if count][:2])


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
