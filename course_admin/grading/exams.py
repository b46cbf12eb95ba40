"""Exams: what decides marks. An exam asks the student's code for evidence and returns verdicts.

    @exam("standardise")
    def standardise(ask, rng):
        X = rng.normal(size=(9, 4))
        return checks.diagnose_standardise(ask(probes.call, X=X), X)

It runs in the grader's own process; `ask` reaches the student's code wherever that is: in the notebook or in pytest
by a direct call, in grading through a channel to the student's process, in a regrade from a recorded transcript. The
same function serves all of them. Its random inputs come from `rng`, whose seed is recorded, so the same submission
gets the same mark.
"""

from __future__ import annotations

import hashlib
import json
import os
import traceback
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from course_admin.grading.run_result import SEED
from course_utils.checks._report import Verdict, explain
from course_utils.evidence import Evidence
from course_utils.probes import Ask, StudentError, direct_ask

Judge = Callable[[Ask, np.random.Generator], list[Verdict]]


@dataclass(frozen=True)
class Exam:
    """One graded exercise: its name, the names in the student's notebook that it asks about, and the function that
    judges.
    """

    name: str
    targets: tuple[str, ...]
    judge: Judge


@dataclass
class Result:
    """What an exam found. share: of the points, 0 to 1; trouble: the traceback when the exam itself could not cope,
    else None.
    """

    share: float
    verdicts: list[Verdict] = field(default_factory=list)
    trouble: str | None = None

    @property
    def message(self) -> str:
        """The lines for the student's feedback page; what was found twice, on different inputs, is said once."""
        return "\n".join(dict.fromkeys(f"{'✓' if item.passed else '✗'}  {item.message}" for item in self.verdicts))


def exam(name: str, targets: tuple[str, ...] = ()) -> Callable[[Judge], Exam]:
    """Make a function the exam of exercise `name`.

    name: the exercise's grade_id; its check cell is `check-NAME`. targets: the names in the student's notebook, in
    the order in which probes get them; by default the name itself.
    """

    def register(judge: Judge) -> Exam:
        return Exam(name, tuple(targets) or (name,), judge)

    return register


def load_exams(root: Path, lab: str) -> dict[str, Exam]:
    """The exams of a lab by name, from autograder_tests/exams/<lab>.py under the course root.

    By path, since a module's name cannot start with a digit. Raises FileNotFoundError when there is no such file and
    ValueError for two exams of one name.
    """
    path = Path(root) / "autograder_tests" / "exams" / f"{lab}.py"
    if not path.is_file():
        raise FileNotFoundError(f"lab {lab} has no exams: {path} is missing")
    return exams_in(path.read_text(encoding="utf-8"), lab, str(path))


@lru_cache(maxsize=8)
def exams_in(text: str, lab: str, path: str = "") -> dict[str, Exam]:
    """The exams in the text of an exam file, by name. Raises ValueError for two of one name, and whatever it raises."""
    module = ModuleType(f"exams_{lab}")
    module.__file__ = path or f"{lab}.py"
    exec(compile(text, module.__file__, "exec"), vars(module))
    found: dict[str, Exam] = {}
    for value in vars(module).values():
        if isinstance(value, Exam):
            if value.name in found:
                raise ValueError(f"{path}: two exams are called {value.name}")
            found[value.name] = value
    return found


def run_exam(taken: Exam, ask: Ask, seed: int = SEED) -> Result:
    """Run an exam on a submission. Never raises: what goes wrong in the student's code costs the points of this
    exercise alone, and what goes wrong in the exam is kept in `trouble` for the course team.
    """
    rng = np.random.default_rng([seed, zlib.crc32(taken.name.encode())])
    try:
        with np.errstate(all="ignore"):  # numbers from outside may overflow, which the verdicts say in their own way
            verdicts = taken.judge(ask, rng)
        total = sum(item.share for item in verdicts)
        share = sum(item.share for item in verdicts if item.passed) / total
        return Result(share, verdicts)
    except StudentError as error:
        return Result(0.0, [Verdict(1.0, False, explain(error).lstrip("✗· "))])
    except Exception:
        line = (
            "your answer came back in a form that could not be judged: run the check under the exercise, it says more"
        )
        return Result(0.0, [Verdict(1.0, False, line)], trouble=traceback.format_exc())


