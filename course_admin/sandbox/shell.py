"""The shell: IPython without a kernel, in this process. It runs cells and answers probes. Inside the sandbox.

It is an ordinary program that shares a process with the student's code: damage to it affects only that submission. So
this side does not defend itself against attacks. It only makes honest notebooks work (output cut at a limit, frames
that an interrupt does not break, forked workers that print). All defence is on the host's side of the pipes.

    host -> shell   {"do": "file", "nonce", "path"} content | {"do": "cell", "nonce"} source
                    | {"do": "definitions", "nonce"} source | {"do": "ask", "nonce"} question
    shell -> host   {"is": "ready"} | {"is": "output"} a notebook output as JSON | {"is": "output", "cut"}
                    | {"is": "done", "nonce", "ok", "went_on"} | {"is": "answer", "nonce"} evidence
"""

from __future__ import annotations

import ast
import base64
import builtins
import contextlib
import io
import json
import os
import random
import re
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import IPython
import numpy as np
import torch
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from course_utils.evidence import Evidence, pack, unpack
from course_utils.probes import PROBES, StudentError, answer

from . import frames

FLUSH_BYTES, FLUSH_SECONDS = 1 << 13, 0.05
NO_INPUT = "nobody is there to answer: input() does not work while a notebook is graded"


class Channel:
    """The channel to the host: write complete frames, only in the shell's process, and cut a cell's output."""

    def __init__(self) -> None:
        self.descriptor = -1
        self.process = os.getpid()
        self.limit = self.left = 0
        self.silent = True
        self.sending = self.interrupted = self.running = False
        self._lock = threading.RLock()

    def open(self, descriptor: int, limit: int) -> None:
        """Set the descriptor and the output limit, in a process that has just been forked."""
        self.descriptor, self.limit, self.process = descriptor, limit, os.getpid()
        self._lock = threading.RLock()

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Write one complete frame, even if an interrupt arrives meanwhile."""
        if os.getpid() != self.process:
            return  # in a process that the student's code has forked: frames of two writers would be mixed
        main = threading.current_thread() is threading.main_thread()
        with self._lock:
            self.sending = main
            try:
                data = memoryview(frames.encode(header, body))
                while data:
                    data = data[os.write(self.descriptor, data) :]
            finally:
                self.sending = False
        if main and self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt

    def output(self, output: dict[str, Any]) -> None:
        """Send one output of the notebook. Beyond the limit, send once that the output was cut."""
        if self.silent or self.left < 0:
            return
        body = json.dumps(output, default=repr).encode()
        self.left -= len(body)
        if self.left < 0:
            self.send({"is": "output", "cut": True})
        else:
            self.send({"is": "output"}, body)

    def on_interrupt(self, *_: Any) -> None:
        """Handle SIGINT: interrupt the student's code, never the shell's."""
        __tracebackhide__ = True  # hide this frame in the student's traceback
        if self.sending:
            self.interrupted = True
        elif self.running:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def student_runs(self, *, silent: bool) -> Iterator[None]:
        """Allow interrupts in the block, which runs the student's code. silent: send no output.

        The student's own handler for SIGINT is replaced at the next cell.
        """
        signal.signal(signal.SIGINT, self.on_interrupt)
        self.left, self.silent, self.interrupted, self.running = self.limit, silent, False, True
        try:
            yield
        finally:
            self.running = False


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr: written text becomes stream outputs, in few frames and in order."""

    def __init__(self, name: str, channel: Channel, descriptor: int) -> None:
        self._name, self._channel, self._descriptor = name, channel, descriptor
        self._parts: list[str] = []
        self._size, self._flushed = 0, 0.0

    encoding, errors = "utf-8", "replace"

    @property
    def name(self) -> str:
        return f"<{self._name}>"

    def fileno(self) -> int:
        return self._descriptor

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if os.getpid() != self._channel.process:
            os.write(self._descriptor, text.encode(errors="replace"))
            return len(text)
        if self._channel.left >= 0:
            self._parts.append(text)
            self._size += len(text)
        # Send immediately after a pause: if Python crashes, the last output explains why.
        if self._size > FLUSH_BYTES or time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()
        return len(text)

    def flush(self) -> None:
        if os.getpid() != self._channel.process:
            return
        parts, self._parts, self._size = self._parts, [], 0
        self._flushed = time.monotonic()
        if parts:
            self._channel.output({"output_type": "stream", "name": self._name, "text": "".join(parts)})


