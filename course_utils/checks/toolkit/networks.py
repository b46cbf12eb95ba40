"""Networks: their layers, what they compute with their own weights, and which options of a computation were used."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import probes
from course_utils.checks.toolkit.answers import Answer, close
from course_utils.checks.toolkit.randomness import Randomness
from course_utils.checks.toolkit.values import After, Compared, Given, _listed, near_form

Layers = list[tuple[np.ndarray, np.ndarray]]
Weights = Mapping[str, np.ndarray]


_TORCH: dict[str, Callable] = {
    "ReLU": F.relu, "none": lambda x: x, "sigmoid": F.sigmoid, "tanh": F.tanh, "leaky ReLU": F.leaky_relu,
    "ELU": F.elu, "GELU": F.gelu, "SiLU": F.silu, "softplus": F.softplus,
}  # fmt: skip
NONLINEARITIES = {name: lambda x, f=f: f(torch.as_tensor(x)).numpy() for name, f in _TORCH.items()}
"""Functions between layers, by name: the options of a stage of `which`."""


def nonlinearities(right: str, *names: str) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Options for a stage of `which`: the right one first, then those named, or all that are known."""
    return {name: NONLINEARITIES[name] for name in (right, *(names or NONLINEARITIES))}


def run_linear(x: np.ndarray, layers: Layers, between: Callable = NONLINEARITIES["ReLU"]) -> np.ndarray:
    """Linear layers with a nonlinearity between them, in double precision. x: [N, P]."""
    for i, (weight, bias) in enumerate(layers):
        x = (between(x) if i else x) @ weight.T + bias
    return x


