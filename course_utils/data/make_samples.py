"""Draw the bundled samples from the full data.

    python -m course_utils.data.make_samples ../shared/data

FOLDER has MNIST (both splits) and Fashion-MNIST (the test split) as IDX files, in folders named as torchvision names
them (MNIST/raw, FashionMNIST/raw) or mnist and fashion-mnist. Every run writes the same bytes.
"""

import argparse
import io
import sys
import zipfile
from pathlib import Path

import numpy as np

from course_utils.data.idx import DataError
from course_utils.data.images import FASHION_MNIST, MNIST, SAMPLES, Dataset, from_folder

SEED = 1998
TEN_DIGITS = range(9705, 9715)  # consecutive test images that hold each digit once
PLAN = ((MNIST, "train", 1000, ()), (MNIST, "test", 200, TEN_DIGITS), (FASHION_MNIST, "test", 50, ()))


def draw(labels: np.ndarray, per_class: int, first: range | tuple[int, ...] = ()) -> np.ndarray:
    """Positions of `per_class` random images of each class: those in `first`, then the others in their order.

    RandomState's stream is frozen, that of NumPy's newer generators may change with its version.
    """
    random = np.random.RandomState(SEED)
    first = np.array(first, dtype=np.int64)
    others = []
    for label in range(10):
        ready = np.count_nonzero(labels[first] == label)
        candidates = np.setdiff1d(np.flatnonzero(labels == label), first)
        if ready + len(candidates) < per_class:
            raise DataError(f"Only {ready + len(candidates)} images of class {label}, the sample needs {per_class}.")
        others.append(random.permutation(candidates)[: per_class - ready])
    return np.concatenate([first, np.sort(np.concatenate(others))])


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    """The arrays as a compressed .npz without any trace of when and where it was made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # else it tells Windows from Unix
            content = io.BytesIO()
            np.lib.format.write_array(content, array, version=(1, 0), allow_pickle=False)
            archive.writestr(entry, content.getvalue(), compresslevel=9)
    return buffer.getvalue()


def make_sample(
    dataset: Dataset, split: str, per_class: int, first: range | tuple[int, ...], folder: Path
) -> dict[str, np.ndarray]:
    """One sample: images [N, 28, 28] and labels [N], uint8, and their positions in the split, indices [N] int32."""
    images, labels = from_folder(dataset, split, folder, flat=dataset is MNIST)
    if first and sorted(labels[list(first)]) != list(range(10)):
        raise DataError(f"{folder}: test images {first[0]} to {first[-1]} do not hold each digit once; is it MNIST?")
    indices = draw(labels, per_class, first)
    return {"images": images[indices], "labels": labels[indices], "indices": indices.astype(np.int32)}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.data.make_samples",
        description="Draw the bundled samples of MNIST and Fashion-MNIST from the full data.",
        epilog="example: python -m course_utils.data.make_samples ../shared/data",
    )
    parser.add_argument("folder", type=Path, help="a folder with the IDX files of MNIST and Fashion-MNIST")
    parser.add_argument("--out", type=Path, default=SAMPLES, help="where to write (default: inside course_utils)")
    options = parser.parse_args(arguments)
    try:
        samples = {f"{plan[0].folder}-{plan[1]}.npz": packed(make_sample(*plan, options.folder)) for plan in PLAN}
        options.out.mkdir(parents=True, exist_ok=True)
        for name, content in samples.items():
            (options.out / name).write_bytes(content)
            print(f"{options.out / name}: {len(content):,} bytes")
    except (DataError, OSError) as error:
        print(f"make_samples: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
