"""Weights that were trained at home earn nothing in a training exam.

The attacker has the course's code, draws as many images as wanted with it, trains at home, and hands in a cell that
finds out which of the exam's pixels is which, from the images alone: first by each pixel's mean and spread, then by
graph matching of the pixels' covariances. On images whose pixels are only shuffled this attack gets full marks in three
seconds; the exams mix the pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from candidates import candidate, solution
from conftest import REPO
from scipy.optimize import linear_sum_assignment, quadratic_assignment
from torch import nn

from course_admin.grading.exams import load_exams, run_exam
from course_utils.data.drawn import draw_digits
from course_utils.probes import direct_ask


def pixels(images):
    return np.asarray(images, np.float64).reshape(len(images), -1)


def better_than_pca(model, images, unseen):
    """Lab 01: a smaller error than PCA with two components."""
    from sklearn.decomposition import PCA

    with torch.no_grad():
        drawn = pixels(model(torch.from_numpy(unseen).float().reshape(-1, 1, 28, 28)))
    pca = PCA(2).fit(images)
    return np.mean((drawn - unseen) ** 2) < np.mean((pca.inverse_transform(pca.transform(unseen)) - unseen) ** 2)


def removes_noise(model, images, unseen):
    """Lab 03: an error on noisy images of at most ENOUGH times that of the mean image."""
    from course_utils.checks.sparse_denoising.train_denoiser import ENOUGH, LEVEL

    noisy = unseen + LEVEL * np.random.default_rng(0).normal(size=unseen.shape)
    with torch.no_grad():
        drawn = model(torch.from_numpy(noisy).float()).numpy()
    return np.mean((drawn - unseen) ** 2) < ENOUGH * np.mean((images.mean(axis=0) - unseen) ** 2)


@dataclass(frozen=True)
class Training:
    """A training exam: how the attacker trains at home, and when weights would pass."""

    lab: str
    exercise: str
    network: str
    classes: tuple[int, ...] | None
    train: Callable
    passes: Callable


TRAININGS = [
    Training("01_pca_vs_ae", "train_small", "small", (0, 1), lambda train, images: train(images), better_than_pca),
    Training(
        "03_sparse_denoising",
        "train_denoiser",
        "new_denoiser",
        None,
        lambda train, images: train(images.flatten(1), lambda batch: batch + 0.5 * torch.randn_like(batch)),
        removes_noise,
    ),
]


def matched(images, known):
    """For each pixel of `images` [N, ...] the pixel of `known` that it seems to be."""
    images, known = pixels(images), pixels(known)
    about = [np.stack([x.mean(axis=0), x.std(axis=0)], axis=1) for x in (images, known)]
    apart = ((about[0][:, None] - about[1][None]) ** 2).sum(axis=-1)
    start = np.full(apart.shape, 0.2 / len(apart))
    start[linear_sum_assignment(apart)] += 0.8
    options = {"maximize": True, "P0": start, "maxiter": 30, "rng": 0}
    return quadratic_assignment(np.cov(images.T), np.cov(known.T), method="faq", options=options).col_ind


def moved(model, places):
    """The network from home, its first and last layer in the order of the exam's pixels."""
    places = torch.as_tensor(places)
    layers = [part for part in model.modules() if isinstance(part, nn.Linear)]
    with torch.no_grad():
        layers[0].weight.copy_(layers[0].weight[:, places])
        layers[-1].weight.copy_(layers[-1].weight[places])
        layers[-1].bias.copy_(layers[-1].bias[places])
    return model


@pytest.fixture(scope="module", params=TRAININGS, ids=[training.exercise for training in TRAININGS])
def home(request):
    """(the training exam, the images at home, a function that makes the network that was trained on them)"""
    training = request.param
    torch.manual_seed(0)
    images, _ = draw_digits(np.random.default_rng(99), 4000, 10, classes=training.classes, hide="")
    namespace = candidate(REPO, training.lab)
    exec(solution(REPO, training.lab, training.exercise), namespace)
    state = training.train(namespace[training.exercise], torch.from_numpy(images)).state_dict()

    def network():
        model = namespace[training.network]()
        model.load_state_dict(state)
        return model

    return training, images, network


def test_the_attack_works_on_shuffled_pixels(home):
    """So that the test below proves something: on a shuffle the network from home would pass."""
    training, known, network = home
    rng = np.random.default_rng(1)
    images, unseen = draw_digits(rng, 1000, 500, classes=training.classes, hide="")
    order = rng.permutation(784)
    images, unseen = pixels(images)[:, order], pixels(unseen)[:, order]
    assert training.passes(moved(network(), matched(images, known)), images, unseen)


@pytest.mark.parametrize("seed", [0, 1])
def test_weights_from_home_earn_nothing_in_the_exam(home, seed):
    training, known, network = home
    exam = load_exams(REPO, training.lab)[training.exercise]

    def attack(images, *_):
        return moved(network(), matched(images, known))

    result = run_exam(exam, direct_ask({training.exercise: attack}), seed)
    assert result.error is None and result.share == 0, result.message
    untouched = run_exam(exam, direct_ask({training.exercise: lambda images, *_: network()}), seed)
    assert untouched.share == 0, untouched.message