class Publisher(DisplayPublisher):
    """Send display(), its updates, and clear_output() to the host."""

    def publish(
        self, data: Any, metadata: Any = None, *, transient: Any = None, update: bool = False, **_: Any
    ) -> None:
        _flush()
        shown = {"output_type": "display_data", "data": _plain(data), "metadata": metadata or {}}
        CHANNEL.output(shown | {"display_id": (transient or {}).get("display_id"), "update": bool(update)})

    def clear_output(self, wait: bool = False) -> None:
        _flush()
        CHANNEL.output({"output_type": "clear_output", "wait": bool(wait)})


class Hook(DisplayHook):
    """Send the value of a cell's last line to the host."""

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        _flush()
        shown = {"output_type": "execute_result", "data": _plain(format_dict), "metadata": md_dict or {}}
        CHANNEL.output(shown | {"execution_count": self.prompt_count})

    def finish_displayhook(self) -> None:
        pass


class Shell(InteractiveShell):
    """InteractiveShell with the behaviour that it has in a notebook's kernel."""

    kernel = SimpleNamespace(shell=None)
    """Code that tests whether it runs in a notebook (course_utils.training, tqdm) looks for this attribute."""
    display_pub_class = Type(Publisher)
    displayhook_class = Type(Hook)
    system = InteractiveShell.system_raw

    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing. `%matplotlib inline` calls this, and there is no window to open."""

    def ask_exit(self) -> None:
        """Ignore exit and quit: the notebook continues, as in JupyterLab."""
        print("exit is ignored while a notebook is graded", file=sys.stderr)

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        _flush()
        CHANNEL.output(
            {"output_type": "error", "ename": etype.__name__, "evalue": str(evalue), "traceback": list(map(str, stb))}
        )


CHANNEL = Channel()


def prepare() -> Shell:
    """Make the shell in the parent: everything that does not depend on the job."""
    settings = Config()
    # No history: IPython stores it in SQLite with its own thread, and threads do not survive a fork.
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "nocolor" if IPython.version_info[0] >= 9 else "NoColor"
    shell = Shell.instance(config=settings)
    shell.run_line_magic("matplotlib", "inline")
    _preload_slow_parts(shell)
    return shell


def serve(shell: Shell, job: int, out: int, *, seed: int, limit: int) -> None:
    """Process the requests from the pipe `job` until it is closed.

    out: descriptor for frames; seed: of the student's random numbers; limit: bytes of output per cell.
    """
    CHANNEL.open(out, limit)
    sys.stdout, sys.stderr = Stream("stdout", CHANNEL, 1), Stream("stderr", CHANNEL, 2)
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr
    sys.stdin = io.StringIO()
    builtins.input = _no_input
    signal.signal(signal.SIGINT, CHANNEL.on_interrupt)
    # As in a kernel: modules in the notebook's folder can be imported.
    sys.path.insert(0, "")
    # Without seeds, each Python would start differently. So the same submission gets the same numbers again.
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    # The student's code can replace these functions. That harms only its own submission.
    work: dict[str, Callable[[dict[str, Any], bytes], None]] = {
        "file": lambda header, body: _write_file(header["nonce"], header["path"], body),
        "cell": lambda header, body: _run_cell(shell, header["nonce"], body.decode()),
        "definitions": lambda header, body: _run_cell(shell, header["nonce"], definitions(body.decode())),
        "ask": lambda header, body: _answer(shell, header["nonce"], body),
    }
    CHANNEL.send({"is": "ready"})
    while True:
        request = frames.read(job)
        if request is None:
            return  # the host has closed the pipe, or it has ended
        header, body = request
        work[header["do"]](header, body)
        if os.getpid() != CHANNEL.process:
            os._exit(0)  # a process that a student's cell has forked must not read the next request


def _write_file(nonce: str, path: str, content: bytes) -> None:
    """Write one of the student's other files into the working folder."""
    ok = False
    with contextlib.suppress(OSError):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_bytes(content)
        ok = True
    CHANNEL.send({"is": "done", "nonce": nonce, "ok": ok})


