"""A classifier that was trained at home earns nothing, because the exam invents its classes (lab 06).

The attacker trains on all bundled digits and hands in the network. In the exam, the attack finds out from the labelled
images which digit looks most like which sign. Or it drops the last layer and keeps the features (transfer learning).

Features that were learned on hundreds of signs of draw_script, which is public, are good for new signs. So the exam
also asks for signs of another kind, which only the exam file draws.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from sklearn.linear_model import LogisticRegression
from tested_labs import REPO
from torch.nn import functional as F

from course_admin.grading.exams import load_exams, run_exam
from course_utils import few_labels, training
from course_utils.checks.semi_supervised import fit_predict as check
from course_utils.checks.toolkit import share_of
from course_utils.data import draw_script, load_mnist
from course_utils.probes import direct_ask

LAB = "06_semi_supervised"


@pytest.fixture(scope="module")
def home():
    """Train a convolutional network on the digits; it has an accuracy of 97 %."""
    torch.manual_seed(0)
    digits = load_mnist("train", source="sample")
    network = few_labels.new_convolutions()
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    for _ in range(400):
        rows = torch.randint(len(digits.labels), (100,))
        optimizer.zero_grad()
        F.cross_entropy(network(digits.images[rows]), digits.labels[rows]).backward()
        optimizer.step()
    return network.requires_grad_(False)


def by_digit(network):
    """Make an attack that matches each sign to the most similar digit, with the labelled images as evidence."""

    def fit_predict(images, labels, unlabelled):
        known, guesses = (network(part).argmax(dim=1).numpy() for part in (images, unlabelled))
        together = np.zeros((10, 10))
        np.add.at(together, (known, labels.numpy()), 1)
        _, sign = linear_sum_assignment(-together)
        return torch.from_numpy(sign[guesses])

    return fit_predict


def by_convolutions(network):
    """Make an attack that fits a linear layer to the output of the convolutions from home, the best of the attacks."""
    return by_features(network[:6])  # by_features also drops the last of these layers


def by_features(network):
    """Make an attack that fits a linear layer to the features of the network from home, without its last layer."""

    def fit_predict(images, labels, unlabelled):
        known, others = (network[:-1](part).numpy() for part in (images, unlabelled))
        return torch.from_numpy(LogisticRegression(max_iter=500).fit(known, labels.numpy()).predict(others))

    return fit_predict


def test_the_network_from_home_knows_digits_whatever_their_numbers(home):
    """The attack works on digits with permuted labels, so the next test is not trivial."""
    digits, names = load_mnist("test", source="sample"), torch.randperm(10)
    known = torch.cat([torch.nonzero(digits.labels == k)[:10, 0] for k in range(10)])
    guesses = by_digit(home)(digits.images[known], names[digits.labels[known]], digits.images)
    assert (guesses == names[digits.labels]).float().mean() > 0.9


@pytest.mark.parametrize("attack", [by_digit, by_features, by_convolutions])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_earns_nothing_for_signs(home, attack, seed):
    result = run_exam(load_exams(REPO, LAB)["fit_predict"], direct_ask({"fit_predict": attack(home)}), seed)
    assert result.error is None and result.share == 0, result.message


@pytest.fixture(scope="module")
def strokes():
    """Train a network at home on 150 invented signs like the check's. Its last layer is not used."""
    images, labels, _, _ = map(torch.from_numpy, draw_script(np.random.default_rng(77), 150, 30, 1))
    torch.manual_seed(0)
    network = few_labels.new_convolutions()
    network[-1] = torch.nn.Linear(128, 150)
    optimizer = torch.optim.Adam(network.parameters(), lr=4e-3, fused=True)
    schedule = training.cosine(optimizer, 500)
    for _ in range(500):
        rows = torch.randint(len(labels), (100,))
        maps = torch.eye(2, 3) + 0.15 * (2 * torch.rand(100, 2, 3) - 1)
        places = F.affine_grid(maps, [100, 1, 28, 28], align_corners=False)
        optimizer.zero_grad()
        F.cross_entropy(network(F.grid_sample(images[rows], places, align_corners=False)), labels[rows]).backward()
        optimizer.step()
        schedule.step()
    return network.requires_grad_(False)


def test_features_of_such_signs_pass_the_check_but_not_the_exam(strokes):
    """This is the reason why the exam also asks for signs of a kind that is not public."""
    ask = direct_ask({"fit_predict": by_features(strokes)})
    shares = [share_of(check.judge(ask, np.random.default_rng(seed))) for seed in range(8)]
    assert max(shares) == 1, "an attack that never passes the check proves nothing"
    results = [run_exam(load_exams(REPO, LAB)["fit_predict"], ask, seed) for seed in range(8)]
    assert max(result.share for result in results) < 0.06


def test_signs_are_drawn_anew_and_keep_their_geometry():
    first, again, other = (draw_script(np.random.default_rng(seed), 4, 3, 12) for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    images, labels, pool, truth = first
    assert images.shape == (12, 1, 28, 28) and pool.shape == (12, 1, 28, 28)
    assert images.dtype == np.float32 and images.min() >= 0 and images.max() <= 1
    assert np.bincount(labels).tolist() == [3] * 4 == np.bincount(truth).tolist()
    # Images of a class are similar, but not equal.
    means = np.stack([pool[truth == k].mean(axis=0) for k in range(4)])
    apart = ((images[:, None] - means[None]) ** 2).sum(axis=(2, 3, 4))
    assert (apart.argmin(axis=1) == labels).mean() > 0.6
    assert not np.array_equal(*images[labels == 0][:2])
