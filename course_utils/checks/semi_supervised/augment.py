"""augment(images, generator): each image turned by up to 15 degrees and moved by up to 2 pixels, in its own way."""

import numpy as np

from course_utils import probes
from course_utils.checks.toolkit import exercise

N, SIDE, AWAY = 400, 28, 8.0
WRAPPED = np.degrees(np.angle(np.exp(1j * np.linspace(-15, 15, 100_001)))).std()
"""Standard deviation, in degrees, of angles uniform from -15 to 15 radians, as the images show them: -180 to 180."""


def spot(x):
    """N images of one soft spot, x pixels to the right of the centre."""
    row, column = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    image = np.exp(-((column - x) ** 2 + row**2) / 4)
    return np.tile(image, (N, 1, 1, 1)).astype(np.float32)


def centres(images):
    """Where the spots are: columns and rows from the centre [N, 2], and their brightness [N]."""
    row, column = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    total = images.sum(axis=(1, 2, 3))
    places = [(images[:, 0] * axis).sum(axis=(1, 2)) / np.maximum(total, 1e-9) for axis in (column, row)]
    return np.stack(places, axis=1), total


@exercise(
    own=(2, "each image is changed in its own way"),
    angle=(3, "angles uniform from -15 to 15 degrees"),
    shift=(3, "shifts uniform from -2 to 2 pixels"),
    generator=(2, "the random numbers come from the generator"),
    costs={
        "images": (0.15, "each image keeps its size and its brightness"),
        "outside": (0.1, "what comes from outside is black"),
    },
)
def augment(c):
    # The same seed draws the same changes: a spot in the centre tells the shift, one at the side the turn as well.
    seed = int(c.rng.integers(10_000))
    answers = [c.ask(probes.seeded, f"{N} images", seed=seed, times=2, images=spot(x)) for x in (0.0, AWAY)]
    found = [answer.array("draw_0", (N, 1, SIDE, SIDE)) for answer in answers]
    if any(images is None for images in found):
        c.stop(f"{answers[0].kind('draw_0')} came back, expected images of shape {[N, 1, SIDE, SIDE]}")
    c.generator("generator", answers[0])
    (shift, bright), (side, _) = map(centres, found)
    dark = np.mean(bright < 0.5 * spot(0.0)[0].sum())
    told = f"{dark:.0%} of the images are nearly black: a shift of 1 is half an image, divide the pixels by 14"
    if not c.verify("images", dark < 0.01, told):
        c.verify("own", True, "")
        return
    turned = side - shift
    length, angle = np.linalg.norm(turned, axis=1), np.degrees(np.arctan2(turned[:, 1], turned[:, 0]))
    alike = np.ptp(shift, axis=0).max() < 0.2
    told = "all images of a batch are changed in the same way: draw an angle and two shifts for each image"
    if not c.verify("own", not alike, told):
        return
    slips = {
        "the shifts reach only half as far: 2 pixels are 2 / 14 in units of half an image": (0, 1 / 3**0.5),
        "the shifts are twice as large: 2 pixels are 2 / 14 in units of half an image": (0, 4 / 3**0.5),
        "the shifts reach only from 0 to 2 pixels": (1, 1 / 3**0.5),
        "the images are not moved": (0, 1e-4),
    }
    c.moments("shift", shift, np.zeros(2), np.full(2, 2 / 3**0.5), slips, what="the shifts in pixels", keeps=0.5)
    both = abs(np.corrcoef(shift.T)[0, 1]) < 0.9
    c.verify("shift", both, "the horizontal and the vertical shift of an image are the same: draw two", 0.5)
    squared = (shift**2).sum(axis=1)  # the turn changes the direction of a shift, not its length
    whole = np.mean(abs(squared - squared.round()) < 0.02)
    c.verify("shift", whole < 0.5, "the shifts are whole pixels: any number from -2 to 2 may come", 0.5)
    white = c.ask(
        probes.seeded, f"{N} white images", seed=seed, times=1, images=np.ones((N, 1, SIDE, SIDE), np.float32)
    )
    edges = white.array("draw_0", (N, 1, SIDE, SIDE))
    told = "what comes from outside is not black: leave padding_mode as it is"
    c.cost("outside", edges is not None and np.mean(edges.min(axis=(1, 2, 3)) > 0.9) < 0.2, told, "shift")
    if not c.right("generator"):  # the two batches were changed in different ways, so the turns are not known
        c.verify("angle", True, "")
        return
    told = f"a distance of {AWAY:g} pixels becomes {length.min():.1f} to {length.max():.1f}: turn and move alone"
    c.verify("images", abs(length / AWAY - 1).max() < 0.08, told)
    slips = {
        "the angles reach only from 0 to 15 degrees": (np.sign(angle.mean()) * 7.5, 7.5 / 3**0.5),
        "all images are turned by the same angle: draw one for each": (angle.mean(), min(angle.std(), 0.5)),
        "the angles are twice as large": (0, 30 / 3**0.5),
        "15 degrees were taken for 15 radians: cos and sin take radians, torch.deg2rad(angle)": (0, WRAPPED),
    }
    if abs(angle).max() < 1:
        c.verify("angle", False, "the images are not turned", 0.0)
    c.moments("angle", angle[:, None], 0.0, 15 / 3**0.5, slips, what="the angles in degrees", keeps=0.5)
    c.verify("angle", abs(angle).max() < 16.5, f"an image is turned by {abs(angle).max():.0f} degrees: at most 15", 0.5)
