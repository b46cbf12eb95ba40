"""SmallAutoencoder: 784-128-2-128-784, ReLU in the hidden layers, a linear code, a sigmoid at the end."""

import numpy as np

from course_utils.checks.pca_vs_ae._small import BETWEEN, DECODER, ENCODER, reconstruct
from course_utils.checks.toolkit import exercise, nonlinearities

SIGMOID = BETWEEN["sigmoid"]
HIDDEN = nonlinearities("ReLU", "none", "sigmoid", "tanh", "leaky ReLU", "GELU")
CODE = nonlinearities("none", *HIDDEN)
OUTPUT = nonlinearities("sigmoid", "none", "ReLU", "tanh") | {
    "sigmoid twice": lambda x: SIGMOID(SIGMOID(x)),
    "cut off at 0 and 1": lambda x: x.clip(0, 1),
    "ReLU, then sigmoid": lambda x: SIGMOID(np.maximum(x, 0)),
    "255 times a sigmoid": lambda x: 255 * SIGMOID(x),
}


@exercise(
    targets=["SmallAutoencoder"],
    layers=(4, "the layers are 784-128-2-128-784"),
    encoder_hidden=(1, "ReLU in the encoder's hidden layer"),
    code=(1, "a linear code"),
    decoder_hidden=(1, "ReLU in the decoder's hidden layer"),
    output=(1, "a sigmoid at the end"),
    costs={
        "gradients": (0.25, "gradients reach every weight"),
        "training": (0.2, "the same output in training mode"),
        "one_image": (0.15, "a batch of one image"),
        "random": (0.2, "the weights start at random"),
    },
)
def small_autoencoder(c):
    # Large numbers of both signs: layers start near 0, where a sigmoid looks like a line.
    images = c.rng.normal(0, 16, (12, 1, 28, 28))
    answer = c.module("12 images", images=images)
    layers = c.architecture("layers", answer, encoder=ENCODER, decoder=DECODER)

    def reconstruction(inputs, **way):
        return reconstruct(inputs["images"], *layers.values(), **way)

    stages = {"encoder_hidden": HIDDEN, "code": CODE, "decoder_hidden": HIDDEN, "output": OUTPUT}
    if all(layers.values()):
        c.options(answer, reconstruction, "the reconstruction", **stages)
    after = tuple(stages)
    c.reached("gradients", answer, after)
    c.same_in_training("training", answer, after)
    one = c.module("one image", images=images[:1])
    c.shape("one_image", one, (1, 1, 28, 28), "the reconstruction of one image", after)
    weights = [weight for part in layers.values() for weight, _ in part]
    differ = not weights or any((weight != weight[:1]).any() for weight in weights)
    c.cost("random", differ, "all units of a layer start with the same weights, and stay alike")
