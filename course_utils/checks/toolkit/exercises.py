"""`exercise`: from one function over `c`, the visible check, the judge and the default exam of an exercise."""

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils.checks.toolkit.answers import STUB, explain
from course_utils.checks.toolkit.rubric import MAX_SLIPS, Rubric, Verdict, declare, lines_of
from course_utils.checks.toolkit.training import Training
from course_utils.checks.toolkit.values import Stop
from course_utils.checks.toolkit.written import library_calls
from course_utils.probes import QUESTION_SECONDS, Ask, StudentError, direct_ask, written

LIBRARY = 0.6
"""The deduction for a call of a library function in an exercise that must be written by hand."""


class CheckFailed(AssertionError):  # noqa: N818 - students read this name; "Error" would suggest their code crashed
    """A check found something wrong. Shown as its message alone, without a traceback of the course's own code."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class Case(Training):
    """`c`: the questions and comparisons of the toolkit, and the verdicts that they leave."""

    def by_hand(self, without: Sequence[str], own: Sequence[str]) -> None:
        """Charge "library" where the answer's text calls one of `without`; own: the student's functions."""
        cells = [value for value in self._ask(written).values() if isinstance(value, np.ndarray)]
        texts = [
            cell.astype(np.uint8).tobytes().decode("utf-8", "replace") for cell in cells if cell.dtype.kind in "iu"
        ]
        found = sorted({name for text in texts for name in library_calls(text, without, own)})
        line = (
            f"{', '.join(found)}: not allowed in this exercise, write it by hand. Compare with it in a cell of its own"
        )
        self.verify("library", not found, line)


class Exercise:
    """A graded exercise: called with the student's objects it is the visible check, `judge` decides marks.

    name: its grade_id; targets: the names in the student's notebook that it asks about; rubric: what is worth what;
    without: library functions that the answer may not call.
    """

    def __init__(
        self, judging: Callable[[Case], None], targets: Sequence[str], rubric: Rubric, without: Sequence[str] = ()
    ) -> None:
        self.name, self.judging, self.rubric, self.without = judging.__name__, judging, rubric, tuple(without)
        self.targets = tuple(targets) or (self.name,)

    def __call__(self, *objects: Any) -> None:
        """Check the student's objects: prints what is right, raises CheckFailed with what is wrong."""
        try:
            # A student's huge numbers may overflow in a comparison: the check reports that, so numpy need not warn.
            with np.errstate(all="ignore"):
                ask = direct_ask(dict(zip(self.targets, objects, strict=True)), QUESTION_SECONDS)
                lines = lines_of(self.judge(ask, np.random.default_rng()))
        except StudentError as error:
            # `from None`: one line about the slip, not two tracebacks through the course's own code.
            raise CheckFailed(f"·  {STUB}" if error.is_stub else f"✗  {explain(error)}") from None
        for line in (line for line in lines if line.startswith("✓")):
            print(line)
        if wrong := [line for line in lines if not line.startswith("✓")]:
            raise CheckFailed("\n".join(wrong))

    def judge(self, ask: Ask, rng: np.random.Generator) -> list[Verdict]:
        """Verdicts over the whole rubric. Raises StudentError for a stub."""
        case = Case(ask, rng, self.rubric)
        try:
            self.judging(case)
            if self.without:
                case.by_hand(self.without, self.targets)
        except Stop as stop:
            return case.lost(str(stop))
        return case.verdicts()


def exercise(
    *,
    targets: Sequence[str] = (),
    without: Sequence[str] = (),
    costs: dict[str, tuple[float, str]] | None = None,
    **aspects: tuple[float, str],
) -> Callable[[Callable[[Case], None]], Exercise]:
    """Make a function over `c` the check, the judge and the default exam of the exercise of its name.

    aspects: name=(weight, what is right); the points are shared out by the weights, whatever path the judging takes.
    The core of the exercise should weigh half or more, so that what misses it keeps at most half. costs: deductions,
    {name: (share, what is right)}; "form" and "writes" are there by themselves at 0.2 each; a share of 0 turns them
    off. targets: the names in the student's notebook, where they are not the exercise's own. without: names of
    library functions that the answer may not call, which its text is searched for ("library", 0.6; in grading the text
    that was handed in).
    Raises ValueError for weights or costs that cannot be meant, and for more than 8 named slips.
    """
    by_hand = {"library": (LIBRARY, f"written by hand, without {', '.join(without)}")} if without else {}
    rubric = declare(aspects, by_hand | (costs or {}))

    def make(judging: Callable[[Case], None]) -> Exercise:
        if (count := _slips_in(judging)) > MAX_SLIPS:
            raise ValueError(f"{judging.__name__} names {count} slips, at most {MAX_SLIPS} are told by name")
        return Exercise(judging, targets, rubric, without)

    return make


def exercises_in(package: str, path: Sequence[str]) -> dict[str, Exercise]:
    """All exercises of a topic's package by name, one module each. For the package's own __init__."""
    names = [info.name for info in pkgutil.iter_modules(path) if not info.name.startswith("_")]
    modules = [importlib.import_module(f"{package}.{name}") for name in names]
    return {value.name: value for module in modules for value in vars(module).values() if isinstance(value, Exercise)}


def _slips_in(function: Callable) -> int:
    """Count the slips that a function names: entries of its dicts slips, lengths and losses, in calls or assigned."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):  # no source: each call checks its own number of slips
        return 0
    given = [(node.arg, node.value) for node in ast.walk(tree) if isinstance(node, ast.keyword)]
    given += [(ast.unparse(node.targets[0]), node.value) for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    slips = [value for name, value in given if name in ("slips", "lengths", "losses") and isinstance(value, ast.Dict)]
    return sum(len(value.keys) for value in slips)
