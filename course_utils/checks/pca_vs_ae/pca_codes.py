"""pca_encode(X, mean, components) and pca_decode(Z, mean, components): images to codes, and back."""

import numpy as np
import torch

from course_utils.checks.toolkit import exercise


def codes(X, m, C):
    """The codes from which the components draw X best, by least squares."""
    return torch.linalg.lstsq(C.T, (X - m).T).solution.T


def images(Z, m, C):
    return torch.addmm(m, Z, C)


@exercise(
    targets=["pca_encode", "pca_decode"],
    codes=(1, "the codes"),
    images=(1, "the images from codes"),
    costs={"one": (0.2, "one image and one component")},
)
def pca_codes(c):
    encode, decode = c.function("pca_encode").call, c.function("pca_decode").call
    X, Z, C = [[2.0, 2, 5], [1, 3, 3]], [[1.0, 0], [0, -2]], [[0.6, 0.8, 0], [0, 0, 1]]
    plane, words = {"mean": np.array([1.0, 2, 3]), "components": C}, f"mean = [1, 2, 3], components = {C}"
    basis = np.linalg.qr(c.rng.normal(size=(5, 3)))[0].T
    space = {"mean": c.rng.uniform(1, 3, 5) * c.rng.choice([-1, 1], 5), "components": basis}
    line, many = space | {"components": basis[:1]}, c.rng.normal(2, 2, (7, 5))
    cases = [encode(f"X = {X}, {words}", X=X, **plane), encode("7 images, 3 components", X=many, **space)]
    slips = {
        "the mean is not taken off before the product": lambda X, m, C: codes(X + m, m, C),
        "X's own mean is taken off: take off the mean that is passed in": lambda X, m, C: codes(X, X.mean(dim=0), C),
        "these are images again: stop after the first product": lambda X, m, C: images(codes(X, m, C), 0 * m, C),
        "each code is a column: a row is asked for, transpose": (lambda X, m, C: codes(X, m, C).T, 0.5),
    }
    c.agrees("codes", cases, codes, slips, what="the codes")
    one = encode("one image, one component", X=many[:1], **line)
    c.agrees("one", one, codes, what="the code", after="codes")
    cases = [decode(f"Z = {Z}, {words}", Z=Z, **plane), decode("7 codes of 3 numbers", Z=many[:, :3], **space)]
    slips = {
        "the mean is not added back": lambda Z, m, C: images(Z, 0 * m, C),
        "the images are cut off at 0 and 1: they may lie outside": (lambda Z, m, C: images(Z, m, C).clip(0, 1), 0.5),
        "each image is a column: a row is asked for, transpose": (lambda Z, m, C: images(Z, m, C).T, 0.5),
    }
    c.agrees("images", cases, images, slips, what="the images")
    one = decode("one code, one component", Z=many[:1, :1], **line)
    c.agrees("one", one, images, what="the image", after="images")
