"""`course leaderboard`: run every student's `fit_predict` on the same digits, without grading.

draws.py draws labels and pool, the same for all; play.py runs one submission in the sandbox; page.py makes the page.
"""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path
from typing import Any

from course_admin.common.atomic import create_once, write_atomic
from course_admin.course import CourseError, Lab
from course_admin.grading.fingerprint import SECRET
from course_admin.leaderboard import page
from course_admin.leaderboard.draws import draws_of
from course_admin.leaderboard.play import EXERCISE, Entry, baseline, play
from course_admin.sandbox.limits import MB, Limits
from course_admin.sandbox.selftest import open_sandbox
from course_admin.settings import load_settings
from course_admin.submissions.read import read, read_release


def leaderboard(
    root: Path,
    name: str,
    *,
    draws: int = 3,
    seconds: float = 120,
    memory: float = 2.0,
    names: bool = False,
    seed: int | None = None,
    sandbox: str = "auto",
    out: Path | None = None,
    console: Any,
) -> Path:
    """Run each student's `fit_predict`, write the page, and return its path.

    draws: how often labels and pool are drawn; seconds, memory (GB): limits of one call; names: show the students'
    names instead of pseudonyms; seed: the seed of the draws (default: a new one).
    Raises CourseError for a lab without this exercise or without submissions, SandboxError if no sandbox works.
    """
    lab = Lab(root, name)
    if not lab.source.is_file() or f'"{EXERCISE}"' not in lab.source.read_text(encoding="utf-8"):
        raise CourseError(f"lab {name} has no exercise {EXERCISE}: the leaderboard is for 06_semi_supervised")
    folders = (folder for folder in (root / "submitted").glob(f"*/{name}") if folder.is_dir())
    students = sorted(folder.parent.name for folder in folders if not folder.parent.name.startswith("."))
    if not students:
        raise CourseError(f"nobody has handed in {name}: there is no folder submitted/STUDENT/{name}")
    seed = secrets.randbits(31) if seed is None else seed
    drawn, whence = draws_of(seed, draws)
    limits = Limits(question_seconds=seconds, notebook_seconds=seconds + 120, memory=int(memory * 1024 * MB))
    release = read_release(lab.source, load_settings(root))
    entries = [baseline(drawn)]
    with open_sandbox(sandbox, limits, hide=[root]) as opened:
        for student in students:
            with console.status(f"{student}, {draws} draws"):
                submission = read(root, name, student, release)
                shown = student if names else pseudonym(root, name, student)
                entries.append(play(shown, submission, opened, drawn))
            console.print(f"{student}  {shown}  {entries[-1].in_words}", markup=False, highlight=False)
    path = out or root / "out" / f"leaderboard_{name}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, page.as_page(name, entries, draws=drawn, whence=whence, limits=limits, seed=seed))
    console.print(f"written  {path}", markup=False, highlight=False)
    return path


def pseudonym(root: Path, lab: str, student: str) -> str:
    """Return a name that reveals nothing about the student; made with the course's secret, the same in each run."""
    path = root / SECRET
    create_once(path, secrets.token_hex(32) + "\n", mode=0o600)
    return "player " + hmac.digest(path.read_bytes(), f"{lab}/{student}".encode(), "sha256").hex()[:6]


__all__ = ["Entry", "leaderboard", "pseudonym"]
