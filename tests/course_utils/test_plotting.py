"""course_utils.plotting: what the figures promise, and what a notebook makes of them."""

import base64
import io
import os
import re
import subprocess
import sys
from html import unescape

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import torch
from colorspacious import cspace_convert
from matplotlib.colors import to_hex, to_rgb
from torch import nn

from course_utils.plotting import (
    PALETTE,
    LiveFigure,
    alt_text,
    colour,
    describe,
    show_angles,
    show_codes,
    show_extremes,
    show_filters,
    show_history,
    show_images,
    show_pairs,
    show_planes,
    show_variance,
)
from course_utils.plotting.alt import to_html
from course_utils.training import History

DIGITS = torch.rand(12, 1, 28, 28, generator=torch.Generator().manual_seed(0))
HISTORY = History([0.5, 0.25, 0.2], [0.4, 0.3, 0.25], [1.0, 1.0, 1.0], planned=3)


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


# colours

DEFICIENCIES = ("protanomaly", "deuteranomaly", "tritanomaly")


def seen(colours, deficiency=None):
    """CAM02-UCS coordinates [N, 3] of what eyes with a deficiency (at its full severity) see of the colours."""
    rgb = np.array([to_rgb(c) for c in colours])
    if deficiency:
        rgb = cspace_convert(rgb, {"name": "sRGB1+CVD", "cvd_type": deficiency, "severity": 100}, "sRGB1").clip(0, 1)
    return cspace_convert(rgb, "sRGB1", "CAM02-UCS")


def nearest(colours, deficiency=None):
    points = seen(colours, deficiency)
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
    return apart[np.triu_indices(len(points), 1)].min()


def test_ten_colours_are_apart_for_everybody():
    assert len(set(PALETTE)) == 10
    assert nearest(PALETTE) > 27
    for deficiency in DEFICIENCIES:
        assert nearest(PALETTE, deficiency) > 18, deficiency


def test_the_measure_knows_bad_palettes():
    """The default colours of matplotlib have a pair that red-green blind readers can hardly tell apart."""
    assert min(nearest(plt.get_cmap("tab10").colors, deficiency) for deficiency in DEFICIENCIES) < 8


def test_colours_stand_out_from_the_white_background():
    rgb = np.array([to_rgb(c) for c in PALETTE])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    contrast = 1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05)  # as WCAG 2 defines it
    assert contrast.min() > 1.9
    for deficiency in (None, *DEFICIENCIES):
        assert np.linalg.norm(seen(PALETTE, deficiency) - seen(["white"], deficiency), axis=1).min() > 18


def test_a_digit_keeps_its_colour_whatever_else_is_drawn():
    codes = torch.rand(6, 2)
    for labels in ([0, 1, 3, 7, 7, 3], [7, 7, 3, 3, 7, 3]):
        points = show_codes(codes, torch.tensor(labels)).collections[0]
        assert [to_hex(c) for c in points.get_facecolors()] == [PALETTE[label] for label in labels]
    assert colour(7) == PALETTE[7]


# images


def shown(ax):
    image = ax.images[0]
    return np.ma.filled(image.get_array(), np.nan), image.get_clim()


@pytest.mark.parametrize(
    "images", [DIGITS, DIGITS[:, 0], DIGITS.flatten(1), DIGITS.numpy(), DIGITS.clone().requires_grad_()]
)
def test_a_grid_shows_each_image_in_its_place(images):
    picture, limits = shown(show_images(images, ncols=5))
    assert limits == (0, 1)
    assert picture.shape == (3 * 30 + 2, 5 * 30 + 2)
    assert np.allclose(picture[2 + 30 : 30 + 30, 2 + 60 : 30 + 60], DIGITS[7, 0], atol=1e-6)
    assert np.allclose(picture[2 + 60 : 30 + 60, 2 + 60 :], 1), "places without an image are white"


def test_the_grey_scale_does_not_follow_the_data():
    """A washed-out reconstruction has to look washed out."""
    faint = DIGITS * 0.1 + 0.45
    assert shown(show_images(faint))[1] == (0, 1)
    assert {image.get_clim() for ax in show_pairs(DIGITS, faint).axes for image in ax.images} == {(0, 1)}


def test_a_single_image_and_titles():
    ax = show_images(DIGITS[:1], titles=["seven"])
    assert [text.get_text() for text in ax.texts] == ["seven"]
    assert "seven" in alt_text(ax)
    with pytest.raises(ValueError, match="1 titles for 12 images"):
        show_images(DIGITS, titles=["seven"])


