"""The web site: what its pages show, what the command refuses, and what is executed again."""

import shutil
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from template_course import LAB, template_course

from course_admin.course import CourseError, Lab
from course_admin.guide.command import GUIDE
from course_admin.site import executed as work
from course_admin.site.command import SITE, put, refuse_place, shown_answers, site
from course_admin.site.executed import executed
from course_admin.site.inspect_pages import faults, read_pages
from course_admin.site.notebook_pages import SLIDERS, WIDGET, page_of, promise_of
from course_admin.site.pages import manual

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="  # 1 x 1
FIGURE = f'<img alt="a curve that falls" width="40" src="data:image/png;base64,{PIXEL}">'


def quiet(line):
    pass


def cell_with(*outputs, **metadata):
    return new_code_cell("checks.f(f)", outputs=list(outputs), metadata=metadata)


def shown(output):
    made, pictures = page_of(new_notebook(cells=[cell_with(output)]), "../pictures")
    (only,) = made.cells[0].outputs
    return only, pictures


# --- a page's notebook ----------------------------------------------------------------------------------


def test_an_unfinished_exercise_is_one_plain_line():
    error = new_output("error", ename="CheckFailed", evalue="x", traceback=["\x1b[31m·  complete the cell\x1b[0m"])
    output, _ = shown(error)
    assert (output.output_type, output.text) == ("stream", "·  complete the cell\n")


def test_a_figure_becomes_a_file_with_its_words_and_its_size():
    output, pictures = shown(new_output("display_data", data={"text/html": FIGURE, "text/plain": "[figure]"}))
    ((name, data),) = pictures.items()
    assert data.startswith(b"\x89PNG")
    assert 'alt="a curve that falls" width="40" height="40"' in output.data["text/html"]
    assert f'src="../pictures/{name}"' in output.data["text/html"]
    assert "base64" not in output.data["text/html"]


def test_an_explorer_shows_its_picture_and_says_that_sliders_move_it():
    notebook = new_notebook(cells=[cell_with(new_output("execute_result", data={WIDGET: {"model_id": "box"}}))])
    state = {
        "box": {"state": {"children": ["IPY_MODEL_slider", "IPY_MODEL_picture"]}},
        "slider": {"state": {"value": 0.0}},
        "picture": {"state": {"value": FIGURE}},
    }
    notebook.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {"state": state}}
    made, pictures = page_of(notebook, "../pictures")
    assert len(pictures) == 1 and "widgets" not in made.metadata
    text = made.cells[0].outputs[0].data["text/html"]
    assert SLIDERS in text and "a curve that falls" in text


def test_the_cell_that_installs_is_left_out_and_formulas_in_hints_are_rendered():
    hint = new_markdown_cell("<details><summary>Hint</summary>Compute $x^2$ with `torch.square`.</details>")
    made, _ = page_of(new_notebook(cells=[cell_with(tags=["install"]), hint]), "../pictures")
    assert "remove-cell" in made.cells[0].metadata.tags
    assert "<math" in made.cells[1].source and "<code>torch.square</code>" in made.cells[1].source


def test_a_lab_promises_what_its_first_cell_says():
    notebook = new_notebook(cells=[new_markdown_cell("# Lab\n\n**You will** build\na network.\n\n**Before**: Python.")])
    assert promise_of(notebook) == "**You will** build a network."


def test_a_link_to_what_is_no_page_becomes_text():
    text = (
        "See [the other](other.md#part), [code](../x.py), [there](https://example.org), ![p](p.png)\n```\n[a](b)\n```"
    )
    expected = "See [the other](other.md#part), code, [there](https://example.org), ![p](p.png)\n```\n[a](b)\n```"
    assert manual(text, {"other.md"}) == expected


# --- what is refused ------------------------------------------------------------------------------------

GOOD = '<html><body><h1 id="top">T</h1><a href="#top">t</a><img src="p.png" alt="a curve"></body></html>'


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        (GOOD, None),
        ('<a href="nowhere.html">x</a>', "nowhere.html, which is not there"),
        ('<a href="index.html#nothing">x</a>', "no such place"),
        ('<img src="p.png">', "without alt text"),
        ('<img src="p.png" alt=" ">', "without alt text"),
        ('<script src="https://cdn.example/x.js"></script>', "from elsewhere"),
        ('<link rel="stylesheet" href="//fonts.example/x.css">', "from elsewhere"),
        ("<style>@import 'https://fonts.example/x.css';</style>", "from elsewhere"),
        ('<p style="background: url(http://x.example/p.png)">x</p>', "from elsewhere"),
        ('<img src="p.png" alt="a curve" srcset="p.png 1x, https://cdn.example/p.png 2x">', "from elsewhere"),
        ('<video poster="//cdn.example/p.png"></video>', "from elsewhere"),
        ('<script src="gone.js"></script>', "gone.js, which is not there"),
        ('<a href="https://example.org">a link is no request</a>', None),
    ],
)
def test_what_is_wrong_with_a_page_is_found(tmp_path, html, fault):
    (tmp_path / "index.html").write_text(html)
    (tmp_path / "p.png").write_bytes(b"")
    found = list(faults(tmp_path, read_pages(tmp_path)))
    assert len(found) == (fault is not None)
    assert all(fault in line for line in found)