class Networks(Randomness):
    """What is asked of modules and of functions that put images through layers."""

    def module(self, words: str, /, *, images: Any, weights: nn.Module | None = None, **numbers: Any) -> Answer:
        """Make the student's class with these numbers and put images through it; `answer.array("output")` is what came
        back. weights: a torch module whose weights are copied into the student's first, in the order of the state
        dicts, where the shapes are the same. For `architecture`, `options`, `reached` and `same_in_training`.
        """
        options: dict[str, Any] = {"seed": int(self.rng.integers(1000))}
        for i, value in enumerate(weights.state_dict().values() if weights else ()):
            options[f"weight_{i}"] = value.numpy()
        return self._put(probes.module, words, options, {"images": images, **numbers}, "output")

    def layers(self, answer: Answer, part: str = "") -> Layers:
        """(weight, bias) of the layers whose names begin with `part`, in order, as far as they are usable. Two linear
        layers stand in the order in which they fit on each other.
        """
        found: Layers = []
        for name in answer.got:
            inside = isinstance(name, str) and name.startswith(f"weights.{part}." if part else "weights.")
            weight = answer.array(name) if inside and name.endswith("weight") else None
            if weight is None or weight.ndim < 2:
                continue
            bias_name = name.removesuffix("weight") + "bias"
            bias = answer.array(bias_name) if bias_name in answer.got else np.zeros(len(weight))
            if bias is not None and bias.ndim == 1 and (weight.ndim > 2 or len(bias) == len(weight)):
                found.append((weight, bias))
        flat = len(found) == 2 and all(weight.ndim == 2 for weight, _ in found)
        return found[::-1] if flat and found[0][0].shape[0] != found[1][0].shape[1] else found

    def architecture(self, aspect: str, answer: Answer, **parts: Sequence[Any]) -> dict[str, Layers]:
        """Judge the layers of a module, part by part, and return them for `which`.

        parts: {attribute: sizes of linear layers, [784, 128, 2], or torch modules such as nn.Conv2d(1, 8, 3)}; modules
        without weights are not compared. Layers under other names cost "form".
        """
        found = {part: self.layers(answer, part) for part in parts}
        asked = {part: _shapes(spec) for part, spec in parts.items()}
        names = " and ".join(f"self.{part}" for part in parts)
        self._form("other values came back as well: return the module alone" if answer.flag("surplus") else "")
        if not any(found.values()) and (everything := self.layers(answer)):
            ends = np.cumsum([0, *map(len, asked.values())])
            found = {part: everything[a:b] for part, (a, b) in zip(parts, pairwise(ends), strict=True)}
            self._form(f"the layers are there, but not as {names}: later cells look for these names")
        floats = [value for value in answer.got.values() if isinstance(value, np.ndarray) and value.dtype.kind == "f"]
        lost = "" if all(np.isfinite(value).all() for value in floats) else "nan or inf: the steps are far too long"
        wrong = answer.raised or lost
        others = sorted({name.split(".")[1] for name in answer.got if name.startswith("weights.")} - parts.keys())
        likely = f"is it called self.{' or self.'.join(others[:3])}?" if others else "torch finds none in a plain list"
        for part, shapes in asked.items() if not wrong else ():
            own = [weight.shape for weight, _ in found[part]]
            if own != shapes:
                shown = f"self.{part} holds {_words(own)}" if own else f"there are no layers in self.{part} ({likely})"
                wrong += f"{'; ' if wrong else ''}{shown}, expected {_words(shapes)}"
        described = {text.replace(" ", "") for text in answer.names("layers")}
        for layer in (layer for spec in parts.values() for layer in spec if isinstance(layer, nn.Module)):
            if not wrong and _shapes([layer]) and repr(layer).replace(" ", "") not in described:
                wrong = f"{names}: {layer} is missing"
        self.verify(aspect, not wrong, wrong)
        return found

    def which(self, answers: Given, build: Callable, stages: Mapping[str, Mapping[str, Any]]) -> dict[str, str] | None:
        """Find the options of a computation with which it gives what came back.

        stages: {stage: {option in words: value}}, the right option first; build(inputs, **{stage: value}) -> array.
        Returns {stage: option} of the way with the fewest wrong options (at most three) that explains all answers, or
        None.
        """
        right = {stage: next(iter(options.values())) for stage, options in stages.items()}
        values = [(a, near_form(a, np.asarray(build(a.inputs, **right)), "")[0]) for a in _listed(answers)]
        ways = product(*(range(len(options)) for options in stages.values()))  # 0 is the right option
        few = [way for way in ways if len(way) - way.count(0) < 4]
        for way in sorted(few, key=lambda way: (len(way) - way.count(0), sum(way))):
            chosen = {stage: list(options)[i] for (stage, options), i in zip(stages.items(), way, strict=True)}
            options = {stage: stages[stage][option] for stage, option in chosen.items()}
            if all(value is not None and _reproduces(build, a.inputs, options, value) for a, value in values):
                return chosen
        return None

    def options(self, answers: Given, build: Callable, what: str = "the result", **stages: Mapping[str, Any]) -> dict:
        """`which`, with a verdict for each stage: the stages are aspects of the rubric, their options the messages.

        Where no options explain the answers, all of these aspects are lost, and the first case that is wrong is shown.
        Returns {stage: value} of the options found, or of the right ones.
        """
        right = {stage: next(iter(options)) for stage, options in stages.items()}
        values = {stage: stages[stage][option] for stage, option in right.items()}
        try:
            compared = [Compared(a, build(a.inputs, **values), what) for a in _listed(answers)]
        except ValueError:  # the sizes of the layers do not match: `architecture` reports that
            for stage in stages:
                self.verify(stage, False, "")
            return values
        found = self.which(answers, build, stages)
        wrong = next((item.line() for item in compared if not item.right), f"{what}: right in some cases only")
        self._form(*(item.near for item in compared if found))
        for stage in stages:
            told = f"{stage.replace('_', ' ')}: {found[stage]}, expected {right[stage]}" if found else wrong
            self.verify(stage, found and found[stage] == right[stage], told)
        return {stage: stages[stage][option] for stage, option in (found or right).items()}

    def reached(self, aspect: str, answer: Answer, after: After = ()) -> bool:
        """Judge whether gradients reach every parameter of a module. answer: of `module`."""
        unreached = answer.got.get("unreached")
        shown = ", ".join(answer.names("unreached")[:3]) or "the parameters"
        wrong = answer.raised or f"no gradient reaches {shown}: is there a detach() or a no_grad()?"
        return self.cost(aspect, isinstance(unreached, list) and not unreached, wrong, after)

    def same_in_training(self, name: str, answer: Answer, after: After = ()) -> bool:
        """Charge a module that computes something else in training mode, or the second time. answer: of `module`."""
        wrong = "in training mode the network gives another output: leave out dropout, batch normalisation and noise"
        return self.cost(name, answer.flag("same_in_training") is not False, wrong, after)

    def frozen(self, aspect: str, before: Weights, after: Weights, what: str = "the encoder", cause: str = "") -> bool:
        """Judge whether weights (running statistics among them) are the same before and after training.

        cause: the likely cause if they are not, in place of a question.
        """
        moved = [name for name, old in before.items() if old is None or not np.array_equal(old, after.get(name))]
        cause = cause or "Is it frozen, and in evaluation mode?"
        wrong = f"{what} changes in training: {', '.join(moved[:3])}. {cause}"
        return self.verify(aspect, before and not moved, wrong)


def _reproduces(build: Callable, inputs: dict, options: dict, value: np.ndarray) -> bool:
    try:  # an option need not fit every shape
        return close(value, np.asarray(build(inputs, **options)))
    except Exception:
        return False


def _shapes(spec: Sequence[Any]) -> list[tuple[int, ...]]:
    """Return the shapes of the weights. spec: the sizes of linear layers, or torch modules."""
    if all(isinstance(size, int) for size in spec):
        return [(leaving, entering) for entering, leaving in pairwise(spec)]
    return [tuple(value.shape) for layer in spec for value in layer.state_dict().values() if value.ndim > 1]


def _words(shapes: Sequence[tuple[int, ...]]) -> str:
    """Describe weights: "784-128-2" for linear layers whose sizes match, else the list of the weights' shapes."""
    if not shapes or any(len(shape) != 2 for shape in shapes):
        return ", ".join(str(list(shape)) for shape in shapes)
    sizes: list[int] = []
    for leaving, entering in shapes:
        sizes += [leaving] if sizes[-1:] == [entering] else [entering, leaving]
    return "-".join(map(str, sizes))