def test_rows_of_a_grid_have_labels():
    ax = show_images(DIGITS, ncols=5, labels=["a", "b", "c"])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b", "c"]
    assert "the rows are a, b, c" in alt_text(ax)
    with pytest.raises(ValueError, match="2 labels for 3 rows"):
        show_images(DIGITS, ncols=5, labels=["a", "b"])


def test_columns_of_a_grid_are_named_below_it():
    ax = show_images(DIGITS, ncols=3, labels=list("abcd"), columns=["mu", "-1", "1"])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["mu", "-1", "1"]
    assert "the columns are mu, -1, 1" in alt_text(ax)
    with pytest.raises(ValueError, match="2 for 3 columns"):
        show_images(DIGITS, ncols=3, labels=list("abcd"), columns=["mu", "1"])


def test_fewer_images_than_columns_are_one_row():
    ax = show_images(DIGITS[:3], labels=["a"], columns=["x", "y", "z"])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["x", "y", "z"]
    assert alt_text(ax).startswith("Grid of 3 images, 1 row of up to 3")
    plt.close("all")
    with pytest.raises(ValueError, match="10 for 3 columns"):
        show_images(DIGITS[:3], labels=["a"], columns=list("abcdefghij"))
    assert plt.get_fignums() == [], "refused before a figure is made"


def test_columns_are_drawn_without_labels_too():
    ax = show_images(DIGITS, ncols=4, columns=list("wxyz"))
    assert ax.axison and [label.get_text() for label in ax.get_xticklabels()] == list("wxyz")
    assert ax.get_yticklabels() == [] and "the columns are w, x, y, z" in alt_text(ax)


def test_it_draws_into_given_axes():
    figure, axes = plt.subplots(1, 2)
    assert show_images(DIGITS, ax=axes[0]) is axes[0]
    assert show_history(HISTORY, ax=axes[1]) is axes[1]
    assert alt_text(figure) == f"{alt_text(axes[0])}. {alt_text(axes[1])}."
    assert plt.get_fignums() == [figure.number]


def test_pairs_have_titles_above_their_columns():
    figure = show_pairs(torch.zeros(2, 4, 4), torch.zeros(2, 4, 4), titles=["noise", "dim"])
    first, second = figure.axes
    assert [text.get_text() for text in first.get_xticklabels()] == ["noise", "dim"]
    assert [text.get_text() for text in second.get_xticklabels()] == ["0.0000", "0.0000"]
    assert "with the titles noise, dim" in alt_text(figure)
    with pytest.raises(ValueError, match="1 titles for 2 images"):
        show_pairs(torch.zeros(2, 4, 4), torch.zeros(2, 4, 4), titles=["noise"])


def test_pairs_tell_each_image_s_error():
    worse = (DIGITS[:4] + 0.1).clone()
    worse[2] += 0.1
    figure = show_pairs(DIGITS[:4], DIGITS[:4], worse, labels=["original", "copy", "brighter"])
    assert [ax.get_ylabel() for ax in figure.axes] == ["original", "copy", "brighter"]
    assert [tick.get_text() for tick in figure.axes[2].get_xticklabels()] == ["0.0100", "0.0100", "0.0400", "0.0100"]
    assert figure.axes[0].get_xticklabels() == []
    assert "brighter: mean squared error 0.0175, worst 0.0400" in alt_text(figure)
    assert all(not ax.get_xticklabels() for ax in show_pairs(DIGITS, DIGITS, errors=False).axes)


def test_filters_come_by_norm_on_a_scale_symmetric_about_zero():
    weights = torch.zeros(3, 784)
    weights[0], weights[1], weights[2] = 0.1, -0.4, 0.2
    picture, limits = shown(show_filters(weights, ncols=3))
    assert limits == pytest.approx((-0.4, 0.4))
    assert picture[15, [15, 44, 73]] == pytest.approx([-0.4, 0.2, 0.1])
    assert "2 largest of 3" in alt_text(show_filters(weights, limit=2))
    show_filters(torch.zeros(4, 1, 3, 3))  # nothing but zeros is no reason to fail
    show_filters(torch.rand(4, 12), shape=(3, 4))


def test_few_filters_are_large():
    def inches(count, ncols):
        ax = show_filters(torch.rand(count, 784), ncols=ncols)
        ax.figure.draw_without_rendering()
        return ax.get_window_extent().width / ax.figure.dpi / min(count, ncols)

    assert inches(9, 5) > 1.2
    assert inches(64, 16) < 0.6


