"""The rules that `course build` checks. Every rule is a function that yields problems. A rule checks one thing only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from course_admin.authoring import cell_code, exercise_rules, figure_rules, leaks, point_rules
from course_admin.authoring.draft import Draft, Problem, grade_id, is_answer, label, nbgrader
from course_admin.common import regions


def problems(draft: Draft) -> list[Problem]:
    """Return all problems of a draft, each problem once."""
    found = [problem for rule in RULES for problem in rule(draft)]
    return list(dict.fromkeys(found))


# --- nbgrader's metadata, markers, names ----------------------------------------------------------------


def metadata_is_nbgraders(draft: Draft) -> Iterator[Problem]:
    """Require that each cell's metadata passes nbgrader's own validator."""
    from nbformat import from_dict
    from nbgrader.nbgraderformat import MetadataValidator

    validator = MetadataValidator()
    for number, cell in draft.numbered():
        try:
            validator.validate_cell(from_dict(cell))
        except Exception as error:  # the errors of jsonschema and nbgrader have no common base class
            yield draft.at(number, f"nbgrader does not accept its metadata: {str(error).strip().splitlines()[0]}")


def ids_are_unique(draft: Draft) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for number, cell in draft.numbered():
        name = grade_id(cell)
        if name and first.setdefault(name, number) != number:
            yield draft.at(number, f"grade_id {name} is also that of cell {first[name]}: give one of them another")


def markers_are_balanced(draft: Draft) -> Iterator[Problem]:
    for number, cell in draft.numbered():
        for kind in regions.KINDS:
            wrong = regions.wrong_markers(cell["source"], kind)
            if wrong:
                yield draft.at(number, wrong)


def markers_stand_where_they_work(draft: Draft) -> Iterator[Problem]:
    """Require each kind of region in its own kind of cell.

    nbgrader removes a kind of region from that kind of cell only, and stops with an error if it is in another cell.
    """
    for number, cell in draft.numbered():
        meta, source = nbgrader(cell), cell["source"]
        if "BEGIN SOLUTION" in source and not meta.get("solution"):
            yield draft.at(
                number, 'BEGIN SOLUTION in a cell that is no solution cell: write exercise="NAME" in its `# %%` line'
            )
        if "BEGIN HIDDEN TESTS" in source and not meta.get("grade"):
            yield draft.at(number, "BEGIN HIDDEN TESTS in a cell that is no check cell: move them to one")
        if "BEGIN MARK SCHEME" in source and not meta.get("task"):
            inside = "\n".join(regions.texts(source, regions.SOLUTION)) if "BEGIN SOLUTION" in source else source
            if not (is_answer(cell) and "BEGIN MARK SCHEME" in inside):
                yield draft.at(
                    number,
                    "nbgrader takes a mark scheme out of a written answer (grade and solution true; before END SOLUTION"
                    " where there is one) or out of a task cell (task true) only: put it there",
                )


def solutions_are_marked(draft: Draft) -> Iterator[Problem]:
    for number, cell in draft.numbered():
        if not nbgrader(cell).get("solution") or cell["cell_type"] != "code":
            continue
        if regions.wrong_markers(cell["source"], regions.SOLUTION):
            continue
        found = regions.texts(cell["source"], regions.SOLUTION)
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


# --- code, and what the release shows ---------------------------------------------------------------------


def code_is_python(draft: Draft) -> Iterator[Problem]:
    """Require valid Python in each code cell, both with the solutions and as students get the cell."""
    for number, cell in draft.numbered():
        if cell["cell_type"] != "code":
            continue
        wrong = cell_code.syntax_error(cell["source"])
        if wrong:
            reason, line = wrong
            yield draft.at(number, f"not valid Python: {reason} (line {line} of the cell)", line - 1)
        elif number <= len(draft.release):
            wrong = cell_code.syntax_error(draft.release[number - 1]["source"])
            if wrong:
                reason = f"{wrong[0]} (line {wrong[1]} of the cell)"
                yield draft.at(
                    number, f"not valid Python once the solution is taken out: {reason}; move BEGIN or END SOLUTION"
                )


def nothing_leaks(draft: Draft) -> Iterator[Problem]:
    """Refuse a line of a solution, hidden test or mark scheme in the release's cells, in their metadata and outputs, or
    in the files that are copied with the notebook.
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
    exercise_rules.short_forms_are_complete,
    exercise_rules.exercises_can_be_read,
    exercise_rules.check_cells_are_graded_and_locked,
    exercise_rules.each_exercise_has_a_check_and_an_exam,
    exercise_rules.visible_checks_are_one_fitting_call,
    exercise_rules.hidden_tests_are_the_derived_ones,
    exercise_rules.checks_let_run_all_go_on,
    point_rules.points_are_in_one_place,
    point_rules.answers_have_a_mark_scheme,
    point_rules.headings_and_rows_can_be_read,
    point_rules.each_graded_cell_has_one_heading,
    point_rules.headings_rows_and_points_agree,
    point_rules.totals_are_right,
    code_is_python,
    figure_rules.pictures_have_alt_text,
    figure_rules.pictures_exist,
    nothing_leaks,
)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _short(line: str) -> str:
    return line if len(line) <= 80 else line[:79] + "…"
