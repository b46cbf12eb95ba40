"""Start a sandbox and open sessions in it. A sandbox can also be a fork server for the sandboxes of other processes.

with Sandbox("preloaded", Limits(), bwrap="/usr/bin/bwrap") as sandbox, sandbox.session() as session:
    result = session.execute("x = 1")
    evidence = session.ask(question)
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from course_admin.sandbox import bwrap as bubblewrap
from course_admin.sandbox import process_watch
from course_admin.sandbox.limits import Limits
from course_admin.sandbox.preloaded import LENGTH
from course_admin.sandbox.session import END_SECONDS, FRESH, NONE, PRELOADED, START_SECONDS, SandboxError, Session

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "USER": "student",
    # A fixed order of sets, so that the same submission always gets the same marks.
    "PYTHONHASHSEED": "0",
    # One thread: the same numbers and the same speed for everybody, and the parent can fork.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "COURSE_DEVICE": "cpu",
    "COURSE_BUDGET": "quick",
    # No download: a mark must not depend on a network.
    "COURSE_DATA": "sample",
    "COURSE_PROGRESS": "0",
    # `%pip install` in an answer fails immediately. Otherwise it would retry until the cell's time is over.
    "PIP_NO_INDEX": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    # A breakpoint() in an answer is skipped, because nobody can type.
    "PYTHONBREAKPOINT": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}


SEED = 0


CREDENTIALS = struct.Struct("iII")
"""struct ucred of unix(7): process id, user id, group id."""


BOOT = (
    "import sys;sys.path[:0]={ours!r};sys.path+={packages!r};"
    "import site;site.setquit();site.setcopyright();site.sethelper();"
    "import socket;from course_sandbox.preloaded import main;main(socket.socket(fileno={control}))"
)


# bubblewrap ends when the *thread* that started it ends. This thread lives as long as the program.
_launcher = ThreadPoolExecutor(1, thread_name_prefix="sandbox-launcher")


class ForkServer(NamedTuple):
    """The address of a preloaded parent that forks another parent for each worker process of the same user.

    address: path of its socket; bwrap: path of bubblewrap, for a worker whose fork server has ended.
    """

    address: str
    bwrap: str


class Sandbox:
    """A parent process, preloaded or for a single job, and the sessions in it, one at a time."""

    def __init__(
        self,
        kind: str,
        limits: Limits,
        *,
        bwrap: str = "",
        hide: Sequence[Path] = (),
        seed: int = SEED,
        why: str = "",
        as_fork_server: bool = False,
        fork_server: ForkServer | None = None,
    ) -> None:
        """Store the settings; nothing is started yet.

        kind: "preloaded", "fresh" or "none"; bwrap: path of bubblewrap, for the first two; hide: see bwrap.arguments;
        seed: of the student's random numbers; why: the reason for this kind, for people; as_fork_server: whether a
        preloaded sandbox is a fork server for others; after the first of them connects, it opens no session of its
        own; fork_server: where to get the parent, opened with the same limits. If that server has ended, the sandbox
        starts its own parent.
        """
        self.kind, self.limits, self.bwrap, self.hide, self.seed, self.why = kind, limits, bwrap, hide, seed, why
        self._as_fork_server, self._from = as_fork_server and kind == PRELOADED, fork_server
        self._process: subprocess.Popen | None = None
        self._handle = -1
        """The pidfd of a parent from a fork server, which is not a child of this process; -1 if there is none."""
        self._folder: tempfile.TemporaryDirectory | None = None
        self._proved = False
        self.starts = 0

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the parent if none is running. `session` calls this. Raises SandboxError."""
        if self._process.poll() is None if self._process is not None else self._handle >= 0:
            return
        self.close()
        try:
            if self._from is None or not self._attach(self._from):
                self._launch()
                self._await_ready()
        except BaseException:
            self.close()
            raise
        self.starts += 1

    @property
    def fork_server(self) -> ForkServer | None:
        """The address for other sandboxes, None if this is no fork server or is not started."""
        return ForkServer(self._address, self.bwrap) if self._as_fork_server and self._process is not None else None

    @property
    def is_open(self) -> bool:
        """Whether a parent was started and not closed. It may have ended by itself."""
        return self._process is not None or self._handle >= 0

    @contextlib.contextmanager
    def session(self, *, seconds_left: float | None = None) -> Iterator[Session]:
        """Open a fresh Python for one submission. Nothing of it is left afterwards.

        seconds_left: time limit for the whole session (default: limits.notebook_seconds). Raises SandboxError.
        """
        deadline = time.monotonic() + (self.limits.notebook_seconds if seconds_left is None else seconds_left)
        try:
            session = self._open(deadline)
        except SandboxError:
            if not self._proved:
                raise
            # The sandbox worked before, so only the parent may be broken. A new parent should work.
            self.close()
            session = self._open(deadline)
        try:
            yield session
        finally:
            session.close()

    def close(self) -> None:
        """Kill all processes and remove temporary folders. It can be called twice."""
        process, self._process = self._process, None
        if process is not None:
            self._control.close()
            if process.poll() is None:
                process_watch.kill_below(process.pid)
                if self.kind != NONE:
                    # bubblewrap itself was not killed. It reaps the killed processes, and then it ends.
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(END_SECONDS)
                process.kill()
            process.wait()
            process.stdout.close()
        handle, self._handle = self._handle, -1
        if handle >= 0:
            self._control.close()
            process_watch.kill_below(self.parent)
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            select.select([handle], [], [], END_SECONDS)
            os.close(handle)
        if self._folder is not None:
            with contextlib.suppress(OSError):
                self._folder.cleanup()
            self._folder = None

    def _open(self, deadline: float) -> Session:
        self.start()
        session = Session(self, deadline)
        try:
            session.open()
        except BaseException:
            session.close()
            raise
        self._proved = True
        return session

    def _attach(self, fork_server: ForkServer) -> bool:
        """Get a parent from a fork server. Return False if the server has ended."""
        self._control = control = socket.socket(socket.AF_UNIX)
        control.settimeout(START_SECONDS)
        # With SO_PASSCRED the parent's first message contains its process id, as this process sees it.
        control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            control.connect(fork_server.address)
            word, about, _, _ = control.recvmsg(1, socket.CMSG_SPACE(CREDENTIALS.size))
            control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
            if word == b"r" and about:
                self.parent = CREDENTIALS.unpack(about[0][2])[0]
                self._handle = os.pidfd_open(self.parent)
                return True
        except OSError:
            pass
        control.close()
        return False

    def _launch(self) -> None:
        ours, theirs = socket.socketpair()
        self._control = ours
        # If the sandbox hangs, this process must not hang.
        ours.settimeout(START_SECONDS)
        packages = [str(path) for path in bubblewrap.package_folders()]
        descriptors = [theirs.fileno()]
        listener = None
        try:
            if self._as_fork_server:
                # No other user can enter this folder, so no other user can connect to the socket.
                self._folder = tempfile.TemporaryDirectory(prefix="course-fork-server-")
                self._address = str(Path(self._folder.name, "socket"))
                listener = socket.socket(socket.AF_UNIX)
                listener.bind(self._address)
                listener.listen(64)
                descriptors.append(listener.fileno())
            if self.kind == NONE:
                self._folder = tempfile.TemporaryDirectory(prefix="course-unsafe-")
                work = str(Path(self._folder.name).resolve())
                program = Path(work, "program")
                (program / "course_sandbox").mkdir(parents=True)
                for name in bubblewrap.INSIDE:
                    shutil.copy(bubblewrap.HERE / f"{name}.py", program / "course_sandbox")
                work = str(Path(work, "work"))
                Path(work).mkdir()
                inside = [str(program), str(bubblewrap.course_utils().parent)]
                environment = self._environment(work)
                prefix: list[str] = []
                given: list[str] = []
                user = contextlib.nullcontext(([], []))
            else:
                work = bubblewrap.WORK
                inside = [bubblewrap.PROGRAM, bubblewrap.COURSE]
                packages = [f"{bubblewrap.PACKAGES}/{number}" for number in range(len(packages))]
                limits = self.limits
                given = bubblewrap.arguments(
                    environment=self._environment(work),
                    hide=[bubblewrap.HERE.parent.parent, Path.home(), *self.hide],
                    scratch=limits.disk,
                    shared_memory=limits.shared_memory,
                    preloaded=self.kind == PRELOADED,
                )
                # Empty: with --clearenv, this process's environment could still be read in /proc/1/environ.
                environment = {}
                read = write = -1
                user = bubblewrap.user()
            boot = BOOT.format(ours=inside, packages=packages, control=theirs.fileno())
            python = [str(Path(sys.executable).resolve()), "-s", "-S", "-P", "-B", "-c", boot]
            with user as (extra, more):
                descriptors += more
                if self.kind != NONE:
                    # Send the arguments through a pipe: process 1's command line can be read inside the sandbox.
                    read, write = os.pipe()
                    descriptors.append(read)
                    prefix = [self.bwrap, "--args", str(read), "--"]
                try:
                    # Only pipes: the sandbox could write to this process's terminal or files, or see their paths.
                    self._process = _launcher.submit(
                        subprocess.Popen,
                        [*prefix, *python],
                        env=environment,
                        pass_fds=descriptors,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    ).result()
                    # Only the sandbox may hold the other end, so that its exit closes the connection immediately.
                    theirs.close()
                    self._process.stdin.close()
                    os.set_blocking(self._process.stdout.fileno(), False)
                    if self.kind != NONE:
                        os.close(read)
                        read = -1
                        _write_all(write, b"".join(text.encode() + b"\0" for text in [*extra, *given]))
                finally:
                    if self.kind != NONE:
                        for descriptor in (read, write):
                            with contextlib.suppress(OSError):
                                os.close(descriptor)
                told = self._config(work) | {"listener": listener.fileno() if listener else -1}
                config = json.dumps(told).encode()
                self._control.sendall(LENGTH.pack(len(config)) + config)
                # The user namespace must stay open until bubblewrap has entered it.
                self._await_first_byte()
        except OSError as error:
            raise SandboxError(self._error_text() or str(error)) from error
        finally:
            theirs.close()
            if listener is not None:
                listener.close()

    def _environment(self, work: str) -> dict[str, str]:
        own = {"HOME": work, "MPLCONFIGDIR": "/tmp" if self.kind != NONE else work, "IPYTHONDIR": f"{work}/.ipython"}
        return {**ENVIRONMENT, **own}

    def _config(self, work: str) -> dict[str, Any]:
        limits = self.limits
        linux = sys.platform == "linux"
        # Since 5.14, kernels count the processes in each user namespace separately.
        counted = self.kind == NONE or _kernel() < (5, 14)
        return {
            "namespaces": self.kind == PRELOADED,
            "preload": self.kind != FRESH,
            "second_user": self.kind != NONE and os.geteuid() == 0,
            "linux": linux,
            "work": work,
            "seed": self.seed,
            "memory": limits.memory,
            "processes": limits.processes,
            "processes_elsewhere": process_watch.users_threads() if counted else 0,
            "files": limits.files,
            "disk": limits.disk,
            "shared_memory": limits.shared_memory,
            "inodes": limits.inodes,
            "cpu_seconds": int(4 * limits.notebook_seconds) + 60,
            "cell_output": 4 * limits.cell_output,
        }

    def _await_first_byte(self) -> None:
        self._first = self._control.recv(1)

    def _await_ready(self) -> None:
        if self._first == b"r":
            below = process_watch.children(self._process.pid)
            self.parent = self._process.pid if self.kind == NONE else below[0] if below else -1
            if self.parent > 0:
                # If memory runs out in spite of all limits, the kernel must kill these processes first.
                with contextlib.suppress(OSError):
                    Path(f"/proc/{self.parent}/oom_score_adj").write_text("1000")
                return
        text = b""
        if self._first == b"x":
            with contextlib.suppress(OSError):
                self._control.settimeout(1)
                text = self._control.recv(4096)
        printed = text.decode(errors="replace").strip() or self._error_text() or "it ended without a message"
        raise SandboxError(f"the sandbox does not start: {printed.splitlines()[-1]}")

    def _error_text(self) -> str:
        """Return the text that bubblewrap or the parent printed. It explains why they failed."""
        if self._process is None:
            return ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        try:
            return (os.read(self._process.stdout.fileno(), 1 << 14)).decode(errors="replace").strip()
        except OSError:
            return ""


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _kernel() -> tuple[int, int]:
    major, minor = platform.release().split(".")[:2]
    return int(major), int("".join(filter(str.isdigit, minor)) or 0)
