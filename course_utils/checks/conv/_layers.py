"""The layers of lab 04's modules, by the shapes of their weights: names and the order of the attributes are free."""

import numpy as np
import torch

from course_utils.checks.toolkit import nonlinearities


def activations(right, *others):
    """Options for a stage of `which`; "none" is called "nothing": "after the last layer: nothing"."""
    named = nonlinearities(right, *others)
    return {"nothing" if name == "none" else name: function for name, function in named.items()}


HIDDEN = activations("ReLU", "none", "sigmoid", "tanh", "leaky ReLU", "GELU")
LAST_RELU = activations("ReLU", "none", "sigmoid", "tanh")
LOGITS = activations("none", "ReLU", "sigmoid", "tanh")
SIZES = (28, 14, 7, 3)
COSTS = {
    "gradients": (0.25, "gradients reach every weight"),
    "training": (0.2, "the same output in training mode"),
    "one_image": (0.15, "a batch of one image"),
}


def layers_of(c, answer, *asked):
    """Judge "layers": one layer for each torch module in `asked`. Returns their (weight, bias) as tensors, or None.

    The right kernels with another number of maps keep half, and the rest is judged with the student's own layers.
    """
    own, shapes = c.layers(answer), [tuple(layer.weight.shape) for layer in asked]
    found = [weight.shape for weight, _ in own]
    alike = [shape[2:] for shape in found] == [shape[2:] for shape in shapes]
    shown = ", ".join(str(list(shape)) for shape in found) or "none (torch finds no layers in a plain list)"
    wrong = f"weights of shape {shown}, expected {', '.join(str(list(shape)) for shape in shapes)}"
    half = 0.5 if alike or len(found) == len(shapes) else 0.0
    if c.verify("layers", sorted(found) == sorted(shapes) and not answer.raised, answer.raised or wrong, half):
        by_shape = dict(zip(found, own, strict=True))
        own = [by_shape[shape] for shape in shapes]
    elif not alike:
        return None
    return [tuple(torch.from_numpy(value) for value in layer) for layer in own]


def name_sizes(c, answer, result, what, stages):
    """Where the maps that come out have another size, which no options explain: say so, and where to look."""
    right = {stage: next(iter(options.values())) for stage, options in stages.items()}
    try:
        expected = result(answer.inputs, **right).shape
    except ValueError:
        return
    found = answer.array()
    other = found is not None and found.ndim == 4 and found.shape[2:] != expected[2:]
    if other and c.which(answer, result, stages) is None:
        sizes = ", ".join(map(str, SIZES if expected[-1] == SIZES[-1] else SIZES[::-1]))
        told = (
            f"{what}: shape {list(found.shape)}, expected {list(expected)}: which sizes come out of each step? {sizes}"
        )
        for stage in stages:
            c.verify(stage, False, told)


def judge_module(c, images, alone, asked, build, what, stages):
    """A module on images [N, ...]: its layers, the options of its computation (`stages`), one image alone.

    asked: torch modules with the weights that it should have; build(x, layers, **options) -> tensor.
    """
    answer = c.module(f"{len(images)} {alone}s", images=images)
    layers = layers_of(c, answer, *asked)

    def result(inputs, **options):
        x = torch.from_numpy(np.asarray(inputs["images"], np.float64))
        try:
            return build(x, layers, **options).numpy()
        except RuntimeError as error:  # layers that do not fit on each other, of which "layers" tells
            raise ValueError(str(error)) from None

    if layers:
        name_sizes(c, answer, result, what, stages)
        c.options(answer, result, what, **stages)
    after = ("layers", *stages)
    c.reached("gradients", answer, after)
    c.same_in_training("training", answer, after)
    one = c.module(f"one {alone}", images=images[:1])
    right = answer.array()
    c.shape("one_image", one, (1, *right.shape[1:]) if right is not None else (1,), f"{what} of one {alone}", after)
