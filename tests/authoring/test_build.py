# ruff: noqa: E501 (the lines of a lab and the table of refusals are read across)
"""`course build`: what it makes, what it keeps, what it refuses."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import mini_course
import nbformat
import pytest
from mini_course import NAME, PLAIN, TEXT, put
from nbgrader.nbgraderformat import read as read_as_nbgrader
from PIL import Image, PngImagePlugin

from course_admin import cli
from course_admin.authoring import build, derived_cells, lab_text, leaks
from course_admin.authoring.build import Refused
from course_admin.course import CourseError, find_labs, find_root
from course_admin.settings import CODE_STUB, TEXT_STUB


@pytest.fixture
def lab(tmp_path):
    return mini_course.make_course(tmp_path / "course")


@pytest.fixture
def built(lab):
    build.build(lab.root, say=quiet)
    return lab


def quiet(line):
    pass


def change(path, old, new, count=1):
    text = path.read_text(encoding="utf-8")
    assert old in text, f"the test is out of date: {old!r} is not in {path.name}"
    put(path, text.replace(old, new, count))


def notebook(path):
    return nbformat.read(path, as_version=4)


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def refusal(lab, *words):
    """The problems for which building the lab is refused; one of them holds all the words."""
    with pytest.raises(Refused) as caught:
        build.build(lab.root, say=quiet)
    problems = [str(problem) for problem in caught.value.problems]
    assert any(all(word in problem for word in words) for problem in problems), problems
    assert not lab.source.exists() and not lab.release.exists()
    return problems


# --- what is made --------------------------------------------------------------------------------------


def test_a_release_has_stubs_for_solutions_and_neither_hidden_tests_nor_mark_schemes(built):
    release = notebook(built.release)
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in release.cells}
    assert cells["scale"].source.endswith(f'value."""\n    {CODE_STUB}')
    assert cells["check-scale"].source == "assert callable(scale)"
    assert cells["written-why"].source == TEXT_STUB
    assert cells["check-scale"].metadata.editable is False
    text = built.release.read_text(encoding="utf-8")
    assert "hidden" not in text.lower() and "scheme" not in text.lower() and "digest" not in text


def test_both_notebooks_keep_every_cells_grading_metadata_and_pass_nbgraders_own_reading(built):
    wanted = re.findall(r'"grade_id": "([^"]+)"', TEXT)
    for path in (built.source, built.release):
        cells = read_as_nbgrader(path, as_version=4).cells
        metas = [cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata]
        assert [meta.grade_id for meta in metas] == wanted
        assert sum(meta.get("points", 0) for meta in metas) == 4
        assert len(cells) == TEXT.count("\n# %%")


def test_cells_without_nbgrader_metadata_get_none(built):
    for path in (built.source, built.release):
        prose = next(cell for cell in notebook(path).cells if cell.source.startswith("Plain prose"))
        assert "nbgrader" not in prose.metadata


def test_the_short_form_of_nbgrader_metadata_is_completed(lab):
    long = (
        '{"grade": false, "grade_id": "scale", "locked": false, "schema_version": 3, "solution": true, "task": false}'
    )
    full = build.make(lab).release
    change(lab.text, long, '{"grade_id": "scale", "solution": true}')
    assert build.make(lab).release == full


def test_cell_ids_come_from_the_grade_id_or_from_position_and_source(built):
    ids = [cell.id for cell in notebook(built.source).cells]
    assert ids[0] == "intro" and ids[3] == "scale" and re.fullmatch("[0-9a-f]{12}", ids[1])
    assert [cell.id for cell in notebook(built.release).cells] == ids


def test_long_ids_are_cut_to_what_a_notebook_allows_and_stay_apart(lab):
    for letter in "ab":
        put(lab.text, lab.text.read_text() + f'\n# %% nbgrader={{"grade_id": "{"x" * 70}-{letter}", "locked": true}}\n')
    ids = [cell["id"] for cell in json.loads(build.make(lab).source)["cells"]]
    assert len(set(ids)) == len(ids) and max(map(len, ids)) == 64


def test_building_again_and_elsewhere_gives_the_same_bytes(built, tmp_path):
    elsewhere = mini_course.make_course(tmp_path / "a" / "longer path")
    put(elsewhere.text, TEXT.replace("\n", "\r\n"))
    build.build(elsewhere.root, say=quiet)
    for top in ("source", "release"):
        assert tree(elsewhere.root / top) == tree(built.root / top)
    before = {path: path.stat().st_mtime_ns for path in (built.source, built.release)}
    said = []
    build.build(built.root, say=said.append)
    assert said == [f"{NAME}: source unchanged, release unchanged"]
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_the_files_are_utf_8_with_unix_line_ends_and_hold_no_outputs_counts_or_jupytext_marks(built):
    for path in (built.source, built.release):
        data = path.read_bytes()
        assert "naïve σ".encode() in data and b"\r" not in data and data.endswith(b"}\n")
        assert b"lines_to_next_cell" not in data and b"jupytext" not in data
        assert all(
            cell.outputs == [] and cell.execution_count is None for cell in notebook(path).cells if "outputs" in cell
        )


