"""Find names in the dates of nbgrader_config.py that match no student or lab, probably because they are misspelt."""

from __future__ import annotations

import contextlib
from pathlib import Path

from course_admin.course import CourseError
from course_admin.deadlines import Deadlines
from course_admin.submissions.roster import find_roster


def warning(dates: Deadlines) -> str:
    """Return lines about extensions and due dates whose student or lab does not exist, or ""."""
    lines = []
    if names := ", ".join(unknown_students(dates)):
        lines.append(f"with an extension, but not on the class list or in submitted/ (misspelt?): {names}")
    root = Path(dates.course_root)
    labs = [lab for lab in dates.due if not any((root / folder / lab).exists() for folder in ("notebooks", "source"))]
    if labs and (root / "notebooks").is_dir():
        lines.append(f"with a due date, but no lab in notebooks/ (misspelt?): {', '.join(labs)}")
    return "\n".join(lines)


def unknown_students(dates: Deadlines) -> list[str]:
    """Return the students with an extension who are not in the class list roster.csv and have no folder in submitted/.

    Returns [] if there is neither a class list nor a folder submitted/.
    """
    root, known = Path(dates.course_root), None
    with contextlib.suppress(CourseError):  # commands that need the list report errors in it
        known = find_roster(root)
    if known is None and not (root / "submitted").is_dir():
        return []
    names = dict.fromkeys(extension.student for extension in dates.granted())
    # Compare names instead of testing paths: some file systems do not distinguish upper and lower case.
    there = {path.name for path in (root / "submitted").glob("*")}
    there |= {student.id for student in known.students} if known else set()
    return [name for name in names if name not in there]
