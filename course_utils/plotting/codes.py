"""Codes as points in the plane."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from course_utils.plotting.alt import describe
from course_utils.plotting.style import as_array, axes_or_new, colour, styled


@styled
def show_codes(
    codes,
    labels=None,
    *,
    names=None,
    title: str | None = None,
    xlabel: str = "code 1",
    ylabel: str = "code 2",
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """Two-dimensional codes as points; with labels [N] one colour a class and the class's name at its median.

    codes: [N, 2], the code itself or a projection of it. labels: whole numbers [N]; the digit d has the same colour in
    every figure. names: what to call class 0, 1, ... Returns the axes. Raises ValueError for other shapes.
    """
    points = as_array(codes)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(
            f"codes must be [N, 2], got {list(points.shape)}: project wider ones first, with PCA or t-SNE."
        )
    ax = axes_or_new(ax, (5.6, 4.4))
    size = float(np.clip(6000 / len(points), 3, 20))
    style = {"s": size, "alpha": 0.7, "linewidths": 0}
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if title:
        ax.set_title(title)
    text = f"{len(points)} codes in the plane, {_span(points[:, 0], 'across')} and {_span(points[:, 1], 'up')}"
    if labels is None:
        ax.scatter(*points.T, color="0.3", **style)
        return describe(ax, alt or text)

    classes = as_array(labels).astype(int)
    if classes.shape != (len(points),):
        raise ValueError(f"labels must be one for each of the {len(points)} codes, got shape {list(classes.shape)}.")
    present = sorted(set(classes.tolist()))
    called = {c: str(names[c]) if names is not None else str(c) for c in present}
    # All classes in one call, in the order given: class by class, the last would hide the first.
    ax.scatter(*points.T, c=[colour(c) for c in classes], **style)
    for c in present:
        x, y = np.median(points[classes == c], axis=0)
        box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": colour(c), "alpha": 0.85}
        ax.text(x, y, called[c], ha="center", va="center", bbox=box)
    dots = [Line2D([], [], marker="o", linestyle="", markersize=6, color=colour(c), label=called[c]) for c in present]
    ax.legend(handles=dots, loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.2)
    centres = "; ".join(f"{called[c]} near {_point(np.median(points[classes == c], axis=0))}" for c in present)
    return describe(ax, alt or f"{text}, coloured by class: {centres}")


def _span(values: np.ndarray, way: str) -> str:
    return f"{values.min():.2g} to {values.max():.2g} {way}"


def _point(xy: np.ndarray) -> str:
    return f"({xy[0]:.2g}, {xy[1]:.2g})"