def test_a_build_writes_into_source_and_release_only_and_leaves_no_gradebook(lab):
    before = tree(lab.root)
    build.build(lab.root, say=quiet)
    new = tree(lab.root).keys() - before.keys()
    both = {f"{NAME}/{NAME}.ipynb", f"{NAME}/figures/square.png"}
    assert new == {f"{top}/{name}" for top in ("source", "release") for name in both}
    assert before.items() <= tree(lab.root).items()


def test_files_beside_the_text_go_along_and_go_away_again(built):
    put(built.folder / "data.csv", "1,2\n")
    build.build(built.root, say=quiet)
    assert (built.release.parent / "data.csv").is_file() and (built.source.parent / "data.csv").is_file()
    (built.folder / "data.csv").unlink()
    build.build(built.root, say=quiet)
    assert not (built.release.parent / "data.csv").exists() and not (built.source.parent / "data.csv").exists()


def test_what_a_killed_build_leaves_does_not_matter(built):
    # Killed after the release, before the source notebook, while writing: the worst moment.
    change(built.text, "Plain prose", "Other prose")
    half = build.make(built)
    put(built.release, half.release)
    put(built.source.parent / f"{build.TEMPORARY[:-1]}1-abcd", half.source[:100])
    build.build(built.root, say=quiet)
    assert tree(built.source.parent).keys() == tree(built.release.parent).keys()
    build.check(built.root, say=quiet)


def test_a_file_is_replaced_whole_or_not_at_all(built, monkeypatch):
    before = built.source.read_bytes()

    def power_cut(self, target):
        raise OSError("no space left")

    change(built.text, "Plain prose", "Other prose")
    monkeypatch.setattr(Path, "replace", power_cut)
    with pytest.raises(OSError, match="no space"):
        build.build(built.root, say=quiet)
    assert built.source.read_bytes() == before


