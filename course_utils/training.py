"""Training and evaluation: one plain loop for every lab.

What differs between labs is passed as a function: the loss, the corruption of the input, the optimiser, the schedule.
The loss gets everything that the model returns, so that a sparse penalty or a KL term can be part of a loss:

    def sparse(output, target):
        reconstruction, code = output
        return F.mse_loss(reconstruction, target) + 1e-3 * code.abs().sum(1).mean()
"""

import contextlib
import math
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from course_utils.data import batches


@dataclass(repr=False)
class History:
    """What `fit` saw: one entry per finished epoch.

    train: mean loss over the training images while the epoch ran, so over weights that were still changing.
    validation: mean loss over the whole validation set after the epoch; None when there is no validation set.
    seconds: time of each epoch's training steps, without validation and callbacks.
    planned: how many epochs `fit` was asked for.
    stopped: None, or why it ended early: "interrupted" or "diverged".
    """

    train: list[float] = field(default_factory=list)
    validation: list[float] | None = None
    seconds: list[float] = field(default_factory=list)
    planned: int = 0
    stopped: str | None = None

    @property
    def epochs(self) -> int:
        """How many epochs were finished."""
        return len(self.train)

    def __repr__(self) -> str:
        parts = [f"{self.epochs} epochs in {sum(self.seconds):.1f} s"]
        if self.train:
            parts.append(f"training loss {self.train[0]:.4g} -> {self.train[-1]:.4g}")
        if self.validation:
            parts.append(f"validation loss {self.validation[0]:.4g} -> {self.validation[-1]:.4g}")
        if self.stopped:
            parts.append(f"{self.stopped}, {self.planned} epochs were planned")
        return f"History({', '.join(parts)})"


def fit(
    model: nn.Module,
    images: torch.Tensor,
    *,
    epochs: int,
    batch_size: int = 256,
    loss: Callable | None = None,
    optimizer: Callable | None = None,
    targets: torch.Tensor | None = None,
    validation: torch.Tensor | tuple[torch.Tensor, torch.Tensor] | None = None,
    corrupt: Callable[[torch.Tensor], torch.Tensor] | None = None,
    schedule: Callable | None = None,
    callbacks: Iterable[Callable] = (),
    seed: int = 0,
    progress: bool = True,
) -> History:
    """Train `model` on `images` and return what happened, epoch by epoch.

    images: float tensor [N, ...], already on the device; the model is moved there.
    loss(output, target): mean over a batch, a scalar; output is whatever the model returned. Default: `pixel_error`.
    optimizer(parameters): makes the optimiser. Default: `adam(1e-3)`.
    targets: tensor [N, ...]; without it the images themselves are to be reconstructed.
    validation: images [V, ...], or a pair (images, targets); the loss over all of them is taken after each epoch.
    corrupt(batch): what the model gets to see in place of a batch, in training and in validation (a denoiser's noise).
    schedule(optimizer, steps): makes a learning rate scheduler that steps after every batch, e.g. `cosine`.
    callbacks: each is called as callback(model, history) after every epoch and, where it has methods `begin` and
        `finish`, as callback.begin(model, history) before the first epoch and callback.finish(model, history) when
        training ends, also when it ends early.
    seed: decides the order of the batches and the draws of torch inside (noise, dropout, sampled codes). It does not
        affect the initial weights. The random state outside is left as it was.
    progress: False for no progress bar (so does COURSE_PROGRESS=0).

    Interrupting (Ctrl-C, or the stop button) loses nothing: the history so far is returned, the model keeps what it
    has learned. So does a loss that is no longer a number. Raises ValueError for data that cannot be trained on, and
    TypeError for an optimiser instead of a function that makes one.
    """
    _check(model, images, targets, validation, epochs, batch_size)
    callbacks = list(callbacks)  # it is gone through more than once, which an iterator does not allow
    device = images.device
    model.to(device)
    loss = loss or pixel_error
    corrupt = corrupt or _unchanged
    steps = epochs * math.ceil(len(images) / batch_size)
    if isinstance(optimizer, torch.optim.Optimizer):
        kind = type(optimizer).__name__
        raise TypeError(
            f"optimizer= wants a function that makes the optimiser, not a finished {kind}: adam(1e-3), or "
            f"lambda parameters: torch.optim.{kind}(parameters, lr=...)"
        )
    opt = (optimizer or adam())([p for p in model.parameters() if p.requires_grad])
    scheduler = schedule(opt, steps) if schedule else None
    data = (images,) if targets is None else (images, targets.to(device))
    order = torch.Generator().manual_seed(seed)
    history = History(validation=None if validation is None else [], planned=epochs)

    for callback in callbacks:
        if hasattr(callback, "begin"):
            callback.begin(model, history)
    try:
        with _training(model, seed, device), _progress_bar(steps, progress) as bar:
            for _ in range(epochs):
                start = time.perf_counter()
                total = torch.zeros((), device=device)
                for x, *given in batches(*data, size=batch_size, generator=order):
                    opt.zero_grad()
                    value = loss(model(corrupt(x)), given[0] if given else x)
                    value.backward()
                    opt.step()
                    if scheduler:
                        scheduler.step()
                    # Weighted by the batch's size, so that the last, smaller one counts right; kept on the device,
                    # since fetching a number (.item()) makes Python wait for it.
                    total += value.detach() * len(x)
                    bar.update()
                mean = total.item() / len(images)
                _record(history, mean, time.perf_counter() - start, _validate(model, validation, loss, corrupt, seed))
                bar.set_description_str(_progress_text(history), refresh=False)
                for callback in callbacks:
                    callback(model, history)
                if not math.isfinite(mean):
                    history.stopped = "diverged"
                    break
    except KeyboardInterrupt:
        history.stopped = "interrupted"
    _finish(callbacks, model, history)
    return history


