"""Verdicts, and how a student gets to read them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from course_utils.evidence import Evidence
from course_utils.probes import Ask, StudentError, direct_ask

STUB = "complete the cell above first, run it, then run this one"


class Verdict(NamedTuple):
    """One aspect of an answer.

    share: what it weighs against the other aspects of the exercise (any positive number);
    message: one line for the student: what is right, or what is wrong and what probably caused it.
    """

    share: float
    passed: bool
    message: str


def verdict(passed: Any, right: str, wrong: str, share: float = 1.0) -> Verdict:
    """A Verdict with the message that fits."""
    return Verdict(share, bool(passed), right if passed else wrong)


class CheckFailed(AssertionError):  # noqa: N818 - students read this name; "Error" would suggest their code crashed
    """A check found something wrong. Shown as its message alone, without a traceback of the course's own code."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def run_check(
    judge: Callable[[Ask, np.random.Generator], list[Verdict]], *targets: Any, names: tuple[str, ...] = ()
) -> None:
    """Ask, judge and show: prints what is right, raises CheckFailed with what is wrong.

    judge(ask, rng) -> verdicts; rng is fresh at every call, so that the inputs change each time.
    names: what the targets are called where the judge asks for some of them only.
    """
    labelled = dict(zip(names or [str(i) for i in range(len(targets))], targets, strict=True))
    try:
        # Wild numbers of the student's may overflow in a judge: that is a finding, not a warning to print.
        with np.errstate(all="ignore"):
            verdicts = judge(direct_ask(labelled), np.random.default_rng())
    except StudentError as error:
        # `from None`: one line about the slip, not two tracebacks through the course's own code.
        raise CheckFailed(explain(error)) from None
    wrong = dict.fromkeys(f"✗  {item.message}" for item in verdicts if not item.passed)  # each line once
    for item in verdicts:
        if item.passed:
            print(f"✓  {item.message}")
    if wrong:
        raise CheckFailed("\n".join(wrong))


def explain(error: StudentError) -> str:
    """An exception from the student's code as one line that a student can act on."""
    if error.is_stub:
        return f"·  {STUB}"
    if error.kind == "NameError" and error.text.endswith("is not defined") and not error.where:
        return f"·  {error.text}: run the cell above first"
    if error.kind in ("EvidenceError", "Stopped"):
        return f"✗  {error.text}"
    where = f" in {error.where}" if error.where else ""
    return f"✗  your code raised {error.kind}{where}\n   {error.text}"


def attempt(ask: Ask, question: Callable, **inputs: Any) -> Evidence:
    """Like ask, for a judge that asks more than once: what the student's code raises costs this question alone.

    Then the evidence is `raised`, the line for the student (which shape_problem passes on), and `stub`, whether the
    exercise is simply not done yet.
    """
    try:
        return ask(question, **inputs)
    except StudentError as error:
        return {"raised": explain(error).lstrip("✗· "), "stub": error.is_stub}


def shape_problem(got: Evidence, name: str, shape: tuple[int, ...], what: str) -> str | None:
    """None when got[name] is a finite tensor of numbers of this shape; otherwise the line that says what it is
    instead.

    name: as in the evidence ("value"); what: as the student knows it ("the code").
    """
    array = got.get(name)
    if not isinstance(array, np.ndarray):
        if isinstance(got.get("raised"), str):
            return got["raised"]
        kind = kind_of(got, name)
        return f"{what} is {kind}, a tensor of shape {list(shape)} was asked for" + (
            ": is there a return?" if "None" in kind else ""
        )
    if kind_of(got, name) == "array":
        return f"{what} is a numpy array, a torch tensor was asked for"
    if array.shape != shape:
        return f"{what} has shape {list(array.shape)}, expected {list(shape)}"
    if array.dtype.kind == "b":
        return f"{what} holds True and False, numbers were asked for"
    if not np.isfinite(array).all():
        return f"{what} holds nan or inf: is something divided by zero, or the logarithm of zero taken?"
    return None


def kind_of(got: Evidence, name: str) -> str:
    """What came back under this name, in words ("tensor", "tuple of 2"). One short line, whatever the evidence says."""
    kind = got.get(f"{name}_type", "missing")
    return " ".join(kind.split())[:60] if isinstance(kind, str) else "something unreadable"


def array_of(got: Evidence, name: str, shape: tuple[int, ...] | None = None) -> np.ndarray | None:
    """got[name] in double precision when it is a finite array of numbers (of this shape), else None.

    In double precision, since judges add and multiply: an honest float16 or int8 would overflow.
    """
    array = got.get(name)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf" or shape not in (None, array.shape):
        return None
    array = array.astype(np.float64)
    return array if np.isfinite(array).all() else None


def number_of(got: Evidence, name: str) -> float | None:
    """got[name] as a float when it is one finite number, also as a tensor of one entry; else None."""
    value = got.get(name)
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "iuf":
        value = value.reshape(()).item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # a whole number of hundreds of digits
        return None


def shape_of(got: Evidence, name: str) -> tuple[int, ...] | None:
    """The shape of an array or a number in the evidence, None for anything else, which may be anything."""
    value = got.get(name)
    if isinstance(value, np.ndarray):
        return value.shape
    return () if isinstance(value, bool | int | float) else None


def left_alone(got: Evidence, names: str) -> list[Verdict]:
    """Nothing when the student's function left its inputs as they were; a failed verdict when it wrote into them.

    To be added to the others: good manners alone earn nothing. names: the inputs in words ("X").
    """
    changed = got.get("changed")
    if "raised" in got or (isinstance(changed, list) and not changed):
        return []
    wrong = f"your function writes into {names}: whoever calls it finds other numbers there afterwards (is there a -=?)"
    return [Verdict(1.0, False, wrong)]