@pytest.mark.pipeline
def test_stock_nbgrader_makes_the_same_release_from_a_built_source(built):
    release = [cell.source for cell in notebook(built.release).cells]
    environment = {**os.environ, "PYTHONPATH": str(mini_course.REPOSITORY)}
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", NAME, "--force"]
    done = subprocess.run(command, cwd=built.root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [cell.source for cell in notebook(built.release).cells] == release
    assert (built.root / "gradebook.db").is_file()


# --- edits of the source notebook ----------------------------------------------------------------------


def edit(lab, function):
    """Change the source notebook as an editor would."""
    changed = notebook(lab.source)
    function(changed.cells)
    nbformat.write(changed, lab.source)


def open_run_and_save(cells):
    """What JupyterLab leaves behind without anybody having changed anything."""
    for count, cell in enumerate(cells, 1):
        cell.id = f"random-{count}"
        cell.metadata.update(
            editable=True,
            slideshow={"slide_type": ""},
            trusted=True,
            collapsed=False,
            jupyter={"outputs_hidden": False},
        )
        if cell.cell_type == "code":
            cell.execution_count = count
            cell.outputs = [nbformat.v4.new_output("stream", text="ran")]
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader.update(cell_type=cell.cell_type, checksum="0" * 32)
    cells.append(nbformat.v4.new_code_cell(""))


def test_a_notebook_that_was_run_and_saved_is_not_an_edit(built):
    before = tree(built.root)
    edit(built, open_run_and_save)
    build.build(built.root, say=quiet)
    assert tree(built.root) == before


def test_an_edited_source_is_not_overwritten_and_the_refusal_says_how_to_keep_it(built):
    edit(built, lambda cells: cells[2].update(source="Better prose."))
    before = tree(built.root)
    for text in (TEXT, TEXT.replace("\n\n\n", "\n\n")):  # also when only blank lines of the text changed
        put(built.text, text)
        with pytest.raises(Refused, match=f"source/{NAME}/{NAME}.ipynb: .*course build --adopt {NAME}"):
            build.build(built.root, say=quiet)
    assert tree(built.root / "source") == {k[7:]: v for k, v in before.items() if k.startswith("source/")}


@pytest.mark.parametrize(
    "text",
    [TEXT, mini_course.REPOSITORY / "course_admin" / "authoring" / "template" / "lab.py"],
    ids=["mini", "template"],
)
def test_adopting_an_unedited_source_gives_the_text_byte_for_byte(text):
    text = text if isinstance(text, str) else text.read_text(encoding="utf-8")
    parsed, wrong = lab_text.parse(text)
    assert not wrong and str(parsed) == text
    assert lab_text.take_back(parsed, [lab_text.normal(cell) for cell in parsed.cells]) == text


def test_adopt_with_nothing_edited_changes_nothing(built):
    before = tree(built.root)
    edit(built, open_run_and_save)
    build.adopt(built.root, NAME, say=quiet)
    assert tree(built.root) == before


def test_adopt_takes_an_edit_back_and_leaves_the_rest_of_the_text_alone(built):
    def work_in_jupyterlab(cells):
        open_run_and_save(cells)
        cells[2].source = "Better prose,\n\nin two paragraphs."
        cells[0].source = cells[0].source.replace("| 3 | 5 |", "| 5 | 5 |").replace("(3 points", "(5 points")
        cells[4].metadata.nbgrader.points = 5.0
        cells[5].source = cells[5].source.replace("[1, 2, 3]", "[1, 2, 4]")

    edit(built, work_in_jupyterlab)
    said = []
    build.adopt(built.root, NAME, say=said.append)
    expected = (
        TEXT.replace(
            "# Plain prose without metadata. `![](in/code.png)` is no picture.",
            "# Better prose,\n#\n# in two paragraphs.",
        )
        .replace("[1, 2, 3]", "[1, 2, 4]")
        .replace("| 3 | 5 |", "| 5 | 5 |")
        .replace("(3 points", "(5 points")
        .replace(CHECK_LINES, '# %% check="scale" points=5\nassert callable(scale)\n')
    )
    assert built.text.read_text(encoding="utf-8") == expected
    assert "4 cells" in said[0]
    build.check(built.root, say=quiet)
    assert not any(cell.get("outputs") for cell in notebook(built.source).cells)


def test_adopt_takes_added_moved_and_deleted_cells(built):
    def rearrange(cells):
        cells.insert(3, nbformat.v4.new_markdown_cell("A new cell."))
        cells.append(nbformat.v4.new_code_cell("2 + 2", metadata={"tags": ["shown-on-purpose"]}))
        del cells[2]

    edit(built, rearrange)
    wanted = [cell.source for cell in notebook(built.source).cells]
    build.adopt(built.root, NAME, say=quiet)
    assert [cell.source for cell in notebook(built.source).cells] == wanted
    text = built.text.read_text(encoding="utf-8")
    assert text.startswith(TEXT[: TEXT.index("# %%")]) and text.endswith('\n\n# %% tags=["shown-on-purpose"]\n2 + 2\n')


def test_adopt_makes_the_text_where_there_is_none(built):
    cells = derived_cells.read_cells(built)
    built.text.unlink()
    build.adopt(built.root, NAME, say=quiet)
    assert derived_cells.read_cells(built) == cells
    assert "nbgrader=" not in built.text.read_text(encoding="utf-8").split("# %% exercise=")[1].split("# %% [")[0]


def test_when_text_and_source_both_changed_neither_is_overwritten(built):
    edit(built, lambda cells: cells[2].update(source="Better prose."))
    change(built.text, "Why divide", "And why divide")
    before = tree(built.root)
    for attempt in (build.build, lambda root, say: build.adopt(root, NAME, say=say)):
        with pytest.raises(Refused, match="both changed since the last build; nothing was written"):
            attempt(built.root, say=quiet)
    assert tree(built.root) == before


def test_a_source_without_a_digest_is_not_overwritten(built):
    stray = notebook(built.source)
    del stray.metadata["course"]
    stray.cells[2].source = "From elsewhere."
    nbformat.write(stray, built.source)
    with pytest.raises(Refused, match="does not say which build it is from"):
        build.build(built.root, say=quiet)


def test_adopt_refuses_what_does_not_build_and_writes_nothing(built):
    edit(built, lambda cells: cells[3].update(source="def scale(X):\n    return 1"))
    before = tree(built.root)
    with pytest.raises(Refused, match="without ### BEGIN SOLUTION"):
        build.adopt(built.root, NAME, say=quiet)
    assert tree(built.root) == before


def test_adopt_refuses_what_the_text_cannot_hold(built):
    edit(built, lambda cells: cells[5].update(source="x = 1\n# %% looks like a cell\ny = 2"))
    with pytest.raises(Refused, match="cell 6: cannot be written as text"):
        build.adopt(built.root, NAME, say=quiet)
    edit(built, lambda cells: cells[0].update(attachments={"a.png": {"image/png": "AAAA"}}))
    for attempt in (build.build, lambda root, say: build.adopt(root, NAME, say=say)):
        with pytest.raises(Refused, match="cell 1: a picture was pasted"):
            attempt(built.root, say=quiet)


def test_files_put_beside_the_source_are_kept_and_adopted(built):
    put(built.source.parent / "figures" / "new.png", b"new")
    put(built.source.parent / "figures" / "square.png", mini_course.PICTURE + b"touched")
    with pytest.raises(Refused, match=r"figures/new.png: was put there .*(?s:.)*figures/square.png: was put there"):
        build.build(built.root, say=quiet)
    build.adopt(built.root, NAME, say=quiet)
    for folder in (built.folder, built.release.parent):
        assert (folder / "figures" / "new.png").read_bytes() == b"new"
        assert (folder / "figures" / "square.png").read_bytes().endswith(b"touched")
    build.check(built.root, say=quiet)


def test_a_file_changed_on_both_sides_is_not_overwritten(built):
    put(built.source.parent / "figures" / "square.png", b"theirs")
    put(built.folder / "figures" / "square.png", b"ours")
    before = tree(built.root)
    for attempt in (build.build, lambda root, say: build.adopt(root, NAME, say=say)):
        with pytest.raises(Refused, match="both changed"):
            attempt(built.root, say=quiet)
    assert tree(built.root) == before


def test_a_release_changed_by_hand_is_written_anew(built):
    whole = built.release.read_bytes()
    put(built.release, whole.replace(b"Plain prose", b"Prose"))
    build.build(built.root, say=quiet)
    assert built.release.read_bytes() == whole


# --- check ---------------------------------------------------------------------------------------------


def test_check_is_content_after_a_build(built):
    said = []
    build.check(built.root, say=said.append)
    assert said == [f"{NAME}: up to date"]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda lab: change(lab.text, "Plain", "Simple"),
            [f"source/{NAME}/{NAME}.ipynb", f"run `course build {NAME}`"],
        ),
        (lambda lab: change(lab.text, "Plain", "Simple"), [f"release/{NAME}/{NAME}.ipynb", "differs"]),
        (lambda lab: edit(lab, lambda cells: cells[2].update(source="x")), [f"course build --adopt {NAME}"]),
        (lambda lab: edit(lab, open_run_and_save), [f"source/{NAME}/{NAME}.ipynb", "differs"]),
        (lambda lab: lab.release.unlink(), [f"release/{NAME}/{NAME}.ipynb", "is missing"]),
        (lambda lab: change(lab.release, "Plain", "Simple"), [f"release/{NAME}/{NAME}.ipynb", "differs"]),
        (lambda lab: put(lab.release.parent / "notes.txt", "x"), ["notes.txt", "delete it"]),
        (lambda lab: put(lab.release.parent / "figures" / "square.png", b"x"), ["release", "square.png", "differs"]),
        (lambda lab: put(lab.root / "release" / "09_old" / "x.ipynb", "x"), ["release/09_old", "no notebooks/09_old"]),
    ],
)
def test_check_names_each_file_that_differs_and_writes_nothing(built, spoil, words):
    spoil(built)
    before = tree(built.root)
    with pytest.raises(Refused) as caught:
        build.check(built.root, say=quiet)
    assert any(all(word in str(problem) for word in words) for problem in caught.value.problems), caught.value
    assert tree(built.root) == before


