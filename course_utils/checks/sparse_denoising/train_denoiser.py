"""train_denoiser(images, corrupt): a trained 784-256-784 network that removes noise."""

import numpy as np

from course_utils import probes
from course_utils.checks.toolkit import exercise, run_linear

SHAPES, LEVEL = [(256, 784), (784, 256)], 0.5
ENOUGH = 0.65
"""The error on new digits with new noise, over that of the mean image: 0.476 for the reference over 20 draws, with a
standard deviation of 0.008. The best PCA has 0.57, a network that was trained to return the noisy images 1.15."""


def output(layers, x):
    return 1 / (1 + np.exp(-run_linear(x, layers).clip(-500, 500)))


@exercise(
    learned=(1, "noise is removed from new digits"),
    costs={"noise": (0.2, "new noise in each epoch")},
)
def train_denoiser(c):
    seen, unseen = (images.reshape(len(images), -1) for images in c.digits(1000, 500))
    answer = c.ask(probes.train_on_noise, "1,000 digits, noise 0.5", images=seen, level=LEVEL)
    layers = c.layers(answer)
    if answer.raised or [weight.shape for weight, _ in layers] != SHAPES:
        shown = ", ".join(str(list(weight.shape)) for weight, _ in layers) or "no layers"
        c.stop(answer.raised or f"the network has weights {shown}: return the trained new_denoiser()")
    if answer.flag("surplus"):
        c.verify("form", False, "other values came back as well: return the network alone")
    noisy = unseen + c.rng.normal(0, LEVEL, unseen.shape)

    def relative(drawn, wanted):
        return float(np.mean((drawn - wanted) ** 2) / np.mean((seen.mean(axis=0) - unseen) ** 2))

    error = relative(output(layers, noisy), unseen)
    told = "on new noisy digits the error is {error:.2f} times that of the mean image, expected at most {enough}"

    def cause():
        calls = answer.number("calls")
        if not calls:
            return "corrupt() was never called, so the network has learned to return clean images as they are"
        if calls == 1:
            return "corrupt() was called once, so each image has the same noise in all epochs: call it for each batch"
        if relative(output(layers, noisy), noisy) < relative(noisy, unseen):
            return "the output is compared with the noisy image: compare it with the clean one"
        if relative(output(layers, unseen), unseen) < 0.6 * error:
            return "clean images it returns well: does the network get the clean batch in place of the noisy one?"
        if calls < 200:
            return f"corrupt() was called for {calls:.0f} batches only: more steps are needed, about 400"
        if error > 1:
            return "is zero_grad() there, and step()? Is the model made once, before the loop? Is the rate near 0.001?"
        return "more steps are needed, or another learning rate"

    c.learns("learned", error, ENOUGH, {f"{told}: {cause()}": (0.0, 0.0)} if error > ENOUGH else {})
    renewed = answer.flag("renewed") is True
    c.cost("noise", renewed, "call corrupt() for each batch, in each epoch", after="learned")
