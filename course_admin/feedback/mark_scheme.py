"""The model answer and the mark scheme of a written answer, above the student's on the formgrader's pages and nowhere
else.

They are in the instructor's notebook, between BEGIN SOLUTION and END SOLUTION, and BEGIN and END MARK SCHEME. nbgrader
takes both out of the release, so that they are missing in everything that is made of a release: what students hand in,
and their feedback.
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
    """On the formgrader's pages, puts model answer and mark scheme above each answer that a person marks."""

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
                cells.append(new_markdown_cell(scheme))
            cells.append(cell)
        nb.cells = cells
        return nb, resources


def read_schemes(root: Path, lab: str) -> dict[str, str]:
    """What a grader reads above each answer that a person marks, as markdown by grade_id, from
    source/<lab>/<lab>.ipynb; nothing where there is no such notebook.
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
    # Without a region nbgrader replaces the whole cell.
    model = "\n".join(regions.texts(rest, regions.SOLUTION) or [rest]).strip()
    model = f"```python\n{model}\n```" if code and model else model
    parts = [("Model answer", model), ("Mark scheme", scheme)]
    return "\n\n".join(f"**{title}** (students never see it)\n\n{text}" for title, text in parts if text)