# --- refusals ------------------------------------------------------------------------------------------


CHECK_LINES = re.search(r"(?s)# %% [^\n]*check-scale.*?### END HIDDEN TESTS\n", TEXT)[0]
SOLUTION_LINES = re.search(r"(?s)    ### BEGIN SOLUTION.*?### END SOLUTION\n", TEXT)[0]
HIDDEN_LINES = re.search(r"(?s)### BEGIN HIDDEN.*?### END HIDDEN TESTS\n", TEXT)[0]
DERIVED = ["(check-scale)", "not those that the build writes", 'grade("01_mini", "scale", scale)']
SCHEME = "says that columns in different units become comparable"

REFUSED = {
    # name: (old, new, words of the refusal); in the text
    "solution without markers": (SOLUTION_LINES, "    return X\n", ["cell 4 (scale)", "without ### BEGIN SOLUTION"]),
    "begin without end": ("    ### END SOLUTION\n", "", ["cell 4 (scale)", "BEGIN SOLUTION without an END SOLUTION"]),
    "end without begin": ("    ### BEGIN SOLUTION\n", "", ["cell 4 (scale)", "END SOLUTION without a BEGIN SOLUTION"]),
    "begin twice": (
        "    largest =",
        "    ### BEGIN SOLUTION\n    largest =",
        ["cell 4 (scale)", "BEGIN SOLUTION twice"],
    ),
    "hidden tests unbalanced": ("### END HIDDEN TESTS\n", "", ["cell 5 (check-scale)", "BEGIN HIDDEN TESTS without"]),
    "mark scheme unbalanced": ("# ### END MARK SCHEME\n", "", ["(written-why)", "BEGIN MARK SCHEME without"]),
    "empty solution": (
        SOLUTION_LINES,
        "    ### BEGIN SOLUTION\n    ### END SOLUTION\n",
        ["(scale)", "nothing stands between"],
    ),
    "marker indented otherwise": ("    ### BEGIN SOLUTION", "### BEGIN SOLUTION", ["(scale)", "not indented like"]),
    "solution outside a solution cell": (
        "# %matplotlib inline",
        "### BEGIN SOLUTION\n### END SOLUTION",
        ["cell 6", "no solution cell"],
    ),
    "hidden tests outside a check": ("# %matplotlib inline", HIDDEN_LINES, ["cell 6", "no check cell"]),
    "mark scheme outside an answer": (
        "# Why divide by the largest value?",
        "# ### BEGIN MARK SCHEME\n# x\n# ### END MARK SCHEME",
        ["cell 7 (why)", "nbgrader takes a mark scheme out of"],
    ),
    "duplicate grade_id": ('"grade_id": "why"', '"grade_id": "intro"', ["cell 7 (intro)", "also that of cell 1"]),
    "metadata that nbgrader refuses": (
        '"schema_version": 3',
        '"schema_version": 2',
        ["cell 1 (intro)", "does not accept"],
    ),
    "unreadable metadata": (
        'nbgrader={"grade": false, "grade_id": "intro"',
        "nbgrader={grade: false",
        [":11: ", "cannot be read"],
    ),
    "metadata not an object": ('# %% tags=["setup"]', '# %% nbgrader="locked"', ["must be a JSON object"]),
    "check not named after its exercise": (
        "check-scale",
        "scale-test",
        ["cell 5 (scale-test)", "is check- and the exercise's name"],
    ),
    "check without exam": (
        "check-scale",
        "check-other",
        ["cell 5 (check-other)", "without an exam", "no exercise 'other' in course_utils/checks/mini"],
    ),
    "exam without cell": ("check-scale", "check-other", ["exams/01_mini.py:8: ", "exercise 'scale' has no cell"]),
    "hidden tests ask another exam": (
        '"01_mini", "scale", scale',
        '"01_mini", "scales", scale',
        DERIVED,
    ),
    "hidden tests ask another lab": (
        '"01_mini", "scale", scale',
        '"02_mini", "scale", scale',
        DERIVED,
    ),
    "hidden tests hand nothing over": (
        '"01_mini", "scale", scale',
        '"01_mini", "scale"',
        DERIVED,
    ),
    "hidden tests do not grade": (
        'grade("01_mini", "scale", scale)',
        "assert scale",
        DERIVED,
    ),
    "no hidden tests": (HIDDEN_LINES, "", ["(check-scale)", "no hidden tests", 'check="scale" points=3']),
    "grade not imported": (
        "from course_admin.grading.exams import grade\n",
        "",
        DERIVED,
    ),
    "check that stops Run All": (' tags=["raises-exception"]', "", ["(check-scale)", "Run All stops"]),
    "check without points": (' "points": 3,', "", ["cell 5 (check-scale)", "without points"]),
    "check with no points": ('"points": 3', '"points": 0', ["cell 5 (check-scale)", "without points"]),
    "answer without points": ('"locked": false, "points": 1,', '"locked": false,', ["(written-why)", "without points"]),
    "points in two places": (
        '"grade_id": "scale",',
        '"grade_id": "scale", "points": 3,',
        ["cell 4 (scale)", "nowhere else"],
    ),
    "answer without mark scheme": (
        "# ### BEGIN MARK SCHEME\n# 1 point: " + SCHEME + "\n# ### END MARK SCHEME",
        "# An answer.",
        ["(written-why)", "without a mark scheme"],
    ),
    "empty mark scheme": ("# 1 point: " + SCHEME + "\n", "", ["(written-why)", "without a mark scheme"]),
    "syntax error": ("ax.plot([1, 2, 3])", "ax.plot([1, 2, 3]", ["cell 6", "not valid Python: '(' was never closed"]),
    "syntax error in the stub": (
        "    ### END SOLUTION\n",
        "    ### END SOLUTION\n    else:\n        pass\n",
        ["cell 4 (scale)", "not valid Python"],
    ),
    "syntax error in the stub alone": (
        SOLUTION_LINES,
        "    if X is None:\n        ### BEGIN SOLUTION\n        largest = 1\n    elif X:\n        return 2\n    ### END SOLUTION\n"
        "    elif X == 3:\n        return 4\n",
        None,  # replaced below: this one is fine with and without
    ),
    "picture without alt text": ("![A grey square]", "![ ]", ["cell 1 (intro)", "figures/square.png has no alt text"]),
    "img without alt text": (
        "# Why divide",
        "# <img src='figures/square.png'> Why divide",
        ["(why)", "has no alt text"],
    ),
    "missing picture": (
        "figures/square.png",
        "figures/circle.png",
        ["cell 1 (intro)", "figures/circle.png does not exist"],
    ),
    "pasted picture": ("figures/square.png", "attachment:x.png", ["cell 1 (intro)", "was pasted into a notebook"]),
    "figure without words": (
        'describe(ax, "three',
        'print("three',
        ["cell 6", "plt.subplots draws a figure without alt text"],
    ),
    "seaborn without words": ('describe(ax, "three points that rise in a line")', "", ["without alt text"]),
    "a data frame's describe is no alt text": ("describe(ax,", "frame.describe(", ["cell 6", "without alt text"]),
    "solution in prose": (
        "# Why divide",
        "# Try `largest=np.abs( X ).max(axis = 0)`. Why divide",
        [
            "cell 7 (why)",
            "shows a solution line of cell 4 (scale): `largest = np.abs(X).max(axis=0)`",
            "shown-on-purpose",
        ],
    ),
    "right side of a solution in prose": (
        "# Why divide",
        "# As `X / np.where(largest > 0, largest, 1.0)`, divide",
        ["(why)", "solution line"],
    ),
    "solution wrapped over lines": (
        "ax.plot([1, 2, 3])",
        "largest = np.abs(\n    X\n).max(axis=0)",
        ["cell 6", "shows a solution line"],
    ),
    "solution comment in code": (
        "# %matplotlib inline",
        "# The largest value of a column, whatever its sign".replace("The", "the"),
        ["cell 6", "solution line"],
    ),
    "solution after the region": (
        "    ### END SOLUTION\n",
        "    ### END SOLUTION\n    # largest = np.abs(X).max(axis=0)\n",
        ["cell 4 (scale)", "shows a solution"],
    ),
    "solution in metadata": (
        'tags=["setup"]',
        'tags=["setup"] hint="np.abs(X).max(axis=0) or largest = np.abs(X).max(axis=0)"',
        ["cell 2", "metadata or outputs"],
    ),
    "solution in alt text": ("[A grey square]", "[largest = np.abs(X).max(axis=0)]", ["cell 1", "solution line"]),
    "hidden test in the open": (
        "assert callable(scale)\n",
        'grade("01_mini", "scale", scale)\n',
        ["(check-scale)", "shows a hidden test line"],
    ),
    "mark scheme in prose": (
        "# Why divide",
        f"# It {SCHEME}. 1 point: {SCHEME}",
        ["(why)", "shows a mark scheme line of cell 8"],
    ),
    "text before the first cell": (
        "# Notes for instructors",
        "import os  # Notes",
        [":9: ", "before the first cell"],
    ),
    "pairing": ("# jupyter:\n", "# jupyter:\n#   jupytext:\n#     formats: ipynb,py:percent\n", [":4: ", "pairing"]),
    "marker in a string": ("ax.plot([1, 2, 3])", 's = """\n# %% no cell\n"""', ["`# %%`", "inside a string"]),
    "unknown kind of cell": ("# %% [markdown]\n", "# %% [markdwn]\n", ["unknown kind of cell [markdwn]"]),
    "uncommented prose": ("# Plain prose", "Plain prose", [":30: ", "begins with `# `"]),
    "no cell": (TEXT, "# nothing\n", [":1: ", "no cell"]),
}
del REFUSED["syntax error in the stub alone"]


