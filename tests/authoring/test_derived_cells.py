"""The short form of graded cells: what the build derives from it, and how `course build --adopt` writes it again."""

from __future__ import annotations

import json

import jupytext
import mini_course
import nbformat
import pytest
from mini_course import put

from course_admin.authoring import build, derived_cells, lab_text
from course_admin.authoring.cell_code import names_bound, names_read, signatures
from course_admin.authoring.lab_exercises import known_exercises
from course_admin.course import Lab
from course_admin.grading.exams import load_exams

LABS = ("01_pca_vs_ae", "02_manual_weights", "03_sparse_denoising", "04_conv", "05_vae", "06_semi_supervised")
HIDDEN = """
### BEGIN HIDDEN TESTS
from course_admin.grading.exams import grade

grade("00_template", "sampler", GaussianSampler)
### END HIDDEN TESTS"""


@pytest.fixture
def lab(tmp_path):
    return mini_course.make_template_course(tmp_path / "course")


@pytest.fixture
def built(lab):
    build.build(lab.root, say=quiet)
    return lab


def quiet(line):
    pass


def cells_of(path):
    """The cells of a notebook by grade_id."""
    cells = nbformat.read(path, as_version=4).cells
    return {cell.metadata.nbgrader.grade_id: cell for cell in cells if "nbgrader" in cell.metadata}


def edit(lab, function):
    changed = nbformat.read(lab.source, as_version=4)
    function(changed.cells)
    nbformat.write(changed, lab.source)


def text_of(lab):
    return lab.text.read_text(encoding="utf-8")


def derived_tags(*sources):
    """Which of these cells get the tag; a source that begins with `exercise:` is the cell of an exercise."""
    cells = []
    for source in sources:
        metadata = {"exercise": "f"} if source.startswith("exercise:") else {}
        source = source.removeprefix("exercise:")
        cells.append(lab_text.normal({"cell_type": "code", "source": source, "metadata": metadata}))
    full = derived_cells.derived("00_template", cells, known_exercises(Lab(mini_course.REPOSITORY, "00_template")))
    return ["raises-exception" in cell["metadata"].get("tags", []) for cell in full]


# --- deriving --------------------------------------------------------------------------------------------------------


def test_an_exercise_a_check_and_a_written_answer_get_nbgraders_metadata(built):
    cells = cells_of(built.source)
    common = {"schema_version": 3, "task": False}
    solution = {"grade_id": "sampler", "grade": False, "solution": True, "locked": False}
    check = {"grade_id": "check-sampler", "grade": True, "solution": False, "locked": True, "points": 3}
    answer = {"grade_id": "written-linear", "grade": True, "solution": True, "locked": False, "points": 1}
    for wanted in (solution, check, answer):
        assert cells[wanted["grade_id"]].metadata.nbgrader == wanted | common


def test_a_check_gets_the_hidden_tests_of_its_exercise_and_may_fail(built):
    check = cells_of(built.source)["check-sampler"]
    assert check.source == f"checks.sampler(GaussianSampler){HIDDEN}"
    assert check.metadata.tags == ["raises-exception"]
    assert cells_of(built.release)["check-sampler"].source == "checks.sampler(GaussianSampler)"


def test_no_word_of_the_short_form_reaches_a_notebook(built):
    for path in (built.source, built.release):
        for cell in nbformat.read(path, as_version=4).cells:
            assert not {"exercise", "check", "written", "points"} & set(cell.metadata)


def test_both_forms_of_metadata_build_the_same_notebooks(lab):
    short = build.make(lab)
    long = (
        '# %% nbgrader={"grade_id": "check-sampler", "grade": true, "locked": true, "points": 3}'
        ' tags=["raises-exception"]\nchecks.sampler(GaussianSampler)' + HIDDEN
    )
    put(lab.text, text_of(lab).replace('# %% check="sampler" points=3\nchecks.sampler(GaussianSampler)', long))
    assert "BEGIN HIDDEN" in text_of(lab)
    assert (build.make(lab).source, build.make(lab).release) == (short.source, short.release)


def test_derived_hidden_tests_that_an_author_writes_all_the_same_are_not_added_twice(lab):
    short = build.make(lab).source
    put(lab.text, text_of(lab).replace("checks.sampler(GaussianSampler)", f"checks.sampler(GaussianSampler){HIDDEN}"))
    assert build.make(lab).source == short


