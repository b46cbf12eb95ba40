"""Images as tensors, batches of them, and small trained models to start from.

    images, labels = load_mnist("train", classes=(3, 7))
    for batch, targets in batches(images, labels, size=64):
        ...

Importing this package costs torch and numpy; torchvision is imported only when something is downloaded.
"""

from course_utils.data.batching import batches
from course_utils.data.checkpoints import given, save_given
from course_utils.data.idx import DataError
from course_utils.data.images import (
    Images,
    load_fashion_mnist,
    load_kmnist,
    load_mnist,
    load_not_digits,
    load_ten_digits,
)
from course_utils.data.script import draw_script

__all__ = [
    "DataError",
    "Images",
    "batches",
    "draw_script",
    "given",
    "load_fashion_mnist",
    "load_kmnist",
    "load_mnist",
    "load_not_digits",
    "load_ten_digits",
    "save_given",
]
