# Answers to cross_entropy. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% plain-exponential patch="powers = torch.exp(logits - logits.amax(dim=1, keepdim=True)) => powers = torch.exp(logits)" keeps=0.8 hint="subtract the largest logit of each row first"

# %% maximum-of-all-rows patch="powers = torch.exp(logits - logits.amax(dim=1, keepdim=True)) => powers = torch.exp(logits - logits.max())" keeps=0.8 hint="one number is subtracted from all rows"

# %% small-number-added patch="log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log() => powers = shifted.exp(); log_p = (powers / powers.sum(dim=1, keepdim=True) + 1e-9).log()" keeps=0.8 hint="is a small number added inside the logarithm"

# %% logarithm-of-softmax patch="log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log() => powers = shifted.exp(); log_p = (powers / powers.sum(dim=1, keepdim=True)).log()" keeps=0.8 hint="the loss in the thousands is nan"

# %% summed-over-the-batch patch="return -(targets * log_p).sum(dim=1).mean() => return -(targets * log_p).sum()" keeps=0.75 hint="are added up"

# %% mean-over-classes-too patch="return -(targets * log_p).sum(dim=1).mean() => return -(targets * log_p).mean()" keeps=0.75 hint="over images and classes"

# %% minus-forgotten patch="return -(targets * log_p).sum(dim=1).mean() => return (targets * log_p).sum(dim=1).mean()" keeps=0.5

# %% torch-itself keeps=0.4 hint="not allowed in this exercise"
def softmax(logits):
    return torch.softmax(logits, dim=1)


def cross_entropy(logits, targets):
    return torch.nn.functional.cross_entropy(logits, targets)


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


# %% compared-with-torch-below-it
def softmax(logits):
    powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
    return powers / powers.sum(dim=1, keepdim=True)


def cross_entropy(logits, targets):
    shifted = logits - logits.amax(dim=1, keepdim=True)
    log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    return -(targets * log_p).sum(dim=1).mean()


# Not torch.softmax, which is to compare with only:
print(
    torch.softmax(torch.eye(3), 1) - softmax(torch.eye(3)),
    torch.nn.functional.cross_entropy(torch.eye(3), torch.eye(3)),
)


# %% in-double-and-row-by-row
def lse(u):
    m = u.max(-1, keepdim=True).values
    return m + (u - m).exp().sum(-1, keepdim=True).log()


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
        total = total + lse(u - right)[0]
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
def lse(u):
    m = u.max(-1, keepdim=True).values
    return m + (u - m).exp().sum(-1, keepdim=True).log()


def softmax(logits):
    return torch.exp(logits - lse(logits))


def cross_entropy(logits, targets):
    s = logits - logits.max(1).values.unsqueeze(1)
    log_p = s - torch.log(torch.sum(torch.exp(s), 1)).unsqueeze(1)
    return -log_p[targets == 1].mean()


# %% differences-of-logits
def lse(u):
    m = u.max(-1, keepdim=True).values
    return m + (u - m).exp().sum(-1, keepdim=True).log()


def softmax(logits):
    # 1 / sum of exp of differences
    return 1 / (logits[:, None, :] - logits[:, :, None]).exp().sum(dim=2)


def cross_entropy(logits, targets):
    return -(targets * (logits - lse(logits))).sum() / logits.size(0)


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
def lse(u):
    m = u.max(-1, keepdim=True).values
    return m + (u - m).exp().sum(-1, keepdim=True).log()


def softmax(logits):
    return (logits - lse(logits)).exp()


def cross_entropy(logits, targets):
    log_p = logits - lse(logits)
    return -torch.trace(targets @ log_p.T) / len(targets)


# %% targets-through-numpy
def lse(u):
    m = u.max(-1, keepdim=True).values
    return m + (u - m).exp().sum(-1, keepdim=True).log()


def softmax(logits):
    return (logits - lse(logits)).exp()


def cross_entropy(logits, targets):
    labels = torch.from_numpy(targets.numpy().argmax(axis=1))
    return (lse(logits)[:, 0] - logits[torch.arange(len(labels)), labels]).mean()
