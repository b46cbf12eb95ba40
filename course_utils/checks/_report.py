"""Verdicts, and how a student gets to read them."""

from __future__ import annotations

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
        verdicts = judge(direct_ask(labelled), np.random.default_rng())
    except StudentError as error:
        # `from None`: one line about the slip, not two tracebacks through the course's own code.
        raise CheckFailed(explain(error)) from None
    wrong = [f"✗  {item.message}" for item in verdicts if not item.passed]
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


def shape_problem(got: Evidence, name: str, shape: tuple[int, ...], what: str) -> str | None:
    """None when got[name] is a finite tensor of this shape; otherwise the line that says what it is instead.

    name: as in the evidence ("value"); what: as the student knows it ("the code").
    """
    array = got.get(name)
    if not isinstance(array, np.ndarray):
        kind = got.get(f"{name}_type", "missing")
        return f"{what} is {kind}, a tensor of shape {list(shape)} was asked for" + (
            ": is there a return?" if "None" in str(kind) else ""
        )
    if got.get(f"{name}_type", "tensor") != "tensor":
        return f"{what} is a numpy {got[f'{name}_type']}, a torch tensor was asked for"
    if array.shape != shape:
        return f"{what} has shape {list(array.shape)}, expected {list(shape)}"
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return f"{what} holds nan or inf: is something divided by zero, or the logarithm of zero taken?"
    return None
