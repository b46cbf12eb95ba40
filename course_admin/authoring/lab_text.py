"""Convert a lab's text (jupytext py:percent) to cells and back, and define which differences change a cell.

Two parts of the text are never in a notebook: comments before the first `# %%` line, and the blank lines between
cells. Both are kept byte for byte when the changes of a notebook are written back into the text.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

Cell = dict[str, Any]
"""A cell in its normal form with the keys cell_type, source and metadata, see `normal`."""

MARKER = re.compile(r"^# ?%%(\s|%|$)")

# Keys that JupyterLab, Colab, VS Code, nbgrader and jupytext add to a cell's metadata without being asked.
NOISE = frozenset(
    [
        "autoscroll",
        "cell_marker",
        "colab",
        "colab_type",
        "collapsed",
        "deletable",
        "editable",
        "ExecuteTime",
        "execution",
        "heading_collapsed",
        "hidden",
        "id",
        "jp-MarkdownHeadingCollapsed",
        "jukit_cell_id",
        "lines_to_end_of_cell_marker",
        "lines_to_next_cell",
        "noskipline",
        "outputId",
        "scrolled",
        "skipline",
        "slideshow",
        "trusted",
        "vscode",
    ]
)
INSTALL_TAG = "install"
INSTALL_LINE = (
    "# Here the build puts the cell that installs course_utils where it is missing "
    "(course_admin/authoring/install_cell.py)."
)
"""The source of a cell tagged `install` in the text. In the notebooks it is the full cell, the same in every lab."""

# Keys of graded cells, which come first in the `# %%` line.
FIRST_KEYS = ("nbgrader", "exercise", "check", "written", "points", "tags")
NBGRADER_NOISE = frozenset(["checksum", "cell_type"])


@dataclass(frozen=True)
class Chunk:
    """A cell in the text. text: its lines; gap: the line ends and blank lines after it; line: the line number of its
    marker, counted from 1; first: the line number of the first line of its source.
    """

    cell: Cell
    text: str
    gap: str
    line: int
    first: int


@dataclass(frozen=True)
class LabText:
    """The parts of a lab's text: the header followed by each chunk's text and gap is the complete text."""

    header: str
    chunks: tuple[Chunk, ...]

    @property
    def cells(self) -> list[Cell]:
        return [chunk.cell for chunk in self.chunks]

    @property
    def lines(self) -> list[tuple[int, int]]:
        """For each cell, the line number of its marker and that of the first line of its source."""
        return [(chunk.line, chunk.first) for chunk in self.chunks]

    def __str__(self) -> str:
        return self.header + "".join(chunk.text + chunk.gap for chunk in self.chunks)


def normal(cell: Any) -> Cell:
    """Return a notebook's cell in its normal form, without the parts that do not count as a change: outputs, execution
    counts, ids, editors' metadata, kinds of line ends, blank lines at both ends.

    Missing nbgrader keys are added, so the text may use the short form nbgrader={"grade_id": "standardise",
    "solution": true}.
    """
    metadata = {key: value for key, value in json.loads(json.dumps(cell["metadata"])).items() if key not in NOISE}
    if isinstance(metadata.get("jupyter"), dict):
        metadata["jupyter"].pop("outputs_hidden", None)
    for key in ("jupyter", "tags"):
        if not metadata.get(key, True):
            del metadata[key]
    if isinstance(metadata.get("nbgrader"), dict):
        metadata["nbgrader"] = _complete(metadata["nbgrader"])
    elif "nbgrader" in metadata:  # not a JSON object: `parse` reports it
        del metadata["nbgrader"]
    if isinstance(metadata.get("points"), float) and metadata["points"].is_integer():
        metadata["points"] = int(metadata["points"])
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    source = source.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if INSTALL_TAG in metadata.get("tags", []):
        source = INSTALL_LINE
    return {"cell_type": cell["cell_type"], "source": source, "metadata": _ordered(metadata)}


def normal_cells(cells: list[Any]) -> list[Cell]:
    """Return cells in their normal form, without the empty cells that JupyterLab leaves at the end of a notebook."""
    found = [normal(cell) for cell in cells]
    while found and not found[-1]["source"].strip() and "nbgrader" not in found[-1]["metadata"]:
        found.pop()
    return found


def digest(cells: list[Cell]) -> str:
    """Return a digest of cells in their normal form: two notebooks with the same digest have the same cells."""
    return "sha256:" + hashlib.sha256(json.dumps(cells, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def parse(text: str) -> tuple[LabText, list[tuple[int, str]]]:
    """Split a lab's text into cells. Return the parts and the faults, as (line, reason); if there is any fault, the
    cells may be incomplete.
    """
    import jupytext

    text = text.replace("\r\n", "\n")
    lines = text.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if MARKER.match(line)]
    if not starts:
        return LabText(text, ()), [(1, "no cell: a cell begins with a line `# %%` (code) or `# %% [markdown]`")]
    header = "".join(lines[: starts[0]])
    wrong = list(_header_problems(lines[: starts[0]]))
    pieces = ["".join(lines[start:end]) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]
    try:
        cells = jupytext.reads("".join(pieces), fmt="py:percent").cells
    except Exception as error:  # jupytext and nbformat raise many kinds
        return LabText(header, ()), [*wrong, (starts[0] + 1, f"jupytext cannot read the cells: {_first_line(error)}")]
    if len(cells) != len(pieces):
        inside = _marker_inside(pieces)
        reason = (
            "a line that looks like the start of a cell (`# %%`) stands inside a string or a fenced block: change it"
        )
        return LabText(header, ()), [*wrong, (starts[inside] + 1, reason)]
    chunks = []
    for start, piece, cell in zip(starts, pieces, cells, strict=True):
        body = piece.rstrip("\n")
        wrong.extend((start + 1, reason) for reason in _chunk_problems(body, cell))
        blank = re.match(r"[^\n]*\n(#?[ \t]*\n)*" if cell.cell_type != "code" else r"[^\n]*\n([ \t]*\n)*", body)
        first = start + 1 + (blank[0].count("\n") if blank else 0)
        chunks.append(Chunk(normal(cell), body, piece[len(body) :], start + 1, first))
    return LabText(header, tuple(chunks)), wrong


def write_cell(cell: Cell) -> str:
    """Return one cell as py:percent text, without a final line end."""
    import jupytext
    import nbformat.v4 as v4

    make = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell, "raw": v4.new_raw_cell}[cell["cell_type"]]
    notebook = v4.new_notebook(cells=[make(cell["source"], metadata=cell["metadata"])])
    # Without the filters, jupytext writes a header and omits metadata that it does not know.
    notebook.metadata["jupytext"] = {"notebook_metadata_filter": "-all", "cell_metadata_filter": "all"}
    return jupytext.writes(notebook, fmt="py:percent").rstrip("\n")


def take_back(old: LabText, cells: list[Cell], shortened: Callable[[list[Cell]], list[Cell]] = list) -> str:
    """Return the text for `cells`. Cells that are unchanged since `old` keep their text byte for byte.

    shortened: converts cells to the short form of the text; two cells with the same short form are the same.
    Raises ValueError with a cell's position (from 0) when that cell cannot be written as py:percent.
    """
    cells = shortened(cells)
    keys = [json.dumps(cell, sort_keys=True) for cell in shortened(old.cells)]
    new_keys = [json.dumps(cell, sort_keys=True) for cell in cells]
    chunks: list[Chunk] = []
    for tag, i, i_end, j, j_end in difflib.SequenceMatcher(None, keys, new_keys, autojunk=False).get_opcodes():
        if tag == "equal":
            chunks.extend(old.chunks[i:i_end])
            continue
        for offset, cell in enumerate(cells[j:j_end]):
            before = old.chunks[i + offset] if i + offset < i_end else None
            chunks.append(_rewritten(before, cell))
    if not chunks:
        raise ValueError(0)
    # Only the last chunk may have the gap at the end of the file.
    last = len(chunks) - 1
    for position, chunk in enumerate(chunks):
        moved = not old.chunks or (position == last) != (chunk is old.chunks[-1])
        if position == last:
            chunks[position] = replace(chunk, gap=old.chunks[-1].gap if old.chunks else "\n")
        elif moved and chunk.gap.count("\n") < 2:
            chunks[position] = replace(chunk, gap="\n\n")
    text = str(LabText(old.header, tuple(chunks)))
    again = shortened(parse(text)[0].cells)
    if normal_cells(again) != normal_cells(cells):
        raise ValueError(next((k for k, (a, b) in enumerate(zip(again, cells, strict=False)) if a != b), len(again)))
    return text


def _rewritten(before: Chunk | None, cell: Cell) -> Chunk:
    # If type and metadata are unchanged, the old marker line is kept: its keys may be in another order.
    text = write_cell(cell)
    if before and (before.cell["cell_type"], before.cell["metadata"]) == (cell["cell_type"], cell["metadata"]):
        text = "\n".join([before.text.split("\n", 1)[0], *text.split("\n")[1:]])
    return Chunk(cell, text, before.gap if before else "\n\n", 0, 0)


def _complete(meta: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in meta.items() if key not in NBGRADER_NOISE}
    for key in ("grade", "solution", "task"):
        kept.setdefault(key, False)
    kept.setdefault("locked", bool(kept["grade"] and not kept["solution"]))
    kept.setdefault("schema_version", 3)
    points = kept.get("points")
    if isinstance(points, float) and points.is_integer():
        kept["points"] = int(points)
    if points is None:
        kept.pop("points", None)
    return dict(sorted(kept.items()))


def _ordered(metadata: dict[str, Any]) -> dict[str, Any]:
    first = [key for key in FIRST_KEYS if key in metadata]
    return {key: metadata[key] for key in [*first, *sorted(set(metadata) - set(first))]}


def _header_problems(lines: list[str]):
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            yield number, "text before the first cell that is no comment: begin a cell with `# %%`"
            return
    for number, line in enumerate(lines, 1):
        if re.match(r"#\s*formats\s*:", line):
            yield (
                number,
                "jupytext's pairing (`formats:`) can bring answers back into student copies: take this line out",
            )


def _chunk_problems(body: str, cell: Any):
    marker, _, rest = body.partition("\n")
    metadata = cell["metadata"]
    if "incorrectly_encoded_metadata" in metadata or (
        re.search(r"nbgrader|grade_id|\b(exercise|check|written|points|tags)\s*=", marker)
        and not set(FIRST_KEYS) & set(metadata)
    ):
        yield (
            "the metadata in the `# %%` line cannot be read: "
            'write key=JSON, as in exercise="x" or nbgrader={"grade_id": "x"}'
        )
    elif "nbgrader" in metadata and not isinstance(metadata["nbgrader"], dict):
        yield 'nbgrader= in the `# %%` line must be a JSON object, as in nbgrader={"grade_id": "x", "locked": true}'
    elif str(metadata.get("title", "")).startswith("["):
        yield f"unknown kind of cell {metadata['title'].split(']')[0]}]: write [markdown], [raw] or nothing for code"
    if cell["cell_type"] != "code" and not all(line.startswith("#") or not line.strip() for line in rest.split("\n")):
        try:
            nodes = ast.parse(rest).body
            prose = all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in nodes)
        except SyntaxError:
            prose = False
        if not prose:
            yield "every line of a markdown cell begins with `# `: one does not"


def _marker_inside(pieces: list[str]) -> int:
    # Return the index of the first piece that jupytext does not read as exactly one new cell.
    import jupytext

    for count in range(1, len(pieces) + 1):
        if len(jupytext.reads("".join(pieces[:count]), fmt="py:percent").cells) != count:
            return count - 1
    return 0


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
