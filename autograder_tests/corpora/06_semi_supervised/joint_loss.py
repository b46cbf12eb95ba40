# Answers to joint_loss. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% divided-by-all patch="loss + alpha * F.cross_entropy(logits[known], labels[known]) => loss + alpha * F.cross_entropy(logits, labels, ignore_index=-1, reduction='none').mean()" keeps=0.7727 hint="divide by the number of labelled ones"

# %% alpha-at-the-wrong-term patch="loss = loss + alpha * F.cross_entropy(logits[known], labels[known]) => loss = alpha * loss + F.cross_entropy(logits[known], labels[known])" keeps=0.2727 hint="it belongs to the classification"

# %% squared-error patch="F.binary_cross_entropy(reconstruction, images.flatten(1)) => F.mse_loss(reconstruction, images.flatten(1))" keeps=0.8182 hint="expected the binary cross-entropy"

# %% nan-without-labels keeps=0.85 hint="without labels the loss is nan"
def joint_loss(reconstruction, images, logits, labels, alpha):
    loss = F.binary_cross_entropy(reconstruction, images.flatten(1))
    return loss + alpha * F.cross_entropy(logits, labels, ignore_index=-1)


# %% pixels-added-up patch="images.flatten(1)) => images.flatten(1), reduction='sum') / len(images)" keeps=0.8182 hint="the mean over all pixels"


# %% labelled-images-alone keeps=0.7273 hint="only the labelled images are reconstructed"
def joint_loss(reconstruction, images, logits, labels, alpha):
    known = labels >= 0
    if not known.any():
        return F.binary_cross_entropy(reconstruction, images.flatten(1))
    loss = F.binary_cross_entropy(reconstruction[known], images.flatten(1)[known])
    return loss + alpha * F.cross_entropy(logits[known], labels[known])


# %% a-number patch="return loss => return torch.tensor(loss.item())" keeps=0.8182

# %% classification-missing patch="loss = loss + alpha * F.cross_entropy(logits[known], labels[known]) => pass" keeps=0.3636


# %% by-hand
def joint_loss(reconstruction, images, logits, labels, alpha):
    x = images.reshape(reconstruction.shape)
    pixel = -(x * reconstruction.log() + (1 - x) * torch.log1p(-reconstruction))
    known = (labels != -1).nonzero().flatten()
    total = pixel.mean()
    if len(known):
        log_p = logits[known] - logits[known].logsumexp(dim=1, keepdim=True)
        total = total - alpha * log_p.gather(1, labels[known, None]).mean()
    return total


# %% weighted-rows
def joint_loss(reconstruction, images, logits, labels, alpha):
    known = (labels >= 0).float()
    each = F.cross_entropy(logits, labels.clamp(min=0), reduction="none")
    classification = (each * known).sum() / known.sum().clamp(min=1)
    return nn.BCELoss()(reconstruction, images.view(len(images), -1)) + alpha * classification


# %% ignored-index
def joint_loss(reconstruction, images, logits, labels, alpha):
    summed = F.cross_entropy(logits, labels, ignore_index=-1, reduction="sum")
    return F.binary_cross_entropy(reconstruction.view_as(images), images) + alpha * summed / max(
        1, int((labels >= 0).sum())
    )
