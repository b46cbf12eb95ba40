"""The mark scheme of a written answer, above the answer on the formgrader's pages and nowhere else.

It is in the instructor's notebook, between BEGIN MARK SCHEME and END MARK SCHEME. nbgrader takes it out of the
release, so that it is missing in everything that is made of a release: what students hand in, and their feedback.
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
    """Puts a cell with the mark scheme above each written answer of a page that the formgrader shows."""

    course_root = Unicode(".", help="The course's folder; `configure` sets it.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        # The formgrader alone gives its pages a submission_id (its SubmissionHandler); the exporter is feedback's too.
        if not resources.get("submission_id"):
            return nb, resources
        schemes = read_schemes(Path(self.course_root), str(resources.get("assignment_id", "")))
        cells = []
        for cell in nb.cells:
            scheme = schemes.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
            if scheme:
                cells.append(new_markdown_cell(f"**Mark scheme** (students never see it)\n\n{scheme}"))
            cells.append(cell)
        nb.cells = cells
        return nb, resources


def read_schemes(root: Path, lab: str) -> dict[str, str]:
    """The mark schemes in source/<lab>/<lab>.ipynb by grade_id; none where there is no such notebook."""
    try:
        cells = json.loads((root / "source" / lab / f"{lab}.ipynb").read_text(encoding="utf-8"))["cells"]
        return {
            cell["metadata"]["nbgrader"]["grade_id"]: scheme
            for cell in cells
            if (scheme := "\n".join(regions.texts("".join(cell["source"]), regions.MARK_SCHEME)).strip())
            and cell["metadata"].get("nbgrader", {}).get("grade")
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}
