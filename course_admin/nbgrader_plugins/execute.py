"""`execute` for `nbgrader autograde`: CourseExecute replaces nbgrader's Execute.

So stock `nbgrader autograde`, the formgrader's Autograde button and `course grade` all execute submissions in the
same way (course_admin.grading.run_notebook), and only in the sandbox.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import Execute
from traitlets import Unicode

from course_admin.common.graded_cells import KEY
from course_admin.grading.exams import load_exams
from course_admin.grading.execution import ExecutionSettings, shared_sandbox
from course_admin.grading.fingerprint import fingerprint, refuse_old_checks, rules_of
from course_admin.grading.run_notebook import execute
from course_admin.submissions.safe_files import files_beside


class CourseExecute(ExecutionSettings, Execute):
    """Execute a submission in the sandbox, run the lab's exams on it, and store a Run in resources["course"].

    This is a subclass of Execute only so that `--no-execute` disables it; then there are no marks. It uses no code of
    Execute.
    """

    course_root = Unicode(
        "", help="The course's folder (default: where nbgrader_config.py is, from the notebook upwards)."
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any], km: Any = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Execute `nb` in place. Return it and the resources, which then contain the Run."""
        lab = resources["nbgrader"]["assignment"]
        root = self._root(resources)
        refuse_old_checks(lab)
        beside, too_large = files_beside(Path(resources.get("metadata", {}).get("path") or "."))
        settings = self.execution(root)
        submitted = self._fingerprint(root, lab, resources)
        run = execute(
            nb,
            lab,
            shared_sandbox(settings.sandbox, settings.limits, hide=[root]),
            load_exams(root, lab),
            files=beside,
            seed=self.seed_of(root, submitted),
            max_restarts=self.max_restarts,
            log=self.log.error,
        )
        run.findings[:0] = too_large
        run.fingerprint = submitted
        resources[KEY] = run
        return nb, resources

    def _root(self, resources: dict[str, Any]) -> Path:
        if self.course_root:
            return Path(self.course_root)
        here = Path(resources.get("metadata", {}).get("path") or ".").resolve()
        for folder in (here, *here.parents):
            if (folder / "nbgrader_config.py").is_file():
                return folder
        raise FileNotFoundError(f"no course at or above {here}: set c.CourseExecute.course_root")

    def _fingerprint(self, root: Path, lab: str, resources: dict[str, Any]) -> str:
        # The preprocessor's parent is the exporter. The exporter's parent is nbgrader's converter.
        coursedir = getattr(getattr(self.parent, "parent", None), "coursedir", None)
        if coursedir is None:
            return ""
        names = resources["nbgrader"]
        folder = Path(coursedir.format_path(coursedir.submitted_directory, names["student"], lab))
        return fingerprint(rules_of(root, lab), folder / f"{names['notebook']}.ipynb", files_beside(folder)[0])
