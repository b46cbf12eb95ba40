"""Figures: small functions that take tensors and give axes or a figure back, each with words for what it shows.

Nothing here draws at random, picks samples or calls plt.show(). Grey values mean the same everywhere (0 black, 1
white), a digit has the same colour everywhere, the background is opaque.

A module is imported when one of its functions is first used, so that `course_utils.plotting.style` costs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_utils.plotting.alt import alt_text, describe
    from course_utils.plotting.codes import show_codes, show_embeddings
    from course_utils.plotting.curves import show_history, show_variance
    from course_utils.plotting.images import show_filters, show_images, show_pairs
    from course_utils.plotting.intervals import show_bands, show_intervals
    from course_utils.plotting.live import LiveFigure
    from course_utils.plotting.style import PALETTE, colour
    from course_utils.plotting.sweeps import show_sweep

_MODULES = {
    "PALETTE": "style",
    "LiveFigure": "live",
    "alt_text": "alt",
    "colour": "style",
    "describe": "alt",
    "show_bands": "intervals",
    "show_codes": "codes",
    "show_embeddings": "codes",
    "show_filters": "images",
    "show_history": "curves",
    "show_images": "images",
    "show_intervals": "intervals",
    "show_pairs": "images",
    "show_sweep": "sweeps",
    "show_variance": "curves",
}

__all__ = [
    "PALETTE",
    "LiveFigure",
    "alt_text",
    "colour",
    "describe",
    "show_bands",
    "show_codes",
    "show_embeddings",
    "show_filters",
    "show_history",
    "show_images",
    "show_intervals",
    "show_pairs",
    "show_sweep",
    "show_variance",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
