"""course_utils.training: what `fit` promises."""

import math
import os
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from course_utils import training
from course_utils.data import Images
from course_utils.training import (
    History,
    adam,
    best_device,
    budget,
    cosine,
    count_parameters,
    evaluate,
    fit,
    one_cycle,
    pixel_error,
    reconstruct,
    seed_everything,
)


class Autoencoder(nn.Module):
    """Flattens by itself; returns the reconstruction and the code."""

    def __init__(self, pixels=16, width=3, dropout=0.0):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(pixels, width))
        self.decoder = nn.Linear(width, pixels)

    def forward(self, x):
        code = self.encoder(x)
        return self.decoder(code), code


def sgd(learning_rate):
    return lambda parameters: torch.optim.SGD(parameters, lr=learning_rate)


@pytest.fixture
def images():
    return torch.rand(50, 1, 4, 4, generator=torch.Generator().manual_seed(1))


def new_model(**options):
    torch.manual_seed(3)
    return Autoencoder(**options)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


# the loop


def test_one_full_batch_is_one_step_of_gradient_descent(images):
    model, twin = new_model(), new_model()
    history = fit(model, images, epochs=1, batch_size=50, optimizer=sgd(0.5))
    error = F.mse_loss(twin(images)[0], images.flatten(1))
    error.backward()
    with torch.no_grad():
        for p in twin.parameters():
            p -= 0.5 * p.grad
    assert torch.allclose(weights(model), weights(twin), atol=1e-6)
    assert history.train == pytest.approx([error.item()], rel=1e-5)


def test_several_epochs_learn(images):
    history = fit(new_model(), images, epochs=40, batch_size=10, optimizer=adam(1e-2), validation=images)
    assert history.epochs == len(history.validation) == len(history.seconds) == 40
    assert history.validation[-1] < 0.5 * history.train[0]


def test_the_smaller_last_batch_counts_by_its_size(images):
    """Nothing learns at a rate of 0, so the training loss is the loss over the whole set, whatever the batches."""
    images[-20:] *= 3
    expected = pixel_error(new_model()(images), images).item()
    for size in (50, 16, 7):
        history = fit(new_model(), images, epochs=2, batch_size=size, optimizer=sgd(0.0), validation=images)
        assert history.train == pytest.approx([expected] * 2, rel=1e-5)
        assert history.validation == pytest.approx([expected] * 2, rel=1e-5)


def test_every_image_is_seen_once_an_epoch_in_a_new_order(images):
    images = torch.arange(50.0)[:, None]
    seen = []

    def corrupt(x):
        seen.append(x.flatten())
        return x

    fit(nn.Linear(1, 1), images, epochs=2, batch_size=8, corrupt=corrupt, optimizer=sgd(1e-9))
    first, second = torch.cat(seen)[:50], torch.cat(seen)[50:]
    assert sorted(first.tolist()) == sorted(second.tolist()) == images.flatten().tolist()
    assert first.tolist() != second.tolist()


def test_the_loss_gets_whatever_the_model_returns(images):
    def sparse(output, target):
        reconstruction, code = output
        return F.mse_loss(reconstruction, target.flatten(1)) + 10 * code.abs().mean()

    plain, penalised = new_model(), new_model()
    fit(plain, images, epochs=30, batch_size=10, optimizer=adam(1e-2))
    fit(penalised, images, epochs=30, batch_size=10, optimizer=adam(1e-2), loss=sparse)
    assert penalised(images)[1].abs().mean() < 0.2 * plain(images)[1].abs().mean()


