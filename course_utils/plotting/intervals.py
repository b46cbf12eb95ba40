"""Means with 95 % intervals: settings below each other as bars, or along an axis as bands."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from course_utils.plotting.alt import describe
from course_utils.plotting.style import PALETTE, axes_or_new, styled
from course_utils.sweeps import chosen_column, half_width

LINES = (9, 6, 3, 4, 0, 2)  # of the palette, in the order in which they are used
MARKS = "osD^vP"


@styled
def show_intervals(
    table, column: str | None = None, *, title: str | None = None, ax: Axes | None = None, alt: str | None = None
) -> Axes:
    """One bar for each setting of a sweep: it ends at the mean of the runs; a line shows the 95 % interval of this
    mean (t distribution, no line for a single run), a dot each run.

    table: what `sweep` returned. column: which of its numbers, the first unless named. Runs without a number (nan or
    infinite) are left out; the alt text counts them. Returns the axes. Raises ValueError if no run has a number.
    """
    column = chosen_column(table, column)
    every = {name: values.to_numpy(float) for name, values in table.groupby("setting", sort=False)[column]}
    runs = {name: values[np.isfinite(values)] for name, values in every.items()}
    runs = {name: values for name, values in runs.items() if len(values)}
    if not runs:
        raise ValueError("the table holds no runs with a number, so there is nothing to draw.")
    ax = axes_or_new(ax, (6.8, 0.42 * len(runs) + (1.2 if title else 1.0)))
    ends, words = [], []
    for y, (name, values) in enumerate(runs.items()):
        mean, half = values.mean(), half_width(values)
        ends += [values.min(), values.max(), mean - half, mean + half]
        ax.barh(y, mean, height=0.62, color=PALETTE[5], zorder=1)
        ax.plot(values, [y] * len(values), "o", color=PALETTE[9], alpha=0.55, markersize=5, markeredgewidth=0, zorder=3)
        if half:
            ax.errorbar(mean, y, xerr=half, color="black", capsize=4, linewidth=1.6, zorder=2)
        spread = f" ± {half:.3f}" if half else ""
        words.append(f"{name}: {mean:.3f}{spread}")
    for name, values in every.items():
        if missing := len(values) - len(runs.get(name, ())):
            words.append(f"{name}: {missing} of {len(values)} runs without a number")
    low, high = _limits(min(ends), max(ends))
    ax.set(xlim=(low, high), ylim=(len(runs) - 0.45, -0.55))
    ax.set_yticks(range(len(runs)), list(runs))
    for y, values in enumerate(runs.values()):
        place = {"xytext": (-2, 0), "textcoords": "offset points", "xycoords": ax.get_yaxis_transform()}
        ax.annotate(f"{values.mean():.3f}", (1, y), ha="right", va="center", fontsize=9, **place)
    cut = "; the axis does not begin at 0" if low > 0 or high < 0 else ""
    ax.set_xlabel(f"{column} (dot: a run; bar: mean; line: its 95 % interval{cut})")
    ax.xaxis.label.set_fontsize(9)
    ax.tick_params(axis="y", length=0)
    if title:
        ax.set_title(title)
    return describe(ax, alt or f"{column}, mean and 95 % interval, by setting. " + ". ".join(words))


@styled
def show_bands(
    table,
    x: str,
    column: str | None = None,
    *,
    title: str | None = None,
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """One line for each setting over the numbers in column `x` (logarithmic): the mean of the runs, and the range from
    the worst to the best run as a band.

    table: what `sweep` returned, with a column `x` that says at which place a run stands. column: what is drawn, the
    first column of numbers other than x unless named. Returns the axes.
    """
    column = column or chosen_column(table.drop(columns=x))
    ax = axes_or_new(ax, (6.8, 3.9))
    words = []
    for i, (name, rows) in enumerate(table.groupby("setting", sort=False)):
        found = rows.groupby(x)[column].agg(["mean", "min", "max"])
        colour = PALETTE[LINES[i % len(LINES)]]
        ax.plot(found.index, found["mean"], MARKS[i % len(MARKS)] + "-", color=colour, markersize=5, label=name)
        ax.fill_between(found.index, found["min"], found["max"], color=colour, alpha=0.2, linewidth=0)
        words.append(f"{name}: from {found['mean'].iloc[0]:.2f} at {found.index[0]} to {found['mean'].iloc[-1]:.2f}")
    ax.set_xscale("log")
    ax.set_xticks(sorted(table[x].unique()))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set(xlabel=x, ylabel=f"{column} (line: mean; band: all runs)")
    ax.grid(color="0.9")
    ax.set_axisbelow(True)
    ax.legend(loc="lower right")
    if title:
        ax.set_title(title)
    return describe(ax, alt or f"{column} over {x}. " + ". ".join(words))


def _limits(low: float, high: float) -> tuple[float, float]:
    """The axis for numbers from low to high: room on both sides, but it ends at 0 where all numbers have one sign."""
    room = max(high - low, 0.02)
    left, right = low - 0.35 * room, high + 0.3 * room
    return max(0, left) if low >= 0 else left, min(0, right) if high <= 0 else right
