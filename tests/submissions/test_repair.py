"""The tolerant reader: what was handed in becomes the lab's notebook with the student's work in it, whatever it was."""

from __future__ import annotations

import copy
import json
import os
from functools import partial
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from template_course import template_answers, template_course

from course_admin import classroom
from course_admin.submissions.cell_analysis import names_bound, names_used, parsed
from course_admin.submissions.compose import _longest_rising
from course_admin.submissions.find_notebook import cells_of, find_notebook, parse_notebook, read_notebook
from course_admin.submissions.repair import filled_in, repair
from course_admin.submissions.safe_files import MAX_BYTES, walk

REPO = Path(__file__).parents[2]
LAB = "00_template"
CODE = ("standardise", "sampler", "linear_autoencoder")
CHECKS = tuple(f"check-{name}" for name in CODE)
posix = pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """(release as the repair needs it, perfect notebook, release, course root) of the template lab."""
    from course_admin.settings import load_settings
    from course_admin.submissions.read import read_release

    root = template_course(tmp_path_factory.mktemp("repair"))
    source = root / "source" / LAB / f"{LAB}.ipynb"
    release = classroom.read_notebook(root / "release" / LAB / f"{LAB}.ipynb")
    perfect = classroom.fill(release, template_answers(root))
    return read_release(source, load_settings(root)), perfect, release, root


def repaired_notebook(lab, notebook):
    done = repair(lab[0], cells_of(notebook))
    return done, {cell.metadata.nbgrader.grade_id: cell for cell in done.notebook.cells if "nbgrader" in cell.metadata}


def named(notebook, name):
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)


def at(notebook, name):
    return notebook["cells"].index(named(notebook, name))


def code(source, **more):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, **more}


def assert_sound(frame, notebook):
    """What nbgrader needs: valid, each graded cell once, with the frame's metadata, checks below what they check."""
    from nbgrader.nbgraderformat import MetadataValidator, reads

    text = nbformat.writes(notebook)
    nbformat.validate(json.loads(text))
    MetadataValidator().validate_nb(reads(text, as_version=4))
    names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    for cell in frame.notebook.cells:
        if "nbgrader" in cell.metadata:
            name = cell.metadata.nbgrader.grade_id
            assert names.count(name) == 1, name
            there = notebook.cells[names.index(name)]
            assert (there.metadata, there.cell_type) == (cell.metadata, cell.cell_type)
            if not cell.metadata.nbgrader.solution:
                assert there.source == cell.source
    for name in CODE:
        assert names.index(name) < names.index(f"check-{name}")


# --- notebooks that are in order -------------------------------------------------------------------------------------


def test_the_frame_is_the_release(lab):
    frame, _, release, _ = lab
    assert [cell.source for cell in frame.notebook.cells] == [cell["source"] for cell in release["cells"]]
    assert frame.targets == {
        "standardise": {"standardise"},
        "sampler": {"GaussianSampler"},
        "linear_autoencoder": {"train_linear_autoencoder"},
    }


@pytest.mark.parametrize("which", [1, 2])
def test_what_is_in_order_stays_as_it_is(lab, which):
    done = repair(lab[0], cells_of(lab[which]))
    assert done.notes == []
    assert [cell.source for cell in done.notebook.cells] == [cell["source"] for cell in lab[which]["cells"]]
    assert [cell.id for cell in done.notebook.cells] == [cell["id"] for cell in lab[which]["cells"]]
    assert_sound(lab[0], done.notebook)
    assert filled_in(lab[0], cells_of(lab[which]))[0] == (4 if which == 1 else 0)


def test_the_students_own_cells_stay_where_they_were(lab):
    notebook = copy.deepcopy(lab[1])
    notebook["cells"].insert(at(notebook, "check-sampler"), code("helper = 1"))
    notebook["cells"].insert(0, code("first = 1"))
    notebook["cells"].append(code("last = 1"))
    # The given text was thrown away, and a given cell changed.
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" or "nbgrader" in str(cell)]
    given_class = next(cell for cell in notebook["cells"] if "class LinearAutoencoder" in cell["source"])
    given_class["source"] += "\n\nmine = True"
    done, _ = repaired_notebook(lab, notebook)
    assert done.notes == []
    assert [cell.source for cell in done.notebook.cells] == [cell["source"] for cell in notebook["cells"]]


