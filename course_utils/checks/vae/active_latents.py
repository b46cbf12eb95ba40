"""active_latents(mu, above): which latents have a mean that varies over the images."""

import numpy as np
import torch

from course_utils.checks.toolkit import exercise


def marked(mu, above):
    return torch.from_numpy(np.var(mu.numpy(), axis=0)) > above


@exercise(marks=(1, "the latents whose mean has a variance above the limit"))
def active_latents(c):
    small = c.call("mu = [[0, 5, 1], [0, 5, 3]], above = 0.01", mu=[[0.0, 5.0, 1.0], [0.0, 5.0, 3.0]], above=0.01)
    # Spreads on both sides of the limit, and of its square and its root; centres of every size.
    spread = np.array([0.0, 0.03, 0.06, 0.08, 0.14, 0.3, 0.7, 1.0])
    noise = c.rng.choice([-1.0, 1.0], (200, 8))
    noise -= noise.mean(axis=0)
    spread, centre = c.rng.permutation(spread), c.rng.choice([-2.0, 0.0, 0.05, 2.0], 8)
    mu = centre + spread * noise / noise.std(axis=0)
    cases = [small, c.call("200 images, 8 latents, above = 0.01", mu=mu, above=0.01)]
    cases.append(c.call("200 images, 8 latents, above = 0.25", mu=mu, above=0.25))
    slips = {
        "the standard deviation is compared with the limit: compare the variance": (
            lambda mu, above: mu.std(dim=0, correction=0) > above, 0.5),
        "0.01 is the limit in every case, so it is fixed in your code: compare with above": (
            lambda mu, above: marked(mu, 0.01), 0.5),
        "the variance over the latents of each image: take it over the images, dim=0": (
            lambda mu, above: mu.var(dim=1, correction=0) > above, 0.25),
        "the latents whose mean is far from 0 are marked: an active mean varies over the images": (
            lambda mu, above: mu.mean(dim=0).abs() > above, 0.0),
        "the squares of the means are not variances: a mean that is the same for all images is not active": (
            lambda mu, above: mu.square().mean(dim=0) > above, 0.25),
        "the latents that are not active are marked": (lambda mu, above: ~marked(mu, above), 0.5),
        "the number of active latents: return a boolean for each": (lambda mu, above: marked(mu, above).sum(), 0.5),
    }  # fmt: skip
    c.agrees("marks", cases, marked, slips, what="the marks")