def test_names_of_classes_do_not_cover_each_other():
    """Ten classes whose medians are nearly one point, in the corner of the plane; once with large margins, once not."""
    codes = np.concatenate([np.repeat([[0.0, 0.0]], 30, axis=0), [[9.0, 9.0]]]) + 1e-3 * np.arange(31)[:, None]
    for figure, ax in (plt.subplots(), plt.subplots(figsize=(2.5, 2.5), layout="constrained")):
        show_codes(codes, np.arange(31) % 10, ax=ax)
        figure.savefig(io.BytesIO(), dpi=70)
        figure.canvas.draw()
        boxes = [text.get_bbox_patch().get_window_extent() for text in ax.texts]
        assert len(boxes) == 10
        assert [(i, j) for j in range(10) for i in range(j) if boxes[i].overlaps(boxes[j])] == []
        assert all(ax.bbox.padded(1).contains(*corner) for box in boxes for corner in box.corners())


def test_classes_in_one_place_have_one_label_and_a_dot_that_can_be_seen():
    """All codes are 0; then one image of 100 is elsewhere, which moves no median."""
    codes, labels = np.zeros((100, 2)), np.arange(100) % 10
    for said in ("0 to 9: all images are here", "0 to 9: the medians of all classes are here"):
        ax = show_codes(codes, labels)
        ax.figure.canvas.draw()
        assert [text.get_text() for text in ax.texts] == [said]
        (dot,) = ax.lines
        assert np.array(dot.get_data()).ravel().tolist() == [0, 0] and dot.get_markersize() > 6
        assert not ax.texts[0].get_window_extent().overlaps(dot.get_window_extent())
        assert said.split(": ")[1].replace("here", "at (0, 0)") in alt_text(ax)
        codes[0] = 3


def test_a_line_to_a_name_lies_below_all_names():
    """A pixel in the middle of a box's white is white, also where another name's line would cross it."""
    ax = show_codes([[0, 0], [0.01, 0]] * 9 + [[9, 9]] * 2, np.arange(20) % 2)
    assert [text.arrow_patch for text in ax.texts] == [None, None]
    names, moves = ax.texts, [child for child in ax.get_children() if type(child).__name__ == "_Apart"]
    assert max(child.get_zorder() for child in moves) < min(name.get_zorder() for name in names)


def test_the_best_and_the_worst_images_of_a_model():
    worse = torch.linspace(0, 0.5, len(DIGITS)).view(-1, 1, 1, 1)
    ax = show_extremes(lambda images: images + worse[: len(images)], DIGITS, n=3)
    picture, _ = shown(ax)
    assert np.allclose(picture[2:30, 2:30], DIGITS[0, 0], atol=1e-6), "the first is the best"
    assert np.allclose(picture[2 + 60 : 30 + 60, 2:30], DIGITS[-1, 0], atol=1e-6), "the third row begins with the worst"
    assert "0.2500" in alt_text(ax)
    few = show_extremes(lambda images: images + worse[: len(images)], DIGITS[:5])
    assert "5 images" in alt_text(few) and len(few.get_yticklabels()) == 4


def test_a_name_with_room_stays_at_its_median():
    ax = show_codes([[0, 0], [1, 1], [0, 2]], [0, 1, 2])
    ax.figure.canvas.draw()
    assert np.allclose([text.get_position() for text in ax.texts], 0, atol=0.01)


def test_planes_tell_their_angles_and_meet_in_the_line_that_they_share():
    ax = show_planes([[1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, 1, 1]], np.eye(3), title="two")
    assert ax.get_title() == "two: angles 0 and 45 degrees" and "0 and 45" in alt_text(ax)
    x, y, z = ax.lines[0].get_data_3d()
    assert abs(x).min() > 1 and np.allclose([y, z], 0)
    show_planes(np.eye(3)[:2], np.eye(3)[:2])  # the same plane has no such line
    with pytest.raises(ValueError, match="a plane is"):
        show_planes(np.eye(3), np.eye(3)[:2])


def test_angles_and_variances_beside_each_other():
    figure = show_angles({"a": np.array([40.0, 0.0, 10.0])}, np.array([5.0, 4.0, 2.0, 1.0, 0.5]), kept=3)
    left, right = figure.axes
    assert left.lines[0].get_ydata().tolist() == [0, 10, 40]
    assert [to_hex(bar.get_facecolor()) == PALETTE[0] for bar in right.patches] == [True, True, True, False, False]
    assert "a: 0 to 40 degrees, median 10" in alt_text(figure) and "2.00 at component 3, 1.00" in alt_text(figure)


