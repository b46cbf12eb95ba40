"""Codes as points in the plane."""

from collections.abc import Mapping

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from course_utils.arrays import as_array
from course_utils.metrics import nearest_others
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
    """Two-dimensional codes as points; with labels [N] one colour a class and the class's name at its median, or
    beside it with a line to it where names would cover each other.

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
    count = "1 code" if len(points) == 1 else f"{len(points)} codes"
    text = f"{count} in the plane, {_span(points[:, 0], 'across')} and {_span(points[:, 1], 'up')}"
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
    medians = {c: np.median(points[classes == c], axis=0) for c in present}
    together = len(present) > 1 and np.ptp(list(medians.values()), axis=0).max() <= 1e-4 * np.ptp(points, axis=0).max()
    if together:
        where = "all images" if np.ptp(points, axis=0).max() == 0 else "the medians of all classes"
        _one_place(ax, medians[present[0]], f"{called[present[0]]} to {called[present[-1]]}: {where} are here")
    else:
        tags = []
        for c in present:
            box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": colour(c), "alpha": 0.85}
            at = {"xy": medians[c], "xytext": (0, 0), "textcoords": "offset points"}
            tags.append(ax.annotate(called[c], **at, ha="center", va="center", bbox=box))
        ax.add_artist(_Apart(tags, [colour(c) for c in present]))
    dots = [Line2D([], [], marker="o", linestyle="", markersize=6, color=colour(c), label=called[c]) for c in present]
    ax.legend(handles=dots, loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.2)
    centres = "; ".join(f"{called[c]} near {_point(medians[c])}" for c in present)
    if together:
        centres = f"{where} are at {_point(medians[present[0]])}"
    return describe(ax, alt or f"{text}, coloured by class: {centres}")


def _one_place(ax: Axes, xy: np.ndarray, text: str) -> None:
    """A dot that can be seen, and one label above it, for classes that all lie in one place."""
    ax.plot(*xy, "o", color="0.15", markersize=9, markeredgecolor="white", zorder=4)
    box = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "0.15", "alpha": 0.85}
    ax.annotate(text, xy, xytext=(0, 16), textcoords="offset points", ha="center", va="bottom", bbox=box)


class _Apart(Artist):
    """Moves annotations so that none covers another, just before they are drawn (only then are the sizes of the axes
    known), and draws a line from each that was moved to its place, below all of them.
    """

    def __init__(self, tags: list, colours: list):
        super().__init__()
        self.tags, self.colours = tags, colours
        self.set_in_layout(False)

    def draw(self, renderer) -> None:
        boxes = []
        for tag in self.tags:
            tag.set_position((0, 0))
            tag.update_positions(renderer)
            tag.update_bbox_position_size(renderer)
            boxes.append(tag.get_bbox_patch().get_window_extent(renderer))
        middles = np.array([[(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2] for box in boxes])
        sizes = np.array([[box.width, box.height] for box in boxes])
        moved = spread(middles, sizes + 2, self.axes.bbox.get_points()) - middles
        for tag, pixels, start, shade in zip(self.tags, moved, middles, self.colours, strict=True):
            tag.set_position(tuple(pixels * 72 / self.axes.figure.dpi))
            line = Line2D(*zip(start, start + pixels, strict=True), color=shade, linewidth=1)
            line.set_figure(self.axes.figure)
            line.draw(renderer)


def spread(middles: np.ndarray, sizes: np.ndarray, frame: np.ndarray | None = None) -> np.ndarray:
    """Middles [N, 2] of boxes of these sizes [N, 2], moved until no two boxes overlap. Each round pushes each
    overlapping pair apart, along the axis with the smaller overlap. Every third round uses the other axis, so that
    boxes can leave corners. frame: [[left, bottom], [right, top]] to stay inside.
    """
    places = middles.astype(float)
    numbers = np.arange(len(places))
    order = np.sign(numbers[:, None] - numbers)[..., None]  # the direction for two at one point
    for turn in range(600):
        if frame is not None:
            places = np.clip(places, frame[0] + sizes / 2, np.maximum(frame[1] - sizes / 2, frame[0] + sizes / 2))
        gaps = places[:, None] - places
        room = (sizes[:, None] + sizes) / 2 - np.abs(gaps)
        overlap = (room > 0).all(axis=-1) & (order[..., 0] != 0)
        if not overlap.any():
            break
        axis = room.argmin(axis=-1) if turn % 3 < 2 else room.argmax(axis=-1)
        push = np.where(gaps == 0, order, np.sign(gaps)) * (room / 2 + 0.1) * (np.arange(2) == axis[..., None])
        places += 0.5 * (push * overlap[..., None]).sum(axis=1)
    return places


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
    """How well the classes are separated. Positions are not told: they mean nothing in a t-SNE."""
    shares = []
    for title, points in maps.items():
        nearest = nearest_others(as_array(points))
        shares.append(f"{title} {(labels[nearest] == labels).mean():.0%}")
    shown = f"{len(labels)} samples in the plane, coloured by class"
    return f"{shown}. Share of them whose nearest neighbour is of their class: {', '.join(shares)}"


def _span(values: np.ndarray, way: str) -> str:
    return f"{values.min():.2g} to {values.max():.2g} {way}"


def _point(xy: np.ndarray) -> str:
    return f"({xy[0]:.2g}, {xy[1]:.2g})"
