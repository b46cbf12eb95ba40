"""The report's figures as SVG with alt text. The tables beside them show the same numbers."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from statistics import mean, median
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from course_admin.report.marks import Marks
from course_admin.report.statistics import Exercise
from course_admin.report.table import number
from course_utils.plotting.style import PALETTE, styled

# All, some and no points, and ungraded: the order within a bar, from dark to light.
GOOD, PARTLY, NOTHING, WAITING = PALETTE[3], PALETTE[5], PALETTE[7], "#d9d9d9"
WIDTH = 4.8  # inches: at this width, text in the figure has the size of the page's text


class Picture:
    """A figure as an SVG data URL (`source`) and its alt text (`alt`)."""

    def __init__(self, figure: Figure, alt: str) -> None:
        self.alt = alt
        buffer = io.BytesIO()
        # No date and no random ids, so that the same figure always gives the same bytes.
        with mpl.rc_context({"svg.hashsalt": "course"}):
            figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        self.source = "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()


@styled
def marks(rows: Sequence[Marks]) -> Picture:
    """Plot a histogram of the totals in ten bins, with mean and median. rows: submissions with all answers marked."""
    totals, out_of = [row.total for row in rows], max(row.out_of for row in rows)
    figure, ax = _figure(2.6)
    counts, edges, _ = ax.hist(totals, bins=10, range=(0, out_of or 1), color=GOOD, edgecolor="white")
    ax.axvline(mean(totals), color=PALETTE[1], label=f"mean {number(mean(totals))}")
    ax.axvline(median(totals), color=PALETTE[4], linestyle="--", label=f"median {number(median(totals))}")
    ax.set(xlabel=f"points of {out_of:g}", ylabel="students", xlim=(0, out_of or 1))
    ax.yaxis.get_major_locator().set_params(integer=True)
    # The legend is above the axes, so that it hides no bar.
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.2)
    most = int(counts.argmax())
    return Picture(
        figure,
        f"Histogram of the marks of {len(rows)} students: from {number(min(totals))} to {number(max(totals))} of "
        f"{out_of:g} points, mean {number(mean(totals))}, median {number(median(totals))}. Most, {int(counts[most])}, "
        f"have between {number(edges[most])} and {number(edges[most + 1])}.",
    )


@styled
def success(exercises: Sequence[Exercise]) -> Picture:
    """Plot one stacked bar per exercise: students with all, some and no points, and ungraded answers."""
    figure, ax = _figure(0.9 + 0.3 * len(exercises))
    left = [0] * len(exercises)
    kinds = [
        ("all points", GOOD, [one.full for one in exercises]),
        ("some", PARTLY, [one.part for one in exercises]),
        ("none", NOTHING, [one.none for one in exercises]),
        ("to mark", WAITING, [one.waiting for one in exercises]),
    ]
    for label, colour, counts in kinds:
        if any(counts):
            ax.barh(range(len(exercises)), counts, left=left, color=colour, edgecolor="white", label=label)
            left = [before + count for before, count in zip(left, counts, strict=True)]
    ax.set_yticks(range(len(exercises)), [f"{i} {one.name}" for i, one in enumerate(exercises, 1)])
    ax.invert_yaxis()
    ax.set(xlabel="students", xlim=(0, max([*left, 1])))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=4, borderaxespad=0.2, columnspacing=1, handlelength=1)
    parts = [f"{one.name}: {one.full} all, {one.part} some, {one.none} none of the points" for one in exercises]
    return Picture(figure, f"Bars of how many students have which part of the points. {'; '.join(parts)}.")


@styled
def difficulty(exercises: Sequence[Exercise]) -> Picture | None:
    """Plot each exercise, by its number, at its difficulty and discrimination. Return None if no exercise has both."""
    known = [(i, one) for i, one in enumerate(exercises, 1) if one.difficulty is not None]
    known = [(i, one) for i, one in known if one.discrimination is not None]
    if not known:
        return None
    figure, ax = _figure(3.2)
    ax.axhspan(-1, 0.2, color="#f2f2f2", zorder=0)
    ax.text(0.01, 0.19, "below 0.2: worth a look", va="top", fontsize=8, color="0.35")
    # Exercises at nearly the same position share one dot, with their numbers below it.
    places: dict[tuple[int, int], list[tuple[int, Exercise]]] = {}
    for i, one in known:
        places.setdefault((round(one.difficulty / 0.05), round(one.discrimination / 0.07)), []).append((i, one))
    for there in places.values():
        at = mean(one.difficulty for _, one in there), mean(one.discrimination for _, one in there)
        ax.plot(*at, "o", color=GOOD if at[1] >= 0.2 else PALETTE[6], markersize=14)
        if len(there) == 1:
            ax.annotate(str(there[0][0]), at, color="white", ha="center", va="center", fontsize=8)
        else:
            label = ", ".join(str(i) for i, _ in there)
            ax.annotate(label, at, xytext=(0, -9), textcoords="offset points", ha="center", va="top", fontsize=8)
    low = min(one.discrimination for _, one in known)
    ax.set(xlim=(-0.03, 1.03), ylim=(min(-0.1, low - 0.1), 1.05))
    ax.set(xlabel="difficulty: mean share of the points (right is easy)", ylabel="discrimination")
    parts = [f"{i} {one.name}: {one.difficulty:.2f} and {one.discrimination:.2f}" for i, one in known]
    return Picture(figure, f"Exercises by difficulty and discrimination. {'; '.join(parts)}.")


@styled
def seconds(values: Sequence[float]) -> Picture:
    """Plot a histogram of the notebooks' run times in seconds."""
    figure, ax = _figure(2.2)
    ax.hist(values, bins=min(20, max(5, len(values) // 4)), color=PALETTE[0], edgecolor="white")
    ax.set(xlabel="seconds for a notebook", ylabel="students", xlim=(0, None))
    ax.yaxis.get_major_locator().set_params(integer=True)
    return Picture(
        figure,
        f"Histogram of how long {len(values)} notebooks ran: from {min(values):.1f} to {max(values):.1f} seconds, "
        f"median {median(values):.1f}.",
    )


def _figure(height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    ax = figure.subplots()
    return figure, ax
