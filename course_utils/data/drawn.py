"""The images of a training exam, drawn anew each time.

The bundled digits are public, and so is this module. On the digits as they are, weights that were trained at home would
pass an exam. Shuffled pixels do not help: graph matching of the pixels' covariances (scipy's quadratic_assignment)
recovers a shuffle in three seconds, and the permuted weights from home have 0.8 times PCA's error. So another subset is
drawn each time, every image is changed by a small affine map, brightness and noise of its own, and each pixel becomes a
mixture of two others. Of a mixture the covariances determine nothing that could be permuted back: the same attack ends
at 1.3 times PCA's error, a training on the images at 0.86.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def draw_digits(
    rng: np.random.Generator, count: int, unseen: int, classes: Sequence[int] | None = None, hide: str = "mix"
) -> tuple[np.ndarray, np.ndarray]:
    """(training images [count, 1, 28, 28], unseen images [unseen, 1, 28, 28]) in [0, 1], float32; see `c.digits`."""
    from course_utils.data import load_mnist

    drawn = []
    for split, size in (("train", count), ("test", unseen)):
        images = load_mnist(split, classes=classes, source="sample", device="cpu").images.numpy()
        rows = rng.choice(len(images), size, replace=size > len(images))
        drawn.append(_changed(images[rows, 0], rng))
    if hide == "mix":
        one, other, share = rng.permutation(784), rng.permutation(784), rng.uniform(0.5, 0.8, 784)
        rows = [images.reshape(len(images), 784) for images in drawn]
        drawn = [(share * x[:, one] + (1 - share) * x[:, other]).reshape(-1, 28, 28) for x in rows]
    elif hide == "turn":
        turns, flip = int(rng.integers(4)), bool(rng.integers(2))
        drawn = [np.rot90(images[..., ::-1] if flip else images, turns, axes=(1, 2)) for images in drawn]
    elif hide:
        raise ValueError(f'hide="{hide}": "mix", "turn" or ""')
    train, test = (np.ascontiguousarray(images[:, None], dtype=np.float32) for images in drawn)
    return train, test


def _changed(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each image [N, 28, 28] turned by up to 10 degrees, scaled by up to 8 %, moved by up to 1.5 pixels, between 0.8
    and 1 times as bright, with noise of standard deviation 0.02.
    """
    import torch

    n = len(images)
    angle = np.deg2rad(rng.uniform(-10, 10, n))
    scale = rng.uniform(0.92, 1.08, (2, n))
    move = rng.uniform(-1.5, 1.5, (2, n)) / 14
    maps = np.stack(
        [np.stack([scale[0] * np.cos(angle), -np.sin(angle), move[0]], 1),
         np.stack([np.sin(angle), scale[1] * np.cos(angle), move[1]], 1)], 1,
    )  # fmt: skip
    grid = torch.nn.functional.affine_grid(torch.from_numpy(maps).float(), [n, 1, 28, 28], align_corners=False)
    moved = torch.nn.functional.grid_sample(torch.from_numpy(images[:, None]).float(), grid, align_corners=False)
    bright = rng.uniform(0.8, 1.0, (n, 1, 1)).astype(np.float32)
    noise = rng.normal(0, 0.02, images.shape).astype(np.float32)
    return (moved[:, 0].numpy() * bright + noise).clip(0, 1)
