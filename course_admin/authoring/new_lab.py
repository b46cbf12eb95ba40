"""`course new`: a lab that builds, grades and passes its own tests, made from course_admin/authoring/template."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from course_admin.course import CourseError

TEMPLATE = Path(__file__).parent / "template"
PACKAGE = Path(__file__).parents[2]
CHECKS = Path("course_utils", "checks")
LAB_NAME = re.compile(r"\d\d_[a-z][a-z0-9_]*")


def new_lab(root: Path, lab: str) -> list[Path]:
    """Write the files of a new lab into a course and return their paths.

    lab: its name, two digits and a topic ("07_attention"). Raises CourseError, before anything is written, for a name
    of another form and when any of the files is there.
    """
    root = Path(root)
    if not LAB_NAME.fullmatch(lab):
        raise CourseError(f"{lab!r} cannot be a lab's name: two digits, then a topic in lower case, as in 07_attention")
    topic = lab[3:]
    files = {
        Path("notebooks", lab, f"{lab}.py"): TEMPLATE / "lab.py",
        Path("autograder_tests", "exams", f"{lab}.py"): TEMPLATE / "exam.py",
    }
    for path in sorted((TEMPLATE / "corpora").glob("*.py")):
        files[Path("autograder_tests", "corpora", lab, path.name)] = path
    if not (PACKAGE / CHECKS / topic).exists():  # the template's own checks are there already
        for path in sorted((PACKAGE / CHECKS / "template").glob("*.py")):
            files[CHECKS / topic / path.name] = path
    there = [str(path) for path in files if (root / path).exists()]
    if there:
        raise CourseError(f"lab {lab} is there already ({', '.join(there)}): nothing was written")
    for path, template in files.items():
        text = template.read_text(encoding="utf-8").replace("00_template", lab)
        text = text.replace("import template as checks", f"import {topic} as checks")
        text = text.replace("checks/template/", f"checks/{topic}/").replace("the template lab", f"lab {lab[:2]}")
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8", newline="\n")
    return [root / path for path in files]


def new_course(root: Path, *, like: Path) -> Path:
    """Make `root` a course folder of its own, with the configuration of the course `like`."""
    root = Path(root)
    (root / "notebooks").mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(like) / "nbgrader_config.py", root)
    return root
