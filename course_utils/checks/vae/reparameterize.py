"""reparameterize(mu, logvar): z from N(mu, exp(logvar)), new at every call, with gradients."""

import numpy as np

from course_utils.checks.toolkit import exercise
from course_utils.checks.vae._network import not_finite

DRAWS = 800


@exercise(
    moments=(3, "the right mean and standard deviation"),
    fresh=(1, "new noise for every entry, at every call"),
    gradients=(2, "gradients reach mu and logvar"),
)
def reparameterize(c):
    mu = c.rng.uniform(-2, 2, size=(5, 3))
    # Away from 0, where the variance and the standard deviation are the same.
    logvar = c.rng.uniform(0.8, 1.6, size=(5, 3)) * c.rng.choice([-1, 1], size=(5, 3))
    answer = c.samples("mu and logvar of shape [5, 3]", times=DRAWS, to=["mu", "logvar"], mu=mu, logvar=logvar)
    if not_finite(answer):
        c.verify(
            "moments", False, "nan or inf in z: logvar may be negative, so take no root of it: sigma = exp(logvar / 2)"
        )
        return
    if not c.shape("moments", answer, mu.shape, "z"):
        return
    samples, sigma = answer.array("samples", (DRAWS, *mu.shape)), np.exp(logvar / 2)
    slips = {
        "exp(logvar) is the variance: the standard deviation is its square root, exp(logvar / 2)": (mu, sigma**2),
        "logvar is used as the standard deviation: it is the logarithm of the variance": (mu, np.abs(logvar)),
        "the noise is uniform between 0 and 1, its mean is 0.5: use randn_like": (mu + sigma / 2, sigma / 12**0.5),
        "mu is not added": (0, sigma),
    }
    c.moments("moments", samples, mu, sigma, slips, law="normal", what="z", keeps=0.25)
    c.fresh("fresh", samples)
    if samples is not None and not np.ptp(samples, axis=0).any():
        return  # nothing random came back, through which a gradient could pass
    found = {name: answer.array(f"grad_{name}", mu.shape) for name in ("mu", "logvar")}
    lost = [name for name, gradient in found.items() if gradient is None or not np.abs(gradient).min() > 1e-8]
    stopped = f"no gradient reaches {' or '.join(lost)}: torch.normal, sample(), no_grad and detach() stop gradients"
    c.verify("gradients", not lost, stopped)
