"""Answers: what a question brought back, behind readers that cope with whatever stands in it.

Evidence comes from a process that the student controls: nothing is known about its types and sizes. An exercise asks an
Answer for an array, a number or a shape, and gets None for anything else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from course_utils.evidence import Evidence
from course_utils.probes import StudentError, tensors
from course_utils.sentences import STUB

TORCH_SAYS = {
    "modified by an inplace operation": "the weights change before backward(): call backward() first, then step()",
    "does not require grad": "backward() finds no way to the weights: is there a no_grad, a detach() or an .item()?",
    "a second time": "backward() runs twice through the same loss: compute the loss anew for every batch",
    "ensure they have the same size": "two tensors have different shapes, such as [4, 1, 2, 3] and [4, 6]: flatten one",
    "only for scalar outputs": "backward() starts from one number, this loss has several: take their mean",
}
"""A part of torch's error message about losses and training steps, and its explanation for students."""
SIZES = re.compile("multiplied|for input of size|must match|mismatch|reshape array|broadcast|out of bounds|expanded")
"""Parts of the error messages of torch and numpy for sizes that do not match."""
FIXED = "is a size fixed in your code, such as 784, or is a dimension missing?"
CAUSES = {
    "multiplied": "is a matrix on the wrong side, a column of ones or a flatten missing, or a size fixed in your code?",
    "input of size": FIXED,
    "reshape array": FIXED,
}
"""A part of such a message, and the likely cause."""
SHOWN = 6
"""The largest number of decimal numbers that a counterexample shows; for whole numbers, twice as many."""


@dataclass(frozen=True)
class Answer:
    """The answer to one question."""

    words: str  # the case, as a counterexample names it
    inputs: dict  # the inputs of the question
    got: Evidence  # empty if the student's code raised
    error: StudentError | None = None  # the error that the student's code raised
    value: str = "value"  # the name of the returned value in the evidence
    what: str = "the result"  # the name of that value in messages for the student
    oracle: Any = None  # the right value, or a function of the inputs that returns it
    near: str = ""  # the message if the returned values have a wrong number or order

    def part(self, value: str, what: str = "the result", oracle: Any = None, near: str = "") -> Answer:
        """The same answer, read under another name of the evidence."""
        return replace(self, value=value, what=what, oracle=oracle, near=near)

    def replaced(self, value: np.ndarray) -> Answer:
        """The same answer with another value: with signs or an order in which they may be free made comparable."""
        return replace(self, got={**self.got, self.value: value})

    def array(self, name: str = "", shape: Sequence[int] | None = None) -> np.ndarray | None:
        """A finite array of numbers in double precision (of this shape), else None."""
        value = self.got.get(name or self.value)
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf":
            return None
        value = value.astype(np.float64)
        return value if np.isfinite(value).all() and shape in (None, value.shape) else None

    def number(self, name: str = "") -> float | None:
        """One finite number, also as an array of one entry, as a float; else None."""
        value = self.got.get(name or self.value)
        if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "iuf":
            value = value.reshape(()).item()
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
            return None
        return float(value) if math.isfinite(value) else None

    def kind(self, name: str = "") -> str:
        """What came back, in words: "tensor", "tuple of 2", "nothing (None)". One short line."""
        name = name or self.value
        usual = "tensor" if isinstance(self.got.get(name), np.ndarray) else "missing"
        kind = self.got.get(f"{name}_type", usual)
        return " ".join(kind.split())[:60] if isinstance(kind, str) else "something unreadable"

    def items(self, name: str = "") -> int:
        """How many values a tuple or list holds, 0 when it is neither."""
        kind, _, count = self.kind(name).partition(" of ")
        return int(count) if kind in ("tuple", "list") and count.isdigit() and len(count) < 6 else 0

    def listed(self, name: str = "") -> np.ndarray | None:
        """A tensor, a number, or a list or tuple of numbers or of arrays of one shape, as one array, else None."""
        name = name or self.value
        raw = self.got.get(name)
        if isinstance(raw, bool) or (isinstance(raw, np.ndarray) and raw.dtype.kind == "b"):
            return np.asarray(raw, np.float64)
        if isinstance(raw, np.ndarray) or not self.items(name):
            single = None if isinstance(raw, np.ndarray) else self.number(name)
            return self.array(name) if single is None else np.array(single)
        read = self.array if isinstance(self.got.get(f"{name}_0"), np.ndarray) else self.number
        values = [read(f"{name}_{i}") for i in range(self.items(name))]
        alike = all(value is not None for value in values) and len({np.shape(value) for value in values}) == 1
        return np.array(values) if alike else None

    def flag(self, name: str) -> bool | None:
        """True, False, or None for anything else."""
        value = self.got.get(name)
        return value if isinstance(value, bool) else None

    def names(self, name: str) -> list[str]:
        """A list of short strings, [] for anything else."""
        value = self.got.get(name)
        return [str(item)[:200] for item in value[:100]] if isinstance(value, list) else []

    @property
    def raised(self) -> str:
        """What the student's code raised, as lines for the student; "" if nothing."""
        if self.error is None or self.error.is_stub or not SIZES.search(self.error.text):
            return "" if self.error is None else explain(self.error)
        own = {name: value for name, value in self.inputs.items() if not name.startswith("weight_")}  # no weights
        arrays = [(name, value.shape) for name, value in own.items() if isinstance(value, np.ndarray)][:3]
        came = ", ".join(f"{name} {list(shape)}" for name, shape in arrays) or self.words
        causes = (cause for words, cause in CAUSES.items() if words in self.error.text)
        cause = next(causes, "is a dim, an index or a broadcast wrong?")
        hint = f"the inputs were {came}: {cause}"
        return f"sizes do not fit{self.error.where and f' in {self.error.where}'}; {hint}\n   {self.error.text}"


