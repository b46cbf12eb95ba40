"""Find the exercises that a lab's checks and exams declare, by name. The files are parsed and never run, since running
them loads torch.

An exercise is a function with the decorator `@exercise(...)` in a module of course_utils/checks/<topic>/, or with
`@exam("name")` in autograder_tests/exams/<lab>.py; course_admin.grading.exams loads the same exercises.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from course_admin.authoring.cell_code import called
from course_admin.course import Lab


@dataclass(frozen=True)
class KnownExercise:
    """A declared exercise. targets: the names in the student's notebook that it tests; path, line: the place of its
    declaration; check: whether course_utils.checks has a visible check of this name.
    """

    name: str
    targets: tuple[str, ...]
    path: Path
    line: int
    check: bool


@dataclass(frozen=True)
class KnownExercises:
    """The declared exercises of a lab. by_name: exercises by name; wrong: faults as (path, line, reason)."""

    by_name: dict[str, KnownExercise] = field(default_factory=dict)
    wrong: list[tuple[Path, int, str]] = field(default_factory=list)


def known_exercises(lab: Lab) -> KnownExercises:
    """Return all exercises that a lab's checks and its exam file declare."""
    found = KnownExercises()
    for path in _modules_of_checks(lab):
        _read(path, "exercise", found)
    if lab.exams.is_file():
        exams = KnownExercises()
        _read(lab.exams, "exam", exams)
        corners = _corners(lab.exams)
        found.wrong.extend(exams.wrong)
        found.wrong.extend(
            (lab.exams, line, f"a corner of {name!r}, which is no exercise in course_utils/checks/{lab.topic}/")
            for line, name in corners
            if name not in found.by_name
        )
        for name, exam in exams.by_name.items():
            before = found.by_name.get(name)
            if before and exam.targets != before.targets:
                asked = f"asks about {', '.join(exam.targets)}, its check about {', '.join(before.targets)}"
                found.wrong.append((lab.exams, exam.line, f"the exam {name!r} {asked}: give both the same targets"))
            found.by_name[name] = KnownExercise(name, exam.targets, exam.path, exam.line, before is not None)
    return found


def checks_folder(lab: Lab) -> Path:
    """Return the path of course_utils/checks/<topic>: in the course if it is there, else in the installed package."""
    own = lab.root / "course_utils" / "checks" / lab.topic
    installed = importlib.util.find_spec("course_utils")
    if own.exists() or own.with_suffix(".py").exists() or installed is None or installed.origin is None:
        return own
    return Path(installed.origin).parent / "checks" / lab.topic


def _modules_of_checks(lab: Lab) -> list[Path]:
    folder = checks_folder(lab)
    if folder.is_dir():
        return [path for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]
    return [folder.with_suffix(".py")] if folder.with_suffix(".py").is_file() else []


def _read(path: Path, decorator: str, found: KnownExercises) -> None:
    """Add the functions in a file that have the decorator to `found`."""
    for function, call in _decorated(path, decorator, found.wrong):
        name = function.name if decorator == "exercise" else _text(_argument(call, 0, "name"))
        if name is None:
            reason = 'write the exam\'s name as a string: @exam("standardise")'
            found.wrong.append((path, call.lineno, reason))
            continue
        if name in found.by_name:
            first = found.by_name[name]
            there = f"line {first.line}" if first.path == path else first.path.name
            found.wrong.append((path, call.lineno, f"a second {decorator} {name!r}; the first is in {there}"))
            continue
        written = _argument(call, None if decorator == "exercise" else 1, "targets")
        targets = _texts(written)
        if targets is None:
            found.wrong.append((path, call.lineno, f'write the targets of {name!r} as strings: targets=["{name}"]'))
        line = call.lineno
        found.by_name[name] = KnownExercise(name, targets or (name,), path, line, decorator == "exercise")


def _corners(path: Path) -> list[tuple[int, str]]:
    calls = (call for _, call in _decorated(path, "corner", []))
    return [(call.lineno, name) for call in calls if (name := _text(_argument(call, 0, "name"))) is not None]


def _decorated(
    path: Path, decorator: str, wrong: list[tuple[Path, int, str]]
) -> Iterator[tuple[ast.FunctionDef, ast.Call]]:
    try:
        module = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        wrong.append((path, error.lineno or 1, f"not valid Python: {error.msg}"))
        return
    for node in module.body:
        for item in getattr(node, "decorator_list", ()):
            if isinstance(item, ast.Call) and called(item).split(".")[-1] == decorator:
                yield node, item


def _argument(call: ast.Call, position: int | None, name: str) -> ast.expr | None:
    if position is not None and len(call.args) > position:
        return call.args[position]
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _texts(node: ast.expr | None) -> tuple[str, ...] | None:
    """Return the strings of a list or tuple; empty if `node` is None. Return None for anything else."""
    if node is None:
        return ()
    if not isinstance(node, (ast.List, ast.Tuple)):
        return None
    found = [_text(part) for part in node.elts]
    return None if None in found else tuple(found)
