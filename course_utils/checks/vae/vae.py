"""VAE: 784-400-20-400-784 with encode, decode, a forward that draws z, and reconstruct."""

from functools import partial

import numpy as np

from course_utils import probes
from course_utils.checks.toolkit import exercise
from course_utils.checks.vae._network import HIDDEN, LATENTS, decode, logvar, mu, none, weights

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
    sizes = {name: [784, HIDDEN] if name == "hidden" else [HIDDEN, LATENTS] for name in ("hidden", "mu", "logvar")}
    c.architecture("layers", c.ask(probes.layers, "VAE()"), **sizes, decoder=[LATENTS, HIDDEN, 784])
    if not c.right("layers"):
        return

    answer = ask("6 images", name="encode", images=images, **own)
    if c.verify("encode", not answer.raised, f"encode: {answer.raised}"):
        means, logvars = c.parts(answer, mu=mu, logvar=logvar)
        bare = "no ReLU after the hidden layer"
        slips = {"ReLU after the layer mu: a mean may be below 0": (lambda *a: mu(*a).relu(), 0.5)}
        c.agrees("encode", means, mu, slips | {bare: (partial(mu, between=none), 0.5)}, what="mu")
        slips = {"ReLU after the layer logvar: sigma could not be below 1": (lambda *a: logvar(*a).relu(), 0.5)}
        c.agrees("encode", logvars, logvar, slips | {bare: (partial(logvar, between=none), 0.5)}, what="logvar")
        one = ask("one image", name="encode", images=images[:1], **own)
        c.cost("one_image", not one.raised, f"one image: {one.raised}", after="encode")

    slips = {
        "decode ends with a sigmoid: return logits, which the loss with_logits expects": (
            lambda *a: decode(*a).sigmoid(), 0.5),
        "no ReLU in the decoder": (partial(decode, between=none), 0.5),
    }  # fmt: skip
    codes = ask("5 codes", name="decode", z=c.rng.normal(0, 2, (5, LATENTS)), **own)
    c.agrees("decode", codes, decode, slips, what="the logits")

    # What follows is compared with the student's own encode and decode: a slip is charged once.
    told = weights(c.rng, telling=True)
    same = np.repeat(c.rng.uniform(0, 1, (1, 1, 28, 28)), DRAWS, axis=0)
    encoded = ask("the same image", name="encode", images=same, **told)
    drawn = ask(f"{DRAWS} times the same image", name="", images=same, **told)
    _forward(c, drawn, encoded)
    c.reached("gradients", drawn, after="forward")
    found = ask("40 times the same image", name="reconstruct", images=same[:40], **told)
    mean = _or_zeros(answer.array("value_0", (6, LATENTS)), (6, LATENTS))
    decoded = ask("its mean", name="decode", z=mean, **own)
    _reconstruct(c, ask("6 images", name="reconstruct", images=images, **own), decoded.array(), found.array())


def _or_zeros(array, shape):
    return np.zeros(shape) if array is None else array


def _sigmoid(u):
    return 1 / (1 + np.exp(-u))


def _reconstruct(c, answer, logits, repeated):
    """Judge the reconstructions; logits: what decode makes of mu; repeated: reconstructions of one image."""
    if repeated is not None and repeated.ndim and np.ptp(repeated, axis=0).max() > 1e-3:
        line = "reconstruct gives another image each time: for a picture decode mu itself, without noise"
        c.verify("reconstruct", False, line, 0.25)
        return
    logits = _or_zeros(logits, (6, 1, 28, 28))
    pixels = logits if logits.min() >= 0 and logits.max() <= 1 and not c.right("decode") else _sigmoid(logits)
    twice = "reconstruct takes a sigmoid twice: pixels are between 0.5 and 0.73"
    slips = {"reconstruct gives logits: their sigmoid is the image": (logits, 0.5), twice: (_sigmoid(pixels), 0.5)}
    c.agrees("reconstruct", answer, pixels, slips, what="the reconstruction")
    c.verify("reconstruct", repeated is not None, "reconstruct: no tensor of numbers for 40 times the same image")


def _forward(c, answer, encoded):
    """Judge what the model returns, and the distribution of its z: the first 20 logits."""
    shape = (DRAWS, 1, 28, 28)
    if answer.raised or answer.items() != 3:
        told = answer.raised or f"{answer.kind()} came back, return logits, mu, logvar"
        c.verify("forward", False, f"the model: {told}")
        return
    mean, log = (_or_zeros(encoded.array(f"value_{i}", (DRAWS, LATENTS)), (DRAWS, LATENTS)) for i in (0, 1))
    for place, name, right in (("value_1", "mu", mean), ("value_2", "logvar", log)):
        if not c.agrees("forward", answer.part(place, f"the model's {name}"), right):
            return
    values = answer.array("value_0")
    if values is None or values.shape != shape:
        came = list(np.shape(answer.got.get("value_0")))
        c.verify("forward", False, f"the model's logits: shape {came}, expected {list(shape)}")
        return
    z, mean, sigma = values.reshape(DRAWS, 784)[:, :LATENTS], mean[0], np.exp(log[0] / 2)
    if not c.right("decode") and z.min() >= 0 and z.max() <= 1:
        z = np.log(z.clip(1e-9) / (1 - z).clip(1e-9))
    if np.ptp(z, axis=0).max() < 1e-3:
        at_mean = np.abs(z[0] - mean).max() < 1e-2
        line = "z is mu, without noise: draw z, in evaluation mode as well, since the ELBO is about z that are drawn"
        told = line if at_mean else "the same z for all images: each image needs its own noise"
        c.verify("forward", False, told, 0.25)
        return
    slips = {"z has the standard deviation exp(logvar), which is the variance: exp(logvar / 2)": (mean, sigma**2)}
    c.moments("forward", z, mean, sigma, slips, law="normal", what="z", keeps=0.25)
    c.fresh("forward", z)
