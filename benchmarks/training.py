"""`fit` against the usual loop, and against the bare matrix products that no loop can do without.

    COURSE_DATA=../shared/data python benchmarks/training.py      (or `make bench`; without COURSE_DATA: bundled sample)
    python benchmarks/training.py --quick                         (tiny, to see that it runs; writes nothing)

For each model the same training is timed in six ways, one after the other, and that several times over:

    usual loop         DataLoader (no worker processes), PIL image and ToTensor for each sample, loss.item() each batch
    fit                course_utils.training.fit, images as one tensor
    steps              batches in the stored order, forward, loss, backward, optimiser: what `fit` does between batches
    gradients          the same without the optimiser's step
    gradients by hand  the same without autograd: every result into memory set aside beforehand
    matrix products    the same without biases, activations and loss: forward and backward of each layer

So the list shows what `fit` adds to the matrix products: batches gathered from all over the
memory, running sums, progress; the optimiser; autograd's records and fresh memory for every result, which pushes the
weights out of the processor's nearest cache; biases, activations, the loss and their gradients.

Usual loop and fit start from the same weights and see the same batches, so that their losses agree to rounding, as
far as training does not amplify it.

One thread on the CPU, then the GPU where there is one. On the CPU the time of the process is what counts: it does not
grow while others use the machine (their use of the caches still shows, so look at the ratios, measured side by side).
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is imported

import numpy as np
import torch
import torchvision
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import ToTensor

from course_utils import data, training

RESULTS = Path(__file__).resolve().parent / "results" / "training.json"


@dataclass
class Case:
    """A model and how it is trained. The loss is the mean squared error per pixel."""

    widths: tuple[int, ...]
    code: int  # the position of the code in widths; no activation there
    batch_size: int
    optimizer: Callable
    fits_optimizer: Callable
    words: str

    @property
    def name(self) -> str:
        return "-".join(map(str, self.widths))

    def model(self, seed: int, device: torch.device) -> nn.Sequential:
        """Linear layers with ReLU, a linear code, a sigmoid at the end."""
        torch.manual_seed(seed)
        layers: list[nn.Module] = [nn.Flatten()]
        last = len(self.widths) - 1
        for i in range(1, last + 1):
            layers.append(nn.Linear(self.widths[i - 1], self.widths[i]))
            if i != self.code:
                layers.append(nn.Sigmoid() if i == last else nn.ReLU())
        return nn.Sequential(*layers).to(device)


CASES = (
    Case((784, 128, 2, 128, 784), 2, 64, *[partial(torch.optim.SGD, lr=0.25)] * 2, "SGD, learning rate 0.25"),
    Case(
        (784, 512, 256, 128, 30, 128, 256, 784),
        4,
        256,
        partial(torch.optim.Adam, lr=1e-3),
        training.adam(1e-3),
        "Adam, learning rate 1e-3",
    ),
)


class PilImages(Dataset):
    """What torchvision.datasets.MNIST does for each sample: a PIL image, given to a transform, and a label."""

    def __init__(self, images: torch.Tensor, transform: Callable):
        self.images, self.transform = (images.cpu() * 255).round().to(torch.uint8)[:, 0], transform
        self.labels = torch.zeros(len(images), dtype=torch.int64)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int):
        return self.transform(Image.fromarray(self.images[index].numpy())), int(self.labels[index])


def usual_loop(case: Case, images: torch.Tensor, epochs: int, seed: int) -> tuple[nn.Module, float]:
    model = case.model(seed, images.device)
    optimizer = case.optimizer(model.parameters())
    dataset = PilImages(images, ToTensor())
    order = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        # shuffle=True draws the same way; written out so that the batches are those of `fit`.
        sampler = torch.randperm(len(dataset), generator=order).tolist()
        total = 0.0
        for x, _ in DataLoader(dataset, batch_size=case.batch_size, sampler=sampler):
            x = x.to(images.device)
            loss = nn.functional.mse_loss(model(x), x.flatten(1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
    return model, total / len(dataset)


def with_fit(case: Case, images: torch.Tensor, epochs: int, seed: int) -> tuple[nn.Module, float]:
    model = case.model(seed, images.device)
    options = {"epochs": epochs, "batch_size": case.batch_size, "optimizer": case.fits_optimizer, "seed": seed}
    return model, training.fit(model, images, **options, progress=False).train[-1]


def steps(case: Case, images: torch.Tensor, epochs: int, seed: int, *, update: bool = True) -> None:
    model = case.model(seed, images.device)
    optimizer = case.fits_optimizer(list(model.parameters()))
    torch.set_flush_denormal(True)  # as in `fit`
    for _ in range(epochs):
        for x in images.split(case.batch_size):
            optimizer.zero_grad()
            training.pixel_error(model(x), x).backward()
            if update:
                optimizer.step()
    torch.set_flush_denormal(False)


def by_hand(case: Case, images: torch.Tensor, epochs: int, seed: int, *, products_only: bool = False) -> list:
    """Forward and backward into memory set aside beforehand. Returns the last batch's gradients of the weights."""
    layers = [layer for layer in case.model(seed, images.device) if isinstance(layer, nn.Linear)]
    weights, biases = [layer.weight.data for layer in layers], [layer.bias.data for layer in layers]
    dW, db = [torch.empty_like(W) for W in weights], [torch.empty_like(b) for b in biases]
    buffers = [torch.empty(case.batch_size, width, device=images.device) for width in case.widths]
    gradients = [torch.full_like(buffer, 1e-3) for buffer in buffers]
    last, relus = len(layers), [i for i in range(1, len(layers)) if i != case.code]
    aten = torch.ops.aten
    for _ in range(epochs):
        for x in images.flatten(1).split(case.batch_size):
            a = [x, *(buffer[: len(x)] for buffer in buffers[1:])]
            g = [gradient[: len(x)] for gradient in gradients]
            for i, (W, b) in enumerate(zip(weights, biases, strict=True), start=1):
                if products_only:
                    torch.mm(a[i - 1], W.T, out=a[i])
                else:
                    torch.addmm(b, a[i - 1], W.T, out=a[i])
                    if i in relus:
                        a[i].relu_()
            if not products_only:
                a[last].sigmoid_()
                torch.sub(a[last], x, out=g[last])
                g[last].square().mean()
                g[last].mul_(2 / x.numel())
                aten.sigmoid_backward.grad_input(g[last], a[last], grad_input=g[last])
            for i in range(last, 0, -1):
                if i in relus and not products_only:
                    aten.threshold_backward.grad_input(g[i], a[i], 0, grad_input=g[i])
                torch.mm(g[i].T, a[i - 1], out=dW[i - 1])
                if not products_only:
                    torch.sum(g[i], 0, out=db[i - 1])
                if i > 1:  # nobody needs the gradient of the images
                    torch.mm(g[i], weights[i - 1], out=g[i - 1])
    return dW


