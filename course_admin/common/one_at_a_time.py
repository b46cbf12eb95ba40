"""A lock for a course: only one command at a time may change its submissions, marks and pages."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from course_admin.course import CourseError

LOCK = ".course-lock"
"""The lock file. Its content has no meaning. The system releases the lock when a command ends for any reason."""


@contextlib.contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Hold the lock of a course. Raises CourseError if another command holds it."""
    from filelock import FileLock, Timeout

    lock = FileLock(Path(root) / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise CourseError(
            f"another `course grade` or `course collect` is working in {root}: wait until it has ended, "
            "then run the same command again"
        ) from error
    except NotImplementedError:  # a file system without locks
        pass
    try:
        yield
    finally:
        lock.release()
