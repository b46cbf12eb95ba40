"""Asking, and comparing what came back with what is right: the part of `c` that every exercise uses."""

import copy
from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from course_utils import probes
from course_utils.checks.toolkit.answers import Answer, as_input, close, counterexample, evaluate
from course_utils.checks.toolkit.rubric import MAX_SLIPS, Rubric, Verdict
from course_utils.probes import Ask, StudentError

ANOTHER_SIZE = 0.5
"""The share that an aspect keeps if some cases are right, but the student's code raises on cases of another size."""
Within = tuple[float, float]
WITHIN = (1e-3, 1e-4)
Shape = Sequence[int]
Slips = dict[str, Any]
After = str | Sequence[str]
Given = Answer | Sequence[Answer]


class Stop(Exception):  # noqa: N818 - ends the judging and is no error
    """Raised by `c.stop`."""


class Values:
    """Questions, verdicts and the comparison of values."""

    def __init__(self, ask: Ask, rng: np.random.Generator, rubric: Rubric) -> None:
        self._ask, self.rng, self._rubric, self._target = ask, rng, rubric, None
        self._failed: dict[str, tuple[float, str]] = {}
        self._judged: set[str] = set()
        self._notes: dict[str, str] = {}
        self._answers: list[Answer] = []
        self._deductions = {line.name for line in rubric.deductions}
        self._declared = self._deductions | {line.name for line in rubric.aspects}

    # --- asking

    def function(self, name: str) -> Any:
        """The same `c`, asking one of several functions: `c.function("softmax").call(...)`."""
        other = copy.copy(self)  # a shallow copy shares the verdicts and answers
        other._target = (name,)
        return other

    def call(self, words: str, /, **inputs: Any) -> Answer:
        """Call the student's function on these inputs, in this order. words: the case, for a counterexample:
        "7 images, 5 latents". Arrays arrive as float32 or int64 tensors.
        """
        return self._put(probes.call, words, {}, inputs)

    def ask(self, probe: Callable, words: str, /, **inputs: Any) -> Answer:
        """Put any question of course_utils.probes. What the student's code raises is in the Answer and costs only what
        is judged by it; a stub ends the judging, unless another function of the exercise is asked as well.
        """
        return self._put(probe, words, {}, inputs)

    def differentiate(self, words: str, /, *, to: Sequence[str], **inputs: Any) -> Answer:
        """Call the function on these inputs, and follow the gradients of each returned tensor to the inputs named in
        `to`. For `agrees` and `gradients`.
        """
        return self._put(probes.differentiate, words, {"to": list(to)}, inputs)

    def _put(self, probe: Callable, words: str, options: dict, inputs: dict, value: str = "value") -> Answer:
        inputs = {name: as_input(item) for name, item in inputs.items()}
        try:
            answer = Answer(words, inputs, self._ask(probe, self._target, **options, **inputs), value=value)
        except StudentError as error:
            if error.is_stub and not self._target:
                raise
            answer = Answer(words, inputs, {}, error, value)
        self._answers.append(answer)
        return answer

    # --- verdicts

    def verify(self, aspect: str, right: Any, wrong: str, keeps: float = 0.0) -> bool:
        """Judge an aspect or a deduction by a condition. wrong: what was seen, what was expected, the likely cause;
        keeps: the part of the aspect that is left. Of several failures of an aspect the first is told.
        """
        if aspect not in self._declared | {"writes"}:
            raise LookupError(f"judged, but not declared in the rubric: {aspect}")
        self._judged.add(aspect)
        if not right:
            kept, told = self._failed.get(aspect, (1.0, wrong))
            self._failed[aspect] = (min(kept, keeps), told)
        return bool(right)

    def cost(self, name: str, right: Any, wrong: str, after: After = ()) -> bool:
        """Charge a declared deduction unless `right`; not where an aspect in `after` has failed: a consequence is not
        charged twice.
        """
        return self.skipped(after) or self.verify(name, right, wrong)

    def note(self, aspect: str, words: str) -> None:
        """Add words to the line of an aspect, which are shown where it is right: that a result is near its limit."""
        self._notes[aspect] = words

    def stop(self, wrong: str) -> None:
        """End the judging: nothing came back that anything could be said about. All aspects are lost."""
        raise Stop(wrong)

    def right(self, *names: str) -> bool:
        """Whether nothing is wrong about these aspects, which were judged, and these deductions."""
        return all(name not in self._failed and (name in self._judged or name in self._deductions) for name in names)

    def skipped(self, after: After) -> bool:
        """Whether something in `after` is wrong, so that what depends on it is not judged."""
        return not self.right(*([after] if isinstance(after, str) else after))

    def unchanged(self, *answers: Answer, after: After = ()) -> bool:
        """Charge "writes" when an input was written into. Done at the end for all answers, unless done before."""
        names = dict.fromkeys(name for answer in answers or self._answers for name in answer.names("changed"))
        changed = f"your function changes {' and '.join(names)} in place, so the caller's data is overwritten"
        likely = "is there a -=, an assignment to X[...], or a method whose name ends in _?"
        return self.cost("writes", not names, f"{changed}: {likely}", after)

    # --- comparing

    def agrees(
        self, aspect: str, answers: Given, oracle: Any = None, slips: Slips | None = None, *,
        what: str = "", number: bool = False, any_order: str = "", after: After = (), within: Within = WITHIN,
    ) -> bool:  # fmt: skip
        """Compare each answer with oracle(*inputs), the smallest case first.

        The oracle gets the inputs as tensors in double precision and is a library's function or a property, never the
        asked formula. slips: {line: function of the inputs}, or (function, part that is kept); a slip must explain
        every case. Anything else wrong gets a counterexample. A near form (keepdim, a tensor for a float, a list)
        costs "form" alone; right on some cases but raising on another size keeps half. what: the result in words;
        number: a float or int is asked for; any_order: the deduction that rows in another order cost; after: aspects
        without which this one is not judged; within: a part of each entry, and of the largest.
        """
        _count(slips)
        if self.skipped(after):
            return False
        seen = [Compared(a, a.oracle if oracle is None else oracle, what or a.what, number, within)
                for a in _listed(answers)]  # fmt: skip
        wrong = [item for item in seen if not item.right]
        if not wrong:
            self._form(*(item.near for item in seen))
            return self.verify(aspect, True, "")
        if any_order and all(item.is_reordered() for item in wrong):
            self.verify(any_order, False, f"in another order: {wrong[0].line()}")
            return self.verify(aspect, True, "")
        for line, slip in (slips or {}).items():
            function, keeps = slip if isinstance(slip, tuple) else (slip, 0.0)
            if all(item.is_explained_by(function) for item in seen):
                return self.verify(aspect, False, line, keeps)
        another = all(item.answer.error for item in wrong) and any(item.right for item in seen)
        told = "another size came in, " if another else ""
        return self.verify(aspect, False, told + wrong[0].line(), ANOTHER_SIZE if another else 0.0)

    def equal(
        self, aspect: str, value: Any, expected: Any, slips: Slips | None = None, *, what: str = "the result",
        words: str = "the inputs above", within: Within = WITHIN,
    ) -> bool:  # fmt: skip
        """`agrees` for one number or array that was read from an Answer (None is wrong). slips: {line: value}."""
        answer = Answer(words, {}, {} if value is None else {"value": np.asarray(value), "value_type": "tensor"})
        return self.agrees(aspect, answer, np.asarray(expected), slips, what=what, within=within)

    def parts(self, answers: Given, **oracles: Callable) -> list[list[Answer]]:
        """The values that a function returns as a tuple, each to be compared by itself. oracles: {name: what is right,
        as a function of the inputs}, in the order asked for. A surplus value or another order costs "form" alone; a
        missing one costs what is judged by it.
        """
        found = []
        for answer in _listed(answers):
            expected = [evaluate(oracle, answer.inputs) for oracle in oracles.values()]
            places, near = _places(answer, expected, ", ".join(oracles))
            self._form(near)
            named = zip(places, oracles.items(), strict=True)
            found.append([answer.part(place, f"the {name}".replace("_", " "), f, near) for place, (name, f) in named])
        return [list(part) for part in zip(*found, strict=True)]

    def shape(self, aspect: str, answer: Answer, shape: Shape, what: str = "the result", after: After = ()) -> bool:
        """Judge whether a finite tensor of this shape came back."""
        raw = answer.got.get(answer.value)
        kind = bool if isinstance(raw, np.ndarray) and raw.dtype.kind == "b" else float  # both are accepted
        item = Compared(answer, np.zeros(tuple(shape), kind), what)
        self._form(item.near)
        return self.cost(aspect, item.value is not None, item.line(), after)

    # --- the end

    def verdicts(self) -> list[Verdict]:
        """The verdicts of the whole rubric: one for each aspect, one for each deduction that applies. Raises the
        StudentError where all that was asked are stubs.
        """
        if self._answers and all(answer.error and answer.error.is_stub for answer in self._answers):
            raise self._answers[0].error
        if "writes" in self._deductions - self._judged:
            self.unchanged()
        found = []
        for line in self._rubric.aspects:
            told = line.right + self._notes.get(line.name, "")
            unheard = (1.0, told) if line.name in self._judged else (0.0, "")
            earned, message = self._failed.get(line.name, unheard)
            found.append(Verdict(line.name, message, line.size, earned))
        charged = [line for line in self._rubric.deductions if line.name in self._failed]
        return found + [Verdict(line.name, self._failed[line.name][1], cost=line.size) for line in charged]

    def lost(self, wrong: str) -> list[Verdict]:
        """All aspects lost for one reason."""
        return [Verdict(line.name, "" if i else wrong, line.size, 0.0) for i, line in enumerate(self._rubric.aspects)]

    def _form(self, *nears: str) -> None:
        wrong = next(filter(None, nears), "")
        if wrong and "form" in self._declared:
            self.verify("form", False, wrong)


