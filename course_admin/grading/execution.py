"""The settings for the execution of submissions, and the sandbox of each thread."""

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

from traitlets import Enum, Float, Integer
from traitlets.config import Configurable

from course_admin.grading.fingerprint import own_seed
from course_admin.sandbox.fork_server import ForkServer, Sandbox
from course_admin.sandbox.limits import Limits
from course_admin.sandbox.selftest import MODES, WARNING, open_sandbox
from course_admin.sandbox.session import NONE, PRELOADED

MAX_RESTARTS = 5

_shared: dict[Any, Sandbox] = {}


@dataclass(frozen=True)
class Execution:
    """The settings for the execution of submissions, as plain data.

    hide: folders that the sandbox hides; fork_server: see Sandbox.
    """

    sandbox: str = "auto"
    limits: Limits = field(default_factory=Limits)
    max_restarts: int = MAX_RESTARTS
    hide: tuple[str, ...] = ()
    fork_server: ForkServer | None = None


class ExecutionSettings(Configurable):
    """The settings of c.CourseExecute.

    They configure the preprocessor of that name (course_admin.nbgrader_plugins.execute) and `course grade`.
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
        help="The seed of the exams' random inputs. Without one each submission has its own (fingerprint.own_seed): "
        "answers can be prepared for inputs that are known, or that an earlier page has shown.",
    ).tag(config=True)

    @classmethod
    def section_names(cls) -> list[str]:
        """Return the configuration sections to read. Later ones win. They include the preprocessor's base classes."""
        bases = ["NotebookClient", "ExecutePreprocessor", "Execute"]
        return list(dict.fromkeys([*bases, *super().section_names(), "CourseExecute"]))

    def execution(self, root: Path) -> Execution:
        """Return these settings as plain data, for the course in `root`."""
        limits = Limits(
            cell_seconds=self.timeout,
            question_seconds=self.question_timeout,
            notebook_seconds=self.notebook_timeout,
            memory=int(self.memory * (1 << 30)),
        )
        return Execution(self.sandbox, limits, self.max_restarts, (str(root),))

    def seed_of(self, root: Path, fingerprint: str) -> int:
        """Return the seed for a fingerprint: the configured seed, else the submission's own seed."""
        if self.seed is not None:
            return self.seed
        return own_seed(root, fingerprint) if fingerprint else secrets.randbits(32)


def shared_sandbox(
    mode: str, limits: Limits, *, hide: Sequence[Path] = (), warn: bool = True, fork_server: ForkServer | None = None
) -> Sandbox:
    """Return this thread's sandbox. It is opened at the first call, or when the arguments change.

    It is closed when the process exits. warn: whether to print a warning to stderr when mode is "none"; fork_server:
    a fork server that was opened and tested with the same settings.
    Raises SandboxError if no sandbox works. Then nothing is executed and no mark is written.
    """
    # A forked process must not use its parent's sandbox, and a sandbox runs one submission at a time.
    owner = (os.getpid(), threading.get_ident())
    key = (*owner, mode, limits, tuple(map(str, hide)), fork_server)
    if key not in _shared:
        close_sandboxes(owner)
        if fork_server is not None:
            _shared[key] = Sandbox(PRELOADED, limits, bwrap=fork_server.bwrap, hide=hide, fork_server=fork_server)
        else:
            _shared[key] = open_sandbox(mode, limits, hide=hide)
        if mode == NONE and warn:
            print(f"\n*** {WARNING} ***\n", file=sys.stderr)
    return _shared[key]


def close_sandboxes(owner: tuple[int, int] | None = None) -> None:
    """Close all sandboxes of this process, or only those of one owner (process id, thread id)."""
    for key in list(_shared):
        if owner in (None, key[:2]):
            sandbox = _shared.pop(key)
            if key[0] == os.getpid():
                sandbox.close()


atexit.register(close_sandboxes)
