"""A wide autoencoder whose code is sparse: only a few of its units are active for an image."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.training import fit, seeded


class WideAutoencoder(nn.Module):
    """pixels-units-pixels: a ReLU code, a linear output. Returns (reconstruction [N, pixels], code [N, units]).

    keep: how many units of each image keep their value, those with the largest codes; the others are set to 0 ("top-k",
    Makhzani and Frey 2013). None: all. unit_norm: the decoder's columns have length 1, so that codes cannot become
    small while the columns become long. Takes rows [N, pixels]. Raises ValueError for a `keep` that is not between 1
    and units.
    """

    def __init__(
        self, units: int = 1156, *, keep: int | None = None, unit_norm: bool = False, pixels: int = 784
    ) -> None:
        super().__init__()
        if keep is not None and not 1 <= keep <= units:
            raise ValueError(f"keep is how many units stay, from 1 to {units}, got {keep}.")
        self.encoder, self.decoder = nn.Linear(pixels, units), nn.Linear(units, pixels)
        self.keep, self.unit_norm = keep, unit_norm

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Codes [N, units] of rows [N, pixels]."""
        code = self.encoder(x).relu()
        if self.keep is not None:
            values, places = code.topk(self.keep, dim=1)
            code = torch.zeros_like(code).scatter(1, places, values)
        return code

    def decode(self, code: torch.Tensor) -> torch.Tensor:
        """Rows [N, pixels] from codes [N, units]."""
        weight = F.normalize(self.decoder.weight, dim=0) if self.unit_norm else self.decoder.weight
        return F.linear(code, weight, self.decoder.bias)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        code = self.encode(x)
        return self.decode(code), code


def fit_wide(
    images: torch.Tensor,
    *,
    weight: float = 0.0,
    keep: int | None = None,
    unit_norm: bool = False,
    units: int = 1156,
    epochs: int = 3,
    batch_size: int = 64,
    seed: int = 0,
) -> WideAutoencoder:
    """A trained `WideAutoencoder`: Adam 1e-3, squared error plus an L1 penalty on the code.

    images: rows [N, pixels]. weight: of the penalty, where error and penalty are sums over an image. seed: decides the
    initial weights and the order of the batches; torch's random state is left as it was.
    """
    with seeded(seed):
        model = WideAutoencoder(units, keep=keep, unit_norm=unit_norm, pixels=images.shape[1])

    def loss(output: tuple, target: torch.Tensor) -> torch.Tensor:
        made, code = output
        return (F.mse_loss(made, target, reduction="sum") + weight * code.sum()) / len(target)

    fit(model, images, epochs=epochs, batch_size=batch_size, loss=loss, seed=seed, progress=False)
    return model


@torch.no_grad()
def describe_code(model: WideAutoencoder, images: torch.Tensor) -> dict[str, float | int]:
    """What a wide network does with images, rows [N, pixels], on average over them.

    Returns {"error": mean squared error per pixel; "active": units with a code above 0 for an image; "dead": units
    that are active for none of the images; "brightness": the inner product of reconstruction and image over that of
    the image with itself, below 1 where reconstructions are too dark; "factor": the number a for which the mean of
    |image - a * reconstruction|^2 is smallest, above 1 where entries have shrunk and exactly 1 for a projection such as
    PCA's; "column": mean length of the decoder's columns, weighted by the sum of each unit's codes}.
    """
    made, code = model(images)
    sums = code.sum(dim=0)
    lengths = torch.ones_like(sums) if model.unit_norm else model.decoder.weight.norm(dim=0)
    return {
        "error": F.mse_loss(made, images).item(),
        "active": (code > 0).sum(dim=1).float().mean().item(),
        "dead": int((sums == 0).sum()),
        "brightness": ((made * images).sum(dim=1) / images.square().sum(dim=1)).mean().item(),
        "factor": ((made * images).sum() / made.square().sum().clamp(min=1e-12)).item(),
        "column": ((sums * lengths).sum() / sums.sum().clamp(min=1e-12)).item(),
    }
