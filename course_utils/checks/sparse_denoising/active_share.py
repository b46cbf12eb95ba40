"""active_share(codes): for each image, the share of the units that are active."""

import numpy as np

from course_utils.checks.toolkit import exercise


def oracle(codes):
    return np.array([np.count_nonzero(row) / len(row) for row in codes.numpy()])


@exercise(values=(1, "the share of active units of each image"), costs={"one": (0.1, "one image")})
def active_share(c):
    small = [[0.0, 2, 0, 1], [0, 0, 0, 5]]
    codes = c.rng.uniform(0.2, 3, (7, 10)) * (np.arange(10) < c.rng.permutation(np.arange(1, 8))[:, None])
    codes = np.where(c.rng.uniform(size=codes.shape) < 0.2, codes / 1000, codes)  # weakly active is active, too
    codes = c.rng.permuted(codes, axis=1)
    shown = str(small).replace(".0", "")
    cases = [c.call(f"codes = {shown}", codes=small), c.call("7 images, 10 units", codes=codes)]
    slips = {
        "this is the share of images for which each unit is active: count over the units, dim=1": (
            lambda z: (z > 0).double().mean(dim=0), 0.5),
        "one number for all images: the share of each image is asked for": (lambda z: (z > 0).double().mean(), 0.5),
        "these are the numbers of active units: divide by the number of units": (lambda z: (z > 0).sum(dim=1), 0.5),
        "this is the share of units that are 0: a unit is active when its entry is above 0": (
            lambda z: (z == 0).double().mean(dim=1), 0.5),
        "this is the mean entry: count the units whose entry is above 0": lambda z: z.mean(dim=1),
        "this is the share of units that are active for any image": lambda z: (z > 0).any(dim=0).double().mean(),
        "small entries are left out: every entry above 0 is active": (lambda z: (z > 0.01).double().mean(dim=1), 0.5),
        "entries are compared with the mean of the image: compare them with 0": (
            lambda z: (z > z.mean(dim=1, keepdim=True)).double().mean(dim=1), 0.25),
    }  # fmt: skip
    c.agrees("values", cases, oracle, slips, what="the shares")
    c.agrees("one", c.call("codes = [[0, 3]]", codes=[[0.0, 3]]), oracle, what="the shares", after="values")