def test_what_is_not_code_keeps_its_pictures(lab):
    notebook = copy.deepcopy(lab[1])
    picture = {"a.png": {"image/png": "iVBOR"}}
    named(notebook, "written-linear")["attachments"] = {**picture, "b": {"image/png": 3}}
    _, cells = repaired_notebook(lab, notebook)
    assert cells["written-linear"].attachments == picture


# --- which cell is meant ---------------------------------------------------------------------------------------------


def answer(number):
    return f"def standardise(X):\n    return X + {number}"


@pytest.mark.parametrize(
    ("above", "below", "expected"),
    [
        ([1], [2], 1),  # an experiment below the check is not the answer
        ([1, 2], [], 2),  # the last definition above the check is the one that it sees
        ([1, "stub"], [], 1),
        (["stub"], [1], 1),
        (["stub"], [1, 2], 2),
        (["stub", "def standardise(X)"], [3], 3),  # does not parse
    ],
)
def test_the_last_copy_above_the_check_that_is_filled_in_counts(lab, above, below, expected):
    notebook = copy.deepcopy(lab[2])
    place, original = at(notebook, "standardise"), named(notebook, "standardise")

    def copies(texts):
        kinds = [answer(text) if isinstance(text, int) else text for text in texts]
        return [original | {"source": original["source"] if text == "stub" else text} for text in kinds]

    notebook["cells"][place : place + 2] = [*copies(above), notebook["cells"][place + 1], *copies(below)]
    done, cells = repaired_notebook(lab, notebook)
    assert cells["standardise"].source == answer(expected)
    assert_sound(lab[0], done.notebook)
    assert any("times" in line for line in done.notes)
    # No stub is left to take its place, and what else was tried is still there.
    texts = [cell.source for cell in done.notebook.cells]
    assert texts.count(original["source"]) == 0
    assert all(answer(text) in texts for text in [*above, *below] if isinstance(text, int))


def test_texts_of_a_copied_written_answer_are_put_together(lab):
    notebook = copy.deepcopy(lab[1])
    cell = named(notebook, "written-linear")
    cell["source"] = "The first half."
    notebook["cells"].append(copy.deepcopy(cell) | {"source": "The second half."})
    done, cells = repaired_notebook(lab, notebook)
    assert cells["written-linear"].source == "The first half.\n\nThe second half."
    assert done.notes == ["written-linear: its cell is there 2 times; the texts were put together"]


def test_a_written_answer_without_its_mark_is_found_by_its_place(lab):
    notebook = copy.deepcopy(lab[1])
    named(notebook, "written-linear").update(metadata={}, id="other", source="It needs a bend.")
    _, cells = repaired_notebook(lab, notebook)
    assert cells["written-linear"].source == "It needs a bend."


def test_points_and_flags_are_never_the_students(lab):
    notebook = copy.deepcopy(lab[1])
    for name in (*CODE, *CHECKS, "written-linear"):
        meta = named(notebook, name)["metadata"]["nbgrader"]
        meta |= {"points": 10**6, "grade": not meta["grade"], "locked": [], "schema_version": "99", "checksum": 0}
    done, cells = repaired_notebook(lab, notebook)
    assert_sound(lab[0], done.notebook)
    assert cells["check-sampler"].metadata.nbgrader.points == 3
    assert len(done.notes) == 1
    assert "the course's own count: standardise, check-standardise" in done.notes[0]