class Compared:
    """One answer beside what is right. value: in the expected form, None where it is not near it; near: what is wrong
    with its form; right: whether the numbers agree.
    """

    def __init__(self, answer: Answer, oracle: Any, what: str = "", number: bool = False, within: Within = WITHIN):
        self.answer, self.what, self.within, self.number = answer, what, within, number
        self.expected = evaluate(oracle, answer.inputs)
        self.value, self.near = near_form(answer, self.expected, what, number)
        self.right = self.value is not None and close(self.value, self.expected, within)

    def line(self) -> str:
        """What is wrong, for the student."""
        raw, kind = self.answer.got.get(self.answer.value), self.answer.kind()
        if self.answer.raised:
            return f"{self.answer.words}: {self.answer.raised}"
        if self.answer.near and kind == "missing":
            return self.answer.near
        if self.value is not None:
            return counterexample(self.what, self.answer.words, self.value, self.expected)
        if isinstance(raw, np.ndarray):
            if raw.dtype.kind == "f" and not np.isfinite(raw).all():
                return f"{self.what}: nan or inf for {self.answer.words}. Is there a division by 0, or a log of 0?"
            return counterexample(self.what, self.answer.words, raw, self.expected)
        missing = ". Is the return missing?" if "None" in kind or kind == "missing" else ""
        came = f"{kind.replace('missing', 'nothing')} came back for {self.answer.words}"
        return f"{self.what}: {came}, expected {_asked(self.expected, self.number)}{missing}"

    def is_reordered(self) -> bool:
        """Whether the rows are those expected, in any order."""
        if self.value is None or self.value.ndim == 0 or not len(self.value):
            return False
        tables = (array.reshape(len(array), -1) for array in (self.value, self.expected))
        return close(*(table[np.lexsort(table.T[::-1])] for table in tables))

    def is_explained_by(self, slip: Callable) -> bool:
        """Whether a slip gives what came back, in its shape or one that differs in sizes of 1."""
        value = self.value if self.value is not None else self.answer.got.get(self.answer.value)
        try:  # a slip need not work for every input
            other = evaluate(slip, self.answer.inputs)
            value = np.asarray(value, np.float64)
        except Exception:
            return False
        alike = other.size == value.size and _squeezed(other.shape) == _squeezed(value.shape)
        return bool(alike and np.allclose(value.ravel(), other.ravel(), *self.within, equal_nan=True))


