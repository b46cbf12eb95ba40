"""Feedback pages keep the course's figures, with their alt text, and let nothing else of HTML through."""

import nbformat
import pytest
from matplotlib.figure import Figure
from nbconvert.filters.highlight import Highlight2HTML

from course_admin.feedback.page import PlainPictures
from course_admin.feedback.sanitise import highlighted, safe_markdown
from course_utils.plotting.alt import bundle


def with_output(data):
    cell = nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", data=data)])
    return PlainPictures().preprocess_cell(cell, {}, 0)[0].outputs[0]


def test_a_figure_becomes_a_picture_with_its_alt_text():
    figure = Figure(figsize=(1, 1))
    output = with_output(bundle(figure, 'error <falls> to "0.02" & stays'))
    assert "text/html" not in output.data
    assert output.data["image/png"].startswith("iVBOR")
    assert output.metadata["image/png"]["alt"] == 'error <falls> to "0.02" & stays'


@pytest.mark.parametrize(
    "html",
    [
        '<img alt="x" width="9" src="data:image/png;base64,AAAA" onerror="alert(1)">',
        '<img alt="x" width="9" src="https://example.org/tracker.png">',
        '<script>alert(1)</script><img alt="x" width="9" src="data:image/png;base64,AAAA">',
        '<img alt="x" width="9" src="data:image/svg+xml;base64,AAAA">',
    ],
)
def test_other_html_is_left_to_be_escaped(html):
    assert with_output({"text/html": html}).data == {"text/html": html}


@pytest.mark.parametrize(
    ("markdown", "gone"),
    [
        ("<script>alert(1)</script>", "<script"),
        ("[here](javascript:alert(1))", "javascript:"),
        ('<b onclick="alert(1)">bold</b>', "<b onclick"),
        ("![p](https://example.org/tracker.png)", "example.org"),
        ('<iframe src="https://example.org"></iframe>', "<iframe"),
    ],
)
def test_markdown_runs_and_loads_nothing(markdown, gone):
    assert gone not in safe_markdown(markdown)


def test_markdown_keeps_what_teaches():
    page = safe_markdown("# Title\n\n**bold** `code` $x^2$\n\n<details><summary>Hint</summary>Try</details>")
    assert all(part in page for part in ("<h1", "<strong>bold</strong>", "<code>", "<msup>", "<details>", "<summary>"))


@pytest.mark.parametrize("metadata", [None, {}, {"magics_language": "bash"}, {"magics_language": ["bash"]}])
def test_code_is_coloured_as_nbconvert_does_it(metadata):
    theirs = Highlight2HTML()
    for source in ("for x in range(3):\n    print('<x>')", "ls $HOME", "", "!ls"):
        known = metadata if metadata != {"magics_language": ["bash"]} else None
        assert highlighted(source, metadata=metadata) == theirs(source, metadata=known)
    assert highlighted("echo $HOME", metadata={"magics_language": "bash"}) != highlighted("echo $HOME")