def grade(lab: str, name: str, *targets: Any) -> float:
    """What the hidden line of a check cell calls: run the exam here and now; prints the verdicts, returns the points
    earned.

    The safe grader never runs this line; it is what stock nbgrader without the course's configuration runs, and what
    an instructor sees on running source/<lab>/<lab>.ipynb. The course root is COURSE_ROOT or a folder above the
    working directory.
    """
    root = _root_above(Path.cwd())
    taken = load_exams(root, lab)[name]
    result = run_exam(taken, direct_ask(dict(zip(taken.targets, targets, strict=True))))
    points = points_of(root, lab)[name]
    print(result.message)
    print(f"{name}: {result.share * points:g} of {points:g} points")
    return round(result.share * points, 2)


def points_of(root: Path, lab: str) -> dict[str, float]:
    """The points of each automatically graded exercise by exam name, from the check cells' metadata in
    source/<lab>/<lab>.ipynb.
    """
    notebook = json.loads((Path(root) / "source" / lab / f"{lab}.ipynb").read_text(encoding="utf-8"))
    found = {}
    for cell in notebook["cells"]:
        meta = cell["metadata"].get("nbgrader", {})
        if meta.get("grade") and not meta.get("solution"):
            found[meta["grade_id"].removeprefix("check-")] = float(meta["points"])
    return found


@dataclass
class Transcript:
    """The questions of one exam and the answers to them, in order: enough to judge again without the student's code."""

    entries: list[tuple[str, Evidence | StudentError]] = field(default_factory=list)

    def recording(self, ask: Ask) -> Ask:
        """An `ask` that passes questions on and keeps the answers here."""

        def recorded(question: Callable, *, targets: tuple[str, ...] | None = None, **inputs: Any) -> Evidence:
            key = _digest(question, targets, inputs)
            try:
                got = ask(question, targets=targets, **inputs)
            except StudentError as error:
                self.entries.append((key, error))
                raise
            self.entries.append((key, got))
            return got

        return recorded

    def replaying(self) -> Ask:
        """An `ask` that gives the recorded answers. Raises LookupError when another question is asked than was
        recorded.
        """
        waiting = iter(self.entries)

        def replayed(question: Callable, *, targets: tuple[str, ...] | None = None, **inputs: Any) -> Evidence:
            key, got = next(waiting, (None, None))
            if key != _digest(question, targets, inputs):
                raise LookupError(
                    "this transcript does not answer the exam's question: the exam or its seed has changed, grade again"
                )
            if isinstance(got, StudentError):
                raise got
            return got

        return replayed


def _digest(question: Callable, targets: tuple[str, ...] | None, inputs: dict[str, Any]) -> str:
    # Not of pack(): an .npz carries the time it was made at.
    seen = hashlib.sha256(f"{question.__name__}{targets}".encode())
    for name, value in inputs.items():
        shape = f"{value.dtype}{value.shape}" if isinstance(value, np.ndarray) else repr(value)
        seen.update(f"\0{name}\0{shape}".encode())
        if isinstance(value, np.ndarray):
            seen.update(np.ascontiguousarray(value).tobytes())
    return seen.hexdigest()


def _root_above(folder: Path) -> Path:
    named = os.environ.get("COURSE_ROOT")
    for candidate in [Path(named)] if named else [folder, *folder.parents]:
        if (candidate / "nbgrader_config.py").is_file():
            return candidate
    raise FileNotFoundError(
        f"no course found at or above {folder}: set COURSE_ROOT to the folder with nbgrader_config.py"
    )
