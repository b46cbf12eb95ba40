"""Feedback pages: the student's work, points and messages, without hidden tests and without active student content."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.preprocessors import NbGraderPreprocessor

from course_admin.common import regions
from course_admin.common.graded_cells import KEY, is_automatic

FIGURE = re.compile(
    r'<img alt="(?P<alt>[^"<>]*)" width="(?P<width>[0-9]{1,4})" src="data:image/png;base64,(?P<data>[A-Za-z0-9+/=]+)">'
)
"""The HTML that course_utils.plotting.alt.to_html writes."""


ANSWERS_ONLY = (
    "only the set-up, the answers and the cells that you changed were run; the outputs of other cells are those in the "
    "file that you handed in, and say so"
)
STYLE = Path(__file__).with_name("style")
"""nbconvert includes <folder>/custom/custom.css in every page."""


class HideTests(NbGraderPreprocessor):
    """Remove from check cells the hidden tests and the output with only the number of points.

    nbgrader has filled in the hidden tests again from the gradebook. The number is for nbgrader; the line above it
    names the points in words. Only check cells are changed: nbgrader's ClearHiddenTests changes all cells, and if a
    student writes "BEGIN HIDDEN TESTS" in an answer, it fails and there is no page.
    """

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        if is_automatic(cell):
            cell.source = regions.without(cell.source, regions.HIDDEN_TESTS).rstrip()
            cell.outputs = [output for output in cell.outputs if output.output_type != "execute_result"]
        return cell, resources


class ShowFindings(NbGraderPreprocessor):
    """Put the findings of grading at the top of the page: what was repaired, what was stopped, what is missing."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        about = nb.metadata.get(KEY, {})
        late = [about["late"]] if about.get("late") else []
        partly = [ANSWERS_ONLY] if about.get("answers_only") else []
        findings = [*about.get("newer", []), *late, *about.get("findings", []), *partly]
        if findings:
            lines = "\n".join(f"- {_as_text(str(line))}" for line in findings)
            nb.cells.insert(0, new_markdown_cell(f"**Notes on your submission**\n\n{lines}", id="findings"))
        return nb, resources


class PlainPictures(NbGraderPreprocessor):
    """Convert the course's figures from HTML to PNG outputs with their alt text in the metadata.

    In JupyterLab, a figure needs an <img> to have alt text. On nbgrader's pages, HTML from students is escaped, so a
    figure has to be a PNG output. Other HTML stays and is escaped.
    """

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        for output in cell.get("outputs", []):
            found = FIGURE.fullmatch(_joined(output.get("data", {}).get("text/html", "")))
            if found:
                del output.data["text/html"]
                output.data["image/png"] = found["data"]
                about = {"alt": html.unescape(found["alt"]), "width": int(found["width"])}
                output.metadata["image/png"] = NotebookNode(about)
        return cell, resources


class PageStyle(NbGraderPreprocessor):
    """Add style/custom/custom.css to a page. It wraps long lines.

    With the templates' own styles, a long line, for example a diagnosis, would extend beyond the right edge.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        resources["config_dir"] = str(STYLE)
        return nb, resources


class PlainNames(NbGraderPreprocessor):
    """Make values safe that the templates do not escape: escape names, keep only valid metadata of pictures.

    A student's name is the name of a folder, which can contain any HTML except a slash.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        for key in ("student", "first_name", "last_name", "notebook_path"):
            if isinstance(resources.get(key), str):
                resources[key] = html.escape(resources[key])
        for cell in nb.cells:
            for output in cell.get("outputs", []):
                if "metadata" in output:
                    output.metadata = NotebookNode({kind: _sizes(about) for kind, about in output.metadata.items()})
        return nb, resources


def _sizes(about: Any) -> dict[str, Any]:
    """Return only the valid width, height and alt text of a picture from an output's metadata."""
    about = about if isinstance(about, dict) else {}
    sizes = {key: about[key] for key in ("width", "height") if type(about.get(key)) is int}
    return sizes | ({"alt": about["alt"]} if isinstance(about.get("alt"), str) else {})


def _as_text(line: str) -> str:
    """Escape a line for markdown, because it may contain names that a student chose."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>&$~-])", r"\\\1", " ".join(line.split()))


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
