"""IDX files, the format of MNIST and its relatives: a big-endian header, then one byte per pixel or label.

The header is two zero bytes, the type of the numbers (8: unsigned bytes), the count of dimensions, and each
dimension's length in four bytes.
"""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

SIDE = 28  # pixels; MNIST, Fashion-MNIST and KMNIST are all 28 × 28
AGAIN = "copy or download it again"


class DataError(Exception):
    """Data that is missing or damaged. The message is one line: which file, and what to do about it."""


def read_pair(images_file: Path, labels_file: Path) -> tuple[np.ndarray, np.ndarray]:
    """The images [N, 28, 28] and labels [N] (both uint8) of two IDX files, gzipped or not.

    Raises DataError, naming the file, for whatever is wrong with either of them.
    """
    return parse_pair(_contents(images_file), _contents(labels_file), str(images_file), str(labels_file))


def parse_pair(images: bytes, labels: bytes, images_name: str, labels_name: str) -> tuple[np.ndarray, np.ndarray]:
    """The same from the files' contents; the names are for the messages."""
    pixels = _parse(images, images_name, dimensions=3)
    numbers = _parse(labels, labels_name, dimensions=1)
    if pixels.shape[1:] != (SIDE, SIDE):
        height, width = pixels.shape[1:]
        raise DataError(f"{images_name}: holds images of {height} × {width} pixels, expected {SIDE} × {SIDE}; {AGAIN}.")
    if len(pixels) != len(numbers):
        raise DataError(
            f"{labels_name}: holds {len(numbers):,} labels for {len(pixels):,} images; "
            "take both files from the same place."
        )
    if len(pixels) == 0:
        raise DataError(f"{images_name}: holds no images; {AGAIN}.")
    if numbers.max() > 9:
        raise DataError(f"{labels_name}: holds the label {numbers.max()}, expected 0 to 9; {AGAIN}.")
    return pixels, numbers


def _contents(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error}); {AGAIN}.") from None


def _parse(data: bytes, name: str, dimensions: int) -> np.ndarray:
    kind = "images" if dimensions == 3 else "labels"
    # By content, not by name: some browsers unpack a download and keep its .gz.
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error):
            raise DataError(f"{name}: the gzip file is damaged or cut off; {AGAIN}.") from None
    magic = bytes([0, 0, 8, dimensions])
    if data[:4] != magic:
        raise DataError(
            f"{name}: is no IDX file of {kind} (starts with {data[:4].hex() or 'nothing'}, expected {magic.hex()}); "
            f"{AGAIN}."
        )
    start = 4 + 4 * dimensions
    if len(data) < start:
        raise DataError(f"{name}: is cut off inside its header; {AGAIN}.")
    lengths = [int(length) for length in np.frombuffer(data, ">u4", dimensions, offset=4)]
    # Python's integers: a damaged header must not overflow into a size that happens to fit.
    expected = start + math.prod(lengths)
    if len(data) != expected:
        state = "is cut off" if len(data) < expected else "is too long"
        raise DataError(f"{name}: {state} ({len(data):,} bytes, its header promises {expected:,}); {AGAIN}.")
    return np.frombuffer(data, np.uint8, offset=start).reshape(lengths)
