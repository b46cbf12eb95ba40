"""train_vae(model, images): the ELBO that the trained weights reach on unseen images."""

import numpy as np
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from course_utils import probes
from course_utils.checks.toolkit import exercise, run_linear

LATENTS, HIDDEN = 10, 128
ENCODER, DECODER = [784, HIDDEN, 2 * LATENTS], [LATENTS, HIDDEN, 784]
# How far from the mean image's loss (0) to the entropy of the pixels (1), over 9 draws (standard deviation): the
# reference 0.53 (0.012); weights from home at most 0.34; a third of the steps 0.40; beta = 4 0.39.
ENOUGH = 0.45


def terms(encoder, decoder, images, rng):
    """(reconstruction, KL) in nats for each image; reconstruction with a drawn z."""
    mu, logvar = np.split(run_linear(images, encoder), 2, axis=1)
    sigma = np.exp(np.clip(logvar, -60, 60) / 2)
    z = mu + sigma * rng.normal(size=mu.shape)
    mu, sigma, x, u = (torch.from_numpy(a) for a in (mu, sigma, images, run_linear(z, decoder)))
    loss = -Bernoulli(logits=u, validate_args=False).log_prob(x).sum(dim=1).mean()
    return loss.item(), kl_divergence(Normal(mu, sigma), Normal(0.0, 1.0)).sum(dim=1).mean().item()


def bounds(images, unseen):
    """(the loss of the mean image, the entropy of the pixels): nothing learned, and what no network can be below."""
    x, p = torch.from_numpy(unseen), torch.from_numpy(images.mean(axis=0).clip(1e-3, 1 - 1e-3))
    floor = -(torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(dim=1).mean()
    return -Bernoulli(p, validate_args=False).log_prob(x).sum(dim=1).mean().item(), floor.item()


def short(number, digits=1):
    """A number with some decimals, or as 9e+22."""
    return f"{number:.{digits}f}" if abs(number) < 1e5 else f"{number:.0e}"


@exercise(learned=(1, "the negative ELBO on unseen images"))
def train_vae(c):
    drawn, hidden = c.digits(1000, 500, classes=(0, 1))
    seed = int(c.rng.integers(1000))
    asked = {"latents": LATENTS, "hidden": HIDDEN, "seed": seed}
    answer = c.ask(probes.train_given, "1,000 images of the digits 0 and 1", images=drawn, **asked)
    layers = c.architecture("learned", answer, encoder=ENCODER, decoder=DECODER)
    if not c.right("learned"):
        return
    images, unseen = (x.reshape(len(x), 784).astype(float) for x in (drawn, hidden))
    reconstruction, kl = terms(layers["encoder"], layers["decoder"], unseen, c.rng)
    nothing, floor = bounds(images, unseen)
    error, enough = reconstruction + kl, nothing - ENOUGH * (nothing - floor)
    seen = (
        f"score {short((nothing - error) / (nothing - floor), 2)}, {ENOUGH} is needed (negative ELBO {short(error)}, "
        f"of which KL {short(kl)}; mean image {nothing:.1f}, entropy of the pixels {floor:.1f})"
    )
    c.note("learned", f": {seen}")
    still = [name for name, part in layers.items() if all(abs(w).max() ** 2 * w.shape[1] < 1.0001 for w, _ in part)]
    why = "a good start: more steps are needed, or longer ones"
    if still:
        why = f"the weights of {' and '.join(still)} lie where torch draws them: is all of it trained and returned?"
    elif kl < 0.5:
        why = "the codes say nothing: is the reconstruction averaged over the pixels, or the learning rate too high?"
    elif kl > 16 and (reconstruction < nothing or kl > 100):
        why = "the KL term is too weak: is it left out, averaged over the latents, or subtracted?"
    elif error > nothing:
        why = "worse than the mean image: no zero_grad, far too few steps, too high a learning rate, or z is not drawn?"
    elif kl < 5:
        why = "the codes say little: is a term averaged, not summed? Too few steps, or too high a learning rate?"
    c.learns("learned", error, enough, {f"{seen}: {why}": (-np.inf, 0.0)})
