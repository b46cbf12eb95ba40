"""The instructor's checks of the doctor: the requirements of building and grading."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

from course_admin import bootstrap
from course_admin.course import CONFIG, CourseError
from course_utils import doctor as student
from course_utils.doctor import OK, PROBLEM, WARNING, Line

INSTALL = "make setup in the course's folder, or pip install -e '.[dev]' there"
SQLITE = "sqlite:///"


def for_instructors(root: Path | None) -> list[tuple[str, Callable[[], Line]]]:
    """Return the checks as (name, function), in the order in which they are printed."""
    return [
        ("set-up", lambda: set_up(root)),
        ("nbgrader", nbgrader),
        ("device", device),
        ("course", lambda: course(root)),
        ("build", lambda: build(root)),
        ("gradebook", lambda: gradebook(root)),
        ("sandbox", sandbox),
    ]


def python() -> Line:
    """Check that the Python version is one that the course's commands accept."""
    return student.python(bootstrap.MINIMUM_PYTHON, "make setup PYTHON=python3.12 (remove .venv first)")


def set_up(root: Path | None) -> Line:
    """Check that .venv is in use and was made from the current requirements.lock and pyproject.toml."""
    venv = root / ".venv" if root else None
    if venv is None or not venv.is_dir():
        return Line(OK, "set-up", "not by `make setup` (conda, or another environment)")
    if not student._same(Path(sys.prefix), venv):
        found = f"this is the Python of {sys.prefix}, not of {venv}"
        return Line(WARNING, "set-up", found, "`. .venv/bin/activate` in the course's folder, then the command again")
    stamp = bootstrap.read_stamp(venv)
    if stamp is None or stamp != bootstrap.fingerprint(root, stamp.get("python")):
        return Line(WARNING, "set-up", ".venv is older than requirements.lock or pyproject.toml", "make setup")
    return Line(OK, "set-up", ".venv is made from requirements.lock")


def nbgrader() -> Line:
    """Check that nbgrader is installed in a version that the course was tested with."""
    version = student.version_of("nbgrader")
    if not version:
        return Line(PROBLEM, "nbgrader", "not installed here", INSTALL)
    if not version.startswith("0.9."):
        remedy = "pip install 'nbgrader>=0.9.5,<0.10'"
        return Line(WARNING, "nbgrader", f"{version}: the course was tried with 0.9", remedy)
    return Line(OK, "nbgrader", version)


def device() -> Line:
    """Report the device that models are trained on."""
    if student.torch_pair().state != OK:
        return Line(WARNING, "device", "not examined: torch does not work")
    import torch

    from course_utils.training import best_device

    best = best_device()
    if best.type == "cuda":
        return Line(OK, "device", f"{best}: {torch.cuda.get_device_name(best)}")
    if best.type == "mps":
        return Line(OK, "device", "mps: Apple's GPU")
    return Line(OK, "device", f"cpu, {os.cpu_count()} cores (no GPU found; the labs need none)")


def course(root: Path | None) -> Line:
    """Check the course's folder: its configuration runs, and the folder is writable."""
    if root is None:
        if Path("notebooks").is_dir() and Path("course_admin").is_dir():
            return Line(PROBLEM, "course", f"{CONFIG} is missing in {Path.cwd()}", f"git checkout {CONFIG}")
        return Line(WARNING, "course", "not in a course's folder", "go there, or name it: course --root DIR doctor")
    from course_admin.settings import load_settings

    try:
        load_settings(root)
    except CourseError as error:
        return Line(PROBLEM, "course", str(error), f"correct that line, or git checkout {CONFIG}")
    if not student._writable(root):
        return Line(PROBLEM, "course", f"{root} cannot be written", "make it your own: sudo chown -R $USER .")
    return Line(OK, "course", str(root))


def build(root: Path | None) -> Line:
    """Check that source/ and release/ are up to date with the labs' texts."""
    if root is None:
        return Line(OK, "build", "not in a course's folder")
    from course_admin.authoring import build as work

    labs: list[str] = []
    try:
        work.check(root, say=labs.append)
    except work.Refused as refused:
        first, more = refused.problems[0], len(refused.problems) - 1
        where = root / str(first.where).split(",")[0]
        if where.is_file() and b"\r\n" in where.read_bytes():
            remedy = "git config core.autocrlf false, then get the file again: git checkout -- FILE"
            return Line(PROBLEM, "build", f"{first.where}: git has changed its line endings", remedy)
        return Line(PROBLEM, "build", f"{first}{f' (and {more} more)' if more else ''}", "course build")
    except CourseError as error:
        return Line(PROBLEM, "build", str(error), "course build")
    return Line(OK, "build", f"{len(labs)} lab{'s' * (len(labs) != 1)}, up to date")


def gradebook(root: Path | None) -> Line:
    """Check the gradebook, if there is one: it has this nbgrader's version, is not locked, and can be read."""
    if root is None:
        return Line(OK, "gradebook", "none: not in a course's folder")
    from course_admin.report import gradebook_url, read_marks

    url = gradebook_url(root)
    path = Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None
    if path and not path.is_file():
        return Line(OK, "gradebook", "none yet; `course grade LAB` makes it")
    if path and (trouble := _trouble_of_file(path)):
        return Line(PROBLEM, "gradebook", f"{path}: {trouble[0]}", trouble[1])
    try:
        found = read_marks(root)
    except CourseError as error:
        return Line(PROBLEM, "gradebook", str(error), "bring back a copy, or move it away and grade again")
    return Line(
        OK, "gradebook", f"{path or 'on a server'}: {sum(map(len, found.values()))} submissions of {len(found)} labs"
    )


def _trouble_of_file(path: Path) -> tuple[str, str] | None:
    """Return the problem of an SQLite gradebook and its remedy, None if there is no problem."""
    if not os.access(path, os.W_OK):
        return "cannot be written", f"chmod u+w {path.name}, or make the file your own"
    connection = sqlite3.connect(path, timeout=1, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return (
                "locked by another program",
                "close what has it open (a formgrader, a viewer of databases, `course grade`)",
            )
        if "no such table" in str(error):
            return "no gradebook of nbgrader", "move it away and grade again"
        return str(error), "the folder must be writable, too: see the line `course`"
    except sqlite3.DatabaseError as error:
        return str(error), "bring back a copy, or move it away and grade again"
    finally:
        connection.close()
    head, known = _revisions()
    if row and row[0] != head:
        if row[0] in known:
            return "of an older nbgrader", "make a copy of it, then nbgrader db upgrade"
        return "of a newer nbgrader than this one", "pip install --upgrade nbgrader, or make setup"
    return None


def _revisions() -> tuple[str, set[str]]:
    """Return the newest gradebook version that the installed nbgrader knows, and all versions that it knows."""
    import nbgrader
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(Path(nbgrader.__file__).parent / "alembic"))
    return scripts.get_current_head() or "", {script.revision for script in scripts.walk_revisions()}


def sandbox() -> Line:
    """Open the sandbox for students' code as this user; report what works and why (course_admin.sandbox.selftest)."""
    from course_admin.sandbox.limits import Limits
    from course_admin.sandbox.selftest import open_sandbox
    from course_admin.sandbox.session import PRELOADED, SandboxError

    try:
        with open_sandbox("auto", Limits()) as found:
            if found.kind == PRELOADED:
                return Line(OK, "sandbox", found.why)
            return Line(WARNING, "sandbox", f"{found.why}; grading is as safe, but takes seconds more for each")
    except SandboxError as error:
        return Line(WARNING, "sandbox", f"grading will refuse: {error.what}", error.remedy)
