"""Exams decide the marks.

The exam of an exercise is its judge in course_utils.checks, run again on other inputs. In addition, the lab's file
autograder_tests/exams/<lab>.py can add cases that students must not see:

    @corner("forward", one_image=(0.15, "one image and a code of one number keep both dimensions"))
    def forward(c):
        c.shape("one_image", c.call("one image", X=np.zeros((1, 4))), (1, 4))

An exam runs in the grader's own process. It calls the student's code through `ask`: in the notebook and in pytest this
is a direct call, in grading a channel to the student's process, in a re-mark a recorded transcript. Random inputs come
from `rng`, whose seed is recorded, so the same submission always gets the same mark.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import os
import traceback
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from course_admin.grading.run_result import SEED
from course_utils.checks.toolkit import Case, Exercise, Rubric, Verdict, declare, lines_of, share_of
from course_utils.checks.toolkit.answers import explain
from course_utils.evidence import Evidence
from course_utils.probes import Ask, StudentError, direct_ask

Judge = Callable[[Ask, np.random.Generator], list[Verdict]]


@dataclass(frozen=True)
class Exam:
    """The exam of one graded exercise.

    name: the exercise's name; targets: the names in the student's notebook that it asks about; judge: the function
    that judges; rubric: None for an exam that the lab's exam file defines with `exam`.
    """

    name: str
    targets: tuple[str, ...]
    judge: Judge
    rubric: Rubric | None = None


@dataclass
class Result:
    """The result of an exam. share: of the points, 0 to 1; error: the traceback if the exam itself failed, or None."""

    share: float
    verdicts: list[Verdict] = field(default_factory=list)
    error: str | None = None

    @property
    def message(self) -> str:
        """The text that a student reads under a check: the lines of all verdicts, without duplicates."""
        return "\n".join(lines_of(self.verdicts))

    def explained(self, out_of: float) -> str:
        """Return the text for the feedback page: each aspect with its points, and each deduction that applies.

        out_of: the maximum points of the exercise.
        """
        total = sum(item.weight for item in self.verdicts) or 1.0
        lines = []
        for item in self.verdicts:
            points = f"{_number(out_of * item.weight * item.earned / total)} of {_number(out_of * item.weight / total)}"
            worth = f"{points} points" if item.weight else f"minus {100 * item.cost:.0f} %"
            message = item.message or f"not judged: {item.aspect.replace('_', ' ')}"
            lines.append(f"{'✓' if item.passed else '✗'}  {worth} · {message}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Corner:
    """Additional cases for an exercise, from a lab's exam file. `corner` creates them."""

    name: str
    judging: Callable[[Case], None]
    costs: dict[str, tuple[float, str]]


def corner(name: str, **costs: tuple[float, str]) -> Callable[[Callable[[Case], None]], Corner]:
    """Add cases to the exam of exercise `name`. Each case is a deduction: case=(share, what is right).

    The decorated function judges the cases with the methods of `c`, using the deductions' names. The cases are judged
    only if everything else passed.
    """
    return lambda judging: Corner(name, judging, costs)


def exam(name: str, targets: tuple[str, ...] = ()) -> Callable[[Judge], Exam]:
    """Make a function (ask, rng) -> verdicts the complete exam of exercise `name`. It replaces the check's judge.

    name: the exercise's grade_id, its check cell is `check-NAME`; targets: the names in the student's notebook, in
    the order in which probes get them (default: `name` itself).
    """
    return lambda judge: Exam(name, tuple(targets) or (name,), judge)


def load_exams(root: Path, lab: str) -> dict[str, Exam]:
    """Return the exams of a lab by name: those of its checks and those in autograder_tests/exams/<lab>.py.

    The file is not imported as a module, because a module name cannot start with a digit. Raises FileNotFoundError if
    the lab has no exams, and ValueError for two exams with one name or a corner of an unknown exercise.
    """
    path = Path(root) / "autograder_tests" / "exams" / f"{lab}.py"
    found = exams_in(path.read_text(encoding="utf-8") if path.is_file() else "", lab, str(path))
    if not found:
        topic = f"course_utils/checks/{_topic(lab)}/"
        raise FileNotFoundError(f"lab {lab} has no exams: neither {topic} has exercises nor {path}")
    return found


