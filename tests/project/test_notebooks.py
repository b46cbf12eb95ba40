"""The labs from top to bottom: the instructor's notebooks without an error, the releases with nothing but unfinished
blanks, and each section on its own.
"""

import ast
import copy
import re
import symtable
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from course_admin.course import find_labs
from course_admin.settings import CODE_STUB
from course_utils.checks.toolkit.answers import STUB

ROOT = Path(__file__).resolve().parents[2]
LABS = {lab.name: lab for lab in find_labs(ROOT)}
SETTINGS = {
    "COURSE_BUDGET": "quick",
    "COURSE_DATA": "sample",
    "COURSE_PROGRESS": "0",
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": str(ROOT),
    "PYTHONWARNINGS": "default",
}
MAY_FAIL = "raises-exception"
STUB_SENTENCE = ast.literal_eval(re.search(r"\((\".*\")\)", CODE_STUB).group(1))

SIX = ("01_pca_vs_ae", "02_manual_weights", "03_sparse_denoising", "04_conv", "05_vae", "06_semi_supervised")
"""The labs of the course; an instructor's own lab may have any size, and no figure."""

each_lab = pytest.mark.parametrize("lab", LABS.values(), ids=LABS)


def run(notebook, folder):
    """The notebook with its outputs; cells that fail are gone past, tagged or not."""
    made = copy.deepcopy(notebook)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        resources = {"metadata": {"path": str(folder)}}
        NotebookClient(made, timeout=120, allow_errors=True, kernel_name="python3", resources=resources).execute()
    return made


@pytest.fixture(scope="module")
def source_run():
    """lab -> its instructor's notebook, run."""
    return _runs({})


@pytest.fixture(scope="module")
def release_run():
    """lab -> its release, run untouched."""
    return _runs({}, released=True)


def _runs(done, released=False):
    def runner(lab):
        if lab.name not in done:
            path = lab.release if released else lab.source
            done[lab.name] = run(nbformat.read(path, as_version=4), path.parent)
        return done[lab.name]

    return runner


# --- what a run shows -----------------------------------------------------------------------------------


def tagged(cell):
    return MAY_FAIL in cell.metadata.get("tags", [])


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def errors(notebook):
    """(cell, its error output) of those that failed."""
    return [(cell, out) for cell in code_cells(notebook) for out in cell.outputs if out.output_type == "error"]


def unfinished(cell, error, blanks):
    """Whether that is what a blank gives that was not filled in, in a cell that may fail; blanks: the names that
    exercises define.
    """
    missing = re.fullmatch(r"name '(\w+)' is not defined", error.evalue)
    return tagged(cell) and (
        (error.ename == "CheckFailed" and error.evalue == f"·  {STUB}")
        or (error.ename == "NotImplementedError" and error.evalue == STUB_SENTENCE)
        or (error.ename == "NameError" and missing is not None and missing.group(1) in blanks)
    )


def surprises(notebook, blanks):
    found = [(cell, error) for cell, error in errors(notebook) if not unfinished(cell, error, blanks)]
    return [f"{first_line(cell)}: {error.ename}: {error.evalue}" for cell, error in found]


def warnings_in(notebook):
    """What students would see on red ground though nothing failed."""
    outputs = [(cell, out) for cell in code_cells(notebook) for out in cell.outputs]
    return [f"{first_line(cell)}: {out.text}" for cell, out in outputs if out.get("name") == "stderr"]


def first_line(cell):
    return next((line for line in cell.source.splitlines() if line.strip()), "(empty cell)")


class Images(HTMLParser):
    """The alt texts of the <img> elements in a piece of HTML."""

    def __init__(self, html):
        super().__init__()
        self.alts = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.alts.append((dict(attrs).get("alt") or "").strip())


def pictures(notebook):
    """(first line of the cell, alt text or "") of every picture in the outputs, as JupyterLab shows it: an alt in the
    metadata of a bare PNG is not shown to anybody.
    """
    found = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            data = output.get("data", {})
            if "text/html" in data:
                found += [(first_line(cell), alt) for alt in Images(data["text/html"]).alts]
            elif any(kind.startswith("image/") for kind in data):
                found.append((first_line(cell), ""))
    return found


@each_lab
@pytest.mark.pipeline
def test_the_instructors_notebook_runs_without_an_error(lab, source_run):
    ran = source_run(lab)
    assert [f"{first_line(cell)}: {error.ename}: {error.evalue}" for cell, error in errors(ran)] == []
    assert warnings_in(ran) == []
    assert all(cell.execution_count for cell in code_cells(ran) if cell.source.strip())


