"""Latents: posteriors in the plane, a grid of decoded codes, how much each latent says, an explorer with sliders."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse, Patch

from course_utils.arrays import as_array
from course_utils.plotting.alt import describe
from course_utils.plotting.images import show_images
from course_utils.plotting.style import PALETTE, axes_or_new, colour, styled

SCREEN = 224  # width of the explorer's image, CSS pixels


@styled
def show_posteriors(
    mu, sigma, labels=None, *, title: str | None = None, ax: Axes | None = None, alt: str | None = None
) -> Axes:
    """Normal distributions in the plane, each as the ellipse at two standard deviations; dashed: that of N(0, 1).

    mu, sigma: [N, 2], means and standard deviations of independent latents. labels: whole numbers [N], for the
    colours, also written at the means. Returns the axes. Raises ValueError for other shapes.
    """
    mu, sigma = as_array(mu), as_array(sigma)
    if mu.ndim != 2 or mu.shape[1] != 2 or mu.shape != sigma.shape:
        raise ValueError(f"mu and sigma must be [N, 2] both, got {list(mu.shape)} and {list(sigma.shape)}.")
    classes = None if labels is None else as_array(labels).astype(int)
    ax = axes_or_new(ax, (5.8, 5.4))
    for i, (centre, spread) in enumerate(zip(mu, sigma, strict=True)):
        shade = "0.3" if classes is None else colour(classes[i])
        ax.add_patch(Ellipse(centre, *(4 * spread), facecolor=shade, edgecolor=shade, alpha=0.35))
        if classes is not None:
            ax.annotate(str(classes[i]), centre, ha="center", va="center", fontsize=6, color="0.1")
    ax.add_patch(Ellipse((0, 0), 4, 4, fill=False, linestyle="--", color="0.3", linewidth=1.2))
    reach = max(2.2, float((np.abs(mu) + 2 * sigma).max()) * 1.05)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="$z_1$", ylabel="$z_2$")
    if title:
        ax.set_title(title)
    if classes is not None:
        dots = [Patch(color=colour(c), alpha=0.6, label=str(c)) for c in sorted(set(classes.tolist()))]
        ax.legend(handles=dots, loc="center left", bbox_to_anchor=(1.0, 0.5))
    text = (
        f"{len(mu)} ellipses at two standard deviations, of mean half-width {2 * sigma.mean():.2g}, their centres "
        f"within {np.abs(mu).max():.2g} of 0; dashed: the circle of the standard normal distribution"
    )
    return describe(ax, alt or text)


def show_latent_grid(
    decode: Callable, *, n: int = 15, reach: float = 2.5, title: str | None = None, alt: str | None = None
) -> Axes:
    """Images decoded from a grid of two-dimensional codes, n by n, from -reach to reach; z1 to the right, z2 up.

    decode(z [N, 2]) returns images [N, 1, H, W] in [0, 1]. Returns the axes.
    """
    line = torch.linspace(-reach, reach, n)
    z = torch.stack([line.repeat(n), line.flip(0).repeat_interleave(n)], dim=1)
    with torch.no_grad():
        images = decode(z)
    text = f"A grid of {n} by {n} images, decoded from codes between {-reach:g} and {reach:g} in both latents."
    ax = show_images(images, ncols=n, title=title, alt=alt or text)
    ax.set_axis_on()
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    shown = [0, n // 2, n - 1] if n % 2 else [0, n - 1]  # an even grid has no image in its middle
    places = [(i + 0.5) * ax.get_xlim()[1] / n for i in shown]
    ax.set_xticks(places, [f"{line[i]:g}" for i in shown])
    ax.set_yticks(places, [f"{line[n - 1 - i]:g}" for i in shown])  # z2 goes up, rows go down
    ax.set(xlabel="$z_1$", ylabel="$z_2$")
    return ax


@styled
def show_latents(
    values: Mapping[str, Sequence],
    *,
    ylabel: str = "KL, nats",
    title: str | None = None,
    ax: Axes | None = None,
    alt: str | None = None,
) -> Axes:
    """A line for each model: one number for each of its latents, the largest first.

    values: {name: [latents]}, such as the KL of each latent. Logarithmic axis; numbers below 0.0001 are drawn there.
    """
    ax = axes_or_new(ax, (6, 3.2))
    words = []
    shades, marks = (9, 6, 3, 4, 1, 8), "osD^vx"
    for i, (name, row) in enumerate(values.items()):
        ordered = np.sort(as_array(row))[::-1]
        # From the seventh model on, the colours repeat with a dashed line.
        look = {"color": PALETTE[shades[i % 6]], "marker": marks[i % 6], "linestyle": ("-", "--", ":")[i // 6 % 3]}
        ax.plot(np.arange(1, len(ordered) + 1), ordered.clip(1e-4), ms=4, label=name, **look)
        words.append(f"{name}: {ordered[0]:.2g} down to {ordered[-1]:.2g}, {(ordered > 0.1).sum()} above 0.1")
    ax.set(xlabel="latent, sorted", ylabel=ylabel, yscale="log")
    ax.grid(axis="y", color="0.9")
    ax.set_axisbelow(True)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    if title:
        ax.set_title(title)
    return describe(ax, alt or f"{ylabel} of each latent, sorted. " + ". ".join(words))


def explore_latents(
    decode: Callable, latents: int = 2, *, start: Sequence[float] | None = None, reach: float = 3.0, names=None
):
    """Sliders for the latents and, beside them, the image that is decoded from where they stand.

    decode(z [1, latents]) returns an image [1, 1, H, W] in [0, 1]. start: where the sliders begin, 0 unless given.
    reach: the sliders run from -reach to reach. names: of the sliders, z1, z2, ... unless given.
    Returns an ipywidgets box, to be the last line of a cell. It works while the kernel runs: a saved notebook shows
    nothing of it, so draw a static figure as well.
    """
    import ipywidgets

    values = [0.0] * latents if start is None else [float(value) for value in start]
    if len(values) != latents:
        raise ValueError(f"start must have {latents} numbers, one for each latent, got {len(values)}.")
    reach = max([reach, *map(abs, values)])
    sliders = [
        ipywidgets.FloatSlider(
            value=value, min=-reach, max=reach, step=0.05, description=name, readout_format=".2f",
            layout=ipywidgets.Layout(width="20em"), style={"description_width": "3em"},
        )
        for value, name in zip(values, names or [f"z{i + 1}" for i in range(latents)], strict=True)
    ]  # fmt: skip
    picture = ipywidgets.HTML()

    def draw(_=None) -> None:
        z = [slider.value for slider in sliders]
        with torch.no_grad():
            image = as_array(decode(torch.tensor([z])))[0, 0]
        shown = ", ".join(f"{value:.2f}" for value in z[:8]) + (", ..." if latents > 8 else "")
        picture.value = _image(image, f"The image decoded from z = ({shown})")

    for slider in sliders:
        slider.observe(draw, names="value")
    draw()
    return ipywidgets.HBox([ipywidgets.VBox(sliders), picture])


def _image(image: np.ndarray, alt: str) -> str:
    """A grey image in [0, 1] as an <img> element, each pixel a square."""
    from PIL import Image

    grey = Image.fromarray((255 * image.clip(0, 1)).round().astype(np.uint8))
    file = BytesIO()
    grey.resize((8 * grey.width, 8 * grey.height), Image.Resampling.NEAREST).save(file, "png")
    data = b64encode(file.getvalue()).decode()
    return f'<img alt="{alt}" width="{SCREEN}" src="data:image/png;base64,{data}">'
