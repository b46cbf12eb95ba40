"""The grader's side: starts a sandbox, opens a session in it for each submission, and believes nothing it says.

    with Sandbox("warm", Limits(), bwrap="/usr/bin/bwrap") as sandbox, sandbox.session() as session:
        result = session.execute("x = 1")
        evidence = session.ask(question)

Whatever a student's code does to the pipes, to its process or to the machine's patience, a session ends up in one of
three states: it answered, it was interrupted, it is dead; and it says which limit was hit.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import select
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from course_admin.sandbox import bwrap as bubblewrap
from course_admin.sandbox import frames, watch
from course_admin.sandbox.child import BROKEN
from course_admin.sandbox.limits import Limits, seconds, size
from course_admin.sandbox.outputs import Outputs
from course_admin.sandbox.warm import CODE, LENGTH

WARM, COLD, NONE = "warm", "cold", "none"
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "USER": "student",
    # Sets and dictionaries in one order: the same submission gets the same marks again.
    "PYTHONHASHSEED": "0",
    # One thread of the processor: the same numbers and the same speed for everybody, and the parent can fork.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "COURSE_DEVICE": "cpu",
    "COURSE_BUDGET": "quick",
    # A mark never depends on a network.
    "COURSE_DATA": "sample",
    "COURSE_PROGRESS": "0",
    # `%pip install` in an answer gives up at once, instead of asking again and again for the time of a cell.
    "PIP_NO_INDEX": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    # A breakpoint() that was left in an answer is passed by: nobody is there to type.
    "PYTHONBREAKPOINT": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
START_SECONDS = 180
END_SECONDS = 10
POLL = 0.015
PATIENCE = 3.0
"""Times a limit that a cell or a question gets beyond it while it waits for the processor."""
FEW = 4
"""Processes and threads that compute at once; with more of them a submission has itself to wait for."""
SEED = 0
MAX_ANSWER = 160 << 20
"""More than the largest evidence that is read (course_utils.evidence): what is too large gets its own message there."""
MAX_OUTPUT_FRAME = 32 << 20
CREDENTIALS = struct.Struct("iII")
"""struct ucred of unix(7): process, user, group."""
BOOT = (
    "import sys;sys.path[:0]={ours!r};sys.path+={packages!r};"
    "import site;site.setquit();site.setcopyright();site.sethelper();"
    "import socket;from course_sandbox.warm import main;main(socket.socket(fileno={control}))"
)

# bubblewrap ends when the *thread* that started it does. This one lives as long as the program.
_launcher = ThreadPoolExecutor(1, thread_name_prefix="sandbox-launcher")


class SandboxError(RuntimeError):
    """The sandbox itself does not work: no fault of a submission. what: is wrong, and mend: what to do, for people."""

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(f"{what}: {mend}" if mend else what)
        self.what, self.mend = what, mend


class Stopped(Exception):  # noqa: N818 - not an error of ours: the student's code did not answer
    """The student's code gave no answer. The text says what it did instead, after "your code ..."."""


@dataclass
class CellResult:
    """What became of a cell.

    state: "ok", "error" (it raised), "interrupted" (it ran too long; Python lives on) or "dead"; why: for the last
    two, after "cell 3 ..."; outputs: of a notebook, plain dicts; cut: whether some were left out; seconds: it took;
    went_on: whether, where something was missing, the lines below it were run all the same.
    """

    state: str
    why: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    cut: bool = False
    seconds: float = 0.0
    went_on: bool = False


class Nursery(NamedTuple):
    """Where other processes of the same user find a warm parent that forks one for each of them.

    address: of its socket; bwrap: the program that made it, for whoever finds it gone.
    """

    address: str
    bwrap: str


