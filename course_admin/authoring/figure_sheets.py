"""Contact sheets: one image per lab, with every figure that its notebook draws and the alt text below each figure.

`make figures` runs the instructors' notebooks and writes out/figures/<lab>.png. An instructor can then look at all
figures, and read their alt texts, in a minute. COURSE_BUDGET sets how long the models train, as in the notebooks.
"""

from __future__ import annotations

import base64
import io
import re
import sys
import textwrap
from html import unescape
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient
from PIL import Image, ImageDraw, ImageFont

from course_admin.course import CourseError, Lab, find_labs, find_root

COLUMN = 640  # pixels
GAP = 20


class Figure(NamedTuple):
    png: bytes
    alt: str


def main(names: list[str]) -> int:
    """Write a contact sheet for each named lab, or for all labs if none is named. Return the exit code."""
    try:
        root = find_root()
        for lab in find_labs(root, names):
            print(f"{lab.name}: running the notebook", flush=True)
            figures = figures_of(run(lab))
            if not figures:
                print(f"{lab.name}: no figures")
                continue
            path = root / "out" / "figures" / f"{lab.name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            sheet(figures).save(path)
            print(f"{lab.name}: {len(figures)} figures on {lab.show(path)}")
    except CourseError as error:
        print(f"figures: {error}", file=sys.stderr)
        return 1
    return 0


def run(lab: Lab) -> nbformat.NotebookNode:
    """Run the instructors' notebook and return it with its outputs.

    A cell that fails does not stop the run. Figures that it did not draw are missing.
    """
    if not lab.source.is_file():
        raise CourseError(f"{lab.show(lab.source)} is missing: run `course build` first")
    notebook = nbformat.read(lab.source, as_version=4)
    NotebookClient(
        notebook, timeout=None, allow_errors=True, resources={"metadata": {"path": str(lab.source.parent)}}
    ).execute()
    return notebook


def figures_of(notebook: nbformat.NotebookNode) -> list[Figure]:
    """Return the PNG pictures in a notebook's outputs with their alt texts, in the order of the outputs."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            html = data.get("text/html", "")
            inline = re.search(r'<img[^>]*src="data:image/png;base64,([^"]+)"', html)
            png = data.get("image/png") or (inline.group(1) if inline else None)
            if png:
                alt = output.get("metadata", {}).get("image/png", {}).get("alt") or _alt_in(html)
                found.append(Figure(base64.b64decode(png), alt or data.get("text/plain", "")))
    return found


def sheet(figures: list[Figure], columns: int = 3) -> Image.Image:
    """Return one image with all figures on white, in rows of `columns`.

    A figure wider than its column is scaled down to the column's width. Each figure's alt text stands below the figure.
    """
    font = ImageFont.load_default(size=14)
    tiles = [_tile(figure, font) for figure in figures]
    rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
    heights = [max(tile.height for tile in row) for row in rows]
    width = max(len(row) for row in rows) * (COLUMN + GAP) + GAP
    picture = Image.new("RGB", (width, sum(heights) + GAP * (len(rows) + 1)), "white")
    top = GAP
    for row, height in zip(rows, heights, strict=True):
        for column, tile in enumerate(row):
            picture.paste(tile, (GAP + column * (COLUMN + GAP), top))
        top += height + GAP
    return picture


def _tile(figure: Figure, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> Image.Image:
    drawn = Image.open(io.BytesIO(figure.png)).convert("RGBA")
    scale = min(1, COLUMN / drawn.width)
    drawn = drawn.resize((max(1, round(drawn.width * scale)), max(1, round(drawn.height * scale))))
    words = textwrap.wrap(figure.alt or "(no alt text)", 84)
    tile = Image.new("RGB", (COLUMN, drawn.height + 8 + 18 * len(words)), "white")
    tile.paste(drawn, (0, 0), drawn)
    ImageDraw.Draw(tile).multiline_text((0, drawn.height + 6), "\n".join(words), fill="black", font=font)
    return tile


def _alt_in(html: str) -> str:
    found = re.search(r'alt="([^"]*)"', html)
    return unescape(found.group(1)) if found else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
