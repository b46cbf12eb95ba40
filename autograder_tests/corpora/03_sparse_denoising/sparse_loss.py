# Answers to sparse_loss. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% published-convention patch="return (error + weight * penalty).mean() => return error.mean() / images.shape[1] + weight * penalty.sum()" keeps=0.5 hint="as in the published loss"

# %% mean-and-mean patch="return (error + weight * penalty).mean() => return nn.functional.mse_loss(reconstructions, images) + weight * codes.abs().mean()" keeps=0.5 hint="averaged over the units"

# %% penalty-grows-with-the-batch patch="return (error + weight * penalty).mean() => return error.mean() + weight * penalty.sum()" keeps=0.75 hint="grows with the batch"

# %% one-loss-per-image patch="return (error + weight * penalty).mean() => return error + weight * penalty" keeps=0.8 hint="one number for each image"

# %% batch-forgotten patch="return penalty * batch * pixels => return penalty * pixels" keeps=0.85 hint="the batch is missing"

# %% pixels-forgotten patch="return penalty * batch * pixels => return penalty * batch" keeps=0.85 hint="the pixels are missing"

# %% divided-by-the-batch patch="return penalty * batch * pixels => return penalty * pixels / batch" keeps=0.85 hint="divided by the batch"

# %% without-absolute-value patch="codes.abs() => codes" keeps=0.9 hint="the absolute value is missing"


# %% torch-losses
def sparse_loss(images, reconstructions, codes, weight):
    error = nn.functional.mse_loss(reconstructions, images, reduction="sum")
    penalty = nn.functional.l1_loss(codes, torch.zeros_like(codes), reduction="sum")
    return (error + weight * penalty) / len(images)


def per_image_weight(penalty, batch, pixels):
    return float(penalty) * (batch * pixels)


# %% norms
def sparse_loss(images, reconstructions, codes, weight):
    first = torch.linalg.vector_norm(reconstructions - images, dim=1) ** 2
    return first.mean() + weight * torch.linalg.vector_norm(codes, ord=1, dim=1).mean()


def per_image_weight(penalty, batch, pixels):
    published = penalty * batch  # of one image, beside a mean over its pixels
    return published / (1 / pixels)


# %% means-scaled-back
def sparse_loss(images, reconstructions, codes, weight):
    P, M = images.shape[1], codes.shape[1]
    return P * ((reconstructions - images) ** 2).mean() + weight * M * codes.abs().mean()


def per_image_weight(penalty, batch, pixels):
    return penalty * pixels * batch


# %% einsum
def sparse_loss(images, reconstructions, codes, weight):
    D = images - reconstructions
    return torch.einsum("bp,bp->", D, D) / D.shape[0] + weight * codes.abs().sum() / codes.shape[0]


def per_image_weight(penalty, batch, pixels):
    return pixels * penalty * batch
