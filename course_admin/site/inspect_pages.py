"""Check a site before it is handed out: every link has a target, nothing is loaded from another site, and every
picture has alt text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADS = {("img", "src"), ("script", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"), ("video", "src")}
LOADS |= {("audio", "src"), ("embed", "src"), ("object", "data"), ("use", "href"), ("input", "src")}
LOADS |= {("video", "poster"), ("track", "src"), ("frame", "src"), ("use", "xlink:href"), ("image", "href")}
STYLE_LOADS = re.compile(r"""url\(\s*['"]?((?:https?:)?//[^'")\s]+)|@import\s+['"]((?:https?:)?//[^'"]+)""")
ELSEWHERE = re.compile(r"(?:[a-z]+:)?//", re.IGNORECASE)


@dataclass
class Page(HTMLParser):
    """The content of a page: element ids, links, addresses that it loads, pictures without alt text, and its text.

    The text includes the values of attributes.
    """

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    without_words: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.add(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "img" and not given.get("alt", "").strip():
            self.without_words.append(given.get("src", "")[:80])
        for name, value in given.items():
            if (tag, name) in LOADS:
                self.loads.append(value)
            if name in ("srcset", "imagesrcset"):  # addresses with widths, separated by commas
                self.loads += [part.split()[0] for part in re.split(r",\s+", value.strip()) if part.split()]
            if name == "style":
                self.loads += _of_style(value)
            if not value.startswith("data:"):
                self.parts.append(f"\n{value}\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)
        if self.lasttag == "style":
            self.loads += _of_style(data)

    @property
    def text(self) -> str:
        return "".join(self.parts)


def read_page(text: str) -> Page:
    page = Page()
    page.feed(text)
    page.close()
    return page


def read_pages(site: Path) -> dict[str, Page]:
    """Return all pages of a site by their path."""
    paths = sorted(site.rglob("*.html"))
    return {path.relative_to(site).as_posix(): read_page(path.read_text(encoding="utf-8")) for path in paths}


def faults(site: Path, pages: dict[str, Page]) -> Iterator[str]:
    """Yield the faults of a site, one line for each fault."""
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    for name, page in pages.items():
        yield from (f"{name}: a picture without alt text: {source}" for source in page.without_words)
        for address in page.loads:
            if ELSEWHERE.match(address):
                yield f"{name} loads {address} from elsewhere"
            elif not address.startswith("data:") and _file(name, address) not in files:
                yield f"{name} loads {address}, which is not there"
        for address in page.links:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = _file(name, address) if parts.path else name
            if target not in files:
                yield f"{name} has a link to {address}, which is not there"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
                yield f"{name} has a link to {address}: the page has no such place"
    for path in sorted(site.rglob("*.css")):
        for address in _of_style(path.read_text(encoding="utf-8", errors="ignore")):
            yield f"{path.relative_to(site).as_posix()} loads {address} from elsewhere"


def _of_style(text: str) -> list[str]:
    return [first or second for first, second in STYLE_LOADS.findall(text)]


def _file(page: str, address: str) -> str:
    """Return the path, in the site, of the file that an address on a page refers to."""
    parts: list[str] = page.split("/")[:-1]
    path = unquote(urlsplit(address).path)
    if path.endswith("/") or not path:
        path += "index.html"
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
