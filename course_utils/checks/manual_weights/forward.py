"""forward(W, X, at_code): images through four matrices, to a reconstruction and a code."""

import numpy as np
import torch

from course_utils import probes
from course_utils.checks.manual_weights._matrices import BIAS, HAND, HIDDEN, OUTPUT, RELU, SIZES, matrices, network
from course_utils.checks.toolkit import exercise

STAGES = {
    "bias": BIAS,
    "hidden_layers": HIDDEN | {"at_code in the encoder": (None, RELU), "at_code in both halves": (None, None)},
    "at_code": {  # of what comes out of the second matrix, and of at_code: (what is decoded, what is returned)
        "applied to the code": lambda z, a: (a(z), a(z)),
        "never used there": lambda z, a: (z, z),
        "a ReLU instead": lambda z, a: (RELU(z), RELU(z)),
        "a ReLU before it": lambda z, a: (a(RELU(z)), a(RELU(z))),
        "applied twice": lambda z, a: (a(a(z)), a(z)),
        "applied to the returned code only": lambda z, a: (z, a(z)),
    },
    "output": OUTPUT | {"at_code": None},
}


def build(inputs, *, bias, hidden_layers, at_code, output, code=False):
    X, name, *W = (value if isinstance(value, str) else np.asarray(value, np.float64) for value in inputs.values())
    a = np.tanh if name == "tanh" else np.asarray
    encoder, decoder, output = (f or a for f in (*hidden_layers, output))  # None: at_code stands there
    Z, returned = at_code(bias[1](encoder(bias[0](X, W[0])), W[1]), a)
    return returned if code else output(bias[3](decoder(bias[2](Z, W[2])), W[3]))


def oracle(X, at_code, *W):
    return network(X, W, torch.tanh if at_code == "tanh" else torch.clone)


@exercise(
    bias=(3, "the last row of each matrix is the bias"),
    hidden_layers=(2, "ReLU in both hidden layers"),
    at_code=(2, "at_code is applied to the code"),
    output=(1, "tanh at the end"),
    code=(3, "the code that goes into the decoder is returned"),
    gradients=(1, "gradients reach all matrices"),
)
def forward(c):
    small = "X = [[0.5]], W = [[[2], [1]], [[1], [-2.5]], [[-1], [0.5]], [[0.5], [0.2]]], at_code tanh"
    X, W = c.rng.normal(0, 1.5, (7, SIZES[0])), matrices(c.rng)
    cases = [
        c.ask(probes.matrices, small, X=[[0.5]], at_code="tanh", **HAND),
        c.ask(probes.matrices, "7 images, a linear code", X=X, at_code="linear", **W),
        c.ask(probes.matrices, "7 images, at_code tanh", X=X, at_code="tanh", **W),
    ]
    reconstruction, code = c.parts(cases, reconstruction=lambda *i: oracle(*i)[0], code=lambda *i: oracle(*i)[1])
    found = c.options(reconstruction, build, "the reconstruction", **STAGES)

    def returned(*inputs, **changed):
        return build(dict(enumerate(inputs)), **found | changed, code=True)

    early = "the code is returned before at_code: return what goes into the decoder"
    before = {early: lambda *i: returned(*i, at_code=STAGES["at_code"]["never used there"])}
    c.agrees("code", code, returned, slips=before)
    c.gradients("gradients", reconstruction[1], *W, values=list(found))
