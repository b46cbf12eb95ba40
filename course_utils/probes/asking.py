"""Putting a question to a student's code: what goes in, what may come back, and how it is stopped."""

from __future__ import annotations

import _thread
import contextlib
import linecache
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from course_utils.evidence import Evidence, EvidenceError, pack, unpack
from course_utils.guard import asking

Ask = Callable[..., Evidence]
PROBES: dict[str, Callable[..., Evidence]] = {}
QUESTION_SECONDS = 60.0
"""How long a student's code may take for one question, in a notebook and, by default, in grading."""


class StudentError(Exception):
    """The student's code raised, or gave something back that cannot be evidence.

    `kind` is the exception's name ("NotImplementedError": still a stub), `text` its message, `where` the line of the
    student's cell it came from, or "".
    """

    def __init__(self, kind: str, text: str, where: str = "") -> None:
        super().__init__(f"{kind}: {text}")
        self.kind, self.text, self.where = kind, text, where

    @property
    def is_stub(self) -> bool:
        """Whether the exercise has simply not been done yet."""
        return self.kind == "NotImplementedError"


def probe(function: Callable[..., Evidence]) -> Callable[..., Evidence]:
    """Make a function a probe, which can be asked for by its name across a process boundary."""
    PROBES[function.__name__] = function
    return function


def direct_ask(targets: Mapping[str, Any], seconds: float = 0.0) -> Ask:
    """An `ask` that calls the probes on these objects here and now, as the notebook and pytest do.

    targets: name -> the student's object; seconds: the time limit of a question, 0 for none.
    ask(probe, targets=None, /, **inputs) hands the probe all of them in this order, or those named; its first two
    arguments by position alone, so that an input may have any name. Raises StudentError when the student's code raised.
    """

    def ask(question: Callable, targets: tuple[str, ...] | None = None, /, **inputs: Any) -> Evidence:
        names = tuple(all_targets) if targets is None else targets
        with _at_most(seconds):
            return answer(question, [all_targets[name] for name in names], inputs)

    all_targets = dict(targets)
    return ask


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """End the student's code after so many seconds, as the stop button does, with a StudentError. 0: no limit."""
    if not seconds or threading.current_thread() is not threading.main_thread():
        yield
        return
    over, done = threading.Event(), threading.Event()

    def stop() -> None:
        wait = seconds
        while not done.wait(wait):  # again and again: an interrupt inside a destructor is lost
            over.set()
            _thread.interrupt_main()
            wait = 1.0

    watch = threading.Thread(target=stop, daemon=True)
    watch.start()
    try:
        try:
            yield
        finally:
            done.set()
            watch.join()
            if over.is_set():  # an interrupt may still be on its way
                time.sleep(0.01)
    except BaseException:  # `fit` ends without one when it is interrupted, other code may raise what it likes
        if not over.is_set():
            raise
    if over.is_set():
        text = f"your code ran longer than {seconds:.0f} s and was stopped: take fewer steps, or larger batches"
        raise StudentError("Stopped", text)


def answer(question: Callable, targets: list[Any], inputs: Mapping[str, Any]) -> Evidence:
    """Put one question to the student's objects. Whatever goes wrong in their code becomes a StudentError."""
    # As across a process: the student's code gets copies, and what comes back is evidence or nothing.
    inputs = unpack(pack(inputs))
    try:
        with asking():
            return unpack(pack(question(*targets, **inputs)))
    except EvidenceError as error:
        raise StudentError("EvidenceError", str(error)) from None
    except Exception as error:
        raise StudentError(type(error).__name__, first_line(error), _where(error)) from error


def tensors(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as a student's code gets them.

    Arrays become tensors, floats as float32 and whole numbers as int64; lists become tuples; the rest stays.
    """
    out: dict[str, Any] = {}
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            kinds = {"f": np.float32, "i": np.int64, "u": np.int64, "b": np.bool_}
            out[name] = torch.from_numpy(np.array(value, dtype=kinds[value.dtype.kind]))
        else:
            out[name] = tuple(value) if isinstance(value, list) else value
    return out


def first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:300]


def _where(error: BaseException) -> str:
    """The last line of the student's own cells in the traceback: "line 4: z = mu + sigma"."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if "ipykernel" in frame.filename or "ipython-input" in frame.filename or frame.filename.startswith("<"):
            line = linecache.getline(frame.filename, frame.lineno or 0).strip() or (frame.line or "").strip()
            return f"line {frame.lineno}: {line}" if line else f"line {frame.lineno}"
    return ""
