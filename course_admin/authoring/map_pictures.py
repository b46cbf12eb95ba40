"""Make the pictures of notebooks/README.md that labs draw themselves.

`python -m course_admin.authoring.map_pictures [LAB ...]` runs the set-up cells and one section of the instructors'
notebook, and saves one figure as docs/pictures/<lab>.png. The section is run without the other sections, as students
can run it. The pictures of labs 01 and 05 are screenshots of moving figures, so they are not made here.
"""

from __future__ import annotations

import io
import re
import sys

import nbformat
from nbclient import NotebookClient
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_notebook
from PIL import Image

from course_admin.authoring.figure_sheets import figures_of
from course_admin.course import CourseError, Lab, find_labs, find_root

PICTURES = {
    "02_manual_weights": (6, "with 32 codes"),
    "03_sparse_denoising": (4, "your denoiser"),
    "04_conv": (5, "give the indices"),
    "06_semi_supervised": (2, "SVM"),
}
"""For each lab: the section that draws the figure, and words in the figure's alt text."""
WIDTH = 1000  # pixels
LARGEST = 150 * 1024  # bytes


def main(names: list[str]) -> int:
    """Save the picture of each named lab, or of all labs in PICTURES, and return the exit code."""
    try:
        root = find_root()
        for lab in find_labs(root, names or list(PICTURES)):
            path = root / "docs" / "pictures" / f"{lab.name}.png"
            path.write_bytes(small(figure(lab)))
            print(f"{lab.show(path)}: {path.stat().st_size // 1024} kB", flush=True)
    except CourseError as error:
        print(f"pictures: {error}", file=sys.stderr)
        return 1
    return 0


def figure(lab: Lab) -> bytes:
    """Return the PNG of the first figure that has the words of PICTURES in its alt text. Later cells are not run.

    Cells that fail are ignored. Raises CourseError if there is no such figure, or if PICTURES does not have the lab.
    """
    if lab.name not in PICTURES:
        raise CourseError(f"no picture is chosen for {lab.name}: add it to PICTURES in {__name__}")
    if not lab.source.is_file():
        raise CourseError(f"lab {lab.name} is not built: run `course build {lab.name}` first")
    section, words = PICTURES[lab.name]
    notebook = nbformat.read(lab.source, as_version=4)
    only_section(notebook, section)
    place = {"metadata": {"path": str(lab.source.parent)}}
    client = NotebookClient(notebook, timeout=None, allow_errors=True, resources=place)
    with client.setup_kernel():
        for i, cell in enumerate(notebook.cells):
            client.execute_cell(cell, i)
            for found in figures_of(new_notebook(cells=[cell])):
                if words in found.alt:
                    return found.png
    raise CourseError(f"{lab.name}: section {section} draws no figure with {words!r} in its alt text")


def only_section(notebook: NotebookNode, number: int) -> None:
    """Remove all cells of a notebook except those before the first numbered heading and those of one section."""
    section, kept = None, []
    for cell in notebook.cells:
        heading = cell.cell_type == "markdown" and re.search(r"^## (\d+) ·", cell.source, flags=re.MULTILINE)
        section = int(heading.group(1)) if heading else section
        if section in (None, number):
            kept.append(cell)
    notebook.cells = kept


def small(png: bytes) -> bytes:
    """Return a PNG on white with 256 colours, at most WIDTH pixels wide and at most LARGEST bytes large.

    Raises CourseError if it has more bytes.
    """
    drawn = Image.open(io.BytesIO(png)).convert("RGBA")
    scale = min(1, WIDTH / drawn.width)
    drawn = drawn.resize((round(drawn.width * scale), max(1, round(drawn.height * scale))))
    page = Image.new("RGB", drawn.size, "white")
    page.paste(drawn, (0, 0), drawn)
    file = io.BytesIO()
    page.quantize(256).save(file, "PNG", optimize=True)
    if file.tell() > LARGEST:
        raise CourseError(f"the picture has {file.tell() // 1024} kB, at most {LARGEST // 1024} are wanted")
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
