"""benchmarks/training.py runs and reports what it promises. Times are not judged here: machines differ."""

import importlib.util
import json
import os
import platform
import re
from pathlib import Path

import pytest
import torch
from torch import nn

from course_utils import training

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("training_benchmark", ROOT / "benchmarks" / "training.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "1"))  # the module sets it
        spec.loader.exec_module(module)
    return module


def test_the_report_is_complete_and_names_no_one(benchmark, tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_DATA", raising=False)
    threads = torch.get_num_threads()
    try:
        benchmark.main(["--quick", "--output", str(tmp_path / "new" / "training.json")])
    finally:
        torch.set_num_threads(threads)
    text = (tmp_path / "new" / "training.json").read_text()
    report = json.loads(text)
    assert report["data"] == "bundled sample of MNIST, 600 training and 600 test images"
    assert {"python", "torch"} <= set(report["versions"])
    on_cpu = [run for run in report["runs"] if run["device"] == "CPU, one thread"]
    assert [run["model"] for run in on_cpu] == ["784-128-2-128-784", "784-512-256-128-30-128-256-784"]
    for run in report["runs"]:
        seconds = run["seconds per epoch"]
        assert list(seconds) == list(benchmark.WAYS)
        assert all(times["median"] > 0 and len(times["wall"]) == len(times["cpu"]) == 1 for times in seconds.values())
        assert run["fit / matrix products"] == seconds["fit"]["median"] / seconds["matrix products"]["median"]
        assert set(run["losses"]) == {"usual loop", "fit"}
    # Neither paths nor names of this machine.
    assert not re.search(r"[/\\](home|root|work|tmp|Users)\b", text)
    assert not platform.node() or platform.node() not in text


def test_fit_and_the_usual_loop_learn_the_same(benchmark):
    """The same weights to begin with, the same batches: else the comparison of their times says nothing."""
    images = torch.rand(150, 1, 28, 28, generator=torch.Generator().manual_seed(0)).mul(255).round() / 255
    for case in benchmark.CASES:
        model, loss = benchmark.usual_loop(case, images, 2, 3)
        other, other_loss = benchmark.with_fit(case, images, 2, 3)
        assert other_loss == pytest.approx(loss, rel=1e-4)
        assert training.evaluate(other, images) == pytest.approx(training.evaluate(model, images), rel=1e-4)
        assert training.evaluate(case.model(3, images.device), images) != pytest.approx(loss, rel=1e-4)


def test_the_gradients_by_hand_are_autograd_s(benchmark):
    images = torch.rand(70, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for case in benchmark.CASES:
        model = case.model(0, images.device)
        last = images.split(case.batch_size)[-1]
        training.pixel_error(model(last), last).backward()
        expected = [layer.weight.grad for layer in model if isinstance(layer, nn.Linear)]
        for found, wanted in zip(benchmark.by_hand(case, images, 1, 0), expected, strict=True):
            torch.testing.assert_close(found, wanted)