@pytest.mark.parametrize("marked", [0, 1, 2])
@pytest.mark.parametrize("cuts", [(1, 2), (1, 3), (2, 7), (7, 8)])
def test_parts_of_which_none_stands_alone_are_put_together(lab, marked, cuts):
    notebook = copy.deepcopy(lab[1])
    place, cell = at(notebook, "standardise"), named(notebook, "standardise")
    lines = cell["source"].split("\n")
    parts = [code("\n".join(part)) for part in (lines[: cuts[0]], lines[cuts[0] : cuts[1]], lines[cuts[1] :])]
    parts[marked] = cell | {"source": parts[marked]["source"]}
    notebook["cells"][place : place + 1] = parts
    done, cells = repaired_notebook(lab, notebook)
    assert cells["standardise"].source == named(lab[1], "standardise")["source"]
    assert len(done.notebook.cells) == len(lab[1]["cells"])
    assert "standardise: its cell had been split; the parts were put together again" in done.notes


def test_a_helper_goes_along_with_the_answer_that_uses_it(lab):
    notebook = copy.deepcopy(lab[1])
    named(notebook, "standardise")["source"] = "def standardise(X):\n    return helper(X)"
    answer_cell = notebook["cells"].pop(at(notebook, "standardise"))
    # Moved to the end, with what it needs, next to a cell that has nothing to do with it.
    notebook["cells"] += [code("other = 1"), code("def helper(X):\n    return X"), answer_cell]
    done, _ = repaired_notebook(lab, notebook)
    texts = [cell.source for cell in done.notebook.cells]
    place = texts.index(answer_cell["source"])
    assert texts[place - 1].startswith("def helper")
    assert texts[place + 1].startswith("checks.standardise")
    assert texts[-1] == "other = 1"
    assert_sound(lab[0], done.notebook)


def test_an_answer_in_the_check_cell_comes_without_the_check(lab):
    notebook = copy.deepcopy(lab[2])
    check = named(notebook, "check-standardise")
    # Run there, the check would stop the cell before the answer.
    check["source"] += "\n\n" + answer(1)
    _, cells = repaired_notebook(lab, notebook)
    assert cells["standardise"].source == answer(1)
    assert cells["check-standardise"].source == "checks.standardise(standardise)"


def test_line_ends_become_pythons(lab):
    notebook = copy.deepcopy(lab[1])
    for cell in notebook["cells"]:
        cell["source"] = cell["source"].replace("\n", "\r\n")
    assert [cell.source for cell in cells_of(notebook)] == [cell["source"] for cell in lab[1]["cells"]]


# --- anything at all -------------------------------------------------------------------------------------------------

OPERATIONS = ("delete", "copy", "move", "retype", "strip", "no-id", "junk", "edit-check", "metadata", "crlf", "split")


