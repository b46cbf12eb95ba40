"""Downloads from the mirrors that torchvision knows, checked against its checksums.

torchvision's own download has no time-out: behind a firewall that swallows packets a notebook would wait for minutes.
Here no single wait is longer than ANSWER seconds, and a network too slow for PATIENCE is noticed after JUDGE_AFTER.
"""

import hashlib
import http.client
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence

ANSWER = 5.0  # seconds until a mirror must have answered, and between two pieces of a file
PATIENCE = 60.0  # seconds that a file may take before a bundled sample is the better choice
JUDGE_AFTER = 4.0  # seconds of downloading after which the speed is known
PIECE = 1 << 16  # bytes


class DownloadError(Exception):
    """No mirror gave the file. The message is a short reason, such as "no network"."""


def fetch_split(dataset: str, prefix: str, *, patient: bool, announce: Callable[[str], None]) -> dict[str, bytes]:
    """The gzipped IDX files of one split by name, the labels first.

    `dataset` is a class of torchvision.datasets ("MNIST"), `prefix` is "train" or "t10k". `announce` is called with the
    size ("9.9 MB") when the large file begins to come. With `patient` a slow network is waited for.

    Raises DownloadError.
    """
    try:
        from torchvision import datasets
    except Exception:  # a torchvision that does not fit its torch raises RuntimeError, not ImportError
        raise DownloadError("torchvision, which knows the mirrors, cannot be imported") from None
    catalogue = getattr(datasets, dataset)
    checksums = dict(catalogue.resources)
    # The labels first: a few kilobytes tell whether there is a network that lets the files through.
    files = {}
    for kind in ("labels-idx1", "images-idx3"):
        name = f"{prefix}-{kind}-ubyte.gz"
        tell = announce if kind == "images-idx3" else lambda size: None
        files[name] = _from_mirrors(catalogue.mirrors, name, checksums[name], patient, tell)
    return files


def _from_mirrors(
    mirrors: Sequence[str], name: str, checksum: str, patient: bool, announce: Callable[[str], None]
) -> bytes:
    reasons = []
    for mirror in mirrors:
        try:
            data = _download(mirror + name, patient, announce)
        except urllib.error.HTTPError as error:
            reasons.append(f"a mirror answered HTTP {error.code}")
        except (OSError, http.client.HTTPException):
            reasons.append("no network")
        except ValueError:  # of a redirection to what is no address
            reasons.append("what a mirror answered is no HTTP")
        else:
            if hashlib.md5(data, usedforsecurity=False).hexdigest() == checksum:
                return data
            reasons.append(f"what a mirror sent as {name} was damaged")  # or a login page of the network
    # A mirror that answered says more than one that did not.
    raise DownloadError(next((reason for reason in reasons if reason != "no network"), "no network"))


def _download(url: str, patient: bool, announce: Callable[[str], None]) -> bytes:
    from tqdm import tqdm

    pieces = []
    with _open(url) as response:
        length = response.length or 0  # the header as http.client reads it: None where it is no number
        announce(f"{length / 1e6:.1f} MB" if length else "size unknown")
        started, received = time.monotonic(), 0
        with tqdm(total=length or None, unit="B", unit_scale=True, leave=False, disable=length < PIECE) as bar:
            while piece := response.read(PIECE):
                pieces.append(piece)
                received += len(piece)
                bar.update(len(piece))
                seconds = time.monotonic() - started
                expected = seconds * max(length / received, 1)
                if not patient and seconds > JUDGE_AFTER and expected > PATIENCE:
                    raise DownloadError(
                        f'the network is slow, about {expected / 60:.0f} min; source="full" waits for it'
                    )
    return b"".join(pieces)


def _open(url: str) -> http.client.HTTPResponse:
    """urlopen within ANSWER seconds, the look-up of the host, which its own time-out leaves out, included."""
    request = urllib.request.Request(url, headers={"User-Agent": "autoencoder-course"})
    answers: queue.SimpleQueue = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(urllib.request.urlopen(request, timeout=ANSWER))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=1.1 * ANSWER)
    except queue.Empty:
        raise TimeoutError(f"{url}: no answer") from None
    if isinstance(answer, Exception):
        raise answer
    return answer
