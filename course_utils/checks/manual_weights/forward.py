"""forward(W, X, at_code): images through four matrices, to a reconstruction and a code."""

from functools import partial

import numpy as np
from torch.nn.functional import linear

from course_utils import probes
from course_utils.checks.manual_weights._matrices import BIAS, HIDDEN, OUTPUT, SIZES, matrices, weights
from course_utils.checks.toolkit import exercise


def build(inputs, *, bias, hidden, at_code, output, code=False):
    W, a = weights(inputs), np.tanh if inputs["at_code"] == "tanh" else np.asarray
    H = hidden[0](bias[0](np.asarray(inputs["X"], np.float64), W[0]))
    into_decoder, returned = at_code(bias[1](H, W[1]), a)
    H = hidden[1](bias[2](into_decoder, W[2]))
    return returned if code else output(bias[3](H, W[3]))


def oracle(X, at_code, *W):
    """The network as torch's own layers."""
    layers = [partial(linear, weight=M[:-1].T, bias=M[-1]) for M in W]
    Z = layers[1](layers[0](X).relu())
    Z = Z.tanh() if at_code == "tanh" else Z
    return layers[3](layers[2](Z).relu()).tanh(), Z


AT_CODE = {  # a function of what comes out of the second matrix, and of at_code: (what is decoded, what is returned)
    "at_code is applied": lambda z, a: (a(z), a(z)),
    "at_code is never used": lambda z, a: (z, z),
    "a ReLU, whatever at_code is": lambda z, a: (np.maximum(z, 0), np.maximum(z, 0)),
    "a ReLU before at_code": lambda z, a: (a(np.maximum(z, 0)), a(np.maximum(z, 0))),
    "at_code is applied twice": lambda z, a: (a(a(z)), a(z)),
    "only the code that is returned goes through at_code": lambda z, a: (z, a(z)),
}


@exercise(
    bias=(3, "the last row of each matrix is the bias"),
    hidden=(2, "ReLU in both hidden layers"),
    at_code=(2, "at_code is applied to the code"),
    output=(1, "tanh at the end"),
    code=(3, "the code that goes into the decoder is returned"),
    gradients=(1, "gradients reach all matrices"),
)
def forward(c):
    hand = {"w0": [[2.0], [1.0]], "w1": [[1.0], [-2.5]], "w2": [[-1.0], [0.5]], "w3": [[0.5], [0.2]]}
    small = "X = [[0.5]], W = [[[2], [1]], [[1], [-2.5]], [[-1], [0.5]], [[0.5], [0.2]]], at_code {}"
    X, W = c.rng.normal(0, 1.5, (7, SIZES[0])), matrices(c.rng)
    cases = [
        c.ask(probes.matrices, small.format("tanh"), X=[[0.5]], at_code="tanh", **hand),
        c.ask(probes.matrices, "7 images, a linear code", X=X, at_code="linear", **W),
        c.ask(probes.matrices, "7 images, at_code tanh", X=X, at_code="tanh", **W),
    ]
    reconstruction, code = c.parts(cases, reconstruction=lambda *i: oracle(*i)[0], code=lambda *i: oracle(*i)[1])
    found = c.options(
        reconstruction, build, "the reconstruction", bias=BIAS, hidden=HIDDEN, at_code=AT_CODE, output=OUTPUT
    )
    for answer in code:
        expected = build(answer.inputs, **found, code=True)
        c.equal("code", answer.array(), expected, what="the code", words=answer.words)
    c.gradients("gradients", reconstruction[1], *W, values=list(found))
