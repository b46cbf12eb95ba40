"""GaussianSampler: z ~ N(mu, exp(logvar)), new at every call, with gradients."""

import numpy as np

from course_utils.checks.toolkit import exercise


@exercise(
    targets=["GaussianSampler"],
    moments=(3, "the right mean and standard deviation"),
    fresh=(1, "new noise for every entry, at every call"),
    gradients=(2, "gradients reach mu and logvar"),
)
def sampler(c):
    mu = c.rng.uniform(-2, 2, size=(3, 4))
    # Away from 0, where the variance and the standard deviation are the same.
    logvar = c.rng.uniform(0.8, 1.6, size=(3, 4)) * c.rng.choice([-1, 1], size=(3, 4))
    answer = c.samples("mu and logvar of shape [3, 4]", to=["mu", "logvar"], mu=mu, logvar=logvar)
    if not c.shape("moments", answer, mu.shape, "the sample"):
        return
    samples = answer.array("samples", (2000, *mu.shape))
    c.moments(
        "moments",
        samples,
        mu,
        np.exp(logvar / 2),
        law="normal",
        slips={
            "exp(logvar) is the variance: the standard deviation is its square root": (mu, np.exp(logvar)),
            "logvar is the logarithm of the variance, not the standard deviation": (mu, np.abs(logvar)),
            "mu is not added": (0, np.exp(logvar / 2)),
            "the noise is uniform between 0 and 1: use randn_like": (
                mu + np.exp(logvar / 2) / 2,
                np.exp(logvar / 2) / 12**0.5,
            ),
        },
    )
    c.fresh("fresh", samples)
    if samples is not None and not np.ptp(samples, axis=0).any():
        return  # nothing random came back, through which a gradient could pass
    names = {name: answer.array(f"grad_{name}", mu.shape) for name in ("mu", "logvar")}
    lost = [name for name, gradient in names.items() if gradient is None or not np.abs(gradient).min() > 1e-8]
    stopped = f"no gradient reaches {' or '.join(lost)}: torch.normal, no_grad and detach() stop gradients"
    c.verify("gradients", not lost, stopped)
