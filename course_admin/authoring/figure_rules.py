"""The rules of `course build` for figures: each picture has alt text, and each linked picture exists."""

from __future__ import annotations

import ast
import re
import urllib.parse
from collections.abc import Iterator
from html.parser import HTMLParser

from course_admin.authoring import cell_code
from course_admin.authoring.draft import Draft, Problem

# Functions of pyplot and seaborn that draw nothing.
NO_FIGURE = frozenset(
    [
        "axes_style",
        "close",
        "color_palette",
        "colormaps",
        "cubehelix_palette",
        "get_cmap",
        "ioff",
        "ion",
        "load_dataset",
        "plotting_context",
        "rc",
        "rc_context",
        "reset_defaults",
        "set",
        "set_context",
        "set_palette",
        "set_style",
        "set_theme",
        "setp",
        "show",
        "style",
        "xkcd",
    ]
)


def pictures_have_alt_text(draft: Draft) -> Iterator[Problem]:
    for number, cell in draft.numbered():
        if cell["cell_type"] == "markdown":
            for alt, target in _pictures(cell["source"]):
                if not alt.strip():
                    yield draft.at(number, f"the picture {target} has no alt text: write ![what it shows]({target})")
        elif cell["cell_type"] == "code":
            drawn = _draws_without_words(cell["source"])
            if drawn:
                yield draft.at(
                    number, f'{drawn} draws a figure without alt text: add describe(ax, "what it shows") in this cell'
                )


def pictures_exist(draft: Draft) -> Iterator[Problem]:
    folder = draft.lab.show(draft.lab.folder)
    for number, cell in draft.numbered():
        if cell["cell_type"] != "markdown":
            continue
        for _, target in _pictures(cell["source"]):
            if re.match(r"(https?|data):", target):
                continue
            if target.startswith("attachment:"):
                yield draft.at(
                    number, f"{target} was pasted into a notebook: save it in {folder}/ and link to that file"
                )
            elif urllib.parse.unquote(target.split("#")[0].split("?")[0]).removeprefix("./") not in draft.files:
                yield draft.at(number, f"the picture {target} does not exist: put it into {folder}/ or mend the link")


def _draws_without_words(source: str) -> str | None:
    tree = cell_code.tree(source)
    if tree is None:
        return None
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    if any(
        cell_code.called(call).split(".")[-1] == "describe" and cell_code.called(call) in DESCRIBERS for call in calls
    ):
        return None
    if any(word.arg == "alt" for call in calls for word in call.keywords):
        return None
    for call in calls:
        module, _, function = cell_code.called(call).partition(".")
        if module in ("plt", "sns") and function and function.split(".")[0] not in NO_FIGURE:
            return f"{module}.{function}"
        if cell_code.called(call) in ("Image", "SVG", "display.Image", "display.SVG"):
            return f"{cell_code.called(call)}(…)"
    return None


DESCRIBERS = frozenset(
    ["describe", "plotting.describe", "course_utils.plotting.describe"]
)  # the describe() method of a data frame adds no alt text


def _pictures(markdown: str) -> Iterator[tuple[str, str]]:
    """Yield (alt text, target) of every picture in a Markdown text. Code in the text is ignored."""
    text = re.sub(r"(?ms)^(\s*)(```+|~~~+).*?^\1\2\s*$", "", markdown)
    text = re.sub(r"(`+)(?:(?!\1).)+\1", "", text)
    for match in re.finditer(r"!\[([^\]]*)\]\(\s*(?:<([^>]*)>|([^)\s]*))", text):
        yield match[1], match[2] or match[3] or ""
    yield from _Images.of(text)


class _Images(HTMLParser):
    @staticmethod
    def of(text: str) -> list[tuple[str, str]]:
        parser = _Images()
        parser.found = []
        parser.feed(text)
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            given = dict(attrs)
            self.found.append((given.get("alt") or "", given.get("src") or ""))
