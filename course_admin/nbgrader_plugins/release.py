"""Make `nbgrader generate_assignment` and the formgrader's Generate produce the same release as `course build`."""

from __future__ import annotations

import copy
from typing import Any

from nbformat.notebooknode import NotebookNode, from_dict
from nbgrader.preprocessors import NbGraderPreprocessor

from course_admin.common.notebook import METADATA


class PlainMetadata(NbGraderPreprocessor):
    """Replace a notebook's metadata by METADATA, the same for every release.

    This removes the build's notes in the source notebook, and entries that JupyterLab wrote.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        nb.metadata = from_dict(copy.deepcopy(METADATA))
        nb.nbformat, nb.nbformat_minor = 4, 5
        return nb, resources