def test_one_epoch_says_in_words_that_it_is_no_curve():
    first = History([0.5], [0.4], [1.0], planned=3)
    assert [text.get_text() for text in show_history(first).texts] == ["one epoch: a point, no curve yet"]
    assert list(show_history(HISTORY).texts) == []


def test_a_home_that_cannot_be_written_is_no_warning_above_the_figure(tmp_path):
    home = tmp_path / "file"
    home.write_text("")  # a folder cannot be made inside a file, whoever tries
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    env = {**os.environ, **dict.fromkeys(names, str(home / "home"))}
    env.pop("MPLCONFIGDIR", None)
    said = [
        subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=300)
        for code in ("import matplotlib", "import course_utils.plotting, matplotlib")
    ]
    assert [done.returncode for done in said] == [0, 0]
    assert "temporary cache directory" in said[0].stderr, "matplotlib does not warn any more: the filter can go"
    assert said[1].stderr == ""


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda: show_images(torch.rand(3, 783)), "783 pixels"),
        (lambda: show_images(torch.rand(3, 3, 28, 28)), r"\[N, 1, H, W\]"),
        (lambda: show_images(DIGITS[:0]), r"got shape \[0"),
        (lambda: show_pairs(DIGITS), "of one shape"),
        (lambda: show_pairs(DIGITS, DIGITS[:3]), "of one shape"),
        (lambda: show_pairs(DIGITS, DIGITS, labels=["AE"]), "all 2 rows"),
        (lambda: show_codes(torch.rand(5, 3)), "PCA or t-SNE"),
        (lambda: show_codes(torch.rand(5, 2), torch.zeros(4)), "each of the 5 codes"),
        (lambda: show_variance([1.0, 2.0]), "largest first"),
        (lambda: show_variance([2.0, 1.0], share=90), "share"),
        (lambda: show_history(), "fit"),
        (lambda: show_history(History()), "finished epoch"),
        (lambda: describe(plt.figure(), " "), "words"),
        (lambda: describe("a text", "a text"), "axes or a figure"),
        (lambda: LiveFigure(code=lambda model, x: x), "images"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_line(draw, says):
    with pytest.raises(ValueError, match=says) as caught:
        draw()
    assert "\n" not in str(caught.value)


# curves and codes


def test_the_curves_are_the_histories():
    ax = show_history({"narrow": HISTORY, "wide": History([0.3, 0.1], None, [1, 1], planned=2)}, log=True)
    lines = {line.get_label(): line for line in ax.lines}
    assert list(lines) == ["narrow, training", "narrow, validation", "wide, training"]
    assert lines["narrow, validation"].get_ydata().tolist() == HISTORY.validation
    assert lines["narrow, validation"].get_xdata().tolist() == [1, 2, 3]
    assert lines["narrow, validation"].get_color() == lines["narrow, training"].get_color()
    assert lines["wide, training"].get_color() != lines["narrow, training"].get_color()
    assert ax.get_yscale() == "log"
    assert "wide: training loss over 2 epochs, from 0.3 to 0.1" in alt_text(ax)


def test_a_run_that_diverged_can_still_be_drawn():
    ax = show_history(History([0.5, float("nan")], None, [1, 1], planned=3), log=True)
    ax.figure.savefig(io.BytesIO())
    assert "from 0.5 to nan" in alt_text(ax)


@pytest.mark.parametrize(("share", "needed"), [(0.5, 1), (0.8, 2), (0.81, 3), (1.0, 4)])
def test_the_smallest_number_of_components_is_marked(share, needed):
    ax = show_variance(torch.tensor([5.0, 3.0, 1.5, 0.5]), share=share)
    assert ax.lines[0].get_ydata() == pytest.approx([0.5, 0.8, 0.95, 1.0])
    assert ax.texts[0].get_text() == f"{share:.0%} with {needed}"
    assert f"{share:.0%} with {needed} of 4" in alt_text(ax)


def test_classes_are_named_where_they_lie_not_told_by_colour_alone():
    codes = torch.tensor([[0.0, 0], [2, 0], [1, 6], [9, 9], [9, 9]])
    ax = show_codes(codes, torch.tensor([3, 3, 3, 7, 7]), names="abcdefgh")
    assert {text.get_text(): tuple(text.xy) for text in ax.texts} == {"d": (1, 0), "h": (9, 9)}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["d", "h"]


# surroundings


def test_the_course_s_style_holds_in_a_dark_notebook():
    with plt.style.context("dark_background"):
        ax = show_history(HISTORY)
        assert mpl.rcParams["figure.facecolor"] == "black", "the notebook's own style is left alone"
    assert ax.figure.get_facecolor() == (1, 1, 1, 1)
    assert ax.xaxis.label.get_color() == "black"


def test_a_described_figure_is_opaque():
    figure, ax = plt.subplots()
    figure.patch.set_alpha(0)
    describe(ax, "a square")
    picture = plt.imread(io.BytesIO(png_in(to_html(figure, "a square"))))
    assert picture[..., 3].min() == 1
    assert picture[0, 0, :3].tolist() == [1, 1, 1]


def test_alt_text_is_given_by_default_can_be_said_and_is_escaped():
    ax = show_images(DIGITS)
    assert alt_text(ax.figure) == "Grid of 12 images, 2 rows of up to 10."
    assert alt_text(show_images(DIGITS, alt="twelve noisy squares")) == "twelve noisy squares"
    assert describe(ax, "other  words\n here") is ax
    assert alt_text(ax) == "other words here"
    describe(ax.figure, "the whole")
    assert alt_text(ax.figure) == "the whole"
    assert 'alt="a &lt; b &quot;c&quot;"' in to_html(ax.figure, 'a < b "c"')
    assert alt_text(plt.figure()) is None


def test_every_function_describes_what_it_draws():
    drawings = [
        show_images(DIGITS),
        show_pairs(DIGITS, DIGITS),
        show_filters(DIGITS),
        show_history(HISTORY),
        show_variance([2.0, 1.0]),
        show_codes(torch.rand(5, 2)),
        show_codes(torch.rand(5, 2), torch.arange(5)),
    ]
    for drawing in drawings:
        figure = drawing if isinstance(drawing, plt.Figure) else drawing.figure
        assert len(alt_text(figure)) > 20
        assert hasattr(figure, "_ipython_display_")


# the live figure, outside notebooks


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 2), nn.Dropout(0.5))
        self.decoder = nn.Linear(2, 784)

    def forward(self, x):
        return self.decoder(self.encoder(x))