def test_other_metadata_and_tags_of_a_short_form_are_kept(lab):
    put(lab.text, text_of(lab).replace('check="sampler" points=3', 'check="sampler" points=3 tags=["slow"] why="x"'))
    cell = next(cell for cell in derived_cells.read_cells(lab) if "checks.sampler" in cell["source"])
    assert cell["metadata"]["tags"] == ["slow", "raises-exception"] and cell["metadata"]["why"] == "x"


@pytest.mark.parametrize(
    ("source", "tagged"),
    [
        ("f(1)", True),
        ("def g(x):\n    return f(x)\ng(1)", True),
        ("[f(x) for x in range(3)]", True),
        ("%time f(1)", False),  # a magic hides what it reads: the author writes the tag
        ("print('f')", False),
        ("def g(f):\n    return f(1)", False),  # its own parameter
        ("def f(x):\n    return x\nf(1)", False),  # its own function
        ("import os\nos.f", False),
        ("x = 1", False),
        ("f(", False),  # not valid Python, which another rule refuses
    ],
)
def test_a_cell_that_reads_a_name_of_an_exercise_may_fail(source, tagged):
    assert derived_tags("exercise:def f(x):\n    return x", source) == [False, tagged]


def test_a_cell_above_the_exercise_and_one_after_a_given_definition_must_not_fail():
    exercise, given, use = "exercise:def f(x):\n    return x", "def f(x):\n    return 2", "f(1)"
    assert derived_tags(use, exercise, given, use) == [False, False, False, False]


def test_what_an_exercises_cell_imports_is_no_name_of_the_exercise():
    assert derived_tags("exercise:import math\ndef f(x):\n    return x", "math.pi") == [False, False]


def test_a_tag_that_an_author_writes_is_kept(lab):
    put(lab.text, text_of(lab) + '\n# %% tags=["raises-exception"]\n1 / 0\n')
    assert derived_cells.read_cells(lab)[-1]["metadata"]["tags"] == ["raises-exception"]


def test_the_text_still_opens_as_a_notebook_and_is_saved_as_it_was(lab):
    opened = jupytext.reads(text_of(lab), fmt="py:percent")
    cells = {cell.metadata.get("check"): cell for cell in opened.cells}
    assert cells["sampler"].metadata["points"] == 3
    saved = jupytext.writes(opened, fmt="py:percent")
    assert [line for line in saved.split("\n") if line.startswith("# %%")] == [
        line for line in text_of(lab).split("\n") if line.startswith("# %%")
    ]


@pytest.mark.parametrize("name", ["00_template", *LABS])
def test_the_exercises_that_are_read_are_those_that_grading_loads(name):
    known = known_exercises(Lab(mini_course.REPOSITORY, name))
    assert not known.wrong
    loaded = load_exams(mini_course.REPOSITORY, name)
    assert {name: item.targets for name, item in known.by_name.items()} == {
        name: exam.targets for name, exam in loaded.items()
    }


# --- adopting --------------------------------------------------------------------------------------------------------


def test_adopting_an_unedited_source_changes_nothing(built):
    text, source = text_of(built), built.source.read_bytes()
    build.adopt(built.root, "00_template", say=quiet)
    assert text_of(built) == text and built.source.read_bytes() == source


def test_adopt_writes_an_edited_check_in_the_short_form_without_hidden_tests(built):
    def more_points(cells):
        for cell in cells:
            cell.source = cell.source.replace("(3 points", "(5 points").replace("| 3 | 8 |", "| 5 | 8 |")
            if cell.metadata.get("nbgrader", {}).get("grade_id") == "check-sampler":
                cell.metadata.nbgrader.points = 5.0

    before = text_of(built)
    edit(built, more_points)
    build.adopt(built.root, "00_template", say=quiet)
    assert text_of(built) == before.replace("(3 points", "(5 points").replace("| 3 | 8 |", "| 5 | 8 |").replace(
        'check="sampler" points=3', 'check="sampler" points=5'
    )


def test_adopt_writes_an_edited_solution_and_keeps_its_short_form(built):
    def other_solution(cells):
        for cell in cells:
            cell.source = cell.source.replace("noise = torch.randn_like(mu)", "noise = torch.randn(mu.shape)")

    before = text_of(built)
    edit(built, other_solution)
    build.adopt(built.root, "00_template", say=quiet)
    assert text_of(built) == before.replace("torch.randn_like(mu)", "torch.randn(mu.shape)")


