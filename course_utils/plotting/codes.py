"""Codes as points in the plane."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from course_utils.arrays import as_array
from course_utils.plotting.alt import describe
from course_utils.plotting.style import axes_or_new, colour, new_figure, styled


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


@styled
def show_embeddings(maps: Mapping, labels, *, names=None, ncols: int = 2, alt: str | None = None) -> Figure:
    """Several maps of the same samples beside each other, such as PCA and t-SNE, of pixels and of codes.

    maps: {title: points [N, 2]}. labels, names: as in `show_codes`, one for all maps. The axes carry no numbers: a
    t-SNE has no units, and each map fills its panel. Returns the figure. Raises ValueError for other shapes.
    """
    if not isinstance(maps, Mapping) or not maps:
        raise ValueError("show_embeddings() takes a dict {title: points [N, 2]} with at least one entry.")
    ncols = min(ncols, len(maps))
    rows = -(-len(maps) // ncols)
    figure, axes = new_figure(rows, ncols, (4.1 * ncols + 0.6, 3.7 * rows))
    for ax, (title, points) in zip(axes.flat, maps.items(), strict=False):
        show_codes(points, labels, names=names, title=title, xlabel="", ylabel="", ax=ax)
        ax.set(xticks=[], yticks=[])
        ax.spines[["top", "right"]].set_visible(True)
    for ax in axes.flat[len(maps) :]:
        ax.set_axis_off()
    drawn = axes.flat[: len(maps)]
    legends = [ax.get_legend() for ax in drawn]
    figure.legend(handles=legends[0].legend_handles, loc="outside right center", handletextpad=0.2)
    for legend in legends:
        legend.remove()
    return describe(figure, alt or _maps_in_words(maps, as_array(labels)))


def _maps_in_words(maps: Mapping, labels: np.ndarray) -> str:
    """Not where the classes lie, which means nothing in a t-SNE, but how well they lie apart."""
    from scipy.spatial import KDTree

    shares = []
    for title, points in maps.items():
        points = as_array(points)
        nearest = KDTree(points).query(points, k=2)[1][:, 1]
        shares.append(f"{title} {(labels[nearest] == labels).mean():.0%}")
    shown = f"{len(labels)} samples in the plane, coloured by class"
    return f"{shown}. Share of them whose nearest neighbour is of their class: {', '.join(shares)}"


def _span(values: np.ndarray, way: str) -> str:
    return f"{values.min():.2g} to {values.max():.2g} {way}"


def _point(xy: np.ndarray) -> str:
    return f"({xy[0]:.2g}, {xy[1]:.2g})"
