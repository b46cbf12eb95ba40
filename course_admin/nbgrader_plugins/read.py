"""`read` for `nbgrader autograde`: c.Autograde.exporter_class, which repairs a submission before it is graded.

nbgrader converts a submission twice: first from submitted/ to autograded/ (sanitising), then in autograded/
(executing). The first time, the notebook is read even if it is damaged (course_admin.submissions.find_notebook) and
repaired with the lab's release (course_admin.submissions.read). The notes are stored in its metadata. The second time,
they are passed to ScoreExams, which adds them to the findings. The student's file is never changed.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode

from course_admin.common.graded_cells import KEY, NOTES
from course_admin.grading.gradebook import has_points
from course_admin.submissions.find_notebook import read_notebook
from course_admin.submissions.read import read_release, repaired
from course_admin.submissions.safe_files import walk
from course_admin.submissions.timestamp import read_timestamp


class DamagedError(ValueError):
    """The submission is damaged, and the gradebook keeps the marks of an earlier hand-in."""


class TolerantReader(NotebookExporter):
    """Read and repair a student's notebook. Notebooks that nbgrader wrote are read without changes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Before it reads the notebook, nbgrader copies a submission's other files. It follows links and reads pipes.
        if hasattr(self.parent, "init_assignment"):
            self.parent.init_assignment = partial(refuse_links, self.parent, self.parent.init_assignment)

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Repair a submission, or read an already repaired one, and convert it.

        Raises DamagedError if it is damaged and the gradebook holds points of an earlier hand-in.
        """
        if not getattr(self.parent, "_sanitizing", False):
            return super().from_filename(filename, resources=resources, **kw)
        path = Path(filename)
        names = resources["nbgrader"]
        coursedir = self.parent.coursedir
        source = Path(coursedir.format_path(coursedir.source_directory, ".", names["assignment"]))
        release = read_release(source / f"{names['notebook']}.ipynb", self.config)
        submission = repaired(release, read_notebook(path), names["student"])
        for note in submission.notes:
            self.log.warning("%s: %s", path, note)
        if submission.damage:
            if has_points(names["db_url"], names["assignment"], names["student"]):
                raise DamagedError(f"{submission.damage}; the gradebook keeps the marks of an earlier hand-in")
            self.log.error("%s: %s", path, submission.damage)
        submission.notebook.metadata[KEY] = NotebookNode(notes=submission.notes, damage=submission.damage)
        changed = datetime.datetime.fromtimestamp(path.lstat().st_mtime, tz=datetime.timezone.utc)
        about = {"name": path.stem, "path": str(path.parent), "modified_date": f"{changed:%Y-%m-%d}"}
        resources["metadata"] = about
        return self.from_notebook_node(submission.notebook, resources=resources, **kw)

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Copy the notes from the metadata to the resources, because some preprocessors clear the metadata."""
        if resources is not None and KEY in nb.metadata:
            resources[NOTES] = dict(nb.metadata[KEY])
        return super().from_notebook_node(nb, resources=resources, **kw)


def refuse_links(converter: Any, init_assignment: Callable[[str, str], None], lab: str, student: str) -> None:
    """Call nbgrader's `init_assignment`, which copies files and reads the time, but only for a safe submission.

    Raises DamagedError if the submission contains other things than plain files, or a time that nbgrader would misread.
    `course grade` ignores the links or the time and grades the rest.
    """
    coursedir = converter.coursedir
    folder = Path(coursedir.format_path(coursedir.submitted_directory, student, lab))
    notes = [f"{part.name} is a link" for part in (folder, folder.parent) if part.is_symlink()] or walk(folder)[1]
    if notes:
        raise DamagedError(f"not copied: {notes[0]}; `course grade` grades what can be graded without it")
    if problem := read_timestamp(folder)[1]:
        raise DamagedError(f"not graded: {problem}; `course grade` grades it without a time")
    init_assignment(lab, student)