def near_form(answer: Answer, expected: np.ndarray, what: str, number: bool = False) -> tuple[np.ndarray | None, str]:
    """The answer as an array of the expected shape, and what is wrong with its form ("" if nothing).

    None where it is neither that nor near it. Near: a dimension of size 1 too many or missing, rows flattened, a
    list or numpy array of the right numbers, a tensor of one entry for a number, 0 and 1 for booleans.
    """
    raw, kind = answer.got.get(answer.value), answer.kind()
    booleans = isinstance(raw, bool) or (isinstance(raw, np.ndarray) and raw.dtype.kind == "b")
    value = answer.listed()
    if value is None and answer.items() > 1:  # more values than required
        value, _ = near_form(answer.part(f"{answer.value}_0"), expected, what, number)
        return value, f"{what}: {kind} came back, expected {_asked(expected, number)} alone"
    near = ""
    if value is None:
        return None, near
    if value.shape != expected.shape:
        rows = value.ndim and expected.ndim and len(value) == len(expected)
        alike = _squeezed(value.shape) == _squeezed(expected.shape)
        if value.size != expected.size or not (rows or alike):
            return None, near
        whole = expected.dtype.kind in "iu"  # integers are probably indices
        cause = "torch.nonzero without [:, 0], or keepdim=True" if whole else "keepdim=True"
        kept = f": {cause} leaves a dimension of size 1" if alike and value.ndim == expected.ndim + 1 else ""
        near = f"shape {list(value.shape)}, expected {list(expected.shape)}{kept}"
    elif answer.items() or kind == "array" or (expected.ndim == 0 and not number and kind in ("int", "float")):
        near = f"{kind.replace('array', 'numpy array')} came back, expected {_asked(expected)}"
    elif number and kind.rstrip("0123456789") not in ("int", "float", "missing"):  # numpy's scalars are accepted
        near = f"{kind} came back, expected a number, which .item() takes out of a tensor"
    elif number and expected.dtype.kind in "iu" and "float" in kind:
        near = "float came back, expected an int"
    elif booleans != (expected.dtype.kind == "b"):
        near = "True and False, expected numbers" if booleans else "numbers, expected True and False"
    return value.reshape(expected.shape), near and f"{what}: {near}"


