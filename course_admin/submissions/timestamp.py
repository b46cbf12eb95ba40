"""Read the time of a submission from nbgrader's timestamp.txt in its folder."""

from __future__ import annotations

import os
import warnings
from datetime import datetime
from pathlib import Path

from course_admin.common.text import one_line
from course_admin.submissions.safe_files import TIMESTAMP, read_plain_file

FORM = "2026-10-12 21:05:00 UTC"


def read_timestamp(folder: Path) -> tuple[datetime | None, str]:
    """Return the time in a submission's timestamp.txt (naive UTC, None without one) and "", or None and the error."""
    path = folder / TIMESTAMP
    if not os.path.lexists(path):
        return None, ""
    data, damage = read_plain_file(path)
    text = data.decode(errors="replace").strip()
    if not damage:
        try:
            return _moment(text), ""
        except ValueError as error:
            damage = str(error)
    return None, f"{TIMESTAMP} {damage}, so nothing is known about when this was handed in (write it as {FORM})"


def _moment(text: str) -> datetime:
    """Parse a time like nbgrader (naive UTC), but accept only complete times. Raises ValueError.

    nbgrader replaces missing parts of a date by today's date, ignores an unknown time zone, and reads the third word
    +0200 as 200 seconds.
    """
    from dateutil import parser, tz
    from nbgrader.utils import parse_utc

    shown = f" ({one_line(text, 40)})" if text else ""
    words = text.split(" ")
    named = words[2] if len(words) == 3 else None
    try:
        plain = " ".join(words[:2]) if named else text
        dates = {
            parser.parse(plain, default=default, ignoretz=True)
            for default in (datetime(2001, 1, 1, 1, 1), datetime(2002, 2, 2, 2, 2))
        }
        if named and (named.lstrip("+-").isdigit() or tz.gettz(named) is None):
            raise parser.UnknownTimezoneWarning
        with warnings.catch_warnings():
            warnings.simplefilter("error", parser.UnknownTimezoneWarning)
            moment = parse_utc(text)
    except parser.UnknownTimezoneWarning as error:
        raise ValueError(f"holds a time zone that is not known{shown}") from error
    except (ValueError, ArithmeticError, TypeError) as error:
        raise ValueError(f"holds no date and time{shown}") from error
    if len(dates) > 1:
        raise ValueError(f"holds no date and time that is complete{shown}")
    return moment
