"""Corpora of whole submissions: what an unlucky or a hostile student hands in, and the expected result.

A corpus is a py:percent file. Each of its cells is an entry, or a further step of the entry with the same title:

    # %% check-deleted finding="put back as they were given out: check-standardise"
    def damage(folder, notebook):
        change(notebook, lambda cells: cells.remove(named(cells, "check-standardise")))

    # %% reads-the-answers place="before:standardise" points="standardise=0"
    print(open("../../source/00_template/00_template.ipynb").read())

The body of a cell is one of:
- a function `damage(folder, notebook)`, called with the submission's folder and the notebook file in it;
- with `place="before:GRADE_ID"`, `"after:GRADE_ID"`, `"first"` or `"last"`: a code cell that is inserted there;
- with `cell="GRADE_ID"`: the new text of that cell.

Each submission starts with all answers right or, with `start="blank"`, as the unchanged release. Expectations:
- `points`: "standardise=2 sampler=0"; the other exercises get all their points, with start="blank" none;
- `finding`: text that one of the findings contains, several texts separated by " | "; by default, no finding;
- `state`: "failed" if a person has to look at the submission; "graded" otherwise;
- `sandbox="true"`: the expected result shows only if a sandbox runs the cells;
- `bomb="true"`: the entry exhausts a resource limit or a whole time limit. It is left out of `make test`.

A comment `# --- words ---...` is a heading: the entries below it, up to the next heading, form a group. A word between
two @, as in @ROOT@, is replaced by the test's value of that name: this simulates an attacker who knows where to look.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext

from course_admin import classroom


@dataclass
class Case:
    """One entry. steps: (place, grade_id, body); place: "damage", "cell", "before", "after", "first" or "last"."""

    name: str
    start: str = "perfect"
    points: dict[str, float] = field(default_factory=dict)
    findings: tuple[str, ...] = ()
    state: str = "graded"
    bomb: bool = False
    sandbox: bool = False
    group: str = ""
    steps: list[tuple[str, str, str]] = field(default_factory=list)

    def expected(self, full: Mapping[str, float]) -> dict[str, float]:
        """Return the expected points of every exercise. full: the maximum points of every exercise."""
        rest = full if self.start == "perfect" else dict.fromkeys(full, 0.0)
        return {**rest, **self.points}


WORD = re.compile(r"@([A-Z]+)@")
HEADING = re.compile(r"^# --- (.+?) -{3,}$", re.MULTILINE)


def read_groups(path: Path) -> list[str]:
    """Return the headings of a corpus in their order."""
    return HEADING.findall(Path(path).read_text(encoding="utf-8"))


def read_cases(path: Path) -> list[Case]:
    """Return the entries of a corpus. Raises ValueError for an invalid entry."""
    cases: dict[str, Case] = {}
    group = following = ""
    for cell in jupytext.read(path, fmt="py:percent").cells:
        # A heading is part of the cell above it.
        group, found = following, HEADING.findall(cell.source)
        following = found[-1] if found else group
        cell.source = HEADING.sub("", cell.source).rstrip()
        # lines_to_next_cell is jupytext's own note on blank lines, no expectation.
        meta = {key: value for key, value in cell.metadata.items() if key != "lines_to_next_cell"}
        title = meta.get("title")
        if not title:
            continue
        unknown = set(meta) - {"title", "start", "points", "finding", "state", "bomb", "sandbox", "place", "cell"}
        if unknown or (title in cases and set(meta) - {"title", "place", "cell"}):
            raise ValueError(
                f"{path}: entry {title} has {', '.join(sorted(unknown)) or 'expectations in a later step'}"
            )
        if title not in cases:
            points = dict(item.split("=") for item in str(meta.get("points", "")).split())
            case = Case(title, meta.get("start", "perfect"), {name: float(value) for name, value in points.items()})
            case.findings = tuple(words for words in meta.get("finding", "").split(" | ") if words)
            case.state = meta.get("state", "graded")
            case.bomb, case.sandbox, case.group = meta.get("bomb") == "true", meta.get("sandbox") == "true", group
            cases[title] = case
        if "cell" in meta:
            step = ("cell", meta["cell"], cell.source)
        elif "place" in meta:
            place, _, name = meta["place"].partition(":")
            step = (place, name, cell.source)
        elif "def damage(" in cell.source:
            step = ("damage", "", cell.source)
        else:
            raise ValueError(f"{path}: entry {title} says neither cell= nor place=, and has no function damage")
        cases[title].steps.append(step)
    return list(cases.values())


def hand_in(
    case: Case, root: Path, lab: str, answers: Mapping[str, str], known: Mapping[str, Any] | None = None
) -> Path:
    """Make the submission of an entry, with the entry's name as the student's id, and return its folder.

    known: the replacement of each @NAME@ in the entry's text. Raises KeyError for a name that `known` does not have.
    """
    release = classroom.read_notebook(root / "release" / lab / f"{lab}.ipynb")
    notebook = classroom.fill(release, answers if case.start == "perfect" else {})
    told = known or {}
    steps = [(place, name, WORD.sub(lambda word: str(told[word[1]]), body)) for place, name, body in case.steps]
    for place, name, body in steps:
        if place == "cell":
            named(notebook["cells"], name)["source"] = body
        elif place != "damage":
            notebook["cells"].insert(_position(notebook["cells"], place, name), code(body))
    path = classroom.hand_in(root, case.name, lab, notebook)
    for place, _, body in steps:
        if place == "damage":
            namespace = dict(TOOLS, root=root, lab=lab)
            exec(compile(body, f"<{case.name}>", "exec"), namespace)
            namespace["damage"](path.parent, path)
    return path.parent


def mismatches(case: Case, full: Mapping[str, float], got: Mapping[str, float], findings: Iterable[str]) -> list[str]:
    """Return one line for each difference between an entry's expectations and its points and findings."""
    findings, said = list(findings), []
    for name, points in case.expected(full).items():
        if abs(got.get(name, float("nan")) - points) > 0.005 or name not in got:
            said.append(f"{case.name}: {name} got {got.get(name)} of {points} expected points; findings: {findings}")
    for words in case.findings:
        if not any(words in line for line in findings):
            said.append(f"{case.name}: no finding says {words!r}: {findings}")
    if findings and not case.findings:
        said.append(f"{case.name}: findings, and none expected: {findings}")
    return said


