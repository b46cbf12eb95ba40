"""layer_backward(X, W, G): the gradients of one layer H = relu([X 1] W), given the gradient G for H."""

import torch
from torch.nn.functional import linear, pad

from course_utils.checks.toolkit import exercise


def gradients(X, W, G, activation=torch.relu):
    """Autograd's gradients of sum(G * H) for X and for W."""
    X, W = X.clone().requires_grad_(), W.clone().requires_grad_()
    return torch.autograd.grad(activation(linear(X, W[:-1].T, W[-1])), (X, W), G)


def by_weights(*given, **options):
    return gradients(*given, **options)[1]


def by_images(*given, **options):
    return gradients(*given, **options)[0]


def positive(part):
    """The same with the mask taken from G in place of the sum: a ReLU's gradient where G is above 0 alone."""
    return lambda X, W, G: part(X, W, G.relu(), activation=torch.clone)


def linearly(part):
    return lambda X, W, G: part(X, W, G, activation=torch.clone)


AUTOGRAD = ("backward", "autograd", "grad", "vjp", "jacrev", "jacobian")


@exercise(without=AUTOGRAD, into_W=(5, "the gradient for W"), into_X=(4, "the gradient for X"))
def layer_backward(c):
    n, m = 6, 5
    words = "X = [[1, 2]], W = [[1, -1], [2, -1], [-1, 1]], G = [[3, 5]]"
    cases = [
        c.call(words, X=[[1.0, 2.0]], W=[[1.0, -1.0], [2.0, -1.0], [-1.0, 1.0]], G=[[3.0, 5.0]]),
        c.call("7 images", X=c.rng.normal(size=(7, n)), W=c.rng.normal(size=(n + 1, m)), G=c.rng.normal(size=(7, m))),
    ]
    weights, images = c.parts(cases, **{"gradient for W": by_weights, "gradient for X": by_images})
    left_out = "{}: the ReLU is left out. Where the number before the ReLU is not above 0, nothing flows back"
    from_G = "{}: the ReLU lets through what is above 0 in [X 1] W, not what is above 0 in G"
    slips = {
        left_out.format("W"): (linearly(by_weights), 0.5),
        from_G.format("W"): (positive(by_weights), 0.5),
        "the gradient for W lacks the row for the bias: the input has a column of ones": (
            lambda X, W, G: by_weights(X, W, G)[:-1], 0.6),
        "the gradient for W is the mean over the images: add them up, G holds the division by N already": (
            lambda X, W, G: by_weights(X, W, G) / len(X), 0.6),
        "the gradient for W is transposed: it has the shape of W": (lambda X, W, G: by_weights(X, W, G).T, 0.7),
    }  # fmt: skip
    c.agrees("into_W", weights, slips=slips)
    slips = {
        left_out.format("X"): (linearly(by_images), 0.5),
        from_G.format("X"): (positive(by_images), 0.5),
        "the gradient for X has a column for the ones, which are no input: leave out the last row of W": (
            lambda X, W, G: by_images(pad(X, (0, 1), value=1.0), pad(W[:, :], (0, 0, 0, 1)), G), 0.6),
    }  # fmt: skip
    c.agrees("into_X", images, slips=slips)
