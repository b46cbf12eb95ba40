"""When a submission was handed in: nbgrader's timestamp.txt in its folder."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from course_admin.submissions.safe_files import TIMESTAMP, read_plain_file


def read_timestamp(folder: Path) -> tuple[datetime | None, str]:
    """The time in a submission's timestamp.txt (naive UTC, None without one), and what is wrong with it or ""."""
    from nbgrader.utils import parse_utc

    path = folder / TIMESTAMP
    if not os.path.lexists(path):
        return None, ""
    data, damage = read_plain_file(path)
    if damage:
        return None, f"{TIMESTAMP} {damage}, so nothing is known about when this was handed in"
    try:
        return parse_utc(data.decode().strip()), ""
    except (ValueError, OverflowError):
        return None, f"{TIMESTAMP} holds no date and time, so nothing is known about when this was handed in"
