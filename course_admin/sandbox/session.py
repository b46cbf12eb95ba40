"""The grader's side of one submission's Python: send cells and questions, and do not trust the answers.

A student's code can damage the pipes or its process, or run forever. Each request still ends in one of three states:
answered, interrupted or dead. If a limit was hit, the session names it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import selectors
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from course_admin.sandbox import frames, process_watch
from course_admin.sandbox.child import BROKEN, HIGH
from course_admin.sandbox.limits import seconds, size
from course_admin.sandbox.outputs import Outputs
from course_admin.sandbox.preloaded import CODE

if TYPE_CHECKING:
    from course_admin.sandbox.fork_server import Sandbox

PRELOADED, FRESH, NONE = "preloaded", "fresh", "none"
START_SECONDS = 180
END_SECONDS = 10
POLL = 0.015
PATIENCE = 3.0
"""The maximum extra time for a cell or question that waits for a CPU, as a multiple of its limit."""
FEW = 4
"""If more processes and threads of a submission compute at the same time, the submission itself causes the waiting."""
MAX_ANSWER = 160 << 20
"""The maximum size of an answer. It is larger than the limit in course_utils.evidence, which has a better message."""
MAX_OUTPUT_FRAME = 32 << 20


class SandboxError(RuntimeError):
    """The sandbox itself does not work, for any submission. what: the error; remedy: what the user can do."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}: {remedy}" if remedy else what)
        self.what, self.remedy = what, remedy


class Stopped(Exception):  # noqa: N818 - not an error of the grader: the student's code did not answer
    """The student's code gave no answer. The text says what it did instead, and continues "your code ..."."""


@dataclass
class CellResult:
    """The result of a cell.

    state: "ok", "error" (it raised), "interrupted" (it ran too long; Python still runs) or "dead"; why: the reason for
    the last two, which continues "cell 3 ..."; outputs: notebook outputs as plain dicts; cut: whether some were
    dropped; seconds: duration; went_on: whether the cell continued after a statement that failed only because
    something is not available in the sandbox.
    """

    state: str
    why: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    cut: bool = False
    seconds: float = 0.0
    went_on: bool = False


