"""The rules of `course build` for exercises: their cells, their checks, their hidden tests and their exams."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from course_admin.authoring import cell_code, derived_cells
from course_admin.authoring.derived_cells import MAY_FAIL, SHORT_KEYS
from course_admin.authoring.draft import Draft, Problem, grade_id, is_check, is_solution, nbgrader
from course_admin.authoring.lab_exercises import KnownExercise, checks_folder
from course_admin.authoring.lab_text import Cell
from course_admin.common import regions
from course_admin.common.graded_cells import CHECK


def short_forms_are_complete(draft: Draft) -> Iterator[Problem]:
    for number, cell in enumerate(draft.written, 1):
        metadata = cell["metadata"]
        keys = [key for key in SHORT_KEYS if key in metadata]
        if len(keys) > 1:
            yield draft.at(number, f"{keys[0]}= and {keys[1]}= in one `# %%` line: give each a cell of its own")
        elif keys and "nbgrader" in metadata:
            yield draft.at(
                number, f"{keys[0]}= and nbgrader= in one `# %%` line: the build derives nbgrader=, delete it"
            )
        elif keys and derived_cells.short_form(cell) is None:
            key = keys[0]
            if SHORT_KEYS[key] == cell["cell_type"]:
                yield draft.at(number, f'{key}= needs a name of letters, digits, - and _: write {key}="my_name"')
            else:
                kind = "`# %%`, a code cell" if SHORT_KEYS[key] == "code" else "`# %% [markdown]`"
                yield draft.at(number, f"{key}= belongs to {kind}: change the kind of this cell")
        elif "points" in metadata and keys in ([], ["exercise"]):
            yield draft.at(number, "points= belongs to check= or written=: delete it here")


def exercises_can_be_read(draft: Draft) -> Iterator[Problem]:
    for path, line, reason in draft.exercises.wrong:
        yield Problem(f"{_shown(draft, path)}:{line}", reason)


def check_cells_are_graded_and_locked(draft: Draft) -> Iterator[Problem]:
    for number, cell in draft.numbered():
        named = grade_id(cell).startswith(CHECK)
        if is_check(cell) and not named:
            yield draft.at(number, f"the grade_id of a check cell is {CHECK} and the exercise's name: rename it")
        elif named and not is_check(cell):
            reason = f"a check cell that is not graded: {_instead(cell)}, or set grade to true and solution to false"
            yield draft.at(number, reason)
        elif named and not nbgrader(cell).get("locked"):
            yield draft.at(number, f"a check cell that is not locked: {_instead(cell)}, or set locked to true")


def each_exercise_has_a_check_and_an_exam(draft: Draft) -> Iterator[Problem]:
    known = draft.exercises.by_name
    solutions = {grade_id(cell): number for number, cell in draft.numbered() if is_solution(cell)}
    checks = {name: number for number, name in _checks(draft)}
    for number, name in _checks(draft):
        if name not in known:
            where = f"{_checks_shown(draft)}/{name}.py, nor an exam in {_shown(draft, draft.lab.exams)}"
            yield draft.at(number, f"a check without an exam: there is no exercise {name!r} in {where}; write one")
        if name not in solutions:
            yield draft.at(
                number, f'a check without an exercise: no cell has exercise="{name}"; add one or rename this'
            )
        elif solutions[name] > number:
            yield draft.at(number, f"this check is above its exercise, cell {solutions[name]}: move it below")
    for name, number in solutions.items():
        if name not in checks:
            yield draft.at(number, f'an exercise without a check: add a cell `# %% check="{name}" points=2` below it')
    for name, exercise in known.items():
        where = f"{_shown(draft, exercise.path)}:{exercise.line}"
        if name not in checks:
            yield Problem(
                where, f'exercise {name!r} has no cell: add `# %% check="{name}" points=2`, or delete it here'
            )
        elif name in solutions:
            cell = draft.cells[solutions[name] - 1]
            for target in sorted(set(exercise.targets) - cell_code.names_bound(cell["source"])):
                reason = f"does not define {target}, which {where} asks about: define it, or change the targets there"
                yield draft.at(solutions[name], reason)


def visible_checks_are_one_fitting_call(draft: Draft) -> Iterator[Problem]:
    for number, name in _checks(draft):
        exercise = draft.exercises.by_name.get(name)
        if exercise is None or not exercise.check:
            continue
        source = regions.without(draft.cells[number - 1]["source"], regions.HIDDEN_TESTS)
        module = cell_code.tree(source)
        if module is None or _is_call_of(module, exercise):
            continue
        wanted = f"checks.{name}({', '.join(exercise.targets)})"
        line = module.body[0].lineno - 1 if module.body else None
        yield draft.at(number, f"the visible part of this check must be the one call {wanted}: write that", line)


def hidden_tests_are_the_derived_ones(draft: Draft) -> Iterator[Problem]:
    for number, name in _checks(draft):
        cell = draft.cells[number - 1]
        wanted = derived_cells.hidden_tests(draft.lab.name, name, draft.exercises)
        if wanted is None or regions.wrong_markers(cell["source"], regions.HIDDEN_TESTS):
            continue
        found = regions.texts(cell["source"], regions.HIDDEN_TESTS)
        call = wanted.split("\n")[-1]
        if not found:
            yield draft.at(number, f"no hidden tests: {_instead(cell)}, the build then adds {call}")
        elif not derived_cells.same_code("\n".join(found), wanted):
            reason = f"its hidden tests are not those that the build writes, {call}: {_instead(cell)}"
            yield draft.at(number, f"{reason}, and delete the hidden tests", _line_of(cell, "BEGIN HIDDEN TESTS"))


def checks_let_run_all_go_on(draft: Draft) -> Iterator[Problem]:
    for number, _ in _checks(draft):
        cell = draft.cells[number - 1]
        if MAY_FAIL not in cell["metadata"].get("tags", []):
            add = f'{_instead(cell)}, or add tags=["{MAY_FAIL}"]'
            yield draft.at(number, f"Run All stops at this check where the exercise is empty: {add}")


def _checks(draft: Draft) -> Iterator[tuple[int, str]]:
    """Yield the number of each check cell (from 1) and the name of its exercise."""
    for number, cell in draft.numbered():
        if is_check(cell) and grade_id(cell).startswith(CHECK):
            yield number, grade_id(cell).removeprefix(CHECK)


def _is_call_of(module: ast.Module, exercise: KnownExercise) -> bool:
    if len(module.body) != 1 or not isinstance(module.body[0], ast.Expr):
        return False
    call = module.body[0].value
    if not isinstance(call, ast.Call) or call.keywords:
        return False
    given = tuple(part.id if isinstance(part, ast.Name) else "" for part in call.args)
    return cell_code.called(call).split(".")[-1] == exercise.name and given == exercise.targets


def _instead(cell: Cell) -> str:
    points = nbgrader(cell).get("points", 2)
    return f'write check="{grade_id(cell).removeprefix(CHECK)}" points={points} in place of nbgrader='


def _line_of(cell: Cell, words: str) -> int | None:
    lines = cell["source"].split("\n")
    return next((number for number, line in enumerate(lines) if words in line), None)


def _checks_shown(draft: Draft) -> str:
    return _shown(draft, checks_folder(draft.lab))


def _shown(draft: Draft, path: Path) -> str:
    """Return a path relative to the root. Outside the root, return the path from the folder course_utils on."""
    if path.is_relative_to(draft.lab.root):
        return draft.lab.show(path)
    parts = path.parts
    return "/".join(parts[parts.index("course_utils") :] if "course_utils" in parts else parts)
