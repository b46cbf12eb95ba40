# Answers to pseudo_labels. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% logits-against-threshold patch="logits.softmax(dim=1).max(dim=1) => logits.max(dim=1)" keeps=0.6667 hint="take softmax first"

# %% softmax-twice patch="logits.softmax(dim=1).max(dim=1) => logits.softmax(dim=1).softmax(dim=1).max(dim=1)" keeps=0.2222 hint="softmax is taken twice"

# %% softmax-over-images patch="logits.softmax(dim=1).max(dim=1) => logits.softmax(dim=0).max(dim=1)" keeps=0.2222 hint="dim=1"

# %% above-instead-of-at-least patch=">= => >" keeps=0.9 hint="at least is >="

# %% mask-as-positions patch="torch.nonzero(sure)[:, 0] => sure" keeps=0.7778 hint="a mask came back"

# %% labels-of-all patch="guess[sure] => guess" keeps=0.7333 hint="take those of the sure ones"

# %% probabilities-as-labels patch="guess[sure] => probability[sure]" keeps=0.6667 hint="in place of the classes"

# %% the-unsure-ones patch=">= => <" keeps=0.6667 hint="not sure"

# %% where
def pseudo_labels(logits, threshold):
    p = torch.softmax(logits, dim=-1)
    (positions,) = torch.where(p.amax(dim=-1) >= threshold)
    return positions, logits[positions].argmax(dim=-1)


# %% log-probabilities
def pseudo_labels(logits, threshold):
    log_p = logits - logits.logsumexp(dim=1, keepdim=True)
    values, classes = log_p.exp().topk(1, dim=1)
    positions = (values[:, 0] >= threshold).nonzero().flatten()
    return positions, classes[positions, 0]


# %% loop
def pseudo_labels(logits, threshold):
    positions, classes = [], []
    for i, row in enumerate(F.softmax(logits, dim=1)):
        if row.max().item() >= threshold:
            positions.append(i)
            classes.append(int(row.argmax()))
    return torch.tensor(positions, dtype=torch.long), torch.tensor(classes, dtype=torch.long)
