"""What `course build` refuses. Every rule is a function that yields problems; a rule looks at one thing only."""

from __future__ import annotations

import ast
import re
import textwrap
import urllib.parse
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from course_admin.authoring import leaks
from course_admin.authoring.lab_text import Cell
from course_admin.course import Lab

MARKERS = ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME")
# Functions of pyplot and seaborn that draw nothing.
NO_FIGURE = frozenset(
    [
        "axes_style",
        "close",
        "color_palette",
        "colormaps",
        "cubehelix_palette",
        "get_cmap",
        "ioff",
        "ion",
        "load_dataset",
        "plotting_context",
        "rc",
        "rc_context",
        "reset_defaults",
        "set",
        "set_context",
        "set_palette",
        "set_style",
        "set_theme",
        "setp",
        "show",
        "style",
        "xkcd",
    ]
)


@dataclass(frozen=True)
class Problem:
    """where: file and, where there is one, cell; reason: what is wrong and what to do."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


@dataclass(frozen=True)
class Draft:
    """What the rules look at. release: nbgrader's cells as JSON, empty where there are none; files: what goes
    along, by name.
    """

    lab: Lab
    cells: list[Cell]
    release: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def at(self, number: int, reason: str) -> Problem:
        """A problem of cell `number` (from 1)."""
        return Problem(f"{self.lab.show(self.lab.text)}, cell {number} ({label(self.cells[number - 1])})", reason)

    def numbered(self) -> list[tuple[int, Cell]]:
        return list(enumerate(self.cells, 1))


def label(cell: Cell) -> str:
    """A cell's grade_id, or its first line."""
    first = cell["source"].strip().split("\n")[0]
    return nbgrader(cell).get("grade_id") or textwrap.shorten(first, 40, placeholder=" …") or "empty"


def nbgrader(cell: Cell) -> dict[str, Any]:
    """A cell's nbgrader metadata, empty where there is none."""
    return cell["metadata"].get("nbgrader", {})


def problems(draft: Draft) -> list[Problem]:
    """Everything that is wrong with a draft."""
    found = [problem for rule in RULES for problem in rule(draft)]
    return list(dict.fromkeys(found))


# --- nbgrader's metadata, markers, names ----------------------------------------------------------------


def metadata_is_nbgraders(draft: Draft) -> Iterator[Problem]:
    """Each cell's metadata passes nbgrader's own validator."""
    from nbformat import from_dict
    from nbgrader.nbgraderformat import MetadataValidator

    validator = MetadataValidator()
    for number, cell in draft.numbered():
        try:
            validator.validate_cell(from_dict(cell))
        except Exception as error:  # jsonschema's and nbgrader's have no common base
            yield draft.at(number, f"nbgrader does not accept its metadata: {str(error).strip().splitlines()[0]}")


def ids_are_unique(draft: Draft) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for number, cell in draft.numbered():
        name = nbgrader(cell).get("grade_id")
        if name and first.setdefault(name, number) != number:
            yield draft.at(number, f"grade_id {name} is also that of cell {first[name]}: give one of them another")


def markers_are_balanced(draft: Draft) -> Iterator[Problem]:
    for number, cell in draft.numbered():
        for kind in MARKERS:
            wrong = leaks.regions(cell["source"], kind)[1]
            if wrong:
                yield draft.at(number, wrong)


def markers_stand_where_they_work(draft: Draft) -> Iterator[Problem]:
    """nbgrader takes each kind of region out of one kind of cell only, and stops at any other."""
    for number, cell in draft.numbered():
        meta, source = nbgrader(cell), cell["source"]
        if "BEGIN SOLUTION" in source and not meta.get("solution"):
            yield draft.at(number, "BEGIN SOLUTION in a cell that is no solution cell: set solution to true")
        if "BEGIN HIDDEN TESTS" in source and not meta.get("grade"):
            yield draft.at(number, "BEGIN HIDDEN TESTS in a cell that is no check cell: set grade to true")
        if "BEGIN MARK SCHEME" in source and not meta.get("task"):
            inside = "\n".join(leaks.regions(source, "SOLUTION")[0]) if "BEGIN SOLUTION" in source else source
            if not (_answer(cell) and "BEGIN MARK SCHEME" in inside):
                yield draft.at(
                    number,
                    "nbgrader takes a mark scheme out of a written answer (grade and solution true; before END SOLUTION"
                    " where there is one) or out of a task cell (task true) only: put it there",
                )