def test_a_stylesheet_that_loads_from_elsewhere_is_found(tmp_path):
    (tmp_path / "a.css").write_text("@font-face { src: url('https://fonts.example/f.woff2') }")
    assert list(faults(tmp_path, {})) == ["a.css loads https://fonts.example/f.woff2 from elsewhere"]


def test_an_answer_is_found_though_its_colours_cut_it_into_pieces(tmp_path):
    root = template_course(tmp_path / "course")
    answer = "centred / torch.where(spread > 0, spread, 1.0)"
    assert answer in Lab(root, LAB).text.read_text()
    for name in (f"labs/{LAB}.html", "docs/a.html"):
        page = tmp_path / "site" / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text("<pre>" + "".join(f"<span>{sign}</span>" for sign in "    return " + answer) + "</pre>")
        assert any("solution" in line for line in shown_answers(root, tmp_path / "site")), name
        page.write_text("<pre>def standardise(X):</pre>")
    assert shown_answers(root, tmp_path / "site") == []


def test_a_folder_with_something_else_is_not_replaced(tmp_path):
    (tmp_path / "course").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "work.txt").write_text("x")
    (tmp_path / "a guide").mkdir()
    (tmp_path / "a guide" / GUIDE).touch()
    for dest in ("course", ".", "course/docs", "course/out", "mine", "mine/work.txt", "a guide"):
        with pytest.raises(CourseError):
            refuse_place(tmp_path / "course", (tmp_path / dest).resolve(), SITE)
    refuse_place(tmp_path / "course", tmp_path / "course" / "out" / "site", SITE)
    refuse_place(tmp_path / "course", tmp_path / "new", SITE)
    refuse_place(tmp_path / "course", tmp_path / "a guide", GUIDE)


def test_a_run_that_is_killed_while_it_replaces_the_site_loses_nothing(tmp_path, monkeypatch):
    """Killed before, between and after the two renames: the old or the new site is there, or the next run writes it."""
    dest, renames = tmp_path / "site", []

    def run(text, *, dies_at=None):
        made = tmp_path / "made"
        made.mkdir(exist_ok=True)
        (made / "index.html").write_text(text)
        renames.clear()
        rename = Path.rename

        def dying(path, target):
            renames.append(path)
            if len(renames) == dies_at:
                raise KeyboardInterrupt
            return rename(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "rename", dying)
            put(made, dest, SITE)

    run("first")
    for dies_at, left in ((1, "first"), (2, None)):
        with pytest.raises(KeyboardInterrupt):
            run("second", dies_at=dies_at)
        assert [page.read_text() for page in dest.glob("index.html")] == ([left] if left else [])
        assert "first" in [page.read_text() for page in tmp_path.glob(".site*/index.html")] + [left]
    run("third")
    assert (dest / "index.html").read_text() == "third"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


# --- what is executed -----------------------------------------------------------------------------------


def test_a_notebook_is_executed_again_only_when_something_changed(tmp_path, monkeypatch):
    root = template_course(tmp_path)
    path, runs = Lab(root, LAB).release, []
    monkeypatch.setattr(work, "_execute", lambda *given: runs.append(given))
    for _ in range(2):
        executed(path, root, "quick", quiet)
    assert len(runs) == 1
    executed(path, root, "study", quiet)
    assert len(runs) == 2
    path.write_text(path.read_text().replace("standardise", "standardize", 1))
    executed(path, root, "quick", quiet)
    assert len(runs) == 3
    (root / "course_utils").mkdir(exist_ok=True)
    (root / "course_utils" / "extra.py").write_text("x = 1\n")
    executed(path, root, "quick", quiet)
    assert len(runs) == 4
    for setting in work.SETTINGS[1:]:
        monkeypatch.setenv(setting, "another")
        executed(path, root, "quick", quiet)
    assert len(runs) == 7


@pytest.mark.pipeline
def test_the_site_of_a_course_and_what_it_refuses(tmp_path):
    root, dest, said = template_course(tmp_path / "course"), tmp_path / "site", []
    (root / "docs").mkdir()
    (root / "docs" / "students.md").write_text("# For students\n\nRead [the other](contributors.md).\n")
    (root / "docs" / "contributors.md").write_text("# For contributors\n")
    site(root, dest, budget="quick", say=said.append)
    assert any("executing" in line for line in said)
    page = (dest / "labs" / f"{LAB}.html").read_text()
    assert "complete the cell above first" in page and "Traceback" not in page
    assert "Read the other." in read_pages(dest)["docs/students.html"].text
    assert not (dest / "docs" / "contributors.html").exists()
    assert (dest / "notebooks" / f"{LAB}.ipynb").read_bytes() == Lab(root, LAB).release.read_bytes()

    said.clear()
    site(root, dest, budget="quick", say=said.append)
    assert not any("executing" in line for line in said), "nothing had changed"

    before = sorted(path.name for path in dest.rglob("*"))
    (root / "docs" / "students.md").write_text(
        "# For students\n\n    return centred / torch.where(spread > 0, spread, 1.0)\n"
    )
    with pytest.raises(CourseError, match="shows a solution"):
        site(root, dest, budget="quick", say=quiet)
    assert sorted(path.name for path in dest.rglob("*")) == before, "the older site stays"
    shutil.rmtree(root / "docs")

    lab = Lab(root, LAB).release
    lab.write_text(lab.read_text().replace('"source": [', '"source": ["raise ValueError(1)\\n", ', 3))
    with pytest.raises(CourseError, match="does not run"):
        site(root, dest, budget="quick", say=quiet)
