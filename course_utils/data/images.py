"""MNIST and its relatives as one tensor each, from the first place that has them.

If a folder was named (the argument, or COURSE_DATA), only this folder is read. Otherwise the places are, in this order:
the user's cache (or COURSE_CACHE), a download, the sample that comes with the course. The place that was used is
printed once.
"""

import operator
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from course_utils.data.download import DownloadError, fetch_split
from course_utils.data.idx import DataError, parse_pair, read_pair

SAMPLES = Path(__file__).parent / "samples"
PREFIX = {"train": "train", "test": "t10k"}  # what the files of a split begin with
SPLIT_WORD = {"train": "training", "test": "test"}
FULL_SIZE = {"train": 60_000, "test": 10_000}
SOURCES = ("auto", "full", "sample")


class Images(NamedTuple):
    """Images [N, 1, 28, 28], float32 in [0, 1], and their labels [N], int64 in 0 … 9."""

    images: Tensor
    labels: Tensor


class Dataset(NamedTuple):
    """One of the three data sets: its title, its class in torchvision and its folder."""

    title: str
    torchvision: str
    folder: str


class UnavailableError(DataError):
    """No source has the data set. Other DataErrors mean damaged files or wrong settings."""


Arrays = tuple[np.ndarray, np.ndarray]  # images [N, 28, 28] and labels [N], uint8

MNIST = Dataset("MNIST", "MNIST", "mnist")
FASHION_MNIST = Dataset("Fashion-MNIST", "FashionMNIST", "fashion-mnist")
KMNIST = Dataset("KMNIST", "KMNIST", "kmnist")

_said: set[str] = set()
_unreachable: dict[Dataset, str] = {}  # why the download failed: auto does not try it again
_in_memory: dict[tuple[Dataset, str], Arrays] = {}  # what was downloaded and could not be stored


def load_mnist(
    split: str,
    *,
    classes: Iterable[int] | None = None,
    limit: int | None = None,
    device: torch.device | str | None = None,
    folder: str | Path | None = None,
    source: str = "auto",
) -> Images:
    """Handwritten digits: Images(images [N, 1, 28, 28] float32 in [0, 1], labels [N] int64).

    split: "train" (60,000 images, 10,000 in the bundled sample) or "test" (10,000, or 2,000).
    classes: only these digits, for example (3, 7). limit: the first so many of them. device: the CPU unless named.
    folder: IDX files, gzipped or not, in the folder itself, in torchvision's MNIST/raw or in mnist.
        A folder that was named is the only source: DataError if the files are not there.
    source: "auto" tries cache, download and bundled sample, in this order. After a failed download it uses the sample
        for the rest of the session, unless a later download with "full" succeeds. "sample" takes the bundled sample and
        never uses the network. "full" never takes the sample and waits for a slow network.
    The environment can name the folder (COURSE_DATA=FOLDER), ask for the sample (COURSE_DATA=sample) and move the
    cache (COURSE_CACHE=FOLDER).

    Raises ValueError for bad arguments and DataError for missing or damaged files of a named folder, or where
    "full" data cannot be had.
    """
    return _load(MNIST, split, classes, limit, device, folder, source)


def load_fashion_mnist(
    split: str,
    *,
    classes: Iterable[int] | None = None,
    limit: int | None = None,
    device: torch.device | str | None = None,
    folder: str | Path | None = None,
    source: str = "auto",
) -> Images:
    """Clothes, as `load_mnist` gives digits. The bundled sample holds 500 test images and no training images."""
    return _load(FASHION_MNIST, split, classes, limit, device, folder, source)


def load_kmnist(
    split: str,
    *,
    classes: Iterable[int] | None = None,
    limit: int | None = None,
    device: torch.device | str | None = None,
    folder: str | Path | None = None,
    source: str = "auto",
) -> Images:
    """Old Japanese characters, as `load_mnist` gives digits. No sample is bundled: DataError without a network."""
    return _load(KMNIST, split, classes, limit, device, folder, source)


def load_not_digits(
    split: str = "test",
    *,
    classes: Iterable[int] | None = None,
    limit: int | None = None,
    device: torch.device | str | None = None,
    folder: str | Path | None = None,
    source: str = "auto",
) -> Images:
    """Images that are no digits: KMNIST if it is available, otherwise Fashion-MNIST. Prints which one it is."""
    # Not flat: files in the folder itself would be taken for both data sets, and are most likely digits.
    try:
        images = _load(KMNIST, split, classes, limit, device, folder, source, flat=False)
        chosen = KMNIST
    except UnavailableError:
        images = _load(FASHION_MNIST, split, classes, limit, device, folder, source, flat=False)
        chosen = FASHION_MNIST
    _say(f"Images that are no digits: {chosen.title}")
    return images


