"""kl_to_standard_normal(mu, logvar): summed over the latents, averaged over the images."""

from torch.distributions import Normal, kl_divergence

from course_utils.checks.toolkit import exercise
from course_utils.checks.vae._network import not_finite


def each(mu, logvar):
    return kl_divergence(Normal(mu, (logvar / 2).exp()), Normal(0.0, 1.0))


def oracle(mu, logvar):
    return each(mu, logvar).sum(dim=1).mean()


def exchanged(mu, logvar):
    return kl_divergence(Normal(0.0, 1.0), Normal(mu, (logvar / 2).exp())).sum(dim=1).mean()


def sigma_for_logvar(mu, logvar):
    return kl_divergence(Normal(mu, logvar.exp()), Normal(0.0, 1.0)).sum(dim=1).mean()


@exercise(
    values=(1, "the value of the divergence from N(0, 1)"), costs={"gradients": (0.2, "gradients reach mu and logvar")}
)
def kl_to_standard_normal(c):
    words, mu, logvar = "mu = [[1, 0, 2]], logvar = [[0, 1, 0]]", [[1.0, 0.0, 2.0]], [[0.0, 1.0, 0.0]]
    cases = [c.differentiate(words, to=["mu", "logvar"], mu=mu, logvar=logvar)]
    inputs = {"mu": c.rng.normal(size=(7, 5)), "logvar": c.rng.normal(size=(7, 5))}
    cases.append(c.differentiate("7 images, 5 latents", to=["mu", "logvar"], **inputs))
    slips = {
        "averaged over the latents, with 20 latents 20 times too small: sum over them": (
            lambda mu, logvar: each(mu, logvar).mean(), 0.5),
        "summed over the images: take their mean": (lambda mu, logvar: each(mu, logvar).sum(), 0.5),
        "a number for each image: take their mean": (lambda mu, logvar: each(mu, logvar).sum(dim=1), 0.5),
        "the factor one half is missing": (lambda mu, logvar: 2 * oracle(mu, logvar), 0.5),
        "the sign is reversed: a divergence is never below 0": (lambda mu, logvar: -oracle(mu, logvar), 0.5),
        "logvar is taken for log sigma: it is the logarithm of the variance": (sigma_for_logvar, 0.25),
        "the two are exchanged: kl_divergence(q, p) is KL(q || p), and N(0, 1) comes second": (exchanged, 0.5),
        "the one half is missing before the squares: with mu = 0, logvar = 0 the divergence is 0": (
            lambda mu, logvar: (mu**2 + logvar.exp() - logvar / 2 - 0.5).sum(dim=1).mean(), 0.0),
    }  # fmt: skip
    if any(not_finite(answer) for answer in cases):
        line = (
            "nan or inf: logvar may be 0 or negative, so take no logarithm or root of it. sigma squared is exp(logvar)"
        )
        c.verify("values", False, line)
    c.agrees("values", cases, oracle, slips, what="the divergence")
    c.gradients("gradients", cases, "mu", "logvar", oracle=oracle, after="values")
