"""notebooks/README.md, the map of the labs, says what the labs say; its pictures can be drawn again."""

import io
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image

from course_admin.authoring import map_pictures
from course_admin.course import CourseError, Lab, find_labs

ROOT = Path(__file__).resolve().parents[2]
MAP = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
ROWS = {name: cells.split(" | ") for name, cells in re.findall(r"^\| \[(\w+)\]\(.*?\) \| (.*) \|$", MAP, re.MULTILINE)}
LABS = {lab.name: lab for lab in find_labs(ROOT) if lab.name in ROWS}
GRADED_ENDS = "The graded part ends here"

each_lab = pytest.mark.parametrize("name", ROWS)


def numbers(text):
    return [int(number) for number in re.findall(r"\d+", text)]


def paragraph(name):
    """The text under a lab's heading `## 0N · Title`."""
    return re.search(rf"^## {name[:2]} · .*?\n(.*?)^## ", MAP, re.MULTILINE | re.DOTALL).group(1)


def test_the_map_has_the_six_labs():
    assert [name[:2] for name in ROWS] == ["01", "02", "03", "04", "05", "06"]


@each_lab
def test_minutes_points_and_sections_are_those_of_the_lab(name):
    _, points, minutes, further = ROWS[name]
    cells = nbformat.read(LABS[name].release, as_version=4).cells
    assert numbers(minutes) == numbers(" ".join(re.findall(r"takes? about\s\d+", cells[0].source)))
    assert int(points) == sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in cells)
    end = next(number for number, cell in enumerate(cells) if GRADED_ENDS in cell.source)
    headings = "\n".join(cell.source for cell in cells[end:])
    sections = [int(number) for number in re.findall(r"^## (\d+) ·", headings, re.MULTILINE)]
    assert numbers(further) == [sections[0], sections[-1]]


@each_lab
def test_every_lab_has_a_paragraph_and_a_small_picture_with_words(name):
    alt, target = re.search(r"!\[(.*)\]\(\.\./(docs/pictures/\S+\.png)\)", paragraph(name)).groups()
    assert len(alt) > 40
    assert (ROOT / target).stat().st_size <= map_pictures.LARGEST
    assert name not in map_pictures.PICTURES or target == f"docs/pictures/{name}.png"


def test_a_picture_needs_the_set_up_and_its_section_alone():
    sources = [
        "# Lab",
        "## Why?",
        "## 0 · First",
        "### 0.1",
        "## 1 · Next",
        "### 1.1",
        "## What to remember",
        "## 2 · On",
    ]
    notebook = new_notebook(cells=[new_markdown_cell(source) for source in sources])
    map_pictures.only_section(notebook, 1)
    assert [cell.source for cell in notebook.cells] == [*sources[:2], *sources[4:7]]


def test_a_picture_is_made_small_and_one_that_stays_large_is_refused(monkeypatch):
    file = io.BytesIO()
    Image.effect_noise((1500, 600), 60).save(file, "PNG")
    monkeypatch.setattr(map_pictures, "LARGEST", 2**20)
    small = Image.open(io.BytesIO(map_pictures.small(file.getvalue())))
    assert small.size == (1000, 400)
    monkeypatch.setattr(map_pictures, "LARGEST", 1000)
    with pytest.raises(CourseError, match="at most 0 are wanted"):
        map_pictures.small(file.getvalue())


@pytest.mark.pipeline
def test_a_picture_is_the_figure_of_its_section_with_the_words(tmp_path, monkeypatch):
    lab = Lab(tmp_path, "01_tiny")
    lab.source.parent.mkdir(parents=True)
    draw = "plotting.describe(plt.subplots(figsize=({}, 1))[1], 'axes {} of the section')"
    cells = [
        new_code_cell("from course_utils import plotting\nimport matplotlib.pyplot as plt"),
        new_markdown_cell("## 1 · One"),
        new_code_cell("1 / 0"),
        new_markdown_cell("## 2 · Two"),
        new_code_cell(draw.format(2, "one")),
        new_code_cell(draw.format(4, "two")),
    ]
    nbformat.write(new_notebook(cells=cells), lab.source)
    monkeypatch.setitem(map_pictures.PICTURES, "01_tiny", (2, "axes two"))
    wide = Image.open(io.BytesIO(map_pictures.figure(lab)))
    assert wide.width > 2 * wide.height
    monkeypatch.setitem(map_pictures.PICTURES, "01_tiny", (2, "axes three"))
    with pytest.raises(CourseError, match="draws no figure with 'axes three'"):
        map_pictures.figure(lab)