@each_lab
@pytest.mark.pipeline
def test_the_reference_gets_full_points_from_every_check(lab, source_run):
    printed = "\n".join(out.text for cell in code_cells(source_run(lab)) for out in cell.outputs if "text" in out)
    scores = re.findall(r"^(\w+): ([\d.]+) of ([\d.]+) points$", printed, flags=re.MULTILINE)
    graded = [cell for cell in code_cells(source_run(lab)) if cell.metadata.get("nbgrader", {}).get("grade")]
    assert len(scores) == len(graded)
    assert [name for name, got, most in scores if float(got) != float(most)] == []


@each_lab
@pytest.mark.pipeline
def test_the_release_runs_to_its_end_and_only_the_blanks_are_missing(lab, release_run):
    ran = release_run(lab)
    assert surprises(ran, exercise_names(ran)) == []
    assert warnings_in(ran) == []
    raw = [error.traceback for _, error in errors(ran) if error.ename in ("NotImplementedError", "CheckFailed")]
    assert [lines for lines in raw if len(lines) > 1 or "Traceback" in lines[0]] == []
    checks = [cell for cell in code_cells(ran) if cell.metadata.get("nbgrader", {}).get("grade")]
    failed = [cell for cell, error in errors(ran) if error.ename == "CheckFailed"]
    assert [first_line(cell) for cell in checks if cell not in failed] == [], "a check passes on a blank"


@each_lab
@pytest.mark.pipeline
def test_every_picture_says_in_words_what_it_shows(lab, source_run, release_run):
    for ran in (source_run(lab), release_run(lab)):
        assert pictures(ran) or lab.name not in SIX
        assert [where for where, alt in pictures(ran) if len(alt) < 10] == []


@each_lab
@pytest.mark.pipeline
def test_every_section_of_the_release_works_on_its_own_after_the_set_up_cells(lab):
    release = nbformat.read(lab.release, as_version=4)
    set_up, sections = split(release)
    assert sections, "no heading of the form `## 1 · Title`"
    # One kernel: between sections all names but those of the set-up go. The last section comes first.
    keep = "_kept = dict(globals())\n_kept['_kept'] = _kept"
    forget = "for _name in globals().keys() - _kept.keys(): del globals()[_name]\nglobals().update(_kept)"
    cells = [*set_up, new_code_cell(keep)]
    for section in reversed(sections):
        cells += [new_code_cell(forget), *section]
    release.cells = cells
    assert surprises(run(release, lab.release.parent), exercise_names(release)) == []


def split(notebook):
    """(the cells before the first heading `## N · …`, a list of cells for each such section)."""
    set_up, sections = [], []
    for cell in notebook.cells:
        heading = cell.cell_type == "markdown" and re.search(r"^## (\d+ ·)?", cell.source, flags=re.MULTILINE)
        if heading and heading.group(1):
            sections.append([])
        (sections[-1] if sections else set_up).append(cell)
    return set_up, sections


# --- without a kernel -----------------------------------------------------------------------------------


def statements(cell):
    """The symbol table of each statement of a cell, its magics left out."""
    source = re.sub(r"^(\s*)[%!].*", r"\1pass", cell.source, flags=re.MULTILINE)
    return [symtable.symtable(ast.unparse(node), "cell", "exec") for node in ast.parse(source).body]


def defined(statement):
    """The names that a statement leaves behind."""
    return {name.get_name() for name in statement.get_symbols() if name.is_assigned() or name.is_imported()}


def used(table):
    """The notebook's names that a statement uses, also in functions that it defines."""
    outer = {
        name.get_name()
        for name in table.get_symbols()
        if name.is_referenced() and (name.is_global() or table.get_type() == "module")
    }
    return outer.union(*map(used, table.get_children()))


def is_blank(cell):
    return cell.metadata.get("nbgrader", {}).get("solution")


def exercise_names(notebook):
    """The functions, classes and values that solution cells define."""
    blanks = [cell for cell in code_cells(notebook) if is_blank(cell)]
    return set().union(*(defined(statement) for cell in blanks for statement in statements(cell)))


