"""keep_digits(images, labels, digits): the images and labels of some digits, in their order."""

import numpy as np

from course_utils.checks.toolkit import exercise


def kept(labels, digits):
    return np.isin(labels, digits)


def of_labels(slip):
    """A slip about the images as one about the labels."""
    images, keeps = slip if isinstance(slip, tuple) else (slip, 0.0)
    return lambda x, y, d: images(y, y, d), keeps


@exercise(
    images=(1, "the images of these digits"),
    labels=(1, "the labels of these digits"),
    costs={"order": (0.25, "images and labels in the order they came in"), "other_digits": (0.25, "any digits")},
)
def keep_digits(c):
    def case(labels, digits):
        numbered = np.arange(len(labels)).reshape(-1, 1, 1, 1)  # an image holds its position
        words = f"images 0 to {len(labels) - 1} with labels {labels}, digits {tuple(digits)}"
        return c.call(words, images=numbered.astype(np.float32), labels=np.array(labels), digits=digits)

    def parts(*cases):
        return c.parts(cases, images=lambda x, y, d: x[kept(y, d)], labels=lambda x, y, d: y[kept(y, d)])

    shuffled = c.rng.permutation([*range(10), 2, 5]).tolist()
    images, labels = parts(case([5, 7, 3, 9, 2, 7, 3, 1, 5, 5], (3, 7)), case(shuffled, (2, 5, 8)))
    slips = {
        "nothing is left: labels == digits gives a single False, use torch.isin": lambda x, y, d: x[None][:0],
        "only the first digit is kept": lambda x, y, d: x[y == d[0]],
        "only the last digit is kept: a loop overwrites what it found before": lambda x, y, d: x[y == d[-1]],
        "only two digits are kept: there may be more of them": (lambda x, y, d: x[kept(y, d[:2])], 0.5),
        "these are the digits to leave out": (lambda x, y, d: x[~kept(y, d)], 0.33),
        "all digits from the smallest to the largest": (lambda x, y, d: x[(y >= d[0]) & (y <= d[-1])], 0.33),
    }
    c.agrees("images", images, slips=slips, any_order="order")
    label_slips = {line: of_labels(slip) for line, slip in slips.items()}
    c.agrees("labels", labels, slips=label_slips, any_order="" if c.right("order") else "order")
    for part in parts(case(shuffled, (4,)), case(shuffled, (9, 0))):
        c.agrees("other_digits", part, after=("images", "labels", "order"))
