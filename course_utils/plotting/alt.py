"""Alt text: every figure of the course says in words what it shows.

JupyterLab (4.6) and nbconvert (7.17, all templates but the classic one) leave out an `alt` in the metadata of a PNG
output. Both keep the alt of an <img> element in an HTML output, so a described figure displays itself as one.
"""

from base64 import b64encode
from functools import partial
from html import escape
from io import BytesIO

import matplotlib.pyplot as plt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

CSS_PIXELS_PER_INCH = 96
PNG_PIXELS_PER_INCH = 144  # sharp on the usual screens at twice the bytes, not four times


def describe(drawing: Axes | Figure, alt: str) -> Axes | Figure:
    """Set the alt text of a figure, or of one of its axes; returns `drawing`.

    In a notebook the figure then appears once, at the end of the cell, as an image with this alt text; elsewhere it
    stays an ordinary figure. Say what the figure shows, not only what was plotted: "test error falls until width 30".
    A second call replaces the text. Raises ValueError for an empty text.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError("describe() needs words: what does the figure show to someone who cannot see it?")
    if not isinstance(drawing, Artist):
        raise ValueError(f"describe() takes axes or a figure first and then the text, got {type(drawing).__name__}.")
    figure = drawing.figure.figure if isinstance(drawing, Axes) else drawing
    drawing._course_alt = " ".join(alt.split())
    # Hooks on this one figure, not formatters for all: the inline backend resets the formatters when it is set up.
    figure._ipython_display_ = partial(_display, figure)
    for ax in figure.axes:
        ax._ipython_display_ = _nothing  # axes at the end of a cell: the picture is enough, no "<Axes: ...>" above it
    return drawing


def alt_text(drawing: Axes | Figure) -> str | None:
    """The words for a figure (its own, or those of its axes one after the other), or for one of its axes."""
    own = getattr(drawing, "_course_alt", None)
    if own or not isinstance(drawing, Figure):
        return own
    return " ".join(_sentence(text) for text in map(alt_text, drawing.axes) if text) or None


def to_html(figure: Figure, alt: str, pixels_per_inch: int = PNG_PIXELS_PER_INCH) -> str:
    """The figure as an <img> element with a PNG inside, opaque, in the size it has in inches."""
    if to_rgba(figure.get_facecolor())[3] < 1:
        figure.patch.set(facecolor="white", alpha=1)  # dark themes swallow the axes of a transparent figure
    png = BytesIO()
    figure.savefig(png, format="png", dpi=pixels_per_inch, facecolor="auto", bbox_inches="tight")
    data = png.getvalue()
    pixels = int.from_bytes(data[16:20], "big")  # the width in the PNG's header
    width = round(pixels * CSS_PIXELS_PER_INCH / pixels_per_inch)
    return f'<img alt="{escape(alt)}" width="{width}" src="data:image/png;base64,{b64encode(data).decode()}">'


def bundle(figure: Figure, alt: str, pixels_per_inch: int = PNG_PIXELS_PER_INCH) -> dict[str, str]:
    """What a notebook stores for a figure: the picture, and its words where there are no pictures."""
    return {"text/html": to_html(figure, alt, pixels_per_inch), "text/plain": f"[figure: {alt}]"}


def _display(figure: Figure) -> None:
    from IPython.display import display

    display(bundle(figure, alt_text(figure)), raw=True)
    plt.close(figure)  # or the inline backend would show it a second time at the end of the cell


def _nothing() -> None:
    pass


def _sentence(text: str) -> str:
    return text if text[-1] in ".!?" else text + "."
