"""The network 784-400-20-400-784 of lab 05: weights for the student's module, and what it computes with them."""

import numpy as np
import torch
from torch.nn.functional import linear

LATENTS, HIDDEN, DRAWS = 20, 400, 400
SIZES = {"hidden": (HIDDEN, 784), "mu": (LATENTS, HIDDEN), "logvar": (LATENTS, HIDDEN)}
SIZES |= {"decoder.0": (HIDDEN, LATENTS), "decoder.2": (784, HIDDEN)}


def weights(rng, telling=False):
    """Random weights; telling: a decoder whose first 20 logits are the code itself."""
    found = {}
    for name, (leaving, entering) in SIZES.items():
        found[f"weight_{name}.weight"] = rng.normal(0, 1.5 / entering**0.5, (leaving, entering))
        found[f"weight_{name}.bias"] = rng.normal(0, 0.5, leaving)
    if telling:  # 50 is added before the ReLU and taken off after it
        first, last = np.zeros((HIDDEN, LATENTS)), np.zeros((784, HIDDEN))
        first[:LATENTS] = last[:LATENTS, :LATENTS] = np.eye(LATENTS)
        found |= {"weight_decoder.0.weight": first, "weight_decoder.2.weight": last}
        found |= {"weight_decoder.0.bias": np.full(HIDDEN, 50.0), "weight_decoder.2.bias": np.zeros(784)}
        found["weight_decoder.2.bias"][:LATENTS] = -50
    return found


def mu(name, x, hw, hb, mw, mb, *_, between=torch.relu):
    return linear(between(linear(x.flatten(1), hw, hb)), mw, mb)


def logvar(name, x, hw, hb, mw, mb, lw, lb, *_, between=torch.relu):
    return mu(name, x, hw, hb, lw, lb, between=between)


def decode(name, z, *rest, between=torch.relu):
    first, first_bias, last, last_bias = rest[-4:]
    return linear(between(linear(z, first, first_bias)), last, last_bias).view(-1, 1, 28, 28)


def none(x):
    return x


def not_finite(answer):
    """Whether a tensor with nan or inf in it came back."""
    raw = answer.got.get(answer.value)
    return isinstance(raw, np.ndarray) and raw.dtype.kind == "f" and not np.isfinite(raw).all()


def or_zeros(array, shape):
    """The array, or zeros where none came back."""
    return np.zeros(shape) if array is None else array


def judge_forward(c, answer, encoded):
    """Judge what the model returns, and the distribution of its z: the first 20 logits."""
    shape = (DRAWS, 1, 28, 28)
    if answer.raised or answer.items() != 3:
        told = answer.raised or f"{answer.kind()} came back, return logits, mu, logvar"
        c.verify("forward", False, f"the model: {told}")
        return
    mean, log = (or_zeros(encoded.array(f"value_{i}", (DRAWS, LATENTS)), (DRAWS, LATENTS)) for i in (0, 1))
    # The logits are random: whichever value has their shape stands for itself when the order is found.
    came = (answer.array(f"value_{i}") for i in range(3))
    logits = next((x.reshape(shape) for x in came if np.shape(x)[:1] == (DRAWS,) and x.size == np.prod(shape)), None)
    logits = or_zeros(logits, shape)
    parts = c.parts(answer, logits=lambda *_: logits, mu=lambda *_: mean, logvar=lambda *_: log)
    came, *rest = (answer.part(part[0].value, f"the model's {part[0].what[4:]}") for part in parts)
    if not all(c.agrees("forward", part, right) for part, right in zip(rest, (mean, log), strict=True)):
        return
    if not c.shape("forward", came, shape, "the model's logits"):
        return
    z, mean, sigma = logits.reshape(DRAWS, 784)[:, :LATENTS], mean[0], np.exp(log[0] / 2)
    if z.min() >= 0 and z.max() <= 1:
        if c.right("decode"):
            c.verify("forward", False, "forward gives probabilities, not logits: return what decode gives", 0.5)
        z = np.log(z.clip(1e-9) / (1 - z).clip(1e-9))
    if np.ptp(z, axis=0).max() < 1e-3:
        at_mean = np.abs(z[0] - mean).max() < 1e-2
        line = "z is mu, without noise: draw z, in evaluation mode as well, since the ELBO is about z that are drawn"
        told = line if at_mean else "the same z for all images: each image needs its own noise"
        c.verify("forward", False, told, 0.25)
        return
    slips = {"z has the standard deviation exp(logvar), which is the variance: exp(logvar / 2)": (mean, sigma**2)}
    c.moments("forward", z, mean, sigma, slips, law="normal", what="z, read from the logits,", keeps=0.25)
    c.fresh("forward", z)
