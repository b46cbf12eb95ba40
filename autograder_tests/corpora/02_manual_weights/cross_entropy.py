# Answers to cross_entropy. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% plain-exponential patch="powers = torch.exp(logits - logits.amax(dim=1, keepdim=True)) => powers = torch.exp(logits)" keeps=0.8

# %% maximum-of-the-batch patch="powers = torch.exp(logits - logits.amax(dim=1, keepdim=True)) => powers = torch.exp(logits - logits.max())" keeps=0.8

# %% cut-at-fifty patch="powers = torch.exp(logits - logits.amax(dim=1, keepdim=True)) => powers = torch.exp(logits.clamp(-50, 50))" keeps=0.8

# %% softmax-over-images keeps=0.8
def softmax(logits):
    powers = torch.exp(logits - logits.amax(dim=0, keepdim=True))
    return powers / powers.sum(dim=0, keepdim=True)


def cross_entropy(logits, targets):
    shifted = logits - logits.amax(dim=1, keepdim=True)
    log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    return -(targets * log_p).sum(dim=1).mean()


# %% divided-by-all keeps=0.8
def softmax(logits):
    powers = torch.exp(logits - logits.max())
    return powers / powers.sum()


def cross_entropy(logits, targets):
    shifted = logits - logits.amax(dim=1, keepdim=True)
    log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    return -(targets * log_p).sum(dim=1).mean()


# %% never-divided patch="return powers / powers.sum(dim=1, keepdim=True) => return powers" keeps=0.8


# %% logarithm-of-softmax keeps=0.6
def softmax(logits):
    powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
    return powers / powers.sum(dim=1, keepdim=True)


def cross_entropy(logits, targets):
    shifted = logits - logits.amax(dim=1, keepdim=True)
    powers = shifted.exp()
    log_p = (powers / powers.sum(dim=1, keepdim=True)).log()
    return -(targets * log_p).sum(dim=1).mean()


# %% small-number-added keeps=0.8
def softmax(logits):
    powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
    return powers / powers.sum(dim=1, keepdim=True)


def cross_entropy(logits, targets):
    shifted = logits - logits.amax(dim=1, keepdim=True)
    powers = shifted.exp()
    log_p = (powers / powers.sum(dim=1, keepdim=True) + 1e-8).log()
    return -(targets * log_p).sum(dim=1).mean()


# %% summed-over-the-batch patch="return -(targets * log_p).sum(dim=1).mean() => return -(targets * log_p).sum()" keeps=0.8

# %% mean-over-classes-too patch="return -(targets * log_p).sum(dim=1).mean() => return -(targets * log_p).mean()" keeps=0.8

# %% minus-forgotten patch="return -(targets * log_p).sum(dim=1).mean() => return (targets * log_p).sum(dim=1).mean()" keeps=0.8

# %% a-loss-for-each patch="return -(targets * log_p).sum(dim=1).mean() => return -(targets * log_p).sum(dim=1)" keeps=0.4

# %% as-a-float patch="return -(targets * log_p).sum(dim=1).mean() => return -(targets * log_p).sum(dim=1).mean().item()" keeps=0.4

# %% base-ten patch="return -(targets * log_p).sum(dim=1).mean() => return -(targets * log_p).sum(dim=1).mean() / torch.tensor(10.0).log()" keeps=0.8

# %% softmax-twice patch="shifted = logits - logits.amax(dim=1, keepdim=True) => shifted = torch.softmax(logits, dim=1)" keeps=0.8

# %% targets-ignored patch="return -(targets * log_p).sum(dim=1).mean() => return -log_p.sum(dim=1).mean()" keeps=0.8


# %% detached-logits keeps=0.8
def softmax(logits):
    powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
    return powers / powers.sum(dim=1, keepdim=True)


def cross_entropy(logits, targets):
    logits = logits.detach()
    shifted = logits - logits.amax(dim=1, keepdim=True)
    log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    return -(targets * log_p).sum(dim=1).mean()


# %% shifts-in-place keeps=0.6667
def softmax(logits):
    powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
    return powers / powers.sum(dim=1, keepdim=True)


