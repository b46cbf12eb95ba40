"""sample_images(decode, n, latents, generator): images decoded from codes that are drawn from N(0, 1)."""

import numpy as np

from course_utils import probes
from course_utils.checks.toolkit import exercise

COUNT = 3000


@exercise(
    codes=(4, "the codes are from N(0, 1)"),
    pixels=(2, "pixels in [0, 1], the sigmoid of the logits"),
    generator=(2, "the random numbers come from the generator"),
)
def sample_images(c):
    scale = np.array([0.5, 1.0, 1.5, 2.0, -1.0])  # logit p is code p times this number
    seed = int(c.rng.integers(10_000))
    words = f"n = {COUNT}, latents = 5, a decoder of 5 pixels"
    answer = c.ask(probes.generated, words, matrix=np.diag(scale), n=COUNT, seed=seed)
    answer = answer.part("draw_0", "the images")
    if not c.shape("codes", answer, (COUNT, 1, 1, 5), "the images"):
        return
    c.generator("generator", answer)
    values = answer.array(shape=(COUNT, 1, 1, 5))
    if values is None:
        c.verify("codes", False, f"the images: {answer.kind()} came back, expected a tensor [n, 1, 1, 5]")
        return
    values = values.reshape(COUNT, 5)
    if np.isin(values, (0, 1)).mean() > 0.99:  # most of what the codes were can still be told from such pixels
        line = "the pixels are 0 or 1: return the probabilities, without drawing or rounding"
        c.verify("pixels", False, line)
        c.verify("codes", False, line, 0.5)
        return
    inside = bool((values >= 0).all() and (values <= 1).all())
    twice = inside and values.min() > 0.49 and values.max() < 0.74
    outside = "pixels outside [0, 1]: decode gives logits, whose sigmoid the pixels are"
    c.verify("pixels", inside and not twice, "the pixels lie between 0.5 and 0.73: a sigmoid is taken twice"
             if twice else outside)  # fmt: skip
    p = values.clip(1e-6, 1 - 1e-6) if inside else values
    p = np.log(p / (1 - p)) if twice else p
    codes = (np.log(p.clip(1e-6, 1 - 1e-6)) - np.log1p(-p.clip(1e-6, 1 - 1e-6)) if inside else p) / scale
    if not c.verify("codes", np.ptp(codes, axis=0).min() > 1e-6, "all images are the same: draw n codes"):
        return
    slips = {
        "the codes are uniform in [0, 1]: the prior is N(0, 1), torch.randn draws from it": (0.5, 12**-0.5),
        "the codes are uniform in [-1, 1]: the prior is N(0, 1), torch.randn draws from it": (0.0, 3**-0.5),
    }
    c.moments("codes", codes, np.zeros(5), np.ones(5), slips, law="normal", what="the codes", keeps=0.25)
    c.fresh("codes", codes)