def load_ten_digits(*, device: torch.device | str | None = None) -> Images:
    """The ten MNIST test images 9705 to 9714, which hold each digit once: the course's fixed examples."""
    images, labels = _bundled(MNIST, "test")
    return _tensors(images[:10], labels[:10], device)


def _load(
    dataset: Dataset,
    split: str,
    classes: Iterable[int] | None,
    limit: int | None,
    device: torch.device | str | None,
    folder: str | Path | None,
    source: str,
    flat: bool = True,
) -> Images:
    if split not in PREFIX:
        raise ValueError(f'split is "train" or "test", got {split!r}.')
    if source not in SOURCES:
        raise ValueError(f'source is "auto", "full" or "sample", got {source!r}.')
    if folder is not None and source == "sample":
        raise ValueError('Give either folder=... or source="sample", not both.')
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise ValueError(f"limit is how many images to take, a whole number from 1, got {limit!r}.")
    wanted = None if classes is None else _checked_classes(classes)

    pixels, labels = _find(dataset, split, folder, source, flat)
    if wanted is not None:
        chosen = np.isin(labels, wanted)
        pixels, labels = pixels[chosen], labels[chosen]
    return _tensors(pixels[:limit], labels[:limit], device)


def _checked_classes(classes: Iterable[int]) -> list[int]:
    try:
        wanted = [operator.index(label) for label in classes]
    except TypeError:
        wanted = []
    if not wanted or not all(0 <= label <= 9 for label in wanted):
        raise ValueError(f"classes is a tuple of numbers from 0 to 9, for example (3, 7), got {classes!r}.")
    return wanted


def _tensors(pixels: np.ndarray, labels: np.ndarray, device: torch.device | str | None) -> Images:
    # Divided on the CPU, so that the last bit does not depend on where the images go.
    images = torch.tensor(pixels[:, None], device="cpu").float().div_(255)
    return Images(images.to(device or "cpu"), torch.tensor(labels, dtype=torch.int64, device=device or "cpu"))


def _find(dataset: Dataset, split: str, folder: str | Path | None, source: str, flat: bool) -> Arrays:
    setting = os.environ.get("COURSE_DATA", "").strip()
    if source == "sample":  # asked for in the code: nothing to tell
        return _bundled(dataset, split)
    if folder is not None:
        return from_folder(dataset, split, Path(folder), flat)
    if setting.lower() == "sample":
        if source == "full":
            raise DataError(
                f'{dataset.title}: source="full" was asked for, but COURSE_DATA=sample allows only the bundled sample; '
                "unset COURSE_DATA."
            )
        return _from_sample(dataset, split, "COURSE_DATA=sample")
    if setting:
        # The three data sets use the same file names: files that lie in COURSE_DATA itself are taken for MNIST only.
        return from_folder(dataset, split, Path(setting), flat=dataset is MNIST)
    return _from_cache(dataset, split) or _from_network_or_sample(dataset, split, source)


def from_folder(dataset: Dataset, split: str, folder: Path, flat: bool) -> Arrays:
    """The split from a folder that a person named; `flat` also takes files that lie in the folder itself."""
    folder = folder.expanduser().resolve()  # in messages, "../data" helps nobody
    if not folder.is_dir():
        raise DataError(f"{dataset.title}: there is no folder {folder}; correct folder=... or COURSE_DATA.")
    places = [folder / dataset.torchvision / "raw", folder / dataset.torchvision, folder / dataset.folder]
    if flat:
        places += [folder / "raw", folder]
    for place in places:
        images, labels = _idx_file(place, split, "images-idx3"), _idx_file(place, split, "labels-idx1")
        if images and labels:
            arrays = read_pair(images, labels)
            _tell(dataset, split, len(arrays[0]), f"from {place}")
            return arrays
        if images or labels:
            missing = f"{PREFIX[split]}-{'labels-idx1' if images else 'images-idx3'}-ubyte"
            raise DataError(
                f"{dataset.title}: {place / missing} (or .gz) is missing; put it beside {images or labels}."
            )
    looked = "in it" if flat else f"in its folders {dataset.torchvision}/raw, {dataset.torchvision} or {dataset.folder}"
    raise UnavailableError(
        f"{dataset.title}: {folder} has no {PREFIX[split]}-images-idx3-ubyte (or .gz) {looked}; put the files there or "
        "name another folder."
    )


