# Answers to interval. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% normal-quantile patch="t.ppf(0.975, n - 1) => 1.96" keeps=0.5 hint="1.96 is for many scores"

# %% spread-over-n patch=", ddof=1 => " keeps=0.5 hint="use ddof=1"

# %% not-divided-by-root patch=" / n**0.5 => " keeps=0.5 hint="by the square root of n"

# %% one-sided-quantile patch="0.975 => 0.95" keeps=0.5 hint="a 90 % interval"

# %% n-degrees-of-freedom patch="n - 1) * => n) *" keeps=0.5 hint="n - 1 degrees of freedom"

# %% mean-and-half-width patch="return mean - half, mean + half => return mean, half" keeps=0

# %% upper-end-first patch="return mean - half, mean + half => return mean + half, mean - half" keeps=0.8 hint="in another order"

# %% divided-by-n patch="n**0.5 => n" keeps=0

# %% scipy
def interval(scores):
    from scipy import stats

    return stats.t.interval(0.95, len(scores) - 1, loc=np.mean(scores), scale=stats.sem(scores))


# %% torch
def interval(scores):
    from scipy.stats import t

    x = torch.tensor(scores, dtype=torch.float64)
    half = t.isf(0.025, df=len(x) - 1) * x.std().item() / len(x) ** 0.5
    return x.mean().item() - half, x.mean().item() + half


# %% confidence-interval-of-a-test
def interval(scores):
    from scipy.stats import ttest_1samp

    found = ttest_1samp(scores, 0).confidence_interval(0.95)
    return found.low, found.high
