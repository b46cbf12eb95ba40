"""`read`, the first of the five calls: turn a student's folder into a notebook that can be graded.

    release = read_release(lab.source, config)
    submission = read(root, "01_pca_vs_ae", "ada", release)

It finds the notebook (find_notebook), repairs it (repair) and reads the other files (safe_files). A faulty submission
never raises an exception, and no file is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

import course_utils
from course_admin.submissions.find_notebook import FoundNotebook, find_notebook
from course_admin.submissions.repair import Release, filled_in, release_of, repair
from course_admin.submissions.safe_files import files_beside, seen_from
from course_utils.versions import differ, named_in


@dataclass
class Submission:
    """A student's submission, ready to be graded.

    notebook: repaired; files: the other files, content by path relative to the notebook; notes: what was repaired or
    left out; damage: why the submission is incomplete, "" if it is complete; fingerprint: hash of everything that the
    marks depend on, set by grading (course_admin.grading.fingerprint); outputs: the submitted outputs by the id of the
    lab's code cell.
    """

    student: str
    notebook: NotebookNode
    files: Mapping[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    damage: str = ""
    fingerprint: str = ""
    # The submitted notebook, and the other files by path in the student's folder. The fingerprint is made from them.
    path: Path | None = None
    folder_files: Mapping[str, bytes] = field(default_factory=dict)
    outputs: Mapping[str, list[Any]] = field(default_factory=dict)


def read(root: Path, lab: str, student: str, release: Release) -> Submission:
    """Read submitted/<student>/<lab> and repair the notebook in it."""
    folder = root / "submitted" / student / lab
    found = find_notebook(folder, lab, partial(filled_in, release))
    files, too_large = files_beside(folder)
    found.notes += too_large
    found.notes += _other_version(found)
    submission = repaired(release, found, student)
    submission.path, submission.folder_files = found.path, files
    submission.files = seen_from(found.path, folder, files)
    return submission


def _other_version(found: FoundNotebook) -> list[str]:
    version = named_in(cell.source for cell in found.cells if cell.kind == "code")
    if version and differ(version, course_utils.__version__):
        return [f"made for version {version} of the course, graded with {course_utils.__version__}"]
    return []


def read_release(source: Path, config: Any = None) -> Release:
    """Make the released notebook of a lab from source/<lab>/<lab>.ipynb with nbgrader's own preprocessors.

    It is not read from release/, because that folder may not exist on the machine that grades.
    """
    from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearOutput, ClearSolutions, LockCells

    solved = nbformat.read(source, as_version=4)
    given = nbformat.from_dict(solved)
    for step in (LockCells, ClearSolutions, ClearHiddenTests, ClearMarkScheme, ClearOutput):
        given, _ = step(config=config).preprocess(given, {})
    return release_of(given, solved)


def repaired(release: Release, found: FoundNotebook, student: str = "") -> Submission:
    """Repair a found notebook. Return the unchanged release if no solution or check cell of the lab was found."""
    done, damage = repair(release, found.cells), found.damage
    if not damage and not done.found:
        damage = "none of this lab's exercises is in the notebook: is it another lab's? Hand in again"
        return Submission(student, repair(release, []).notebook, notes=list(found.notes), damage=damage)
    notes = [*found.notes, *done.notes]
    return Submission(student, done.notebook, notes=notes, damage=damage, outputs=done.outputs)