def test_targets_follow_their_images(images):
    """Each image is its own number; a target that went astray in shuffling would make the loss larger than 0."""
    images = torch.arange(50.0)[:, None]
    history = fit(
        nn.Linear(1, 1),
        images,
        targets=images * 2,
        epochs=2,
        batch_size=8,
        optimizer=sgd(0.0),
        loss=lambda output, target: (target % 2).mean() + 0 * output.sum(),
    )
    assert history.train == [0.0, 0.0]

    def mismatch(output, target):
        return (output - target).abs().mean()

    double = nn.Linear(1, 1)
    with torch.no_grad():
        double.weight.fill_(2)
        double.bias.zero_()
    pair = (images, images * 2)
    history = fit(
        double, images, targets=images * 2, epochs=1, batch_size=8, optimizer=sgd(0.0), loss=mismatch, validation=pair
    )
    assert history.train == history.validation == [0.0]


def test_a_corrupted_input_is_compared_with_the_clean_image(images):
    identity = nn.Linear(16, 16)
    with torch.no_grad():
        identity.weight.copy_(torch.eye(16))
        identity.bias.zero_()
    flat = images.flatten(1)
    history = fit(identity, flat, epochs=1, corrupt=lambda x: x + 1, optimizer=sgd(0.0), validation=flat)
    assert history.train + history.validation == pytest.approx([1.0, 1.0])


def test_frozen_weights_stay(images):
    model = new_model()
    model.encoder.requires_grad_(False)
    before = model.encoder[2].weight.clone()
    fit(model, images, epochs=2)
    assert torch.equal(model.encoder[2].weight, before)
    assert count_parameters(model) == 3 * 16 + 16


def test_no_gradient_is_left_over_from_before(images):
    """As after an interruption between backward and step."""
    model, twin = new_model(), new_model()
    for p in model.parameters():
        p.grad = torch.full_like(p, 100.0)
    for each in (model, twin):
        fit(each, images, epochs=1, optimizer=sgd(0.1))
    assert torch.equal(weights(model), weights(twin))


def rates_used(images, schedule):
    """The learning rate of each of the 21 steps."""
    made, rates = [], []

    def optimizer(parameters):
        made.append(torch.optim.SGD(parameters, lr=0.3))
        return made[0]

    def corrupt(x):
        rates.append(made[0].param_groups[0]["lr"])
        return x

    fit(new_model(), images, epochs=3, batch_size=8, schedule=schedule, optimizer=optimizer, corrupt=corrupt)
    return rates


def test_the_cosine_falls_from_the_first_batch_to_the_last(images):
    expected = [0.15 * (1 + math.cos(math.pi * step / 21)) for step in range(21)]
    assert rates_used(images, cosine) == pytest.approx(expected)


def test_one_cycle_rises_to_its_peak_and_ends_near_zero(images):
    rates = rates_used(images, one_cycle(0.2))
    assert max(rates) == pytest.approx(0.2, rel=0.02)
    assert 0 < rates.index(max(rates)) < 10
    assert rates[-1] < 0.001


# seeds and modes


def noisy(x):
    return x + 0.3 * torch.randn_like(x)


def test_the_seed_decides_and_the_state_outside_stays(images):
    def run(seed, stir, **options):
        model = new_model(dropout=0.5)
        torch.rand(stir)
        state = torch.get_rng_state()
        fit(model, images, epochs=3, batch_size=8, seed=seed, corrupt=noisy, **options)
        assert torch.equal(torch.get_rng_state(), state)
        return weights(model)

    assert torch.equal(run(5, stir=1), run(5, stir=2))
    assert not torch.equal(run(5, stir=1), run(6, stir=1))
    assert torch.equal(run(5, stir=1), run(5, stir=1, validation=images)), (
        "looking at validation changed what was learned"
    )


class FakeMps:
    """The generator of an Apple GPU, on machines without one."""

    def __init__(self, monkeypatch):
        self.state, self.seeds = 11, []
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
        monkeypatch.setattr(torch.mps, "get_rng_state", lambda: self.state)
        monkeypatch.setattr(torch.mps, "set_rng_state", lambda state: setattr(self, "state", state))
        monkeypatch.setattr(torch.mps, "manual_seed", self.seed)

    def seed(self, seed):
        self.state = seed
        self.seeds.append(seed)


