"""What all figures of the course share: colours, sizes, an opaque white background."""

from collections.abc import Callable
from functools import wraps

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Ten colours, found by a search for the largest distance between the two nearest, measured in CAM02-UCS (Luo, Cui and
# Li 2006) on what eyes with protanopia, deuteranopia and tritanopia see (Machado, Oliveira and Fernandes 2009, severity
# 1): 28.0 with usual colour vision, 19.4, 18.9 and 19.0 with these; contrast with white at least 1.9. Then put in the
# order in which digits that are easily confused (4 and 9; 3, 5 and 8) lie farthest apart. A test computes it all.
PALETTE = (
    "#8778ff",  # 0 periwinkle
    "#7f1074",  # 1 purple
    "#4b4b00",  # 2 dark olive
    "#0f7869",  # 3 teal
    "#b1711c",  # 4 ochre
    "#87c3e1",  # 5 sky blue
    "#fa0086",  # 6 magenta
    "#ffa2a0",  # 7 salmon
    "#bac200",  # 8 yellow green
    "#4900e6",  # 9 ultramarine
)

STYLE = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "text.color": "black",
    "axes.labelcolor": "black",
    "axes.edgecolor": "0.4",
    "xtick.color": "0.2",
    "ytick.color": "0.2",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.titlesize": 11,
    "axes.titleweight": "normal",
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "figure.titlesize": 12,
    "lines.linewidth": 1.8,
}

# Signed values: blue below zero, white at zero, red above; told apart with every common colour-vision deficiency.
DIVERGING = "RdBu_r"


def styled(draw: Callable) -> Callable:
    """Draw in the course's style, whatever style the notebook has set."""

    @wraps(draw)
    def drawn(*args, **kwargs):
        # Not rc_context, which would put back `interactive` as well: a notebook's backend sets that when it is first
        # used, perhaps here inside, and without it no later figure would appear.
        before = {key: mpl.rcParams[key] for key in STYLE}
        mpl.rcParams.update(STYLE)
        try:
            return draw(*args, **kwargs)
        finally:
            mpl.rcParams.update(before)

    return drawn


def colour(label: int) -> str:
    """The colour of a class: the same digit has the same colour in every figure."""
    return PALETTE[int(label) % len(PALETTE)]


def axes_or_new(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """`ax`, or the axes of a new figure of `size` inches."""
    return ax if ax is not None else plt.subplots(figsize=size, layout="constrained")[1]


def new_figure(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, np.ndarray]:
    """A figure of `size` inches with a grid of axes, as an array [rows, columns]."""
    return plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
