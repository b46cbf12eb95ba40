"""Weights that were trained at home earn nothing in a training exam.

The attacker has the course's code, draws any number of images with it and trains at home. The submitted cell identifies
the exam's pixels from the images alone: first by each pixel's mean and standard deviation, then by graph matching of
the pixels' covariances. If the pixels are only shuffled, this attack gets full marks in three seconds. So the exams mix
the pixels. Training at home on mixed pixels does not help either.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from candidates import candidate, solution
from scipy.optimize import linear_sum_assignment, quadratic_assignment
from tested_labs import REPO
from torch import nn

from course_admin.grading.exams import load_exams, run_exam
from course_utils.checks.toolkit import training
from course_utils.data.drawn import draw_digits
from course_utils.probes import direct_ask
from course_utils.variational import DenseVAE


def noisy(batch):
    return batch + 0.5 * torch.randn_like(batch)


TRAININGS = {
    # exercise: (lab, the classes at home, the network of its exam, the arguments of its training)
    "train_small": ("01_pca_vs_ae", (0, 1), lambda names: names["small"](), lambda model, images: [images]),
    "train_denoiser": (
        "03_sparse_denoising", None, lambda names: names["new_denoiser"](),
        lambda model, images: [images.flatten(1), noisy],
    ),
    "train_vae": ("05_vae", (0, 1), lambda names: DenseVAE(10, 128), lambda model, images: [model, images]),
}  # fmt: skip


def pixels(images):
    return np.asarray(images, np.float64).reshape(len(images), -1)


def matched(images, known):
    """Return for each pixel of `images` [N, ...] the index of the most similar pixel of `known`."""
    images, known = pixels(images), pixels(known)
    about = [np.stack([x.mean(axis=0), x.std(axis=0)], axis=1) for x in (images, known)]
    apart = ((about[0][:, None] - about[1][None]) ** 2).sum(axis=-1)
    start = np.full(apart.shape, 0.2 / len(apart))
    start[linear_sum_assignment(apart)] += 0.8
    options = {"maximize": True, "P0": start, "maxiter": 30, "rng": 0}
    return quadratic_assignment(np.cov(images.T), np.cov(known.T), method="faq", options=options).col_ind


def moved(model, places):
    """Permute the inputs and outputs of the network from home into the order of the exam's pixels."""
    places = torch.as_tensor(places)
    layers = [part for part in model.modules() if isinstance(part, nn.Linear)]
    with torch.no_grad():
        layers[0].weight.copy_(layers[0].weight[:, places])
        layers[-1].weight.copy_(layers[-1].weight[places])
        layers[-1].bias.copy_(layers[-1].bias[places])
    return model


class Home:
    """A network that was trained at home for an exercise. hide: how draw_digits disguises the digits."""

    def __init__(self, exercise, hide):
        torch.manual_seed(0)
        self.exercise, (self.lab, classes, make, given) = exercise, TRAININGS[exercise]
        self.known, _ = draw_digits(np.random.default_rng(99), 4000, 10, classes=classes, hide=hide)
        names = candidate(REPO, self.lab)
        exec(solution(REPO, self.lab, exercise), names)
        self.make = lambda: make(names)
        self.state = names[exercise](*given(self.make(), torch.from_numpy(self.known))).state_dict()

    def network(self):
        model = self.make()
        model.load_state_dict(self.state)
        return model

    def attack(self, *given):
        """Return the attacker's answer: the network from home, its pixels matched to the exam's."""
        (images,) = (value for value in given if torch.is_tensor(value))
        return moved(self.network(), matched(images, self.known))

    def sit(self, answer, seed):
        result = run_exam(load_exams(REPO, self.lab)[self.exercise], direct_ask({self.exercise: answer}), seed)
        assert result.error is None, result.error
        return result


@pytest.fixture(scope="module", params=TRAININGS)
def home(request):
    return Home(request.param, hide="")


def test_the_attack_works_on_shuffled_pixels(home, monkeypatch):
    """On pixels that are only shuffled, the network from home passes the exam: the next test is not trivial."""

    def shuffled(rng, count, unseen, classes, hide):
        order = rng.permutation(784)
        drawn = draw_digits(rng, count, unseen, classes, hide="")
        return tuple(x.reshape(len(x), 784)[:, order].reshape(x.shape) for x in drawn)

    monkeypatch.setattr(training, "draw_digits", shuffled)
    result = home.sit(home.attack, 1)
    assert result.share >= 0.8, result.message  # the denoiser from home never calls corrupt(): minus 1/5


@pytest.mark.parametrize("seed", [0, 1])
def test_weights_from_home_earn_nothing_in_the_exam(home, seed):
    result = home.sit(home.attack, seed)
    assert result.share == 0, result.message
    untouched = home.sit(lambda *given: home.network(), seed)
    assert untouched.share == 0, untouched.message


def test_nor_do_weights_from_mixed_pixels():
    """Tested for the exam where weights from home come nearest to passing."""
    home = Home("train_vae", hide="mix")
    assert home.sit(home.attack, 2).share == 0
