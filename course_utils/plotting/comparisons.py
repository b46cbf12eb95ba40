"""Scores and settings compared: ROC curves, a table of numbers as a picture, arrows in the plane."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from course_utils.arrays import as_array, as_table
from course_utils.plotting.alt import describe
from course_utils.plotting.style import PALETTE, axes_or_new, styled


@styled
def show_roc(
    normal, others: Mapping, *, title: str | None = None, ax: Axes | None = None, alt: str | None = None
) -> Axes:
    """ROC curves: for every threshold, the share of `normal` scores above it (false alarms) against that of others.

    normal: scores [N] of what should score low. others: {name: scores [M]} of what should score high, one curve each,
    with the area under it in the legend (Fawcett 2006). Returns the axes. Raises ValueError without any others.
    """
    from sklearn.metrics import auc, roc_curve

    if not isinstance(others, Mapping) or not others:
        raise ValueError("show_roc() takes the scores of normal samples and a dict {name: scores} of others.")
    ax = axes_or_new(ax, (4.2, 5.0))
    base, words = as_array(normal).ravel(), []
    for i, (name, scores) in enumerate(others.items()):
        scores = as_array(scores).ravel()
        labels = np.repeat([0, 1], [len(base), len(scores)])
        alarms, found, _ = roc_curve(labels, np.concatenate([base, scores]))
        area = auc(alarms, found)
        style = {"color": PALETTE[(9, 6, 3, 4, 1)[i % 5]], "linestyle": ("-", "--")[i % 2]}  # one may lie on another
        ax.plot(alarms, found, label=f"{name}: {area:.3f}", clip_on=False, **style)
        words.append(f"{name} {area:.3f}")
    ax.plot([0, 1], [0, 1], ":", color="0.4", linewidth=1.2)
    ax.set(xlim=(0, 1), ylim=(0, 1.01), aspect="equal", xlabel="false alarms", ylabel="found (share of the others)")
    # Below the axes: inside there is no corner that no curve can reach.
    ax.legend(title="area under the curve", loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    if title:
        ax.set_title(title)
    return describe(ax, alt or f"ROC curves, area under each: {', '.join(words)}")


@styled
def show_trade_off(
    curves: Mapping,
    *,
    xlabel: str,
    ylabel: str,
    title: str | None = None,
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """Two numbers against each other, such as error against size: a line for each name, both axes logarithmic.

    curves: {name: [(x, y), ...]}, numbers above 0. Returns the axes. Raises ValueError for other numbers.
    """
    points = {name: np.array(sorted(pairs), dtype=float) for name, pairs in curves.items()}
    if not points or any(array.ndim != 2 or array.shape[1] != 2 or not (array > 0).all() for array in points.values()):
        raise ValueError("show_trade_off() takes a dict {name: [(x, y), ...]} of numbers above 0.")
    ax = axes_or_new(ax, (6, 3.8))
    for i, (name, array) in enumerate(points.items()):
        ax.plot(*array.T, marker="osD^v"[i % 5], ms=5, color=PALETTE[(9, 6, 3, 4, 1)[i % 5]], label=name)
    ax.set(xscale="log", yscale="log", xlabel=xlabel, ylabel=ylabel)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_locator(NullLocator())
    ax.grid(color="0.9")
    ax.set_axisbelow(True)
    ax.legend()
    if title:
        ax.set_title(title)
    said = (f"{name}: {array[0, 1]:.3g} at {array[0, 0]:.3g} to {array[-1, 1]:.3g} at {array[-1, 0]:.3g}"
            for name, array in points.items())  # fmt: skip
    return describe(ax, alt or f"{ylabel} against {xlabel}, both axes logarithmic. {'; '.join(said)}")


@styled
def show_matrix(
    values,
    rows: Sequence,
    columns: Sequence,
    *,
    xlabel: str = "",
    ylabel: str = "",
    form: str = "{:.4f}",
    title: str | None = None,
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """A table of errors as cells with their numbers, darker for larger; the smallest of each column is framed.

    values: [R, C]. rows, columns: their R and C names. form: how a number is written. Returns the axes. Raises
    ValueError when names and values do not fit.
    """
    table = as_table(values, "values")
    if table.shape != (len(rows), len(columns)):
        raise ValueError(f"values must be {len(rows)} × {len(columns)}, one for each name, got {list(table.shape)}.")
    widest = max(len(str(name)) for name in columns)
    ax = axes_or_new(ax, (max(1.0, 0.09 * widest) * len(columns) + 1.6, 0.5 * len(rows) + 1.2))
    ax.imshow(np.log(np.maximum(table, 1e-12)), cmap="Blues", aspect="auto")
    middle = (np.log(table.max()) + np.log(max(table.min(), 1e-12))) / 2
    for i, j in np.ndindex(*table.shape):
        dark = np.log(max(table[i, j], 1e-12)) > middle
        ax.text(j, i, form.format(table[i, j]), ha="center", va="center", color="white" if dark else "black")
    for j, i in enumerate(table.argmin(axis=0)):
        frame = ax.add_patch(_rectangle(j, i))
        frame.set_clip_on(False)
    ax.set_xticks(range(len(columns)), [str(name) for name in columns])
    ax.set_yticks(range(len(rows)), [str(name) for name in rows])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if title:
        ax.set_title(title)
    best = "; ".join(f"{column}: {rows[i]}" for column, i in zip(columns, table.argmin(axis=0), strict=True))
    span = f"{len(rows)} × {len(columns)} numbers from {table.min():.3g} to {table.max():.3g}"
    text = f"{span}. Smallest of each column: {best}"
    return describe(ax, alt or text)


@styled
def show_arrows(
    points, moves, *, samples=None, title: str | None = None, ax: Axes | None = None, alt: str | None = None
) -> Axes:
    """Arrows in the plane, from each of `points` [N, 2] by `moves` [N, 2], in the units of the axes.

    samples: [M, 2], drawn as dots behind the arrows. Returns the axes. Raises ValueError for other shapes.
    """
    starts, steps = as_table(points, "points"), as_table(moves, "moves")
    if starts.shape != steps.shape or starts.shape[1] != 2:
        raise ValueError(f"points and moves must both be [N, 2], got {list(starts.shape)} and {list(steps.shape)}.")
    ax = axes_or_new(ax, (5.0, 5.0))
    if samples is not None:
        ax.scatter(*as_table(samples, "samples").T, s=6, color=PALETTE[7], linewidths=0)
    ax.quiver(*starts.T, *steps.T, angles="xy", scale_units="xy", scale=1, width=0.004, color=PALETTE[9])
    ax.set(aspect="equal", xticks=[], yticks=[])
    ax.spines[["top", "right"]].set_visible(True)
    if title:
        ax.set_title(title)
    lengths = np.hypot(*steps.T)
    return describe(ax, alt or f"{len(starts)} arrows in the plane, {lengths.min():.2g} to {lengths.max():.2g} long")


def _rectangle(x: int, y: int):
    from matplotlib.patches import Rectangle

    return Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, fill=False, edgecolor=PALETTE[6], linewidth=2)
