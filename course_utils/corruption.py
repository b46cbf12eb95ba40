"""Noise for the inputs of a denoiser."""

from __future__ import annotations

import torch

KINDS = ("gaussian", "salt and pepper", "masking")


class Corruption:
    """A function of a batch, for `fit(corrupt=...)` and `evaluate(corrupt=...)`, with new noise at every call.

        training.fit(model, images, corrupt=Corruption("gaussian", 0.5), epochs=5)

    kind: "gaussian" adds normal numbers of standard deviation `level` to the pixels and cuts nothing off;
    "salt and pepper" replaces a share `level` of the pixels, half of them by 1 and half by 0; "masking" replaces a
    share `level` by 0. Pixels are drawn independently of each other, with torch's global generator, which `fit` and
    `evaluate` seed. Raises ValueError for another kind, a negative level and a share above 1.
    """

    def __init__(self, kind: str, level: float) -> None:
        if kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(map(repr, KINDS))}, got {kind!r}.")
        if not isinstance(level, int | float) or level < 0 or (kind != "gaussian" and level > 1):
            raise ValueError(f"level is a standard deviation of at least 0, or a share from 0 to 1, got {level!r}.")
        self.kind, self.level = kind, level

    def __call__(self, batch: torch.Tensor) -> torch.Tensor:
        if self.kind == "gaussian":
            return batch + self.level * torch.randn_like(batch)
        dice = torch.rand_like(batch)
        kept = batch.masked_fill(dice < self.level, 0.0)
        return kept.masked_fill(dice < self.level / 2, 1.0) if self.kind == "salt and pepper" else kept

    def __repr__(self) -> str:
        return f"Corruption({self.kind!r}, {self.level:g})"
