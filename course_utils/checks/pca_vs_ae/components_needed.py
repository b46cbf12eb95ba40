"""components_needed(variances, share): the smallest number of components that explain at least this share."""

import numpy as np

from course_utils.checks.toolkit import exercise


def oracle(variances, share):
    return np.searchsorted(np.cumsum(variances.numpy()) / variances.sum().item(), share) + 1


@exercise(
    count=(3, "as many as it takes to reach the share"),
    costs={"reached": (0.3, "a share reached exactly is enough"), "many": (0.3, "exact for fifty components")},
)
def components_needed(c):
    def judge(name, shares, variances=(8, 4, 2, 1, 1), words="variances = [8, 4, 2, 1, 1]", **how):
        variances = np.array(variances, float)
        answers = [c.call(f"{words}, share = {share:.4g}", variances=variances, share=share) for share in shares]
        c.agrees(name, answers, oracle, number=True, what="the number", **how)

    slips = {
        "one too few: positions count from 0, components from 1": (lambda v, share: oracle(v, share) - 1, 0.5),
        "one too many: the component that reaches the share is the last": (lambda v, share: oracle(v, share) + 1, 0.5),
        "always 1: compare the sums with share * variances.sum()": (
            lambda v, share: (v.cumsum(0) < share).sum() + 1,
            0.33,
        ),
        "single variances are compared: add them up": lambda v, share: (v < share * v.sum()).sum() + 1,
        "the components that reach the share are counted": lambda v, share: len(v) + 1 - oracle(v, share),
        "that is the share of the number of components": lambda v, share: round(share * len(v)),
    }
    judge("count", [0.6, 0.9, 0.2], slips=slips)
    judge("reached", [0.5, 0.75, 1.0], after="count")
    fifty = np.sort(0.2 + c.rng.exponential(size=50))[::-1]
    steps = c.rng.permutation((np.cumsum(fifty) / fifty.sum())[1:-1])[:16]
    beside = steps + 1e-4 * np.resize([-1, 1], 16)  # not so close that float32 decides
    judge("many", beside.tolist(), fifty, "50 variances", after="count")
