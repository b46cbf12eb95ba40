"""Probes: questions put to a student's function, class or training loop, answered with evidence.

A probe runs where the student's code runs: in the notebook, in pytest, or in the grader's sandbox. It calls the code on
the inputs that it is given and brings back evidence (see `course_utils.evidence`). It holds no answers and no
opinion: what the evidence is worth is decided elsewhere, by `course_utils.checks` for the student's eyes and by the
exams for the marks.

    def a_probe(target, /, *, images, ...) -> evidence

Inputs are numpy arrays, numbers and strings; arrays reach the student's code as tensors (float32, int64 or bool).
"""

from __future__ import annotations

import _thread
import contextlib
import inspect
import itertools
import linecache
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course_utils.evidence import Evidence, EvidenceError, describe_type, flatten, pack, unpack
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


# ---------------------------------------------------------------------------------------------------------------------
# The probes


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
def module(target: type, /, *, images: np.ndarray, seed: int = 0, **numbers: Any) -> Evidence:
    """Make target(**numbers), a torch module, and put images through it.

    weight_0, weight_1, ... among the numbers are copied into the entries of the state dict, in order, where the shapes
    are the same.
    Evidence: output (as `value` in `call`), weights.NAME for every entry of the state dict in its order, modules and
    layers, the kinds of the leaf modules in order and their descriptions ("Linear(in_features=784, ...)"), unreached,
    the parameters that get no gradient from the (first) output, changed, as in `call`, and same_in_training, whether
    the output in training mode is that in evaluation mode.
    """
    torch.manual_seed(seed)
    given_weights = [numbers.pop(name) for name in list(numbers) if name.startswith("weight_")]
    if not inspect.isclass(target):
        raise EvidenceError("this is no class: write a class that inherits from nn.Module")
    model = target(**numbers)
    if not isinstance(model, nn.Module):
        raise EvidenceError("the class is not a torch module: does it inherit from nn.Module?")
    model.eval()
    with torch.no_grad():
        for own, other in zip(model.state_dict().values(), given_weights, strict=False):
            if own.shape == np.shape(other):
                own.copy_(torch.as_tensor(other))
    given = tensors({"images": images})["images"]
    before = given.clone()
    output = model(given)
    out = flatten("output", output)
    out["changed"] = [] if torch.equal(given, before) else ["images"]
    first = output[0] if isinstance(output, tuple | list) and output else output
    if isinstance(first, torch.Tensor) and first.requires_grad:
        first.sum().backward()
    out["unreached"] = [name for name, parameter in model.named_parameters() if parameter.grad is None]
    out |= flatten("weights", dict(model.state_dict()))
    leaves = [part for part in model.modules() if not list(part.children())]
    out["modules"] = [type(part).__name__ for part in leaves]
    out["layers"] = [repr(part)[:200] for part in leaves]
    # Last, since running statistics change here.
    try:
        with torch.no_grad():
            again = model.train()(before)
    except ValueError:  # batch normalisation refuses one image alone
        again = None
    out["same_in_training"] = not isinstance(output, torch.Tensor) or (
        isinstance(again, torch.Tensor) and again.shape == output.shape and torch.allclose(again, output, atol=1e-5)
    )
    return out


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
    return {**flatten("value", value), "changed": changed, **_gradients(value, dict(zip(weights, W, strict=True)))}


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
    return out | _gradients(value, leaves)


@probe
def layers(target: type, /) -> Evidence:
    """Make target(), a torch module. Evidence: weights.NAME and layers, as in `module`."""
    model = target()
    if not isinstance(model, nn.Module):
        raise EvidenceError("the class is not a torch module: does it inherit from nn.Module?")
    described = [repr(part)[:200] for part in model.modules() if not list(part.children())]
    return {**flatten("weights", dict(model.state_dict())), "layers": described}


@probe
def method(target: type, /, *, name: str, seed: int = 0, **inputs: Any) -> Evidence:
    """Make target(), a torch module, and call one of its methods (or the module itself, name="") on the inputs.

    weight_NAME among the inputs are copied into the entry NAME of the state dict; where the module has not all of these
    names, into its entries in order, where the shapes are the same.
    Evidence: value (as in `call`), unreached, the parameters that get no
    gradient from the sum of all tensors that came back; changed, the inputs that were written into.
    """
    torch.manual_seed(seed)
    weights = {key.removeprefix("weight_"): inputs.pop(key) for key in list(inputs) if key.startswith("weight_")}
    model = target()
    if not isinstance(model, nn.Module):
        raise EvidenceError("the class is not a torch module: does it inherit from nn.Module?")
    own = model.eval().state_dict()
    named = weights.items() if weights.keys() <= own.keys() else zip(own, weights.values(), strict=False)
    with torch.no_grad():
        for key, value in named:
            if own[key].shape == np.shape(value):
                own[key].copy_(torch.as_tensor(value))
    given = tensors(inputs)
    before = {key: value.clone() for key, value in given.items() if isinstance(value, torch.Tensor)}
    if name and not hasattr(model, name):
        raise EvidenceError(f"the class has no method {name}()")
    value = (getattr(model, name) if name else model)(*given.values())
    changed = [key for key, old in before.items() if not torch.equal(old, given[key])]
    parts = value if isinstance(value, tuple | list) else [value]
    total = [part.sum() for part in parts if isinstance(part, torch.Tensor) and part.requires_grad]
    if total:
        torch.stack(total).sum().backward()
    unreached = [key for key, parameter in model.named_parameters() if parameter.grad is None]
    return {**flatten("value", value), "changed": changed, "unreached": unreached}


