"""Curves: training histories, explained variance."""

import math
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from course_utils.arrays import as_array
from course_utils.plotting.alt import describe
from course_utils.plotting.style import PALETTE, axes_or_new, styled
from course_utils.training import History


@styled
def show_history(
    *histories: History | Mapping[str, History],
    log: bool = False,
    ylabel: str = "loss",
    unit: str = "epoch",
    per: int = 1,
    title: str | None = None,
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """The loss after each epoch: training as a line, validation dashed, one colour for each run.

    histories: what `fit` returned, one or more, or one dict of them by name. log: logarithmic vertical axis.
    unit, per: what an entry of a history stands for, where it is no epoch: unit="iteration", per=50 for the means of
    fifty iterations each. Returns the axes. Raises ValueError when there is nothing to draw.
    """
    runs = _by_name(histories)
    ax = axes_or_new(ax, (6, 3.4))
    for colour, (name, history) in zip(_colours(len(runs)), runs.items(), strict=True):
        epochs = range(per, per * history.epochs + 1, per)
        style = {"color": colour, "marker": "o" if history.epochs <= 20 else None, "markersize": 3.5}
        prefix = f"{name}, " if name else ""
        ax.plot(epochs, history.train, label=f"{prefix}training", **style)
        if history.validation:
            ax.plot(epochs, history.validation, "--", label=f"{prefix}validation", **style)
    ax.set(xlabel=unit, ylabel=ylabel)
    if log:
        _logarithmic(ax, runs)
    if title:
        ax.set_title(title)
    if all(history.epochs == 1 for history in runs.values()):
        said = f"{per} {unit}s: one point, no curve yet" if per > 1 else f"one {unit}: a point, no curve yet"
        ax.text(0.5, 0.03, said, transform=ax.transAxes, ha="center", color="0.35", fontsize=9)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    ax.grid(axis="y", color="0.9")
    ax.set_axisbelow(True)
    ax.legend()
    return describe(ax, alt or history_in_words(runs, ylabel, unit, per))


@styled
def show_variance(
    variances,
    *,
    share: float | None = 0.9,
    title: str | None = None,
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """The share of the variance that the first k components explain, against k.

    variances: [P], the variance along each of all P components, or their shares, largest first. share: marks the
    smallest k that explains at least so much (None marks nothing). Returns the axes.
    Raises ValueError for variances that are not in descending order or for a share outside (0, 1].
    """
    values = as_array(variances)
    if (
        values.ndim != 1
        or len(values) == 0
        or values[-1] < -1e-6 * abs(values[0])
        or (values[:-1] < values[1:] - 1e-6 * values[0]).any()
    ):
        raise ValueError("variances must be one list of numbers, none negative, the largest first.")
    if share is not None and not 0 < share <= 1:
        raise ValueError(f"share must lie above 0 and be at most 1, got {share}.")
    explained = (values / values.sum()).cumsum()
    ax = axes_or_new(ax, (6, 3.4))
    ax.plot(range(1, len(explained) + 1), explained, color=PALETTE[0])
    ax.set(xlabel="number of components", ylabel="share of the variance", ylim=(0, 1.03), xlim=(0, len(explained)))
    ax.grid(color="0.9")
    ax.set_axisbelow(True)
    if title:
        ax.set_title(title)
    text = f"Share of the variance explained, rising from {explained[0]:.0%} with one component"
    if share is not None:
        needed = min(int((explained < share - 1e-9).sum()) + 1, len(explained))
        ax.plot([0, needed, needed], [share, share, 0], ":", color="0.35", linewidth=1.2)
        ax.plot([needed], [share], "o", color=PALETTE[1], markersize=6)
        left = needed > 0.7 * len(explained)
        offset = {"xytext": (-6 if left else 6, 6), "textcoords": "offset points", "ha": "right" if left else "left"}
        ax.annotate(f"{share:.0%} with {needed}", (needed, 0), **offset)
        text += f" to {share:.0%} with {needed} of {len(explained)}"
    return describe(ax, alt or text)


def history_in_words(runs: Mapping[str, History], ylabel: str = "loss", unit: str = "epoch", per: int = 1) -> str:
    """Where each curve begins and ends."""
    return ". ".join(_in_words(name, history, ylabel, unit, per) for name, history in runs.items())


def _logarithmic(ax: Axes, runs: Mapping[str, History]) -> None:
    """Plain numbers at the ticks (0.02, 0.05) where powers of ten alone would leave one or none."""
    values = [v for history in runs.values() for v in history.train + (history.validation or []) if 0 < v < math.inf]
    ax.set_yscale("log")
    if values and max(values) < 30 * min(values):
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
        ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _in_words(name: str, history: History, ylabel: str, unit: str, per: int) -> str:
    over = f"{per * history.epochs} {unit}s"
    text = f"{name + ': t' if name else 'T'}raining {ylabel} over {over}, {_from_to(history.train)}"
    return text + (f"; validation {ylabel} {_from_to(history.validation)}" if history.validation else "")


def _from_to(values: list[float]) -> str:
    return f"from {values[0]:.4g} to {values[-1]:.4g}"


def _by_name(histories) -> dict[str, History]:
    if len(histories) == 1 and isinstance(histories[0], Mapping):
        runs = dict(histories[0])
    else:
        runs = {f"run {i}" if len(histories) > 1 else "": history for i, history in enumerate(histories, start=1)}
    if not runs or not all(isinstance(history, History) and history.epochs for history in runs.values()):
        raise ValueError(
            "show_history() takes what fit() returned, each with at least one finished epoch, or a dict of them."
        )
    return runs


def _colours(n: int) -> list[str]:
    return [PALETTE[i % len(PALETTE)] for i in range(n)]