def encode(model, x):
    return model.encoder(x)


def test_the_live_figure_has_the_panels_that_it_was_given_data_for():
    model = Model()
    labels = torch.tensor([5, 5, 1, 0, 1, 0, 2, 2, 5, 2, 1, 0])
    figure, words = LiveFigure(DIGITS, labels, code=encode).draw(model, HISTORY)
    assert len(figure.axes) == 3
    for part in ("Training loss over 3 epochs", "12 codes in the plane", "4 images above their reconstructions"):
        assert part in words
    picture = next(ax for ax in figure.axes if ax.images).images[0].get_array()
    assert np.allclose(picture[2:30, 2:30], DIGITS[3, 0], atol=1e-6), "the first example is the first 0"
    assert model.training
    assert model.encoder[2].training
    assert len(LiveFigure(DIGITS).draw(model, HISTORY)[0].axes) == 2
    assert len(LiveFigure().draw(model, HISTORY)[0].axes) == 1
    wide = LiveFigure(DIGITS, code=lambda model, x: x.flatten(1))
    assert len(wide.draw(model, HISTORY)[0].axes) == 2, "codes of another width are left out"
    assert plt.get_fignums() == [], "pyplot would show these a second time"


def test_a_loop_written_by_hand_counts_in_iterations():
    live = LiveFigure(DIGITS, code=lambda W, x: x.flatten(1) @ W, output=lambda W, x: x, unit="iteration", per=50)
    figure, words = live.draw(torch.ones(DIGITS[0].numel(), 2), History(train=[0.5, 0.3], planned=4))
    curves = figure.axes[0]
    assert curves.get_title() == "after iteration 100 of 200"
    assert curves.get_xlabel() == "iteration"
    assert curves.lines[0].get_xdata().tolist() == [50, 100]
    assert curves.get_xlim() == (25, 225)
    assert "over 100 iterations" in words


def test_the_live_figure_is_silent_outside_notebooks(capsys):
    live = LiveFigure(DIGITS, code=encode)
    live(Model(), HISTORY)
    live.finish(Model(), HISTORY)
    assert capsys.readouterr() == ("", "")


# in a notebook

SETUP = """\
import torch
from torch import nn
from course_utils.plotting import *
from course_utils.training import History, fit
import matplotlib.pyplot as plt
images = torch.rand(12, 1, 28, 28)
show_images(images)"""

