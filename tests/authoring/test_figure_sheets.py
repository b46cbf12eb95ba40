"""The contact sheet of a lab's figures."""

import base64
import io

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from course_admin.authoring import figure_sheets
from course_admin.course import CourseError, Lab


def png(colour, size=(30, 20)):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


def notebook():
    html = f'<img alt="a green square" src="data:image/png;base64,{png("green")}">'
    outputs = [
        new_output("stream", text="not a figure"),
        new_output("display_data", {"image/png": png("red")}, metadata={"image/png": {"alt": "a red square"}}),
        new_output("display_data", {"text/html": html}),
    ]
    return new_notebook(cells=[new_code_cell("draw()", outputs=outputs)])


def test_every_figure_is_found_with_its_alt_text():
    assert [figure.alt for figure in figure_sheets.figures_of(notebook())] == ["a red square", "a green square"]


def test_the_sheet_shows_every_figure():
    picture = figure_sheets.sheet(figure_sheets.figures_of(notebook()))
    seen = {colour for _, colour in picture.getcolors(maxcolors=100_000)}
    assert {(255, 0, 0), (0, 128, 0), (255, 255, 255)} <= seen


def test_wide_figures_are_scaled_to_the_column():
    picture = figure_sheets.sheet([figure_sheets.Figure(base64.b64decode(png("red", (3000, 100))), "wide")])
    assert picture.width == figure_sheets.COLUMN + 2 * figure_sheets.GAP


def test_a_lab_that_was_not_built_is_one_readable_line(tmp_path):
    with pytest.raises(CourseError, match="course build"):
        figure_sheets.run(Lab(tmp_path, "01_tiny"))


@pytest.mark.pipeline
def test_a_failing_cell_does_not_hide_the_figures_after_it(tmp_path):
    import nbformat

    lab = Lab(tmp_path, "01_tiny")
    lab.source.parent.mkdir(parents=True)
    draw = "from course_utils import plotting\nimport matplotlib.pyplot as plt\n"
    draw += "plotting.describe(plt.subplots()[1], 'empty axes')"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0"), new_code_cell(draw)]), lab.source)
    assert [figure.alt for figure in figure_sheets.figures_of(figure_sheets.run(lab))] == ["empty axes."]
