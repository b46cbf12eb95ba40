"""Markdown, HTML and code of a student as HTML in which nothing runs, loads or poses as a part of the page."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import pass_context
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath

from course_admin.feedback.formulas import as_mathml

TAGS = frozenset(
    [
        *("a", "abbr", "b", "blockquote", "br", "code", "del", "details", "dd", "div", "dl", "dt", "em", "hr", "i"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "img", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "summary"),
        *("sup", "table", "tbody", "td", "th", "thead", "tr", "ul"),
    ]
)


PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*\Z")


ELSEWHERE = re.compile(r"https?://|mailto:|#", re.IGNORECASE)
"""Where a link may lead: not to a file by its name alone. The formgrader serves what was handed in from the address of
its own pages, so that a student's page would run as one of them.
"""


CLASSES = re.compile(r"[a-z0-9]{1,3}|highlight|language-[\w+-]+|dataframe|table|anchor-link|admonition")
"""Highlighted code and tables. The formgrader's script finds its fields and buttons by class and id: a student's
`<span class="full-credit">` would be one.
"""


MOST_MARKDOWN, MOST_BRACKETS, MOST_TAGS, MOST_OF_A_LINE = 20_000, 1000, 10_000, 1000
"""What of one text is rendered: characters of markdown beside its pictures, "[" in it, "<" and "&" in HTML,
characters of a line of code. All that renders takes time as the square of one of them, and the formgrader does nothing
else meanwhile. More than that is shown as it is.
"""


PASTED = re.compile(r"data:image/[a-z+.-]+;base64,[A-Za-z0-9+/=]+")


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
    renderer = _Renderer(escape=False, attachments=attachments)
    rendered = safe_html(MarkdownWithMath(renderer=renderer).render(source))
    # Put in last: a page in which students' MathML stayed would be harder to keep safe.
    return re.sub(f"{renderer.mark}([0-9]+)_", lambda found: renderer.formulas[int(found[1])], rendered)


class _Renderer(IPythonRenderer):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.formulas: list[str] = []
        self.mark = f"formula{secrets.token_hex(8)}x"
        """Stands for a formula until all else is cleaned; nobody can write it beforehand."""

    def _formula(self, source: str, display: str) -> str:
        self.formulas.append(as_mathml(source.strip(), display))
        return f"{self.mark}{len(self.formulas) - 1}_"

    def inline_math(self, body: str) -> str:
        return self._formula(body, "inline")

    def block_math(self, body: str) -> str:
        return f"<p>{self._formula(body, 'block')}</p>"

    def latex_environment(self, name: str, body: str) -> str:
        return self.block_math(f"\\begin{{{name}}}{body}\\end{{{name}}}")

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

    if isinstance(source, _Escaped):  # of the templates' markdown filter, which they hand on to this one
        return source
    source = source.decode("utf-8", "replace") if isinstance(source, bytes) else str(source)
    if source.count("<") + source.count("&") > MOST_TAGS:
        return _as_it_is(source)
    return bleach.clean(source, tags=TAGS, attributes=_allowed, protocols={"http", "https", "mailto", "data"})


class _Escaped(str):
    """HTML that holds no tags but one <pre>: nothing is left to clean."""


def _as_it_is(source: str) -> _Escaped:
    # The templates look for links of old in what is rendered, which takes time with each bracket too.
    return _Escaped("<pre>" + html.escape(source).replace("[", "&#91;") + "</pre>")


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
