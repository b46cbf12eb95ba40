"""course_utils.few_labels: tasks, and classifiers that learn from them."""

import pytest
import torch

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