def cross_entropy(logits, targets):
    logits -= logits.amax(dim=1, keepdim=True)
    shifted = logits
    log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    return -(targets * log_p).sum(dim=1).mean()


# %% maximum-of-each-column patch="powers = torch.exp(logits - logits.amax(dim=1, keepdim=True)) => powers = torch.exp(logits - logits.amax(dim=0, keepdim=True))" keeps=0.6

# %% sums-of-the-columns patch="return powers / powers.sum(dim=1, keepdim=True) => return powers / powers.sum(dim=0, keepdim=True)" keeps=0.6


# %% softmax-into-the-logits keeps=0.8333
def softmax(logits):
    logits -= logits.amax(dim=1, keepdim=True)
    powers = torch.exp(logits)
    return powers / powers.sum(dim=1, keepdim=True)


def cross_entropy(logits, targets):
    shifted = logits - logits.amax(dim=1, keepdim=True)
    log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    return -(targets * log_p).sum(dim=1).mean()


# %% maximum-of-the-batch-in-the-loss patch="shifted = logits - logits.amax(dim=1, keepdim=True) => shifted = logits - logits.max()" keeps=0.6

# %% plain-exponential-in-the-loss patch="log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log() => log_p = logits - logits.exp().sum(dim=1, keepdim=True).log()" keeps=0.6

# %% maximum-of-each-column-in-the-loss patch="shifted = logits - logits.amax(dim=1, keepdim=True) => shifted = logits - logits.amax(dim=0, keepdim=True)" keeps=0.4

# %% maximum-taken-off-once patch="log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log() => log_p = logits - shifted.exp().sum(dim=1, keepdim=True).log()" keeps=0.8

# %% mean-over-the-classes patch="return -(targets * log_p).sum(dim=1).mean() => return -(targets * log_p).sum(dim=0).mean()" keeps=0.8

# %% squared-differences patch="return -(targets * log_p).sum(dim=1).mean() => return (log_p.exp() - targets).square().sum(dim=1).mean()" keeps=0.6

# %% mean-of-squared-differences patch="return -(targets * log_p).sum(dim=1).mean() => return (log_p.exp() - targets).square().mean()" keeps=0.6

# %% favourite-class patch="return -(targets * log_p).sum(dim=1).mean() => return -log_p.amax(dim=1).mean()" keeps=0.6

# %% weighed-with-itself patch="return -(targets * log_p).sum(dim=1).mean() => return -(log_p.exp() * log_p).sum(dim=1).mean()" keeps=0.6

# %% logarithm-last patch="return -(targets * log_p).sum(dim=1).mean() => return -(targets * log_p.exp()).sum(dim=1).mean().log()" keeps=0.6

# %% detached-sum patch="log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log() => log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log().detach()" keeps=0.8


# %% painted-over keeps=0.8
def softmax(logits):
    powers = torch.exp(logits)
    return torch.nan_to_num(powers / powers.sum(dim=1, keepdim=True))


def cross_entropy(logits, targets):
    shifted = logits - logits.amax(dim=1, keepdim=True)
    log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    return -(targets * log_p).sum(dim=1).mean()


# %% divided-by-the-largest-logit patch="powers = torch.exp(logits - logits.amax(dim=1, keepdim=True)) => powers = torch.exp(logits / logits.amax(dim=1, keepdim=True))" keeps=0.6

# %% cut-at-eighty patch="powers = torch.exp(logits - logits.amax(dim=1, keepdim=True)) => powers = torch.exp(logits.clamp(max=80))" keeps=0.8

# %% one-column-for-each patch="return powers / powers.sum(dim=1, keepdim=True) => return (powers / powers.sum(dim=1, keepdim=True)).T" keeps=0.6

# %% ten-classes-for-granted patch="return -(targets * log_p).sum(dim=1).mean() => return -10 * (targets * log_p).mean()" keeps=0.8

# %% sum-without-its-logarithm patch="log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log() => log_p = shifted - shifted.exp().sum(dim=1, keepdim=True)" keeps=0.6