# --- tools for the functions `damage` --------------------------------------------------------------------------------


def change(notebook: Path, how: Callable[[list[dict[str, Any]]], Any]) -> None:
    """Change the list of cells of a notebook file. how: changes the list in place or returns another list."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    cells = how(content["cells"])
    content["cells"] = cells if isinstance(cells, list) else content["cells"]
    notebook.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8", newline="\n")


def named(cells: list[dict[str, Any]], grade_id: str) -> dict[str, Any]:
    """Return the cell with a grade_id."""
    return cells[place_of(cells, grade_id)]


def put_above(notebook: Path, texts: dict[str, str]) -> None:
    """Insert texts at the start of cells' sources. texts: grade_id -> text."""

    def how(cells: list[dict[str, Any]]) -> None:
        for grade_id, text in texts.items():
            cell = named(cells, grade_id)
            cell["source"] = text + cell["source"]

    change(notebook, how)


def place_of(cells: list[dict[str, Any]], grade_id: str) -> int:
    """Return the index of the cell with a grade_id."""
    names = [(cell["metadata"].get("nbgrader") or {}).get("grade_id") for cell in cells]
    return names.index(grade_id)


def code(source: str, **more: Any) -> dict[str, Any]:
    """Return a code cell."""
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None} | more


def words(source: str, **more: Any) -> dict[str, Any]:
    """Return a markdown cell."""
    return {"cell_type": "markdown", "source": source, "metadata": {}} | more


def _position(cells: list[dict[str, Any]], place: str, name: str) -> int:
    if place in ("first", "last"):
        return 0 if place == "first" else len(cells)
    if place not in ("before", "after"):
        raise ValueError(f"place={place!r}: say before:GRADE_ID, after:GRADE_ID, first or last")
    return place_of(cells, name) + (place == "after")


TOOLS: dict[str, Any] = {
    **{"json": json, "os": os, "re": re, "shutil": shutil, "Path": Path},
    **{"change": change, "named": named, "put_above": put_above, "place_of": place_of, "code": code, "words": words},
}
