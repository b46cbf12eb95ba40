"""fit_predict(images, labels, unlabelled): fewer errors than an SVM on the pixels, on signs that nobody has seen."""

import numpy as np
from sklearn.svm import SVC

from course_utils.checks.toolkit import exercise
from course_utils.data import draw_script

CLASSES, EACH, POOL = 10, 10, 1000
ENOUGH, NEAR = 0.5, 0.75
"""Errors on the unlabelled signs over those of the SVM; up to NEAR, a second script is drawn, and both count."""


def errors(c):
    """(how many signs of a new script the answer gets wrong, how many an SVM), None where no classes came back."""
    images, labels, pool, truth = draw_script(c.rng, CLASSES, EACH, POOL)
    words = f"{len(images)} labelled images of {CLASSES} new signs, {POOL:,} without labels"
    answer = c.call(words, images=images, labels=labels, unlabelled=pool)
    logits = answer.array(shape=(POOL, CLASSES))
    if logits is not None:
        told = f"shape {[POOL, CLASSES]}: these are logits, return the class of each image, argmax(dim=1)"
        c.verify("form", False, told)
        guesses = logits.argmax(axis=1)
    elif c.shape("learned", answer, (POOL,), "the classes"):
        guesses = answer.listed().reshape(-1)
    else:
        return None
    flat = [x.reshape(len(x), -1) for x in (images, pool)]
    machine = SVC(C=10).fit(flat[0], labels).predict(flat[1])
    return np.array([np.sum(guesses != truth), np.sum(machine != truth)])


@exercise(learned=(1, "at most half the errors of an SVM on the pixels"))
def fit_predict(c):
    found = [errors(c)]
    if found[0] is not None and ENOUGH < found[0][0] / found[0][1] <= NEAR:
        found.append(errors(c))
    if any(one is None for one in found):
        return
    wrong, machine = sum(found)
    signs = POOL * len(found)
    told = f"{wrong / signs:.1%} of the signs are wrong, with the SVM {machine / signs:.1%}"
    told += f"{' (two scripts)' * (len(found) - 1)}: {{error:.2f}} times, expected {{enough}}"
    guessing = f"{wrong / signs:.0%} of the signs are wrong, as by guessing: does training run, and in the right order?"
    stages = {
        guessing: (0.0 if wrong >= 0.8 * signs else np.inf, 0.0),
        f"{told}. Without augmentation it is above 1": (NEAR, 0.0),
        f"{told}. A good start: take more steps, a larger learning rate, or stronger augmentation": (0.0, 0.0),
    }
    c.learns("learned", wrong / machine, ENOUGH, stages)
