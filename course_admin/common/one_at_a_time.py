"""One command at a time changes what was handed in, the marks and the pages of a course."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from course_admin.course import CourseError

LOCK = ".course-lock"
"""Its content means nothing. The system gives the lock back when a command ends, however it ends."""


@contextlib.contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Hold the lock of a course. Raises CourseError when another command holds it."""
    from filelock import FileLock, Timeout

    lock = FileLock(Path(root) / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise CourseError(
            f"another `course grade` or `course collect` is working in {root}: wait until it has ended, "
            "then run the same command again"
        ) from error
    except NotImplementedError:  # a disk that has no locks
        pass
    try:
        yield
    finally:
        lock.release()
