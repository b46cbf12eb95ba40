"""Figures: small functions that take tensors and give axes or a figure back, each with words for what it shows.

Nothing here draws at random, picks samples or calls plt.show(). Grey values mean the same everywhere (0 black, 1
white), a digit has the same colour everywhere, the background is opaque.

A module is imported when one of its functions is first used, so that `course_utils.plotting.style` costs no torch.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_utils.plotting.alt import alt_text, describe
    from course_utils.plotting.codes import show_codes, show_embeddings
    from course_utils.plotting.comparisons import show_arrows, show_matrix, show_roc, show_trade_off
    from course_utils.plotting.curves import show_history, show_variance
    from course_utils.plotting.images import show_extremes, show_filters, show_images, show_pairs
    from course_utils.plotting.intervals import show_bands, show_intervals
    from course_utils.plotting.latents import explore_latents, show_latent_grid, show_latents, show_posteriors
    from course_utils.plotting.live import LiveFigure
    from course_utils.plotting.planes import show_angles, show_planes
    from course_utils.plotting.style import PALETTE, colour, new_figure
    from course_utils.plotting.sweeps import show_sweep

_MODULES = {
    "LiveFigure": "live",
    "PALETTE": "style",
    "alt_text": "alt",
    "colour": "style",
    "describe": "alt",
    "explore_latents": "latents",
    "new_figure": "style",
    "show_angles": "planes",
    "show_arrows": "comparisons",
    "show_bands": "intervals",
    "show_codes": "codes",
    "show_embeddings": "codes",
    "show_extremes": "images",
    "show_filters": "images",
    "show_history": "curves",
    "show_images": "images",
    "show_intervals": "intervals",
    "show_latent_grid": "latents",
    "show_latents": "latents",
    "show_matrix": "comparisons",
    "show_pairs": "images",
    "show_planes": "planes",
    "show_posteriors": "latents",
    "show_roc": "comparisons",
    "show_sweep": "sweeps",
    "show_trade_off": "comparisons",
    "show_variance": "curves",
}

__all__ = [
    "PALETTE",
    "LiveFigure",
    "alt_text",
    "colour",
    "describe",
    "explore_latents",
    "new_figure",
    "show_angles",
    "show_arrows",
    "show_bands",
    "show_codes",
    "show_embeddings",
    "show_extremes",
    "show_filters",
    "show_history",
    "show_images",
    "show_intervals",
    "show_latent_grid",
    "show_latents",
    "show_matrix",
    "show_pairs",
    "show_planes",
    "show_posteriors",
    "show_roc",
    "show_sweep",
    "show_trade_off",
    "show_variance",
]


def _worth_telling(record: logging.LogRecord) -> bool:
    """False for matplotlib's red messages about its caches, such as that it cannot write to the home folder."""
    return record.funcName != "_get_config_or_cache_dir" and "font cache" not in str(record.msg)


for _name in ("matplotlib", "matplotlib.font_manager"):
    logging.getLogger(_name).addFilter(_worth_telling)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
