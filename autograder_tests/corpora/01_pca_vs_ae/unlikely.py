# Answers that few students give, of all exercises of this lab. keeps: at most this share of the points is left.
# An entry is a whole cell, or patch="old => new" on the reference.

# %% sigmoid-code exercise="small_autoencoder" patch="nn.Linear(128, 2) => nn.Linear(128, 2), nn.Sigmoid()" keeps=0.9

# %% one-layer-decoder exercise="small_autoencoder" patch="nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(2, 784), nn.Sigmoid()" keeps=0.5

# %% gelu-inside exercise="small_autoencoder" keeps=0.9
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.GELU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.GELU(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)


# %% squeezes-one-image exercise="small_autoencoder" patch="code = self.encoder(images.flatten(1)) => code = self.encoder(images.squeeze().flatten(1))" keeps=0.9

# %% relu-before-the-sigmoid exercise="small_autoencoder" patch="nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(128, 784), nn.ReLU(), nn.Sigmoid()" keeps=0.9

# %% summed-over-pixels exercise="train_epoch" patch="loss = nn.functional.mse_loss(model(images), images) => loss = (model(images) - images).square().flatten(1).sum(dim=1).mean()" keeps=0.9


# %% scaled-before-backward exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images) * len(images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        count += len(images)
    return total / count


# %% loss-after-the-step exercise="train_epoch" patch="total += loss.item() * len(images) => total += nn.functional.mse_loss(model(images), images).item() * len(images)" keeps=0.9


# %% divides-by-255-again exercise="train_epoch" keeps=0.5
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        images = images / 255
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% length-of-the-difference exercise="train_epoch" patch="loss = nn.functional.mse_loss(model(images), images) => loss = (model(images) - images).norm()" keeps=0.9


# %% decode-minus-mean exercise="pca_codes" patch="return Z @ components + mean => return Z @ components - mean" keeps=0.5

# %% encode-relu exercise="pca_codes" patch="return (X - mean) @ components.T => return ((X - mean) @ components.T).relu()" keeps=0.5

# %% encode-squeezed exercise="pca_codes" patch="return (X - mean) @ components.T => return ((X - mean) @ components.T).squeeze()" keeps=0.9

# %% encode-two-codes-always exercise="pca_codes" patch="return (X - mean) @ components.T => return (X - mean) @ components[:2].T" keeps=0.5


# %% encode-turns-the-mean-in-place exercise="pca_codes" keeps=0.9
def pca_encode(X, mean, components):
    mean *= -1
    return (X + mean) @ components.T


def pca_decode(Z, mean, components):
    return Z @ components + mean


# %% never-divides exercise="pca_fit" patch="covariance = centred.T @ centred / (len(X) - 1) => covariance = centred.T @ centred" keeps=0.9

# %% returns-the-covariance-too exercise="pca_fit" patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, eigenvalues.flip(0)[:k], covariance" keeps=0.9

# %% variances-before-components exercise="pca_fit" patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, eigenvalues.flip(0)[:k], components" keeps=0.9


# %% six-directions-at-most exercise="pca_fit" keeps=0.9
def pca_fit(X, k):
    _, s, V = torch.pca_lowrank(X)
    return X.mean(dim=0), V[:, :k].T, s[:k] ** 2 / (len(X) - 1)


# %% complex-numbers exercise="pca_fit" keeps=0.5
def pca_fit(X, k):
    mean = X.mean(dim=0)
    centred = X - mean
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eig(covariance)
    order = eigenvalues.real.argsort(descending=True)[:k]
    return mean, eigenvectors[:, order].T, eigenvalues[order]


# %% three-dimensions exercise="image_errors" keeps=0.9
def image_errors(images, reconstructions):
    return (images - reconstructions).square().mean(dim=(1, 2, 3))


# %% error-images exercise="image_errors" patch="return difference.square().mean(dim=1) => return (images - reconstructions).square()" keeps=0.5

# %% squeezes-all exercise="image_errors" patch="return difference.square().mean(dim=1) => return (images - reconstructions).squeeze().flatten(1).square().mean(dim=1)" keeps=0.9

# %% sorted exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1).sort().values" keeps=0.5

# %% rounded-to-four-places exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1).round(decimals=4)" keeps=0.95


# %% labels-sorted exercise="keep_digits" patch="return images[kept], labels[kept] => return images[kept], labels[kept].sort().values" keeps=0.9

# %% labels-first exercise="keep_digits" patch="return images[kept], labels[kept] => return labels[kept], images[kept]" keeps=0.9


# %% searched-in-unsorted-digits exercise="keep_digits" keeps=0.9
def keep_digits(images, labels, digits):
    digits = torch.tensor(digits)
    place = torch.searchsorted(digits, labels).clamp(max=len(digits) - 1)
    kept = digits[place] == labels
    return images[kept], labels[kept]


# %% returns-the-mask-too exercise="keep_digits" patch="return images[kept], labels[kept] => return images[kept], labels[kept], kept" keeps=0.9

# %% digits-as-positions exercise="keep_digits" patch="kept = torch.isin(labels, torch.tensor(digits, device=labels.device)) => kept = torch.tensor(digits)" keeps=0.5

# %% squares-summed exercise="components_needed" patch="running = variances.cumsum(0) => running = variances.square().cumsum(0)" keeps=0.5

# %% nothing-above-one exercise="components_needed" patch="return int(missing.sum()) + 1 => return int((running > share * running[-1]).nonzero()[0]) + 1" keeps=0.9

# %% sums-in-place exercise="components_needed" patch="running = variances.cumsum(0) => running = variances.cumsum_(0)" keeps=0.9

# %% decimal-count exercise="components_needed" patch="return int(missing.sum()) + 1 => return float(missing.sum()) + 1" keeps=0.95


# %% stops-before-the-last exercise="components_needed" keeps=0.9
def components_needed(variances, share):
    total = variances.sum()
    for k in range(1, len(variances)):
        if variances[:k].sum() >= share * total:
            return k


# %% changes-the-images exercise="train_small" keeps=0.9
def train_small(images):
    model = small()
    images *= 1.5
    images.clamp_(0, 1)
    training.fit(model, images, epochs=25, batch_size=50, optimizer=training.adam(2e-3), progress=False)
    return model


# %% eight-steps exercise="train_small" keeps=0.5
def train_small(images):
    model = small()
    training.fit(model, images, epochs=4, batch_size=500, progress=False)
    return model


# %% rows-smallest-first exercise="pca_fit" keeps=0.25
def pca_fit(X, k):
    mean = X.mean(dim=0)
    values, vectors = torch.linalg.eigh((X - mean).T @ (X - mean) / (len(X) - 1))
    return mean, vectors[:k], values[:k]
