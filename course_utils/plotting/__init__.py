"""Figures: small functions that take tensors and give axes or a figure back, each with words for what it shows.

Nothing here draws at random, picks samples or calls plt.show(). Grey values mean the same everywhere (0 black, 1
white), a digit has the same colour everywhere, the background is opaque.
"""

from course_utils.plotting.alt import alt_text, describe
from course_utils.plotting.codes import show_codes, show_embeddings
from course_utils.plotting.curves import show_history, show_variance
from course_utils.plotting.images import show_filters, show_images, show_pairs
from course_utils.plotting.live import LiveFigure
from course_utils.plotting.style import PALETTE, colour
from course_utils.plotting.sweeps import show_sweep

__all__ = [
    "PALETTE",
    "LiveFigure",
    "alt_text",
    "colour",
    "describe",
    "show_codes",
    "show_embeddings",
    "show_filters",
    "show_history",
    "show_images",
    "show_pairs",
    "show_sweep",
    "show_variance",
]
