"""Rules of `course build` about points and minutes: metadata, headings and the table of exercises must agree.

### Exercise 1.1 (2 points, about 5 minutes)          above the exercise's cell
| exercise | you write | points | minutes |           at the top of the lab
|---|---|---|---|
| 1.1 | `to_range(images)` | 2 | 5 |
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from course_admin.authoring import cell_code
from course_admin.authoring.draft import Draft, Problem, grade_id, is_answer, is_check, is_solution, nbgrader
from course_admin.authoring.lab_text import Cell
from course_admin.common import regions
from course_admin.common.graded_cells import CHECK

NUMBER = r"\d+(?:\.\d+)*"
HEADING = re.compile(
    rf"#+ Exercise (?P<exercise>{NUMBER})(?:, in words)? "
    r"\((?P<points>\d+(?:\.\d+)?) points?, about (?P<minutes>\d+) minutes?\)"
)
LIKE_A_HEADING = re.compile(r"#+\s*Exercise\s+\d")
HEADING_FORM = "### Exercise 1.1 (2 points, about 5 minutes)"
COLUMNS = ["exercise", "you write", "points", "minutes"]
TABLE_FORM = f"| {' | '.join(COLUMNS)} |"
TOTAL = re.compile(r"(\d+(?:\.\d+)?) points (?:in total|in all|altogether)|total of (\d+(?:\.\d+)?) points", re.I)


@dataclass(frozen=True)
class Heading:
    """The heading of an exercise. cell: the cell's number; line: its line in the cell's source, counted from 0."""

    cell: int
    line: int
    exercise: str
    points: float
    minutes: float


@dataclass(frozen=True)
class Row:
    """A row of the table of exercises; points and minutes are None if the row has no number in that column."""

    cell: int
    line: int
    exercise: str
    writes: str
    points: float | None
    minutes: float | None


def points_are_in_one_place(draft: Draft) -> Iterator[Problem]:
    for number, cell in draft.numbered():
        meta = nbgrader(cell)
        if is_check(cell) or is_answer(cell):
            if _points(cell) is None:
                yield draft.at(
                    number, "a graded cell without points: write points=3 (more than zero) in its `# %%` line"
                )
        elif "points" in meta and not meta.get("task"):
            yield draft.at(number, "points belong to the check cell and nowhere else: delete them here")


def answers_have_a_mark_scheme(draft: Draft) -> Iterator[Problem]:
    for number, cell in draft.numbered():
        before = draft.cells[number - 2] if number > 1 else None
        task_before = before is not None and nbgrader(before).get("task") and "BEGIN MARK SCHEME" in before["source"]
        if (is_answer(cell) and not task_before) or nbgrader(cell).get("task"):
            found = regions.texts(cell["source"], regions.MARK_SCHEME)
            wrong = regions.wrong_markers(cell["source"], regions.MARK_SCHEME)
            if not wrong and not any(text.strip() for text in found):
                yield draft.at(
                    number,
                    "a manually graded answer without a mark scheme: write one between ### BEGIN MARK SCHEME and "
                    "### END MARK SCHEME in this cell, or in a task cell just before it",
                )


def headings_and_rows_can_be_read(draft: Draft) -> Iterator[Problem]:
    for number, line, text in _prose(draft):
        if LIKE_A_HEADING.match(text) and not HEADING.fullmatch(text):
            yield draft.at(number, f"the heading of an exercise must look like `{HEADING_FORM}`: rewrite it", line)
        cells = [name.lower() for name in _split(text)]
        if {"exercise", "points"} <= set(cells) and cells != COLUMNS:
            yield draft.at(number, f"the table of exercises must begin with `{TABLE_FORM}`: rewrite it", line)
    first: dict[str, Row] = {}
    for row in _rows(draft):
        if first.setdefault(row.exercise, row) is not row:
            yield draft.at(row.cell, f"a second row of exercise {row.exercise}: delete one", row.line)
        if row.points is None or row.minutes is None:
            yield draft.at(row.cell, f"the row of exercise {row.exercise} needs points and minutes: add them", row.line)


def each_graded_cell_has_one_heading(draft: Draft) -> Iterator[Problem]:
    pairs, unused, without = _paired(draft)
    for heading in unused:
        reason = f"exercise {heading.exercise} has no graded cell before the next heading: add one, or delete this"
        yield draft.at(heading.cell, reason, heading.line)
    for number in without:
        yield draft.at(number, f"a graded cell without a heading: write `{HEADING_FORM}` above its exercise")
    first: dict[str, Heading] = {}
    for heading, _ in pairs:
        if first.setdefault(heading.exercise, heading) is not heading:
            yield draft.at(heading.cell, f"a second exercise {heading.exercise}: give it another number", heading.line)


def headings_rows_and_points_agree(draft: Draft) -> Iterator[Problem]:
    rows = {row.exercise: row for row in _rows(draft)}
    numbers = {heading.exercise for heading in _headings(draft)}
    for heading, number in _paired(draft)[0]:
        cell = draft.cells[number - 1]
        points, row = _points(cell), rows.get(heading.exercise)
        carries = f"cell {number} ({grade_id(cell)}) carries {_said(points)}"
        if points is not None and heading.points != points:
            reason = f"the heading says {_said(heading.points)}, {carries}: write one of the two everywhere"
            yield draft.at(heading.cell, reason, heading.line)
        if row is None:
            new = f"| {heading.exercise} | {_writes(draft, number)} | {points or 0:g} | {heading.minutes:g} |"
            reason = f"exercise {heading.exercise} has no row in the table `{TABLE_FORM}`: add `{new}`"
            yield draft.at(heading.cell, reason, heading.line)
            continue
        if None not in (row.points, points) and row.points != points:
            reason = f"the row of exercise {row.exercise} says {_said(row.points)}, {carries}"
            yield draft.at(row.cell, f"{reason}: write one of the two everywhere", row.line)
        if row.minutes is not None and row.minutes != heading.minutes:
            reason = f"the row of exercise {row.exercise} says {row.minutes:g} minutes, its heading {heading.minutes:g}"
            yield draft.at(row.cell, f"{reason}: write one of the two in both", row.line)
        if is_check(cell) and not _fits(draft, number, row.writes):
            reason = f"the row of exercise {row.exercise} says {row.writes or 'nothing'}, the exercise defines"
            yield draft.at(row.cell, f"{reason} {_writes(draft, number)}: write that", row.line)
    for row in rows.values():
        if row.exercise not in numbers:
            reason = f"no heading `### Exercise {row.exercise} (…)` belongs to this row: write it, or delete the row"
            yield draft.at(row.cell, reason, row.line)


def totals_are_right(draft: Draft) -> Iterator[Problem]:
    total = sum(_points(cell) or 0 for cell in draft.cells if is_check(cell) or is_answer(cell))
    for number, line, text in _prose(draft):
        said = [float(match[1] or match[2]) for match in TOTAL.finditer(text)]
        cells = _split(text)
        if len(cells) == len(COLUMNS) and cells[0].strip("*").lower() == "total":
            points, minutes = (_number(part.strip("*")) for part in cells[2:])
            said += [points] if points is not None else []
            in_rows = sum(row.minutes or 0 for row in _rows(draft))
            if minutes is not None and minutes != in_rows:
                yield draft.at(
                    number, f"the total says {minutes:g} minutes, the rows sum to {in_rows:g}: correct it", line
                )
        for points in said:
            if points != total:
                yield draft.at(
                    number, f"the text says {_said(points)} in total, the lab has {total:g}: correct it", line
                )


def _paired(draft: Draft) -> tuple[list[tuple[Heading, int]], list[Heading], list[int]]:
    """Return headings paired with the next graded cell, headings without such a cell, and cells without a heading."""
    graded = [(number, -1, None) for number, cell in draft.numbered() if is_check(cell) or is_answer(cell)]
    marks = [(heading.cell, heading.line, heading) for heading in _headings(draft)]
    pairs, unused, without = [], [], []
    waiting: Heading | None = None
    for number, _, heading in sorted(graded + marks, key=lambda mark: mark[:2]):
        if heading is not None:
            unused += [waiting] if waiting else []
            waiting = heading
        elif waiting is None:
            without.append(number)
        else:
            pairs.append((waiting, number))
            waiting = None
    return pairs, unused + ([waiting] if waiting else []), without


def _headings(draft: Draft) -> Iterator[Heading]:
    for number, line, text in _prose(draft):
        if match := HEADING.fullmatch(text):
            yield Heading(number, line, match["exercise"], float(match["points"]), float(match["minutes"]))


def _rows(draft: Draft) -> Iterator[Row]:
    inside = False
    for number, line, text in _prose(draft):
        cells = _split(text)
        if [name.lower() for name in cells] == COLUMNS:
            inside = True
        elif len(cells) != len(COLUMNS):
            inside = False
        elif inside and re.fullmatch(NUMBER, cells[0]):
            yield Row(number, line, cells[0], cells[1], _number(cells[2]), _number(cells[3]))


def _prose(draft: Draft) -> Iterator[tuple[int, int, str]]:
    """Yield the lines of markdown cells as (cell, line, text), without fenced code and without model answers."""
    for number, cell in draft.numbered():
        if cell["cell_type"] != "markdown" or is_answer(cell):
            continue
        fenced = False
        for line, text in enumerate(cell["source"].split("\n")):
            fence = text.lstrip().startswith(("```", "~~~"))
            fenced ^= fence
            if not fenced and not fence:
                yield number, line, text.strip()


def _fits(draft: Draft, check: int, writes: str) -> bool:
    """Return whether a row names the targets of a check's exercise; a function may be written with its parameters.

    Return True if the exercise is unknown.
    """
    exercise = _exercise_of(draft, check)
    if exercise is None or not exercise[0]:
        return True
    targets, defined = exercise
    named = [re.fullmatch(r"(\w+)(?:\((.*)\))?", part) for part in re.findall(r"`([^`]+)`", writes)]
    if any(match is None for match in named) or [match[1] for match in named] != targets:
        return False
    with_parameters = [(match[1], re.split(r"\s*,\s*", match[2])) for match in named if match[2] is not None]
    return all(defined.get(name) in (None, given) for name, given in with_parameters)


def _writes(draft: Draft, graded: int) -> str:
    """Return the correct text for a graded cell in the second column of the table."""
    exercise = _exercise_of(draft, graded)
    if exercise is None:
        return "an answer in words"
    targets, defined = exercise
    parameters = {name: f"({', '.join(given)})" for name, given in defined.items() if given is not None}
    return ", ".join(f"`{name}{parameters.get(name, '')}`" for name in targets)


def _exercise_of(draft: Draft, check: int) -> tuple[list[str], dict[str, list[str] | None]] | None:
    """Return the targets of a check's exercise, and the parameters by name of all that the exercise's cell defines."""
    name = grade_id(draft.cells[check - 1]).removeprefix(CHECK)
    cell = next((cell for cell in draft.cells if is_solution(cell) and grade_id(cell) == name), None)
    if cell is None:
        return None
    known = draft.exercises.by_name.get(name)
    return list(known.targets) if known else [], cell_code.signatures(cell["source"])


def _points(cell: Cell) -> float | None:
    points = nbgrader(cell).get("points")
    fits = isinstance(points, (int, float)) and not isinstance(points, bool) and points > 0
    return float(points) if fits else None


def _said(points: float | None) -> str:
    if points is None:
        return "no points"
    return f"{points:g} point{'s' * (points != 1)}"


def _split(text: str) -> list[str]:
    """Return the cells of a table row; an empty list if the line is not a table row."""
    return [part.strip() for part in text.strip("|").split("|")] if text.startswith("|") else []


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None
