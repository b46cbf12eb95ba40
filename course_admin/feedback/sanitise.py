"""Convert a student's markdown, HTML and code to safe HTML.

Nothing in it runs scripts, loads other files or imitates parts of the page.
"""

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
"""The allowed targets of links, without relative file names. The formgrader serves submitted files from the address of
its own pages, so a student's HTML file would run with the rights of the formgrader.
"""


CLASSES = re.compile(r"[a-z0-9]{1,3}|highlight|language-[\w+-]+|dataframe|table|anchor-link|admonition")
"""The allowed classes, for highlighted code and tables. The formgrader's script finds its fields and buttons by class
and id, so a student's `<span class="full-credit">` would act as such a button.
"""


MOST_MARKDOWN, MOST_BRACKETS, MOST_TAGS, MOST_OF_A_LINE = 20_000, 1000, 10_000, 1000
"""The limits for rendering a text: characters of markdown without its pictures, "[" in markdown, "<" and "&" in HTML,
characters in a line of code. Rendering time grows with the square of one of these numbers, and the formgrader is
blocked meanwhile. A text that exceeds a limit is shown as source text.
"""


PASTED = re.compile(r"data:image/[a-z+.-]+;base64,[A-Za-z0-9+/=]+")


@pass_context
def cell_markdown(context: Any, source: str) -> str:
    """The pages' filter `markdown2html`: safe_markdown with the pictures that were pasted into the cell."""
    cell = context.get("cell") or {}
    return safe_markdown(source, cell.get("attachments") if isinstance(cell, dict) else None)


def safe_markdown(source: str, attachments: Mapping[str, Mapping[str, str]] | None = None) -> str:
    """Return markdown as HTML without scripts, external content and links to scripts.

    nbconvert's `sanitize_html` cleans outputs, but not the markdown cells of nbgrader's pages.
    attachments: of the cell, by name. A missing attachment is left out; with nbconvert, the whole page would fail.
    """
    return _rendered(source) if not attachments else _render(source, attachments)


@lru_cache(maxsize=1024)
def _rendered(source: str) -> str:
    """Cached, because most cells are the lab's own and the same for a whole class."""
    return _render(source, {})


def highlighted(source: str, language: str | None = None, metadata: Mapping[str, Any] | None = None) -> str:
    """The pages' filter `highlight_code`.

    metadata: of the cell. Its "magics_language" is the language of a cell like %%bash.
    """
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
    # Insert the formulas after cleaning: if cleaning let MathML pass, students' own MathML would be a risk.
    return re.sub(f"{renderer.mark}([0-9]+)_", lambda found: renderer.formulas[int(found[1])], rendered)


class _Renderer(IPythonRenderer):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.formulas: list[str] = []
        self.mark = f"formula{secrets.token_hex(8)}x"
        """The placeholder of a formula until everything else is cleaned. It is random, so students cannot write it."""

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
    """Return HTML without scripts, external content, and imitations of the page's own fields and buttons.

    It replaces the pages' filter `clean_html`: nbconvert's own filter keeps every class and id.
    """
    import bleach

    if isinstance(source, _Escaped):  # the templates pass the result of the markdown filter to this filter
        return source
    source = source.decode("utf-8", "replace") if isinstance(source, bytes) else str(source)
    if source.count("<") + source.count("&") > MOST_TAGS:
        return _as_it_is(source)
    return bleach.clean(source, tags=TAGS, attributes=_allowed, protocols={"http", "https", "mailto", "data"})


class _Escaped(str):
    """HTML with a single tag <pre> and escaped text, which needs no cleaning."""


def _as_it_is(source: str) -> _Escaped:
    # The templates search rendered text for old-style links. Brackets make that slow, so they are replaced.
    return _Escaped("<pre>" + html.escape(source).replace("[", "&#91;") + "</pre>")


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "class":
        return all(CLASSES.fullmatch(word) for word in value.split())
    if name == "title":
        return True
    if tag == "a":
        return name == "href" and bool(ELSEWHERE.match(value))
    if tag == "img":
        # With a picture from a server, that server could see who reads the page, and when.
        return name in ("alt", "width", "height") or (
            name == "src" and (bool(PICTURE.match(value)) or _is_local(value))
        )
    return name in ("colspan", "rowspan", "align") and tag in ("td", "th")


def _is_local(value: str) -> bool:
    return bool(re.fullmatch(r"[\w][\w./ -]*", value)) and ".." not in value
