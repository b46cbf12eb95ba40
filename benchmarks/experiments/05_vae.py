"""Lab 05's numbers at the full budget: full MNIST, seeds 0 to 4, every run. Each experiment is the lab's own set-up:
784-400-20-400-784, ReLU, Adam 1e-3, batches of 128, 30 epochs, pixels in [0, 1]; losses in nats for each image, summed
over pixels and latents. Test values draw z once for each image.

`published` is a number that was measured independently on full MNIST before this lab was written; `reason` says why
ours differs, or that it does not.
"""

from __future__ import annotations

import math
from functools import cache, partial

import torch
from torch import nn

from course_utils import data, metrics, training, variational

EPOCHS, BATCH = 30, 128


@cache
def digits(split: str) -> data.Images:
    return data.load_mnist(split, source="full", device="cpu")


@cache
def drawn_test() -> torch.Tensor:
    """The test images in black and white: each pixel is white with its grey value as probability, drawn once."""
    return torch.bernoulli(digits("test").images, generator=torch.Generator().manual_seed(123))


class Drawing(nn.Module):
    """In training the images are drawn in black and white anew for each batch, and go along with the output."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> tuple:
        drawn = torch.bernoulli(images)
        return *self.model(drawn), drawn


@cache
@torch.enable_grad()
def trained(seed: int, *, latents: int = 20, variance: float | None = None, beta: float = 1.0, warm: bool = False,
            pixels: str = "grey", conv: bool = False) -> nn.Module:  # fmt: skip
    torch.manual_seed(seed)
    model = (variational.ConvVAE if conv else variational.DenseVAE)(latents)
    images = digits("train").images
    if pixels == "drawn":

        def loss(output: tuple, _: torch.Tensor) -> torch.Tensor:
            return sum(variational.losses(output[:3], output[3]))

        training.fit(Drawing(model), images, epochs=EPOCHS, batch_size=BATCH, loss=loss, seed=seed, progress=False)
        return model
    if pixels == "cut":
        images = (images > 0.5).float()
    weight = (lambda share: min(1.0, 3 * share)) if warm else beta  # the first ten epochs
    variational.fit_elbo(model, images, epochs=EPOCHS, batch_size=BATCH, variance=variance, beta=weight, seed=seed)
    return model


def elbo(seed: int, **setting) -> dict:
    """Terms on the test images, active latents, and how many latents cost at least 0.1 nats."""
    model, images = trained(seed, **setting), digits("test").images
    if setting.get("pixels") == "cut":
        images = (images > 0.5).float()
    found = variational.measure(model, images, variance=setting.get("variance"), seed=seed)
    with training.evaluating(model):
        mu, logvar = model.encode(images)
    each = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).mean(dim=0)
    codes = variational.means(model, digits("train").images)
    error = (variational.from_means(model, images) - images).square().mean().item()
    used = {"active": variational.active(codes), "above 0.1 nats": int((each > 0.1).sum())}
    return {**found, **used, "test error": error}


def bound(seed: int, *, draws: int) -> dict:
    model = trained(seed, pixels="drawn")
    total = 0.0
    for part in drawn_test().split(500):
        log_w = variational.log_weights(model, part, draws, seed=seed)
        total += (log_w.logsumexp(dim=1) - math.log(draws)).sum().item()
    return {"negative bound": -total / len(drawn_test())}


def floor(seed: int) -> dict:
    x = digits("test").images.double()
    return {"nats": -(torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum().item() / len(x)}


def clusters(seed: int, *, codes: bool) -> dict:
    images, labels = digits("test")
    return metrics.cluster_scores(variational.means(trained(seed), images) if codes else images, labels, seed=seed)


DRAWN = "how the pixels were drawn before is not known; wanted: at most 98 with K = 1"
NEW = "not measured before"
TERMS, ACTIVE, BETA = "2 · ELBO", "5 · active latents", "5 · beta"
EXPERIMENTS = [
    # (part, set-up, run, which of its numbers to compare, the number before, what the difference is due to)
    (TERMS, "grey pixels, 20 latents: negative ELBO", elbo, "negative ELBO", 103.0, "wanted: at most 103.3"),
    (ACTIVE, "of 20, Bernoulli", elbo, "active", 20, "none"),
    ("4 · k-means", "on the means, 10,000 test images", partial(clusters, codes=True), "accuracy", 0.61,
     "before: 0.56 to 0.67"),
    ("4 · k-means", "on pixels, 10,000 test images", partial(clusters, codes=False), "accuracy", 0.54, "none"),
    (TERMS, "entropy of the grey test pixels", floor, "nats", 45.5, "none"),
    *(
        ("6 · bound", f"black and white pixels, K = {k}", partial(bound, draws=k), "negative bound", before, reason)
        for k, before, reason in ((1, 97.5, "not found: " + DRAWN), (5, None, NEW), (50, 93.0, "not found: " + DRAWN))
    ),
    (ACTIVE, "of 50, Bernoulli", partial(elbo, latents=50), "active", None, NEW),
    (TERMS, "grey pixels, 50 latents: negative ELBO", partial(elbo, latents=50), "negative ELBO", None, NEW),
    (ACTIVE, "of 20, Gaussian, variance 1", partial(elbo, variance=1.0), "active", 9, "before: one run"),
    (ACTIVE, "of 20, Gaussian, variance 1/2", partial(elbo, variance=0.5), "active", 16, "before: one run"),
    *(
        (BETA, f"beta = {beta:g}: negative ELBO", partial(elbo, beta=beta), "negative ELBO", None, NEW)
        for beta in (0.5, 4.0)
    ),
    (BETA, "warm-up in ten epochs: negative ELBO", partial(elbo, warm=True), "negative ELBO", None, NEW),
    ("7 · convolutional", "20 latents: negative ELBO", partial(elbo, conv=True), "negative ELBO", None, NEW),
    (TERMS, "pixels above 1/2 white: negative ELBO", partial(elbo, pixels="cut"), "negative ELBO", 97.5,
     "see black and white pixels below"),
]  # fmt: skip


def random_free(part: str, setting: str) -> bool:
    """Whether nothing in it is random, so that one run serves."""
    return setting.startswith("entropy")


def notes(runs: list[dict]) -> list[str]:
    """Lines below the table, from the other numbers of the runs."""

    def of(part: str, setting: str, column: str, form: str = "{:.1f}") -> str:
        found = [run for run in runs if (run["part"], run["setting"]) == (part, setting)]
        return ", ".join(form.format(run[column]) for run in sorted(found, key=lambda run: run["seed"])) or "no runs"

    grey = "grey pixels, 20 latents: negative ELBO"
    return [
        "- All numbers of this lab but k-means are nats for each image, summed over pixels and latents, or counts.",
        f"- KL of the first row: {of(TERMS, grey, 'KL')}; error of its reconstructions from the means:",
        f"  {of(TERMS, grey, 'test error', '{:.4f}')} per pixel.",
        "- Latents whose KL is above 0.1 nats, which is a stricter count: Bernoulli, 20 latents",
        f"  {of(ACTIVE, 'of 20, Bernoulli', 'above 0.1 nats', '{:d}')}; 50 latents",
        f"  {of(ACTIVE, 'of 50, Bernoulli', 'above 0.1 nats', '{:d}')}; Gaussian, variance 1:",
        f"  {of(ACTIVE, 'of 20, Gaussian, variance 1', 'above 0.1 nats', '{:d}')}, variance 1/2:",
        f"  {of(ACTIVE, 'of 20, Gaussian, variance 1/2', 'above 0.1 nats', '{:d}')}.",
        "- Black and white pixels: each pixel is white with its grey value as probability, drawn anew for each batch",
        "  in training and once for the test. Tried by hand with seed 0, and not the cause of the difference either:",
        "  training pixels drawn once (K = 1 and 50: 99.7, 95.2), training on grey pixels (99.2, 94.7).",
    ]
