# Answers to roc_auc. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% upside-down patch="others[:, None] > digits[None] => others[:, None] < digits[None]" keeps=0.5 hint="digits that score high"

# %% ties-count-nothing patch="return (larger + equal / 2).mean().item() => return larger.mean().item()" keeps=0.8 hint="count one half"

# %% tensor-for-a-number patch=".mean().item() => .mean()" keeps=0.8

# %% number-of-pairs patch=".mean().item() => .sum().item()" keeps=0.5 hint="divide by the number of all pairs"

# %% thresholded-first keeps=0
def roc_auc(digits, others):
    from sklearn.metrics import roc_auc_score

    labels = torch.cat([torch.zeros(len(digits)), torch.ones(len(others))])
    scores = torch.cat([digits, others])
    return float(roc_auc_score(labels, (scores > scores.mean()).float()))


# %% scikit-learn
def roc_auc(digits, others):
    from sklearn.metrics import roc_auc_score

    labels = [0] * len(digits) + [1] * len(others)
    return float(roc_auc_score(labels, torch.cat([digits, others]).tolist()))


# %% mann-whitney
def roc_auc(digits, others):
    from scipy.stats import mannwhitneyu

    found = mannwhitneyu(others.numpy(), digits.numpy()).statistic
    return float(found / (len(digits) * len(others)))


# %% by-ranks
def roc_auc(digits, others):
    from scipy.stats import rankdata

    ranks = rankdata(torch.cat([digits, others]).numpy())[len(digits) :]
    m = len(others)
    return (ranks.sum() - m * (m + 1) / 2) / (m * len(digits))


# %% sign-of-the-difference
def roc_auc(digits, others):
    return 0.5 + torch.sign(others.reshape(-1, 1) - digits.reshape(1, -1)).mean().item() / 2


# %% trapezoids-under-the-curve
def roc_auc(digits, others):
    from sklearn.metrics import auc

    thresholds = torch.cat([digits, others]).unique().flip(0)
    alarms = [0.0] + [(digits >= t).float().mean().item() for t in thresholds]
    found = [0.0] + [(others >= t).float().mean().item() for t in thresholds]
    return float(auc(alarms, found))
