"""The fingerprint of a submission: a hash of everything that its marks depend on, and the seed made from it.

It has two parts: the submitted files, and the rules, which are the same for a whole class. The rules are the lab's
exams, the relevant cells of its source notebook, the files in the same folder, and the modules of course_utils and
course_admin that execute and judge. Prose and figures are not included: after a change of a sentence in a lab, the
submissions of a class must not be executed again.
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
"""Approximate time when this process imported its checks, in seconds since 1970."""
FIGURES = {"plotting", "doctor.py"}
"""Folders and modules of course_utils that do not affect marks."""
JUDGES = (
    *("grading/answers_only.py", "grading/exams.py", "grading/scoring.py", "grading/run_notebook.py"),
    *("submissions/find_notebook.py", "submissions/match_cells.py", "submissions/compose.py", "submissions/repair.py"),
    *("submissions/cell_analysis.py", "common/graded_cells.py", "common/regions.py", "sandbox/shell.py"),
)
"""Modules of course_admin that affect marks."""


def own_seed(root: Path, fingerprint: str) -> int:
    """Return the seed for a fingerprint: always the same, but students cannot predict it.

    It is computed from the fingerprint and the course's secret in .course-secret. That file is created if it does not
    exist. Raises OSError if it can be neither read nor created.
    """
    path = Path(root) / SECRET
    create_once(path, secrets.token_hex(32) + "\n", mode=0o600)
    digest = hmac.digest(path.read_bytes(), fingerprint.encode(), "sha256")
    return int.from_bytes(digest[:4], "big")


def fingerprint(rules: str, submitted: Path, files: Mapping[str, bytes]) -> str:
    """Return a digest of everything that a mark depends on.

    rules: from `rules_of`; submitted: path of the submitted notebook; files: the student's other files, content by
    relative path, see course_admin.submissions.safe_files.files_beside.
    """
    content = submitted.read_bytes() if submitted.is_file() else b""
    return _digest([("rules", rules.encode()), ("notebook", content), *sorted(files.items())])


def rules_of(root: Path, lab: str) -> str:
    """Return a digest of the rules of a lab: everything that affects the marks of all students."""
    source, exams = root / "source" / lab / f"{lab}.ipynb", root / "autograder_tests" / "exams" / f"{lab}.py"
    found = {"exams": exams.read_bytes() if exams.is_file() else b"", "cells": _cells_that_count(source)}
    return _digest([*found.items(), ("course", judging_digest(lab).encode()), *files_beside(source.parent)[0].items()])


@cache
def judging_digest(lab: str) -> str:
    """Return a digest of the installed code that judges a lab. It must be the same on every worker.

    It covers course_utils, without figures and the checks of other labs, and the modules of course_admin that run the
    exams.
    """
    return _digest((name, path.read_bytes()) for name, path in _judging_files(lab).items())


def refuse_old_checks(lab: str, digest: str = "") -> None:
    """Raise CourseError if the checks in this process differ from the expected checks.

    digest: the `judging_digest` of the command that sent this task, which is another process and perhaps on another
    machine. A process that runs for days, such as JupyterLab with the formgrader, may have imported older checks.
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
    """Return the files that judge a lab, by name. Nothing is imported, because that would import torch."""
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
    """Return the code cells of the source notebook and nbgrader's metadata of all cells, as JSON."""
    try:
        cells = json.loads(source.read_bytes())["cells"]
        found = [(c["source"] if c["cell_type"] == "code" else "", c["metadata"].get("nbgrader")) for c in cells]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):  # missing file, or not a notebook
        return source.read_bytes() if source.is_file() else b""
    return json.dumps(found, sort_keys=True).encode()


def _digest(parts: Iterable[tuple[str, bytes]]) -> str:
    seen = hashlib.sha256()
    for name, content in parts:
        for part in (name.encode(errors="surrogateescape"), content):
            seen.update(len(part).to_bytes(8, "big") + part)
    return seen.hexdigest()
