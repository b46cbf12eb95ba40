"""Questions to a class of a torch module: its layers, its methods, what is frozen in it."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import torch
from torch import nn

from course_utils.evidence import Evidence, EvidenceError, flatten
from course_utils.probes.asking import probe, tensors


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
def frozen(
    target: type, /, *, images: np.ndarray, labels: np.ndarray, width: int, seed: int = 0, **weights: Any
) -> Evidence:
    """Make target(encoder, width) with an encoder that has a batch normalisation, and train it as any model.

    weight_0, weight_1, ...: the encoder's state (linear layer, batch normalisation, then tanh) in its order.
    The model is put into training mode and takes ten steps of SGD on all of its parameters.
    Evidence: training and evaluated, the outputs in both modes before the first step; before.NAME and after.NAME, the
    state dict's entries that are not the encoder's; encoder_before.NAME and encoder_after.NAME; has_encoder, whether
    it is an attribute of this name; wanted, the encoder's parameters that require gradients; assigned, whether
    `encoder.requires_grad = ...` has made an attribute that switches nothing.
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
        "assigned": "requires_grad" in vars(held),
    }
