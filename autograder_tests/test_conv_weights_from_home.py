"""Convolutional networks that were trained at home earn nothing in lab 04's training exam.

Images for convolutions cannot be disguised: any transformation that keeps neighbouring pixels together can be learned
at home. So the exam passes in a network with random weights and compares them with the returned weights. The attacker
has a network that reaches the required error on every exam's images. Its channels can be permuted without changing its
output. The attacker uses the order in which the weights are most similar to the initial ones, and mixes these in.
"""

from __future__ import annotations

import importlib
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from tested_labs import REPO
from torch.nn import functional as F

from course_admin.grading.exams import load_exams, run_exam
from course_utils import training
from course_utils.data.drawn import draw_digits
from course_utils.networks import ConvNet
from course_utils.probes import direct_ask

judge = importlib.import_module("course_utils.checks.conv.train_conv")  # in the package, this name is the exercise


@pytest.fixture(scope="module")
def home():
    """Train a network at home on images drawn like the exam's, turned and flipped at random; return the weights."""
    drawn = [
        judge.black_on_white(draw_digits(np.random.default_rng(900 + i), 500, 1, hide="turn")[0]) for i in range(8)
    ]
    torch.manual_seed(0)
    model = ConvNet()
    training.fit(
        model,
        torch.from_numpy(np.concatenate(drawn)),
        epochs=6,
        batch_size=32,
        loss=F.binary_cross_entropy_with_logits,
        optimizer=training.adam(8e-3),
        schedule=training.one_cycle(8e-3),
        progress=False,
    )
    return model.state_dict()


def leaving(name, weight):
    """Return a weight with its output channels first, or undo that. Transposed convolutions have their inputs first."""
    return weight if name.startswith("down") else weight.transpose(0, 1)


def entering(name, weight):
    return leaving(name, weight).transpose(0, 1)


def matched(state, start, rounds=5):
    """Permute each layer's channels so that the weights resemble those of `start`; the outputs stay the same."""
    state = {name: value.clone() for name, value in state.items()}
    layers = [name for name in start if name.endswith("weight")]
    unit = lambda rows: rows.flatten(1) / rows.norm()  # noqa: E731
    for _ in range(rounds):
        for one, other in pairwise(layers):
            alike = sum(
                unit(side(name, start[name])) @ unit(side(name, state[name])).T
                for side, name in ((leaving, one), (entering, other))
            )
            order = linear_sum_assignment(-alike.numpy())[1]
            bias = one.replace("weight", "bias")
            state[one] = leaving(one, leaving(one, state[one])[order])
            state[bias] = state[bias][order]
            rows = entering(other, state[other])[order].transpose(0, 1)
            state[other] = leaving(other, rows)
    return state


def mixed(state, start, share):
    """Add a share of the initial weights to the weights, layer by layer. Biases stay unchanged."""
    grown = {name: share * value * state[name].std() / value.std() for name, value in start.items() if value.ndim > 1}
    return {name: value + grown.get(name, 0) for name, value in state.items()}


def error(state, images, seen):
    model = ConvNet()
    model.load_state_dict(state)
    with torch.no_grad():
        drawn = model(torch.from_numpy(images)).sigmoid().numpy()
    return np.mean((drawn - images) ** 2) / np.mean((seen.mean(axis=0) - images) ** 2)


def test_the_network_from_home_draws_the_digits_of_an_exam(home):
    """Judged by its error alone, the network would pass in any order of its channels: the next test is not trivial."""
    rng = np.random.default_rng(1)
    seen, unseen = (judge.black_on_white(images) for images in draw_digits(rng, 1000, 500, hide="turn"))
    start = {name: torch.from_numpy(value) for name, value in judge.initial_weights(rng).items()}
    same = matched(home, start)
    assert error(home, unseen, seen) < judge.ENOUGH
    assert error(same, unseen, seen) == pytest.approx(error(home, unseen, seen), rel=1e-3)
    near = {name: value.numpy() for name, value in same.items()}
    assert judge.nearness({name: value.numpy() for name, value in start.items()}, near) > 0.12  # 0 before matching


@pytest.mark.parametrize("share", [0.0, 0.15, 0.3, 0.45])
def test_convolutions_from_home_earn_nothing_in_the_exam(home, share):
    exam = load_exams(REPO, "04_conv")["train_conv"]

    def attack(model, images):
        start = model.state_dict()
        model.load_state_dict(mixed(matched(home, start), start, share))
        return model

    for seed in range(2):
        result = run_exam(exam, direct_ask({"train_conv": attack}), seed)
        assert result.error is None and result.share == 0, result.message
