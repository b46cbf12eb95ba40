"""pca_fit(X, k): the mean, the k directions of largest variance, and the variances along them."""

import numpy as np

from course_utils.checks.toolkit import exercise


def fit(X, k, centred=True, step=1):
    """Components [k, P], their signs set, and variances [k], from singular values; the smallest first with step -1."""
    X = np.asarray(X, np.float64)
    _, s, rows = np.linalg.svd(X - X.mean(axis=0) if centred else X)
    variances = np.pad(s**2, (0, len(rows) - len(s))) / (len(X) - 1)
    return with_signs(rows[::step][:k], X), variances[::step][:k]


def with_signs(C, X):
    """Components, as rows or as columns, each turned towards the mean of X."""
    if C.shape[1] != X.shape[1]:
        return with_signs(C.T, X).T if len(C) == X.shape[1] else C
    return C * np.where(C @ X.mean(axis=0) < 0, -1, 1)[:, None]


def comparable(part):
    """A returned value without what is free: the signs of components; a mean may be [1, P]."""
    value = part.listed()
    if value is None or value.ndim != 2:
        return part
    mean = part.what == "the mean" and len(value) == 1
    return part.replaced(value[0] if mean else with_signs(value, part.inputs["X"].astype(np.float64)))


def rows_of_eigenvectors(part):
    """Whether a returned value holds rows, up to signs, of the matrix that has the eigenvectors in its columns."""
    value, X = part.listed(), np.asarray(part.inputs["X"], np.float64)
    vectors = np.linalg.eigh(np.cov(X.T))[1]
    rows = (abs(matrix[: part.inputs["k"]]) for matrix in (vectors, vectors[:, ::-1]))
    return value is not None and any(
        row.shape == value.shape and np.allclose(abs(value), row, 1e-2, 1e-3) for row in rows
    )


def cloud(rng, images, spreads, pixels):
    """Images [N, P], lopsided, with these standard deviations along directions that all have a part in their mean."""
    lopsided = rng.exponential(size=(images, len(spreads))) ** 3
    lopsided = np.linalg.qr(lopsided - lopsided.mean(axis=0))[0] * np.sqrt(images - 1) * spreads
    return (lopsided + rng.choice([-4, 4], len(spreads))) @ np.linalg.qr(rng.normal(size=(pixels, len(spreads))))[0].T


@exercise(
    mean=(1, "the mean of every column"),
    components=(2, "the components are those of largest variance, up to sign"),
    variances=(1, "the variances along them"),
    costs={"order": (0.25, "largest variance first"), "one": (0.2, "one component"), "many": (0.2, "8 of 26 pixels")},
)
def pca_fit(c):
    def parts(X, k, words="X = {}"):
        answer = c.call(f"{words.format(X)}, k = {k}", X=np.array(X, float), k=k)
        rest = {"components": lambda X, k: fit(X, k)[0], "variances": lambda X, k: fit(X, k)[1]}
        return [comparable(part) for (part,) in c.parts(answer, mean=lambda X, k: X.mean(dim=0), **rest)]

    small = parts([[13, 6, 1], [7, -2, 1], [9.2, 2.6, 1], [10.8, 1.4, 1]], 2)
    large = parts(cloud(c.rng, 30, 3 * 0.7 ** np.arange(10), 10), 3, "30 images of 10 pixels")
    means, components, variances = zip(small, large, strict=True)
    c.agrees("mean", means)
    slips = {
        "these are the directions of X itself: take its mean off first": lambda X, k: fit(X, k, centred=False)[0],
        "these directions have the least variance: eigh sorts from small to large": lambda X, k: fit(X, k, step=-1)[0],
        "each component is a column: a row is asked for, transpose": (lambda X, k: fit(X, k)[0].T, 0.5),
        "all components came back: the first k are asked for": (lambda X, k: fit(X, X.shape[1])[0], 0.5),
    }
    if all(map(rows_of_eigenvectors, components)):
        line = "these are rows of the matrix that eigh returns: its columns are the eigenvectors, smallest"
        c.verify("components", False, f"{line} eigenvalue first")
    else:
        c.agrees("components", components, slips=slips, any_order="order", what="the components (up to sign)")

    def explained_by(parts, part, options):
        found = c.which(parts, lambda inputs, way: fit(inputs["X"], inputs["k"], **way)[part], {"way": options})
        return found["way"] if found else "right"

    # Variances of the wrong directions that came back are right for those: only the directions are charged.
    ways = {"right": {}, "X itself": {"centred": False}, "least": {"step": -1}}
    directions = explained_by(components, 0, ways)
    way = explained_by(variances, 1, {"right": {}, directions: ways[directions]})
    if way != "right":
        c.note("variances", ": of the directions that you return, which are not those of largest variance")
    slips = {
        "the variances divide by n: divide by n - 1": (lambda X, k: fit(X, k)[1] * (1 - 1 / len(X)), 0.5),
        "these are standard deviations: square them": lambda X, k: fit(X, k)[1] ** 0.5,
        "these are singular values: square them, divide by n - 1": lambda X, k: (fit(X, k)[1] * (len(X) - 1)) ** 0.5,
    }
    c.agrees("variances", variances, lambda X, k: fit(X, k, **ways[way])[1], slips, any_order="order")
    after = ("mean", "components", "variances", "order")
    for part in parts([[6, 8], [6, 2], [4, 8], [4, 2]], 1):
        c.agrees("one", part, after=after)
    for part in parts(cloud(c.rng, 25, 4 * 0.75 ** np.arange(24), 26), 8, "25 images of 26 pixels"):
        c.agrees("many", part, after=after)
