# Answers to keep_digits. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% first-digit-only patch="kept = torch.isin(labels, torch.tensor(digits, device=labels.device)) => kept = labels == digits[0]" keeps=0

# %% last-digit-of-the-loop keeps=0
def keep_digits(images, labels, digits):
    for digit in digits:
        kept = labels == digit
    return images[kept], labels[kept]


# %% two-digits-assumed patch="kept = torch.isin(labels, torch.tensor(digits, device=labels.device)) => kept = (labels == digits[0]) | (labels == digits[1])" keeps=0

# %% all-digits-between patch="kept = torch.isin(labels, torch.tensor(digits, device=labels.device)) => kept = (labels >= digits[0]) & (labels <= digits[-1])" keeps=0

# %% three-and-seven-always patch="kept = torch.isin(labels, torch.tensor(digits, device=labels.device)) => kept = (labels == 3) | (labels == 7)" keeps=0

# %% leaves-the-digits-out patch="return images[kept], labels[kept] => return images[~kept], labels[~kept]" keeps=0


# %% grouped-by-digit keeps=0.6667
def keep_digits(images, labels, digits):
    found = [images[labels == digit] for digit in digits]
    names = [labels[labels == digit] for digit in digits]
    return torch.cat(found), torch.cat(names)


# %% labels-sorted patch="return images[kept], labels[kept] => return images[kept], labels[kept].sort().values" keeps=0.6667

# %% labels-unfiltered patch="return images[kept], labels[kept] => return images[kept], labels" keeps=0.5

# %% images-blackened patch="return images[kept], labels[kept] => return images * kept[:, None, None, None], labels[kept]" keeps=0.5

# %% renumbered patch="return images[kept], labels[kept] => return images[kept], torch.searchsorted(torch.tensor(digits), labels[kept])" keeps=0.5


# %% column-of-positions keeps=0
def keep_digits(images, labels, digits):
    kept = torch.isin(labels, torch.tensor(digits, device=labels.device))
    where = kept.nonzero()
    return images[where], labels[where]


# %% squeezed patch="return images[kept], labels[kept] => return images[kept].squeeze(), labels[kept]" keeps=0.5

# %% labels-first patch="return images[kept], labels[kept] => return labels[kept], images[kept]" keeps=0

# %% images-alone patch="return images[kept], labels[kept] => return images[kept]" keeps=0

# %% scales-in-place patch="return images[kept], labels[kept] => return images[kept] / 255, labels[kept]" keeps=0.5


# %% all-at-once keeps=0
def keep_digits(images, labels, digits):
    kept = torch.ones_like(labels, dtype=torch.bool)
    for digit in digits:
        kept &= labels == digit
    return images[kept], labels[kept]


# %% last-one-lost keeps=0
def keep_digits(images, labels, digits):
    kept = torch.isin(labels, torch.tensor(digits, device=labels.device))
    where = kept.nonzero()[:-1, 0]
    return images[where], labels[where]


# %% positions-as-labels patch="return images[kept], labels[kept] => return images[kept], kept.nonzero()[:, 0]" keeps=0.5


# %% zero-counts-as-false keeps=0.75
def keep_digits(images, labels, digits):
    kept = torch.tensor([bool(label in digits and label) for label in labels.tolist()])
    return images[kept], labels[kept]


# %% searched-in-unsorted-digits keeps=0.75
def keep_digits(images, labels, digits):
    digits = torch.tensor(digits)
    place = torch.searchsorted(digits, labels).clamp(max=len(digits) - 1)
    kept = digits[place] == labels
    return images[kept], labels[kept]


# %% squeezed-digits keeps=0.75
def keep_digits(images, labels, digits):
    kept = (labels[:, None] == torch.tensor(digits).squeeze()[None, :]).any(1)
    return images[kept], labels[kept]


# %% marks-labels-in-place keeps=0.75
def keep_digits(images, labels, digits):
    labels[~torch.isin(labels, torch.tensor(digits))] = -1
    kept = labels >= 0
    return images[kept], labels[kept]


# %% returns-the-mask-too patch="return images[kept], labels[kept] => return images[kept], labels[kept], kept" keeps=0

# %% digits-as-positions patch="kept = torch.isin(labels, torch.tensor(digits, device=labels.device)) => kept = torch.tensor(digits)" keeps=0

# %% mask-of-whole-numbers patch="kept = torch.isin(labels, torch.tensor(digits, device=labels.device)) => kept = torch.isin(labels, torch.tensor(digits)).long()" keeps=0

# %% mask-instead-of-labels patch="return images[kept], labels[kept] => return images[kept], kept" keeps=0.5


# %% loop-over-the-digits
def keep_digits(images, labels, digits):
    kept = torch.zeros_like(labels, dtype=torch.bool)
    for digit in digits:
        kept |= labels == digit
    return images[kept], labels[kept]


# %% index-select
def keep_digits(images, labels, digits):
    positions = [i for i, label in enumerate(labels.tolist()) if label in digits]
    positions = torch.tensor(positions)
    return images.index_select(0, positions), labels.index_select(0, positions)


# %% image-by-image
def keep_digits(images, labels, digits):
    pairs = [(image, label) for image, label in zip(images, labels) if label in digits]
    return torch.stack([image for image, _ in pairs]), torch.stack([label for _, label in pairs])


# %% compared-with-all-at-once
def keep_digits(images, labels, digits):
    kept = (labels[:, None] == torch.as_tensor(digits)[None, :]).any(dim=1)
    return images[kept], labels[kept]


# %% positions-by-nonzero
def keep_digits(images, labels, digits):
    (positions,) = torch.where(sum(labels == digit for digit in digits) > 0)
    return [images[positions], labels[positions]]


# %% by-numpy-mask
def keep_digits(images, labels, digits):
    import numpy as np

    kept = torch.from_numpy(np.isin(labels.numpy(), digits))
    return images[kept], labels[kept]


# %% lookup-table
def keep_digits(images, labels, digits):
    table = torch.zeros(10, dtype=torch.bool)
    table[list(digits)] = True
    kept = table[labels]
    return images[kept], labels[kept]


# %% one-hot-columns
def keep_digits(images, labels, digits):
    hot = nn.functional.one_hot(labels, 10)[:, list(digits)].sum(1).bool()
    return images[hot], labels[hot]


# %% subset-and-loader
def keep_digits(images, labels, digits):
    from torch.utils.data import Subset

    dataset = TensorDataset(images, labels)
    places = [i for i in range(len(dataset)) if dataset[i][1].item() in digits]
    return next(iter(DataLoader(Subset(dataset, places), batch_size=len(places))))
