"""course_utils.plotting: sweeps and maps, what is drawn is what was measured."""

import math
from itertools import pairwise

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

from course_utils.plotting import PALETTE, alt_text, show_embeddings, show_sweep
from course_utils.sweeps import sweep


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def table_of(**settings):
    """A sweep whose settings gave these numbers, seed by seed."""
    seeds = range(max(map(len, settings.values())))
    return sweep({name: lambda seed, v=v: {"error": v[seed], "zeros": 0} for name, v in settings.items()}, seeds=seeds)


def dots(ax):
    return [line.get_xdata().tolist() for line in ax.lines if line.get_marker() == "o"]


def bars(ax):
    return [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "None" and line.get_linestyle() == "-"]


def names(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_every_run_is_a_dot_and_the_mean_a_bar():
    ax = show_sweep(table_of(wide=[3, 1, 2], narrow=[6, 6, 9]), "error")
    assert names(ax) == ["wide", "narrow"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "the first setting is at the top"
    assert dots(ax) == [[1, 2, 3], [6, 6, 9]]
    assert bars(ax) == [2, 7]
    assert "wide: 1 to 3, mean 2" in alt_text(ax) and "narrow: 6 to 9, mean 7" in alt_text(ax)


def test_single_runs_have_no_mean():
    ax = show_sweep(table_of(a=[1], b=[2], c=[3]))
    assert dots(ax) == [[1], [2], [3]] and bars(ax) == []
    assert ax.get_xlabel() == "error (one run for each setting: no spread to see)"
    assert "mean" not in alt_text(ax)


def test_runs_without_a_number_are_not_hidden():
    ax = show_sweep(table_of(a=[1, math.nan, 3, math.inf], b=[math.nan] * 4), "error")
    assert names(ax) == ["a\n2 of 4: no number", "b\n4 of 4: no number"]
    assert dots(ax) == [[1, 3], []] and bars(ax) == [2]
    assert "2 of 4 without a number" in alt_text(ax) and "b: no run gave a number" in alt_text(ax)


def test_the_reference_is_a_line_with_its_name():
    ax = show_sweep(table_of(a=[1, 2]), reference=("PCA", 0.0177))
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert [line.get_xdata()[0] for line in dashed] == [0.0177]
    assert [text.get_text() for text in ax.texts] == ["PCA: 0.0177"]
    assert "PCA, 0.0177" in alt_text(ax)


def test_each_setting_may_have_a_reference_of_its_own():
    ax = show_sweep(table_of(a=[1, 2], b=[3, 4]), reference=("PCA", {"b": 3.5, "a": 1.5}))
    marks = {line.get_xdata()[0]: np.mean(line.get_ydata()) for line in ax.lines if line.get_linestyle() == "--"}
    assert marks == pytest.approx({1.5: 0, 3.5: 1})
    assert sorted(text.get_text() for text in ax.texts) == ["PCA: 1.5", "PCA: 3.5"]
    assert "PCA: b 3.5, a 1.5" in alt_text(ax)


def test_a_logarithmic_axis_has_plain_numbers_and_refuses_zeros():
    ax = show_sweep(table_of(a=[0.01, 0.02], b=[0.05, 0.04]), log=True)
    ax.figure.canvas.draw()
    assert ax.get_xscale() == "log"
    assert {"0.01", "0.02", "0.05"} <= {label.get_text() for label in ax.get_xticklabels()}
    with pytest.raises(ValueError, match="above 0, the smallest zeros is 0"):
        show_sweep(table_of(a=[1]), "zeros", log=True)


@pytest.mark.parametrize("count", [2, 10])
def test_names_do_not_run_into_each_other(count):
    ax = show_sweep(table_of(**{f"a setting with a long name, {i}": [i, i + 1] for i in range(count)}), title="T")
    ax.figure.canvas.draw()
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    assert all(upper.y0 > lower.y1 for upper, lower in pairwise(boxes))
    assert min(box.x0 for box in boxes) >= 0


def test_a_table_without_runs_or_without_the_column_is_refused():
    table = table_of(a=[1])
    with pytest.raises(ValueError, match="no numbers called 'loss'"):
        show_sweep(table, "loss")
    with pytest.raises(ValueError, match="no runs"):
        show_sweep(table[:0])


# maps


def test_maps_share_colours_and_names():
    labels = torch.tensor([7, 3] * 20)
    apart = np.random.default_rng(0).normal(size=(40, 2)) + 50 * np.array([[0, 0], [1, 1]] * 20)
    mixed = np.random.default_rng(1).normal(size=(40, 2))
    figure = show_embeddings({"apart": apart, "mixed": torch.tensor(mixed), "again": apart}, labels)
    panels = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_title() for ax in panels] == ["apart", "mixed", "again"]
    for ax in panels:
        assert [to_hex(c) for c in ax.collections[0].get_facecolors()[:2]] == [PALETTE[7], PALETTE[3]]
        assert {text.get_text() for text in ax.texts} == {"3", "7"}
        assert ax.get_legend() is None
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["3", "7"]
    assert "apart 100%" in alt_text(figure) and "mixed 100%" not in alt_text(figure)


def test_a_sample_is_not_its_own_nearest_neighbour():
    figure = show_embeddings({"one point": np.zeros((4, 2))}, np.arange(4))
    assert "one point 0%" in alt_text(figure)


def test_one_map_and_no_map():
    figure = show_embeddings({"only": np.random.default_rng(0).normal(size=(9, 2))}, np.arange(9) % 2, alt="Words.")
    assert len(figure.axes) == 1 and alt_text(figure) == "Words."
    with pytest.raises(ValueError, match="at least one"):
        show_embeddings({}, [])
    with pytest.raises(ValueError, match="each of the 9"):
        show_embeddings({"only": np.zeros((9, 2))}, [1, 2])