def test_the_random_state_of_an_apple_gpu_outside_is_kept(images, monkeypatch):
    model, mps = new_model(), FakeMps(monkeypatch)
    with training.seeded(5, torch.device("mps")):
        assert mps.state == 5
        first = torch.rand(3)
    assert mps.state == 11
    with pytest.raises(ZeroDivisionError), training.seeded(5, torch.device("mps")):
        assert torch.equal(torch.rand(3), first)
        raise ZeroDivisionError
    assert mps.state == 11
    fit(model, images, epochs=1)
    assert (mps.state, mps.seeds) == (11, [5, 5]), "a training on the CPU touches no other device"


def test_a_sweep_keeps_it_too(monkeypatch):
    from course_utils.sweeps import sweep

    mps = FakeMps(monkeypatch)
    sweep({"a": lambda seed: {"loss": float(mps.state)}}, seeds=[1, 2], progress=False)
    assert (mps.state, mps.seeds) == (11, [1, 2])


@pytest.fixture
def touched(monkeypatch):
    """The seeds that were given to CUDA."""
    seeds = []
    for name in ("manual_seed", "manual_seed_all"):
        monkeypatch.setattr(torch.cuda, name, seeds.append)
    return seeds


def test_a_training_on_the_cpu_reseeds_no_gpu(images, touched):
    model = new_model()
    touched.clear()
    fit(model, images, epochs=1)
    assert touched == []


@pytest.mark.parametrize("what", ["sparse", "bound", "trials", "few labels"])
def test_whatever_takes_a_seed_leaves_every_random_state(what, touched):
    from course_utils import few_labels, sparse, trials, variational

    pixels = torch.rand(12, 1, 28, 28)
    labels = torch.arange(12) % 10
    task = few_labels.Task(pixels, labels, pixels, Images(pixels, labels))
    model, state = variational.DenseVAE(latents=2, hidden=4), torch.get_rng_state()
    if what == "sparse":
        sparse.fit_wide(pixels.flatten(1), units=4, epochs=1, seed=3)
    elif what == "bound":
        variational.log_weights(model, pixels.round(), 1, seed=3)
    elif what == "trials":
        trials.deep(hidden=nn.ReLU, code=nn.Identity, output=nn.Identity, start=trials.as_he, seed=3)
    else:
        few_labels.network(task, 3, steps=1, start="small")
        few_labels.joint(task, 3, 1.0, steps=1)
        few_labels.convolutional(task, 3, steps=1)
    assert torch.equal(torch.get_rng_state(), state) and touched == []


def test_validation_runs_without_dropout_and_modes_are_restored(images):
    model = new_model(dropout=0.5)
    model.decoder.eval()
    fit(model, images, epochs=1, validation=images)
    assert model.training
    assert model.encoder.training
    assert not model.decoder.training
    model.eval()
    expected = pixel_error(model(images), images).item()
    assert evaluate(model.train(), images) == pytest.approx(expected, rel=1e-5)
    assert model.training


def test_evaluate_weights_by_sample_and_repeats_itself(images):
    model = new_model()
    assert evaluate(model, images, batch_size=7) == pytest.approx(evaluate(model, images), rel=1e-5)
    noise = evaluate(model, images, corrupt=noisy)
    assert evaluate(model, images, corrupt=noisy) == noise
    assert evaluate(model, images, corrupt=noisy, seed=1) != noise
    right = evaluate(
        lambda x: x, images, targets=torch.arange(50), loss=lambda output, target: target.float().mean(), batch_size=7
    )
    assert right == pytest.approx(24.5)


def test_evaluate_and_reconstruct_need_no_gradient(images):
    asked = []
    evaluate(lambda x: asked.append(torch.is_grad_enabled()) or x, images)
    result = reconstruct(new_model(), images, batch_size=7)
    assert asked == [False]
    assert result.shape == images.shape
    assert not result.requires_grad
    assert torch.allclose(result.flatten(1), new_model()(images)[0], atol=1e-6)


