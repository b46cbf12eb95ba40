"""interval(scores): the 95 % interval of a mean, by Student's t."""

import numpy as np
from scipy import stats

from course_utils.checks.toolkit import exercise


def ends(scores):
    return stats.ttest_1samp(scores, popmean=0.0).confidence_interval()


ENDS = {"lower_end": lambda x: ends(x)[0], "upper_end": lambda x: ends(x)[1]}


def of(t=None, ddof=1, root=True):
    """Half the length of an interval with something else in it."""
    return lambda x: (
        (stats.t.ppf(0.975, len(x) - 1) if t is None else t(len(x)))
        * np.std(x, ddof=ddof)
        / (np.sqrt(len(x)) if root else 1.0)
    )


@exercise(
    low=(1, "the lower end"),
    high=(1, "the upper end"),
    costs={"two_scores": (0.15, "two scores")},
)
def interval(c):
    five, eight = [0.7, 0.72, 0.71, 0.75, 0.77], c.rng.normal(0.8, 0.05, 8).round(3).tolist()
    answers = [c.call(str(five), scores=five), c.call(f"{len(eight)} scores", scores=eight)]
    short, ninety = "the interval is too short", "this is a 90 % interval"
    slips = {
        f"{short}: 1.96 is for many scores, take t.ppf(0.975, n - 1)": of(lambda n: 1.96),
        f"{short}: np.std divides by n, use ddof=1": of(ddof=0),
        "the interval is too long: divide the standard deviation by the square root of n": of(root=False),
        f"{ninety}: 2.5 % are left out at each end, t.ppf(0.975, n - 1)": of(lambda n: stats.t.ppf(0.95, n - 1)),
        "t has n - 1 degrees of freedom, not n": of(lambda n: stats.t.ppf(0.975, n)),
    }
    low, high = c.parts(answers, **ENDS)
    for name, part, sign in (("low", low, -1), ("high", high, 1)):
        told = {line: (lambda x, f=f, sign=sign: np.mean(x) + sign * f(x), 0.5) for line, f in slips.items()}
        c.agrees(name, part, slips=told, number=True, within=(1e-5, 0.0))
    pair = c.call("[0.7, 0.8]", scores=[0.7, 0.8])
    for part in c.parts(pair, **ENDS):
        c.agrees("two_scores", part, number=True, after=("low", "high"))
