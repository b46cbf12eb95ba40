"""Images come from the place that was asked for, whole and right, or with one readable line; so do checkpoints."""

import gzip
import hashlib
import http.server
import io
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from course_utils import data
from course_utils.data import download, images, make_samples
from course_utils.data.idx import DataError

ROOT = Path(__file__).parents[2]
FULL_DATA = ROOT.parent / "shared" / "data"
URLOPEN = urllib.request.urlopen
needs_full_data = pytest.mark.skipif(not FULL_DATA.is_dir(), reason="needs the full data in ../shared/data")


@pytest.fixture(autouse=True)
def fresh_session(tmp_path, monkeypatch):
    """A new session with an empty cache, no settings and no network; returns the list of addresses asked for."""
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    for memory in ("_said", "_unreachable", "_in_memory"):
        monkeypatch.setattr(images, memory, type(getattr(images, memory))())
    asked = []

    def unplugged(request, timeout):
        asked.append(request.full_url)
        raise urllib.error.URLError("unplugged by the test")

    monkeypatch.setattr(urllib.request, "urlopen", unplugged)
    return asked


def idx(array, dimensions=None):
    """The bytes of an IDX file."""
    header = bytes([0, 0, 8, dimensions or array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def some_split(count=12, seed=0):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (count, 28, 28)).astype(np.uint8), (np.arange(count) % 10).astype(np.uint8)


def write_split(folder, count=12, prefix="train", zipped=False, seed=0):
    """IDX files of random images; returns what they hold."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels, labels = some_split(count, seed)
    for name, array in (("images-idx3", pixels), ("labels-idx1", labels)):
        content = idx(array)
        file = folder / f"{prefix}-{name}-ubyte{'.gz' if zipped else ''}"
        file.write_bytes(gzip.compress(content) if zipped else content)
    return pixels, labels


def assert_holds(loaded, pixels, labels):
    assert loaded.images.shape == (len(pixels), 1, 28, 28)
    assert torch.equal(loaded.images[:, 0], torch.tensor(pixels) / 255)
    assert loaded.labels.tolist() == labels.tolist()


def one_line(error):
    line = str(error.value)
    assert "\n" not in line and 30 < len(line) < 400 and line.endswith("."), line
    return line


# --- the bundled sample -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("load", "split", "per_class"),
    [(data.load_mnist, "train", 1000), (data.load_mnist, "test", 200), (data.load_fashion_mnist, "test", 50)],
)
def test_the_sample_is_balanced_and_of_the_promised_form(load, split, per_class, fresh_session, capsys):
    loaded = load(split, source="sample")
    assert loaded.images.shape == (10 * per_class, 1, 28, 28)
    assert loaded.images.dtype == torch.float32 and loaded.labels.dtype == torch.int64
    assert loaded.images.is_contiguous() and loaded.labels.is_contiguous()
    assert loaded.images.min() == 0 and loaded.images.max() == 1
    assert loaded.labels.bincount().tolist() == [per_class] * 10
    assert torch.equal((loaded.images * 255).round() / 255, loaded.images)  # still the original's 256 levels
    assert fresh_session == [] and capsys.readouterr().out == ""


def test_what_a_student_changes_does_not_change_the_next_load():
    first = data.load_mnist("test", source="sample", limit=5)
    first.images.zero_()
    first.labels.zero_()
    again = data.load_mnist("test", source="sample", limit=5)
    assert again.images.max() == 1 and again.labels.tolist() == [1, 2, 3, 4, 5]


def test_the_ten_digits_are_the_first_ten_of_the_test_sample():
    ten, sample = data.load_ten_digits(), data.load_mnist("test", source="sample", limit=10)
    assert sorted(ten.labels.tolist()) == list(range(10))
    assert torch.equal(ten.images, sample.images) and torch.equal(ten.labels, sample.labels)
    with np.load(images.SAMPLES / "mnist-test.npz") as file:
        assert file["indices"][:10].tolist() == list(range(9705, 9715))


def test_the_samples_are_small_and_attributed():
    files = sorted(images.SAMPLES.glob("*.npz"))
    assert [file.name for file in files] == ["fashion-mnist-test.npz", "mnist-test.npz", "mnist-train.npz"]
    assert all(file.stat().st_size < 3e6 for file in files) and sum(file.stat().st_size for file in files) < 2.5e6
    attribution = (images.SAMPLES / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for owed in (*(file.name for file in files), "LeCun", "Cortes", "ShareAlike 3.0", "Zalando SE", "MIT"):
        assert owed in attribution


@pytest.mark.parametrize("damage", ["missing", "cut off", "not a zip"])
def test_a_damaged_sample_is_named(damage, tmp_path, monkeypatch):
    good = (images.SAMPLES / "mnist-test.npz").read_bytes()
    if damage != "missing":
        (tmp_path / "mnist-test.npz").write_bytes(good[:5000] if damage == "cut off" else b"x" * 500)
    monkeypatch.setattr(images, "SAMPLES", tmp_path)
    with pytest.raises(DataError) as error:
        data.load_mnist("test", source="sample")
    assert str(tmp_path / "mnist-test.npz") in one_line(error) and "install course_utils again" in str(error.value)


# --- what part of it ----------------------------------------------------------------------------------------------


def test_classes_are_picked_before_the_limit_is_applied():
    threes_and_sevens = data.load_mnist("train", classes=(3, 7), source="sample")
    assert set(threes_and_sevens.labels.tolist()) == {3, 7} and len(threes_and_sevens.labels) == 2000
    first = data.load_mnist("train", classes=(label for label in (7, 3)), limit=20, source="sample")
    assert torch.equal(first.images, threes_and_sevens.images[:20])
    assert torch.equal(first.labels, threes_and_sevens.labels[:20])
    assert len(data.load_mnist("train", limit=10**6, source="sample").labels) == 10_000


def test_the_tensors_are_on_the_device_that_was_named():
    for loaded in (data.load_mnist("test", source="sample", device="meta"), data.load_ten_digits(device="meta")):
        assert loaded.images.device.type == loaded.labels.device.type == "meta"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"split": "val"}, "'val'"),
        ({"split": None}, "None"),
        ({"classes": (3, 10)}, "(3, 10)"),
        ({"classes": (-1,)}, "(-1,)"),
        ({"classes": ()}, "()"),
        ({"classes": 3}, "3"),
        ({"classes": (3.5,)}, "3.5"),
        ({"classes": "37"}, "'37'"),
        ({"limit": 0}, "0"),
        ({"limit": -5}, "-5"),
        ({"limit": 2.5}, "2.5"),
        ({"limit": True}, "True"),
        ({"source": "internet"}, "'internet'"),
        ({"folder": "somewhere"}, "not both"),
    ],
)
def test_a_bad_argument_is_refused_in_one_line(arguments, named):
    with pytest.raises(ValueError) as error:
        data.load_mnist(**{"split": "test", "source": "sample"} | arguments)
    assert named in one_line(error)


# --- a folder that was named --------------------------------------------------------------------------------------


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("layout", [".", "mnist", "MNIST/raw", "MNIST", "raw"])
def test_every_layout_of_a_named_folder_is_read(layout, zipped, tmp_path, monkeypatch, fresh_session, capsys):
    wanted = write_split(tmp_path / "data" / layout, zipped=zipped)
    assert_holds(data.load_mnist("train", folder=tmp_path / "data"), *wanted)
    assert "MNIST: 12 training images from " in capsys.readouterr().out
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    assert_holds(data.load_mnist("train"), *wanted)
    assert fresh_session == []


def test_a_file_that_a_browser_unpacked_but_did_not_rename_is_read(tmp_path):
    wanted = write_split(tmp_path)
    for file in tmp_path.iterdir():
        file.rename(f"{file}.gz")
    assert_holds(data.load_mnist("train", folder=tmp_path), *wanted)


def test_the_argument_goes_before_the_environment_and_the_sample_before_its_folder(tmp_path, monkeypatch):
    write_split(tmp_path / "environment", count=11)
    write_split(tmp_path / "argument", count=13)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "environment"))
    assert len(data.load_mnist("train", folder=tmp_path / "argument").labels) == 13
    assert len(data.load_mnist("train").labels) == 11
    assert len(data.load_mnist("train", source="sample").labels) == 10_000


def test_files_lying_in_course_data_itself_are_taken_for_digits_only(tmp_path, monkeypatch):
    write_split(tmp_path, prefix="t10k")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert len(data.load_mnist("test").labels) == 12
    with pytest.raises(DataError) as error:
        data.load_fashion_mnist("test")
    assert "fashion-mnist" in one_line(error)
    with pytest.raises(DataError):
        data.load_not_digits(folder=tmp_path)
    assert len(data.load_fashion_mnist("test", folder=tmp_path).labels) == 12  # here somebody said so


TWENTY = np.zeros((20, 28, 28))
BROKEN_FILES = {
    "images missing": ("images", None, "is missing"),
    "labels missing": ("labels", None, "is missing"),
    "gzip cut off": ("images", gzip.compress(idx(some_split()[0]))[:-900], "damaged or cut off"),
    "gzip damaged": ("images", gzip.compress(b"")[:10] + b"\xff" * 40, "damaged or cut off"),
    "images cut off": ("images", idx(some_split()[0])[:-1], "is cut off (9,423 bytes, its header promises 9,424)"),
    "labels cut off": ("labels", idx(some_split()[1])[:-1], "is cut off"),
    "cut off in the header": ("images", idx(some_split()[0])[:9], "inside its header"),
    "too long": ("labels", idx(some_split()[1]) + b"\0", "is too long"),
    "a size that overflows": ("images", bytes([0, 0, 8, 3]) + b"\xff" * 12, "is cut off"),
    "empty": ("images", b"", "starts with nothing"),
    "a web page": ("images", b"<!doctype html>", "is no IDX file of images"),
    "labels in place of images": ("images", idx(some_split()[1]), "is no IDX file of images"),
    "wrong image size": ("images", idx(np.zeros((12, 32, 32))), "32 × 32 pixels, expected 28 × 28"),
    "more images than labels": ("images", idx(TWENTY), "12 labels for 20 images"),
    "a label beyond 9": ("labels", idx(np.arange(12)), "the label 11, expected 0 to 9"),
}


@pytest.mark.parametrize("problem", BROKEN_FILES)
def test_a_broken_file_in_a_named_folder_is_named_and_nothing_else_is_taken(problem, tmp_path, fresh_session):
    write_split(tmp_path)
    kind, content, complaint = BROKEN_FILES[problem]
    file = next(tmp_path.glob(f"train-{kind}*"))
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    with pytest.raises(DataError) as error:
        data.load_mnist("train", folder=tmp_path)
    line = one_line(error)
    assert complaint in line and str(tmp_path / "train-") in line
    assert any(remedy in line for remedy in ("copy or download it again", "put it beside", "from the same place"))
    assert fresh_session == []


def test_a_pair_without_images_is_refused(tmp_path):
    write_split(tmp_path, count=0)
    with pytest.raises(DataError) as error:
        data.load_mnist("train", folder=tmp_path)
    assert "holds no images" in one_line(error)


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    write_split(tmp_path)

    def fail(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(DataError) as error:
        data.load_mnist("train", folder=tmp_path)
    assert "train-images-idx3-ubyte: cannot be read (Permission denied)" in one_line(error)


def test_a_named_folder_that_is_not_there_or_empty_is_an_error(tmp_path, monkeypatch, fresh_session):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError) as error:
        data.load_mnist("train")
    assert f"there is no folder {tmp_path / 'nowhere'}" in one_line(error)
    with pytest.raises(DataError) as error:
        data.load_mnist("train", folder=tmp_path)
    assert "has no train-images-idx3-ubyte" in one_line(error)
    assert fresh_session == []


# --- cache and network --------------------------------------------------------------------------------------------


def test_offline_the_sample_is_taken_said_once_and_not_asked_again(fresh_session, capsys):
    assert len(data.load_mnist("train").labels) == 10_000
    assert capsys.readouterr().out == "MNIST: bundled sample, 10,000 of 60,000 training images (no network)\n"
    mirrors = list(fresh_session)
    assert len(mirrors) >= 2 and all("train-labels" in address for address in mirrors)
    data.load_mnist("train", limit=3)
    assert capsys.readouterr().out == ""
    data.load_mnist("test")
    assert capsys.readouterr().out == "MNIST: bundled sample, 2,000 of 10,000 test images (no network)\n"
    assert fresh_session == mirrors


def test_the_environment_can_ask_for_the_sample(monkeypatch, fresh_session, capsys, tmp_path):
    write_split(tmp_path / "cache" / "MNIST" / "raw")
    monkeypatch.setenv("COURSE_DATA", "sample")
    assert len(data.load_mnist("train").labels) == 10_000
    assert "bundled sample, 10,000 of 60,000 training images (COURSE_DATA=sample)" in capsys.readouterr().out
    with pytest.raises(DataError) as error:
        data.load_mnist("train", source="full")
    assert "unset COURSE_DATA" in one_line(error)
    assert fresh_session == []


def test_full_data_offline_is_an_error_and_tried_again(fresh_session):
    for _ in range(2):
        fresh_session.clear()
        with pytest.raises(DataError) as error:
            data.load_mnist("train", source="full")
        assert "no network" in one_line(error) and "COURSE_DATA" in str(error.value)
        assert fresh_session


def test_the_cache_is_read_before_the_network(tmp_path, fresh_session, capsys):
    wanted = write_split(tmp_path / "cache" / "MNIST" / "raw", zipped=True)
    assert_holds(data.load_mnist("train"), *wanted)
    assert "MNIST: 12 training images from the cache" in capsys.readouterr().out
    assert fresh_session == []


def test_a_broken_cache_is_said_and_passed_over(tmp_path, capsys):
    place = tmp_path / "cache" / "MNIST" / "raw"
    write_split(place, zipped=True)
    file = place / "train-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:-50])
    assert len(data.load_mnist("train").labels) == 10_000
    warning, sample = capsys.readouterr().out.splitlines()
    assert "cached copy is not usable" in warning and str(file) in warning
    assert sample.endswith("(no network)")


def test_a_mirror_that_never_answers_is_left_in_time(monkeypatch, capsys):
    monkeypatch.setattr(download, "ANSWER", 0.05)
    forever = threading.Event()
    monkeypatch.setattr(urllib.request, "urlopen", lambda request, timeout: forever.wait())
    assert len(data.load_mnist("test").labels) == 2000
    assert "(no network)" in capsys.readouterr().out
    forever.set()


def test_a_torchvision_that_cannot_be_imported_costs_only_the_download(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    assert len(data.load_mnist("test").labels) == 2000
    assert "(torchvision, which knows the mirrors, cannot be imported)" in capsys.readouterr().out


@pytest.mark.parametrize("dataset", [images.MNIST, images.FASHION_MNIST, images.KMNIST])
def test_torchvision_still_knows_the_files_by_our_names(dataset):
    from torchvision import datasets

    catalogue = getattr(datasets, dataset.torchvision)
    names = {f"{p}-{k}-ubyte.gz" for p in images.PREFIX.values() for k in ("images-idx3", "labels-idx1")}
    assert set(dict(catalogue.resources)) == names and catalogue.mirrors


class Mirror(http.server.ThreadingHTTPServer):
    """A server on this machine with the files of one split; `stall` makes it stop in the middle of the images."""

    daemon_threads = True

    def __init__(self, prefix="train", count=12):
        super().__init__(("127.0.0.1", 0), _Answer)
        self.address = f"http://127.0.0.1:{self.server_port}/"
        self.pixels, self.labels = some_split(count)
        self.files = {
            f"{prefix}-images-idx3-ubyte.gz": gzip.compress(idx(self.pixels)),
            f"{prefix}-labels-idx1-ubyte.gz": gzip.compress(idx(self.labels)),
        }
        self.checksums = [(name, hashlib.md5(content).hexdigest()) for name, content in self.files.items()]
        self.asked, self.stall, self.length, self.location = [], False, None, None
        self.go_on = threading.Event()


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        mirror, name = self.server, self.path.removeprefix("/")
        mirror.asked.append(name)
        if name not in mirror.files:
            return self.send_error(403)
        content = mirror.files[name]
        self.send_response(302 if mirror.location else 200)
        if mirror.location:
            self.send_header("Location", mirror.location)
        self.send_header("Content-Length", mirror.length or str(len(content)))
        self.end_headers()
        if mirror.stall and "images" in name:
            self.wfile.write(content[:2000])
            self.wfile.flush()
            mirror.go_on.wait(30)
        else:
            self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def mirror(monkeypatch):
    """The network is back, and this mirror is the only one that torchvision knows for MNIST."""
    from torchvision import datasets

    server = Mirror()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(urllib.request, "urlopen", URLOPEN)
    monkeypatch.setattr(datasets.MNIST, "mirrors", [server.address])
    monkeypatch.setattr(datasets.MNIST, "resources", server.checksums)
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()


def cached(tmp_path):
    return sorted(path.name for path in (tmp_path / "cache").rglob("*") if path.is_file())


def test_a_download_is_announced_checked_and_cached(mirror, tmp_path, capsys):
    assert_holds(data.load_mnist("train"), mirror.pixels, mirror.labels)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("MNIST: downloading the training images once to ") and "MB; COURSE_DATA=sample" in first
    assert second == "MNIST: 12 training images downloaded"
    assert cached(tmp_path) == sorted(mirror.files)
    assert list((tmp_path / "cache").rglob("incomplete-*")) == []
    assert_holds(data.load_mnist("train"), mirror.pixels, mirror.labels)
    assert len(mirror.asked) == 2


def test_the_next_mirror_is_tried(mirror, monkeypatch):
    from torchvision import datasets

    monkeypatch.setattr(datasets.MNIST, "mirrors", [mirror.address + "gone/", mirror.address])
    assert_holds(data.load_mnist("train"), mirror.pixels, mirror.labels)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "a mirror answered HTTP 403"),
        (b"<html>Please log in", "what a mirror sent as train-labels-idx1-ubyte.gz"),
    ],
)
def test_what_a_mirror_gets_wrong_is_said(content, reason, mirror, tmp_path, capsys):
    for name in list(mirror.files):
        if content is None:
            del mirror.files[name]
        else:
            mirror.files[name] = content
    assert len(data.load_mnist("train").labels) == 10_000
    assert f"10,000 of 60,000 training images ({reason}" in capsys.readouterr().out
    assert cached(tmp_path) == []


@pytest.mark.parametrize("length", ["abc", "-5", "1e3", "12, 12"])
def test_a_content_length_that_is_no_number_stops_no_download(length, mirror, capsys):
    mirror.length = length
    assert_holds(data.load_mnist("train"), mirror.pixels, mirror.labels)
    assert "(size unknown; COURSE_DATA=sample" in capsys.readouterr().out


@pytest.mark.parametrize("location", ["http://a..b/", "http://" + "x" * 80 + "/", "http://[::1/", "gopher://x/"])
def test_a_redirection_to_nowhere_leads_to_the_sample(location, mirror, monkeypatch, capsys):
    mirror.location = location
    assert len(data.load_mnist("train").labels) == 10_000
    assert "10,000 of 60,000 training images (" in capsys.readouterr().out


def test_a_slow_network_is_given_up_unless_the_full_data_are_wanted(mirror, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(download, "JUDGE_AFTER", -1)
    monkeypatch.setattr(download, "PATIENCE", 0)
    assert len(data.load_mnist("train").labels) == 10_000
    assert 'the network is slow, about 0 min; source="full" waits for it' in capsys.readouterr().out
    assert cached(tmp_path) == []
    assert_holds(data.load_mnist("train", source="full"), mirror.pixels, mirror.labels)


def test_after_a_successful_download_the_network_is_asked_again(mirror, monkeypatch):
    from torchvision import datasets

    train = mirror.files
    both = train | {name.replace("train", "t10k"): content for name, content in train.items()}
    checksums = [(name, hashlib.md5(content).hexdigest()) for name, content in both.items()]
    monkeypatch.setattr(datasets.MNIST, "resources", checksums)
    mirror.files = {}
    assert len(data.load_mnist("train").labels) == 10_000  # the sample
    mirror.files = both
    assert len(data.load_mnist("test").labels) == 2_000  # one failed try is enough
    assert_holds(data.load_mnist("train", source="full"), mirror.pixels, mirror.labels)
    assert_holds(data.load_mnist("test"), mirror.pixels, mirror.labels)


def test_a_broken_cache_is_replaced_where_there_is_a_network(mirror, tmp_path):
    place = tmp_path / "cache" / "MNIST" / "raw"
    write_split(place, seed=5)  # unpacked files, which are read first
    (place / "train-labels-idx1-ubyte").write_bytes(b"")
    assert_holds(data.load_mnist("train"), mirror.pixels, mirror.labels)
    assert_holds(data.load_mnist("train"), mirror.pixels, mirror.labels)
    assert len(mirror.asked) == 2


def test_a_cache_that_cannot_be_written_costs_only_the_next_session(mirror, tmp_path, capsys):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert_holds(data.load_mnist("train"), mirror.pixels, mirror.labels)
    assert "downloaded for this session only" in (said := capsys.readouterr().out) and "COURSE_CACHE" in said
    assert_holds(data.load_mnist("train"), mirror.pixels, mirror.labels)
    assert len(mirror.asked) == 2 and capsys.readouterr().out == ""


def test_a_cache_that_cannot_be_written_offline_leaves_the_sample(tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert len(data.load_mnist("train").labels) == 10_000


def test_an_interrupted_store_leaves_no_broken_cache(mirror, tmp_path, monkeypatch):
    replace = Path.replace

    def interrupted(self, target):
        if "images" in self.name:
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        data.load_mnist("train")
    assert cached(tmp_path) == ["train-labels-idx1-ubyte.gz"]  # complete, and not taken without its images
    monkeypatch.undo()
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    assert images._from_cache(images.MNIST, "train") is None


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills a process as Unix does")
def test_a_killed_download_leaves_no_broken_cache(mirror, tmp_path):
    mirror.stall = True
    stand_in = tmp_path / "modules" / "torchvision"  # the real one takes seconds to import
    stand_in.mkdir(parents=True)
    (stand_in / "__init__.py").write_text(
        f"class datasets:\n    class MNIST:\n        mirrors, resources = [{mirror.address!r}], {mirror.checksums!r}\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(stand_in.parent), str(ROOT)])}
    code = "from course_utils.data import load_mnist; load_mnist('train')"
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert "downloading" in process.stdout.readline()  # and no more than its beginning comes
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert cached(tmp_path) == []
    mirror.stall = False
    assert_holds(data.load_mnist("train"), mirror.pixels, mirror.labels)


# --- images that are no digits ------------------------------------------------------------------------------------


def test_offline_fashion_mnist_has_test_images_only(capsys):
    assert len(data.load_fashion_mnist("test").labels) == 500
    assert "Fashion-MNIST: bundled sample, 500 of 10,000 test images (no network)" in capsys.readouterr().out
    with pytest.raises(DataError) as error:
        data.load_fashion_mnist("train")
    assert 'load_fashion_mnist("test")' in one_line(error)


@pytest.mark.parametrize("source", ["auto", "sample"])
def test_offline_kmnist_sends_to_fashion_mnist(source, capsys):
    with pytest.raises(DataError) as error:
        data.load_kmnist("test", source=source)
    assert "load_not_digits()" in one_line(error) and "Fashion-MNIST" in str(error.value)
    clothes = data.load_not_digits(source=source)
    assert torch.equal(clothes.images, data.load_fashion_mnist("test", source="sample").images)
    assert "Images that are no digits: Fashion-MNIST" in capsys.readouterr().out


def test_kmnist_is_taken_where_it_can_be_had(tmp_path, monkeypatch, capsys):
    wanted = write_split(tmp_path / "KMNIST" / "raw", prefix="t10k")
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    assert_holds(data.load_not_digits(), *wanted)
    assert "Images that are no digits: KMNIST" in capsys.readouterr().out
    next((tmp_path / "KMNIST" / "raw").glob("*images*")).write_bytes(b"")
    with pytest.raises(DataError) as error:  # a broken file is an error here, too
        data.load_not_digits()
    assert "starts with nothing" in one_line(error)


# --- the full data, and the script that draws the samples from them -----------------------------------------------


@needs_full_data
def test_the_full_data_are_read_and_hold_the_same_ten_digits(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(FULL_DATA))
    train, test = data.load_mnist("train"), data.load_mnist("test")
    assert len(train.labels) == 60_000 and len(test.labels) == 10_000
    assert train.labels.bincount()[:3].tolist() == [5923, 6742, 5958]  # the published counts
    assert train.images.mean().item() == pytest.approx(0.1307, abs=1e-4)  # the published mean
    ten = data.load_ten_digits()
    assert torch.equal(test.images[9705:9715], ten.images) and torch.equal(test.labels[9705:9715], ten.labels)
    clothes = data.load_not_digits()
    assert clothes.images.shape == (10_000, 1, 28, 28)


@needs_full_data
@pytest.mark.parametrize("plan", make_samples.PLAN, ids=lambda plan: f"{plan[0].title} {plan[1]}")
def test_the_committed_samples_are_what_the_script_draws(plan):
    drawn = make_samples.make_sample(*plan, FULL_DATA)
    # Contents, not bytes: another version of zlib may have compressed what is committed.
    with np.load(images.SAMPLES / f"{plan[0].folder}-{plan[1]}.npz") as committed:
        assert set(drawn) == set(committed) == {"images", "labels", "indices"}
        assert all(np.array_equal(drawn[key], committed[key]) for key in committed)


def test_the_script_writes_the_same_bytes_on_every_run(tmp_path, monkeypatch, capsys):
    plan = (
        (images.MNIST, "train", 2, ()),
        (images.MNIST, "test", 1, range(3, 13)),
        (images.FASHION_MNIST, "test", 1, ()),
    )
    monkeypatch.setattr(make_samples, "PLAN", plan)
    write_split(tmp_path / "mnist", count=40, prefix="train")
    write_split(tmp_path / "mnist", count=30, prefix="t10k")
    write_split(tmp_path / "fashion-mnist", count=30, prefix="t10k")
    for out in ("one", "two"):
        assert make_samples.main([str(tmp_path), "--out", str(tmp_path / out)]) == 0
    one, two = ({file.name: file.read_bytes() for file in (tmp_path / out).iterdir()} for out in ("one", "two"))
    assert one == two and set(one) == {"mnist-train.npz", "mnist-test.npz", "fashion-mnist-test.npz"}
    assert "mnist-train.npz: " in capsys.readouterr().out


def test_a_sample_file_tells_nothing_of_when_and_where_it_was_made():
    archive = zipfile.ZipFile(io.BytesIO(make_samples.packed({"one": np.arange(3), "two": np.zeros(2)})))
    assert [(entry.date_time, entry.create_system) for entry in archive.infolist()] == [((1980, 1, 1, 0, 0, 0), 3)] * 2


def test_a_draw_is_balanced_keeps_what_comes_first_and_repeats():
    labels = np.arange(400) % 10
    drawn = make_samples.draw(labels, 5, first=range(103, 113))
    assert drawn[:10].tolist() == list(range(103, 113)) and len(set(drawn.tolist())) == 50
    assert np.bincount(labels[drawn]).tolist() == [5] * 10
    assert (np.diff(drawn[10:]) > 0).all()
    assert np.array_equal(drawn, make_samples.draw(labels, 5, first=range(103, 113)))
    with pytest.raises(DataError, match="Only 40 images of class 0, the sample needs 41"):
        make_samples.draw(labels, 41)


def test_the_script_says_what_is_wrong_in_one_line_and_writes_nothing(tmp_path, capsys):
    assert make_samples.main([str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("make_samples: MNIST: ") and error.count("\n") == 1
    assert not (tmp_path / "out").exists()
    write_split(tmp_path, count=9800, prefix="t10k")
    with pytest.raises(DataError, match="do not hold each digit once"):
        make_samples.make_sample(images.MNIST, "test", 1, range(9704, 9713), tmp_path)


def test_the_script_has_help_with_an_example(capsys):
    with pytest.raises(SystemExit) as end:
        make_samples.main(["--help"])
    assert end.value.code == 0 and "example: python -m course_utils.data.make_samples" in capsys.readouterr().out


# --- batches ------------------------------------------------------------------------------------------------------


def test_a_shuffled_pass_gives_every_row_once_and_rows_stay_together():
    rows, names = torch.arange(23.0).reshape(23, 1) * torch.ones(1, 3), torch.arange(23)
    passes = []
    for _ in range(2):
        seen = list(data.batches(rows, names, size=5))
        assert [len(batch) for batch, _ in seen] == [5, 5, 5, 5, 3]
        assert all(torch.equal(batch[:, 0].long(), name) for batch, name in seen)
        passes.append(torch.cat([name for _, name in seen]).tolist())
    assert sorted(passes[0]) == sorted(passes[1]) == list(range(23))
    assert passes[0] != passes[1] and passes[0] != list(range(23))


def test_an_unshuffled_pass_gives_views_in_order():
    rows = torch.arange(7)
    seen = [batch for (batch,) in data.batches(rows, size=3, shuffle=False)]
    assert [batch.tolist() for batch in seen] == [[0, 1, 2], [3, 4, 5], [6]]
    assert seen[0].data_ptr() == rows.data_ptr()


def test_a_generator_repeats_a_pass_and_leaves_torch_alone():
    def one_pass():
        return [batch.tolist() for (batch,) in data.batches(torch.arange(9), size=4, generator=generator)]

    generator = torch.Generator().manual_seed(3)
    before = torch.get_rng_state()
    first, second = one_pass(), one_pass()
    generator.manual_seed(3)
    assert one_pass() == first != second
    assert torch.equal(torch.get_rng_state(), before)


def test_each_tensor_stays_on_its_device():
    for here, there in data.batches(torch.arange(5), torch.zeros(5, 2, device="meta"), size=2):
        assert here.device.type == "cpu" and there.device.type == "meta" and len(here) == len(there)


@pytest.mark.parametrize(
    ("tensors", "size", "named"),
    [
        ((torch.zeros(4), torch.zeros(5)), 2, "4 and 5"),
        ((), 2, "at least one tensor"),
        ((torch.zeros(4),), 0, "got 0"),
        ((torch.zeros(4),), 2.0, "got 2.0"),
    ],
)
def test_bad_batches_are_refused_before_the_first_one(tensors, size, named):
    with pytest.raises(ValueError) as error:
        data.batches(*tensors, size=size)
    assert named in one_line(error)


# --- checkpoints --------------------------------------------------------------------------------------------------


def test_a_model_comes_back_from_its_checkpoint(tmp_path):
    model = torch.nn.Sequential(torch.nn.Linear(7, 5), torch.nn.BatchNorm1d(5))
    file = data.save_given("tiny_model", model.state_dict(), folder=tmp_path)
    weights = data.given("tiny_model", folder=tmp_path)
    assert weights["0.weight"].dtype == torch.float32 and weights["1.num_batches_tracked"].dtype == torch.int64
    assert torch.load(file, weights_only=True)["0.weight"].dtype == torch.float16
    model.load_state_dict(weights)
    exact = {"weights": torch.rand(7, 5)}
    data.save_given("exact", exact, half=False, folder=tmp_path)
    assert torch.equal(data.given("exact", folder=tmp_path)["weights"], exact["weights"])


@pytest.mark.parametrize("half", [True, False])
def test_a_checkpoint_is_small_and_the_same_bytes_each_time(half, tmp_path):
    corner = torch.ones(1000, 1000)[:2, :3]
    one = data.save_given("one", {"corner": corner}, half=half, folder=tmp_path).read_bytes()
    two = data.save_given("two", {"corner": corner}, half=half, folder=tmp_path).read_bytes()
    assert one == two and len(one) < 5000


def test_an_unknown_checkpoint_names_those_that_exist(tmp_path):
    with pytest.raises(DataError) as error:
        data.given("digits", folder=tmp_path / "nowhere")
    assert "there are none yet" in one_line(error)
    for name in ("clothes", "faces"):
        data.save_given(name, {}, folder=tmp_path)
    for name in ("digits", "../clothes", None):
        with pytest.raises(DataError) as error:
            data.given(name, folder=tmp_path)
        assert repr(name) in one_line(error) and "there are clothes, faces" in str(error.value)


class Forbidden:
    """Something other than a tensor, which a checkpoint must not bring to life."""

    alive = 0

    def __reduce__(self):
        return come_alive, ()


def come_alive():
    Forbidden.alive += 1


@pytest.mark.parametrize("content", ["cut off", "not weights", "an object", "a list"])
def test_a_damaged_checkpoint_is_named(content, tmp_path):
    file = data.save_given("model", {"weights": torch.rand(50)}, folder=tmp_path)
    if content == "cut off":
        file.write_bytes(file.read_bytes()[:-200])
    elif content == "not weights":
        file.write_bytes(b"hello")
    else:
        torch.save({"weights": Forbidden()} if content == "an object" else [torch.zeros(2)], file)
    with pytest.raises(DataError) as error:
        data.given("model", folder=tmp_path)
    assert str(file) in one_line(error) and "take the file from the course again" in str(error.value)
    assert Forbidden.alive == 0


@pytest.mark.parametrize(
    ("name", "weight", "half", "named"),
    [
        ("../up", 1.0, True, "'../up'"),
        ("large", 1e6, True, "float16"),
        ("broken", float("nan"), False, "not finite"),
    ],
)
def test_a_checkpoint_that_would_not_come_back_is_not_written(name, weight, half, named, tmp_path):
    with pytest.raises(ValueError) as error:
        data.save_given(name, {"weight": torch.tensor([weight])}, half=half, folder=tmp_path / "new")
    assert named in one_line(error)
    assert not (tmp_path / "new").exists()


# --- the price of importing it ------------------------------------------------------------------------------------


def test_importing_and_taking_the_sample_needs_torch_and_numpy_only():
    slow = ["torchvision", "sklearn", "seaborn", "matplotlib", "scipy", "pandas", "ipywidgets", "PIL", "platformdirs"]
    code = f"""
import sys
from course_utils import data
data.load_mnist("test", source="sample", limit=3)
assert [name for name in {slow} if name in sys.modules] == [], sys.modules.keys()
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