def definitions(source: str) -> str:
    """Return the statements of a cell that only define something: imports, functions, classes, constants."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    kept = [
        node
        for node in tree.body
        if isinstance(node, kinds) or (isinstance(node, ast.Assign | ast.AnnAssign) and _is_constant(node.value))
    ]
    return "\n".join(ast.unparse(node) for node in kept)


def _is_constant(node: ast.AST | None) -> bool:
    return node is None or all(
        isinstance(part, ast.Constant | ast.Tuple | ast.List | ast.Dict | ast.UnaryOp | ast.expr_context | ast.unaryop)
        for part in ast.walk(node)
    )


def rest(shell: Shell, source: str, error: BaseException | None, *, follows: bool) -> str:
    """Return the lines of a cell below the statement that raised an error, if that error comes from the sandbox.

    This is so if something is not available: a package, a file or a server, a graphics card, keyboard input, or an
    IPython command. For any other error return "". follows: whether an earlier statement of the cell raised such an
    error; this may also be the reason for a NameError.
    """
    text = shell.transform_cell(source)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    lines = [at for frame, at in traceback.walk_tb(getattr(error, "__traceback__", None)) if _is_cell(frame.f_code)]
    node = next((node for node in tree.body if lines and node.lineno <= lines[0] <= node.end_lineno), None)
    if node is None:
        return ""
    node_text = ast.unparse(node)
    command = "get_ipython()" in node_text
    missing = (
        isinstance(error, ImportError | OSError) or type(error) is EOFError or _is_hardware(f"{error} {node_text}")
    )
    if not (missing or command or (follows and isinstance(error, NameError))):
        return ""
    return "\n".join(text.split("\n")[node.end_lineno :]).strip("\n")


def _is_hardware(text: str) -> bool:
    """Return whether an error, or the statement that raised it, mentions a graphics card."""
    return re.search(r"\b(cuda|CUDA|NVIDIA|mps)\b", text) is not None


def _is_cell(code: CodeType) -> bool:
    return code.co_name == "<module>" and "ipython-input" in code.co_filename


def _run_cell(shell: Shell, nonce: str, source: str) -> None:
    ok = went_on = False
    try:
        with CHANNEL.student_runs(silent=False):
            result = shell.run_cell(source, store_history=True)
            while not result.success and (source := rest(shell, source, result.error_in_exec, follows=went_on)):
                went_on = True
                result = shell.run_cell(source, store_history=False)
            ok = bool(result.success)
            _flush()
    except BaseException as error:  # an interrupt inside IPython's own code, or the student has replaced parts of it
        with contextlib.suppress(BaseException):
            text = f"{type(error).__name__}: {error}"
            CHANNEL.output(
                {"output_type": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": [text]}
            )
    CHANNEL.send({"is": "done", "nonce": nonce, "ok": ok, "went_on": went_on})


def _answer(shell: Shell, nonce: str, question: bytes) -> None:
    """Answer a packed question: `probe`, `targets` and each input NAME as "i:NAME".

    The answer has `ok` and each piece of evidence NAME as "e:NAME". If ok is False, it has the fields of a
    StudentError. If a target is not defined (its cell was not run, or raised), the answer is a NameError.
    """
    got: Evidence
    try:
        asked = unpack(question)
        inputs = {key.removeprefix("i:"): value for key, value in asked.items() if key.startswith("i:")}
        with CHANNEL.student_runs(silent=True):
            for name in asked["targets"]:
                if name not in shell.user_ns:
                    raise StudentError("NameError", f"{name} is not defined")
            targets = [shell.user_ns[name] for name in asked["targets"]]
            evidence = answer(PROBES[asked["probe"]], targets, inputs)
        packed = pack({"ok": True} | {f"e:{key}": value for key, value in evidence.items()})
    except StudentError as error:
        got = {"ok": False, "kind": error.kind, "text": error.text, "where": error.where}
        packed = pack(got)
    except BaseException as error:
        packed = pack({"ok": False, "kind": type(error).__name__, "text": str(error)[:300], "where": ""})
    _flush()
    CHANNEL.send({"is": "answer", "nonce": nonce}, packed)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def _plain(data: Any) -> dict[str, Any]:
    """Return a MIME bundle with bytes, such as pictures, in base64, as in notebooks. Other data types are left out."""
    return {
        str(kind): base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for kind, value in dict(data).items()
        if isinstance(value, str | bytes)
    }


def _no_input(*_: Any, **__: Any) -> str:
    raise EOFError(NO_INPUT)


def _preload_slow_parts(shell: Shell) -> None:
    """Do once, before any fork, what is slow the first time: draw a figure with text, print a traceback."""
    import matplotlib.pyplot as plt

    with contextlib.redirect_stdout(io.StringIO()):
        shell.run_cell("1 / 0", store_history=False)
    figure, axes = plt.subplots(figsize=(1, 1))
    axes.set_title("x")
    figure.savefig(io.BytesIO(), format="png")
    plt.close(figure)
    # Otherwise pyplot would draw the figures after each cell for a window that does not exist, in addition to the
    # inline backend.
    plt.uninstall_repl_displayhook()
    shell.user_ns.pop("_", None)