def test_denormal_numbers_are_zero_in_training_only(images):
    """They slow Adam down; outside, the course changes nothing about arithmetic."""

    def tiny():
        return (torch.full((1,), 1e-40) * 1.5).item()

    if not torch.set_flush_denormal(False):
        pytest.skip("this processor cannot flush denormal numbers")
    within = []

    def watch(model, history):
        within.append(tiny())
        if history.epochs == 2:
            raise KeyboardInterrupt

    fit(new_model(), images, epochs=3, callbacks=[watch])
    assert within == [0, 0]
    assert tiny() > 0


# ends


def test_an_interruption_loses_nothing(images, capsys):
    calls = []

    class Watcher:
        def begin(self, model, history):
            calls.append(f"{history.epochs} of {history.planned}")

        def __call__(self, model, history):
            calls.append(history.epochs)
            if history.epochs == 2:
                raise KeyboardInterrupt

        def finish(self, model, history):
            calls.append(history.stopped)

    model = new_model(dropout=0.1)
    before = weights(model)
    state = torch.get_rng_state()
    history = fit(model, images, epochs=5, validation=images, callbacks=[Watcher()])
    assert history.epochs == len(history.validation) == 2
    assert calls == ["0 of 5", 1, 2, "interrupted"]
    assert not torch.equal(weights(model), before)
    assert torch.equal(torch.get_rng_state(), state)
    assert "Interrupted after 2 of 5 epochs" in capsys.readouterr().out
    assert "interrupted" in repr(history)


def test_callbacks_may_be_an_iterator(images):
    calls = []
    fit(new_model(), images, epochs=2, callbacks=(callback for callback in [lambda *_: calls.append("called")]))
    assert calls == ["called"] * 2


def test_an_interruption_within_the_first_epoch(images, capsys):
    def corrupt(x):
        raise KeyboardInterrupt

    history = fit(new_model(), images, epochs=5, corrupt=corrupt)
    assert (history.epochs, history.stopped) == (0, "interrupted")
    assert "0 epochs" in repr(history)


def test_a_loss_that_is_no_number_ends_the_run_with_advice(images, capsys):
    history = fit(new_model(), images * 1e3, epochs=50, batch_size=5, optimizer=sgd(1e6))
    assert history.stopped == "diverged"
    assert history.epochs < 50
    assert not math.isfinite(history.train[-1])
    assert "learning rate ten times smaller" in capsys.readouterr().out


def test_the_model_s_own_error_is_not_swallowed(images):
    with pytest.raises(RuntimeError):
        fit(Autoencoder(pixels=9), images, epochs=1)


def test_history_in_one_line():
    history = History([0.5, 0.25], [0.4, 0.3], [1.0, 1.5], planned=2)
    assert repr(history) == "History(2 epochs in 2.5 s, training loss 0.5 -> 0.25, validation loss 0.4 -> 0.3)"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"images": torch.zeros(5, 16, dtype=torch.uint8)}, "/ 255"),
        ({"images": torch.zeros(5, 16, dtype=torch.float64)}, "torch.float32"),
        ({"images": torch.zeros(0, 16)}, "at least one image"),
        ({"images": torch.zeros(5)}, r"\[N, ...\]"),
        ({"images": np.zeros((5, 16))}, "tensor"),
        ({"epochs": 0}, "epochs"),
        ({"epochs": 2.5}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"targets": torch.zeros(3)}, "each of the 5 images, got 3"),
        ({"validation": torch.zeros(5, 16, dtype=torch.uint8)}, "validation images"),
        ({"validation": (torch.zeros(5, 16), torch.zeros(4))}, "5 images, got 4"),
        ({"targets": torch.zeros(5, 16), "validation": torch.zeros(5, 16)}, "validation=\\(images, targets\\)"),
        ({"model": nn.Flatten()}, "nothing to learn"),
        ({"model": "Autoencoder"}, "nothing to learn"),
    ],
)
def test_what_cannot_be_trained_on_is_said_in_one_line(change, says):
    arguments = {"model": Autoencoder(), "images": torch.zeros(5, 16), "epochs": 1} | change
    with pytest.raises(ValueError, match=says) as caught:
        fit(arguments.pop("model"), arguments.pop("images"), **arguments)
    assert "\n" not in str(caught.value)


