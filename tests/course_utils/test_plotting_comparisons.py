"""course_utils.plotting: ROC curves, tables as pictures, arrows."""

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from course_utils.plotting import alt_text, show_arrows, show_matrix, show_roc, show_trade_off


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_the_area_of_a_curve_is_the_share_of_pairs():
    ax = show_roc(torch.tensor([0.1, 0.4]), {"others": torch.tensor([0.3, 0.9]), "far": [5.0, 6.0]})
    said = [text.get_text() for text in ax.get_legend().get_texts()]
    assert said == ["others: 0.750", "far: 1.000"] and "others 0.750, far 1.000" in alt_text(ax)


def test_a_curve_goes_from_no_alarm_to_all():
    curve = show_roc([1.0, 2, 3], {"others": [2.5, 4]}).lines[0].get_xydata()
    assert curve[0].tolist() == [0, 0] and curve[-1].tolist() == [1, 1]


def test_no_others_no_curve():
    with pytest.raises(ValueError, match="dict"):
        show_roc([1.0], {})


def test_points_of_a_trade_off_are_sorted_and_said():
    ax = show_trade_off({"a": [(50, 0.01), (5, 0.2)]}, xlabel="units", ylabel="error")
    assert ax.lines[0].get_xydata().tolist() == [[5, 0.2], [50, 0.01]] and ax.get_xscale() == "log"
    assert "error against units" in alt_text(ax) and "a: 0.2 at 5 to 0.01 at 50" in alt_text(ax)
    assert alt_text(show_trade_off({"a": [(1, 1)]}, xlabel="x", ylabel="y", alt="One point.")) == "One point."
    with pytest.raises(ValueError, match="above 0"):
        show_trade_off({"a": [(0, 0.01)]}, xlabel="units", ylabel="error")


def test_every_number_of_a_table_stands_in_its_cell_and_the_smallest_are_framed():
    ax = show_matrix([[1.0, 20], [3, 4], [5, 6]], "abc", "xy", form="{:.0f}")
    assert {(t.get_position(), t.get_text()) for t in ax.texts} == {
        ((0, 0), "1"), ((1, 0), "20"), ((0, 1), "3"), ((1, 1), "4"), ((0, 2), "5"), ((1, 2), "6"),
    }  # fmt: skip
    frames = [(round(patch.get_x() + 0.48), round(patch.get_y() + 0.46)) for patch in ax.patches]
    assert frames == [(0, 0), (1, 1)] and "x: a; y: b" in alt_text(ax)


def test_names_must_fit_the_table():
    with pytest.raises(ValueError, match="3 × 2"):
        show_matrix([[1.0, 2]], "abc", "xy")


def test_arrows_have_the_length_of_their_moves():
    ax = show_arrows([[0.0, 0], [1, 1]], [[3.0, 4], [0, 0]], samples=[[0.0, 1]])
    arrows = ax.collections[-1]
    assert np.array_equal(arrows.U, [3, 0]) and np.array_equal(arrows.V, [4, 0]) and arrows.scale == 1
    assert "0 to 5 long" in alt_text(ax)


def test_arrows_need_a_move_for_each_point():
    with pytest.raises(ValueError, match="both be"):
        show_arrows([[0.0, 0]], [[1.0, 1], [2, 2]])
