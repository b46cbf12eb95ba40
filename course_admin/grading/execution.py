"""How submissions are executed: the settings, and the sandbox of this thread."""

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
    """How submissions are executed: the settings as plain data. hide: folders; fork_server: see Sandbox."""

    sandbox: str = "auto"
    limits: Limits = field(default_factory=Limits)
    max_restarts: int = MAX_RESTARTS
    hide: tuple[str, ...] = ()
    fork_server: ForkServer | None = None


class ExecutionSettings(Configurable):
    """What c.CourseExecute sets, for the preprocessor of that name (course_admin.nbgrader_plugins.execute) and for
    `course grade`.
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
        """The sections of the configuration that count, the last one most: also those of the preprocessor's bases."""
        bases = ["NotebookClient", "ExecutePreprocessor", "Execute"]
        return list(dict.fromkeys([*bases, *super().section_names(), "CourseExecute"]))

    def execution(self, root: Path) -> Execution:
        """These settings as plain data, for the submissions of the course in `root`."""
        limits = Limits(
            cell_seconds=self.timeout,
            question_seconds=self.question_timeout,
            notebook_seconds=self.notebook_timeout,
            memory=int(self.memory * (1 << 30)),
        )
        return Execution(self.sandbox, limits, self.max_restarts, (str(root),))

    def seed_of(self, root: Path, fingerprint: str) -> int:
        """The seed for a submission with this fingerprint: the configured one, else its own."""
        if self.seed is not None:
            return self.seed
        return own_seed(root, fingerprint) if fingerprint else secrets.randbits(32)


def shared_sandbox(
    mode: str, limits: Limits, *, hide: Sequence[Path] = (), warn: bool = True, fork_server: ForkServer | None = None
) -> Sandbox:
    """This thread's sandbox: opened when first asked for, or when something else is asked for; closed with the process.

    warn: whether to say on stderr that there is none, where that was asked for; fork_server: one that was opened
    with the same settings, and tried.
    Raises SandboxError when no sandbox works: then nothing is executed and no mark is written.
    """
    # A fork of this process must not use its parent's, and a sandbox takes one submission at a time.
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
    """End the sandboxes of this process, or of one (process, thread) of it."""
    for key in list(_shared):
        if owner in (None, key[:2]):
            sandbox = _shared.pop(key)
            if key[0] == os.getpid():
                sandbox.close()


atexit.register(close_sandboxes)
