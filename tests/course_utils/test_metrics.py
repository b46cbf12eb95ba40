"""course_utils.metrics and course_utils.embedding: known answers, and errors that say what to do."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from course_utils import metrics
from course_utils.embedding import pca_2d, tsne_2d
from course_utils.metrics import cluster_scores, dead_units, nearest_classes, principal_angles


def rows(*angles):
    """Three-dimensional unit vectors in the plane of the first two axes, at these angles in degrees."""
    turned = np.radians(angles)
    return np.stack([np.cos(turned), np.sin(turned), 0 * turned], axis=1)


def groups(n=40, seed=0):
    """Three groups of 7-dimensional points far apart, [3 n, 7], and which is which."""
    rng = np.random.default_rng(seed)
    centres = 20 * np.eye(7)[:3]
    return np.concatenate([c + rng.normal(size=(n, 7)) for c in centres]), np.repeat([0, 1, 2], n)


# principal angles


def test_two_lines_meet_at_their_angle():
    assert principal_angles(rows(0), rows(30)) == pytest.approx([30])
    assert principal_angles(rows(0), -5 * rows(170)) == pytest.approx([10]), "directions and lengths do not matter"


def test_angles_come_in_ascending_order():
    """A plane and the same plane turned about its first direction: one common direction, one angle."""
    A = np.eye(5)[:2]
    B = np.array([[1, 0, 0, 0, 0], [0, np.cos(0.5), np.sin(0.5), 0, 0]])
    assert principal_angles(A, B) == pytest.approx([0, np.degrees(0.5)])
    assert len(principal_angles(A, B[:1])) == 1


def test_another_basis_of_the_same_subspace_has_no_angle():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(4, 30))
    assert principal_angles(A, rng.normal(size=(4, 4)) @ A).max() < 1e-5
    assert principal_angles(A, rng.normal(size=(4, 30))).min() > 1


def test_tiny_angles_are_exact():
    """The arc cosine of a scalar product would give 0 here."""
    assert principal_angles(rows(0), rows(1e-7)) == pytest.approx([1e-7], rel=1e-3)


def test_weights_of_a_model_can_be_passed_as_they_are():
    decoder = torch.nn.Linear(3, 12)
    assert principal_angles(decoder.weight.T, decoder.weight.T).max() < 1e-4
    with pytest.raises(ValueError, match=r"weight\.T"):
        principal_angles(decoder.weight, torch.rand(3, 12))
    with pytest.raises(ValueError, match="span nothing"):
        principal_angles(torch.zeros(2, 12), torch.rand(3, 12))


# clustering


def test_groups_that_lie_apart_are_found_whatever_the_classes_are_called():
    points, labels = groups()
    for names in ([0, 1, 2], [7, 3, 9]):
        scores = cluster_scores(points, np.array(names)[labels], clusters=3)
        assert scores == pytest.approx({"accuracy": 1, "nmi": 1, "ari": 1})


def test_each_cluster_stands_for_one_class():
    """Two classes in one place, one class in two: an assignment that used a class twice would reach 1 and 0.75."""
    points, where = groups(n=40)
    one_split = np.where(where == 2, 1, where)  # groups 1 and 2 are both class 1
    assert cluster_scores(points, one_split, clusters=3)["accuracy"] == pytest.approx(80 / 120)
    one_merged = np.where(np.arange(120) % 2, where, where + 3)  # each group holds two classes
    assert cluster_scores(points, one_merged, clusters=3)["accuracy"] == pytest.approx(60 / 120)


def test_labels_that_have_nothing_to_do_with_the_points_score_by_chance():
    points, _ = groups(n=200)
    labels = np.random.default_rng(1).integers(0, 3, len(points))
    scores = cluster_scores(points, labels, clusters=3)
    assert 1 / 3 < scores["accuracy"] < 0.42
    assert abs(scores["ari"]) < 0.02 and scores["nmi"] < 0.02


def test_clustering_takes_images_and_repeats_itself():
    images, labels = torch.rand(60, 1, 5, 5), torch.arange(60) % 10
    first = cluster_scores(images, labels)
    assert first == cluster_scores(images.flatten(1).requires_grad_(), labels.numpy())
    assert all(type(score) is float for score in first.values())


# dead units


def test_dead_units_are_those_that_never_change():
    codes = torch.rand(50, 4, generator=torch.Generator().manual_seed(0))
    assert dead_units(codes) == 0
    codes[:, 1] = 0
    codes[:, 3] = 0.7  # not zero, but as silent
    assert dead_units(codes) == 2
    codes[17, 1] = 1e-3  # one sample wakes it
    assert dead_units(codes) == 1
    assert dead_units(codes, tolerance=0.01) == 2


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda: dead_units(torch.rand(1, 4)), "several hundred"),
        (lambda: dead_units(torch.rand(4)), r"codes must be \[N, d\].* \[4\]"),
        (lambda: dead_units(torch.full((4, 2), torch.nan)), "nan"),
        (lambda: cluster_scores(torch.rand(30, 4), torch.zeros(29)), "each of the 30"),
        (lambda: cluster_scores(torch.rand(9, 4), torch.zeros(9)), "between 1 and the number of samples, 9"),
        (lambda: tsne_2d(torch.rand(30, 4)), "smaller one"),
        (lambda: pca_2d(torch.rand(30, 1)), "at least 2"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(call, says):
    with pytest.raises(ValueError, match=says) as error:
        call()
    assert "\n" not in str(error.value)


# maps


def test_pca_shows_the_two_directions_of_largest_variance():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(500, 6)) * [0.1, 5, 0.1, 0.1, 2, 0.1] + 3
    across, up = pca_2d(torch.tensor(points)).T
    assert abs(np.corrcoef(across, points[:, 1])[0, 1]) > 0.999
    assert abs(np.corrcoef(up, points[:, 4])[0, 1]) > 0.99
    assert abs(across.mean()) < 1e-9


def test_tsne_keeps_groups_together_and_repeats_itself():
    points, labels = groups(n=20)
    xy = tsne_2d(points, perplexity=10)
    assert xy.shape == (60, 2)
    assert cluster_scores(xy, labels, clusters=3)["accuracy"] == 1
    assert np.array_equal(xy, tsne_2d(points, perplexity=10))


def test_importing_stays_cheap():
    code = (
        "import sys\n"
        "import course_utils.metrics, course_utils.embedding, course_utils.sweeps\n"
        "print([m for m in ('sklearn', 'scipy', 'pandas', 'matplotlib', 'torchvision') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# nearest classes


def test_each_row_holds_the_classes_of_the_nearest_samples():
    codes = torch.tensor([[0.0, 0], [1, 0], [10, 0], [10.5, 0], [12, 0]])
    table = nearest_classes(codes, torch.tensor([0, 0, 2, 3, 3]))
    assert np.allclose(table, [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0.5, 0.5]])


def test_a_sample_is_not_its_own_neighbour_even_where_codes_are_equal():
    assert np.allclose(nearest_classes(np.zeros((2, 3)), [0, 1]), [[0, 1], [1, 0]])
    with pytest.raises(ValueError, match="each of the 4 codes"):
        nearest_classes(np.zeros((4, 2)), [0, 1])


def test_the_nearest_of_others_and_how_far_it_is():
    images, among = torch.tensor([[[0.0, 0.0]], [[1.0, 1.0]]]), torch.tensor([[[0.0, 1.0]], [[1.0, 0.5]], [[0.0, 0.2]]])
    expected = [(0.2**2 / 2) ** 0.5, (0.5**2 / 2) ** 0.5]
    torch.testing.assert_close(metrics.nearest_distances(images, among), torch.tensor(expected))
    assert metrics.nearest_distances(torch.zeros(1, 4), torch.ones(3, 4)).tolist() == [1.0]
    with pytest.raises(ValueError, match="images of 2 numbers"):
        metrics.nearest_distances(images, torch.zeros(3, 5))


def test_confidences_are_the_largest_probabilities_however_large_the_logits():
    logits = torch.tensor([[0.0, 0.0], [3000.0, -3000.0], [1.0, 3.0]])
    expected = torch.tensor([0.5, 1.0, 1 / (1 + torch.e**-2)])
    torch.testing.assert_close(metrics.confidences(lambda images: images, logits), expected)
