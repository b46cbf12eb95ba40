"""Numbers that compare models: subspaces, clusterings, units that never change.

Tensors (any device) or arrays go in, plain numbers or an array come out. scipy and scikit-learn, slow to import, are
imported by the functions that use them.
"""

import numpy as np

from course_utils.arrays import as_array, as_table


def principal_angles(A, B) -> np.ndarray:
    """The angles between the subspaces that the rows of A [k, P] and of B [m, P] span: degrees, ascending.

    As many as the smaller of the two dimensions. The first is the smallest angle between any two directions, one from
    each subspace; the next the same among the directions at right angles to these; and so on. All 0: one subspace
    contains the other, whatever the rows are. The rows need be neither of length 1 nor orthogonal.
    Raises ValueError for other shapes, and when A or B holds only zeros.

    Source: Jordan 1875; computed as by Knyazev and Argentati 2002 (scipy.linalg.subspace_angles), exact also where
    the angle is tiny.
    """
    from scipy.linalg import subspace_angles

    A, B = as_table(A, "the rows of A"), as_table(B, "the rows of B")
    if A.shape[1] != B.shape[1]:
        raise ValueError(
            f"A and B need rows of one length, got {list(A.shape)} and {list(B.shape)}: the weight of a decoder, "
            "nn.Linear(k, P), is [P, k]; pass it transposed, weight.T."
        )
    if not A.any() or not B.any():
        raise ValueError("all rows of A or of B are zero: they span nothing.")
    return np.degrees(subspace_angles(A.T, B.T))[::-1]


def cluster_scores(features, labels, *, clusters: int = 10, seed: int = 0) -> dict[str, float]:
    """How well k-means, which never sees the labels, finds the classes again in `features` [N, d].

    features: codes, or images [N, 1, H, W], which are taken flat. labels: whole numbers [N].
    Returns {"accuracy", "nmi", "ari"}, each the higher the better:
        accuracy: share of samples in the right class when each cluster is given one class, none twice, in the best
            of all ways (Kuhn 1955: scipy.optimize.linear_sum_assignment). Chance, with 10 classes: a little over 0.1.
        nmi: normalised mutual information, 0 (nothing in common) to 1 (Strehl and Ghosh 2002; divided by the
            arithmetic mean of the two entropies).
        ari: adjusted Rand index, 1 for the same partition, about 0 by chance (Hubert and Arabie 1985).

    k-means (Lloyd 1982, with k-means++, Arthur and Vassilvitskii 2007) starts 10 times from `seed` and keeps the
    tightest clusters. Distances count every feature in its own unit. Raises ValueError for other shapes and for fewer
    samples than clusters.
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    points = as_table(features)
    classes = as_array(labels).astype(int)
    if classes.shape != (len(points),):
        raise ValueError(f"labels must be one for each of the {len(points)} samples, got shape {list(classes.shape)}.")
    if not 1 <= clusters <= len(points):
        raise ValueError(f"clusters must lie between 1 and the number of samples, {len(points)}; got {clusters}.")
    # float32: twice as fast as float64, the same clusters.
    found = KMeans(clusters, n_init=10, random_state=seed).fit_predict(points.astype(np.float32))
    return {
        "accuracy": _assigned_accuracy(found, classes),
        "nmi": float(normalized_mutual_info_score(classes, found)),
        "ari": float(adjusted_rand_score(classes, found)),
    }


def nearest_classes(codes, labels) -> np.ndarray:
    """Which classes are neighbours: [C, C], in row a and column b the share of the samples of class a whose nearest
    other sample is of class b. Rows sum to 1 (0 for a class without samples); C is the largest label plus 1.

    codes: [N, d], N at least 2; distances are Euclidean. labels: whole numbers [N]. Raises ValueError for other shapes.
    """
    points, classes = as_table(codes, "codes"), as_array(labels).astype(int)
    if classes.shape != (len(points),) or len(points) < 2:
        raise ValueError(f"labels must be one for each of the {len(points)} codes, at least 2, got {classes.shape}.")
    counts = np.zeros((classes.max() + 1,) * 2)
    np.add.at(counts, (classes, classes[nearest_others(points)]), 1)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def nearest_others(points: np.ndarray) -> np.ndarray:
    """The position [N] of the nearest other point for each of `points` [N, d], N at least 2, Euclidean."""
    from scipy.spatial import KDTree

    _, found = KDTree(points).query(points, k=2)
    # Of two equal points the other one may come first.
    return np.where(found[:, 0] == np.arange(len(points)), found[:, 1], found[:, 0])


def dead_units(codes, *, tolerance: float = 1e-6) -> int:
    """How many units of a layer carry no information: their value is the same for all samples.

    codes: [N, M], the values of M units for N samples. Take several hundred samples: with fewer, a unit that is
        active for few samples counts too.
    tolerance: largest difference between two samples that still counts as none. Raises ValueError for one sample.
    """
    codes = as_table(codes, "codes")
    if len(codes) < 2:
        raise ValueError("dead_units() compares samples: pass the codes of several hundred images, not of one.")
    return int((np.ptp(codes, axis=0) <= tolerance).sum())


def nearest_distances(images, among):
    """How far each image is from the nearest of others: a tensor [N], the root of the mean squared difference.

    images, among: tensors [N, ...] and [M, ...] of the same size and range; in [0, 1] the largest distance is 1.
    Raises ValueError for images of different sizes.
    """
    import torch

    points, others = images.flatten(1), among.flatten(1)
    if points.shape[1] != others.shape[1]:
        raise ValueError(f"images of {points.shape[1]} numbers cannot be compared with those of {others.shape[1]}.")
    with torch.no_grad():
        nearest = [torch.cdist(part, others).amin(dim=1) for part in points.split(500)]  # 500 × 60,000: 120 MB
        return torch.cat(nearest) / points.shape[1] ** 0.5


def confidences(classifier, images):
    """The largest probability that a classifier gives to any class, for each image: a tensor [N].

    classifier: takes images to logits [N, K]; images: whatever it takes. It says nothing about whether that class is
    the right one.
    """
    import torch

    with torch.no_grad():
        logits = classifier(images)
        return (logits.amax(dim=1) - logits.logsumexp(dim=1)).exp()


def _assigned_accuracy(clusters: np.ndarray, classes: np.ndarray) -> float:
    from scipy.optimize import linear_sum_assignment
    from sklearn.metrics.cluster import contingency_matrix

    counts = contingency_matrix(classes, clusters)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    return float(counts[rows, columns].sum() / len(classes))