TRAIN = """\
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 784), nn.Unflatten(1, (1, 28, 28)))
    def forward(self, x):
        return self.decoder(self.encoder(x))
live = LiveFigure(images, torch.arange(12) % 10, code=lambda model, x: model.encoder(x), every=0)
history = fit(Model(), images, epochs=3, batch_size=4, callbacks=[live], progress=True)"""

CELLS = {
    "in the cell that imports": (SETUP, ["Grid of 12 images, 2 rows of up to 10."]),
    "described, with a semicolon": (
        'fig, ax = plt.subplots()\nax.plot([1, 2])\ndescribe(ax, "a <line> & more");',
        ["a <line> & more"],
    ),
    "described, without": ('fig, ax = plt.subplots()\ndescribe(ax, "a line")', ["a line."]),
    "a function that gives axes": ('show_codes(torch.rand(9, 2), alt="nine points")', ["nine points."]),
    "a function that gives a figure": ("show_pairs(images, images)", None),
    "two": (
        'show_images(images, alt="first")\nprint("between")\nshow_images(images, alt="second");',
        ["first.", "second."],
    ),
    "two axes of one figure": (
        'f, ab = plt.subplots(1, 2)\nfor ax, a in zip(ab, ["left", "right"]):\n    show_images(images, ax=ax, alt=a)',
        ["left. right."],
    ),
    "changed after it was drawn": ('ax = show_images(images, alt="titled")\nax.set_title("later");', ["titled."]),
    "live": (TRAIN, None),
}


def png_in(html):
    return base64.b64decode(re.search(r'src="data:image/png;base64,([^"]+)"', html)[1])


def pictures(cell):
    return [output for output in cell.outputs if {"text/html", "image/png"} & set(output.get("data", ()))]


@pytest.fixture(scope="module")
def notebook():
    from nbclient import NotebookClient

    cells = [nbformat.v4.new_code_cell(source) for source, _ in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    # The kernel must neither believe that it is being graded nor inherit the settings of the test run.
    settings = {"COURSE_PROGRESS": "", "NBGRADER_EXECUTION": "", "MPLBACKEND": ""}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        patch.delenv("MPLBACKEND")
        NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return dict(zip(CELLS, notebook.cells, strict=True)), notebook


def test_each_figure_appears_once_with_its_words(notebook):
    cells, _ = notebook
    for name, (_, expected) in CELLS.items():
        found = pictures(cells[name])
        expected = expected or [None]
        assert len(found) == len(expected), f"{name}: {[output.output_type for output in cells[name].outputs]}"
        for output, words in zip(found, expected, strict=True):
            alt = unescape(re.search(r'<img alt="([^"]*)"', output.data["text/html"])[1])
            assert len(alt) > 4, name
            assert words is None or alt.rstrip(".") == words.rstrip("."), name
            assert "image/png" not in output.data
        texts = [output for output in cells[name].outputs if output not in found and output.output_type != "stream"]
        assert texts == [], f"{name}: something besides the picture"


def test_the_live_figure_leaves_one_output_and_the_last_state(notebook):
    cell = notebook[0]["live"]
    (output,) = pictures(cell)
    assert "Training loss over 3 epochs" in output.data["text/html"]
    assert "12 codes in the plane" in output.data["text/html"]
    text = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    assert "epoch 3 of 3" in text
    assert all(output.name == "stdout" for output in cell.outputs if output.output_type == "stream")


def test_nbconvert_keeps_the_words(notebook):
    from nbconvert import HTMLExporter

    for template in ("lab", "classic"):
        html, _ = HTMLExporter(template_name=template).from_notebook_node(notebook[1])
        images = re.findall(r"<img [^>]*data:image/png[^>]*>", html)
        assert len(images) == sum(len(expected or [None]) for _, expected in CELLS.values())
        assert all(re.search(r'\balt="[^"]{5,}"', image) for image in images)
        assert 'alt="a &lt;line&gt; &amp; more."' in html


def test_a_graded_notebook_draws_the_last_state_only(monkeypatch):
    """No kernel for this: the display is watched."""
    shown = []
    monkeypatch.setattr("course_utils.plotting.live.in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda *content, **options: shown.append(content))
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    live = LiveFigure(DIGITS, code=encode, every=0)
    live.begin(Model(), HISTORY)
    for _ in range(3):
        live(Model(), HISTORY)
    assert shown == []
    live.finish(Model(), HISTORY)
    assert len(shown) == 1