def explain(error: StudentError) -> str:
    """An exception from the student's code in two lines that a student can act on."""
    if error.is_stub:
        return STUB
    if error.kind == "NameError" and error.text.endswith("is not defined") and not error.where:
        return f"{error.text}: run the cell above first"
    if error.kind in ("EvidenceError", "Stopped"):
        return error.text
    where = f" in {error.where}" if error.where else ""
    meaning = next((meaning for words, meaning in TORCH_SAYS.items() if words in error.text), "")
    return f"{meaning}{where}" if meaning else f"your code raised {error.kind}{where}\n   {error.text}"


def as_input(value: Any) -> Any:
    """A value as a question carries it: tensors and nested lists as arrays, decimal numbers in float32."""
    if isinstance(value, torch.Tensor | np.generic):
        value = value.detach().numpy() if isinstance(value, torch.Tensor) else value.item()
    if isinstance(value, list | tuple):
        value = np.array(value) if value and isinstance(value[0], list | tuple) else list(value)
    return value.astype(np.float32) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value


def evaluate(function: Any, inputs: dict) -> np.ndarray:
    """function(*inputs), or a value in place of a function, as an array. The function gets the very numbers that the
    student's code got, but in double precision.
    """
    given = (value.double() if torch.is_tensor(value) and value.is_floating_point() else value
             for value in tensors(inputs).values())  # fmt: skip
    value = function(*given) if callable(function) else function
    return np.asarray(value.detach().numpy() if isinstance(value, torch.Tensor) else value)


def close(value: np.ndarray, expected: np.ndarray, within: tuple[float, float] = (1e-3, 1e-4)) -> bool:
    """Whether two arrays of one shape agree: within (a part of each entry, a part of the largest or of 1)."""
    if value.shape != expected.shape:
        return False
    value, expected = value.astype(np.float64), expected.astype(np.float64)
    give = within[0] * np.abs(expected) + within[1] * np.abs(expected).max(initial=0.0).clip(max=1.0)
    return bool((np.abs(value - expected) <= give).all())


def counterexample(what: str, words: str, value: np.ndarray, expected: np.ndarray) -> str:
    """Three lines: the case, what came back, what was expected; for large arrays the entry that is furthest off."""
    if expected.dtype.kind in "iub" and value.dtype.kind == "f" and (value == np.round(value)).all():
        value = value.astype(np.bool_ if expected.dtype.kind == "b" and np.isin(value, (0, 1)).all() else np.int64)
    limit = SHOWN if expected.dtype.kind == "f" else 2 * SHOWN
    small = 0 < value.size <= limit and expected.size <= limit
    alike = max(1, np.squeeze(value).ndim) == max(1, np.squeeze(expected).ndim)
    if value.shape != expected.shape and not (alike and small):
        return f"{what}: shape {list(value.shape)}, expected {list(expected.shape)}, for {words}"
    if not small and value.size:
        apart = np.abs(value.astype(np.float64) - expected.astype(np.float64))
        place = np.unravel_index(int(np.nanargmax(apart)), apart.shape)
        what, value, expected = f"{what} at {[int(i) for i in place]}", value[place], expected[place]
    texts = next(pair for digits in (4, 7, 17) if len(set(pair := (_text(value, digits), _text(expected, digits)))) == 2
                 or digits == 17)  # fmt: skip
    return f"{what} for {words}:\n   your code gives {texts[0]}\n   expected        {texts[1]}"


def _text(value: np.ndarray, digits: int) -> str:
    """Format an array as numbers in nested brackets, without dimensions of size 1."""
    array = np.asarray(value)
    while array.ndim > 1 and 1 in array.shape:
        array = array.squeeze(array.shape.index(1))
    if array.ndim:
        return f"[{', '.join(_text(row, digits) for row in array)}]"
    return f"{array.item() + 0.0:.{digits}g}" if array.dtype.kind == "f" else str(array.item())  # + 0.0 avoids -0