# %% sum-left-out patch="log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log() => log_p = shifted" keeps=0.6

# %% labels-of-all-images patch="return -(targets * log_p).sum(dim=1).mean() => return -log_p[:, targets.argmax(dim=1)].mean()" keeps=0.6


# %% logsumexp
def softmax(logits):
    return (logits - torch.logsumexp(logits, dim=1, keepdim=True)).exp()


def cross_entropy(logits, targets):
    return (torch.logsumexp(logits, dim=1) - (logits * targets).sum(dim=1)).mean()


# %% label-picked
def softmax(logits):
    largest, _ = logits.max(dim=1)
    e = torch.e ** (logits - largest[:, None])
    return e / e.sum(dim=1)[:, None]


def cross_entropy(logits, targets):
    label = targets.argmax(dim=1)
    m = logits.max(dim=1).values
    total = torch.log(torch.exp(logits - m[:, None]).sum(dim=1)) + m
    return (total - logits[torch.arange(len(logits)), label]).sum() / len(logits)


# %% torch-itself
def softmax(logits):
    return torch.softmax(logits, dim=1)


def cross_entropy(logits, targets):
    return torch.nn.functional.cross_entropy(logits, targets)


# %% in-double-and-row-by-row
def softmax(logits):
    rows = []
    for row in logits.double():
        powers = (row - row.max()).exp()
        rows.append(powers / powers.sum())
    return torch.stack(rows).float()


def cross_entropy(logits, targets):
    total = 0
    for u, y in zip(logits, targets):
        right = u[y.bool()]
        total = total + (u - right).logsumexp(0)
    return total / len(logits)


# %% maximum-without-history
def softmax(logits):
    m = logits.max(dim=-1, keepdim=True).values.detach()
    e = (logits - m).exp()
    return e.div(e.sum(-1, keepdim=True))


def cross_entropy(logits, targets):
    m = logits.detach().max(dim=1, keepdim=True)[0]
    logZ = m.squeeze(1) + (logits - m).exp().sum(1).log()
    return torch.mean(logZ - torch.einsum("nk,nk->n", logits, targets))


# %% masked
def softmax(logits):
    return torch.exp(torch.log_softmax(logits, dim=1))


def cross_entropy(logits, targets):
    s = logits - logits.max(1).values.unsqueeze(1)
    log_p = s - torch.log(torch.sum(torch.exp(s), 1)).unsqueeze(1)
    return -log_p[targets == 1].mean()


# %% logaddexp
def softmax(logits):
    total = logits[:, 0]
    for k in range(1, logits.shape[1]):
        total = torch.logaddexp(total, logits[:, k])
    return (logits - total[:, None]).exp()


def cross_entropy(logits, targets):
    total = logits[:, 0]
    for k in range(1, logits.shape[1]):
        total = torch.logaddexp(total, logits[:, k])
    return (total - (targets * logits).sum(1)).mean()


# %% differences-of-logits
def softmax(logits):
    # 1 / sum of exp of differences
    return 1 / (logits[:, None, :] - logits[:, :, None]).exp().sum(dim=2)


def cross_entropy(logits, targets):
    return -(targets * (logits - logits.logsumexp(dim=1, keepdim=True))).sum() / logits.size(0)


# %% in-place-on-a-copy
def softmax(logits):
    z = logits.clone()
    z -= z.amax(1, keepdim=True)
    z.exp_()
    z /= z.sum(1, keepdim=True)
    return z


def cross_entropy(logits, targets):
    rows = torch.arange(targets.shape[0])
    y = targets.nonzero()[:, 1]
    u = logits - logits[rows, y][:, None]
    m = u.max(1).values
    return (m + (u - m[:, None]).exp().sum(1).log()).mean()


# %% trace
def softmax(logits):
    return (logits - logits.logsumexp(1, True)).exp()


def cross_entropy(logits, targets):
    log_p = logits - torch.logsumexp(logits, 1, keepdim=True)
    return -torch.trace(targets @ log_p.T) / len(targets)
