"""combine(images, codes, reconstructions): pixels, codes and reconstructed pixels in one row."""

import torch

from course_utils.checks.toolkit import exercise


def joined(*parts):
    return torch.hstack([part.reshape(len(part), -1) for part in parts])


@exercise(
    values=(4, "pixels, codes and reconstructed pixels, image by image"),
    costs={"one_image": (0.15, "one image alone")},
)
def combine(c):
    small = c.call(
        "images [[1, 2]], [[3, 4]], codes [[5], [6]], reconstructions [[7, 8]], [[9, 10]]",
        images=[[[[1.0, 2.0]]], [[[3.0, 4.0]]]],
        codes=[[5.0], [6.0]],
        reconstructions=[[[[7.0, 8.0]]], [[[9.0, 10.0]]]],
    )
    images, codes = c.rng.uniform(0, 1, (2, 7, 1, 3, 4)), c.rng.normal(0, 3, (7, 5))
    answer = c.call("7 images of 3 x 4 pixels, 5 codes", images=images[0], codes=codes, reconstructions=images[1])
    slips = {
        "the codes are last, expected in the middle": (lambda x, z, r: joined(x, r, z), 0.75),
        "the codes are first, expected in the middle": (lambda x, z, r: joined(z, x, r), 0.75),
        "the reconstructions are missing": (lambda x, z, r: joined(x, z), 0.33),
        "the codes are missing": (lambda x, z, r: joined(x, r), 0.33),
        "the images are there twice, the reconstructions are missing": (lambda x, z, r: joined(x, z, x), 0.33),
    }
    c.agrees("values", [small, answer], joined, slips, what="the rows")
    one = c.call("one image", images=images[0][:1], codes=codes[:1], reconstructions=images[1][:1])
    c.agrees("one_image", one, joined, what="the row", after="values")