def _places(answer: Answer, expected: list[np.ndarray], asked: str) -> tuple[tuple[str, ...], str]:
    """Return the name of each part in the evidence, and the message for a wrong order or number ("" if right)."""
    found, count = answer.items(), len(expected)
    own = [f"{answer.value}_{i}" for i in range(min(found, count + 2))] or [answer.value]
    own += ["nothing"] * (count - len(own))

    def fits(places: Sequence[str]) -> tuple[bool, int]:
        """Rank an assignment: are all values right, then are all shapes right (if values are missing: how many)."""
        pairs = [(near_form(answer.part(name), one, "")[0], one) for name, one in zip(places, expected, strict=True)]
        near = [close(value, one) for value, one in pairs if value is not None]
        return len(near) == count and all(near), len(near) if found < count else len(near) == count

    places = max(permutations(own, count), key=fits)  # of equally good orders, the first: the required order
    if answer.error is not None or (found == count and places == tuple(own)):
        return places, ""
    if found < count:
        return places, f"{answer.kind()} came back, expected {count} values: return {asked}"
    surplus = f"{found} values came back: return {asked} alone"
    return places, surplus if found > count else f"the values come back in another order: return {asked}"


def _count(slips: Slips | None) -> None:
    if len(slips or {}) > MAX_SLIPS:
        raise ValueError(f"{len(slips)} slips: at most {MAX_SLIPS} are named, the rest gets a counterexample")


def _asked(expected: np.ndarray, number: bool = False) -> str:
    if number and expected.ndim == 0:
        return "a whole number" if expected.dtype.kind in "iu" else "a number"
    return f"a tensor of shape {list(expected.shape)}" if expected.ndim else "a tensor of one number"


def _listed(answers: Given) -> list[Answer]:
    return [answers] if isinstance(answers, Answer) else list(answers)


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)