def _idx_file(place: Path, split: str, kind: str) -> Path | None:
    name = f"{PREFIX[split]}-{kind}-ubyte"
    return next((place / file for file in (name, f"{name}.gz") if (place / file).is_file()), None)


def _from_cache(dataset: Dataset, split: str) -> Arrays | None:
    if (dataset, split) in _in_memory:
        return _in_memory[dataset, split]
    place = _cache_folder(dataset)
    images, labels = _idx_file(place, split, "images-idx3"), _idx_file(place, split, "labels-idx1")
    if not images or not labels:
        return None
    try:
        arrays = read_pair(images, labels)
    except DataError as error:
        _say(f"The cached copy is not usable, the next source is tried: {error}")
        return None
    _tell(dataset, split, len(arrays[0]), f"from the cache {place}")
    return arrays


def _cache_folder(dataset: Dataset) -> Path:
    root = os.environ.get("COURSE_CACHE", "").strip()
    if not root:
        import platformdirs

        root = platformdirs.user_cache_dir("autoencoder-course", appauthor=False)
    return Path(root).expanduser().absolute() / dataset.torchvision / "raw"


def _from_network_or_sample(dataset: Dataset, split: str, source: str) -> Arrays:
    reason = _unreachable.get(dataset)
    if reason is None or source == "full":
        try:
            arrays = _from_network(dataset, split, patient=source == "full")
        except DownloadError as error:
            reason = _unreachable[dataset] = str(error)
        else:
            _unreachable.pop(dataset, None)
            return arrays
    if source == "full":
        raise UnavailableError(
            f"{dataset.title}: the full data cannot be had ({reason}); name a folder that has them in COURSE_DATA, or "
            'leave source="full" out.'
        )
    return _from_sample(dataset, split, reason)


def _from_network(dataset: Dataset, split: str, patient: bool) -> Arrays:
    place = _cache_folder(dataset)
    words = f"{dataset.title}: downloading the {SPLIT_WORD[split]} images once to {place}"
    files = fetch_split(
        dataset.torchvision,
        PREFIX[split],
        patient=patient,
        announce=lambda size: _say(f"{words} ({size}; COURSE_DATA=sample does without)"),
    )
    (labels_name, labels), (images_name, images) = files.items()
    arrays = parse_pair(images, labels, images_name, labels_name)
    stored = _store(place, files)
    if not stored:
        _in_memory[dataset, split] = arrays
    where = (
        "downloaded" if stored else f"downloaded for this session only ({place} cannot be written; set COURSE_CACHE)"
    )
    _tell(dataset, split, len(arrays[0]), where)
    return arrays


def _store(place: Path, files: dict[str, bytes]) -> bool:
    """Put the files into the cache, each under its name only when it is complete; False where that is impossible."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place, prefix="incomplete-") as unfinished:
            for name, data in files.items():
                (Path(unfinished) / name).write_bytes(data)
            for name in files:
                (Path(unfinished) / name).replace(place / name)
                # An unpacked file of the same name would be read first, and may be the damaged one.
                (place / name.removesuffix(".gz")).unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _from_sample(dataset: Dataset, split: str, reason: str) -> Arrays:
    arrays = _bundled(dataset, split, reason)
    _tell(dataset, split, len(arrays[0]), f"({reason})", kind="bundled sample, ")
    return arrays


def _bundled(dataset: Dataset, split: str, reason: str = 'source="sample"') -> Arrays:
    file = SAMPLES / f"{dataset.folder}-{split}.npz"
    if dataset is KMNIST:
        raise UnavailableError(
            f"KMNIST: no sample comes with the course, and the whole is not at hand ({reason}); take "
            "load_not_digits(), which falls back on Fashion-MNIST, or name a folder in COURSE_DATA."
        )
    if dataset is FASHION_MNIST and split == "train":
        raise UnavailableError(
            f"Fashion-MNIST: the bundled sample has test images only ({reason}); take "
            'load_fashion_mnist("test"), or name a folder in COURSE_DATA.'
        )
    return _read_sample(file)


@cache
def _read_sample(file: Path) -> Arrays:
    try:
        with np.load(file) as sample:
            return sample["images"], sample["labels"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        raise DataError(f"{file}: the bundled sample is missing or damaged; install course_utils again.") from None


def _tell(dataset: Dataset, split: str, count: int, where: str, kind: str = "") -> None:
    share = f" of {FULL_SIZE[split]:,}" if kind else ""
    _say(f"{dataset.title}: {kind}{count:,}{share} {SPLIT_WORD[split]} images {where}")


def _say(line: str) -> None:
    if line not in _said:
        _said.add(line)
        print(line, flush=True)
