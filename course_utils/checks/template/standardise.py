"""standardise(X): columns with mean 0 and standard deviation 1."""

import numpy as np
from sklearn.preprocessing import StandardScaler

from course_utils.checks.toolkit import exercise


def oracle(X):
    return StandardScaler().fit_transform(X)


@exercise(
    values=(3, "every column has mean 0 and standard deviation 1"),
    costs={"constant": (0.25, "a constant column becomes zeros")},
)
def standardise(c):
    X = c.rng.normal(3.0, [1.0, 5.0, 0.2, 2.0], size=(9, 4))
    cases = [
        c.call("X = [[1, 10], [3, 30]]", X=[[1.0, 10.0], [3.0, 30.0]]),
        c.call("9 rows, 4 columns", X=X),
    ]
    c.agrees(
        "values",
        cases,
        oracle,
        slips={
            "every row has mean 0 instead of every column: dim=0 runs down the columns": lambda X: oracle(X.T).T,
            "one mean for the whole table: each column has its own, dim=0": lambda X: (
                (X - X.mean()) / X.std(correction=0)
            ),
            "torch.std divides by n - 1: use correction=0": (lambda X: (X - X.mean(0)) / X.std(0), 0.7),
            "divided by the variance: the standard deviation is its square root": lambda X: (
                (X - X.mean(0)) / X.var(0, correction=0)
            ),
            "the mean is not taken off": lambda X: X / X.std(0, correction=0),
        },
    )
    flat = c.call("a column of fours", X=np.where(np.arange(4) == 2, 4.0, X))
    c.agrees("constant", flat, oracle, after="values")