@pytest.mark.parametrize("name", REFUSED)
def test_the_build_refuses(lab, name):
    old, new, words = REFUSED[name]
    change(lab.text, old, new)
    if name == "seaborn without words":
        change(lab.text, "fig, ax = plt.subplots()\nax.plot([1, 2, 3])", "sns.heatmap([[1]])")
    refusal(lab, f"{NAME}.py", *words)


def test_the_build_refuses_a_stub_that_is_not_python(lab):
    # Fine with the solution in it; without, the try has neither except nor finally.
    broken = "    try:\n        pass\n    ### BEGIN SOLUTION\n    except OSError:\n        largest = X.max(axis=0)\n    ### END SOLUTION\n"
    change(lab.text, SOLUTION_LINES, broken)
    refusal(lab, "cell 4 (scale)", "once the solution is taken out")


def test_the_mini_lab_itself_is_fine(lab):
    build.make(lab)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            '@exam("scale")',
            '@exam(name="scale")\ndef f(): ...\n@exam("scale", targets=("a", "b"))',
            [":10: ", "a second exam 'scale'"],
        ),
        ('@exam("scale")', "@exam(NAME)", [":8: ", "write the exam's name as a string"]),
        ("def scale(ask, rng):", "def scale(ask, rng:", [":9: ", "not valid Python"]),
    ],
)
def test_the_build_refuses_exams_that_cannot_be_read(lab, old, new, words):
    change(lab.exams, old, new)
    refusal(lab, f"autograder_tests/exams/{NAME}.py", *words)


