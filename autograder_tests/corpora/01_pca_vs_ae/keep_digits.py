# Answers to keep_digits. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% compared-with-the-tuple patch="kept = torch.isin(labels, torch.tensor(digits, device=labels.device)) => kept = labels == digits" keeps=0 hint="gives a single False"

# %% first-digit-only patch="kept = torch.isin(labels, torch.tensor(digits, device=labels.device)) => kept = labels == digits[0]" keeps=0 hint="only the first digit"

# %% last-digit-of-the-loop keeps=0 hint="only the last digit"
def keep_digits(images, labels, digits):
    for digit in digits:
        kept = labels == digit
    return images[kept], labels[kept]


# %% two-digits-assumed patch="kept = torch.isin(labels, torch.tensor(digits, device=labels.device)) => kept = (labels == digits[0]) | (labels == digits[1])" keeps=0.5 hint="only two digits"

# %% leaves-the-digits-out patch="return images[kept], labels[kept] => return images[~kept], labels[~kept]" keeps=0.33 hint="the digits to leave out"


# %% grouped-by-digit keeps=0.75 hint="in another order"
def keep_digits(images, labels, digits):
    found = [images[labels == digit] for digit in digits]
    names = [labels[labels == digit] for digit in digits]
    return torch.cat(found), torch.cat(names)


# %% images-alone patch="return images[kept], labels[kept] => return images[kept]" keeps=0.4 hint="return images, labels"

# %% labels-unfiltered patch="return images[kept], labels[kept] => return images[kept], labels" keeps=0.5


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
