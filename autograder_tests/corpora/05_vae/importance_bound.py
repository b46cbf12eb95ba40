# Answers to importance_bound; the entries are explained in reparameterize.py.

# %% mean-of-logs patch="torch.logsumexp(log_w, dim=1) - torch.log(torch.tensor(float(log_w.shape[1]))) => log_w.mean(dim=1)" keeps=0.25 hint="whatever K"

# %% log-k-lost patch=" - torch.log(torch.tensor(float(log_w.shape[1]))) => " keeps=0.5 hint="log K is missing"

# %% k-for-log-k patch="torch.log(torch.tensor(float(log_w.shape[1]))) => log_w.shape[1]" keeps=0.5 hint="minus log K"

# %% overflows keeps=0.65 hint="torch.logsumexp"
def importance_bound(log_w):
    return log_w.exp().mean(dim=1).log().mean()


# %% over-the-images patch="dim=1) - torch.log(torch.tensor(float(log_w.shape[1]))) => dim=0) - torch.log(torch.tensor(float(log_w.shape[0])))" keeps=0.25 hint="the draws are the columns"


# %% all-together keeps=0.25 hint="averaged together"
def importance_bound(log_w):
    return torch.logsumexp(log_w.flatten(), dim=0) - torch.log(torch.tensor(float(log_w.numel())))


# %% each-image patch="return each.mean() => return each" keeps=0.5 hint="a bound for each image"


# %% one-maximum-for-all keeps=0.65 hint="of each row"
def importance_bound(log_w):
    largest = log_w.max()
    return ((log_w - largest).exp().mean(dim=1).log() + largest).mean()


# %% largest-subtracted
def importance_bound(log_w):
    largest = log_w.amax(dim=1, keepdim=True)
    return ((log_w - largest).exp().mean(dim=1).log() + largest.squeeze(1)).mean()


# %% log-softmax
def importance_bound(log_w):
    import math

    total = (log_w - log_w.log_softmax(dim=1))[:, 0]
    return total.mean() - math.log(log_w.shape[1])
