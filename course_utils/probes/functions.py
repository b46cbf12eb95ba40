"""Questions to a function: what it returns, its gradients, its random numbers, its text."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from course_utils.evidence import Evidence, flatten
from course_utils.probes.asking import first_line, probe, tensors


@probe
def call(target: Callable, /, **inputs: Any) -> Evidence:
    """Call target(*inputs) once. Evidence: value (or value_0, value_1, ... of a tuple), and `changed`, the inputs it
    wrote into.
    """
    given = tensors(inputs)
    before = {name: value.clone() for name, value in given.items() if isinstance(value, torch.Tensor)}
    got = flatten("value", target(*given.values()))
    changed = [name for name, value in before.items() if not torch.equal(value, given[name])]
    return {**got, "changed": changed}


@probe
def draws(target: type | Callable, /, *, times: int, to: list[str] | tuple = (), **inputs: Any) -> Evidence:
    """Call a random function several times on the same inputs and follow the gradients.

    target: a function of the inputs, or a class whose objects, made without arguments, are called with the inputs; to:
    the inputs that require gradients in a further call; the others are plain tensors.
    Evidence: samples [times, ...]; grad_NAME, the gradient of the sum of one sample with respect to each input in `to`,
    None where no gradient arrives; same_when_reseeded, whether torch.manual_seed repeats the draw. If the first sample
    is no tensor there is nothing else.
    """
    sampler = target() if inspect.isclass(target) else target
    given = tensors(inputs)
    out: Evidence = {}
    first = sampler(*given.values())
    out |= flatten("sample", first)
    if not isinstance(first, torch.Tensor):
        return out
    samples = [first, *(sampler(*given.values()) for _ in range(int(times) - 1))]
    out["samples"] = torch.stack(samples).detach().cpu().numpy()

    leaves = {name: given[name].requires_grad_() for name in to}
    torch.manual_seed(7)
    first = sampler(*given.values())
    if isinstance(first, torch.Tensor) and first.requires_grad:
        first.sum().backward()
    for name, value in leaves.items():
        out[f"grad_{name}"] = None if value.grad is None else value.grad.detach().cpu().numpy()
    torch.manual_seed(7)
    out["same_when_reseeded"] = bool(torch.equal(first, sampler(*given.values())))
    return out


@probe
def seeded(target: Callable, /, *, seed: int, times: int, **inputs: Any) -> Evidence:
    """Call target(*inputs, generator) several times with one torch.Generator, which goes on from call to call.

    Evidence: draw_0, draw_1, ... (as `value` in `call`); repeats, whether a generator of the same seed gives the first
    draw again although the global dice have moved on; follows, whether any of three other seeds gives another draw; of
    the first draw's tensors, in order, wants_gradient and leaf (1 or 0); changed, the inputs that were written into.
    """
    given = tensors(inputs)
    before = {name: value.clone() for name, value in given.items() if isinstance(value, torch.Tensor)}

    changed: set[str] = set()

    def draw(generator: torch.Generator) -> Any:
        # Copies: what one call writes into its inputs is not handed to the next.
        fresh = {name: value.clone() if name in before else value for name, value in given.items()}
        value = target(*fresh.values(), generator)
        changed.update(name for name, old in before.items() if not torch.equal(old, fresh[name]))
        return value

    generator = torch.Generator().manual_seed(int(seed))
    values = [draw(generator) for _ in range(int(times))]
    first, *later = (flatten("draw", value) for value in values)
    again, *others = (flatten("draw", draw(torch.Generator().manual_seed(int(seed) + i))) for i in range(4))
    out: Evidence = {}
    for i, value in enumerate(values):
        out |= flatten(f"draw_{i}", value)
    made = values[0] if isinstance(values[0], tuple | list) else values[:1]
    made = [tensor for tensor in made if isinstance(tensor, torch.Tensor)]
    return {
        **out,
        "repeats": _same(first, again),
        "new": not all(_same(first, other) for other in later),
        "follows": not all(_same(again, other) for other in others),
        "requires_grad": [int(tensor.requires_grad) for tensor in made],
        "leaf": [int(tensor.is_leaf) for tensor in made],
        "changed": sorted(changed),
    }


@probe
def differentiate(target: Callable, /, *, to: list[str], **inputs: Any) -> Evidence:
    """Call target(*inputs) twice: for what it returns, and to follow the gradients of the sum of each returned tensor.

    to: the inputs that require gradients in the second call; the others are plain tensors.
    Evidence: value and changed (as in `call`), grad_NAME for each input in `to`, None where no gradient arrives (of a
    tuple: grad_0_NAME, grad_1_NAME, ... for its tensors), and backward, "" or the first line of torch's complaint.
    """
    out = call(target, **inputs)
    given = tensors(inputs)
    leaves = {name: given[name].requires_grad_() for name in to}
    # Copies that depend on the leaves: writing into these is an error in backward at most, as in a training loop.
    value = target(*(leaves[name].clone() if name in leaves else value for name, value in given.items()))
    return out | gradients_of(value, leaves)


@probe
def generated(target: Callable, /, *, matrix: np.ndarray, n: int, seed: int, times: int = 2) -> Evidence:
    """As `seeded`, for target(decode, n, latents, generator): decode(z [n, latents]) is z @ matrix, as logits
    [n, 1, 1, columns].
    """
    table = torch.as_tensor(matrix, dtype=torch.float32)

    def decode(z: torch.Tensor) -> torch.Tensor:
        return (z @ table)[:, None, None, :]

    def draw(n: int, latents: int, generator: torch.Generator) -> Any:
        return target(decode, n, latents, generator)

    return seeded(draw, seed=seed, times=times, n=int(n), latents=len(matrix))


@probe
def written(*targets: Any) -> Evidence:
    """The text of the cells in which the targets are defined: cell_0, cell_1, ... as UTF-8 in arrays of bytes.

    What has no text, such as a function or an object of torch's, is given by its name. In grading nothing is asked: the
    grader reads the notebook that was handed in.
    """
    texts = []
    for target in targets:
        text = f"answer = library.{getattr(target, '__name__', type(target).__name__)}"
        if getattr(target, "__module__", "") == "__main__":
            with contextlib.suppress(OSError, TypeError):
                text = "".join(inspect.findsource(inspect.unwrap(target))[0])
        texts.append(text)
    return texts_as_evidence(texts)


def texts_as_evidence(texts: list[str]) -> Evidence:
    """Texts of any length, each once, as the evidence of `written`."""
    encoded = (text.encode("utf-8", "replace") for text in dict.fromkeys(texts))
    return {f"cell_{i}": np.frombuffer(text, np.uint8) for i, text in enumerate(encoded)}


def gradients_of(value: Any, leaves: Mapping[str, torch.Tensor]) -> Evidence:
    """Autograd's gradients of the sum of each returned tensor, None where none arrives; and torch's complaint."""
    several = isinstance(value, tuple | list)
    out: Evidence = {"backward": ""}
    for i, part in enumerate(value if several else [value]):
        found: list = [None] * len(leaves)
        if isinstance(part, torch.Tensor) and part.requires_grad:
            try:
                found = torch.autograd.grad(part.sum(), list(leaves.values()), retain_graph=True, allow_unused=True)
            except RuntimeError as error:
                out["backward"] = first_line(error)
        for name, gradient in zip(leaves, found, strict=True):
            out[f"grad_{i}_{name}" if several else f"grad_{name}"] = None if gradient is None else gradient.numpy()
    return out


def _same(one: Evidence, other: Evidence) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)
