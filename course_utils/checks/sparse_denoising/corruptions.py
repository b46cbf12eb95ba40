"""add_gaussian(images, std, generator) and salt_and_pepper(images, share, salt, generator): noise for a denoiser."""

import numpy as np

from course_utils.checks.toolkit import exercise

TIMES, SHAPE, STD, SHARE, SALT = 300, (4, 1, 5, 6), 0.4, 0.35, 0.2


def outputs(c, aspect, words, **inputs):
    """(answer, what all calls returned [TIMES, *SHAPE]), None for what came back in another shape."""
    answer = c.seeded(words, times=2, **inputs)
    if not c.shape(aspect, answer, SHAPE, "the images"):
        return answer, None
    answer = c.seeded(words, times=TIMES, **inputs)
    found = [answer.array(f"draw_{i}", SHAPE) for i in range(TIMES)]
    c.verify(aspect, all(one is not None for one in found), "some calls return no images")
    return answer, None if any(one is None for one in found) else np.stack(found)


def alike(noise, mean, std):
    """Whether noise [TIMES, *SHAPE] has about this mean and standard deviation, taken over everything."""
    return abs((noise - mean).mean()) < 0.02 and abs((noise - mean).std() - np.mean(std)) < 0.02


def bernoulli(p):
    return p, (p * (1 - p)) ** 0.5


@exercise(
    targets=["add_gaussian", "salt_and_pepper"],
    gaussian=(4, "add_gaussian: normal noise of the standard deviation asked for"),
    own_noise=(1, "add_gaussian: each pixel has noise of its own"),
    replaced=(3, "salt_and_pepper: the share of the pixels that is replaced"),
    salt=(2, "salt_and_pepper: the share of salt among them"),
    own_draw=(1, "salt_and_pepper: each pixel is drawn by itself"),
    generator=(2, "the random numbers come from the generator"),
    costs={"kept": (0.2, "the other pixels stay as they are"), "ends": (0.1, "shares 0 and 1")},
)
def corruptions(c):
    images = c.rng.uniform(0.3, 0.7, SHAPE)  # nothing that could be taken for salt or pepper
    answer, noisy = outputs(c.function("add_gaussian"), "gaussian", f"4 images, std = {STD}", images=images, std=STD)
    if noisy is not None:
        noise, cut = noisy - images.astype(np.float32), noisy.min() >= 0 and noisy.max() <= 1
        slips = {
            "std is the standard deviation: randn times std, not times std ** 2 or its root": (0.0, STD**2),
            "the noise has standard deviation 1: multiply it by std": (0.0, 1.0),
            "the noise is uniform and positive: randn draws normal numbers around 0": (STD / 2, STD / 12**0.5),
            "this is the noise alone: add it to the images": (-images, np.full(SHAPE, STD)),
        }
        if cut and noise.std() > 0.05:
            c.verify("gaussian", False, "the noisy images are cut off at 0 and 1: leave them as they are", 0.5)
        elif noise.min() > -1e-6 and noise.std() > 0.05 and np.mean(np.abs(noise) < 1e-6) > 0.4:
            c.verify("gaussian", False, "the noise is cut off at 0: leave negative noise as it is", 0.5)
        elif not any(alike(noise, *pair) for pair in ((0.0, STD), *slips.values())):
            seen = f"the noise has the mean {noise.mean():.2f} and the standard deviation {noise.std():.2f}"
            c.verify("gaussian", False, f"add_gaussian, std = {STD}: {seen}, expected 0 and {STD}")
        elif c.moments("gaussian", noise, np.zeros(SHAPE), STD, slips, law="normal", what="the noise", keeps=0.5):
            c.fresh("own_noise", noise)
    c.generator("generator", answer)

    words, salty = f"4 images, share = {SHARE}, salt = {SALT}", c.function("salt_and_pepper")
    answer, spoilt = outputs(salty, "replaced", words, images=images, share=SHARE, salt=SALT)
    if spoilt is None:
        return
    changed = np.abs(spoilt - images) > 1e-5
    slips = {
        "pixels are drawn with replacement, so fewer are changed than asked for: compare a random number with share": (
            bernoulli(1 - np.exp(-SHARE))),
        "the other pixels are replaced: a pixel is replaced when its number is below share": bernoulli(1 - SHARE),
        "twice the share is replaced: salt and pepper together are share": bernoulli(2 * SHARE),
    }  # fmt: skip
    right, told, share = bernoulli(SHARE), "the replaced pixels", changed.mean()
    # Of all pixels of an image together first, which tells close shares apart.
    if not any(abs(share - p) < 0.02 for p, _ in (right, *slips.values())):
        c.verify("replaced", False, f"{words}: {share:.2f} of the pixels change, expected {SHARE}")
    elif c.moments("replaced", 1.0 * changed[:, 0].ravel(), *right, slips, what=told, keeps=0.5):
        c.moments("replaced", 1.0 * changed, np.full(SHAPE, right[0]), right[1], what=told)
        c.fresh("own_draw", 1.0 * changed)
    white, black = (np.abs(spoilt - value) < 1e-5 for value in (1, 0))
    odd = (changed & ~white & ~black).any()
    c.verify("kept", not odd, "some pixels are neither 0, nor 1, nor as they were: replace or keep each pixel", 0.5)
    part = white.sum() / max(changed.sum(), 1)
    told = f"of the replaced pixels {part:.2f} are 1, expected salt = {SALT}"
    cause = {
        1 - SALT: "salt is 1, pepper is 0",
        0.5: "half of each, whatever salt is",
        1.0: "there is no pepper",
        0.0: "there is no salt",
    }
    near = min(cause, key=lambda share: abs(share - part))
    told += f": {cause[near]}" if abs(near - part) < 0.03 else ""
    keeps = 0.0 if not changed.any() else 0.5 if part in (0, 1) or near == 1 - SALT else 0.25
    c.verify("salt", changed.any() and abs(part - SALT) < 0.03, told, keeps)
    c.generator("generator", answer)
    for share, expected in ((0.0, images), (1.0, np.ones(SHAPE))):
        end = salty.seeded(f"share = {share:g}, salt = 1", times=1, images=images, share=share, salt=1.0)
        seen = end.array("draw_0", SHAPE)
        fits = seen is not None and np.allclose(seen, expected, atol=1e-5)
        every = "no pixel changes" if share == 0 else "all pixels are 1"
        c.cost("ends", fits, f"share = {share:g}, salt = 1: expected that {every}", after=("replaced", "salt"))
