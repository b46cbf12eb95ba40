"""Ten signs that nobody has seen: images for the exams of lab 06.

Weights that were trained on digits classify digits. So an exam invents its classes: each is a random stroke or two, and
its images are that sign written by many hands: bent, turned, moved, scaled, thicker or thinner. The geometry of the
images stays intact, so that small affine maps leave the class as it is, and augmentation helps as it does with digits.
"""

from __future__ import annotations

import numpy as np

SIDE = 28


def draw_script(
    rng: np.random.Generator, classes: int, labelled: int, unlabelled: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(images [classes * labelled, 1, 28, 28], their labels, unlabelled images [unlabelled, 1, 28, 28], their labels).

    Images are float32 in [0, 1], labels int64 in 0 ... classes - 1; all in random order. Of the unlabelled images each
    class has the same number, as far as possible.
    """
    signs = rng.uniform(-0.75, 0.75, (classes, 2, 4, 2))  # two strokes of four control points each
    found = []
    for labels in (np.repeat(np.arange(classes), labelled), np.arange(unlabelled) % classes):
        labels = rng.permutation(labels)
        found += [_written(signs[labels], rng), labels.astype(np.int64)]
    return tuple(found)


def _written(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Images [N, 1, 28, 28] of strokes [N, 2, 4, 2], each by a hand of its own."""
    n = len(points)
    points = points + rng.normal(0, 0.07, points.shape)
    angle, shear = rng.uniform(-0.35, 0.35, n), rng.uniform(-0.3, 0.3, n)
    scale, move = rng.uniform(0.75, 1.1, (n, 2)), rng.uniform(-0.14, 0.14, (n, 2))
    maps = np.stack([np.cos(angle), shear - np.sin(angle), np.sin(angle), np.cos(angle)], 1).reshape(n, 2, 2)
    points = np.einsum("nij,nskj->nski", maps * scale[:, :, None], points) + move[:, None, None]
    t = np.linspace(0, 1, 20)[:, None]
    powers = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3])  # a Bezier curve, cubic
    ink = np.einsum("tk,nskj->nstj", powers, points).reshape(n, -1, 2).astype(np.float32)
    axis = (np.arange(SIDE, dtype=np.float32) + 0.5) * 2 / SIDE - 1
    apart = (ink[:, :, 0, None] - axis) ** 2, (ink[:, :, 1, None] - axis) ** 2
    nearest = np.full((n, SIDE, SIDE), np.inf, np.float32)
    for k in range(ink.shape[1]):
        np.minimum(nearest, apart[1][:, k, :, None] + apart[0][:, k, None, :], out=nearest)
    width = rng.uniform(0.07, 0.13, (n, 1, 1)).astype(np.float32)
    images = np.clip(1.5 - np.sqrt(nearest) / width, 0, 1)
    noise = rng.normal(0, 0.02, images.shape)
    return (images + noise).clip(0, 1).astype(np.float32)[:, None]
