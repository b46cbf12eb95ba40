# Answers to bernoulli_loss and gaussian_loss, one cell; the entries are explained in reparameterize.py.

# %% sigmoid-twice patch="with_logits(logits, images => with_logits(logits.sigmoid(), images" keeps=0.625 hint="a sigmoid is taken twice"

# %% both-mean-over-pixels keeps=0.5 hint="784 times too small"
def bernoulli_loss(logits, images):
    return F.binary_cross_entropy_with_logits(logits, images)


def gaussian_loss(mean, images, variance):
    return F.gaussian_nll_loss(mean, images, torch.full_like(mean, variance), full=True)


# %% both-summed-over-the-batch keeps=0.5 hint="summed over the batch"
def bernoulli_loss(logits, images):
    return F.binary_cross_entropy_with_logits(logits, images, reduction="sum")


def gaussian_loss(mean, images, variance):
    return -torch.distributions.Normal(mean, variance**0.5).log_prob(images).sum()


# %% logarithm-once-for-an-image keeps=0.75 hint="once for an image"
def bernoulli_loss(logits, images):
    return F.binary_cross_entropy_with_logits(logits, images, reduction="sum") / len(images)


def gaussian_loss(mean, images, variance):
    squares = ((images - mean) ** 2 / (2 * variance)).flatten(1).sum(dim=1).mean()
    return squares + 0.5 * torch.log(torch.tensor(2 * torch.pi * variance))


# %% variance-as-scale keeps=0.625 hint="used as the standard deviation of Normal"
def bernoulli_loss(logits, images):
    return F.binary_cross_entropy_with_logits(logits, images, reduction="sum") / len(images)


def gaussian_loss(mean, images, variance):
    return -torch.distributions.Normal(mean, variance).log_prob(images).flatten(1).sum(dim=1).mean()


# %% no-constant patch=" + 0.5 * torch.log(2 * torch.pi * variance) => " keeps=0.75 hint="2 pi variance is missing"


# %% logarithm-of-a-sigmoid keeps=0.9 hint="log(sigmoid(u)) in two steps"
def bernoulli_loss(logits, images):
    p = torch.sigmoid(logits)
    each = -images * torch.log(p) - (1 - images) * torch.log(1 - p)
    return each.sum(dim=(1, 2, 3)).mean()


def gaussian_loss(mean, images, variance):
    import math

    each = (images - mean).square() / (2 * variance) + math.log(2 * math.pi * variance) / 2
    return each.sum(dim=(1, 2, 3)).mean()


# %% squares-alone-for-gaussian keeps=0.5
def bernoulli_loss(logits, images):
    return F.binary_cross_entropy_with_logits(logits, images, reduction="sum") / len(images)


def gaussian_loss(mean, images, variance):
    return F.mse_loss(mean, images, reduction="sum") / len(images)


# %% torch-distributions
def bernoulli_loss(logits, images):
    likelihood = torch.distributions.Bernoulli(logits=logits, validate_args=False)
    return -likelihood.log_prob(images).flatten(1).sum(1).mean()


def gaussian_loss(mean, images, variance):
    return -torch.distributions.Normal(mean, variance**0.5).log_prob(images).flatten(1).sum(1).mean()


# %% softplus-and-mse
def bernoulli_loss(logits, images):
    return (F.softplus(logits) - images * logits).sum() / images.shape[0]


def gaussian_loss(mean, images, variance):
    import math

    pixels = images[0].numel()
    squares = F.mse_loss(mean, images, reduction="sum") / len(images)
    return squares / (2 * variance) + pixels / 2 * math.log(2 * math.pi * variance)


# %% gaussian-nll
def bernoulli_loss(logits, images):
    return F.binary_cross_entropy_with_logits(logits, images, reduction="none").sum([1, 2, 3]).mean()


def gaussian_loss(mean, images, variance):
    total = F.gaussian_nll_loss(mean, images, torch.full_like(mean, variance), full=True, reduction="sum")
    return total / len(images)
