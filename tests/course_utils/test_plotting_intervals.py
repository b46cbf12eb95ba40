"""Bars with intervals and bands."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from scipy import stats

from course_utils import plotting


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def table(**settings):
    rows = [
        {"setting": name, "seed": seed, "accuracy": value, "seconds": 1.0}
        for name, values in settings.items()
        for seed, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_a_bar_ends_at_the_mean_and_its_line_is_the_interval():
    ax = plotting.show_intervals(table(one=[0.7, 0.72, 0.77], two=[0.8, 0.82, 0.81]))
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.73, 0.81])
    half = stats.t.ppf(0.975, 2) * stats.sem([0.7, 0.72, 0.77])
    assert f"one: 0.730 ± {half:.3f}" in plotting.alt_text(ax)
    low, high = ax.get_xlim()
    assert low < 0.73 - half and high > 0.73 + half


def test_one_run_has_no_interval():
    ax = plotting.show_intervals(table(alone=[0.7]))
    assert "±" not in plotting.alt_text(ax)


def test_bands_have_a_line_for_each_setting_over_the_numbers():
    runs = table(one=[0.5, 0.6, 0.8, 0.9], two=[0.4, 0.5, 0.9, 0.95])
    runs["labels"] = [10, 10, 100, 100] * 2
    ax = plotting.show_bands(runs, "labels", "accuracy")
    assert [line.get_label() for line in ax.lines] == ["one", "two"]
    assert ax.lines[0].get_ydata().tolist() == pytest.approx([0.55, 0.85])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["10", "100"]
    assert "one: from 0.55 at 10 to 0.85" in plotting.alt_text(ax)


def test_a_table_without_runs_is_refused():
    with pytest.raises(ValueError, match="no runs"):
        plotting.show_intervals(table(one=[float("nan")]), "accuracy")


@pytest.mark.parametrize(
    ("values", "begins_at_0"), [([-0.7, -0.72], False), ([-0.1, 0.2], True), ([0.01, 0.02], True), ([0.7, 0.72], False)]
)
def test_bars_of_any_sign_are_visible_and_the_label_is_true(values, begins_at_0):
    ax = plotting.show_intervals(table(one=values))
    low, high = ax.get_xlim()
    (bar,) = ax.patches
    assert low < high and low <= bar.get_width() <= high and low <= min(values) and max(values) <= high
    assert bool(low <= 0 <= high) is begins_at_0
    assert ("does not begin at 0" in ax.get_xlabel()) is not begins_at_0


def test_runs_without_a_number_are_left_out_and_counted():
    ax = plotting.show_intervals(table(one=[0.7, 0.8, float("inf")], two=[float("nan")]))
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([0.75])
    assert "one: 1 of 3 runs without a number" in plotting.alt_text(ax)
    assert "two: 1 of 1 runs without a number" in plotting.alt_text(ax)


def test_the_words_can_be_given():
    runs = table(one=[0.7, 0.8]).assign(labels=[10, 100])
    assert plotting.alt_text(plotting.show_intervals(runs, "accuracy", alt="A bar.")) == "A bar."
    assert plotting.alt_text(plotting.show_bands(runs, "labels", "accuracy", alt="A band.")) == "A band."
