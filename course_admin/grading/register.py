"""Put a lab's cells and points into the gradebook with nbgrader's GenerateAssignment."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import tempfile
from collections.abc import Iterator
from typing import Any

from course_admin.course import CourseError, Lab
from course_admin.grading.gradebook import CourseGradebook
from course_admin.grading.reasons import reason


def register(lab: Lab, config: Any, gradebook: CourseGradebook) -> None:
    """Put the lab's cells and points into the gradebook, without a change to release/.

    Does nothing if the same source notebook is already registered. Raises CourseError if nbgrader refuses.
    """
    from nbgrader import __version__ as version

    made_of = hashlib.sha256(version.encode() + lab.source.read_bytes()).hexdigest()
    if gradebook.registered(lab.name) == made_of:
        return
    error = _generate_assignment(lab, config)
    if error is not None:
        hint = ""
        if "there are submissions associated with it" in str(error):
            hint = "; exercises were added or removed after students handed in: move gradebook.db away and grade again"
        raise CourseError(f"lab {lab.name} cannot be put into the gradebook: {reason(error)}{hint}") from error
    gradebook.set_registered(lab.name, made_of)


def _generate_assignment(lab: Lab, config: Any) -> Exception | None:
    """Run `nbgrader generate_assignment` with the release in a temporary folder. Return the error, or None.

    nbgrader only logs the exception that stops a conversion. It raises another exception, without the reason, so
    this function catches the original one.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    caught: list[Exception] = []

    class Converter(GenerateAssignment):
        def convert_single_notebook(self, notebook_filename: str) -> None:
            with _remembering(caught):
                super().convert_single_notebook(notebook_filename)

        def init_assignment(self, assignment_id: str, student_id: str) -> None:
            with _remembering(caught):
                super().init_assignment(assignment_id, student_id)

    # traitlets finds the configuration by class name: c.GenerateAssignment must configure this class, too.
    Converter.__name__ = GenerateAssignment.__name__
    log = logging.getLogger("course.grade")
    log.propagate = False
    log.handlers = [logging.NullHandler()]
    coursedir = CourseDirectory(config=config)
    coursedir.assignment_id = lab.name
    with tempfile.TemporaryDirectory(prefix="course-release-") as folder:
        coursedir.release_directory = folder
        try:
            Converter(coursedir=coursedir, config=config, log=log, force=True).start()
        except Exception as error:
            return caught[0] if caught else error
    return None


@contextlib.contextmanager
def _remembering(caught: list[Exception]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        caught.append(error)
        raise
