"""course_utils.sweeps: every run in the table, whatever goes wrong."""

import math
import signal
from functools import partial

import pytest
import torch
from torch import nn

from course_utils.sweeps import summarise, sweep
from course_utils.training import evaluate, fit

IMAGES = torch.rand(40, 6, generator=torch.Generator().manual_seed(0))


def numbers(offset, seed):
    return {"error": offset + seed, "dead units": 3}


def broken(seed):
    raise RuntimeError("shapes do not fit\nsecond line")


def test_one_row_for_each_setting_and_seed():
    table = sweep({"wide": partial(numbers, 10), "narrow": partial(numbers, 20)}, seeds=(3, 1))
    assert list(table.columns) == ["setting", "seed", "error", "dead units", "seconds"]
    assert table["setting"].tolist() == ["wide", "wide", "narrow", "narrow"]
    assert table["seed"].tolist() == [3, 1, 3, 1]
    assert table["error"].tolist() == [13, 11, 23, 21]
    assert table["dead units"].dtype.kind == "i", "whole numbers stay whole"
    assert (table["seconds"] >= 0).all()


def test_tensors_and_their_own_seconds_are_taken():
    table = sweep({"a": lambda seed: {"error": torch.tensor(0.5, requires_grad=True), "seconds": 7}})
    assert table["error"].tolist() == [0.5]
    assert table["seconds"].tolist() == [7]


def test_the_seed_alone_decides_the_initial_weights():
    before = torch.random.get_rng_state()
    draws = {name: lambda seed: {"first": torch.rand(()).item()} for name in ("a", "b")}
    table = sweep(draws, seeds=(0, 1))
    first, second, *again = table["first"]
    assert [first, second] == again and first != second
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_run_that_fails_costs_its_own_row_only(capsys):
    def sometimes(seed):
        return broken(seed) if seed == 1 else numbers(0, seed)

    table = sweep({"good": partial(numbers, 10), "shaky": sometimes, "bad": broken}, seeds=(0, 1))
    assert len(table) == 6
    assert table["error"].tolist()[:3] == [10, 11, 0]
    assert table["error"].isna().tolist() == [False, False, False, True, True, True]
    assert table["failure"].tolist()[3] == "RuntimeError: shapes do not fit"
    assert table["failure"].isna().tolist() == [True, True, True, False, False, False]
    assert capsys.readouterr().out.count("RuntimeError: shapes do not fit") == 3


@pytest.mark.parametrize("returned", [None, {}, 0.3, {"error": "small"}])
def test_a_run_that_returns_no_numbers_has_failed(returned):
    table = sweep({"good": partial(numbers, 0), "bad": lambda seed: returned})
    assert table["failure"].notna().tolist() == [False, True]


def test_when_everything_fails_the_reason_is_the_error():
    with pytest.raises(RuntimeError, match=r"every run failed, the first \(bad, seed 0\) with RuntimeError: shapes"):
        sweep({"bad": broken, "worse": broken}, seeds=(0, 1))


@pytest.mark.parametrize(
    "settings, seeds", [({}, (0,)), ({"a": 3}, (0,)), ([numbers], (0,)), ({"a": broken}, ()), ({"a": broken}, (1, 1))]
)
def test_what_cannot_be_swept_is_refused(settings, seeds):
    with pytest.raises(ValueError, match=r"(settings|seeds) must be"):
        sweep(settings, seeds=seeds)


def test_an_interruption_keeps_the_finished_runs(capsys):
    def run(name, seed):
        if (name, seed) == ("b", 1):
            raise KeyboardInterrupt
        return {"error": seed}

    table = sweep({name: partial(run, name) for name in "abc"}, seeds=(0, 1, 2))
    assert list(zip(table["setting"], table["seed"], strict=True)) == [("a", 0), ("a", 1), ("b", 0), ("c", 0)]
    assert "4 of 9 runs" in capsys.readouterr().out


@pytest.fixture
def interruptible():
    """A shell in the background starts programs with SIGINT ignored; a notebook's kernel never is."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interruption_that_fit_has_taken_ends_the_sweep_too(capsys, interruptible):
    """`fit` returns normally after one: its half-trained model must not become a row, nor the next one start."""

    def run(name, seed):
        model = nn.Linear(6, 6)

        def stop(model, history):
            if name == "b":
                signal.raise_signal(signal.SIGINT)

        history = fit(model, IMAGES, epochs=3, progress=False, callbacks=[stop])
        seen.append((name, history.stopped))
        return {"error": evaluate(model, IMAGES)}

    seen = []
    handler = signal.getsignal(signal.SIGINT)
    table = sweep({name: partial(run, name) for name in "abc"})
    assert seen == [("a", None), ("b", "interrupted")]
    assert table["setting"].tolist() == ["a"]
    assert signal.getsignal(signal.SIGINT) is handler
    assert "1 of 3 runs" in capsys.readouterr().out


def test_nothing_was_finished():
    def run(seed):
        raise KeyboardInterrupt

    table = sweep({"a": run})
    assert len(table) == 0 and len(summarise(table)) == 0


# the summary


def test_the_summary_says_mean_range_and_how_many():
    table = sweep({"z": partial(numbers, 10), "a": partial(numbers, 20)}, seeds=(0, 1, 5))
    summary = summarise(table)
    assert summary.index.tolist() == ["z", "a"], "in the order given"
    assert summary.loc["z"].tolist() == [12, 10, 15, 3, 0]
    assert summarise(table, "dead units")["mean"].tolist() == [3, 3]
    with pytest.raises(ValueError, match="no numbers called 'loss', it has 'error', 'dead units', 'seconds'"):
        summarise(table, "loss")


def test_dead_runs_are_counted_and_only_those_without_a_number_left_out():
    values = [0.1, 0.3, math.nan, math.inf, 0.2]
    summary = summarise(sweep({"a": lambda seed: {"error": values[seed]}}, seeds=range(5)), dead=0.25)
    assert summary.loc["a"].tolist() == pytest.approx([0.2, 0.1, 0.3, 5, 3])
    nothing = summarise(sweep({"a": lambda seed: {"error": math.nan}}))
    assert nothing.loc["a", ["runs", "dead"]].tolist() == [1, 1] and math.isnan(nothing.loc["a", "mean"])
