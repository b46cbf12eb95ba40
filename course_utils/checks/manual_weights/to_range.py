"""to_range(images): images as rows in the range of tanh."""

import numpy as np

from course_utils.checks.toolkit import exercise


def oracle(images):
    return np.interp(images.flatten(1), [0, 1], [-1, 1])


@exercise(
    values=(2, "pixels from [0, 1] in [-1, 1]"),
    rows=(1, "each image is a row"),
    costs={"form": (0.25, "a row for each image"), "one_image": (0.2, "one image alone")},
)
def to_range(c):
    small = [[[[0.2, 0.4]]], [[[0.6, 0.8]]]]  # neither 0 nor 1 occurs, so that a range of the batch's own shows
    images = c.rng.uniform(0.1, 0.9, (7, 1, 6, 5))
    cases = [c.call(f"two images of 1 × 2 pixels, {small}", images=small), c.call("7 images", images=images)]
    cases.append(c.call("3 images of 28 × 28 pixels", images=c.rng.uniform(0.1, 0.9, (3, 1, 28, 28))))
    slips = {
        "the pixels are still in [0, 1]: 0 should become -1": lambda x: x.flatten(1),
        "the pixels are in [0, 2]: they are stretched, but not moved down": lambda x: 2 * x.flatten(1),
        "the smallest and the largest pixel of the batch set the range: 0 and 1 should, for every batch": (
            lambda x: oracle((x - x.min()) / (x.max() - x.min())), 0.5),
        "all images became one row: flatten(1) keeps the first dimension": (lambda x: oracle(x).ravel(), 0.75),
        "each image is a column: it should be a row": (lambda x: oracle(x).T, 0.75),
        "the pixels of an image are in another order: its rows should follow each other": (
            lambda x: oracle(x.transpose(2, 3)), 0.75),
    }  # fmt: skip
    c.agrees("values", cases, oracle, slips)
    if c.right("values") or cases[1].array(shape=(7, 30)) is not None:
        c.shape("rows", cases[1], (7, 30))  # right pixels that are no rows cost the form alone
    one = c.call("one image [1, 1, 6, 5]", images=images[:1])
    c.agrees("one_image", one, oracle, after="values", what="the rows of one image alone")
