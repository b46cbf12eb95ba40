"""Settings compared: every run of a sweep, none hidden behind a mean."""

import math
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from course_utils.plotting.alt import describe
from course_utils.plotting.style import PALETTE, axes_or_new, styled
from course_utils.sweeps import chosen_column


@styled
def show_sweep(
    table,
    column: str | None = None,
    *,
    reference: tuple[str, float | Mapping[str, float]] | None = None,
    log: bool = False,
    title: str | None = None,
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """One line for each setting of a sweep: every run a dot, their mean a bar, and failed runs counted.

    table: what `sweep` returned. column: which of its numbers, the first unless named. reference: (name, value), a
    vertical line to compare with, such as PCA's error, or (name, {setting: value}), a mark in each setting's line.
    log: logarithmic axis, for numbers above 0.
    Returns the axes. Raises ValueError for a table without runs or without that column.
    """
    column = chosen_column(table, column)
    runs = {name: values.tolist() for name, values in table.groupby("setting", sort=False)[column]}
    if not runs:
        raise ValueError("the table holds no runs, so there is nothing to draw: was the sweep interrupted at once?")
    finite = {name: sorted(filter(math.isfinite, values)) for name, values in runs.items()}
    shown = [value for values in finite.values() for value in values]
    if log and min(shown, default=1) <= 0:
        raise ValueError(
            f"a logarithmic axis needs numbers above 0, the smallest {column} is {min(shown):g}: log=False."
        )

    several = max(map(len, finite.values())) > 1
    marked = reference is not None and isinstance(reference[1], Mapping)
    ax = axes_or_new(ax, (6.4, (0.55 if marked else 0.34) * len(runs) + (1.35 if title else 1.1)))
    for y, values in enumerate(finite.values()):
        ax.plot(values, [y] * len(values), "o", color=PALETTE[9], alpha=0.55, markersize=7, markeredgewidth=0)
        if len(values) > 1:
            mean = sum(values) / len(values)
            ax.plot(
                [mean, mean], [y - 0.3, y + 0.3], color=PALETTE[9], linewidth=2.5, solid_capstyle="butt", zorder=1.8
            )
    labels = [name + _lost(len(runs[name]) - len(finite[name]), len(runs[name])) for name in runs]
    ax.set_yticks(range(len(runs)), labels)
    told = "dot: a run, bar: mean" if several else "one run for each setting: no spread to see"
    ax.set(xlabel=f"{column} ({told})", ylim=(len(runs) - 0.5, -0.7 if marked else -0.5))
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color="0.9")
    ax.set_axisbelow(True)
    text = f"{column} of {len(table)} runs, by setting"
    if marked:
        name, values = reference
        for y, value in ((list(runs).index(setting), value) for setting, value in values.items()):
            ax.plot([value, value], [y - 0.3, y + 0.3], "--", color="0.35", linewidth=1.2, zorder=0.9)
            ax.annotate(f"{name}: {value:.3g}", (value, y - 0.3), **_above())
        text += f", beside {name}: " + ", ".join(f"{setting} {value:.3g}" for setting, value in values.items())
    elif reference is not None:
        name, value = reference
        ax.axvline(value, color="0.35", linestyle="--", linewidth=1.2, zorder=0.9)
        ax.annotate(f"{name}: {value:.3g}", (value, 1), xycoords=ax.get_xaxis_transform(), **_above())
        text += f", beside {name}, {value:.3g}"
    if log:
        _logarithmic(ax, shown)
    if title:
        ax.set_title(title, pad=18 if reference is not None and not marked else 6)
    words = [_in_words(name, finite[name], len(runs[name])) for name in runs]
    return describe(ax, alt or ". ".join([text, *words]))


def _above() -> dict:
    return {"xytext": (0, 3), "textcoords": "offset points", "ha": "center", "color": "0.2", "fontsize": 8.5}


def _lost(missing: int, runs: int) -> str:
    return f"\n{missing} of {runs}: no number" if missing else ""


def _in_words(name: str, values: list[float], runs: int) -> str:
    if not values:
        return f"{name}: no run gave a number"
    text = f"{name}: {values[0]:.3g}"
    if len(values) > 1:
        text += f" to {values[-1]:.3g}, mean {sum(values) / len(values):.3g}"
    return text + (f", {runs - len(values)} of {runs} without a number" if len(values) < runs else "")


def _logarithmic(ax: Axes, values: list[float]) -> None:
    ax.set_xscale("log")
    if values and max(values) < 30 * min(values):
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
