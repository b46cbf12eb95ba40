"""Read the times of submission from a class list or a separate list, in the formats that LMSs write."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path

from course_admin.deadlines import Deadlines
from course_admin.submissions.roster import Roster
from course_admin.submissions.safe_files import TIMESTAMP

GERMAN = ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez")
MONTHS = {name: number for number, name in enumerate(GERMAN, start=1)}


def hand_in_times(
    known: Roster | None, listed: Roster | None, dates: Deadlines, notes: list[str]
) -> dict[str, datetime]:
    """Return the times of submission in UTC by student id. The list of times has priority over the class list.

    known: the class list; listed: the list of times; notes: gets a line about students missing in the class list.
    """
    moments: dict[str, datetime] = {}
    unknown_students = []
    for student in known.students if known else ():
        note_time(moments, student.id, student.submitted, dates)
    for student in listed.students if listed else ():
        same = known.same(student) if known else student
        if same is not None:
            note_time(moments, same.id, student.submitted, dates)
        elif _is_time(student.submitted):
            unknown_students.append(student.display_name)
    if unknown_students:
        notes.append(f"in the list of times, but not on the class list: {'; '.join(unknown_students)}")
    return moments


def _is_time(text: str) -> bool:
    return text not in ("", "-")


def note_time(moments: dict[str, datetime], student: str, text: str, dates: Deadlines) -> None:
    if _is_time(text):
        moments[student] = read_time(text, dates, f"the time of {student}'s hand-in")


def read_time(text: str, dates: Deadlines, where: str) -> datetime:
    """Parse a time of submission and return it in UTC. These formats are known:

    YYYY-MM-DD HH:MM; Moodle's "Monday, 12 October 2026, 11:05 PM", in the USA "Monday, October 12, 2026, 11:05 PM", in
    German "Montag, 12. Oktober 2026, 23:05"; German spreadsheets' "12.10.2026 23:05"; nbgrader's
    "2026-10-12 21:05:00.000000 UTC". A time without a time zone is in the course's time zone. Raises CourseError.
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


def known_already(folder: Path) -> datetime | None:
    """Return the time in a folder's timestamp.txt, or None. An earlier command or a person wrote it."""
    if not (folder / TIMESTAMP).is_file():
        return None
    from course_admin.submissions.timestamp import read_timestamp  # imports nbgrader, which takes a second

    moment, _ = read_timestamp(folder)
    return moment.replace(tzinfo=timezone.utc) if moment else None


def timestamp_text(moment: datetime | None) -> str:
    """Return a time in nbgrader's format, or "" for None."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f UTC") if moment else ""
