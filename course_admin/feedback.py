"""Feedback pages: the student's work, points and messages; never hidden tests, nothing live from a student."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import pass_context
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.preprocessors import NbGraderPreprocessor

from course_admin.submission import KEY, is_automatic, without_hidden

TAGS = frozenset(
    [
        *("a", "abbr", "b", "blockquote", "br", "code", "del", "details", "dd", "div", "dl", "dt", "em", "hr", "i"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "img", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "summary"),
        *("sup", "table", "tbody", "td", "th", "thead", "tr", "ul"),
    ]
)
PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*\Z")
FIGURE = re.compile(
    r'<img alt="(?P<alt>[^"<>]*)" width="(?P<width>[0-9]{1,4})" src="data:image/png;base64,(?P<data>[A-Za-z0-9+/=]+)">'
)
"""What course_utils.plotting.alt.to_html writes."""
ELSEWHERE = re.compile(r"https?://|mailto:|#", re.IGNORECASE)
"""Where a link may lead: not to a file by its name alone. The formgrader serves what was handed in from the address of
its own pages, so that a student's page would run as one of them.
"""
CLASSES = re.compile(r"[a-z0-9]{1,3}|highlight|language-[\w+-]+|dataframe|table|anchor-link|admonition")
"""Highlighted code and tables. The formgrader's script finds its fields and buttons by class and id: a student's
`<span class="full-credit">` would be one.
"""


MOST_MARKDOWN, MOST_BRACKETS, MOST_TAGS, MOST_OF_A_LINE = 20_000, 1000, 10_000, 1000
"""What of one text is rendered: characters of markdown beside its pictures, "[" in it, "<" in HTML, characters of a
line of code. All that renders takes time as the square of one of them, and the formgrader does nothing else meanwhile.
More than that is shown as it is.
"""
PASTED = re.compile(r"data:image/[a-z+.-]+;base64,[A-Za-z0-9+/=]+")


class HideTests(NbGraderPreprocessor):
    """Takes the hidden tests out of check cells, which nbgrader has filled in again from the gradebook.

    Of check cells alone: nbgrader's ClearHiddenTests looks everywhere, and a student who writes "BEGIN HIDDEN TESTS"
    in an answer would be left without a page.
    """

    def preprocess_cell(self, cell: NotebookNode, resources: Any, index: int) -> tuple[NotebookNode, Any]:
        if is_automatic(cell):
            cell.source = without_hidden(cell.source).rstrip()
        return cell, resources


class ShowFindings(NbGraderPreprocessor):
    """Puts what was found while grading at the top of the page: what was mended, what stopped, what went missing."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        about = nb.metadata.get(KEY, {})
        late = [about["late"]] if about.get("late") else []
        findings = [*about.get("newer", []), *late, *about.get("findings", [])]
        if findings:
            lines = "\n".join(f"- {_as_text(str(line))}" for line in findings)
            nb.cells.insert(0, new_markdown_cell(f"**Notes on your submission**\n\n{lines}", id="findings"))
        return nb, resources


class PlainPictures(NbGraderPreprocessor):
    """Turns the course's figures from HTML into pictures with their alt text beside them.

    In JupyterLab an <img> is what carries alt text; on nbgrader's pages HTML from students is escaped, so there a
    figure has to be a plain picture. Other HTML stays and is escaped.
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


@pass_context
def cell_markdown(context: Any, source: str) -> str:
    """The pages' `markdown2html`: safe_markdown with the pictures that were pasted into the cell."""
    cell = context.get("cell") or {}
    return safe_markdown(source, cell.get("attachments") if isinstance(cell, dict) else None)


def safe_markdown(source: str, attachments: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """Markdown as HTML in which nothing runs, loads from elsewhere or links to a script.

    nbconvert's `sanitize_html` cleans outputs but not the markdown cells of nbgrader's pages.
    attachments: of the cell, by name; one that is not there is left out, where nbconvert gives up the whole page.
    """
    return _rendered(source) if not attachments else _render(source, attachments)


@lru_cache(maxsize=1024)
def _rendered(source: str) -> str:
    """Most cells are the lab's own, the same for a whole class."""
    return _render(source, {})


def highlighted(source: str, language: str | None = None, metadata: Mapping[str, Any] | None = None) -> str:
    """The pages' `highlight_code`. metadata: of the cell, whose "magics_language" is that of a cell like %%bash."""
    magics = (metadata or {}).get("magics_language")
    return _coloured(source, language, magics if isinstance(magics, str) else None)


@lru_cache(maxsize=1024)
def _coloured(source: str, language: str | None, magics: str | None) -> str:
    if max(map(len, source.split("\n"))) > MOST_OF_A_LINE:
        language, magics = "text", None
    return Highlight2HTML()(source, language, {"magics_language": magics} if magics else None)


def _render(source: str, attachments: Mapping[str, Mapping[str, str]]) -> str:
    if len(PASTED.sub("", source)) > MOST_MARKDOWN or source.count("[") > MOST_BRACKETS:
        return _as_it_is(source)
    return safe_html(MarkdownWithMath(renderer=_Renderer(escape=False, attachments=attachments)).render(source))


class _Renderer(IPythonRenderer):
    def _embed_image_or_attachment(self, src: str) -> str:
        try:
            return super()._embed_image_or_attachment(src)
        except (InvalidNotebook, StopIteration):
            return ""


def safe_html(source: str | bytes) -> str:
    """HTML in which nothing runs, loads from elsewhere, or takes the place of the page's own fields and buttons. The
    pages' `clean_html`: nbconvert's own lets every class and id through.
    """
    import bleach

    source = source.decode("utf-8", "replace") if isinstance(source, bytes) else str(source)
    if source.count("<") > MOST_TAGS:
        return _as_it_is(source)
    return bleach.clean(source, tags=TAGS, attributes=_allowed, protocols={"http", "https", "mailto", "data"})


def _as_it_is(source: str) -> str:
    # The templates look for links of old in what is rendered, which takes time with each bracket too.
    return "<pre>" + html.escape(source).replace("[", "&#91;") + "</pre>"


class PlainNames(NbGraderPreprocessor):
    """Makes plain text of what the templates put into a page as it is: names, and the sizes of pictures.

    A student's name is that of a folder, which can hold all of HTML but a slash.
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
    """Of an output's metadata, what a picture may say of itself."""
    about = about if isinstance(about, dict) else {}
    sizes = {key: about[key] for key in ("width", "height") if type(about.get(key)) is int}
    return sizes | ({"alt": about["alt"]} if isinstance(about.get("alt"), str) else {})


def _as_text(line: str) -> str:
    """A line as markdown that shows it as it is. It may hold names that a student chose."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>&$~-])", r"\\\1", " ".join(line.split()))


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "class":
        return all(CLASSES.fullmatch(word) for word in value.split())
    if name == "title":
        return True
    if tag == "a":
        return name == "href" and bool(ELSEWHERE.match(value))
    if tag == "img":
        # A picture from a server would tell that server who reads the page, and when.
        return name in ("alt", "width", "height") or (
            name == "src" and (bool(PICTURE.match(value)) or _is_local(value))
        )
    return name in ("colspan", "rowspan", "align") and tag in ("td", "th")


def _is_local(value: str) -> bool:
    return bool(re.fullmatch(r"[\w][\w./ -]*", value)) and ".." not in value
