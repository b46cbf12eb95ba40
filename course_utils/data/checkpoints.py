"""Small trained models that come with the course, so that no section depends on what a student trained before."""

import io
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from course_utils.data.idx import DataError

CHECKPOINTS = Path(__file__).parent.parent / "checkpoints"


def given(name: str, *, folder: str | Path | None = None) -> dict[str, Tensor]:
    """The weights of a bundled model, for `model.load_state_dict(given("vae_grey"))`.

    Floating-point weights are float32, on the CPU, whatever they are stored as. `folder` replaces the course's own
    folder of checkpoints.

    Raises DataError for a name that is not there (the message lists those that are) and for a damaged file.
    """
    folder = Path(folder or CHECKPOINTS)
    names = sorted(file.stem for file in folder.glob("*.pt"))
    if name not in names:
        there = f"there are {', '.join(names)}" if names else "there are none yet"
        raise DataError(f"No checkpoint {name!r} in {folder}: {there}.")
    file = folder / f"{name}.pt"
    try:
        weights = torch.load(file, map_location="cpu", weights_only=True)
    except Exception:  # a damaged zip, a cut-off pickle and a forbidden class each raise something else
        weights = None
    if not isinstance(weights, dict) or not all(isinstance(weight, Tensor) for weight in weights.values()):
        raise DataError(f"{file}: is damaged or holds more than weights; take the file from the course again.")
    return {key: weight.float() if weight.is_floating_point() else weight for key, weight in weights.items()}


def save_given(
    name: str, state_dict: Mapping[str, Tensor], *, half: bool = True, folder: str | Path | None = None
) -> Path:
    """Store a model's weights for `given(name)`, by default as float16 (half the size, three digits); returns the file.

    Raises ValueError for a name other than lower-case letters, digits and underscores, and for weights that are not
    finite or do not fit into float16 (beyond ±65,504).
    """
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise ValueError(f"A checkpoint's name is made of a-z, 0-9 and _, got {name!r}.")
    stored = {}
    for key, weight in state_dict.items():
        # A clone, since torch.save writes the whole storage behind a view.
        weight = weight.detach().cpu().clone(memory_format=torch.contiguous_format)
        if weight.is_floating_point():
            weight = weight.half() if half else weight.float()
            if not weight.isfinite().all():
                raise ValueError(f"{name}: {key} holds values that are not finite{' as float16' if half else ''}.")
        stored[key] = weight
    # Through memory: torch.save would write the file's name into the file.
    buffer = io.BytesIO()
    torch.save(stored, buffer)
    folder = Path(folder or CHECKPOINTS)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.pt"
    file.write_bytes(buffer.getvalue())
    return file
