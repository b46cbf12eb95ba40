"""Show the model answer and the mark scheme above a student's written answer, only on the formgrader's pages.

They are in the instructor's notebook, between BEGIN SOLUTION and END SOLUTION, and between BEGIN MARK SCHEME and END
MARK SCHEME. nbgrader removes both from the release. So they are not in submissions and feedback, which are made from a
release.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from course_admin.common import regions


class ShowMarkScheme(NbGraderPreprocessor):
    """Put model answer and mark scheme above each answer that a person marks, on the formgrader's pages."""

    course_root = Unicode(".", help="The course's folder; `configure` sets it.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        # Feedback pages use the same exporter. Only the formgrader (its SubmissionHandler) sets a submission_id.
        if not resources.get("submission_id"):
            return nb, resources
        schemes = read_schemes(Path(self.course_root), str(resources.get("assignment_id", "")))
        cells = []
        for cell in nb.cells:
            scheme = schemes.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
            if scheme:
                cells.append(new_markdown_cell(scheme))
            cells.append(cell)
        nb.cells = cells
        return nb, resources


def read_schemes(root: Path, lab: str) -> dict[str, str]:
    """Return the text above each answer that a person marks, as markdown by grade_id.

    It comes from source/<lab>/<lab>.ipynb. Returns {} if that notebook is missing or invalid.
    """
    try:
        cells = json.loads((root / "source" / lab / f"{lab}.ipynb").read_text(encoding="utf-8"))["cells"]
        found = {}
        for cell in cells:
            about = cell["metadata"].get("nbgrader", {})
            if (about.get("grade") and about.get("solution")) or about.get("task"):
                found[about["grade_id"]] = _for_graders("".join(cell["source"]), cell["cell_type"] == "code")
        return {name: text for name, text in found.items() if text}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _for_graders(source: str, code: bool) -> str:
    scheme = "\n".join(regions.texts(source, regions.MARK_SCHEME)).strip()
    rest = regions.without(source, regions.MARK_SCHEME)
    # Without a region, nbgrader replaces the whole cell, so the whole cell is the model answer.
    model = "\n".join(regions.texts(rest, regions.SOLUTION) or [rest]).strip()
    model = f"```python\n{model}\n```" if code and model else model
    parts = [("Model answer", model), ("Mark scheme", scheme)]
    return "\n\n".join(f"**{title}** (students never see it)\n\n{text}" for title, text in parts if text)
