"""fit_predict(images, labels, unlabelled): fewer errors than an SVM on the pixels, on signs that nobody has seen."""

import numpy as np
from sklearn.svm import SVC

from course_utils.checks.toolkit import exercise
from course_utils.data import draw_script

CLASSES, EACH, POOL = 10, 10, 1000
ENOUGH = 0.5
"""Errors on the unlabelled signs over those of the SVM."""


@exercise(learned=(1, "at most half the errors of an SVM on the pixels"))
def fit_predict(c):
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
        return
    flat = [x.reshape(len(x), -1) for x in (images, pool)]
    machine = float(np.mean(SVC(C=10).fit(flat[0], labels).predict(flat[1]) != truth))
    wrong = float(np.mean(guesses != truth))
    told = f"{wrong:.1%} of the signs are wrong, with the SVM {machine:.1%}: {{error:.2f}} times, expected {{enough}}"
    guessing = f"{wrong:.0%} of the signs are wrong, as by guessing: does training run, and in the right order?"
    stages = {
        guessing: (0.0 if wrong >= 0.8 else np.inf, 0.0),
        f"{told}. Without augmentation it is above 1": (0.75, 0.0),
        f"{told}. A good start: take more steps, a larger learning rate, or stronger augmentation": (0.0, 0.0),
    }
    c.learns("learned", wrong / machine, ENOUGH, stages)
