"""`course doctor`: find problems in the set-up of an instructor or a grader, and print the remedy.

The checks for students are in `course_utils/doctor.py` (`python -m course_utils.doctor`), the others in
`instructor.py`. Each check is a plain function that returns a Line.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from course_admin.doctor import instructor
from course_utils import doctor as student
from course_utils.doctor import OK, PROBLEM, WARNING, Line

COLOURS = {OK: "green", WARNING: "yellow", PROBLEM: "red"}


def doctor(root: Path | None, *, console: Any = None) -> bool:
    """Print a line for each check. Return True if there is no problem (warnings are allowed).

    root: the course's folder, None if there is none.
    """
    from rich.console import Console
    from rich.text import Text

    console = console or Console()
    healthy = True
    for line in student.examine(everything(root), instructor.INSTALL):
        for text in student.text_of(line):
            shown = Text(text)
            shown.stylize(COLOURS[line.state], 0, len(line.state) if text.startswith(line.state) else 0)
            console.print(shown, soft_wrap=True)
        healthy = healthy and line.state != PROBLEM
    return healthy


def everything(root: Path | None) -> list[tuple[str, Callable[[], Line]]]:
    """Return all checks as (name, function). The students' checks get the instructor's remedies."""
    folder = root or Path.cwd()
    labs = root / "release" if root else folder  # not submissions: these are students' files with any content
    install = instructor.INSTALL
    theirs: dict[str, Callable[[], Line]] = {
        "python": instructor.python,
        "torch": lambda: student.torch_pair(install),
        "jupyterlab": lambda: student.jupyterlab(install),
        "notebooks": lambda: student.notebooks(labs),
        "version": lambda: student.version(labs),
        "names": lambda: student.names(labs),
    }
    looks = [(name, theirs.get(name, look)) for name, look in student.for_students(folder)]
    return [*looks, *instructor.for_instructors(root)]
