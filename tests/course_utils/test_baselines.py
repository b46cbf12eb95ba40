"""What the labs compare with: PCA on images, and trials of one set-up."""

import pytest
import torch
from torch import nn

from course_utils import training
from course_utils.baselines import Pca
from course_utils.trials import Trials, as_he, as_torch, deep, in_words

IMAGES = torch.rand(40, 1, 6, 5, generator=torch.Generator().manual_seed(0))
SETUP = {
    "hidden": nn.ReLU, "code": nn.Identity, "output": nn.Sigmoid, "start": as_torch,
    "rate": 1e-3, "schedule": None, "batch_size": 8, "seed": 0,
}  # fmt: skip


def test_pca_is_the_best_subspace():
    flat = IMAGES.flatten(1)
    centred = flat - flat.mean(dim=0)
    s = torch.linalg.svdvals(centred)
    pca = Pca(IMAGES, 12)
    assert pca.variances == pytest.approx((s[:12] ** 2 / 39).numpy(), rel=1e-4)
    for k in (2, 12):
        assert pca.error(IMAGES, k) == pytest.approx((s[k:].square().sum() / flat.numel()).item(), rel=1e-3)
    assert pca.reconstruct(IMAGES, 3).shape == IMAGES.shape
    torch.testing.assert_close(Pca(IMAGES).reconstruct(IMAGES), IMAGES, atol=1e-4, rtol=1e-3)


def test_a_row_names_all_that_was_changed():
    peaks = [in_words({"schedule": training.one_cycle(peak)}) for peak in (1e-3, 2e-3)]
    assert peaks == ["schedule one_cycle(0.001)", "schedule one_cycle(0.002)"]
    assert in_words({"rate": 1e-3, "code": nn.Tanh, "start": as_he}) == "rate 0.001, code Tanh, start as_he"
    assert in_words({"schedule": training.cosine}) == "schedule cosine"
    assert in_words({}) == "no change"


def test_trials_keep_every_error_and_refuse_unknown_choices(capsys):
    images = torch.rand(16, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    trials = Trials(SETUP, images, images, epochs=1)
    trials.run("first")
    model = trials.run(rate=1e-2)
    assert trials.errors["rate 0.01"] == pytest.approx(training.evaluate(model, images))
    trials.table({"another": 9.0})
    lines = capsys.readouterr().out.splitlines()
    assert next(line.split("  ")[-1] for line in lines) == "another" and len(lines) == 3
    with pytest.raises(ValueError, match="no such choice: epochs"):
        trials.run(epochs=3)


def test_initial_weights_of_he_keep_the_spread():
    choices = {name: SETUP[name] for name in ("hidden", "code", "output")}
    weights = {start: deep(**choices, start=start, seed=0).encoder[0].weight for start in (as_torch, as_he)}
    assert weights[as_he].var().item() == pytest.approx(2 / 784, rel=0.02)
    assert weights[as_torch].var().item() == pytest.approx(1 / (3 * 784), rel=0.02)
