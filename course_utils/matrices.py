"""The network of lab 02 as an object that takes images and gives images, for sections that need it trained.

    model = MatrixAutoencoder(d=2, seed=0).fit(train.images)
    model.error(test.images)

784-256-d-256-784: ReLU in the two hidden layers, tanh at the output. Every number of its matrices begins at
N(0, 0.01^2); Adam with a learning rate of 0.003 takes steps with 40 images each, drawn with replacement. The same seed
gives the same network on the same machine; processors round differently, and training enlarges such differences.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from course_utils import training

STD, RATE, BATCH = 0.01, 3e-3, 40


class MatrixAutoencoder:
    """Images [N, 1, 28, 28] in [0, 1] to codes [N, d] and back, all on the CPU.

    d: numbers in a code; relu_code: a ReLU on the code, as published, else a linear code; seed: of the initial matrices
    and of all batches. Errors are those of pixels in [-1, 1], four times those of pixels in [0, 1].
    """

    def __init__(self, d: int, *, relu_code: bool = False, seed: int = 0) -> None:
        self.d, self.relu_code, self.seed = d, relu_code, seed
        self._generator = torch.Generator().manual_seed(seed)
        self._layers = [nn.utils.skip_init(nn.Linear, n, m) for n, m in pairwise((784, 256, d, 256, 784))]
        for layer in self._layers:
            drawn = torch.normal(0, STD, (layer.in_features + 1, layer.out_features), generator=self._generator)
            with torch.no_grad():
                layer.weight.copy_(drawn[:-1].T)
                layer.bias.copy_(drawn[-1])
        first, second, third, last = self._layers
        self._encoder = nn.Sequential(nn.Flatten(), first, nn.ReLU(), second, *[nn.ReLU()] * relu_code)
        self._decoder = nn.Sequential(third, nn.ReLU(), last, nn.Tanh(), nn.Unflatten(1, (1, 28, 28)))
        self._range: tuple[torch.Tensor, torch.Tensor] | None = None

    @property
    def matrices(self) -> list[torch.Tensor]:
        """Copies of the four matrices [inputs + 1, outputs], the bias in the last row. They hold no gradients."""
        return [torch.vstack([layer.weight.detach().T, layer.bias.detach()]) for layer in self._layers]

    def fit(self, images: torch.Tensor, iterations: int | None = None) -> MatrixAutoencoder:
        """Train on images and return the network itself. iterations: 1,000 unless given, 10 at the quick budget."""
        if iterations is None:
            iterations = training.budget(full=1_000, study=1_000, quick=10)
        x = 2 * images - 1
        parameters = [parameter for layer in self._layers for parameter in layer.parameters()]
        adam = training.adam(RATE)(parameters)
        for _ in range(iterations):
            batch = x[(torch.rand(BATCH, generator=self._generator) * len(x)).long()]
            adam.zero_grad()
            nn.functional.mse_loss(self._decoder(self._encoder(batch)), batch).backward()
            adam.step()
        self._range = self.codes(images).aminmax(dim=0)
        return self

    @torch.no_grad()
    def codes(self, images: torch.Tensor) -> torch.Tensor:
        """The codes [N, d] of images."""
        return self._encoder(2 * images - 1)

    @torch.no_grad()
    def decode(self, codes: torch.Tensor) -> torch.Tensor:
        """Images [N, 1, 28, 28] in [0, 1] from codes [N, d]."""
        return (self._decoder(codes) + 1) / 2

    def redraw(self, images: torch.Tensor) -> torch.Tensor:
        """The reconstructions of images, in their shape and range."""
        return self.decode(self.codes(images))

    def draw(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """n images from random codes: each number uniform between its extremes on the images of `fit`, and independent.

        Raises RuntimeError before `fit`.
        """
        if self._range is None:
            raise RuntimeError("the network is not trained: call fit(images) first, whose codes set the range.")
        codes = [torch.empty(n).uniform_(a, b, generator=generator) for a, b in zip(*self._range, strict=True)]
        return self.decode(torch.stack(codes, dim=1))

    def error(self, images: torch.Tensor) -> float:
        """Mean squared error of the reconstructions, for pixels in [-1, 1]."""
        return 4 * nn.functional.mse_loss(self.redraw(images), images).item()

    def errors_without(self, images: torch.Tensor) -> list[float]:
        """The error that is left when the decoder gets only the mean of one code, for each of the d codes."""
        codes, errors = self.codes(images), []
        for number in range(self.d):
            blunt = codes.index_copy(1, torch.tensor([number]), codes[:, [number]].mean().expand(len(codes), 1))
            errors.append(4 * nn.functional.mse_loss(self.decode(blunt), images).item())
        return errors

    def trace(self, images: torch.Tensor) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """What one training step sees: (values, gradients).

        values: five tensors with a row for each image: what goes into each of the four layers, from the pixels in
        [-1, 1] on, and the output. gradients: autograd's, of the mean squared error of these images with respect to
        each of `matrices`.
        """
        values: list[torch.Tensor] = []
        hooks = [layer.register_forward_hook(lambda _, given, out: values.append(given[0])) for layer in self._layers]
        x = 2 * images - 1
        output = self._decoder(self._encoder(x))
        for hook in hooks:
            hook.remove()
        pairs = [(layer.weight, layer.bias) for layer in self._layers]
        found = torch.autograd.grad(nn.functional.mse_loss(output, x), [part for pair in pairs for part in pair])
        gradients = [torch.vstack([A.T, b]) for A, b in zip(found[::2], found[1::2], strict=True)]
        return [value.detach() for value in (*values, output.flatten(1))], gradients