def evaluate(
    model: Callable,
    images: torch.Tensor,
    *,
    loss: Callable | None = None,
    targets: torch.Tensor | None = None,
    corrupt: Callable[[torch.Tensor], torch.Tensor] | None = None,
    batch_size: int = 1000,
    seed: int = 0,
) -> float:
    """The mean of `loss` over all `images` (float tensor [N, ...]): every image counts the same, whatever the batches.

    loss, targets, corrupt: as in `fit`; the default loss is `pixel_error`, per-pixel mean squared error.
    During the call a module is in evaluation mode. No gradients. What is drawn inside (noise, sampled codes) comes from
    `seed`, so the same call gives the same number; the random state outside is left as it was.
    """
    _check_images(images)
    _check_targets(images, targets)
    loss = loss or pixel_error
    corrupt = corrupt or _unchanged
    data = (images,) if targets is None else (images, targets.to(images.device))
    total = torch.zeros((), device=images.device)
    with evaluating(model), seeded(seed, images.device):
        for x, *given in batches(*data, size=batch_size, shuffle=False):
            total += loss(model(corrupt(x)), given[0] if given else x) * len(x)
    return total.item() / len(images)


def reconstruct(model: Callable, images: torch.Tensor, *, batch_size: int = 1000) -> torch.Tensor:
    """What `model` makes of `images` [N, ...], in their shape: evaluation mode, no gradients.

    If the model returns several things (reconstruction, code, ...), the first one is used.
    """
    _check_images(images)
    with evaluating(model):
        parts = [_first(model(x)) for (x,) in batches(images, size=batch_size, shuffle=False)]
    return torch.cat(parts).reshape(images.shape)


@contextlib.contextmanager
def evaluating(model: Callable) -> Iterator[None]:
    """`with evaluating(model): ...` runs in evaluation mode and without gradients; the mode is restored after it."""
    with _mode(model, training=False), torch.no_grad():
        yield


def pixel_error(output: torch.Tensor | tuple, target: torch.Tensor) -> torch.Tensor:
    """Mean squared error over all pixels of all images of the batch; a scalar.

    output: the reconstruction, flat or not, or a tuple that begins with it. target: the images.
    """
    output = _first(output)
    return torch.nn.functional.mse_loss(output, target.reshape(output.shape))


