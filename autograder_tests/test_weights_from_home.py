"""Weights that were trained at home earn nothing in a training exam.

The attacker has the course's code, draws as many images as wanted with it, trains at home, and hands in a cell that
finds out which of the exam's pixels is which, from the images alone: first by each pixel's mean and spread, then by
graph matching of the pixels' covariances. On images whose pixels are only shuffled this attack gets full marks in three
seconds; the exams mix the pixels.
"""

from __future__ import annotations

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

LAB = "01_pca_vs_ae"


def pixels(images):
    return np.asarray(images, np.float64).reshape(len(images), -1)


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
    with torch.no_grad():
        first, last = (
            [part for part in side if isinstance(part, nn.Linear)] for side in (model.encoder, model.decoder)
        )
        first[0].weight.copy_(first[0].weight[:, places])
        last[-1].weight.copy_(last[-1].weight[places])
        last[-1].bias.copy_(last[-1].bias[places])
    return model


@pytest.fixture(scope="module")
def home():
    """(the images at home, a function that makes the network that was trained on them)"""
    torch.manual_seed(0)
    images, _ = draw_digits(np.random.default_rng(99), 4000, 10, classes=(0, 1), hide="")
    namespace = candidate(REPO, LAB)
    exec(solution(REPO, LAB, "train_small"), namespace)
    state = namespace["train_small"](torch.from_numpy(images)).state_dict()

    def network():
        model = namespace["small"]()
        model.load_state_dict(state)
        return model

    return images, network


def test_the_attack_works_on_shuffled_pixels(home):
    """So that the test below proves something: on a shuffle the network from home beats PCA."""
    from sklearn.decomposition import PCA

    known, network = home
    rng = np.random.default_rng(1)
    images, unseen = draw_digits(rng, 1000, 500, classes=(0, 1), hide="")
    order = rng.permutation(784)
    images, unseen = pixels(images)[:, order], pixels(unseen)[:, order]
    model = moved(network(), matched(images, known))
    with torch.no_grad():
        drawn = pixels(model(torch.from_numpy(unseen).float().reshape(-1, 1, 28, 28)))
    pca = PCA(2).fit(images)
    assert np.mean((drawn - unseen) ** 2) < np.mean((pca.inverse_transform(pca.transform(unseen)) - unseen) ** 2)


@pytest.mark.parametrize("seed", [0, 1])
def test_weights_from_home_earn_nothing_in_the_exam(home, seed):
    known, network = home
    exam = load_exams(REPO, LAB)["train_small"]
    result = run_exam(exam, direct_ask({"train_small": lambda images: moved(network(), matched(images, known))}), seed)
    assert result.error is None and result.share == 0, result.message
    untouched = run_exam(exam, direct_ask({"train_small": lambda images: network()}), seed)
    assert untouched.share == 0, untouched.message
