"""train_linear_autoencoder(images, width): as good as the best linear map of that width."""

import numpy as np

from course_utils import probes
from course_utils.checks.toolkit import exercise, run_linear

WIDTH, PIXELS = 3, 20


@exercise(
    targets=["train_linear_autoencoder"],
    learned=(1, "nearly as good as the best linear map of this width"),
)
def linear_autoencoder(c):
    codes, basis = c.rng.normal(size=(200, WIDTH)), np.linalg.qr(c.rng.normal(size=(PIXELS, WIDTH)))[0]
    images = 0.5 + 2.0 * codes @ basis.T + 0.2 * c.rng.normal(size=(200, PIXELS))
    answer = c.ask(probes.train, "200 images of 20 pixels", images=images, width=WIDTH)
    layers = c.architecture("learned", answer, encoder=[PIXELS, WIDTH], decoder=[WIDTH, PIXELS])
    if not c.right("learned"):
        return
    drawn = run_linear(run_linear(images, layers["encoder"]), layers["decoder"])
    centred = images - images.mean(axis=0)
    best = float((np.linalg.svd(centred, compute_uv=False)[WIDTH:] ** 2).sum() / images.size)
    mean_only = float(np.mean(centred**2))
    told = f"the error is {{error:.4f}}; the best linear map of this width has {best:.4f}"
    # Over 30 seeds: the reference ends at 1.00 to 1.02 times the best error, 30 steps at 0.14 to 0.58 of that of the
    # mean alone, and three of the pixels passed on without any training at 0.80 and more.
    c.learns(
        "learned",
        float(np.mean((drawn - images) ** 2)),
        1.25 * best,
        {
            f"{told}: training diverges. Are gradients set to zero before each backward()?": (3 * mean_only, 0.0),
            f"{told}: nothing is learned. Does every step call backward() and step()?": (0.7 * mean_only, 0.0),
            f"{told}: does training stop too early?": (0.0, 0.4),
        },
    )