def solutions_are_marked(draft: Draft) -> Iterator[Problem]:
    for number, cell in draft.numbered():
        if not nbgrader(cell).get("solution") or cell["cell_type"] != "code":
            continue
        found, wrong = leaks.regions(cell["source"], "SOLUTION")
        if wrong:
            continue
        if not found:
            yield draft.at(
                number,
                "a solution cell without ### BEGIN SOLUTION and ### END SOLUTION: "
                "students would get one stub in place of the whole cell",
            )
        for text in found:
            first = next((line for line in text.split("\n") if line.strip()), None)
            begin = next(line for line in cell["source"].split("\n") if "BEGIN SOLUTION" in line)
            if first is None:
                yield draft.at(number, "nothing stands between BEGIN SOLUTION and END SOLUTION")
            elif len(found) == 1 and _indent(first) != _indent(begin):
                yield draft.at(
                    number, "BEGIN SOLUTION is not indented like the line after it, so the stub would not be either"
                )


# --- exams, checks, points ------------------------------------------------------------------------------


def exam_names(path: Any) -> tuple[dict[str, int], list[tuple[int, str]]]:
    """The exams of a file by name, with the line of each, and what is wrong as (line, reason); the file is read,
    never run.
    """
    found: dict[str, int] = {}
    wrong: list[tuple[int, str]] = []
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        return found, [(error.lineno or 1, f"not valid Python: {error.msg}")]
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", ()):
            if not (isinstance(decorator, ast.Call) and _called(decorator).split(".")[-1] == "exam"):
                continue
            name = (
                decorator.args[0]
                if decorator.args
                else next((k.value for k in decorator.keywords if k.arg == "name"), None)
            )
            if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
                wrong.append((decorator.lineno, 'write the exam\'s name as a string: @exam("standardise")'))
            elif found.setdefault(name.value, decorator.lineno) != decorator.lineno:
                wrong.append(
                    (decorator.lineno, f"a second exam {name.value!r}; the first is in line {found[name.value]}")
                )
    return found, wrong


def exams_and_checks_belong_together(draft: Draft) -> Iterator[Problem]:
    path = draft.lab.exams
    shown = draft.lab.show(path)
    exams: dict[str, int] = {}
    if path.is_file():
        exams, wrong = exam_names(path)
        yield from (Problem(f"{shown}, line {line}", reason) for line, reason in wrong)
    checked = set()
    for number, cell in draft.numbered():
        if not _check(cell):
            continue
        grade_id = nbgrader(cell).get("grade_id", "")
        name = grade_id.removeprefix("check-")
        if name == grade_id:
            yield draft.at(number, "the grade_id of a check cell is check- and the exercise's: rename it")
            continue
        checked.add(name)
        if name not in exams:
            there = "" if path.is_file() else ", which does not exist"
            yield draft.at(number, f'a graded cell without an exam: write @exam("{name}") in {shown}{there}')
        yield from (draft.at(number, reason) for reason in _hidden_call(draft.lab.name, name, cell["source"]))
    for name in exams.keys() - checked:
        where = f"{shown}, line {exams[name]}"
        yield Problem(
            where, f"exam {name!r} has no cell: add a check cell with the grade_id check-{name}, or take the exam out"
        )


def checks_let_run_all_go_on(draft: Draft) -> Iterator[Problem]:
    for number, cell in draft.numbered():
        if _check(cell) and "raises-exception" not in cell["metadata"].get("tags", []):
            yield draft.at(
                number, 'a check cell needs tags=["raises-exception"], or Run All stops at the first empty blank'
            )


def points_stand_in_one_place(draft: Draft) -> Iterator[Problem]:
    for number, cell in draft.numbered():
        meta = nbgrader(cell)
        if _check(cell) or _answer(cell):
            points = meta.get("points")
            if isinstance(points, bool) or not isinstance(points, (int, float)) or points <= 0:
                yield draft.at(
                    number,
                    'a graded cell without points: write "points": 3 (more than zero) into its nbgrader metadata',
                )
        elif "points" in meta and not meta.get("task"):
            yield draft.at(number, "points stand on the check cell and nowhere else: take them out here")


