"""to_range(images): images as rows in the range of tanh."""

from course_utils.checks.toolkit import exercise


def rows(images):
    return images.flatten(1)


def oracle(images):
    return rows(images).lerp(rows(images) - 1, 1 - rows(images))  # 0 -> -1, 1 -> 1, straight in between


@exercise(
    values=(3, "pixels from [0, 1] in [-1, 1]"),
    shape=(1, "each image a row, its pixels in their order"),
    costs={"one_image": (0.2, "one image alone")},
)
def to_range(c):
    c.call("two images of 1 × 2 pixels, [[[[0, 0.25]]], [[[0.5, 1]]]]", images=[[[[0, 0.25]]], [[[0.5, 1]]]])
