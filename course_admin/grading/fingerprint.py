"""The fingerprint of a submission: a hash of everything that its marks depend on, and the seed made from it."""

from __future__ import annotations

import hashlib
import hmac
import importlib.util
import secrets
from collections.abc import Mapping
from pathlib import Path

from course_admin.common.atomic import create_once

SECRET = ".course-secret"


def own_seed(root: Path, fingerprint: str) -> int:
    """The seed of a submission with this fingerprint: the same each time, and unpredictable for students.

    Made from the fingerprint and a secret of the course in .course-secret, which is made when first needed.
    Raises OSError when that file can be neither read nor made.
    """
    path = Path(root) / SECRET
    create_once(path, secrets.token_hex(32) + "\n", mode=0o600)
    digest = hmac.digest(path.read_bytes(), fingerprint.encode(), "sha256")
    return int.from_bytes(digest[:4], "big")


def fingerprint(root: Path, lab: str, submitted: Path, files: Mapping[str, bytes]) -> str:
    """A digest of what a mark depends on: the submitted file and those beside it, the lab's exams, checks and source
    notebook.

    files: the student's own by relative path, see course_admin.submissions.safe_files.files_beside.
    """
    seen = hashlib.sha256()
    for name, content in sorted(files.items()):
        for part in (name.encode(errors="surrogateescape"), content):
            seen.update(len(part).to_bytes(8, "big") + part)
    for path in (
        submitted,
        root / "autograder_tests" / "exams" / f"{lab}.py",
        root / "source" / lab / f"{lab}.ipynb",
        *judging_files(lab),
    ):
        data = path.read_bytes() if path.is_file() else b""
        seen.update(len(data).to_bytes(8, "big") + data)
    return seen.hexdigest()


def judging_files(lab: str) -> list[Path]:
    """The files of course_utils that decide a lab's marks: its checks, the toolkit that they are written in, the
    probes, and the images of training exams. Found without importing them, which would bring torch in.
    """
    package = Path(importlib.util.find_spec("course_utils").submodule_search_locations[0])
    folders = [package / "checks" / "toolkit", package / "checks" / lab.partition("_")[2]]
    files = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    return [
        *files,
        package / "probes.py",
        package / "evidence.py",
        *(package / "data" / f"{name}.py" for name in ("drawn", "script")),
    ]
