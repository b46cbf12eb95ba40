"""`nbgrader generate_assignment` and the formgrader's Generate make the same release as `course build`."""

from __future__ import annotations

import copy
from typing import Any

from nbformat.notebooknode import NotebookNode, from_dict
from nbgrader.preprocessors import NbGraderPreprocessor

from course_admin.common.notebook import METADATA


class PlainMetadata(NbGraderPreprocessor):
    """The release has the metadata of every release: not the build's notes in the source notebook, nor what JupyterLab
    wrote there.
    """

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        nb.metadata = from_dict(copy.deepcopy(METADATA))
        nb.nbformat, nb.nbformat_minor = 4, 5
        return nb, resources
