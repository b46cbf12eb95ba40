"""Wide codes as points in the plane. scikit-learn, slow to import, is imported by the functions."""

import numpy as np

from course_utils.arrays import as_table


def pca_2d(features) -> np.ndarray:
    """The first two principal components of `features` [N, d], N and d at least 2, as an array [N, 2].

    Images [N, 1, H, W] are taken flat. The signs are fixed, so the same features give the same picture.
    Source: Pearson 1901, Hotelling 1933 (sklearn.decomposition.PCA).
    """
    from sklearn.decomposition import PCA

    return PCA(n_components=2, random_state=0).fit_transform(_checked(features))


def tsne_2d(features, *, seed: int = 0, perplexity: float = 30) -> np.ndarray:
    """A map of `features` [N, d] in which neighbours stay neighbours, as an array [N, 2].

    Neither distances between groups nor their sizes mean anything, and other seeds give other maps of the same
    neighbours. Images [N, 1, H, W] are taken flat. 1,000 points take about 2 s on one core, 2,000 about 5 s: 500
    iterations, half of scikit-learn's default, which separate digits as well as 1,000 do.
    seed: the same seed gives the same map on the same machine. perplexity: about how many neighbours count, 5 to 50,
    below N / 3. Raises ValueError for other shapes and for a perplexity that is too large.

    Source: van der Maaten and Hinton 2008 (sklearn.manifold.TSNE); starts from PCA, as advised by Kobak and Berens
    2019, which also keeps the arrangement of the groups.
    """
    from sklearn.manifold import TSNE

    points = _checked(features).astype(np.float32)
    if not 1 <= perplexity < len(points) / 3:
        raise ValueError(
            f"perplexity is {perplexity:g}, with {len(points)} points it must lie between 1 and "
            f"{len(points) / 3:.0f}: pass a smaller one, or more points."
        )
    return TSNE(init="pca", perplexity=perplexity, random_state=seed, max_iter=500).fit_transform(points)


def _checked(features) -> np.ndarray:
    points = as_table(features)
    if min(points.shape) < 2:
        raise ValueError(f"features must be [N, d] with N and d of at least 2, got {list(points.shape)}.")
    return points
