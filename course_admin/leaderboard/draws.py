"""Draw the tasks of the leaderboard: a few labelled digits, and many digits whose labels only the command knows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course_utils.data import load_mnist
from course_utils.data.drawn import _changed

PER_CLASS, POOL, CLASSES = 10, 1000, 10
FULL = "MNIST's test images without those that the course's files hold"
CHANGED = (
    "the bundled test images, each turned, moved, scaled and dimmed a little, since MNIST's full test set is not here"
)


class Draw(NamedTuple):
    """A task. images [n, 1, 28, 28] and labels [n] for learning; pool [U, 1, 28, 28]; truth [U]: labels of the pool."""

    images: np.ndarray
    labels: np.ndarray
    pool: np.ndarray
    truth: np.ndarray


def draws_of(seed: int, count: int) -> tuple[list[Draw], str]:
    """Return `count` draws and the source of their images. In each draw the classes are renumbered at random."""
    rng = np.random.default_rng(seed)
    images, labels, whence = _digits()
    return [_draw(images, labels, rng, whence == CHANGED) for _ in range(count)], whence


def _draw(images: np.ndarray, labels: np.ndarray, rng: np.random.Generator, change: bool) -> Draw:
    order = rng.permutation(len(labels))
    ranks = np.empty(len(labels), int)  # the rank of each image within its class
    for k in range(CLASSES):
        own = order[labels[order] == k]
        ranks[own] = np.arange(len(own))
    known = order[ranks[order] < PER_CLASS]
    pool = order[ranks[order] >= PER_CLASS][:POOL]
    numbers = rng.permutation(CLASSES)
    parts = [images[rows] for rows in (known, pool)]
    parts = [_changed(part[:, 0], rng)[:, None] if change else part for part in parts]
    return Draw(parts[0], numbers[labels[known]], parts[1], numbers[labels[pool]])


def _digits() -> tuple[np.ndarray, np.ndarray, str]:
    bundled = load_mnist("test", source="sample", device="cpu")
    full = load_mnist("test", device="cpu")
    if len(full.labels) == len(bundled.labels):
        return bundled.images.numpy(), bundled.labels.numpy(), CHANGED
    given = {image.tobytes() for image in bundled.images.numpy()}
    new = np.array([image.tobytes() not in given for image in full.images.numpy()])
    return full.images.numpy()[new], full.labels.numpy()[new], FULL
