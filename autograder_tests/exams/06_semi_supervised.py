"""What lab 06's checks leave out: signs of a kind that no student has seen, so that nothing from home has learned them.

The check's signs are strokes, and draw_script is public: features learned at home on hundreds of such signs classify
new ones. These signs are blots, seen through the same kinds of affine maps. Keep this file secret.
"""

import numpy as np
import torch
from sklearn.svm import SVC
from torch.nn import functional as F

from course_admin.grading.exams import corner

SIDE, CLASSES, EACH, POOL = 28, 10, 10, 1000
ENOUGH, NEAR = 0.5, 0.75


def smooth(rng, count, size):
    """Random fields [count, 1, 28, 28], smooth over 28 / size pixels."""
    coarse = torch.from_numpy(rng.normal(size=(count, 1, size, size)).astype(np.float32))
    return F.interpolate(coarse, (SIDE, SIDE), mode="bicubic")


def draw_blots(rng):
    """(100 images [100, 1, 28, 28], their labels, 1,000 others, their labels): blots, each deformed and moved."""
    axis = torch.linspace(-1, 1, SIDE)
    window = (1.3 - torch.hypot(axis[:, None], axis)).clamp(0, 1) ** 0.5
    signs = 1.5 * window * smooth(rng, CLASSES, 6) - 0.3 * (1 - window)
    found = []
    for labels in (np.repeat(np.arange(CLASSES), EACH), np.arange(POOL) % CLASSES):
        labels, n = rng.permutation(labels), len(labels)
        angle = rng.uniform(-0.35, 0.35, size=n)
        shear = rng.uniform(-0.3, 0.3, size=n)
        scale, move = rng.uniform(0.9, 1.3, (2, n)), rng.uniform(-0.22, 0.22, (2, n))
        rows = [
            [scale[0] * np.cos(angle), scale[0] * (shear - np.sin(angle)), move[0]],
            [scale[1] * np.sin(angle), scale[1] * np.cos(angle), move[1]],
        ]
        maps = torch.from_numpy(np.array(rows).transpose(2, 0, 1).astype(np.float32))
        ink = signs[labels] + 0.3 * smooth(rng, n, 5)
        grid = F.affine_grid(maps, [n, 1, SIDE, SIDE], align_corners=False)
        images = F.grid_sample((3 * ink).sigmoid() * (ink > 0), grid, align_corners=False).numpy()
        images = (images + rng.normal(0, 0.02, images.shape)).clip(0, 1)
        found += [images.astype(np.float32), labels.astype(np.int64)]
    return found


@corner("fit_predict", other_signs=(0.95, "at most half the errors of an SVM on signs of another kind, too"))
def fit_predict(c):
    """As in the check, a near miss is asked again, with other blots, and the errors of both count."""
    wrong = machine = asked = 0
    answer = None
    while not asked or (asked == 1 and ENOUGH < wrong / machine <= NEAR):
        images, labels, pool, truth = draw_blots(c.rng)
        answer = c.call("signs of another kind", images=images, labels=labels, unlabelled=pool)
        guesses = answer.array(shape=(POOL,))
        fitted = SVC(C=10).fit(images.reshape(len(images), -1), labels)
        machine += np.sum(fitted.predict(pool.reshape(POOL, -1)) != truth)
        wrong += POOL if guesses is None else np.sum(guesses != truth)
        asked += 1
    shares = (f"{errors / (asked * POOL):.1%}" for errors in (wrong, machine))
    told = "of signs of another kind than the check's {} are wrong, with the SVM {}: expected half".format(*shares)
    c.verify("other_signs", wrong <= ENOUGH * machine, answer.raised or told)