@settings(max_examples=100, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 10**6), st.integers(0, 10**6)), max_size=12),
    st.randoms(use_true_random=False),
)
def test_no_answer_that_is_still_there_is_lost(lab, operations, chance):
    frame, perfect, *_ = lab
    notebook = copy.deepcopy(perfect)
    cells = notebook["cells"]
    wanted = {name: named(perfect, name)["source"] for name in CODE}
    for operation, one, other in operations:
        if not cells:
            break
        place = one % len(cells)
        cell = cells[place]
        if operation == "delete":
            del cells[place]
        elif operation == "copy":
            cells.insert(other % (len(cells) + 1), copy.deepcopy(cell))
        elif operation == "move":
            cells.insert(other % len(cells), cells.pop(place))
        elif operation == "retype":
            cell["cell_type"] = chance.choice(["code", "markdown", "raw"])
        elif operation == "strip":
            cell["metadata"] = {}
        elif operation == "no-id":
            cell.pop("id", None)
        elif operation == "junk":
            cells.insert(place, code(chance.choice(["x = 1", "def f(", "import torch", "%%bash\nls", "", "# " * 40])))
        elif operation == "edit-check" and str(cell["metadata"]).find("check-") > 0:
            cell["source"] = "pass"
        elif operation == "metadata":
            cell["metadata"]["nbgrader"] = chance.choice([{}, {"grade_id": 3}, {"grade_id": "sampler"}, {"points": -1}])
        elif operation == "crlf":
            cell["source"] = cell["source"].replace("\n", "\r\n")
        elif operation == "split" and cell["source"] in wanted.values():
            lines = cell["source"].splitlines(keepends=True)
            cut = 1 + other % (len(lines) - 1)
            # As Jupyter does it: the halves side by side, one of them with the metadata.
            cells[place : place + 1] = [cell | {"source": "".join(lines[:cut])}, code("".join(lines[cut:]))]
    done = repair(frame, cells_of(notebook))
    assert_sound(frame, done.notebook)
    there = {cell["source"].replace("\r\n", "\n") for cell in cells}
    for name, source in wanted.items():
        if source in there:
            got = next(c for c in done.notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)
            # Halves that were put together again can have an empty line between them, and half of a copy behind them.
            assert parsed(got.source) is not None, (name, done.notes)
            assert got.source.replace("\n\n", "\n").startswith(source.replace("\n\n", "\n")), (name, done.notes)
    # All else that was written is still somewhere, but for prose and code of the course's own.
    kept = "\n".join(cell.source for cell in done.notebook.cells)
    assert all(text in kept for text in there if text in ("x = 1", "def f("))
    assert all("\n" not in line for line in done.notes)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["code", "sampler"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "cells",
                    "cell_type",
                    "source",
                    "metadata",
                    "nbgrader",
                    "grade_id",
                    "id",
                    "attachments",
                    "worksheets",
                    "input",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@settings(max_examples=100, derandomize=True, deadline=None)
@given(json_values, st.booleans())
def test_any_json_at_all_becomes_a_sound_notebook(lab, value, in_cells):
    taken = parse_notebook(json.dumps({"cells": [value, value]} if in_cells else value).encode())
    assert taken.cells or taken.damage
    assert_sound(lab[0], repair(lab[0], taken.cells).notebook)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.floats(0, 1), st.binary(max_size=30), st.sampled_from(["utf-8", "utf-16", "latin-1"]))
def test_a_file_cut_anywhere_is_read_as_far_as_it_goes(lab, share, tail, encoding):
    data = json.dumps(lab[1], indent=1).encode(encoding)
    cut = int(share * len(data))
    taken = parse_notebook(data[:cut] + tail)
    whole = [cell["source"] for cell in lab[1]["cells"]]
    assert [cell.source for cell in taken.cells] == whole[: len(taken.cells)]
    assert taken.damage or len(taken.cells) == len(whole)
    assert_sound(lab[0], repair(lab[0], taken.cells).notebook)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 10**6,
        b'{"cells": ' + b'[{"metadata":' * 10**5,
        b'{"cells": [' + b'{"id": [' * 10**5,
        b'{"cells": ' + b"9" * 10**5 + b"}",
        b'{"cells": [{"cell_type": "code", "source": "' + b"(" * 10**5 + b'"}]}',
        b'{"cells": [{"cell_type": "code", "source": "x = ' + b"-" * 10**5 + b'1"}]}',
        b'{"cells": [' + b'{"cell_type": "code", "source": "x"},' * 20000 + b"{}]}",
        b"\x00" * 10**6,
    ],
    ids=lambda data: repr(data[:24]),
)
@pytest.mark.timeout(60)
def test_files_made_to_be_slow_or_deep_are_only_odd(lab, data):
    assert_sound(lab[0], repair(lab[0], parse_notebook(data).cells[:3000]).notebook)


# --- files and folders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_encodings_that_can_be_told_are_told(lab, encoding):
    text = json.dumps(lab[1], ensure_ascii=False)
    assert parse_notebook(text.encode(encoding)).cells == parse_notebook(text.encode()).cells
    assert parse_notebook(text.encode(encoding)).notes == []


def test_a_broken_character_does_not_spoil_the_others():
    text = '{"cells": [{"cell_type": "markdown", "source": "é à ü ñ σ λ ? ×"}]}'
    taken = parse_notebook(text.encode().replace(b"?", b"\xff"))
    assert taken.cells[0].source == "é à ü ñ σ λ � ×"
    taken = parse_notebook('{"cells": [{"cell_type": "markdown", "source": "é à ü"}]}'.encode("cp1252"))
    assert taken.cells[0].source == "é à ü"