def test_adopt_writes_cells_that_were_moved_in_the_short_form(built):
    def to_the_end(cells):
        heading = next(k for k, cell in enumerate(cells) if "## 2 ·" in cell.source)
        moved = cells[heading : heading + 3]
        del cells[heading : heading + 3]
        cells.extend(moved)

    edit(built, to_the_end)
    build.adopt(built.root, "00_template", say=quiet)
    assert 'check="sampler" points=3\nchecks.sampler(GaussianSampler)\n' in text_of(built).split('written="linear"')[1]
    assert "HIDDEN TESTS" not in text_of(built) and "nbgrader=" not in text_of(built)
    build.check(built.root, say=quiet)


def test_adopt_makes_the_short_form_where_there_is_no_text(built):
    cells = derived_cells.read_cells(built)
    built.text.unlink()
    build.adopt(built.root, "00_template", say=quiet)
    assert derived_cells.read_cells(built) == cells
    assert "nbgrader=" not in text_of(built) and "HIDDEN TESTS" not in text_of(built)


def test_adopt_leaves_a_derived_tag_out_and_puts_a_deleted_one_back(built):
    put(built.text, text_of(built) + "\n# %%\nstandardise(torch.eye(2))\n")
    build.build(built.root, say=quiet)
    before, source = text_of(built), built.source.read_bytes()
    assert b"standardise(torch.eye(2))" in source

    def delete_the_tag_and_its_hidden_tests(cells):
        for cell in cells:
            cell.metadata.pop("tags", None) if "eye" in cell.source or "checks." in cell.source else None
            cell.source = cell.source.replace(HIDDEN, "")

    edit(built, delete_the_tag_and_its_hidden_tests)
    assert built.source.read_bytes() != source
    build.adopt(built.root, "00_template", say=quiet)
    assert text_of(built) == before and built.source.read_bytes() == source


def test_adopt_writes_an_edited_cell_without_its_derived_tag(built):
    put(built.text, text_of(built) + "\n# %%\nstandardise(torch.eye(2))\n")
    build.build(built.root, say=quiet)
    edit(built, lambda cells: cells[-1].update(source="standardise(torch.eye(3))"))
    before = text_of(built)
    build.adopt(built.root, "00_template", say=quiet)
    assert text_of(built) == before.replace("eye(2)", "eye(3)")
    edit(built, lambda cells: cells.append(nbformat.v4.new_code_cell("standardise(1)", metadata=cells[-1].metadata)))
    build.adopt(built.root, "00_template", say=quiet)
    assert text_of(built) == before.replace("eye(2)", "eye(3)") + "\n# %%\nstandardise(1)\n"


def test_adopt_keeps_by_hand_what_the_short_form_cannot_say(lab):
    known = known_exercises(lab)
    metadata = {"nbgrader": {"grade_id": "sampler", "solution": True, "remove": True}}
    cell = lab_text.normal({"cell_type": "code", "source": "x", "metadata": metadata})
    assert derived_cells.shortened("00_template", [cell], known) == [cell]


def test_hidden_tests_that_were_edited_in_the_notebook_are_refused(built):
    def edit_hidden(cells):
        for cell in cells:
            cell.source = cell.source.replace('"sampler", GaussianSampler', '"sampler", print')

    edit(built, edit_hidden)
    before = text_of(built)
    with pytest.raises(build.Refused, match=r"\.ipynb, cell 9 \(check-sampler\): its hidden tests are not those"):
        build.adopt(built.root, "00_template", say=quiet)
    assert text_of(built) == before


def test_shortening_is_undone_by_deriving():
    for name in LABS:
        lab = Lab(mini_course.REPOSITORY, name)
        known = known_exercises(lab)
        short = lab_text.parse(text_of(lab))[0].cells
        full = derived_cells.derived(name, short, known)
        assert derived_cells.shortened(name, full, known) == derived_cells.shortened(name, short, known)
        assert derived_cells.derived(name, derived_cells.shortened(name, full, known), known) == full
        assert json.dumps(short).count("nbgrader") == 0


# --- reading code ----------------------------------------------------------------------------------------------------


def test_names_are_read_and_bound_as_python_scopes_them():
    source = "import os\na = b\ndef f(c):\n    return c + d\nclass G:\n    e = h\nfor i in j:\n    pass"
    assert names_bound(source) == {"os", "a", "f", "G", "i"}
    assert names_read(source) == {"b", "d", "h", "j"}


def test_signatures_are_names_of_parameters_and_none_for_a_class():
    source = "def f(a, b=1, *c, d: int = 2, **e): ...\nclass G: ..."
    assert signatures(source) == {"f": ["a", "b", "d", "*c", "**e"], "G": None}