@functools.lru_cache(maxsize=8)
def exams_in(text: str, lab: str, path: str = "") -> dict[str, Exam]:
    """Return the exams of a lab by name. text: the lab's exam file, "" if there is none; path: for error messages.

    Raises ValueError for two exams with one name or a corner of an unknown exercise, and any error of the text itself.
    """
    module = ModuleType(f"exams_{lab}")
    module.__file__ = path or f"{lab}.py"
    exec(compile(text, module.__file__, "exec"), vars(module))
    exercises = {value.name: value for value in vars(_checks(lab)).values() if isinstance(value, Exercise)}
    found: dict[str, Exam] = {}
    for value in vars(module).values():
        if isinstance(value, Corner):
            if value.name not in exercises:
                raise ValueError(f"{path}: a corner of {value.name}, which is no exercise in course_utils/checks")
            exercises[value.name] = _with_corner(exercises[value.name], value)
        elif isinstance(value, Exam):
            if value.name in found:
                raise ValueError(f"{path}: two exams are called {value.name}")
            found[value.name] = value
    defaults = {name: Exam(name, item.targets, item.judge, item.rubric) for name, item in exercises.items()}
    return defaults | found


def _number(points: float) -> str:
    return f"{round(points, 2):g}"


def _topic(lab: str) -> str:
    """Return the topic in a lab's name: "pca_vs_ae" for "01_pca_vs_ae"."""
    return lab.partition("_")[2]


def _checks(lab: str) -> ModuleType:
    name = f"course_utils.checks.{_topic(lab)}"
    if importlib.util.find_spec(name) is None:
        return ModuleType(name)
    return importlib.import_module(name)


def _with_corner(exercise: Exercise, added: Corner) -> Exercise:
    @functools.wraps(exercise.judging)
    def judging(c: Case) -> None:
        exercise.judging(c)
        if all(item.passed for item in c.verdicts()):
            added.judging(c)

    costs = declare({"_": (1, "")}, {"form": (0, ""), "writes": (0, ""), **added.costs}).deductions
    aspects, deductions = exercise.rubric
    return Exercise(judging, exercise.targets, Rubric(aspects, deductions + costs), exercise.without)


def run_exam(taken: Exam, ask: Ask, seed: int = SEED) -> Result:
    """Run an exam on a submission. Never raises an exception.

    An error in the student's code costs only the points of this exercise. An error in the exam itself is stored in
    `error` for the course team.
    """
    rng = np.random.default_rng([seed, zlib.crc32(taken.name.encode())])
    try:
        with np.errstate(all="ignore"):  # students' numbers may overflow; the verdicts report that
            verdicts = taken.judge(ask, rng)
        return Result(share_of(verdicts), verdicts)
    except StudentError as error:
        return Result(0.0, [Verdict("answer", explain(error), 1.0, 0.0)])
    except Exception:
        line = (
            "your answer came back in a form that could not be judged: run the check under the exercise, it says more"
        )
        return Result(0.0, [Verdict("answer", line, 1.0, 0.0)], error=traceback.format_exc())


def grade(lab: str, name: str, *targets: Any) -> float:
    """Run an exam in this process, print its verdicts and return the points earned.

    The hidden line of a check cell calls this. The safe grader never runs that line. It runs in nbgrader without the
    course's configuration, and when an instructor runs source/<lab>/<lab>.ipynb. The course root is COURSE_ROOT, or
    the working directory or a folder above it.
    """
    root = _root_above(Path.cwd())
    taken = load_exams(root, lab)[name]
    result = run_exam(taken, direct_ask(dict(zip(taken.targets, targets, strict=True))))
    points = points_of(root, lab)[name]
    print(result.message)
    print(f"{name}: {result.share * points:g} of {points:g} points")
    return round(result.share * points, 2)


def points_of(root: Path, lab: str) -> dict[str, float]:
    """Return the points of each automatically graded exercise by exam name.

    They come from the metadata of the check cells in source/<lab>/<lab>.ipynb.
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
    """The questions and answers of one exam, in order: enough to judge again without the student's code.

    entries: (digest of the question, its answer or the student's error).
    """

    entries: list[tuple[str, Evidence | StudentError]] = field(default_factory=list)

    def recording(self, ask: Ask) -> Ask:
        """Return an `ask` that forwards questions to `ask` and records the answers."""

        def recorded(question: Callable, targets: tuple[str, ...] | None = None, /, **inputs: Any) -> Evidence:
            key = _digest(question, targets, inputs)
            try:
                got = ask(question, targets, **inputs)
            except StudentError as error:
                self.entries.append((key, error))
                raise
            self.entries.append((key, got))
            return got

        return recorded

    def replaying(self) -> Ask:
        """Return an `ask` that returns the recorded answers. It raises LookupError for a question not recorded."""
        waiting = iter(self.entries)

        def replayed(question: Callable, targets: tuple[str, ...] | None = None, /, **inputs: Any) -> Evidence:
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
    # Hashing pack() would not work: an .npz file contains its creation time.
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
