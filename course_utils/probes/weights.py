"""Questions to code that computes with given matrices, as lab 02's does, its training loop included."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from course_utils.evidence import Evidence, flatten
from course_utils.probes.asking import probe, tensors
from course_utils.probes.functions import call, gradients_of


@probe
def matrices(target: Callable, /, *, X: np.ndarray, at_code: str = "", **weights: np.ndarray) -> Evidence:
    """Call target(W, X), or target(W, X, at_code): W is the list of the weights in their order, leaves that want
    gradients.

    at_code: "tanh" or "linear", handed on as a function of a tensor.
    Evidence: value and changed (as in `call`), and grad_NAME or grad_0_NAME, grad_1_NAME, ... (as in `differentiate`)
    of each returned tensor with respect to each of the weights.
    """
    W = _leaves(weights)
    given = tensors({"X": X})["X"]
    before = [tensor.detach().clone() for tensor in (*W, given)]
    more = [{"tanh": torch.tanh, "linear": lambda Z: Z}[at_code]] if at_code else []
    value = target(W, given, *more)
    named = zip([*weights, "X"], before, (*W, given), strict=True)
    changed = [name for name, old, new in named if not torch.equal(old, new.detach())]
    return {**flatten("value", value), "changed": changed, **gradients_of(value, dict(zip(weights, W, strict=True)))}


@probe
def with_decoder(target: Callable, /, *, Z: np.ndarray, X: np.ndarray, **weights: np.ndarray) -> Evidence:
    """Call target(decode, Z, X). decode takes codes to images: for each of the weights, whose last row is the bias, a
    linear layer and tanh.

    Evidence: value and changed, as in `call`.
    """
    layers = list(tensors(weights).values())

    def decode(Z: torch.Tensor) -> torch.Tensor:
        for matrix in layers:
            Z = nn.functional.linear(Z, matrix[:-1].T, matrix[-1]).tanh()
        return Z

    return call(lambda Z, X: target(decode, Z, X), Z=Z, X=X)


@probe
def train_matrices(
    target: Callable,
    /,
    *,
    images: np.ndarray,
    draws: np.ndarray,
    iterations: int,
    learning_rate: float,
    optimizer: str = "SGD",
    **weights: np.ndarray,
) -> Evidence:
    """Give the student's loop target(network, W, draw, optimizer, iterations) all that it needs.

    images: [N, P]; draws: whole numbers [k, B], the rows that make each batch, from the first again when they are used
    up; weights: two or more matrices whose last row is the bias: ReLU between them, a linear code after half of them,
    tanh at the end; optimizer: "SGD" or "Adam".
    Evidence: returned (as `value` in `call`; of ten iterations and a hundred losses at most, else returned_type alone),
    weights.NAME afterwards, seen, calls and steps: how many batches were drawn, how often the network was called and
    how often the optimiser stepped; history, whether a tensor that came back still hangs on the matrices.
    """
    W = _leaves(weights)
    given = tensors({"images": images})["images"]
    batches = itertools.cycle(torch.as_tensor(draws, dtype=torch.int64))
    seen = calls = steps = 0

    def network(W: list[torch.Tensor], X: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        nonlocal calls
        calls += 1
        code, middle = X, len(W) // 2
        for i, matrix in enumerate(W):
            X = nn.functional.linear(X, matrix[:-1].T, matrix[-1])
            if i + 1 == middle:
                code = X
            elif i + 1 < len(W):
                X = X.relu()
        return X.tanh(), code

    def draw() -> torch.Tensor:
        nonlocal seen
        seen += 1
        return given[next(batches)]

    def count(*_: Any) -> None:
        nonlocal steps
        steps += 1

    stepper = {"SGD": torch.optim.SGD, "Adam": torch.optim.Adam}[optimizer](W, lr=learning_rate)
    stepper.register_step_pre_hook(count)
    returned = target(network, W, draw, stepper, int(iterations))
    listed = returned if isinstance(returned, tuple | list) else [returned]
    out: Evidence = {"returned_type": f"{type(returned).__name__} of {len(listed)}"}
    if iterations <= 10 and len(listed) <= 100:
        out = flatten("returned", returned)
    out["history"] = any(isinstance(item, torch.Tensor) and item.requires_grad for item in listed)
    out |= {f"weights.{name}": tensor.detach().numpy().copy() for name, tensor in zip(weights, W, strict=True)}
    return {**out, "seen": seen, "calls": calls, "steps": steps}


def _leaves(weights: Mapping[str, np.ndarray]) -> list[torch.Tensor]:
    """Matrices as a student's code gets them: float32 leaves that want gradients."""
    return [tensor.requires_grad_() for tensor in tensors(weights).values()]
