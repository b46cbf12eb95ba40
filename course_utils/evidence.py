"""Evidence: what a probe brings back from a student's code, as plain values that cannot do anything.

Evidence is a flat dict. Its keys are names, its values are numpy arrays of numbers or booleans, Python numbers,
booleans, strings, None, or lists of strings and numbers. It travels between processes as one .npz (no pickle) with the
scalars as JSON inside, and whoever reads it trusts nothing about it: neither the size nor the types.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

Evidence = dict[str, Any]

MAX_BYTES = 64 * 1024 * 1024
"""The most that one piece of evidence may take, unpacked. The largest that the labs need, the weights of a
784-1156-784 network, takes 7 MB."""
MAX_NAMES = 1000
MAX_TEXT = 2000
MAX_SCALARS = 4 * 1024 * 1024
"""The most that everything but the arrays may take, as JSON: two characters of it can become an object of 56 bytes."""
PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_SCALARS = "__scalars__"


class EvidenceError(ValueError):
    """A value that cannot be evidence, or bytes that are not evidence. The message is one readable line."""


def flatten(name: str, value: Any) -> Evidence:
    """Turn one returned value into evidence under `name`.

    tensor or array -> {name: array}; number, string, None -> {name: value}; tuple or list -> {name_0, name_1, ...};
    dict -> {name.key: ...}. Beside it stands `name_type`, in words ("tensor", "array", "tuple of 3", "float"), so
    that a check can say what came instead of what was asked for.
    Raises EvidenceError for anything else, saying what it was.
    """
    out: Evidence = {f"{name}_type": describe_type(value)}
    if isinstance(value, torch.Tensor):
        out[name] = _to_array(value)
    elif isinstance(value, np.ndarray | np.generic):
        # A copy, like that of a tensor: the student's array may be changed later, evidence may not.
        out[name] = np.array(value) if isinstance(value, np.ndarray) else value.item()
    elif value is None or isinstance(value, bool | int | float | str):
        out[name] = value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            part = flatten(f"{name}.{key}", item)
            part.pop(f"{name}.{key}_type")
            out.update(part)
    elif isinstance(value, tuple | list):
        for position, item in enumerate(value):
            out.update(flatten(f"{name}_{position}", item))
    else:
        raise EvidenceError(f"{name} is {describe_type(value)}, not a tensor, a number or a tuple of them")
    return out


def describe_type(value: Any) -> str:
    """The kind of a value in the words that messages to students use."""
    if isinstance(value, torch.Tensor):
        return "tensor"
    if isinstance(value, np.ndarray):
        return "array"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} of {len(value)}"
    return "nothing (None)" if value is None else type(value).__name__


def pack(values: Mapping[str, Any]) -> bytes:
    """Evidence, or the inputs of a question, as bytes. Raises EvidenceError for values that are neither."""
    arrays, scalars = {}, {}
    if len(values) > MAX_NAMES:
        raise EvidenceError(f"{len(values)} names in one piece of evidence, at most {MAX_NAMES} are read")
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            _require_plain(name, value)
            arrays[str(name)] = value
            scalars[str(name)] = {"array": True}
        else:
            scalars[str(name)] = _plain_scalar(name, value)
    if sum(array.nbytes for array in arrays.values()) > MAX_BYTES:
        raise EvidenceError(f"more than {MAX_BYTES >> 20} MiB of evidence")
    text = np.frombuffer(json.dumps(scalars).encode(), dtype=np.uint8)
    if text.nbytes > MAX_SCALARS:
        raise EvidenceError(f"more than {MAX_SCALARS >> 20} MiB of names, numbers and texts")
    buffer = io.BytesIO()
    # Positions, not names, as file names inside the zip: a name may hold anything.
    np.savez(buffer, **{_SCALARS: text}, **{f"a{i}": array for i, array in enumerate(arrays.values())})
    return buffer.getvalue()


def unpack(data: bytes) -> Evidence:
    """The evidence in `data`, which may be hostile: sizes are checked before anything is unpacked.

    Raises EvidenceError for whatever is not well-formed evidence.
    """
    if len(data) > 2 * MAX_BYTES:
        raise EvidenceError(f"evidence of {len(data) >> 20} MiB, at most {MAX_BYTES >> 20} are read")
    # Each entry of a zip's table of contents begins so. 120 MB of nothing but entries took zipfile 22 s and 900 MB.
    if data.count(b"PK\x01\x02") > 2 * MAX_NAMES:
        raise EvidenceError(f"more than {MAX_NAMES} names in one piece of evidence")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            # Of bzip2 and LZMA zipfile unfolds whole chunks, whatever size they claim: 60 kB became 60 GB.
            if any(member.compress_type not in PLAIN for member in archive.infolist()):
                raise EvidenceError("the evidence is damaged (compressed in another way than numpy does)")
            if sum(member.file_size for member in archive.infolist()) > MAX_BYTES + (1 << 20):
                raise EvidenceError(f"more than {MAX_BYTES >> 20} MiB of evidence")
            if archive.getinfo(f"{_SCALARS}.npy").file_size > MAX_SCALARS + 1024:
                raise EvidenceError(f"more than {MAX_SCALARS >> 20} MiB of names, numbers and texts")
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            scalars = json.loads(archive[_SCALARS].tobytes().decode())
            if not isinstance(scalars, dict) or len(scalars) > MAX_NAMES:
                raise EvidenceError("the list of names is damaged")
            out: Evidence = {}
            position = 0
            for name, value in scalars.items():
                if isinstance(value, dict):
                    array = archive[f"a{position}"]
                    _require_plain(name, array)
                    out[name] = array
                    position += 1
                else:
                    out[name] = _plain_scalar(name, value)
            # What is kept is packed again, with a key beside it.
            arrays = sum(value.nbytes for value in out.values() if isinstance(value, np.ndarray))
            if arrays > MAX_BYTES or len(json.dumps(scalars)) > MAX_SCALARS - 1024:
                raise EvidenceError(f"more than {MAX_BYTES >> 20} MiB of evidence, or {MAX_SCALARS >> 20} of texts")
            return out
    except EvidenceError:
        raise
    except Exception as error:  # zipfile, numpy and json each have errors of their own for damaged bytes
        raise EvidenceError(f"the evidence is damaged ({type(error).__name__})") from error


def _to_array(tensor: torch.Tensor) -> np.ndarray:
    tensor = tensor.detach().cpu()
    if tensor.is_sparse or tensor.is_quantized:
        raise EvidenceError("a sparse or quantised tensor: an ordinary one was asked for")
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.float()
    # A copy: the student's tensor may be changed later, evidence may not.
    return np.array(tensor.resolve_conj().numpy())


def _require_plain(name: str, array: np.ndarray) -> None:
    if array.dtype.kind not in "biuf":
        raise EvidenceError(f"{name} is an array of {array.dtype}: only numbers and booleans are evidence")


def _plain_scalar(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, str):
        return value[:MAX_TEXT]
    if isinstance(value, list | tuple) and all(isinstance(item, str | int | float) for item in value):
        return [item[:MAX_TEXT] if isinstance(item, str) else item for item in value[:MAX_NAMES]]
    raise EvidenceError(f"{name} is {describe_type(value)}: not an array, a number or a text")