def test_the_build_refuses_a_graded_cell_where_there_are_no_exams(lab):
    lab.exams.unlink()
    refusal(lab, "cell 5 (check-scale)", "without an exam", "nor an exam in autograder_tests/exams/01_mini.py")


def picture_that_says(text):
    info = PngImagePlugin.PngInfo()
    info.add_text("Description", text, zip=True)
    data = io.BytesIO()
    Image.new("L", (2, 2)).save(data, "png", pnginfo=info)
    return data.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.txt", "remember:  largest = np.abs(X).max( axis=0 )", ["notes.txt", "solution line of cell 4"]),
        ("figures/square.png", picture_that_says(f"1 point: {SCHEME}"), ["square.png", "mark scheme line of cell 8"]),
        ("figures/largest = np.abs(X).max(axis=0).png", mini_course.PICTURE, ["figures/largest", "solution line"]),
        ("old.ipynb", "{}", ["old.ipynb", "would go to students"]),
    ],
)
def test_the_build_refuses_files_that_give_answers_away(lab, name, content, words):
    put(lab.folder / name, content)
    refusal(lab, f"notebooks/{NAME}/", *words)


def test_the_build_refuses_links_beside_the_text(lab):
    (lab.folder / "secret.txt").symlink_to("/etc/hostname")
    refusal(lab, f"notebooks/{NAME}/secret.txt", "is a link")