def count_parameters(model: nn.Module) -> int:
    """How many numbers `model` can learn (frozen ones are not counted)."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def adam(learning_rate: float = 1e-3, **options) -> Callable:
    """An optimiser for `fit`: Adam (Kingma and Ba 2015), all parameters updated in one fused call where torch can.

    options: further arguments of torch.optim.Adam, such as weight_decay.
    """

    def make(parameters: Iterable[nn.Parameter]) -> torch.optim.Adam:
        parameters = list(parameters)
        try:
            return torch.optim.Adam(parameters, lr=learning_rate, fused=True, **options)
        except RuntimeError:  # older versions of torch fuse on few devices
            return torch.optim.Adam(parameters, lr=learning_rate, **options)

    return make


def cosine(optimizer: torch.optim.Optimizer, steps: int):
    """A schedule for `fit`: the learning rate falls to 0 along half a cosine (Loshchilov and Hutter 2017)."""
    return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)


def one_cycle(peak: float) -> Callable:
    """A schedule for `fit`: the learning rate rises to `peak` and falls again (Smith and Topin 2018). The optimiser's
    own learning rate is not used.
    """

    def schedule(optimizer: torch.optim.Optimizer, steps: int):
        return torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=peak, total_steps=steps)

    schedule.__name__ = f"one_cycle({peak:g})"  # so that a table of trials can tell two peaks apart
    return schedule


def best_device() -> torch.device:
    """The fastest device there is: cuda, then mps, then cpu. COURSE_DEVICE (cpu, mps, cuda, cuda:1) overrides.

    Raises ValueError when COURSE_DEVICE names a device that this machine does not have.
    """
    wanted = os.environ.get("COURSE_DEVICE", "").strip()
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if not wanted:
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    here = (
        ["cpu"]
        + ["mps"] * mps
        + ["cuda"] * cuda
        + [f"cuda:{i}" for i in range(torch.cuda.device_count() if cuda else 0)]
    )
    if wanted not in here:
        raise ValueError(
            f"COURSE_DEVICE is {wanted!r}, but this machine has {', '.join(here)}: set one of these, or unset it."
        )
    return torch.device(wanted)


def seed_everything(seed: int) -> None:
    """Start the random generators of Python, numpy and torch (every device) from `seed`."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


@contextlib.contextmanager
def seeded(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """`with seeded(0): ...` draws torch's random numbers from a seed, on the CPU and on `device`; afterwards the random
    states are what they were.
    """
    device = torch.device(device)
    gpu = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if gpu else []), mps_state_kept():
        # Not torch.manual_seed, which changes the state of every device.
        torch.default_generator.manual_seed(seed)
        if gpu:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        elif device.type == "mps":
            torch.mps.manual_seed(seed)
        yield


def budget(*, full, study, quick):
    """The one of the three that fits COURSE_BUDGET: `study` unless it says otherwise.

    full: without a limit, for the tables of results; study: what students run; quick: for grading and continuous
    integration. Raises ValueError for any other COURSE_BUDGET.
    """
    choice = os.environ.get("COURSE_BUDGET", "").strip() or "study"
    choices = {"full": full, "study": study, "quick": quick}
    if choice not in choices:
        raise ValueError(f"COURSE_BUDGET is {choice!r}: set it to full, study or quick, or unset it (study).")
    return choices[choice]