def badly_tagged(notebook):
    """(cells that use an unfinished blank, or what came of one, without the tag; cells with the tag that use none)."""
    doubtful = set()
    without, needless = [], []
    for cell in code_cells(notebook):
        stops = False
        for statement in statements(cell):
            stops = stops or (not is_blank(cell) and bool(used(statement) & doubtful))
            if stops or is_blank(cell):
                doubtful |= defined(statement)
            else:
                doubtful -= defined(statement)
        if stops and not tagged(cell):
            without.append(first_line(cell))
        if tagged(cell) and not stops:
            needless.append(first_line(cell))
    return without, needless


@each_lab
def test_cells_that_use_student_code_and_no_others_let_run_all_go_on(lab):
    assert badly_tagged(nbformat.read(lab.release, as_version=4)) == ([], [])


def lab_of(*cells):
    made = []
    for source, metadata in cells:
        made.append(new_code_cell(source, metadata=metadata))
    return nbformat.v4.new_notebook(cells=made)


BLANK = ("def f(x):\n    raise NotImplementedError()", {"nbgrader": {"solution": True, "grade_id": "f"}})
TAG = {"tags": [MAY_FAIL]}


def test_a_use_of_student_code_without_the_tag_is_found():
    assert badly_tagged(lab_of(BLANK, ("y = f(1)", {}))) == (["y = f(1)"], [])
    assert badly_tagged(lab_of(BLANK, ("y = f(1)", TAG), ("print(y)", {}))) == (["print(y)"], [])
    assert badly_tagged(lab_of(BLANK, ("y = f(1)", TAG), ("y = 2", {}), ("print(y)", {}))) == ([], [])
    assert badly_tagged(lab_of(BLANK, ("x = 1\ny = f(x)", TAG), ("print(x)", {}))) == ([], [])
    assert badly_tagged(lab_of(BLANK, ("y = f(1)", TAG), ("y = 2\nprint(y)", {}))) == ([], [])
    assert badly_tagged(lab_of(BLANK, ("print(1)", TAG))) == ([], ["print(1)"])
    assert badly_tagged(lab_of(BLANK, ("def g():\n    return f(1)", TAG), ("g()", TAG))) == ([], [])


@pytest.mark.pipeline
def test_an_error_a_warning_and_a_picture_without_words_are_found(tmp_path):
    plot = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    stub = f"def f(x):\n    {CODE_STUB}"
    ran = run(
        lab_of(
            (stub, BLANK[1]),
            ("f(1)", TAG),
            ("f(1)", {}),
            ("f(1, 2)", TAG),
            ("import warnings; warnings.warn('old')", {}),
            (plot, {}),
            ("1 + 1", {}),
        ),
        tmp_path,
    )
    assert [line.split(":")[0] for line in surprises(ran, {"f"})] == ["f(1)", "f(1, 2)"]
    assert len(errors(ran)) == 3
    assert len(warnings_in(ran)) == 1
    assert pictures(ran) == [("import matplotlib.pyplot as plt", "")]
    assert code_cells(ran)[-1].outputs[0].data["text/plain"] == "2"


# --- what the six labs keep to, in numbers --------------------------------------------------------------

ROW = re.compile(r"^\| \d\.\d \| .* \| (\d+) \| (\d+) \|$", flags=re.MULTILINE)
END_OF_CORE = "The graded part ends here"


@pytest.mark.parametrize("lab", [lab for lab in LABS.values() if lab.name in SIX], ids=lambda lab: lab.name)
def test_a_lab_has_the_size_that_the_curriculum_allows(lab):
    cells = nbformat.read(lab.release, as_version=4).cells
    graded = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
    points = [cell.metadata.nbgrader["points"] for cell in graded]
    written = sum(cell.metadata.nbgrader["points"] for cell in graded if cell.cell_type == "markdown")
    assert 6 <= len(points) <= 9
    assert 20 <= sum(points) <= 30
    assert max(points) <= 0.2 * sum(points)
    assert written <= 0.1 * sum(points)
    assert next(number for number, cell in enumerate(cells, 1) if END_OF_CORE in cell.source) <= 60
    assert sum(int(minutes) for _, minutes in ROW.findall(cells[0].source)) <= 120


def test_sections_begin_at_numbered_headings():
    cells = [
        nbformat.v4.new_markdown_cell(text) for text in ("# Lab", "## Why?", "## 0 · First", "### 0.1", "## 1 · Next")
    ]
    set_up, sections = split(nbformat.v4.new_notebook(cells=cells))
    assert ([cell.source for cell in set_up], [len(section) for section in sections]) == (["# Lab", "## Why?"], [2, 1])
