"""Pictures of images: grids, originals beside reconstructions, filters."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils.arrays import as_array
from course_utils.plotting.alt import describe
from course_utils.plotting.style import DIVERGING, axes_or_new, new_figure, styled

TILE = 0.72  # inches
GAP = 2  # pixels between tiles


@styled
def show_images(
    images: torch.Tensor,
    *,
    ncols: int = 10,
    titles: Sequence | None = None,
    labels: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """A grid of images, row by row, black at 0 and white at 1 whatever the values are.

    images: [N, 1, H, W], [N, H, W] or flat squares [N, H * H]. titles: one for each image, shown above it.
    labels: one for each row, shown left of it; columns: one for each column, shown below it. ncols: columns at most.
    Returns the axes. Raises ValueError for other shapes or a wrong number of titles, labels or columns.
    """
    stack = _stack(images)
    ncols = max(1, min(ncols, len(stack)))
    rows = -(-len(stack) // ncols)
    if labels is not None and len(labels) != rows:
        raise ValueError(f"labels must be one for each row: {len(labels)} labels for {rows} rows.")
    if columns is not None and len(columns) != ncols:
        raise ValueError(f"columns must be one for each column: {len(columns)} for {ncols} columns.")
    if titles is not None and len(titles) != len(stack):
        raise ValueError(f"titles must be one for each image: {len(titles)} titles for {len(stack)} images.")
    gap = GAP if titles is None else max(GAP, round(0.42 * stack.shape[-2]))
    grid, corners = _grid(stack, ncols, gap, background=1.0)
    ax = axes_or_new(ax, _inches(grid, stack, more_width=0 if labels is None else 1.2))
    ax.imshow(grid, cmap="gray", vmin=0, vmax=1)
    if labels is None and columns is None:
        ax.set_axis_off()
    else:
        heights = [y + stack.shape[-2] / 2 for _, y in corners[::ncols]]
        middles = [x + stack.shape[-1] / 2 for x, _ in corners[:ncols]]
        ax.set_yticks(*([[]] if labels is None else [heights, labels]))
        ax.set_xticks(*([[]] if columns is None else [middles, columns]))
        ax.tick_params(axis="both", length=0)
        ax.spines[:].set_visible(False)
    if title:
        ax.set_title(title)
    if titles is not None:
        # Text needs room above each row only, not below the last one.
        ax.set_xlim(gap / 2, grid.shape[1] - gap / 2)
        ax.set_ylim(grid.shape[0] - gap + GAP, 0)
        for text, (x, y) in zip(titles, corners, strict=True):
            ax.text(x + stack.shape[-1] / 2, y - 1.5, str(text), ha="center", va="bottom", fontsize=8)
    said = f", with the titles {', '.join(map(str, titles))}" if titles is not None and len(titles) <= 20 else ""
    named = f"; the rows are {', '.join(labels)}" if labels is not None else ""
    named += f"; the columns are {', '.join(columns)}" if columns is not None else ""
    return describe(
        ax, alt or f"Grid of {_count(len(stack), 'image')}, {_count(rows, 'row')} of up to {ncols}{said}{named}"
    )


@styled
def show_pairs(
    originals: torch.Tensor,
    *reconstructions: torch.Tensor,
    labels: Sequence[str] | None = None,
    errors: bool = True,
    titles: Sequence | None = None,
    title: str | None = None,
    alt: str | None = None,
) -> Figure:
    """A row of originals and below it a row for each set of reconstructions, all on the same grey scale.

    originals, reconstructions: [N, 1, H, W], [N, H, W] or [N, H * H], the same N (10 fit well).
    labels: the names of the rows, the originals' included. errors: below each reconstruction its squared error, the
    mean over its pixels. titles: one for each column, shown above the originals. Returns the figure. Raises ValueError
    when numbers do not fit together.
    """
    rows = [_stack(images) for images in (originals, *reconstructions)]
    if len(rows) < 2 or any(row.shape != rows[0].shape for row in rows):
        shapes = ", ".join(str(list(row.shape)) for row in rows)
        raise ValueError(f"show_pairs() takes originals and reconstructions of one shape, got {shapes}.")
    if labels is None:
        several = len(rows) > 2
        labels = ["original", *(f"model {i}" if several else "reconstruction" for i in range(1, len(rows)))]
    if len(labels) != len(rows):
        raise ValueError(f"labels must name all {len(rows)} rows, the originals too; got {len(labels)}.")

    n, height, width = rows[0].shape
    if titles is not None and len(titles) != n:
        raise ValueError(f"titles must be one for each column: {len(titles)} titles for {n} images.")
    tile_height = TILE * height / width + (0.22 if errors else 0.04)
    figure, axes = new_figure(len(rows), 1, (TILE * n + 1.2, tile_height * len(rows) + 0.1))
    words = []
    for ax, label, row in zip(axes[:, 0], labels, rows, strict=True):
        grid, corners = _grid(row, n, GAP, background=1.0)
        ax.imshow(grid, cmap="gray", vmin=0, vmax=1)
        ax.set_yticks([])
        ax.set_ylabel(label, rotation=0, ha="right", va="center")
        ax.spines[:].set_visible(False)
        ax.set_xticks([])
        if errors and row is not rows[0]:
            each = ((row - rows[0]) ** 2).mean((1, 2))
            ax.set_xticks([x + width / 2 for x, _ in corners], [f"{e:.4f}" for e in each])
            ax.tick_params(axis="x", length=0, pad=1, labelsize=8)
            words.append(f"{label}: mean squared error {each.mean():.4f}, worst {each.max():.4f}")
        if titles is not None and row is rows[0]:
            ax.xaxis.tick_top()
            ax.set_xticks([x + width / 2 for x, _ in corners], [str(text) for text in titles])
            ax.tick_params(axis="x", length=0, pad=1, labelsize=8)
    if title:
        figure.suptitle(title)
    above = f", with the titles {', '.join(map(str, titles))}," if titles is not None else ""
    below = f"{_count(len(rows) - 1, 'row')} of reconstructions ({', '.join(labels[1:])})"
    text = f"{_count(n, 'image')}{above} and below them {below}"
    return describe(figure, alt or ". ".join([text, *words]))


@styled
def show_extremes(
    model, images: torch.Tensor, *, n: int = 10, title: str | None = None, alt: str | None = None
) -> Axes:
    """The n images with the smallest and the n with the largest squared errors, each above its reconstruction.

    Of fewer than n images all are shown, in both orders.
    model: maps images [N, 1, H, W] to reconstructions; of a module, in evaluation mode. Returns the axes.
    """
    from course_utils.training import reconstruct

    drawn = reconstruct(model, images)
    n = min(n, len(images))
    errors = (drawn - images).square().flatten(1).mean(dim=1)
    order = errors.argsort()
    best, worst = order[:n], order.flip(0)[:n]
    rows = torch.cat([images[best], drawn[best], images[worst], drawn[worst]])
    text = (
        f"{n} images with errors from {errors[best[0]]:.4f} to {errors[best[-1]]:.4f} above their reconstructions, "
        f"and {n} with errors from {errors[worst[-1]]:.4f} to {errors[worst[0]]:.4f} above theirs"
    )
    labels = ["smallest errors", "reconstructions", "largest errors", "reconstructions"]
    return show_images(rows, ncols=n, labels=labels, title=title, alt=alt or text)


@styled
def show_filters(
    weights: torch.Tensor,
    *,
    ncols: int = 16,
    limit: int = 128,
    shape: tuple[int, int] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """The weights of a layer as images, the largest norm first; blue below 0, white at 0, red above.

    weights: [units, pixels] as in nn.Linear.weight, or [filters, 1, k, k] as in nn.Conv2d.weight. shape: (height,
    width) of a flat filter that is no square. limit: show at most so many. One scale, symmetric about 0, for all:
    the largest absolute value shown. Returns the axes.
    """
    stack = _stack(weights, shape, "filters")
    norms = (stack**2).sum((1, 2)) ** 0.5
    order = np.argsort(-norms, kind="stable")
    shown = stack[order[:limit]]
    largest = float(np.abs(shown).max()) or 1.0
    grid, _ = _grid(shown, ncols, 1, background=np.nan)
    # Few filters are shown large: they are looked at one by one.
    tile = max(0.5 if shown.shape[-1] > 10 else 0.4, min(1.35, 7.0 / min(ncols, len(shown))))
    ax = axes_or_new(ax, _inches(grid, shown, tile=tile, more_width=0.7))
    colours = plt.get_cmap(DIVERGING).with_extremes(bad="0.75")
    image = ax.imshow(grid, cmap=colours, vmin=-largest, vmax=largest)
    ax.set_axis_off()
    if title:
        ax.set_title(title)
    bar = ax.figure.colorbar(image, ax=ax, shrink=min(1.0, 1.6 / ax.figure.get_figheight() + 0.25), pad=0.02)
    bar.set_ticks([-largest, 0, largest], labels=[f"{-largest:.2g}", "0", f"{largest:.2g}"])
    bar.outline.set_visible(False)
    which = f"the {len(shown)} largest of {len(stack)}" if len(shown) < len(stack) else f"all {len(stack)}"
    text = (
        f"Filters of a layer as images, {which} by norm, from {norms.max():.2g} "
        f"down to {norms[order[len(shown) - 1]]:.2g}; weights between {shown.min():.2g} and {shown.max():.2g}"
    )
    return describe(ax, alt or text)


def paired_grid(ax: Axes, originals: torch.Tensor, reconstructions: torch.Tensor) -> str:
    """Originals above reconstructions in one pair of axes, for a figure with other panels; returns it in words."""
    above, below = _stack(originals), _stack(reconstructions)
    n, height, _ = above.shape
    grid, corners = _grid(np.concatenate([above, below]), n, GAP, background=1.0)
    ax.imshow(grid, cmap="gray", vmin=0, vmax=1)
    ax.set_xticks([])
    ax.set_yticks([corners[0][1] + height / 2, corners[n][1] + height / 2], ["original", "reconstruction"])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return f"{_count(n, 'image')} above their reconstructions, mean squared error {((above - below) ** 2).mean():.4f}"


def _stack(images, shape: tuple[int, int] | None = None, what: str = "images") -> np.ndarray:
    """[N, H, W] from everything that holds N grey images."""
    stack = as_array(images)
    if stack.ndim == 4 and stack.shape[1] == 1:
        stack = stack[:, 0]
    elif stack.ndim == 2:
        side = round(stack.shape[1] ** 0.5)
        height, width = shape or (side, side)
        if height * width != stack.shape[1]:
            raise ValueError(
                f"flat {what} of {stack.shape[1]} pixels are not {height} × {width}: reshape them to [N, H, W]."
            )
        stack = stack.reshape(-1, height, width)
    if stack.ndim != 3 or len(stack) == 0:
        raise ValueError(f"{what} must be [N, 1, H, W], [N, H, W] or [N, H * W], got shape {list(stack.shape)}.")
    return stack


def _grid(stack: np.ndarray, ncols: int, gap: int, background: float) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """One picture of all tiles, and the (x, y) of each tile's upper left pixel."""
    from torchvision.utils import make_grid  # seconds to import

    n, height, width = stack.shape
    ncols = max(1, min(ncols, n))
    if n == 1:  # make_grid gives a single image no border
        grid = np.pad(stack[0], gap, constant_values=background)
    else:
        tiles = torch.as_tensor(stack, dtype=torch.float32)[:, None]
        grid = make_grid(tiles, nrow=ncols, padding=gap, pad_value=background)[0].numpy()
    corners = [(gap + i % ncols * (width + gap), gap + i // ncols * (height + gap)) for i in range(n)]
    return grid, corners


def _inches(grid: np.ndarray, stack: np.ndarray, tile: float = TILE, more_width: float = 0) -> tuple[float, float]:
    scale = min(tile / stack.shape[-1], 8.5 / grid.shape[1])
    return max(1.2, grid.shape[1] * scale) + more_width, max(0.8, grid.shape[0] * scale)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
