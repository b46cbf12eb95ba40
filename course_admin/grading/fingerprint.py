"""The fingerprint of a submission: a hash of everything that its marks depend on, and the seed made from it.

Two parts: what was handed in, and the rules, which are the same for a whole class. The rules are the lab's exams, the
cells of its source notebook that count, the files beside it, and what of course_utils and course_admin executes and
judges. Prose and figures are no part of them: to change a sentence of a lab must not execute a class again.
"""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import json
import secrets
import time
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from course_admin.common.atomic import create_once
from course_admin.course import CourseError
from course_admin.submissions.safe_files import files_beside

SECRET = ".course-secret"
STARTED = time.time()
"""About when this process imported its checks, in seconds since 1970."""
FIGURES = {"plotting", "doctor.py"}
"""Folders and modules of course_utils on which no mark depends."""
JUDGES = (
    *("grading/answers_only.py", "grading/exams.py", "grading/scoring.py", "grading/run_notebook.py"),
    "submissions/cell_analysis.py",
)
"""Modules of course_admin on which marks depend."""


def own_seed(root: Path, fingerprint: str) -> int:
    """The seed of a submission with this fingerprint: the same each time, and unpredictable for students.

    Made from the fingerprint and a secret of the course in .course-secret, which is made when first needed.
    Raises OSError when that file can be neither read nor made.
    """
    path = Path(root) / SECRET
    create_once(path, secrets.token_hex(32) + "\n", mode=0o600)
    digest = hmac.digest(path.read_bytes(), fingerprint.encode(), "sha256")
    return int.from_bytes(digest[:4], "big")


def fingerprint(rules: str, submitted: Path, files: Mapping[str, bytes]) -> str:
    """A digest of what a mark depends on. rules: of `rules_of`; submitted: the notebook that was handed in; files: the
    student's own by relative path, see course_admin.submissions.safe_files.files_beside.
    """
    content = submitted.read_bytes() if submitted.is_file() else b""
    return _digest([("rules", rules.encode()), ("notebook", content), *sorted(files.items())])


def rules_of(root: Path, lab: str) -> str:
    """A digest of what decides the marks of a lab, whoever handed it in."""
    source, exams = root / "source" / lab / f"{lab}.ipynb", root / "autograder_tests" / "exams" / f"{lab}.py"
    found = {"exams": exams.read_bytes() if exams.is_file() else b"", "cells": _cells_that_count(source)}
    return _digest([*found.items(), ("course", judging_digest(lab).encode()), *files_beside(source.parent)[0].items()])


@cache
def judging_digest(lab: str) -> str:
    """A digest of what this installation judges a lab with: course_utils, without figures and the checks of other labs,
    and the modules of course_admin that run the exams. The same on every worker of a class.
    """
    return _digest((name, path.read_bytes()) for name, path in _judging_files(lab).items())


def refuse_old_checks(lab: str, digest: str = "") -> None:
    """Raise CourseError where this process would judge with other checks than those that are asked for.

    digest: the `judging_digest` of the command that gave this task, another process and perhaps another machine. A
    process that runs on for days, such as JupyterLab with the formgrader, has the checks of the day when it started.
    """
    if digest and digest != judging_digest(lab):
        raise CourseError(
            f"a worker has other checks of {lab} than this command: install the same course on every worker, "
            "start the workers again, then run the command again"
        )
    files = _judging_files(lab).items()
    changed = [name for name, path in files if path.suffix == ".py" and path.stat().st_mtime > STARTED]
    if changed:
        raise CourseError(
            f"{changed[0]} was changed after this program started, so it would judge {lab} with an old check: "
            "run the command again (for the formgrader: restart JupyterLab)"
        )


def _judging_files(lab: str) -> dict[str, Path]:
    """By name. Found without importing them, which would bring torch in."""
    package, admin = (
        Path(importlib.util.find_spec(name).submodule_search_locations[0]) for name in ("course_utils", "course_admin")
    )
    checks = package / "checks"
    own = {checks, checks / "toolkit", checks / lab.partition("_")[2]}
    found = {f"course_admin/{name}": admin / name for name in JUDGES}
    for path in sorted(package.rglob("*")):
        inside, others = path.relative_to(package), checks in path.parents and path.parent not in own
        if path.suffix in (".py", ".npz", ".pt") and not others and inside.parts[0] not in FIGURES:
            found[f"course_utils/{inside.as_posix()}"] = path
    return found


def _cells_that_count(source: Path) -> bytes:
    """The code cells of the source notebook, and nbgrader's metadata of all cells."""
    try:
        cells = json.loads(source.read_bytes())["cells"]
        found = [(c["source"] if c["cell_type"] == "code" else "", c["metadata"].get("nbgrader")) for c in cells]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):  # none yet, or no notebook
        return source.read_bytes() if source.is_file() else b""
    return json.dumps(found, sort_keys=True).encode()


def _digest(parts: Iterable[tuple[str, bytes]]) -> str:
    seen = hashlib.sha256()
    for name, content in parts:
        for part in (name.encode(errors="surrogateescape"), content):
            seen.update(len(part).to_bytes(8, "big") + part)
    return seen.hexdigest()
