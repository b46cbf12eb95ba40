"""Variational autoencoders for the sections that look at trained ones.

One convention throughout: losses are summed over pixels and over latents, and averaged over the images. All losses are
in nats for each image. An answer to an exercise cannot call the guarded functions here (see `course_utils.guard`).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Normal, kl_divergence

from course_utils import training
from course_utils.guard import not_an_answer

ACTIVE = 0.01
"""Variance over the images above which the mean of a latent counts as active (Burda, Grosse and Salakhutdinov 2016)."""


class DenseVAE(nn.Module):
    """P-hidden-latents-hidden-P with ReLU, P = 784 pixels. One layer gives the means and the logarithms of variances.

    encode(images [N, 1, 28, 28]) returns mu and logvar, [N, latents] each; decode(z [N, latents]) returns logits
    [N, 1, 28, 28]; the model itself draws a new z at each call and returns (logits, mu, logvar).
    """

    def __init__(self, latents: int = 20, hidden: int = 400) -> None:
        super().__init__()
        self.latents = latents
        self.encoder = _chain(nn.Flatten(), nn.Linear(784, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latents))
        self.decoder = _chain(
            nn.Linear(latents, hidden), nn.ReLU(), nn.Linear(hidden, 784), nn.Unflatten(1, (1, 28, 28))
        )

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        mu, logvar = self.encoder(images).chunk(2, dim=1)
        return mu, logvar

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        both = self.encode(images)
        return self.decode(_posterior(*both).rsample()), *both


class ConvVAE(DenseVAE):
    """The same interface with convolutions: 28 to 14 to 7 with 4 x 4 filters of stride 2 (16, then 32), and back."""

    def __init__(self, latents: int = 20) -> None:
        nn.Module.__init__(self)
        self.latents = latents
        self.encoder = _chain(
            nn.Conv2d(1, 16, 4, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(16, 32, 4, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(32 * 7 * 7, 2 * latents),
        )  # fmt: skip
        self.decoder = _chain(
            nn.Linear(latents, 32 * 7 * 7), nn.ReLU(), nn.Unflatten(1, (32, 7, 7)),
            nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1), nn.ReLU(),
            nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1),
        )  # fmt: skip


class LabelledVAE(DenseVAE):
    """A conditional VAE: encoder and decoder get the class as well. Images come as [N, 1, 28, 28] with labels [N]."""

    def __init__(self, latents: int = 20, hidden: int = 400, classes: int = 10) -> None:
        super().__init__(latents, hidden)
        self.classes = classes
        self.encoder[1] = nn.Linear(784 + classes, hidden)
        self.decoder[0] = nn.Linear(latents + classes, hidden)

    def encode(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        return super().encode(torch.cat([images.flatten(1), self._one_hot(labels)], dim=1))

    def decode(self, z: Tensor, labels: Tensor) -> Tensor:
        return super().decode(torch.cat([z, self._one_hot(labels)], dim=1))

    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mu, logvar = self.encode(images, labels)
        return self.decode(_posterior(mu, logvar).rsample(), labels), mu, logvar

    def _one_hot(self, labels: Tensor) -> Tensor:
        return nn.functional.one_hot(labels, self.classes).float()


@not_an_answer
def losses(output: tuple, images: Tensor, *, variance: float | None = None) -> tuple[Tensor, Tensor]:
    """(reconstruction, KL) of a batch, in nats for each image: sums over pixels and latents, means over the images.

    output: (logits, mu, logvar). variance: of a Gaussian decoder, whose mean is the sigmoid of the logits; None for a
    Bernoulli decoder. The negative ELBO (Kingma and Welling 2014) is the sum of the two.
    """
    logits, mu, logvar = output
    if variance is None:
        likelihood = Bernoulli(logits=logits, validate_args=False)
    else:
        likelihood = Normal(logits.sigmoid(), math.sqrt(variance))
    reconstruction = -likelihood.log_prob(images).flatten(1).sum(dim=1).mean()
    return reconstruction, kl_divergence(_posterior(mu, logvar), Normal(0.0, 1.0)).sum(dim=1).mean()


@not_an_answer
def fit_elbo(
    model: nn.Module, images: Tensor, *, epochs: int, batch_size: int = 64, learning_rate: float = 1e-3,
    beta: float | Callable[[float], float] = 1.0, variance: float | None = None, seed: int = 0,
    callbacks: tuple = (), progress: bool = False,
) -> training.History:  # fmt: skip
    """Train a VAE on reconstruction + beta * KL with Adam; returns the History of that loss.

    beta: a number, or a function of the finished share of the training (0 to 1), for a warm-up.
    The rest as in `training.fit`.
    """
    steps, done = epochs * math.ceil(len(images) / batch_size), 0

    def loss(output: tuple, batch: Tensor) -> Tensor:
        nonlocal done
        weight = beta(done / steps) if callable(beta) else beta
        done += model.training
        reconstruction, kl = losses(output, batch, variance=variance)
        return reconstruction + weight * kl

    options = {"optimizer": training.adam(learning_rate), "loss": loss, "callbacks": callbacks}
    return training.fit(model, images, epochs=epochs, batch_size=batch_size, seed=seed, progress=progress, **options)


@not_an_answer
def measure(model: nn.Module, images: Tensor, *, variance: float | None = None, seed: int = 0) -> dict[str, float]:
    """{"negative ELBO", "reconstruction", "KL"} over all images, in nats for each, z drawn once from `seed`."""
    found = [
        training.evaluate(model, images, loss=lambda o, x, i=i: losses(o, x, variance=variance)[i], seed=seed)
        for i in (0, 1)
    ]
    return {"negative ELBO": sum(found), "reconstruction": found[0], "KL": found[1]}


def means(model: nn.Module, images: Tensor) -> Tensor:
    """The means of all posteriors [N, latents]: evaluation mode, no gradients."""
    with training.evaluating(model):
        return torch.cat([model.encode(part)[0] for part in images.split(1000)])


@not_an_answer
def from_means(model: nn.Module, images: Tensor) -> Tensor:
    """Reconstructions [N, 1, 28, 28] in [0, 1], decoded from the means without noise."""
    with training.evaluating(model):
        return torch.cat([model.decode(model.encode(part)[0]).sigmoid() for part in images.split(1000)])


@not_an_answer
def from_prior(model: nn.Module, count: int, *, seed: int = 0) -> Tensor:
    """Images [count, 1, 28, 28] in [0, 1], decoded from codes that are drawn from N(0, 1)."""
    z = torch.randn(count, model.latents, generator=torch.Generator().manual_seed(seed))
    with training.evaluating(model):
        return model.decode(z.to(next(model.parameters()).device)).sigmoid()


@not_an_answer
def active(codes: Tensor) -> int:
    """How many columns of the means [N, latents] have a variance of more than `ACTIVE` over the images."""
    return int((codes.var(dim=0) > ACTIVE).sum())


@not_an_answer
def kl_of_latents(model: nn.Module, images: Tensor) -> Tensor:
    """The KL of each latent [latents], in nats, averaged over the images."""
    with training.evaluating(model):
        return torch.cat(
            [kl_divergence(_posterior(*model.encode(part)), Normal(0.0, 1.0)) for part in images.split(1000)]
        ).mean(dim=0)


@not_an_answer
def log_weights(model: nn.Module, images: Tensor, draws: int, *, seed: int = 0) -> Tensor:
    """log p(x, z) - log q(z | x) for `draws` codes z of each image, [N, draws] (Burda et al. 2016), Bernoulli decoder.

    images: [N, 1, 28, 28], black and white. The mean of a row estimates the image's ELBO.
    """
    columns, prior = [], Normal(0.0, 1.0)
    with training.evaluating(model), training.seeded(seed, images.device):
        q = _posterior(*model.encode(images))
        for _ in range(draws):
            z = q.sample()
            likelihood = Bernoulli(logits=model.decode(z), validate_args=False).log_prob(images).flatten(1).sum(dim=1)
            columns.append(likelihood + (prior.log_prob(z) - q.log_prob(z)).sum(dim=1))
    return torch.stack(columns, dim=1)


def _chain(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(*layers)


def _posterior(mu: Tensor, logvar: Tensor) -> Normal:
    return Normal(mu, (logvar / 2).exp(), validate_args=False)