WAYS = {
    "usual loop": usual_loop,
    "fit": with_fit,
    "steps": steps,
    "gradients": partial(steps, update=False),
    "gradients by hand": by_hand,
    "matrix products": partial(by_hand, products_only=True),
}


def measure(case: Case, images: torch.Tensor, test: torch.Tensor, epochs: int, seeds: range, say: Callable) -> dict:
    """Every way with every seed, interleaved: what else the machine does falls on all of them alike."""
    device = images.device
    wall, cpu, losses = ({way: [] for way in WAYS} for _ in range(3))
    for way in WAYS.values():  # first calls load and allocate; that is not what is asked
        way(case, images[: 4 * case.batch_size], 1, 0)
    for seed in seeds:
        for name, way in WAYS.items():
            say(f"{case.name} on {device.type}: seed {seed}, {name}")
            started, started_cpu = time.perf_counter(), time.process_time()
            result = way(case, images, epochs, seed)
            if device.type == "cuda":
                torch.cuda.synchronize()
            wall[name].append((time.perf_counter() - started) / epochs)
            cpu[name].append((time.process_time() - started_cpu) / epochs)
            if isinstance(result, tuple):
                model, train_loss = result
                losses[name].append({"train": train_loss, "test": training.evaluate(model, test)})
    clock = {name: statistics.median((cpu if device.type == "cpu" else wall)[name]) for name in WAYS}
    return {
        "model": case.name,
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "CPU, one thread",
        "batch size": case.batch_size,
        "optimiser": case.words,
        "seconds per epoch": {name: {"median": clock[name], "cpu": cpu[name], "wall": wall[name]} for name in WAYS},
        "losses": {name: runs for name, runs in losses.items() if runs},
        "losses of fit / usual loop": {
            kind: {
                "of the means": _mean(losses["fit"], kind) / _mean(losses["usual loop"], kind),
                "seed by seed": [b[kind] / a[kind] for a, b in zip(losses["usual loop"], losses["fit"], strict=True)],
            }
            for kind in ("train", "test")
        },
        "usual loop / fit": clock["usual loop"] / clock["fit"],
        "fit / matrix products": clock["fit"] / clock["matrix products"],
    }


