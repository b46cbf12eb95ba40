"""Questions to a training function: the weights of the module that it trains, and how it trains it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course_utils.evidence import Evidence, EvidenceError, describe_type, flatten
from course_utils.probes.asking import probe, tensors


@probe
def train(target: Callable, /, *, images: np.ndarray, seed: int = 0, **numbers: Any) -> Evidence:
    """Run the student's training function target(images, **numbers) on the images that the question brings.

    Evidence: weights.NAME for every entry of the state dict of the module that it returns: the exam runs them in an
    architecture of its own, so nothing else about the returned object matters; changed, as in `call`; and surplus,
    whether other values came back beside the module.
    """
    torch.manual_seed(seed)
    given = tensors({"images": images})["images"]
    before = given.clone()
    model = target(given, **numbers)
    surplus = isinstance(model, tuple | list)
    model = next((item for item in model if isinstance(item, nn.Module)), model) if surplus else model
    if not isinstance(model, nn.Module):
        raise EvidenceError(f"the training function gave back {describe_type(model)}, the trained module was asked for")
    changed = [] if torch.equal(given, before) else ["images"]
    return {**flatten("weights", dict(model.state_dict())), "changed": changed, "surplus": surplus}


@probe
def train_on_noise(target: Callable, /, *, images: np.ndarray, level: float, seed: int = 0) -> Evidence:
    """Run the student's training function target(images, corrupt), where corrupt(batch) adds normal noise of standard
    deviation `level`, new at every call. The course's `fit` refuses to work meanwhile.

    Evidence: weights.NAME, changed and surplus, as in `train`; calls, how often corrupt was called; renewed,
    whether it was given each image more than once, on average.
    """
    noise = torch.Generator().manual_seed(int(seed) + 1)
    seen = calls = 0

    def corrupt(batch: torch.Tensor) -> torch.Tensor:
        nonlocal seen, calls
        seen, calls = seen + len(batch), calls + 1
        return batch + level * torch.randn(batch.shape, generator=noise)

    with _without_fit():
        out = train(lambda given: target(given, corrupt), images=images, seed=seed)
    return {**out, "calls": calls, "renewed": seen > 1.5 * len(images)}


@contextlib.contextmanager
def _without_fit() -> Iterator[None]:
    """Inside, the course's `fit` raises."""
    from course_utils import training

    def refuse(*_: Any) -> None:
        raise RuntimeError("write the loop yourself: fit() is not accepted in this exercise")

    before, training._check = training._check, refuse
    try:
        yield
    finally:
        training._check = before


@probe
def train_network(target: Callable, /, *, images: np.ndarray, decoder: str = "transposed", **weights: Any) -> Evidence:
    """Call target(model, images) with a `course_utils.networks.ConvNet` that has these weights.

    weights: "down.0.weight" and the other entries of its state dict.
    Evidence: weights.NAME of the module that comes back, or of the one passed in where none does; returned, whether one
    did; changed, as in `call`.
    """
    from course_utils.networks import ConvNet

    model = ConvNet(decoder)
    model.load_state_dict({name: torch.as_tensor(value) for name, value in weights.items()})
    given = tensors({"images": images})["images"]
    before = given.clone()
    came = target(model, given)
    returned = isinstance(came, nn.Module)
    changed = [] if torch.equal(given, before) else ["images"]
    trained = came if returned else model
    return {**flatten("weights", dict(trained.state_dict())), "returned": returned, "changed": changed}


@probe
def train_loop(
    target: Callable,
    /,
    *,
    images: np.ndarray,
    layers: str,
    batch_size: int,
    learning_rate: float,
    epochs: int = 1,
    **weights: Any,
) -> Evidence:
    """Give the student's loop target(model, loader, optimizer) a network with known weights and an unshuffled
    DataLoader.

    layers: sizes with dashes, "12-5-12": linear layers with a ReLU between them, which take images flat and give them
    back in their shape; weights: w0, b0, w1, b1, ... in their order.
    The loader yields (images, labels) as the labs' loaders do, the optimiser is plain SGD.
    Evidence: returned (what the last call returned, its kind alone where it cannot be evidence), weights.w0, ...,
    training (the mode the network was left in), in_training (whether any images went through it in training mode),
    seen (the images that went through the network, in all), steps (how often the optimiser's step was called), history
    (whether what was returned still hangs on the network).
    """
    sizes = [int(size) for size in layers.split("-")]
    parts: list[nn.Module] = []
    for i, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
        layer = nn.Linear(fan_in, fan_out)
        with torch.no_grad():
            layer.weight.copy_(torch.as_tensor(weights[f"w{i}"]))
            layer.bias.copy_(torch.as_tensor(weights[f"b{i}"]))
        parts += [nn.ReLU(), layer] if parts else [layer]
    model = _InTheirShape(*parts)
    seen = steps = 0
    in_training = False

    def count_images(module: nn.Module, arguments: tuple) -> None:
        nonlocal seen, in_training
        seen += len(arguments[0])
        in_training |= module.training

    def count_steps(*_: Any) -> None:
        nonlocal steps
        steps += 1

    model.register_forward_pre_hook(count_images)
    given = tensors({"images": images})["images"]
    loader = DataLoader(TensorDataset(given, torch.zeros(len(given), dtype=torch.int64)), batch_size=batch_size)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    optimizer.register_step_pre_hook(count_steps)
    returned = None
    for _ in range(int(epochs)):
        returned = target(model, loader, optimizer)
    try:
        out = flatten("returned", returned)
    except EvidenceError:  # the weights tell of the training all the same
        out = {"returned_type": describe_type(returned)}
    linear = [part for part in parts if isinstance(part, nn.Linear)]
    for i, layer in enumerate(linear):
        out |= {
            f"weights.w{i}": layer.weight.detach().numpy().copy(),
            f"weights.b{i}": layer.bias.detach().numpy().copy(),
        }
    kept = isinstance(returned, torch.Tensor) and returned.requires_grad
    modes = {"training": model.training, "in_training": in_training}
    return {**out, **modes, "seen": seen, "steps": steps, "history": kept}


class _InTheirShape(nn.Sequential):
    """Layers for flat images; what comes out has the shape of what went in."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images.flatten(1)).view_as(images)


@probe
def train_given(target: Callable, /, *, images: np.ndarray, latents: int, hidden: int, seed: int = 0) -> Evidence:
    """As `train`, for target(model, images): the model is a new `course_utils.variational.DenseVAE`."""
    from course_utils.variational import DenseVAE

    return train(lambda given: target(DenseVAE(int(latents), int(hidden)), given), images=images, seed=seed)
