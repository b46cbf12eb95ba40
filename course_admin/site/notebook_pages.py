"""Convert an executed notebook to the form that Sphinx reads with myst-nb, and extract the pictures of its page."""

from __future__ import annotations

import base64
import copy
import hashlib
import html
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_output

from course_admin.authoring.lab_text import INSTALL_TAG
from course_admin.feedback.formulas import as_mathml

PICTURE = re.compile(r'<img alt="([^"<>]*)" width="(\d+)" src="data:image/png;base64,([A-Za-z0-9+/=]+)">')
"""The HTML that course_utils.plotting.alt.to_html writes."""
ANSI = re.compile(r"\x1b\[[0-9;]*m")
SLIDERS = "Sliders move this picture when the notebook runs."
WIDGET = "application/vnd.jupyter.widget-view+json"


def page_of(notebook: NotebookNode, pictures: str, *, lazy: bool = True) -> tuple[NotebookNode, dict[str, bytes]]:
    """Return a copy of a notebook for myst-nb, and its pictures by file name.

    pictures: the address of the folder of pictures, relative to the page; lazy: load pictures only when they come into
    view, which never happens when a page is printed. A message about an unfinished exercise becomes a plain line. The
    cell that installs course_utils is left out.
    """
    made, found = copy.deepcopy(notebook), dict[str, bytes]()
    widgets = made.metadata.pop("widgets", {})
    for cell in made.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            cell.source = _for_myst(cell.source)
        elif INSTALL_TAG in tags:
            cell.metadata["tags"] = [*tags, "remove-cell"]
        elif "setup" in tags:
            cell.metadata["tags"] = [*tags, "hide-input"]
        if cell.cell_type == "code":
            cell.outputs = [
                _output(output, widgets, partial(_files, pictures=pictures, found=found, lazy=lazy))
                for output in cell.outputs
            ]
    return made, found


def title_of(notebook: NotebookNode) -> str:
    """Return the notebook's first heading of level 1; "A lab" if there is none."""
    return next((line[2:].strip() for line in _prose(notebook) if line.startswith("# ")), "A lab")


def promise_of(notebook: NotebookNode) -> str:
    """Return the paragraph on what the reader will do: it begins with "You will"; empty if there is none."""
    return next(
        (" ".join(part.split()) for part in "\n".join(_prose(notebook)).split("\n\n") if part.startswith("**You will")),
        "",
    )


def write_notebook(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook for Sphinx."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def _prose(notebook: NotebookNode) -> list[str]:
    return [line for cell in notebook.cells if cell.cell_type == "markdown" for line in [*cell.source.split("\n"), ""]]


def _for_myst(source: str) -> str:
    """Return Markdown in which formulas and code on lines with `<details` are HTML.

    JupyterLab shows formulas and code inside of HTML; MyST does not recognise them there.
    """
    return "\n".join(
        _with_mathml(line) if line.lstrip().startswith("<details") else line for line in source.split("\n")
    )


def _with_mathml(line: str) -> str:
    line = re.sub(r"\$([^$]+)\$", lambda found: as_mathml(html.unescape(found[1])), line)
    return re.sub(r"`([^`]+)`", lambda found: f"<code>{found[1]}</code>", line)


def _output(output: NotebookNode, widgets: dict, files: Callable[[str], str]) -> NotebookNode:
    if output.output_type == "error":
        lines = output.traceback if len(output.traceback) == 1 else [f"{output.ename}: {output.evalue}"]
        return new_output("stream", name="stdout", text=ANSI.sub("", "\n".join(lines)) + "\n")
    data = output.get("data", {})
    if WIDGET in data:
        shown = _picture_of_widget(data[WIDGET]["model_id"], widgets)
        return _html(f"<figure>{files(shown)}<figcaption>{SLIDERS}</figcaption></figure>")
    if "text/html" in data:
        return _html(files(data["text/html"]))
    return output


def _html(text: str) -> NotebookNode:
    return new_output("display_data", data={"text/html": text})


def _files(text: str, *, pictures: str, found: dict[str, bytes], lazy: bool) -> str:
    """Return HTML whose embedded pictures are replaced by links to files, and add the files to `found`."""

    def file(match: re.Match[str]) -> str:
        data = base64.b64decode(match[3])
        name = f"{hashlib.sha256(data).hexdigest()[:16]}.png"
        found[name] = data
        width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
        later = ' loading="lazy"' if lazy else ""
        size = f'width="{match[2]}" height="{round(height * int(match[2]) / width)}"'
        return f'<img class="lab-figure" alt="{match[1]}" {size}{later} src="{pictures}/{name}">'

    return PICTURE.sub(file, text)


def _picture_of_widget(model: str, widgets: dict) -> str:
    """Return the HTML of the picture beside an explorer's sliders; empty if there is none."""
    state = widgets.get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    waiting, values = [model], []
    while waiting:
        about = state.get(waiting.pop(), {}).get("state", {})
        if "<img" in str(about.get("value", "")):
            values.append(about["value"])
        waiting += [child.removeprefix("IPY_MODEL_") for child in about.get("children", [])]
    return values[0] if values else ""
