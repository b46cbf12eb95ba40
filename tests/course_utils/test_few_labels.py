"""course_utils.few_labels: tasks, and classifiers that learn from them."""

import pandas as pd
import pytest
import torch
from scipy import stats
from sklearn.neighbors import KNeighborsClassifier

from course_utils import data, few_labels


@pytest.fixture(scope="module")
def task():
    return few_labels.mnist_task(0)


def rows(images):
    return {image.numpy().tobytes() for image in images}


def test_a_task_has_ten_labels_for_each_digit_and_hides_the_others(task):
    assert task.labels.bincount().tolist() == [10] * 10
    assert task.images.shape == (100, 1, 28, 28)
    assert len(task.pool) == 7900 and len(task.judged.labels) == 2000
    assert not rows(task.images) & rows(task.pool)


def test_what_is_judged_is_never_learned_and_no_test_image(task):
    judged = rows(task.judged.images)
    assert not judged & rows(task.images) and not judged & rows(task.pool)
    assert not judged & rows(data.load_mnist("test", source="sample").images)


def test_labels_are_drawn_anew_for_each_seed_and_the_judged_images_stay(task):
    other = few_labels.mnist_task(1)
    assert len(rows(other.images) & rows(task.images)) < 20
    assert torch.equal(other.judged.images, task.judged.images)
    assert torch.equal(few_labels.mnist_task(0).images, task.images)


def test_more_labels_than_a_digit_has_are_refused():
    with pytest.raises(ValueError, match="smaller per_class"):
        few_labels.mnist_task(0, 5_000)


@pytest.mark.parametrize(
    "run",
    [
        lambda task: few_labels.network(task, 0, steps=40),
        lambda task: few_labels.network(task, 0, weights=data.given("semi_supervised_autoencoder"), steps=40),
        lambda task: few_labels.joint(task, 0, 1.0, steps=40),
        lambda task: few_labels.convolutional(task, 0, steps=40),
        lambda task: few_labels.convolutional(task, 0, shake=True, threshold=0.5, steps=40),
    ],
    ids=["network", "fine-tuned", "joint", "convolutional", "pseudo-labels"],
)
def test_each_classifier_learns_and_repeats_with_its_seed(task, run):
    accuracy = run(task)
    assert 0.4 < accuracy < 0.9
    assert run(task) == accuracy


def test_a_frozen_encoder_keeps_the_start_from_mattering(task):
    """Without steps a network guesses; with frozen weights and some steps only the last layer learns."""
    weights = data.given("semi_supervised_autoencoder")
    assert few_labels.network(task, 0, steps=0) < 0.35
    assert few_labels.network(task, 0, weights=weights, frozen=True, steps=80) > 0.4


def test_the_bundled_autoencoder_reconstructs_the_judged_images(task):
    from course_utils import training

    model = few_labels.autoencoder()
    model.load_state_dict(data.given("semi_supervised_autoencoder"))
    assert training.evaluate(model, task.judged.images, loss=training.pixel_error) == pytest.approx(0.0152, abs=5e-4)


def test_shaken_images_differ_from_each_other_and_stay_images(task):
    image = task.images[:1].repeat(50, 1, 1, 1)
    shaken = few_labels._shaken(image, torch.Generator().manual_seed(0))
    assert shaken.shape == image.shape and shaken.min() >= 0 and shaken.max() <= 1
    assert len(rows(shaken)) == 50
    assert shaken.sum(dim=(1, 2, 3)).div(image[0].sum()).sub(1).abs().max() < 0.4


def test_a_gain_is_that_of_each_draw_with_the_interval_of_its_mean():
    rows = [("one", 0, 0.70), ("two", 0, 0.72), ("one", 1, 0.80), ("two", 1, 0.81), ("two", 2, 0.9)]
    table = pd.DataFrame(rows, columns=["setting", "seed", "accuracy"])
    low, high = stats.ttest_1samp([2.0, 1.0], popmean=0).confidence_interval()
    assert few_labels.gain_in_points(table, "two", over="one") == (
        f"two minus one: +1.5 points, 95 % interval {low:+.1f} to {high:+.1f}\n    draw by draw: +2.0, +1.0"
    )
    table = table.replace({"one": "rate-0.01", "two": "a+0.0"})
    assert few_labels.gain_in_points(table, "a+0.0", over="rate-0.01").startswith("a+0.0 minus rate-0.01: +1.5 points")
    assert "rate-0.01: 0.0 points" in few_labels.gain_in_points(table, "rate-0.01", over="rate-0.01")
    table = table.replace({"rate-0.01": "one", "a+0.0": "two"})
    assert "interval" not in few_labels.gain_in_points(table[table.seed == 0], "two", over="one")
    with pytest.raises(ValueError, match="no setting 'three', it has 'one', 'two'"):
        few_labels.gain_in_points(table, "three", over="one")


def test_classical_classifiers_are_judged_like_the_networks(task):
    few = task._replace(images=task.images[:40], labels=task.labels[:40])
    accuracy = few_labels.on_pixels(few, 0, model=KNeighborsClassifier(1))
    distances = torch.cdist(task.judged.images.flatten(1), few.images.flatten(1))
    right = few.labels[distances.argmin(dim=1)] == task.judged.labels
    assert accuracy == pytest.approx(right.float().mean().item(), abs=1e-3)