def test_evaluate_refuses_pixels_up_to_255():
    with pytest.raises(ValueError, match="/ 255"):
        evaluate(lambda x: x, torch.zeros(5, 16, dtype=torch.uint8))


# progress


def test_the_bar_is_for_terminals_and_can_be_turned_off(images, monkeypatch, capsys):
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    fit(new_model(), images, epochs=2)
    assert capsys.readouterr().err == ""  # captured: no terminal
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    fit(new_model(), images, epochs=2, validation=images)
    shown = capsys.readouterr().err
    assert "epoch 2 of 2, loss" in shown
    assert "validation" in shown
    for turned_off in ({"progress": False}, {"COURSE_PROGRESS": "0"}, {"NBGRADER_EXECUTION": "autograde"}):
        options = {name: value for name, value in turned_off.items() if name == "progress"}
        with monkeypatch.context() as patch:
            for name, value in turned_off.items():
                if name != "progress":
                    patch.setenv(name, value)
            monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
            fit(new_model(), images, epochs=2, **options)
        assert capsys.readouterr().err == "", turned_off


# surroundings


def test_budget_follows_the_environment(monkeypatch):
    for value, expected in ((None, 8), ("", 8), ("study", 8), ("full", 30), ("quick", 1)):
        if value is None:
            monkeypatch.delenv("COURSE_BUDGET", raising=False)
        else:
            monkeypatch.setenv("COURSE_BUDGET", value)
        assert budget(full=30, study=8, quick=1) == expected
    monkeypatch.setenv("COURSE_BUDGET", "fast")
    with pytest.raises(ValueError, match=r"'fast'.*full, study or quick"):
        budget(full=30, study=8, quick=1)


def test_best_device_prefers_cuda_then_mps_then_cpu(monkeypatch):
    monkeypatch.delenv("COURSE_DEVICE", raising=False)
    for cuda, mps, expected in ((True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda mps=mps: mps)
        assert best_device() == torch.device(expected)
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    assert best_device() == torch.device("cpu")
    for bad in ("cuda", "gpu", "cuda:7"):
        monkeypatch.setenv("COURSE_DEVICE", bad)
        with pytest.raises(ValueError, match=f"'{bad}'.*cpu"):
            best_device()


def test_seed_everything_starts_all_three_generators():
    def draw():
        return random.random(), np.random.rand(), torch.rand(1).item()

    seed_everything(4)
    first = draw()
    seed_everything(4)
    assert draw() == first
    seed_everything(5)
    assert all(a != b for a, b in zip(draw(), first, strict=True))


def test_importing_training_and_plotting_stays_cheap():
    code = (
        "import sys, course_utils.training\n"
        "assert 'matplotlib' not in sys.modules, 'training imports matplotlib'\n"
        "import course_utils.plotting\n"
        "slow = {'torchvision', 'sklearn', 'seaborn', 'ipywidgets', 'pandas', 'IPython', 'scipy'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr


def test_a_finished_optimiser_is_refused_with_what_is_wanted(images):
    model = new_model()
    with pytest.raises(TypeError, match=r"a function that makes the optimiser, not a finished SGD: .*optim"):
        fit(model, images, epochs=1, optimizer=torch.optim.SGD(model.parameters(), lr=0.1))


@pytest.mark.skipif(not (torch.cuda.is_available() or torch.backends.mps.is_available()), reason="no GPU here")
def test_fit_on_the_gpu(images):
    device = training.best_device()
    model = new_model()
    history = fit(model, images.to(device), epochs=2, batch_size=8, validation=images, corrupt=noisy)
    assert next(model.parameters()).device.type == device.type
    assert history.epochs == 2