class Session:
    """One submission's Python, made by Sandbox.session. Every request ends after a limited time."""

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
        """The maximum memory use that the watch measured, in bytes. Below the limit, it is an upper bound."""

    # --- requests ----------------------------------------------------------------------------------------------------

    def execute(self, source: str, *, definitions: bool = False, patient: bool = False) -> CellResult:
        """Run a cell. A dead session returns a dead result.

        definitions: run only the cell's definitions; patient: do not count the time in which the cell waits for a CPU.
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
        """Write a file into the working folder. Return whether that succeeded. path: relative, with "/".

        Raises ValueError for a path outside of the folder.
        """
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or "\0" in path or not path:
            raise ValueError(f"{path!r} is not a path below the working folder")
        do = {"do": "file", "path": path}
        try:
            state, header, _ = self._exchange(do, content, "done", self._limits.cell_seconds, MAX_OUTPUT_FRAME)
        except frames.FrameError:  # the path is too long for a frame's header
            return False
        return state == "ok" and header.get("ok") is True

    def ask(self, question: bytes) -> bytes:
        """Send a packed question and return the packed answer, which can be any bytes.

        Raises Stopped if no answer comes.
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
        """Return the remaining seconds of the notebook's time limit."""
        return self._deadline - time.monotonic()

    # --- beginning and end -------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Fork the child and wait until it is ready. Raises SandboxError."""
        try:
            self._send_pipes()
            state, _, _ = self._exchange({}, None, "ready", START_SECONDS, frames.CHUNK)
        except OSError as error:
            raise SandboxError(f"the sandbox's parent has ended: {error}") from error
        if state != "ok":
            self._outputs.text("stdout", self._printed())
            lines = "".join(output.get("text", "") for output in self._outputs.cell).strip().splitlines()
            raise SandboxError(f"the sandbox cannot shut a submission in: {lines[-1] if lines else self.why}")
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self._watching.start()

    def close(self) -> None:
        """Kill the child's processes and wait until they have ended. The parent continues for the next child."""
        self.alive = False
        self._finished.set()
        if self._watching is not None:
            self._watching.join()
        self._close_pipes()
        sandbox = self._sandbox
        if not sandbox.is_open:
            return
        if sandbox.kind == FRESH:
            sandbox.close()
        elif not (process_watch.kill_below(sandbox.parent, END_SECONDS) and self._await_end()):
            # This should never happen. If it does, the next session starts a new parent.
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
            # The parent passes these descriptors to the child. It does not read or write the pipes.
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
        """Send a frame (none if body is None) and read until a frame of kind `wanted` with its nonce arrives.

        limit: seconds; max_body: maximum size of a received body in bytes; patient: see `execute`.
        Returns the state "ok", "interrupted" or "dead", and the frame's header and body, which are empty if "dead".
        """
        if not self.alive:
            return "dead", {}, b""
        nonce = secrets.token_hex(8)
        waiting = memoryview(b"" if body is None else frames.encode(header | {"nonce": nonce}, body))
        # The processes that exist before this exchange must survive an interrupt: later cells may need them.
        before = set() if body is None else {pid for pid, _ in process_watch.descendants(self._sandbox.parent)}
        deadline = time.monotonic() + max(0.0, min(limit, self.left()))
        shell, interrupted, traffic = self._shell(), False, 0
        waited, granted = process_watch.waited(shell), 0.0
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
                            waiting = waiting[:0]  # the shell has closed the pipe; the other pipes show the reason
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
                    # Only Python was interrupted. Its child processes would continue while later cells run.
                    if not process_watch.kill_below(self._sandbox.parent, END_SECONDS, before):
                        return self._die(f"{self._too_long(limit)} and left processes that could not be ended")
                    return "interrupted", *answer[0]
                if self._over:
                    return self._die(self._over)
                if traffic > self._limits.flood + (max_body if wanted == "answer" else 0):
                    return self._die(f"wrote more than {size(self._limits.flood)}")
                if time.monotonic() > deadline:
                    if interrupted:
                        return self._die(f"{self._too_long(limit)} and could not be interrupted")
                    # The time of waiting for a CPU does not count: another student's submission may have used it.
                    more = min(process_watch.waited(shell) - waited, PATIENCE * limit) - granted
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
        """Read the remaining data in the pipes of a child that has ended."""
        for _ in range(64):
            data = _read(self._descriptors["frames"])
            if not data or not self._feed(data, max_body, take):
                break
        self._outputs.text("stdout", self._printed())

    def _printed(self) -> str:
        data = _read(self._descriptors["raw"]) if "raw" in self._descriptors else None
        return (data or b"").decode(errors="replace")

    def _die(self, why: str | None) -> tuple[str, dict[str, Any], bytes]:
        """Mark the session as dead. why: the reason, None if the child's exit code shows it."""
        self.alive = False
        if why is None and self._over is None:
            # The child has closed the pipe or ended. Wait a short time for its exit code, to find out which.
            self._sandbox._control.settimeout(0.3)
            with contextlib.suppress(OSError):
                if self._code is None and not self._take_code():
                    self._sandbox.close()  # it was the parent that ended
        self.why = self._over or why or _how(self._code)
        self._finished.set()
        return "dead", {}, b""

    def _interrupt(self) -> None:
        """Send SIGINT to the shell."""
        shell = self._shell()
        if shell:
            process_watch.interrupt(shell)

    def _shell(self) -> int:
        """Return the shell's process id, 0 if there is none. It follows the first children down the process tree.

        child.py shows the tree.
        """
        pid = self._sandbox.parent
        for _ in range(3 if self._sandbox.kind == PRELOADED else 2):
            below = [child for child in process_watch.children(pid) if process_watch.is_running(child)]
            if not below:
                return 0
            pid = below[0]
        return pid

    def _runs_alone(self) -> bool:
        """Return whether other programs, and not the submission itself, probably use the CPU instead of the shell."""
        return process_watch.computing([pid for pid, _ in process_watch.descendants(self._sandbox.parent)]) <= FEW

    def _too_long(self, limit: float) -> str:
        if self.left() <= 0:
            return f"was running when the notebook's {seconds(self._limits.notebook_seconds)} were over"
        return f"ran longer than {seconds(limit)}"

    # --- the watch ---------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Check the limits of processes and memory repeatedly, and kill all processes if one is exceeded.

        This runs in its own thread, because a student's processes continue while the host runs exams.
        """
        if not process_watch.PROC.joinpath("self", "status").is_file():
            return
        limits, parent = self._limits, self._sandbox.parent
        # The sandbox's own processes count, too: two waiting processes and the shell.
        most = limits.processes + 8
        while not self._finished.wait(POLL):
            pids = [pid for pid, _ in process_watch.descendants(parent)]
            if len(pids) > most:
                self._over = f"started more than {limits.processes} processes"
            else:
                used = process_watch.memory(
                    pids, limits.memory, lambda: len(list(process_watch.descendants(parent))) > most
                )
                self.peak = max(self.peak, used)
                if used > limits.memory:
                    self._over = f"used more than {size(limits.memory)} of memory"
            if self._over:
                if self._sandbox.kind == FRESH:
                    # The parent is process 1 of the sandbox. With it the kernel kills all processes in the sandbox,
                    # faster than they can fork.
                    with contextlib.suppress(OSError):
                        os.kill(parent, signal.SIGKILL)
                process_watch.kill_below(parent, END_SECONDS)
                return


def _how(code: int | None) -> str:
    """Return a text for an exit code that continues "your code ..."."""
    if code in (None, BROKEN):
        return "closed the grader's pipes"
    if code > 128:
        try:
            name = signal.Signals(code - 128).name
        except ValueError:
            name = f"signal {code - 128}"
        names = {"SIGSEGV": "a crash in compiled code, SIGSEGV", "SIGKILL": "killed", "SIGXCPU": "processor time"}
        return f"ended the Python process ({names.get(name, name)})"
    return f"ended the Python process (exit code {code}{' or above' if code == HIGH else ''})"


def _read(descriptor: int) -> bytes | None:
    """Return the available bytes, b"" at the end of the pipe, None if there are none yet."""
    try:
        return os.read(descriptor, frames.CHUNK)
    except BlockingIOError:
        return None
