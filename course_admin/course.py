"""Shared by all commands: the course root, the paths of a lab, and the error shown to users."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

CONFIG = "nbgrader_config.py"


class CourseError(Exception):
    """An error that the user can correct. The message says what is wrong and what to do next."""


class UsageError(CourseError):
    """An error for wrong arguments of a command. The exit code is 2, as for an unknown option."""


def find_root(start: Path | str | None = None) -> Path:
    """Return the course root: the nearest folder with nbgrader_config.py, from `start` (default: here) upwards.

    Raises CourseError if there is none.
    """
    folder = Path(start or ".").resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / CONFIG).is_file():
            return candidate
    raise CourseError(
        f"{folder} is not in a course: no {CONFIG} there or above; "
        "go to the course's folder, or name it: course --root DIR"
    )


@dataclass(frozen=True)
class Lab:
    """A lab's name and the paths of its parts. The paths need not exist."""

    root: Path
    name: str

    @property
    def topic(self) -> str:
        """The name without its number: pca_vs_ae for 01_pca_vs_ae."""
        return re.sub(r"^\d+_", "", self.name)

    @property
    def folder(self) -> Path:
        """notebooks/<lab>: the lab's text and its additional files."""
        return self.root / "notebooks" / self.name

    @property
    def text(self) -> Path:
        """notebooks/<lab>/<lab>.py, the text that all notebooks are generated from."""
        return self.folder / f"{self.name}.py"

    @property
    def source(self) -> Path:
        """source/<lab>/<lab>.ipynb, the instructor's notebook (generated)."""
        return self.root / "source" / self.name / f"{self.name}.ipynb"

    @property
    def release(self) -> Path:
        """release/<lab>/<lab>.ipynb, the students' notebook (generated)."""
        return self.root / "release" / self.name / f"{self.name}.ipynb"

    @property
    def exams(self) -> Path:
        """autograder_tests/exams/<lab>.py."""
        return self.root / "autograder_tests" / "exams" / f"{self.name}.py"

    @property
    def corpora(self) -> Path:
        """autograder_tests/corpora/<lab>: one file per exercise, and unlikely.py."""
        return self.root / "autograder_tests" / "corpora" / self.name

    def show(self, path: Path) -> str:
        """Return a path relative to the root, with forward slashes."""
        return Path(os.path.relpath(path, self.root)).as_posix()


def find_labs(root: Path, names: list[str] | tuple[str, ...] = ()) -> list[Lab]:
    """Return the labs of a course: the given names in that order, by default all folders in notebooks/, by name.

    Raises CourseError for a name without a lab and if there is no lab at all.
    """
    notebooks = Path(root) / "notebooks"
    known = [
        Lab(Path(root), folder.name)
        for folder in sorted(notebooks.glob("*"))
        if folder.is_dir() and not folder.name.startswith((".", "_"))
    ]
    if not names:
        if not known:
            raise CourseError(f"no lab in {notebooks}: make one with `course new NAME`")
        return known
    by_name = {lab.name: lab for lab in known}
    for name in names:
        if name not in by_name:
            there = ", ".join(by_name) or "none"
            raise CourseError(f"no lab {name!r} in {notebooks} (there: {there}); `course new {name}` makes one")
    return [by_name[name] for name in dict.fromkeys(names)]