def found(lab, folder):
    return find_notebook(folder, LAB, partial(filled_in, lab[0]))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "submitted" / "ada" / LAB
    made.mkdir(parents=True)
    return made


def test_the_notebook_with_the_most_work_is_taken_when_none_has_the_right_name(lab, folder):
    _, perfect, release, _ = lab
    partly = classroom.fill(release, {"standardise": named(perfect, "standardise")["source"]})
    for name, notebook in {"a.ipynb": release, "b.ipynb": perfect, "c.ipynb": partly}.items():
        (folder / name).write_text(json.dumps(notebook))
    taken = found(lab, folder)
    assert (taken.path.name, taken.damage) == ("b.ipynb", "")
    assert taken.notes == [f"b.ipynb was graded: there is no {LAB}.ipynb"]
    # Another one with as much in it: somebody has to look.
    (folder / "d.ipynb").write_text(json.dumps(classroom.fill(perfect, {"standardise": answer(1)})))
    assert "other notebooks hold as many answers (d.ipynb)" in found(lab, folder).notes[1]
    # With the right name it counts, however little is in it.
    (folder / f"{LAB}.ipynb").write_text(json.dumps(partly))
    assert (found(lab, folder).path.name, found(lab, folder).notes) == (f"{LAB}.ipynb", [])


@posix
def test_links_are_never_followed(lab, folder, tmp_path):
    _, perfect, *_ = lab
    path = folder / f"{LAB}.ipynb"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / f"{LAB}.ipynb").write_text(json.dumps(perfect))
    path.symlink_to(elsewhere / f"{LAB}.ipynb")
    (folder / "more").symlink_to(elsewhere)
    taken = found(lab, folder)
    assert (taken.cells, taken.path) == ([], None)
    assert "is a link, and links are not followed" in taken.damage
    assert walk(folder)[0] == []
    # A whole folder that is a link, the student's too.
    for link in (tmp_path / "submitted" / "bob" / LAB, tmp_path / "submitted" / "eve"):
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(elsewhere if link.name == LAB else folder.parent)
    for there in ("bob", "eve"):
        taken = found(lab, tmp_path / "submitted" / there / LAB)
        assert taken.cells == []
        assert "is a link" in taken.damage


@posix
@pytest.mark.timeout(20)
def test_pipes_folders_and_huge_files_are_not_read(folder):
    pipe, inner, huge = folder / "pipe.ipynb", folder / "folder.ipynb", folder / "huge.ipynb"
    os.mkfifo(pipe)
    inner.mkdir()
    huge.touch()
    os.truncate(huge, MAX_BYTES + 1)
    for path, words in ((pipe, "no file"), (inner, "a folder"), (huge, "larger than"), (folder / "x", "is missing")):
        taken = read_notebook(path)
        assert (taken.cells, words in taken.damage) == ([], True), taken.damage


# --- reading code ----------------------------------------------------------------------------------------------------


def test_names_that_a_cell_binds_and_uses():
    source = (
        "%matplotlib inline\nimport a.b as c, d.e\nx, (y, *z) = f(w)\nif x:\n    t: int = 1\n"
        "class K(B): inner = 2\n[i for i in q]"
    )
    assert names_bound(source) == {"c", "d", "x", "y", "z", "t", "K"}
    assert names_used(source) >= {"f", "w", "x", "B", "q"}
    assert names_bound("def f(x:\n    broken\ndef g(): ...") == {"f", "g"}
    assert names_bound("def f(x:\n    broken", strict=True) == frozenset()
    assert parsed("%%bash\nls") is None
    assert parsed("%%time\nx = 1") is not None


@given(st.lists(st.integers(0, 30), max_size=12))
def test_the_longest_rising_run(values):
    places = _longest_rising(values)
    run = [values[place] for place in places]
    assert places == sorted(places)
    assert all(a < b for a, b in pairwise(run))
    best = [1] * len(values)
    for i in range(len(values)):
        best[i] = 1 + max((best[j] for j in range(i) if values[j] < values[i]), default=0)
    assert len(run) == max(best, default=0)