@probe
def train_given(target: Callable, /, *, images: np.ndarray, latents: int, hidden: int, seed: int = 0) -> Evidence:
    """As `train`, for target(model, images): the model is a new `course_utils.variational.DenseVAE`."""
    from course_utils.variational import DenseVAE

    return train(lambda given: target(DenseVAE(int(latents), int(hidden)), given), images=images, seed=seed)


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
def frozen(
    target: type, /, *, images: np.ndarray, labels: np.ndarray, width: int, seed: int = 0, **weights: Any
) -> Evidence:
    """Make target(encoder, width) with an encoder that has a batch normalisation, and train it as any model.

    weight_0, weight_1, ...: the encoder's state (linear layer, batch normalisation, then tanh) in its order.
    The model is put into training mode and takes ten steps of SGD on all of its parameters.
    Evidence: training and evaluated, the outputs in both modes before the first step; before.NAME and after.NAME, the
    state dict's entries that are not the encoder's; encoder_before.NAME and encoder_after.NAME; has_encoder, whether
    it is an attribute of this name; wanted, the encoder's parameters that require gradients.
    """
    pixels = int(np.prod(images.shape[1:]))
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(pixels, width), nn.BatchNorm1d(width), nn.Tanh())
    with torch.no_grad():
        for own, other in zip(encoder.state_dict().values(), weights.values(), strict=True):
            own.copy_(torch.as_tensor(other))
    encoder.eval()
    torch.manual_seed(seed)
    model = target(encoder, width)
    if not isinstance(model, nn.Module):
        raise EvidenceError("the class is not a torch module: does it inherit from nn.Module?")
    given = tensors({"images": images, "labels": labels})
    held = getattr(model, "encoder", None)
    held = held if isinstance(held, nn.Module) else encoder
    parts = {id(value) for value in held.state_dict(keep_vars=True).values()}

    def state(when: str) -> Evidence:
        others = {name: value.detach().clone() for name, value in model.state_dict(keep_vars=True).items()
                  if id(value) not in parts}  # fmt: skip
        own = {name: value.clone() for name, value in held.state_dict().items()}
        return flatten(when, others) | flatten(f"encoder_{when}", own)

    out = state("before")
    with torch.no_grad():
        out |= flatten("evaluated", model.eval()(given["images"].clone()))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    for step in range(10):
        logits = model(given["images"].clone())
        out |= flatten("training", logits.detach().clone()) if not step else {}
        optimizer.zero_grad()
        if logits.requires_grad:
            nn.functional.cross_entropy(logits, given["labels"]).backward()
        optimizer.step()
    wanted = [name for name, parameter in held.named_parameters() if parameter.requires_grad]
    return {
        **out,
        **state("after"),
        "has_encoder": isinstance(getattr(model, "encoder", None), nn.Module),
        "wanted": wanted,
    }


def _gradients(value: Any, leaves: Mapping[str, torch.Tensor]) -> Evidence:
    """Autograd's gradients of the sum of each returned tensor, None where none arrives; and torch's complaint."""
    several = isinstance(value, tuple | list)
    out: Evidence = {"backward": ""}
    for i, part in enumerate(value if several else [value]):
        found: list = [None] * len(leaves)
        if isinstance(part, torch.Tensor) and part.requires_grad:
            try:
                found = torch.autograd.grad(part.sum(), list(leaves.values()), retain_graph=True, allow_unused=True)
            except RuntimeError as error:
                out["backward"] = _first_line(error)
        for name, gradient in zip(leaves, found, strict=True):
            out[f"grad_{i}_{name}" if several else f"grad_{name}"] = None if gradient is None else gradient.numpy()
    return out


# ---------------------------------------------------------------------------------------------------------------------
# Asking


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
        raise StudentError(type(error).__name__, _first_line(error), _where(error)) from error


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


def _leaves(weights: Mapping[str, np.ndarray]) -> list[torch.Tensor]:
    """Matrices as a student's code gets them: float32 leaves that want gradients."""
    return [tensor.requires_grad_() for tensor in tensors(weights).values()]


def _same(one: Evidence, other: Evidence) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [""])[0][:300]


def _where(error: BaseException) -> str:
    """The last line of the student's own cells in the traceback: "line 4: z = mu + sigma"."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if "ipykernel" in frame.filename or "ipython-input" in frame.filename or frame.filename.startswith("<"):
            line = linecache.getline(frame.filename, frame.lineno or 0).strip() or (frame.line or "").strip()
            return f"line {frame.lineno}: {line}" if line else f"line {frame.lineno}"
    return ""