def test_the_build_refuses_a_text_that_is_not_utf_8(lab):
    put(lab.text, TEXT.encode("utf-16"))
    refusal(lab, f"{NAME}.py", "not UTF-8")


def test_all_problems_are_listed_at_once(lab):
    change(lab.text, "![A grey square]", "![]")
    change(lab.text, ' "points": 3,', "")
    change(lab.text, "# Why divide", "# `largest = np.abs(X).max(axis=0)`")
    put(lab.text, lab.text.read_text() + "\n# %%\n1 +\n")
    problems = refusal(lab, "alt text")
    assert len(problems) == 4, problems


def test_one_labs_problems_do_not_keep_another_from_being_built(lab):
    put(lab.root / "notebooks" / "02_bad" / "02_bad.py", "# %%\n1 +\n")
    with pytest.raises(Refused, match=r"02_bad\.py:2, cell 1"):
        build.build(lab.root, say=quiet)
    assert lab.release.is_file() and not (lab.root / "release" / "02_bad").exists()


# --- what is allowed -----------------------------------------------------------------------------------


ALLOWED = {
    "shown on purpose": (
        '# %% [markdown] nbgrader={"grade": false, "grade_id": "why", ' + PLAIN + "}\n",
        '# %% [markdown] nbgrader={"grade": false, "grade_id": "why", ' + PLAIN + '} tags=["shown-on-purpose"]\n'
        "# `largest = np.abs(X).max(axis=0)`\n",
    ),
    "a trivial line repeated": ("    largest =", "    optimizer.zero_grad()\n    Y = model(X)\n    largest ="),
    "alt keyword": ('describe(ax, "three points that rise in a line")', 'show_it(ax, alt="three points")'),
    "helpers that describe themselves": (
        'fig, ax = plt.subplots()\nax.plot([1, 2, 3])\ndescribe(ax, "three points that rise in a line")',
        "show_images(X)",
    ),
    "magics and top-level await": ("ax.plot([1, 2, 3])", "# %timeit -n 1 ax.plot([1])\nawait x\n# !ls"),
    "a mark scheme inside the solution": (
        "# ### BEGIN MARK SCHEME",
        "# Say:\n# ### BEGIN SOLUTION\n# ### BEGIN MARK SCHEME",
    ),
    "a task cell before the answer": (
        "# ### BEGIN MARK SCHEME\n# 1 point: " + SCHEME + "\n# ### END MARK SCHEME",
        "# An answer.",
    ),
    "an img with alt text": ("# Why divide", "# <img src='figures/square.png' alt='a square'> Why divide"),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_the_build_allows(lab, name):
    change(lab.text, *ALLOWED[name])
    if name == "a trivial line repeated":
        change(lab.text, "ax.plot([1, 2, 3])", "optimizer.zero_grad()\nY = model(X)")
    if name == "a mark scheme inside the solution":
        change(lab.text, "# ### END MARK SCHEME", "# ### END MARK SCHEME\n# ### END SOLUTION")
    if name == "a task cell before the answer":
        task = '"grade": false, "grade_id": "why", "locked": true, "points": 0, "schema_version": 3, "solution": false, "task": true'
        change(lab.text, f'"grade": false, "grade_id": "why", {PLAIN}', task)
        change(
            lab.text,
            "# Why divide",
            f"# ### BEGIN MARK SCHEME\n# 1 point: {SCHEME}\n# ### END MARK SCHEME\n# Why divide",
        )
    made = build.make(lab)
    assert b"SCHEME" not in made.release and b"BEGIN" not in made.release


@pytest.mark.parametrize(
    ("solution", "shown", "found"),
    [
        ("z = mu + std * eps", "so that `z=mu+std*eps` holds", True),
        ("return mu + torch.exp(0.5 * logvar) * noise", "(mu + torch.exp(0.5*logvar)*noise)", True),
        ("x = f(\n    a['k'],\n    b,\n)", 'x = f(a["k"], b)', False),  # no trailing comma: another text
        ("x = g(a['k'], b)", 'x = g(a["k"],\n      b)', True),
        ("for a, b in pairs(x, y + 1):\n    pass", "for a, b in pairs(x, y + 1):", True),
        ("loss = a + b * c", "total_loss = a + b * c", False),
        ("loss.backward()", "loss.backward()", False),
        ("for epoch in range(epochs):\n    model.train()", "for epoch in range(epochs):\n    model.train()", False),
        ("import torch.nn.functional as F", "import torch.nn.functional as F", False),
        ("return z, mu, logvar", "return z, mu, logvar", False),
        ("def forward(self, x):\n    super().__init__()", "def forward(self, x):\n    super().__init__()", False),
        ("x = 1  # keep the trace of the covariance in mind", "# keep the trace of the covariance in mind", True),
        (
            "else:\n    return torch.linalg.svd(X - X.mean(0))",
            "torch.linalg.svd(X - X.mean(0)) else: return torch.linalg.svd(X-X.mean(0))",
            True,
        ),
    ],
)
def test_what_counts_as_a_leak(solution, shown, found):
    cell = {"cell_type": "code", "source": f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION", "metadata": {}}
    assert bool(leaks.find(leaks.secrets([cell]), shown)) == found


# --- the command ---------------------------------------------------------------------------------------


def course(capsys, *arguments):
    with pytest.raises(SystemExit) as caught:
        cli.main([str(argument) for argument in arguments])
    return caught.value.code, capsys.readouterr()


def test_the_command_builds_checks_and_adopts(lab, capsys):
    assert course(capsys, "--root", lab.root, "build", "--check")[0] == 1
    code, said = course(capsys, "--root", lab.root, "build", NAME)
    assert code == 0 and said.out == f"{NAME}: source written, release written, 2 files copied\n"
    assert course(capsys, "--root", lab.root, "build", "--check")[0] == 0
    assert course(capsys, "--root", lab.root, "build", "--adopt", NAME)[0] == 0


def test_errors_are_readable_lines_and_exit_codes(lab, capsys, tmp_path):
    code, said = course(capsys, "--root", lab.root, "build", "07_none")
    assert code == 1 and said.err.count("\n") == 1 and "no lab '07_none'" in said.err and NAME in said.err
    code, said = course(capsys, "--root", tmp_path, "build")
    assert code == 1 and "is not in a course" in said.err and said.err.count("\n") == 1
    assert course(capsys, "--root", lab.root, "build", "--nonsense")[0] == 2
    assert course(capsys, "--root", lab.root, "build", NAME, "--adopt", NAME)[0] == 2
    put(lab.root / "nbgrader_config.py", "1 / 0")
    code, said = course(capsys, "--root", lab.root, "build")
    assert code == 1 and "nbgrader_config.py does not run: division by zero" in said.err and "Traceback" not in said.err


def test_debug_shows_the_traceback(lab):
    with pytest.raises(CourseError):
        cli.main(["--debug", "--root", str(lab.root), "build", "07_none"])


def test_help_shows_an_example_and_loads_nothing_heavy():
    code = (
        "import sys; from course_admin import cli\n"
        "try: cli.main(['build', '--help'])\nexcept SystemExit: pass\n"
        "heavy = {'nbgrader', 'jupytext', 'torch', 'nbformat', 'numpy', 'IPython'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=mini_course.REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "course build 01_pca_vs_ae" in done.stdout


def test_the_root_is_found_from_below(lab):
    assert find_root(lab.folder) == lab.root
    assert [found.name for found in find_labs(lab.root)] == [NAME]
    assert lab.topic == "mini"
