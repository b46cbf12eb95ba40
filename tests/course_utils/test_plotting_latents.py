"""course_utils.plotting: latents, and the explorer with sliders."""

import base64
import io
import re

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image

from course_utils.plotting import alt_text, colour, explore_latents, show_latent_grid, show_latents, show_posteriors


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_an_ellipse_lies_at_its_mean_and_is_two_standard_deviations_wide():
    ax = show_posteriors([[1.0, -2.0], [0.0, 0.0]], [[0.5, 0.1], [1.0, 1.0]], [3, 7])
    first, second, prior = ax.patches
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["3", "7"]
    assert tuple(first.center) == (1.0, -2.0) and (first.width, first.height) == pytest.approx((2.0, 0.4))
    assert mpl.colors.to_hex(second.get_facecolor()) == colour(7)
    assert (prior.width, prior.height) == (4, 4) and not prior.get_fill()
    assert "2 ellipses" in alt_text(ax)
    with pytest.raises(ValueError, match=r"\[N, 2\] both"):
        show_posteriors(torch.zeros(4, 3), torch.zeros(4, 3))


def test_a_latent_grid_has_z1_to_the_right_and_z2_up():
    ax = show_latent_grid(lambda z: ((z[:, :1] + 2 * z[:, 1:]) / 6 + 0.5).view(-1, 1, 1, 1), n=3, reach=1)
    picture = np.asarray(ax.images[0].get_array())[2::3, 2::3]
    expected = [[(x + 2 * y) / 6 + 0.5 for x in (-1, 0, 1)] for y in (1, 0, -1)]
    assert np.allclose(picture, expected, atol=1e-6)
    assert [text.get_text() for text in ax.get_xticklabels()] == ["-1", "0", "1"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["1", "0", "-1"]


def test_latents_are_sorted_and_counted():
    ax = show_latents({"a": [0.0, 3.0, 0.5], "b": torch.tensor([0.2, 0.01])})
    assert [list(line.get_ydata()) for line in ax.lines] == [[3.0, 0.5, 1e-4], pytest.approx([0.2, 0.01])]
    assert "a: 3 down to 0, 2 above 0.1" in alt_text(ax)


def test_every_model_has_a_line_of_its_own_look():
    ax = show_latents({str(i): [1.0, 0.1 * i] for i in range(8)}, alt="Eight models.")
    looks = {(line.get_color(), line.get_marker(), line.get_linestyle()) for line in ax.lines}
    assert len(ax.lines) == len(looks) == 8 and alt_text(ax) == "Eight models."


def picture_in(box):
    html = box.children[1].value
    data = re.search(r"base64,([^\"]+)", html).group(1)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))), html


def test_the_explorer_decodes_where_its_sliders_stand():
    asked = []

    def decode(z):
        asked.append(z)
        return z[:, :1].expand(1, 4).reshape(1, 1, 2, 2)

    box = explore_latents(decode, latents=2, start=[0.2, -1.0])
    first, second = box.children[0].children
    assert torch.allclose(asked[-1], torch.tensor([[0.2, -1.0]]))
    picture, html = picture_in(box)
    assert (picture == 51).all() and "z = (0.20, -1.00)" in html
    first.value = 0.8
    assert torch.allclose(asked[-1], torch.tensor([[0.8, -1.0]]))
    assert (picture_in(box)[0] == 204).all()
    second.value = 99
    assert second.value == 3.0, "the sliders end at reach"
    with pytest.raises(ValueError, match="start must have 2 numbers"):
        explore_latents(decode, latents=2, start=[1.0])
