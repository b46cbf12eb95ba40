"""`course new`: make a lab from course_admin/authoring/template; it builds, can be graded and passes its tests."""

from __future__ import annotations

import keyword
import re
import shutil
from pathlib import Path

from course_admin.common.atomic import write_atomic
from course_admin.course import CourseError

TEMPLATE = Path(__file__).parent / "template"
PACKAGE = Path(__file__).parents[2]
CHECKS = Path("course_utils", "checks")
LAB_NAME = re.compile(r"\d\d_[a-z][a-z0-9_]*")
FIXTURE = "00_template"
"""The name of the template itself as a lab, for tests: its checks exist already."""

IN_CHECKS = ("exercise",)
"""Names that `from course_utils.checks import <topic> as checks` would import instead of a lab's checks."""


def new_lab(root: Path, lab: str) -> list[Path]:
    """Write the files of a new lab into a course and return their paths. Files of a killed run are kept.

    lab: its name, two digits and a topic ("07_attention"). Raises CourseError, before anything is written, for a name
    of another form, for a topic that has checks already or cannot be a module's name, and for a lab that exists.
    """
    root = Path(root)
    if not LAB_NAME.fullmatch(lab):
        raise CourseError(f"{lab!r} cannot be a lab's name: two digits, then a topic in lower case, as in 07_attention")
    topic = lab[3:]
    if keyword.iskeyword(topic) or topic in IN_CHECKS:
        raise CourseError(f"{topic!r} cannot be a lab's topic, Python or course_utils.checks uses it: choose another")
    files = _files(lab, topic)
    there = [path for path in files if (root / path).exists() and not path.is_relative_to(CHECKS)]
    if any(not _is(root / path, files[path]) for path in there) or all(_is(root / path, files[path]) for path in files):
        shown = ", ".join(path.as_posix() for path in there)
        raise CourseError(f"lab {lab} is there already ({shown}): nothing was written")
    if lab != FIXTURE:
        _refuse_topic(root, topic, files)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(root / path, text.encode())
    return [root / path for path in files]


def new_course(root: Path, *, like: Path) -> Path:
    """Make `root` a separate course folder, with the configuration of the course `like`, and return it."""
    root = Path(root)
    (root / "notebooks").mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(like) / "nbgrader_config.py", root)
    return root


def _files(lab: str, topic: str) -> dict[Path, str]:
    """Return the text of each file of the lab, by its path relative to the root."""
    files = {
        Path("notebooks", lab, f"{lab}.py"): TEMPLATE / "lab.py",
        Path("autograder_tests", "exams", f"{lab}.py"): TEMPLATE / "exam.py",
    }
    for path in sorted((TEMPLATE / "corpora").glob("*.py")):
        files[Path("autograder_tests", "corpora", lab, path.name)] = path
    if lab != FIXTURE:
        for path in sorted((PACKAGE / CHECKS / "template").glob("*.py")):
            files[CHECKS / topic / path.name] = path
    found = {}
    for path, template in files.items():
        text = template.read_text(encoding="utf-8").replace("00_template", lab)
        text = text.replace("import template as checks", f"import {topic} as checks")
        found[path] = text.replace("checks/template/", f"checks/{topic}/").replace("the template lab", f"lab {lab[:2]}")
    return found


def _refuse_topic(root: Path, topic: str, files: dict[Path, str]) -> None:
    """Raise CourseError if another module course_utils.checks.<topic> exists: a lab needs its own checks."""
    for course in dict.fromkeys((root, PACKAGE)):
        module = course / CHECKS / topic
        for place in (module.with_suffix(".py"), *module.glob("*.py")):
            if place.exists() and not _is(place, files.get(place.relative_to(course))):
                taken = f"the topic {topic!r} is taken, {(CHECKS / topic).as_posix()} is there"
                raise CourseError(f"{taken}: choose another topic for the lab")


def _is(path: Path, text: str | None) -> bool:
    return text is not None and path.is_file() and path.read_bytes() == text.encode()
