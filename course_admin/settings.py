"""nbgrader's configuration, the same for every course root.

A root's nbgrader_config.py puts the root on the path and calls `configure`. So stock nbgrader commands, the
formgrader's buttons and `course` all use these settings. To override a setting, a course changes `c` after the call.
"""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from course_admin.course import CONFIG, CourseError

CODE_STUB = 'raise NotImplementedError("Your code goes here: replace this line.")'
"""The line that replaces every solution in a release. It is valid Python and raises an error with one sentence."""

TEXT_STUB = "*Your answer goes here: replace this line.*"

SECONDS_TO_VALIDATE = 900
"""The Validate button's time limit for one cell. nbgrader's default of 30 s is too short for training cells on a slow
computer: the button then shows a traceback instead of the checks. Grading has its own limit (c.CourseExecute.timeout).
"""


def configure(c: Any, root: Path | str) -> None:
    """Set the traitlets configuration `c` of the course in `root`."""
    _refuse_quickstart(root)
    _find_alembic()
    c.CourseDirectory.root = str(Path(root).resolve())
    c.CourseDirectory.course_id = "autoencoders"

    # --- generate_assignment
    c.ClearSolutions.code_stub = {"python": CODE_STUB}
    c.ClearSolutions.text_stub = TEXT_STUB
    c.GenerateAssignment.create_assignment = True
    c.GenerateAssignment.preprocessors.append("course_admin.nbgrader_plugins.release.PlainMetadata")

    # --- the Validate button of a JupyterLab started in the root (`make lab`)
    c.Validator.Execute.timeout = SECONDS_TO_VALIDATE

    # --- autograde: dotted strings, so that nothing is imported yet. TolerantReader repairs a submission before
    # anything else reads it. Only ScoreExams gives marks, and it refuses to run without CourseExecute.
    c.Autograde.exporter_class = "course_admin.nbgrader_plugins.read.TolerantReader"
    c.CourseExecute.course_root = str(Path(root).resolve())
    c.Autograde.autograde_preprocessors = [
        "course_admin.nbgrader_plugins.execute.CourseExecute",
        "nbgrader.preprocessors.IgnorePattern",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "course_admin.feedback.page.PlainPictures",
        "nbgrader.preprocessors.LimitOutput",
        "course_admin.nbgrader_plugins.score.ScoreExams",
        "course_admin.nbgrader_plugins.store.StoreMarks",
        "course_admin.nbgrader_plugins.late.ChargeLateness",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]

    # --- late penalties: a course sets its own dates and rates (course_admin.deadlines); by default, no penalty
    c.ChargeLateness.plugin_class = "course_admin.nbgrader_plugins.late.LateDays"
    c.Deadlines.course_root = str(Path(root).resolve())

    # --- feedback and the formgrader's pages: no hidden tests, no active content (scripts, forms) from students
    c.GenerateFeedback.preprocessors = [
        "course_admin.nbgrader_plugins.late.ChargeLateness",
        "nbgrader.preprocessors.GetGrades",
        "course_admin.feedback.page.HideTests",
        "course_admin.feedback.page.ShowFindings",
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]
    c.HTMLExporter.sanitize_html = True
    c.HTMLExporter.filters = {
        "markdown2html": "course_admin.feedback.sanitise.cell_markdown",
        "clean_html": "course_admin.feedback.sanitise.safe_html",
        "highlight_code": "course_admin.feedback.sanitise.highlighted",
    }
    # For feedback pages only: nbconvert's template loads MathJax from a server, which could log who reads which page.
    # The formgrader sets its own template folders, because its keyboard shortcuts need MathJax.
    theirs = Path(find_spec("nbgrader").submodule_search_locations[0], "server_extensions", "formgrader", "templates")
    c.HTMLExporter.extra_template_basedirs = [str(Path(__file__).parent / "feedback" / "templates"), str(theirs)]
    c.HTMLExporter.preprocessors = [
        "course_admin.feedback.page.PageStyle",
        "course_admin.feedback.page.PlainNames",
        "course_admin.feedback.mark_scheme.ShowMarkScheme",
    ]
    c.ShowMarkScheme.course_root = str(Path(root).resolve())


def load_settings(root: Path | str) -> Any:
    """Read a root's nbgrader_config.py as stock nbgrader does. Raises CourseError, also for invalid deadlines."""
    from traitlets.config.loader import PyFileConfigLoader

    from course_admin.deadlines import deadlines

    try:
        config = PyFileConfigLoader(CONFIG, path=str(root)).load_config()
    except Exception as error:  # the file is Python code of the course team
        raise CourseError(f"{Path(root) / CONFIG} does not run: {error}") from error
    # Check the dates here once, instead of raising an error for each submission.
    deadlines(config)
    return config


def _refuse_quickstart(root: Path | str) -> None:
    # `nbgrader quickstart` writes its example, ps1 with three students, into the gradebook of the current folder.
    if sys.argv[1:2] == ["quickstart"] and Path(sys.argv[0]).stem in ("nbgrader", "jupyter-nbgrader", "__main__"):
        raise SystemExit(
            f"nbgrader quickstart would write its example into the gradebook of {root}: run it in a folder outside the "
            "course; `course new 07_topic` makes a new lab here"
        )


def _find_alembic() -> None:
    # nbgrader starts `alembic` by name whenever it opens a gradebook. Without an activated environment,
    # .venv/bin/nbgrader would stop with "No such file or directory".
    if shutil.which("alembic") is None:
        os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
