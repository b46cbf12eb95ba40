"""A figure that follows a training run."""

import time
from collections.abc import Callable

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import nn

from course_utils.plotting.alt import bundle
from course_utils.plotting.codes import show_codes
from course_utils.plotting.curves import show_history
from course_utils.plotting.images import paired_grid
from course_utils.plotting.style import styled
from course_utils.training import History, evaluating, in_notebook, progress_wanted, reconstruct

SECONDS_BETWEEN = 1.0
SHARE_OF_TIME = 0.15  # drawing may take so much of the run, however slow the machine
EXAMPLES = 8


class LiveFigure:
    """A callback for `fit`: loss curves, reconstructions and two-dimensional codes, redrawn in place while it trains.

        fit(model, images, epochs=8, callbacks=[LiveFigure(test.images[:1000], test.labels[:1000],
                                                           code=lambda model, x: model.encoder(x))])

    images: [N, 1, H, W] or [N, H * W] to look at (the first of each class, or the first eight, are reconstructed).
    labels: [N], for the colours. code: (model, images) -> [N, 2]; other widths are not drawn.
    output: (model, images) -> reconstructions, where the model's (first) result is not yet one, e.g. logits.
    every: seconds between two drawings, at least.
    unit, per: what an entry of the history stands for, as in `show_history`, for a loop written by hand: it calls
    `begin`, then the figure itself after each entry, then `finish`; the model is whatever code and output take.

    In JupyterLab one output is updated in place. While a notebook is graded, and with COURSE_PROGRESS=0, only the last
    figure is drawn; outside notebooks none is: there `fit` shows its progress bar. `draw` gives the figure anywhere.
    """

    def __init__(
        self,
        images: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        *,
        code: Callable | None = None,
        output: Callable | None = None,
        log: bool = False,
        every: float = SECONDS_BETWEEN,
        unit: str = "epoch",
        per: int = 1,
    ):
        if images is None and (code is not None or labels is not None):
            raise ValueError("LiveFigure needs images=... to draw codes of.")
        self.images, self.labels, self.code, self.output = images, labels, code, output
        self.log, self.every = log, every
        self.unit, self.per = unit, per
        self._handle = None
        self._next = 0.0

    def begin(self, model: nn.Module, history: History) -> None:
        """Before the first epoch: take the place above the progress bar, which would be cut in two by the figure."""
        if in_notebook() and progress_wanted():
            from IPython.display import display

            first = f"the first {self.unit}" if self.per == 1 else f"{self.per} {self.unit}s"
            waiting = {"text/plain": f"(the figure appears after {first})"}
            self._handle = display(waiting, raw=True, display_id=True)

    def __call__(self, model: nn.Module, history: History) -> None:
        """After an epoch: draw, unless the last drawing is too fresh."""
        if not (in_notebook() and progress_wanted()) or time.monotonic() < self._next:
            return
        start = time.monotonic()
        self._show(model, history)
        took = time.monotonic() - start
        self._next = start + took + max(self.every, took / SHARE_OF_TIME)

    def finish(self, model: nn.Module, history: History) -> None:
        """At the end of training: the last state, and the next run gets an output of its own."""
        if in_notebook() and history.epochs:
            self._show(model, history)
        self._handle, self._next = None, 0.0

    @styled
    def draw(self, model: nn.Module, history: History) -> tuple[Figure, str]:
        """The figure as it stands, and its alt text."""
        codes = self._codes(model)
        figure = Figure(figsize=(10, 5.4) if codes is not None else (6.4, 5.4), layout="constrained")
        FigureCanvasAgg(figure)  # not pyplot's: it must not turn up at the end of the cell as well
        if self.images is None:
            figure.set_size_inches(6.4, 3.4)
            curves, below = figure.subplots(), None
        else:
            panels = [["curves", "codes"], ["images", "images"]] if codes is not None else [["curves"], ["images"]]
            axes = figure.subplot_mosaic(panels, height_ratios=[3.2, 1.8])
            curves, below = axes["curves"], axes["images"]
        done, planned = self.per * history.epochs, self.per * history.planned
        state = "" if done >= planned else f" of {planned}"
        title = f"after {self.unit} {done}{state}"
        show_history(history, log=self.log, unit=self.unit, per=self.per, ax=curves, title=title)
        curves.set_xlim(0.5 * self.per, max(planned, done) + 0.5 * self.per)
        words = [curves._course_alt]
        if codes is not None:
            show_codes(codes, self.labels, ax=axes["codes"], title="codes")
            words.append(axes["codes"]._course_alt)
        if below is not None:
            examples = self.images[self._examples()]
            words.append(paired_grid(below, examples, self._reconstructions(model, examples)))
        return figure, ". ".join(words)

    def _show(self, model: nn.Module, history: History) -> None:
        from IPython.display import display

        figure, alt = self.draw(model, history)
        content = bundle(figure, alt, pixels_per_inch=96)
        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)

    def _codes(self, model: nn.Module) -> torch.Tensor | None:
        if self.code is None:
            return None
        with evaluating(model):
            codes = self.code(model, self.images)
        return codes if codes.dim() == 2 and codes.shape[1] == 2 else None

    def _reconstructions(self, model: nn.Module, examples: torch.Tensor) -> torch.Tensor:
        if self.output is None:
            return reconstruct(model, examples)
        with evaluating(model):
            return self.output(model, examples)

    def _examples(self) -> list[int]:
        if self.labels is None:
            return list(range(min(EXAMPLES, len(self.images))))
        _, first = np.unique(torch.as_tensor(self.labels).cpu().numpy(), return_index=True)
        return first[:10].tolist()