def answers_have_a_mark_scheme(draft: Draft) -> Iterator[Problem]:
    for number, cell in draft.numbered():
        before = draft.cells[number - 2] if number > 1 else None
        task_before = before is not None and nbgrader(before).get("task") and "BEGIN MARK SCHEME" in before["source"]
        if (_answer(cell) and not task_before) or nbgrader(cell).get("task"):
            found, wrong = leaks.regions(cell["source"], "MARK SCHEME")
            if not wrong and not any(text.strip() for text in found):
                yield draft.at(
                    number,
                    "a manually graded answer without a mark scheme: write one between ### BEGIN MARK SCHEME and "
                    "### END MARK SCHEME in this cell, or in a task cell just before it",
                )


# --- code and figures -----------------------------------------------------------------------------------


def code_is_python(draft: Draft) -> Iterator[Problem]:
    """With the solutions, and as students get it."""
    for number, cell in draft.numbered():
        if cell["cell_type"] != "code":
            continue
        wrong = _syntax_error(cell["source"])
        if wrong:
            yield draft.at(number, f"not valid Python: {wrong}")
        elif number <= len(draft.release):
            wrong = _syntax_error(draft.release[number - 1]["source"])
            if wrong:
                yield draft.at(
                    number, f"not valid Python once the solution is taken out: {wrong}; move BEGIN or END SOLUTION"
                )


def pictures_have_alt_text(draft: Draft) -> Iterator[Problem]:
    for number, cell in draft.numbered():
        if cell["cell_type"] == "markdown":
            for alt, target in _pictures(cell["source"]):
                if not alt.strip():
                    yield draft.at(number, f"the picture {target} has no alt text: write ![what it shows]({target})")
        elif cell["cell_type"] == "code":
            drawn = _draws_without_words(cell["source"])
            if drawn:
                yield draft.at(
                    number, f'{drawn} draws a figure without alt text: add describe(ax, "what it shows") in this cell'
                )


def pictures_exist(draft: Draft) -> Iterator[Problem]:
    folder = draft.lab.show(draft.lab.folder)
    for number, cell in draft.numbered():
        if cell["cell_type"] != "markdown":
            continue
        for _, target in _pictures(cell["source"]):
            if re.match(r"(https?|data):", target):
                continue
            if target.startswith("attachment:"):
                yield draft.at(
                    number, f"{target} was pasted into a notebook: save it in {folder}/ and link to that file"
                )
            elif urllib.parse.unquote(target.split("#")[0].split("?")[0]).removeprefix("./") not in draft.files:
                yield draft.at(number, f"the picture {target} does not exist: put it into {folder}/ or mend the link")


def nothing_leaks(draft: Draft) -> Iterator[Problem]:
    """No solution, hidden test or mark scheme in the release's cells, their metadata and outputs, or the files that
    go along.
    """
    wanted = leaks.secrets(draft.cells)
    where = draft.lab.show(draft.lab.release)
    for number, cell in enumerate(draft.release, 1):
        rest = {key: value for key, value in cell.items() if key != "source"}
        places = [("metadata or outputs", "\n".join(leaks.strings(rest)))]
        if leaks.ON_PURPOSE not in cell["metadata"].get("tags", []):
            places.insert(0, ("text", cell["source"]))
        for place, text in places:
            for secret in leaks.find(wanted, text):
                yield draft.at(
                    number,
                    f"its {place} in {where} shows a {secret.kind} line of cell {secret.cell} "
                    f"({label(draft.cells[secret.cell - 1])}): `{_short(secret.line)}`; "
                    f"take it out, or tag the cell {leaks.ON_PURPOSE}",
                )
    for name, data in draft.files.items():
        for secret in leaks.find(wanted, leaks.text_of_file(name, data)):
            yield Problem(
                f"{draft.lab.show(draft.lab.folder)}/{name}",
                f"goes along with the release and shows a {secret.kind} line of cell {secret.cell}: "
                f"`{_short(secret.line)}`; take it out",
            )