def _mean(losses: list[dict], kind: str) -> float:
    return statistics.mean(loss[kind] for loss in losses)


def table(run: dict) -> Table:
    shown = Table(title=f"{run['model']}, batch {run['batch size']}, {run['optimiser']}, {run['device']}")
    for column in ("", "s/epoch", "wall", "ratio", "training loss", "test loss"):
        shown.add_column(column, justify="left" if not column else "right", no_wrap=True)
    least = run["seconds per epoch"]["matrix products"]["median"]
    for name, seconds in run["seconds per epoch"].items():
        losses = run["losses"].get(name, [])
        mean = [f"{_mean(losses, kind):.5f}" if losses else "" for kind in ("train", "test")]
        times = [seconds["median"], statistics.median(seconds["wall"])]
        shown.add_row(name, *(f"{t:.3f}" for t in times), f"{seconds['median'] / least:.2f}", *mean)
    return shown


def machine() -> dict:
    """In words: which processor and GPU, not whose."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": named[0] if named else platform.processor(),
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "load": [_load()],
    }


def _load() -> float | None:
    """How many processes wanted to run in the last minute; above the number of cores, times are blurred."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def main(arguments: list[str] | None = None) -> dict:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1 epoch of 600 images, once, nothing written")
    parser.add_argument("--epochs", type=int, default=2, help="epochs of each training (default 2)")
    parser.add_argument("--repetitions", type=int, default=5, help="seeds, from 0 (default 5)")
    parser.add_argument("--output", type=Path, help=f"where the JSON goes (default {RESULTS.name} in results/)")
    options = parser.parse_args(arguments)
    epochs, repetitions = (1, 1) if options.quick else (options.epochs, options.repetitions)
    torch.set_num_threads(1)

    console = Console()
    full = bool(os.environ.get("COURSE_DATA"))
    source, limit = "auto" if full else "sample", 600 if options.quick else None
    train, test = (data.load_mnist(split, source=source, limit=limit).images for split in ("train", "test"))
    report = {
        "benchmark": "training",
        "machine": machine(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__}
        | {"torchvision": torchvision.__version__, "numpy": np.__version__},
        "data": f"{'MNIST' if full else 'bundled sample of MNIST'}, {len(train)} training and {len(test)} test images",
        "epochs": epochs,
        "seeds": list(range(repetitions)),
        "seconds": "per epoch; median: over the seeds, of the process's CPU time (on a GPU: of the wall clock)",
        "runs": [],
    }
    console.print(f"{report['data']}; {epochs} epochs, seeds 0 to {repetitions - 1}; torch {torch.__version__}")
    devices = ["cpu"] + ["cuda"] * torch.cuda.is_available()
    for device in map(torch.device, devices):
        images, held_out = train.to(device), test.to(device)
        for case in CASES:
            with console.status("") as status:
                run = measure(case, images, held_out, epochs, range(repetitions), status.update)
            report["runs"].append(run)
            console.print(table(run))
            console.print(
                f"fit: {run['usual loop / fit']:.2f} times as fast as the usual loop, "
                f"{run['fit / matrix products']:.2f} times the matrix products; "
                f"its test loss is {run['losses of fit / usual loop']['test']['of the means']:.4f} times as large\n"
            )
    report["machine"]["load"].append(_load())
    output = options.output or (None if options.quick else RESULTS)
    if output:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(json.dumps(report, indent=1) + "\n")
        console.print(f"written: {output.name}")
    return report


if __name__ == "__main__":
    main()