class Sandbox:
    """A parent, warm or for one job, in which sessions are opened, one at a time."""

    def __init__(
        self,
        kind: str,
        limits: Limits,
        *,
        bwrap: str = "",
        hide: Sequence[Path] = (),
        seed: int = SEED,
        why: str = "",
        nursing: bool = False,
        nursery: Nursery | None = None,
    ) -> None:
        """kind: "warm", "cold" or "none"; bwrap: the program, for the first two; hide: see bwrap.arguments;
        seed: of the student's random numbers; why: how it came to this kind, for people; nursing: whether a warm one
        shall be a nursery for others, from when it is asked for `nursery`; it opens no session of its own after that;
        nursery: one to take the parent from, opened with the same limits; where it is gone, a parent of its own.
        """
        self.kind, self.limits, self.bwrap, self.hide, self.seed, self.why = kind, limits, bwrap, hide, seed, why
        self._nursing, self._from = nursing and kind == WARM, nursery
        self._process: subprocess.Popen | None = None
        self._handle = -1
        """Of a parent from a nursery, which is no child of ours."""
        self._folder: tempfile.TemporaryDirectory | None = None
        self._proved = False
        self.starts = 0

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the parent if none runs. A session does that by itself. Raises SandboxError."""
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
    def nursery(self) -> Nursery | None:
        """How others get their parents from this one; None unless it is nursing, and started."""
        return Nursery(self._address, self.bwrap) if self._nursing and self._process is not None else None

    @property
    def is_open(self) -> bool:
        """Whether there is a parent, though it may have ended by itself."""
        return self._process is not None or self._handle >= 0

    @contextlib.contextmanager
    def session(self, *, seconds_left: float | None = None) -> Iterator[Session]:
        """A fresh Python for one submission, of which nothing is left afterwards.

        seconds_left: how long it may take altogether. Raises SandboxError.
        """
        deadline = time.monotonic() + (self.limits.notebook_seconds if seconds_left is None else seconds_left)
        try:
            session = self._open(deadline)
        except SandboxError:
            if not self._proved:
                raise
            # It has worked before. Whatever happened to the parent since, a new one will manage.
            self.close()
            session = self._open(deadline)
        try:
            yield session
        finally:
            session.close()

    def close(self) -> None:
        """End everything. May be called twice."""
        process, self._process = self._process, None
        if process is not None:
            self._control.close()
            if process.poll() is None:
                watch.kill_below(process.pid)
                if self.kind != NONE:
                    # bubblewrap itself is below nobody. It collects what we have killed, and ends.
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(END_SECONDS)
                process.kill()
            process.wait()
            process.stdout.close()
        handle, self._handle = self._handle, -1
        if handle >= 0:
            self._control.close()
            watch.kill_below(self.parent)
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

    def _attach(self, nursery: Nursery) -> bool:
        """Get a parent from a nursery. Returns False when that is gone."""
        self._control = control = socket.socket(socket.AF_UNIX)
        control.settimeout(START_SECONDS)
        # So that the parent's first word comes with its number, as we see it.
        control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            control.connect(nursery.address)
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
        # A process that hangs must not hang us.
        ours.settimeout(START_SECONDS)
        packages = [str(path) for path in bubblewrap.package_folders()]
        descriptors = [theirs.fileno()]
        listener = None
        try:
            if self._nursing:
                # In a folder that no other user can enter.
                self._folder = tempfile.TemporaryDirectory(prefix="course-nursery-")
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
                    warm=self.kind == WARM,
                )
                # An empty one: --clearenv would leave ours to be read in /proc/1/environ.
                environment = {}
                read = write = -1
                user = bubblewrap.user()
            boot = BOOT.format(ours=inside, packages=packages, control=theirs.fileno())
            python = [str(Path(sys.executable).resolve()), "-s", "-S", "-P", "-B", "-c", boot]
            with user as (extra, more):
                descriptors += more
                if self.kind != NONE:
                    # Through a pipe: the command line of whoever is process 1 can be read inside.
                    read, write = os.pipe()
                    descriptors.append(read)
                    prefix = [self.bwrap, "--args", str(read), "--"]
                try:
                    # Pipes, never our own terminal or files: those could be written to, or name a path.
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
                    # The other end is the sandbox's alone: so we notice at once when nobody is left.
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
                # Only when bubblewrap has entered the user's namespace may that be forgotten.
                self._await_first_byte()
        except OSError as error:
            raise SandboxError(self._said() or str(error)) from error
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
        # Newer kernels count within a sandbox what runs in it.
        counted = self.kind == NONE or _kernel() < (5, 14)
        return {
            "namespaces": self.kind == WARM,
            "preload": self.kind != COLD,
            "second_user": self.kind != NONE and os.geteuid() == 0,
            "linux": linux,
            "work": work,
            "seed": self.seed,
            "memory": limits.memory,
            "processes": limits.processes,
            "processes_elsewhere": watch.users_threads() if counted else 0,
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
            below = watch.children(self._process.pid)
            self.parent = self._process.pid if self.kind == NONE else below[0] if below else -1
            if self.parent > 0:
                # When memory runs out in spite of all limits, the kernel takes these first.
                with contextlib.suppress(OSError):
                    Path(f"/proc/{self.parent}/oom_score_adj").write_text("1000")
                return
        text = b""
        if self._first == b"x":
            with contextlib.suppress(OSError):
                self._control.settimeout(1)
                text = self._control.recv(4096)
        reason = (text.decode(errors="replace").strip() or self._said() or "it ended without a word").splitlines()[-1]
        raise SandboxError(f"the sandbox does not start: {reason}")

    def _said(self) -> str:
        """What bubblewrap or the parent printed, which is why they do not work."""
        if self._process is None:
            return ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        try:
            return (os.read(self._process.stdout.fileno(), 1 << 14)).decode(errors="replace").strip()
        except OSError:
            return ""


class Session:
    """One submission's Python. Made by Sandbox.session; everything that it is asked to do has an end."""

    def __init__(self, sandbox: Sandbox, deadline: float) -> None:
        self._sandbox, self._limits = sandbox, sandbox.limits
        self._deadline = deadline
        self._descriptors: dict[str, int] = {}
        self._reader = frames.Reader()
        self._outputs = Outputs(sandbox.limits)
        self._code: int | None = None
        self._over: str | None = None
        self._watching: threading.Thread | None = None
        self._finished = threading.Event()
        self.alive = False
        self.why = ""
        self.peak = 0
        """The most memory that the watch saw, in bytes; below the limit it may be too high."""

    # --- what it can be asked to do ----------------------------------------------------------------------------------

    def execute(self, source: str, *, definitions: bool = False, patient: bool = False) -> CellResult:
        """Run a cell. definitions: only what it defines; patient: not counting the time in which others had the
        processor. A dead session gives a dead result.
        """
        began = time.monotonic()
        self._outputs.next_cell()
        do = "definitions" if definitions else "cell"
        limit = self._limits.cell_seconds
        body = source.encode("utf-8", "replace")
        state, header, _ = self._exchange({"do": do}, body, "done", limit, MAX_OUTPUT_FRAME, patient=patient)
        if state == "ok":
            state = "ok" if header.get("ok") is True else "error"
        why = {"dead": self.why, "interrupted": self._too_long(limit)}.get(state, "")
        went_on = header.get("went_on") is True
        return CellResult(state, why, self._outputs.cell, self._outputs.cut, time.monotonic() - began, went_on)

    def put(self, path: str, content: bytes) -> bool:
        """Write a file into the working folder. path: relative, with "/". Returns whether it is there now.

        Raises ValueError for a path that leads out of the folder.
        """
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or "\0" in path or not path:
            raise ValueError(f"{path!r} is no path below the working folder")
        do = {"do": "file", "path": path}
        try:
            state, header, _ = self._exchange(do, content, "done", self._limits.cell_seconds, MAX_OUTPUT_FRAME)
        except frames.FrameError:  # a name of thousands of odd characters
            return False
        return state == "ok" and header.get("ok") is True

    def ask(self, question: bytes) -> bytes:
        """Put a packed question and return the packed answer, of which nothing is true but that somebody sent it.

        Raises Stopped when none comes.
        """
        limit = self._limits.question_seconds
        self._outputs.next_cell()
        state, _, body = self._exchange({"do": "ask"}, question, "answer", limit, MAX_ANSWER, patient=True)
        if state == "dead":
            raise Stopped(f"{self.why} when the exam called it")
        if state == "interrupted":
            raise Stopped(f"{self._too_long(limit)} when the exam called it, and was stopped")
        return body

    def left(self) -> float:
        """Seconds that remain of the notebook's."""
        return self._deadline - time.monotonic()

    # --- beginning and end -------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Fork the child and wait until it listens. Raises SandboxError."""
        try:
            self._send_pipes()
            state, _, _ = self._exchange({}, None, "ready", START_SECONDS, frames.CHUNK)
        except OSError as error:
            raise SandboxError(f"the sandbox's parent is gone: {error}") from error
        if state != "ok":
            self._outputs.text("stdout", self._printed())
            said = "".join(output.get("text", "") for output in self._outputs.cell).strip().splitlines()
            raise SandboxError(f"the sandbox cannot shut a submission in: {said[-1] if said else self.why}")
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def close(self) -> None:
        """Kill what is left of the child and wait until it is gone. The parent stays for the next one."""
        self.alive = False
        self._finished.set()
        if self._watching is not None:
            self._watching.join()
        self._close_pipes()
        sandbox = self._sandbox
        if not sandbox.is_open:
            return
        if sandbox.kind == COLD:
            sandbox.close()
        elif not (watch.kill_below(sandbox.parent, END_SECONDS) and self._await_end()):
            # Should never happen; a new parent is the way out if it does.
            sandbox.close()
        elif sandbox.kind == NONE:
            work = Path(sandbox._folder.name, "work")
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir(exist_ok=True)

    def _send_pipes(self) -> None:
        theirs = []
        try:
            for name in ("job", "frames", "raw"):
                read, write = os.pipe()
                mine, other = (write, read) if name == "job" else (read, write)
                os.set_blocking(mine, False)
                self._descriptors[name] = mine
                theirs.append(other)
            # The parent hands these on to the child, and sees nothing of what goes through them.
            socket.send_fds(self._sandbox._control, [b"j"], theirs)
            self.alive = True
        finally:
            for descriptor in theirs:
                os.close(descriptor)

    def _close_pipes(self) -> None:
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        self._descriptors.clear()

    def _await_end(self) -> bool:
        if self._code is not None:
            return True
        self._sandbox._control.settimeout(END_SECONDS)
        try:
            return self._take_code()
        except OSError:
            return False

    def _take_code(self) -> bool:
        data = self._sandbox._control.recv(CODE.size)
        if len(data) != CODE.size:
            return False
        (self._code,) = CODE.unpack(data)
        return True

    # --- one exchange ------------------------------------------------------------------------------------------------

    def _exchange(
        self,
        header: dict[str, Any],
        body: bytes | None,
        wanted: str,
        limit: float,
        max_body: int,
        *,
        patient: bool = False,
    ) -> tuple[str, dict[str, Any], bytes]:
        """Send a frame (none for body None) and read until the frame `wanted` with its nonce comes.

        Returns "ok", that frame's header and body; or "interrupted" or "dead".
        """
        if not self.alive:
            return "dead", {}, b""
        nonce = secrets.token_hex(8)
        waiting = memoryview(b"" if body is None else frames.encode(header | {"nonce": nonce}, body))
        # Its start-up aside, what is here before an exchange may be wanted after it.
        before = set() if body is None else {pid for pid, _ in watch.descendants(self._sandbox.parent)}
        deadline = time.monotonic() + max(0.0, min(limit, self.left()))
        shell, interrupted, traffic = self._shell(), False, 0
        waited, granted = watch.waited(shell), 0.0
        answer: list[tuple[dict[str, Any], bytes]] = []

        def take(got: dict[str, Any], content: bytes) -> None:
            kind = got.get("is")
            if kind == "output" and wanted == "done":
                if got.get("cut") is True:
                    self._outputs.cut = True
                self._outputs.take(content)
            elif kind == wanted and (body is None or got.get("nonce") == nonce):
                answer.append((got, content))

        with selectors.DefaultSelector() as selector:
            for name in ("frames", "raw"):
                selector.register(self._descriptors[name], selectors.EVENT_READ, name)
            selector.register(self._sandbox._control, selectors.EVENT_READ, "control")
            if waiting:
                selector.register(self._descriptors["job"], selectors.EVENT_WRITE, "job")
            while True:
                for key, _ in selector.select(0.05):
                    if key.data == "job":
                        try:
                            waiting = waiting[os.write(key.fd, waiting[: frames.CHUNK]) :]
                        except BlockingIOError:
                            continue
                        except OSError:
                            waiting = waiting[:0]  # it has closed the pipe; the other signs say what that means
                        if not waiting:
                            selector.unregister(key.fd)
                    elif key.data == "control":
                        self._read_rest(take, max_body)
                        if answer:
                            break
                        return self._die(None)
                    else:
                        data = _read(key.fd)
                        if data is None:
                            continue
                        traffic += len(data)
                        if not data:
                            selector.unregister(key.fd)
                            if key.data == "frames":
                                return self._die(None)
                        elif key.data == "raw":
                            if wanted != "answer":
                                self._outputs.text("stdout", data.decode(errors="replace"))
                        elif not self._feed(data, max_body, take):
                            return self._die("wrote into the channel that the grader listens to")
                if answer and not interrupted:
                    return "ok", *answer[0]
                if answer:
                    # Only Python itself was interrupted; what it has started would go on beside the cells after it.
                    if not watch.kill_below(self._sandbox.parent, END_SECONDS, before):
                        return self._die(f"{self._too_long(limit)} and left processes that could not be ended")
                    return "interrupted", *answer[0]
                if self._over:
                    return self._die(self._over)
                if traffic > self._limits.flood + (max_body if wanted == "answer" else 0):
                    return self._die(f"wrote more than {size(self._limits.flood)}")
                if time.monotonic() > deadline:
                    if interrupted:
                        return self._die(f"{self._too_long(limit)} and could not be interrupted")
                    # Where others had the processor that time does not count: they may be another student's.
                    more = min(watch.waited(shell) - waited, PATIENCE * limit) - granted
                    more = min(more, self.left() - limit / 100)
                    if patient and more > limit / 100 and self._runs_alone():
                        granted, deadline = granted + more, deadline + more
                        continue
                    interrupted, deadline = True, time.monotonic() + self._limits.interrupt
                    self._interrupt()

    def _feed(self, data: bytes, max_body: int, take: Callable[[dict[str, Any], bytes], None]) -> bool:
        try:
            for header, body in self._reader.feed(data, max_body):
                take(header, body)
        except frames.FrameError:
            return False
        return True

    def _read_rest(self, take: Callable[[dict[str, Any], bytes], None], max_body: int) -> None:
        """What still lies in the pipes of a child that has ended."""
        for _ in range(64):
            data = _read(self._descriptors["frames"])
            if not data or not self._feed(data, max_body, take):
                break
        self._outputs.text("stdout", self._printed())

    def _printed(self) -> str:
        data = _read(self._descriptors["raw"]) if "raw" in self._descriptors else None
        return (data or b"").decode(errors="replace")

    def _die(self, why: str | None) -> tuple[str, dict[str, Any], bytes]:
        """The session is over. why: None where the child's exit code says it."""
        self.alive = False
        if why is None and self._over is None:
            # It closed the pipe or ended; a moment to learn which.
            self._sandbox._control.settimeout(0.3)
            with contextlib.suppress(OSError):
                if self._code is None and not self._take_code():
                    self._sandbox.close()  # it was the parent that ended
        self.why = self._over or why or _how(self._code)
        self._finished.set()
        return "dead", {}, b""

    def _interrupt(self) -> None:
        """SIGINT to the shell."""
        shell = self._shell()
        if shell:
            watch.interrupt(shell)

    def _shell(self) -> int:
        """The shell's process: down the tree, the first child each time (see child.py). 0 where there is none."""
        pid = self._sandbox.parent
        for _ in range(3 if self._sandbox.kind == WARM else 2):
            below = [child for child in watch.children(pid) if watch.is_running(child)]
            if not below:
                return 0
            pid = below[0]
        return pid

    def _runs_alone(self) -> bool:
        """Whether what takes the processor from the shell can hardly be the submission itself."""
        return watch.computing([pid for pid, _ in watch.descendants(self._sandbox.parent)]) <= FEW

    def _too_long(self, limit: float) -> str:
        if self.left() <= 0:
            return f"was running when the notebook's {seconds(self._limits.notebook_seconds)} were over"
        return f"ran longer than {seconds(limit)}"

    # --- the watch ---------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """In a thread of its own, since a student's processes go on while the host judges."""
        if not watch.PROC.joinpath("self", "status").is_file():
            return
        limits, parent = self._limits, self._sandbox.parent
        # Ours: two waiting processes and the shell.
        most = limits.processes + 8
        while not self._finished.wait(POLL):
            pids = [pid for pid, _ in watch.descendants(parent)]
            if len(pids) > most:
                self._over = f"started more than {limits.processes} processes"
            else:
                used = watch.memory(pids, limits.memory, lambda: len(list(watch.descendants(parent))) > most)
                self.peak = max(self.peak, used)
                if used > limits.memory:
                    self._over = f"used more than {size(limits.memory)} of memory"
            if self._over:
                if self._sandbox.kind == COLD:
                    # Process 1 of everything in there: with it the kernel ends them all, faster than they can fork.
                    with contextlib.suppress(OSError):
                        os.kill(parent, signal.SIGKILL)
                watch.kill_below(parent, END_SECONDS)
                return


def _how(code: int | None) -> str:
    """An exit code as the end of "your code ..."."""
    if code in (None, BROKEN):
        return "closed the grader's pipes"
    if code > 128:
        try:
            name = signal.Signals(code - 128).name
        except ValueError:
            name = f"signal {code - 128}"
        names = {"SIGSEGV": "a crash in compiled code, SIGSEGV", "SIGKILL": "killed", "SIGXCPU": "processor time"}
        return f"ended the Python process ({names.get(name, name)})"
    return f"ended the Python process (exit code {code})"


def _read(descriptor: int) -> bytes | None:
    """Some bytes, b"" at the end, None when there are none yet."""
    try:
        return os.read(descriptor, frames.CHUNK)
    except BlockingIOError:
        return None


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _kernel() -> tuple[int, int]:
    major, minor = platform.release().split(".")[:2]
    return int(major), int("".join(filter(str.isdigit, minor)) or 0)
