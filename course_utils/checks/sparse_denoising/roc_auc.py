"""roc_auc(digits, others): how often an image that is no digit has the larger error."""

import numpy as np
from sklearn.metrics import roc_auc_score

from course_utils.checks.toolkit import exercise


def oracle(digits, others):
    labels = np.repeat([0, 1], [len(digits), len(others)])
    return np.asarray(roc_auc_score(labels, np.concatenate([digits.numpy(), others.numpy()])))


@exercise(
    area=(1, "the area under the ROC curve"),
    costs={"ties": (0.2, "equal errors count one half"), "one": (0.1, "one image of each kind")},
)
def roc_auc(c):
    digits, others = [0.1, 0.4, 0.2], [0.3, 0.9]
    many = c.rng.permutation(np.linspace(0, 1, 50) ** 2)
    many[30:] = many[30:] + 0.3 * c.rng.uniform(0.5, 1, 20)
    words = f"digits = {digits}, others = {others}"
    cases = [
        c.call(words, digits=np.array(digits), others=np.array(others)),
        c.call("30 digits, 20 others", digits=many[:30], others=many[30:]),
    ]
    slips = {
        "this is the area for digits that score high: an error above a digit's speaks for no digit": (
            lambda x, y: 1 - oracle(x, y), 0.5),
        "this is the number of pairs: divide by the number of all pairs": (
            lambda x, y: oracle(x, y) * len(x) * len(y), 0.5),
        "the number of pairs is divided by the number of digits: divide it by the number of all pairs": (
            lambda x, y: oracle(x, y) * len(y), 0.5),
        "the number of pairs is divided by the number of others: divide it by the number of all pairs": (
            lambda x, y: oracle(x, y) * len(x), 0.5),
        "this is the share of others above all digits: compare each with each digit": (
            lambda x, y: (y > x.max()).double().mean(), 0.25),
        "this is the share of others above the mean of the digits: compare each with each digit": (
            lambda x, y: (y > x.mean()).double().mean(), 0.25),
        "each is compared with the one in its place: compare each with each digit": (
            lambda x, y: (y[: len(x)] > x[: len(y)]).double().mean(), 0.25),
    }  # fmt: skip
    c.agrees("area", cases, oracle, slips, what="the area", number=True)
    tied = c.call("digits = [1, 2, 2], others = [2, 3]", digits=np.array([1.0, 2, 2]), others=np.array([2.0, 3]))
    c.agrees("ties", tied, oracle, what="the area, where equal errors count one half", number=True, after="area")
    one = c.call("digits = [0.2], others = [0.1]", digits=np.array([0.2]), others=np.array([0.1]))
    c.agrees("one", one, oracle, what="the area", number=True, after="area")
