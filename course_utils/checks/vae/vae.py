"""VAE: 784-400-20-400-784 with encode, decode, a forward that draws z, and reconstruct."""

from functools import partial

import numpy as np

from course_utils import probes
from course_utils.checks.toolkit import exercise
from course_utils.checks.vae._network import (
    DRAWS,
    HIDDEN,
    LATENTS,
    decode,
    judge_forward,
    logvar,
    mu,
    none,
    or_zeros,
    weights,
)  # fmt: skip


@exercise(
    targets=["VAE"],
    layers=(2, "the layers are 784-400-20-400-784, with the names asked for"),
    encode=(3, "encode gives mu and logvar"),
    decode=(2, "decode gives logits in the shape of images"),
    forward=(4, "the model draws a new z and gives logits, mu and logvar"),
    reconstruct=(2, "reconstruct decodes the mean, pixels in [0, 1]"),
    costs={
        "gradients": (0.2, "gradients reach every weight"),
        "one_image": (0.1, "a batch of one image"),
        "latents": (0.1, "another number of latents"),
    },
)
def vae(c):
    images, own = c.rng.uniform(0, 1, (6, 1, 28, 28)), weights(c.rng)
    ask = partial(c.ask, probes.method)
    sizes = {name: [784, HIDDEN] if name == "hidden" else [HIDDEN, LATENTS] for name in ("hidden", "mu", "logvar")}
    c.architecture("layers", c.ask(probes.layers, "VAE()"), **sizes, decoder=[LATENTS, HIDDEN, 784])
    if not c.right("layers"):
        return

    bare = "no ReLU after the hidden layer"
    slips = {
        "decode ends with a sigmoid: return logits, which the loss with_logits expects": (
            lambda *a: decode(*a).sigmoid(), 0.5),
        f"decode: {bare}": (partial(decode, between=none), 0.5),
    }  # fmt: skip
    codes = ask("5 codes", name="decode", z=c.rng.normal(0, 2, (5, LATENTS)), **own)
    c.agrees("decode", codes, decode, slips, what="the logits")

    answer = ask("6 images", name="encode", images=images, **own)
    if not c.verify("encode", not answer.raised, f"encode: {answer.raised}"):
        for part in ("forward", "reconstruct"):
            c.verify(part, False, "forward and reconstruct can be judged when encode works")
        return
    means, logvars = c.parts(answer, mu=mu, logvar=logvar)
    slips = {"ReLU after the layer mu: a mean may be below 0": (lambda *a: mu(*a).relu(), 0.5)}
    c.agrees("encode", means, mu, slips | {bare: (partial(mu, between=none), 0.5)}, what="mu")
    slips = {
        "ReLU after the layer logvar: sigma could not be below 1": (lambda *a: logvar(*a).relu(), 0.5),
        "encode gives exp(logvar), the variance: return what the layer gives": (lambda *a: logvar(*a).exp(), 0.5),
    }
    c.agrees("encode", logvars, logvar, slips | {bare: (partial(logvar, between=none), 0.5)}, what="logvar")
    one = ask("one image", name="encode", images=images[:1], **own)
    c.cost("one_image", not one.raised, f"one image: {one.raised}", after="encode")

    # What follows is compared with the student's own encode and decode: a slip is charged once.
    told = weights(c.rng, telling=True)
    same = np.repeat(c.rng.uniform(0, 1, (1, 1, 28, 28)), DRAWS, axis=0)
    encoded = ask("the same image", name="encode", images=same, **told)
    drawn = ask(f"{DRAWS} times the same image", name="", images=same, **told)
    judge_forward(c, drawn, encoded)
    c.reached("gradients", drawn, after="forward")
    found = ask("40 times the same image", name="reconstruct", images=same[:40], **told)
    mean = or_zeros(answer.array("value_0", (6, LATENTS)), (6, LATENTS))
    decoded = ask("its mean", name="decode", z=mean, **own)
    _reconstruct(c, ask("6 images", name="reconstruct", images=images, **own), decoded.array(), found.array())
    _another_number(c, c.module("VAE(latents=7)", images=images, latents=7))


def _sigmoid(u):
    return 1 / (1 + np.exp(-u))


def _another_number(c, answer):
    """Charge layers or methods that keep the 20; what raises for another reason is charged elsewhere."""
    found = [weight.shape for part in ("mu", "logvar", "decoder") for weight, _ in c.layers(answer, part)]
    line = "VAE(latents=7) has other layers than 784-400-7-400-784: use the argument latents, not the number 20"
    if answer.raised:
        c.cost("latents", False, f"VAE(latents=7): {answer.raised}", after=("encode", "decode", "forward"))
        return
    c.verify("latents", found == [(7, HIDDEN), (7, HIDDEN), (HIDDEN, 7), (784, HIDDEN)], line)


def _reconstruct(c, answer, logits, repeated):
    """Judge the reconstructions; logits: what decode makes of mu; repeated: reconstructions of one image."""
    if repeated is not None and repeated.ndim and np.ptp(repeated, axis=0).max() > 1e-3:
        line = "reconstruct gives another image each time: for a picture decode mu itself, without noise"
        c.verify("reconstruct", False, line, 0.25)
        return
    logits = or_zeros(logits, (6, 1, 28, 28))
    pixels = logits if logits.min() >= 0 and logits.max() <= 1 and not c.right("decode") else _sigmoid(logits)
    twice = "reconstruct takes a sigmoid twice: pixels are between 0.5 and 0.73"
    slips = {"reconstruct gives logits: their sigmoid is the image": (logits, 0.5), twice: (_sigmoid(pixels), 0.5)}
    c.agrees("reconstruct", answer, pixels, slips, what="the reconstruction")
    c.verify("reconstruct", repeated is not None, "reconstruct: no tensor of numbers for 40 times the same image")
