"""`course new`: a lab that builds, grades and passes its own tests, made from course_admin/authoring/template."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from course_admin.course import CourseError

TEMPLATE = Path(__file__).parent / "template"
LAB_NAME = re.compile(r"\d\d_[a-z][a-z0-9_]*")


def new_lab(root: Path, lab: str) -> list[Path]:
    """Write the files of a new lab into a course and return their paths.

    lab: its name, two digits and a topic ("07_attention"). Raises ValueError for another form and FileExistsError,
    before anything is written, when any of the files is there.
    """
    root = Path(root)
    if not LAB_NAME.fullmatch(lab):
        raise CourseError(f"{lab!r} cannot be a lab's name: two digits, then a topic in lower case, as in 07_attention")
    topic = lab[3:]
    checks = Path("course_utils", "checks", f"{topic}.py")
    files = {
        Path("notebooks", lab, f"{lab}.py"): TEMPLATE / "lab.py",
        Path("autograder_tests", "exams", f"{lab}.py"): TEMPLATE / "exam.py",
        Path("autograder_tests", "corpora", lab, "mistakes.py"): TEMPLATE / "mistakes.py",
        Path("autograder_tests", "corpora", lab, "alternatives.py"): TEMPLATE / "alternatives.py",
    }
    installed = Path(__file__).parents[2] / checks
    if not installed.exists():
        files[checks] = installed.with_name("template.py")
    there = [str(path) for path in files if (root / path).exists()]
    if there:
        raise CourseError(f"lab {lab} is there already ({', '.join(there)}): nothing was written")
    for path, template in files.items():
        text = template.read_text(encoding="utf-8").replace("00_template", lab)
        text = text.replace("import template as checks", f"import {topic} as checks")
        text = text.replace("checks/template.py", f"checks/{topic}.py")
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8", newline="\n")
    return [root / path for path in files]


def new_course(root: Path, *, like: Path) -> Path:
    """Make `root` a course folder of its own, with the configuration of the course `like`."""
    root = Path(root)
    (root / "notebooks").mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(like) / "nbgrader_config.py", root)
    return root
