"""What one run of a submission brings back, and how the cells of a notebook are told apart.

Grading is three steps with three names: `run(submission) -> Run` (course_admin.run) executes the notebook and lets
the exams ask, `judge(run) -> marks` (course_admin.judge) turns that into points, `record(marks)` (there too) writes
them into the gradebook. Only `run` touches the student's code, only `record` a gradebook.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_admin.exams import SEED, Result, Transcript

CHECK = "check-"
SECRET = ".course-secret"
KEY = "course"
"""Where a Run stands among nbgrader's resources, and its summary in the metadata of an autograded notebook."""

NOTES = "course_notes"
"""Where course_admin.reader leaves what it mended among nbgrader's resources: {"notes": lines, "damage": line}."""


@dataclass
class Sitting:
    """One exam that a submission sat. transcript: the questions and answers; result: what the exam made of them."""

    exam: str
    transcript: Transcript
    result: Result


@dataclass
class Run:
    """What a submission's run brought back.

    sittings: by the check cell's grade_id, of those check cells that were reached;
    missed: grade_id -> why not, of the others;
    findings: lines for student and grader about what stopped or went missing;
    seconds: how long the run took;
    fingerprint: of what was graded, see `fingerprint`.
    """

    lab: str
    seed: int = SEED
    sittings: dict[str, Sitting] = field(default_factory=dict)
    missed: dict[str, str] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    fingerprint: str = ""

    def summary(self) -> dict[str, Any]:
        """The part that is kept with the autograded notebook, as plain JSON."""
        return {
            "lab": self.lab,
            "seed": self.seed,
            "findings": list(self.findings),
            "seconds": round(self.seconds, 2),
            "fingerprint": self.fingerprint,
            "verdicts": {
                grade_id.removeprefix(CHECK): [[item.passed, item.message] for item in sitting.result.verdicts]
                for grade_id, sitting in self.sittings.items()
            },
        }


def is_automatic(cell: Any) -> bool:
    """Whether nbgrader reads a score for this cell from its outputs: graded code that no person marks."""
    meta = cell.metadata.get("nbgrader", {})
    return bool(meta.get("grade")) and not meta.get("solution") and cell.cell_type == "code"


def exam_name(cell: Any) -> str:
    """The exam of a check cell: "standardise" for check-standardise."""
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", "")).removeprefix(CHECK)


def without_hidden(source: str) -> str:
    """A cell's source without its hidden tests. Whatever follows a BEGIN without an END counts as hidden."""
    seen, hidden = [], False
    for line in source.splitlines():
        if "BEGIN HIDDEN TESTS" in line:
            hidden = True
        elif "END HIDDEN TESTS" in line:
            hidden = False
        elif not hidden:
            seen.append(line)
    return "\n".join(seen)


def own_seed(root: Path, mark: str) -> int:
    """The seed of a submission with the fingerprint `mark`: the same each time, and known to nobody beforehand.

    It comes of the fingerprint and of a secret of the course, in .course-secret, which is made when first needed.
    Raises OSError where that can be neither read nor made.
    """
    path = Path(root) / SECRET
    if not path.exists():
        # Whole or not at all, and the first of several wins.
        beside = path.with_name(f"{SECRET}.{os.getpid()}.{threading.get_ident()}")
        beside.touch(mode=0o600)
        beside.write_text(secrets.token_hex(32) + "\n")
        try:
            os.link(beside, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            beside.replace(path)
        beside.unlink(missing_ok=True)
    digest = hmac.digest(path.read_bytes(), mark.encode(), "sha256")
    return int.from_bytes(digest[:4], "big")


def fingerprint(root: Path, lab: str, submitted: Path, beside: Mapping[str, bytes]) -> str:
    """A digest of what a mark depends on: the submitted file and those beside it, the lab's exams, its source notebook.

    beside: the files of the student's own by relative path, see course_admin.intake.files_beside.
    """
    seen = hashlib.sha256()
    for name, content in sorted(beside.items()):
        for part in (name.encode(errors="surrogateescape"), content):
            seen.update(len(part).to_bytes(8, "big") + part)
    for path in (
        submitted,
        root / "autograder_tests" / "exams" / f"{lab}.py",
        root / "source" / lab / f"{lab}.ipynb",
    ):
        data = path.read_bytes() if path.is_file() else b""
        seen.update(len(data).to_bytes(8, "big") + data)
    return seen.hexdigest()
