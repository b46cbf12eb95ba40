"""nbgrader's way into the sandbox: CourseExecute takes the place of Execute in `nbgrader autograde`.

So stock `nbgrader autograde`, the formgrader's Autograde button and `course grade` all execute submissions in the
same way (course_admin.run), and none of them outside of the sandbox. One sandbox serves all submissions of a command.
"""

from __future__ import annotations

import atexit
import os
import secrets
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import Execute
from traitlets import Enum, Float, Integer, Unicode

from course_admin.exams import load_exams
from course_admin.intake import files_beside
from course_admin.run import MAX_RESTARTS, run
from course_admin.sandbox.host import NONE, WARM, Nursery, Sandbox
from course_admin.sandbox.limits import Limits
from course_admin.sandbox.selftest import MODES, WARNING, open_sandbox
from course_admin.submission import KEY, fingerprint, own_seed

_shared: dict[Any, Sandbox] = {}


@dataclass(frozen=True)
class Execution:
    """How submissions are executed: CourseExecute's settings as plain data. hide: folders; nursery: see Sandbox."""

    sandbox: str = "auto"
    limits: Limits = field(default_factory=Limits)
    max_restarts: int = MAX_RESTARTS
    hide: tuple[str, ...] = ()
    nursery: Nursery | None = None


class CourseExecute(Execute):
    """Executes a submission in the sandbox and lets the lab's exams ask it. Leaves a Run in resources["course"].

    A subclass of Execute so that what switches that off (`--no-execute`) switches this off, and then there are no
    marks; of what Execute does, nothing is used.
    """

    timeout = Float(60, help="Seconds that one cell may take.").tag(config=True)
    question_timeout = Float(60, help="Seconds that a student's code may take for one question of an exam.").tag(
        config=True
    )
    notebook_timeout = Float(600, help="Seconds that a whole notebook may take, its exams included.").tag(config=True)
    memory = Float(2.0, help="GB of memory that a submission may use.").tag(config=True)
    max_restarts = Integer(MAX_RESTARTS, help="How often a Python that died is started again.").tag(config=True)
    sandbox = Enum(
        MODES, "auto", help="auto or bwrap: only in a sandbox. none: without one, for submissions that you trust."
    ).tag(config=True)
    seed = Integer(
        None,
        allow_none=True,
        help="The seed of the exams' random inputs. Without one each submission has its own (submission.own_seed): "
        "answers can be prepared for inputs that are known, or that an earlier page has shown.",
    ).tag(config=True)
    course_root = Unicode(
        "", help="The course's folder (default: where nbgrader_config.py is, from the notebook upwards)."
    ).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any], km: Any = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Execute `nb` in place and return it with the Run among the resources."""
        lab = resources["nbgrader"]["assignment"]
        root = self._root(resources)
        beside, too_large = files_beside(Path(resources.get("metadata", {}).get("path") or "."))
        settings = self.execution(root)
        mark = self._fingerprint(root, lab, resources)
        found = run(
            nb,
            lab,
            shared_sandbox(settings.sandbox, settings.limits, hide=[root]),
            load_exams(root, lab),
            files=beside,
            seed=self.seed_of(root, mark),
            max_restarts=self.max_restarts,
            log=self.log.error,
        )
        found.findings[:0] = too_large
        found.fingerprint = mark
        resources[KEY] = found
        return nb, resources

    def execution(self, root: Path) -> Execution:
        """These settings as plain data, for the submissions of the course in `root`."""
        limits = Limits(
            cell_seconds=self.timeout,
            question_seconds=self.question_timeout,
            notebook_seconds=self.notebook_timeout,
            memory=int(self.memory * (1 << 30)),
        )
        return Execution(self.sandbox, limits, self.max_restarts, (str(root),))

    def seed_of(self, root: Path, mark: str) -> int:
        """The seed for a submission with the fingerprint `mark`: the configured one, else its own."""
        if self.seed is not None:
            return self.seed
        return own_seed(root, mark) if mark else secrets.randbits(32)

    def _root(self, resources: dict[str, Any]) -> Path:
        if self.course_root:
            return Path(self.course_root)
        here = Path(resources.get("metadata", {}).get("path") or ".").resolve()
        for folder in (here, *here.parents):
            if (folder / "nbgrader_config.py").is_file():
                return folder
        raise FileNotFoundError(f"no course at or above {here}: set c.CourseExecute.course_root")

    def _fingerprint(self, root: Path, lab: str, resources: dict[str, Any]) -> str:
        # The preprocessor's parent is the exporter, and that one's nbgrader's converter.
        coursedir = getattr(getattr(self.parent, "parent", None), "coursedir", None)
        if coursedir is None:
            return ""
        names = resources["nbgrader"]
        folder = Path(coursedir.format_path(coursedir.submitted_directory, names["student"], lab))
        return fingerprint(root, lab, folder / f"{names['notebook']}.ipynb", files_beside(folder)[0])


def shared_sandbox(
    mode: str, limits: Limits, *, hide: Sequence[Path] = (), warn: bool = True, nursery: Nursery | None = None
) -> Sandbox:
    """This thread's sandbox: opened when first asked for, or when something else is asked for; closed with the process.

    warn: whether to say on stderr that there is none, where that was asked for; nursery: one that was opened with the
    same settings, and tried.
    Raises SandboxError where there is none: then nothing is executed, and nobody gets a mark.
    """
    # A fork of this process must not use its parent's, and a sandbox takes one submission at a time.
    owner = (os.getpid(), threading.get_ident())
    key = (*owner, mode, limits, tuple(map(str, hide)), nursery)
    if key not in _shared:
        close_sandboxes(owner)
        if nursery is not None:
            _shared[key] = Sandbox(WARM, limits, bwrap=nursery.bwrap, hide=hide, nursery=nursery)
        else:
            _shared[key] = open_sandbox(mode, limits, hide=hide)
        if mode == NONE and warn:
            print(f"\n*** {WARNING} ***\n", file=sys.stderr)
    return _shared[key]


def close_sandboxes(owner: tuple[int, int] | None = None) -> None:
    """End the sandboxes of this process, or of one (process, thread) of it."""
    for key in list(_shared):
        if owner in (None, key[:2]):
            sandbox = _shared.pop(key)
            if key[0] == os.getpid():
                sandbox.close()


atexit.register(close_sandboxes)