RULES: tuple[Callable[[Draft], Iterable[Problem]], ...] = (
    metadata_is_nbgraders,
    ids_are_unique,
    markers_are_balanced,
    markers_stand_where_they_work,
    solutions_are_marked,
    exams_and_checks_belong_together,
    checks_let_run_all_go_on,
    points_stand_in_one_place,
    answers_have_a_mark_scheme,
    code_is_python,
    pictures_have_alt_text,
    pictures_exist,
    nothing_leaks,
)


# --- helpers --------------------------------------------------------------------------------------------


def _check(cell: Cell) -> bool:
    return bool(nbgrader(cell).get("grade") and not nbgrader(cell).get("solution"))


def _answer(cell: Cell) -> bool:
    return bool(nbgrader(cell).get("grade") and nbgrader(cell).get("solution"))


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _short(line: str) -> str:
    return line if len(line) <= 80 else line[:79] + "…"


def _hidden_call(lab: str, name: str, source: str) -> Iterator[str]:
    wanted = f'grade("{lab}", "{name}", …)'
    found, wrong = leaks.regions(source, "HIDDEN TESTS")
    if wrong:
        return
    tree = _tree(textwrap.dedent("\n".join(found)))
    if tree is None:
        return
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called(node).split(".")[-1] == "grade"]
    if not calls:
        yield f"its hidden tests do not call {wanted}"
    for call in calls:
        given = [arg.value if isinstance(arg, ast.Constant) else None for arg in call.args[:2]]
        if given != [lab, name]:
            shown = ", ".join(ast.unparse(arg) for arg in call.args[:2])
            yield f"its hidden tests call grade({shown}, …) where {wanted} belongs"
        elif len(call.args) < 3:
            yield f"its hidden tests do not hand grade() what the student wrote: {wanted[:-2]}{name})"
    imported = any(
        "grade" in [alias.name for alias in n.names] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)
    )
    if calls and not imported:
        yield "its hidden tests do not say `from course_admin.grading.exams import grade`"


def _called(call: ast.Call) -> str:
    names, node = [], call.func
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    names.append(node.id if isinstance(node, ast.Name) else "")
    return ".".join(reversed(names))


def _tree(source: str) -> ast.Module | None:
    try:
        return _parse(source)
    except SyntaxError:
        return None


def _syntax_error(source: str) -> str | None:
    try:
        _parse(source)
    except SyntaxError as error:
        return f"{error.msg} (line {error.lineno} of the cell)"
    return None


def _parse(source: str) -> ast.Module:
    # Magics, shell commands and top-level await are Python to a notebook.
    from IPython.core.inputtransformer2 import TransformerManager

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = compile(
            TransformerManager().transform_cell(source),
            "cell",
            "exec",
            ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
        )
    return tree


def _draws_without_words(source: str) -> str | None:
    tree = _tree(source)
    if tree is None:
        return None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    if any(_called(call).split(".")[-1] == "describe" and _called(call) in DESCRIBERS for call in calls):
        return None
    if any(word.arg == "alt" for call in calls for word in call.keywords):
        return None
    for call in calls:
        module, _, function = _called(call).partition(".")
        if module in ("plt", "sns") and function and function.split(".")[0] not in NO_FIGURE:
            return f"{module}.{function}"
        if _called(call) in ("Image", "SVG", "display.Image", "display.SVG"):
            return f"{_called(call)}(…)"
    return None


DESCRIBERS = frozenset(
    ["describe", "plotting.describe", "course_utils.plotting.describe"]
)  # a data frame's describe() is none


def _pictures(markdown: str) -> Iterator[tuple[str, str]]:
    """(alt text, target) of every picture in a markdown text, code in it left out."""
    text = re.sub(r"(?ms)^(\s*)(```+|~~~+).*?^\1\2\s*$", "", markdown)
    text = re.sub(r"(`+)(?:(?!\1).)+\1", "", text)
    for match in re.finditer(r"!\[([^\]]*)\]\(\s*(?:<([^>]*)>|([^)\s]*))", text):
        yield match[1], match[2] or match[3] or ""
    yield from _Images.of(text)


class _Images(HTMLParser):
    @staticmethod
    def of(text: str) -> list[tuple[str, str]]:
        parser = _Images()
        parser.found = []
        parser.feed(text)
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            given = dict(attrs)
            self.found.append((given.get("alt") or "", given.get("src") or ""))
