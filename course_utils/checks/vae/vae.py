"""VAE: 784-400-20-400-784 with encode, decode, a forward that draws z, and reconstruct."""

from functools import partial

import numpy as np

from course_utils import probes
from course_utils.checks.toolkit import exercise
from course_utils.checks.vae._network import HIDDEN, LATENTS, decode, logits, logvar, mu, none, weights

DRAWS = 400


@exercise(
    targets=["VAE"],
    layers=(2, "the layers are 784-400-20-400-784, with the names asked for"),
    encode=(3, "encode gives mu and logvar"),
    decode=(2, "decode gives logits in the shape of images"),
    forward=(4, "the model draws a new z and gives logits, mu and logvar"),
    reconstruct=(2, "reconstruct decodes the mean, pixels in [0, 1]"),
    costs={"gradients": (0.2, "gradients reach every weight"), "one_image": (0.1, "a batch of one image")},
)
def vae(c):
    images, own = c.rng.uniform(0, 1, (6, 1, 28, 28)), weights(c.rng)
    ask = partial(c.ask, probes.method)
    answer = ask("6 images", name="encode", images=images, **own)
    sizes = {name: [784, HIDDEN] if name == "hidden" else [HIDDEN, LATENTS] for name in ("hidden", "mu", "logvar")}
    if answer.raised:
        c.verify("encode", False, f"encode: {answer.raised}")
        answer = ask("3 codes", name="decode", z=c.rng.normal(size=(3, LATENTS)), **own)
    c.architecture("layers", answer, **sizes, decoder=[LATENTS, HIDDEN, 784])
    if not c.right("layers"):
        return

    cases = [
        ask("one image", name="encode", images=images[:1], **own),
        ask("6 images", name="encode", images=images, **own),
    ]
    if not answer.raised and c.right("layers"):
        means, logvars = c.parts(cases[1:], mu=mu, logvar=logvar)
        relu = {"ReLU after the layer mu: a mean may be below 0": (lambda *a: mu(*a).relu(), 0.5)}
        open_ = {"no ReLU after the hidden layer": (partial(mu, between=none), 0.5)}
        c.agrees("encode", means, mu, relu | open_, what="mu")
        floor = {"ReLU after the layer logvar: sigma could not be below 1": (lambda *a: logvar(*a).relu(), 0.5)}
        c.agrees("encode", logvars, logvar, floor, what="logvar")
        c.cost("one_image", not one.raised, f"one image: {one.raised}", after="encode")

    codes = c.rng.normal(0, 2, (5, LATENTS))
    slips = {
        "decode ends with a sigmoid: return logits, which the loss with_logits expects": (
            lambda *a: decode(*a).sigmoid(), 0.5),
        "no ReLU in the decoder": (partial(decode, between=none), 0.5),
    }  # fmt: skip
    c.agrees("decode", ask("5 codes", name="decode", z=codes, **own), decode, slips, what="the logits")

    told = weights(c.rng, telling=True)
    same = np.repeat(c.rng.uniform(0, 1, (1, 1, 28, 28)), DRAWS, axis=0)
    answer = ask(f"{DRAWS} times the same image", name="", images=same, **told)
    _forward(c, answer)
    c.reached("gradients", answer, after="forward")

    twice = {
        "reconstruct gives logits: their sigmoid is the image": (logits, 0.5),
        "reconstruct takes a sigmoid twice: pixels are between 0.5 and 0.73": (
            lambda *a: logits(*a).sigmoid().sigmoid(), 0.5),
    }  # fmt: skip
    answer = ask("40 times the same image", name="reconstruct", images=same[:40], **told)
    found = answer.array(shape=(40, 1, 28, 28))
    if found is not None and np.ptp(found, axis=0).max() > 1e-3:
        line = "reconstruct gives another image each time: for a picture decode mu itself, without noise"
        c.verify("reconstruct", False, line, 0.25)
    else:
        c.agrees("reconstruct", [ask("6 images", name="reconstruct", images=images, **own), answer],
                 lambda *a: logits(*a).sigmoid(), twice, what="the reconstruction")  # fmt: skip


def _forward(c, answer):
    """Judge what the model returns, and the distribution of its z: the first 20 logits."""
    if answer.raised or answer.items() != 3:
        wrong = f"the model: {answer.raised or f'{answer.kind()} came back, return logits, mu, logvar'}"
        c.verify("forward", False, wrong)
        return
    for place, right in (("value_1", mu), ("value_2", logvar)):
        if not c.agrees("forward", answer.part(place, f"the model's {right.__name__}"), right):
            return
    values, mean, log = answer.array("value_0"), answer.array("value_1")[0], answer.array("value_2")[0]
    if values is None or values.shape != (DRAWS, 1, 28, 28):
        shape = list(np.shape(answer.got.get("value_0")))
        c.verify("forward", False, f"the model's logits: shape {shape}, expected {[DRAWS, 1, 28, 28]}")
        return
    z = values.reshape(DRAWS, 784)[:, :LATENTS]
    if np.ptp(z, axis=0).max() < 1e-3:
        at_mean = np.abs(z[0] - mean).max() < 1e-2
        line = "z is mu, without noise: draw z, in evaluation mode as well, since the ELBO is about z that are drawn"
        c.verify(
            "forward", False, line if at_mean else "the same z for all images: each image needs its own noise", 0.25
        )
        return
    sigma = np.exp(log / 2)
    slips = {"z has the standard deviation exp(logvar), which is the variance: exp(logvar / 2)": (mean, sigma**2)}
    c.moments("forward", z, mean, sigma, slips, law="normal", what="z", keeps=0.25)
    c.fresh("forward", z)