def in_notebook() -> bool:
    """True in a Jupyter or Colab kernel, where figures and their updates can be displayed."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


def progress_wanted() -> bool:
    """Whether to show progress: in notebooks and terminals, but not in grading and not with COURSE_PROGRESS=0."""
    if os.environ.get("COURSE_PROGRESS", "").strip() == "0" or os.environ.get("NBGRADER_EXECUTION"):
        return False
    return in_notebook() or bool(sys.stderr and sys.stderr.isatty())


def _unchanged(x: torch.Tensor) -> torch.Tensor:
    return x


def _first(output: torch.Tensor | tuple | list) -> torch.Tensor:
    return output[0] if isinstance(output, (tuple, list)) else output


def _validate(model: nn.Module, validation, loss: Callable, corrupt: Callable, seed: int) -> float | None:
    if validation is None:
        return None
    images, targets = validation if isinstance(validation, (tuple, list)) else (validation, None)
    device = next(model.parameters()).device
    return evaluate(model, images.to(device), loss=loss, targets=targets, corrupt=corrupt, seed=seed)


def _record(history: History, train: float, seconds: float, validation: float | None) -> None:
    """Called when all numbers of the epoch are known: an interruption of the validation leaves no part of an epoch."""
    history.train.append(train)
    history.seconds.append(seconds)
    if history.validation is not None:
        history.validation.append(validation)


def _finish(callbacks: Iterable[Callable], model: nn.Module, history: History) -> None:
    for callback in callbacks:
        if hasattr(callback, "finish"):
            callback.finish(model, history)
    done = f"after {history.epochs} of {history.planned} epochs"
    if history.stopped == "interrupted":
        print(f"Interrupted {done}. The model keeps what it has learned; the history holds the finished epochs.")
    if history.stopped == "diverged":
        print(
            f"Stopped {done}: the loss is {history.train[-1]}, no longer a number to learn from. Make the model "
            "anew and try a learning rate ten times smaller; look for a logarithm of 0 or an exponential in your loss."
        )


@contextlib.contextmanager
def _training(model: nn.Module, seed: int, device: torch.device) -> Iterator[None]:
    """Training mode, random draws from `seed`, and denormal numbers (below 1e-38) taken as 0; all undone afterwards.

    Adam's running averages for pixels that are nearly always black decay into these numbers, with which processors
    compute so slowly that the second epoch of 784-128-2-128-784 took nearly twice as long. The losses stay the same.
    """
    flushed = (torch.full((1,), 1e-40) * 1.5).item() == 0
    torch.set_flush_denormal(True)
    try:
        with _mode(model, training=True), seeded(seed, device):
            yield
    finally:
        torch.set_flush_denormal(flushed)


@contextlib.contextmanager
def _mode(model: Callable, *, training: bool) -> Iterator[None]:
    """Training or evaluation mode inside, what it was before outside. A plain function has no modes."""
    if not isinstance(model, nn.Module):
        yield
        return
    before = {module: module.training for module in model.modules()}
    model.train(training)
    try:
        yield
    finally:
        for module, mode in before.items():
            module.training = mode


@contextlib.contextmanager
def mps_state_kept() -> Iterator[None]:
    """Restores the random state of an Apple GPU at the end, which torch.random.fork_rng does not do."""
    if not torch.backends.mps.is_available():
        yield
        return
    state = torch.mps.get_rng_state()
    try:
        yield
    finally:
        torch.mps.set_rng_state(state)


def _progress_bar(steps: int, wanted: bool):
    from tqdm import tqdm

    # A line of text on stdout in notebooks: unlike a widget it is still there when the saved notebook is opened again,
    # and unlike stderr it has no red background. Redrawn twice a second, since each redraw goes through the browser.
    return tqdm(
        total=steps,
        disable=not (wanted and progress_wanted()),
        file=sys.stdout if in_notebook() else sys.stderr,
        mininterval=0.5,
        bar_format="{percentage:3.0f}% |{bar:20}| {elapsed}<{remaining}  {desc}",
    )


def _progress_text(history: History) -> str:
    text = f"epoch {history.epochs} of {history.planned}, loss {history.train[-1]:.4g}"
    return text + (f", validation {history.validation[-1]:.4g}" if history.validation else "")


def _check(model, images, targets, validation, epochs: int, batch_size: int) -> None:
    _check_images(images)
    _check_targets(images, targets)
    parameters = list(model.parameters()) if isinstance(model, nn.Module) else []
    if not any(p.requires_grad for p in parameters):
        raise ValueError("the model has nothing to learn: pass an nn.Module that has parameters with requires_grad.")
    if parameters[0].dtype != images.dtype:
        short = str(parameters[0].dtype).removeprefix("torch.")
        raise ValueError(
            f"the images are {images.dtype}, the model's weights {parameters[0].dtype}: pass images.to(torch.{short})."
        )
    for name, number in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(number, int) or number < 1:
            raise ValueError(f"{name} must be a whole number of at least 1, got {number!r}.")
    if validation is not None:
        pair = validation if isinstance(validation, (tuple, list)) else (validation, None)
        if len(pair) != 2:
            raise ValueError("validation must be a tensor of images or a pair (images, targets).")
        _check_images(pair[0], "validation images")
        _check_targets(*pair)
        if targets is not None and pair[1] is None:
            raise ValueError(
                "the training images have targets, the validation images have none: pass validation=(images, targets)."
            )


def _check_images(images, name: str = "images") -> None:
    if not isinstance(images, torch.Tensor):
        raise ValueError(f"{name} must be one float tensor [N, ...], got {type(images).__name__}: see torch.stack.")
    if images.dim() < 2 or len(images) == 0:
        raise ValueError(f"{name} must be a tensor [N, ...] of at least one image, got shape {list(images.shape)}.")
    if not images.is_floating_point():
        raise ValueError(
            f"{name} are {images.dtype}, a model needs floats in [0, 1]: pass images.float() / 255 if they run to 255."
        )


def _check_targets(images: torch.Tensor, targets) -> None:
    if targets is not None and (not isinstance(targets, torch.Tensor) or len(targets) != len(images)):
        got = len(targets) if hasattr(targets, "__len__") else type(targets).__name__
        raise ValueError(f"targets must be a tensor with one entry for each of the {len(images)} images, got {got}.")
