# Answers that few students give, of all exercises of this lab. keeps: at most this share of the points is left.
# An entry is a whole cell, or patch="old => new" on the reference.

# %% tanh-output exercise="small_autoencoder" patch="nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(128, 784), nn.Tanh()" keeps=0.9

# %% sigmoid-twice exercise="small_autoencoder" patch="return self.decoder(code).view_as(images) => return torch.sigmoid(self.decoder(code)).view_as(images)" keeps=0.9

# %% clamped exercise="small_autoencoder" keeps=0.9
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784))

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).clamp(0, 1).view_as(images)


# %% relu-everywhere exercise="small_autoencoder" keeps=0.9
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2), nn.ReLU())
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.ReLU())

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)


# %% sigmoid-code exercise="small_autoencoder" patch="nn.Linear(128, 2) => nn.Linear(128, 2), nn.Sigmoid()" keeps=0.9

# %% no-relu-in-the-decoder exercise="small_autoencoder" patch="nn.Linear(2, 128), nn.ReLU() => nn.Linear(2, 128)" keeps=0.9


# %% sigmoids-inside exercise="small_autoencoder" keeps=0.9
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.Sigmoid(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.Sigmoid(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)


# %% one-layer-decoder exercise="small_autoencoder" patch="nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(2, 784), nn.Sigmoid()" keeps=0.5

# %% returns-the-code exercise="small_autoencoder" patch="return self.decoder(code).view_as(images) => return code" keeps=0.5

# %% returns-both exercise="small_autoencoder" patch="return self.decoder(code).view_as(images) => return self.decoder(code).view_as(images), code" keeps=0.8

# %% detached-code exercise="small_autoencoder" patch="code = self.encoder(images.flatten(1)) => code = self.encoder(images.flatten(1)).detach()" keeps=0.9


# %% without-gradients exercise="small_autoencoder" keeps=0.9
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        with torch.no_grad():
            code = self.encoder(images.flatten(1))
            return self.decoder(code).view_as(images)


# %% softmax-output exercise="small_autoencoder" patch="nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(128, 784), nn.Softmax(dim=1)" keeps=0.5

# %% batch-normalised exercise="small_autoencoder" patch="nn.Linear(784, 128), nn.ReLU() => nn.Linear(784, 128), nn.BatchNorm1d(128), nn.ReLU()" keeps=0.9

# %% dropout exercise="small_autoencoder" patch="nn.Linear(784, 128), nn.ReLU() => nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.2)" keeps=0.9


# %% gelu-inside exercise="small_autoencoder" keeps=0.9
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.GELU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.GELU(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)


# %% divides-by-255 exercise="small_autoencoder" patch="code = self.encoder(images.flatten(1)) => code = self.encoder(images.flatten(1) / 255)" keeps=0.5

# %% pixels-up-to-255 exercise="small_autoencoder" patch="return self.decoder(code).view_as(images) => return 255 * self.decoder(code).view_as(images)" keeps=0.9

# %% squeezes-one-image exercise="small_autoencoder" patch="code = self.encoder(images.flatten(1)) => code = self.encoder(images.squeeze().flatten(1))" keeps=0.9

# %% images-given-back exercise="small_autoencoder" patch="return self.decoder(code).view_as(images) => return images" keeps=0.5


# %% layers-in-plain-lists exercise="small_autoencoder" keeps=0.5
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = [nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2)]
        self.decoder = [nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid()]

    def forward(self, images):
        x = images.flatten(1)
        for layer in self.encoder + self.decoder:
            x = layer(x)
        return x.view_as(images)


# %% relu-before-the-sigmoid exercise="small_autoencoder" patch="nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(128, 784), nn.ReLU(), nn.Sigmoid()" keeps=0.9

# %% tanh-before-the-sigmoid exercise="small_autoencoder" patch="nn.Linear(128, 784), nn.Sigmoid() => nn.Linear(128, 784), nn.Tanh(), nn.Sigmoid()" keeps=0.9


# %% all-weights-zero exercise="small_autoencoder" keeps=0.9
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())
        for parameter in self.parameters():
            nn.init.zeros_(parameter)

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)


# %% images-from-minus-one exercise="small_autoencoder" patch="code = self.encoder(images.flatten(1)) => code = self.encoder((2 * images - 1).flatten(1))" keeps=0.5


# %% noise-on-the-code exercise="small_autoencoder" keeps=0.5
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        code = self.encoder(images.flatten(1))
        code = code + 0.1 * torch.randn_like(code)
        return self.decoder(code).view_as(images)


# %% images-added exercise="small_autoencoder" patch="return self.decoder(code).view_as(images) => return images + self.decoder(code).view_as(images)" keeps=0.5


# %% zero-grad-once exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    optimizer.zero_grad()
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% never-backward exercise="train_epoch" patch="loss.backward() => pass" keeps=0.5


# %% step-before-backward exercise="train_epoch" keeps=0.5
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.step()
        optimizer.zero_grad()
        loss.backward()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% reconstructs-without-gradients exercise="train_epoch" keeps=0.5
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        with torch.no_grad():
            loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% one-step-an-epoch exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    optimizer.zero_grad()
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        loss.backward()
        total += loss.item() * len(images)
        count += len(images)
    optimizer.step()
    return total / count


# %% uphill exercise="train_epoch" patch="loss = nn.functional.mse_loss(model(images), images) => loss = -nn.functional.mse_loss(model(images), images)" keeps=0.5

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


# %% root-of-the-error exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        error = nn.functional.mse_loss(model(images), images)
        loss = error.sqrt()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += error.item() * len(images)
        count += len(images)
    return total / count


# %% absolute-errors exercise="train_epoch" patch="loss = nn.functional.mse_loss(model(images), images) => loss = nn.functional.l1_loss(model(images), images)" keeps=0.9


# %% half-the-error exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = 0.5 * nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += 2 * loss.item() * len(images)
        count += len(images)
    return total / count


# %% sum-of-losses exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        count += len(images)
    return total


# %% undivided exercise="train_epoch" patch="return total / count => return total" keeps=0.9

# %% divided-by-batches exercise="train_epoch" patch="return total / count => return total / len(loader)" keeps=0.9


# %% forgets-the-batch-size exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        count += len(images)
    return total / len(loader.dataset)


# %% full-batches-assumed exercise="train_epoch" patch="total += loss.item() * len(images) => total += loss.item() * loader.batch_size" keeps=0.9

# %% loss-after-the-step exercise="train_epoch" patch="total += loss.item() * len(images) => total += nn.functional.mse_loss(model(images), images).item() * len(images)" keeps=0.9

# %% root-returned exercise="train_epoch" patch="total += loss.item() * len(images) => total += loss.item() ** 0.5 * len(images)" keeps=0.9


# %% list-of-losses exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    losses = []
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% skips-the-last-batch exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        if len(images) < loader.batch_size:
            break
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% two-passes exercise="train_epoch" patch="for images, _ in loader: => for images, _ in [*loader, *loader]:" keeps=0.5


# %% left-in-evaluation-mode exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    model.eval()
    return total / count


# %% learns-in-evaluation-mode exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    model.eval()
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    model.train()
    return total / count


# %% makes-its-own-optimizer exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% adam-anew-for-every-batch exercise="train_epoch" keeps=0.5
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer = torch.optim.Adam(model.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% steps-twice exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% backward-twice exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% step-for-every-image exercise="train_epoch" keeps=0.5
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        for image in images:
            loss = nn.functional.mse_loss(model(image[None]), image[None])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
            count += 1
    return total / count


# %% all-batches-at-once exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    images = torch.cat([batch for batch, _ in loader])
    loss = nn.functional.mse_loss(model(images), images)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


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


# %% step-after-every-other-batch exercise="train_epoch" keeps=0.5
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for i, (images, _) in enumerate(loader):
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        if i % 2 == 1:
            optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% full-batches-in-the-divisor exercise="train_epoch" patch="return total / count => return total / (len(loader) * loader.batch_size)" keeps=0.9


# %% loss-after-the-epoch exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    with torch.no_grad():
        return sum(nn.functional.mse_loss(model(x), x).item() * len(x) for x, _ in loader) / count


# %% counts-from-one exercise="train_epoch" patch="total, count = 0.0, 0 => total, count = 0.0, 1" keeps=0.9

# %% overwrites-the-total exercise="train_epoch" patch="total += loss.item() * len(images) => total = loss.item() * len(images)" keeps=0.9


# %% smallest-loss exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = float("inf"), 1
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total = min(total, loss.item())
    return total / count


# %% returns-the-network exercise="train_epoch" patch="return total / count => return model" keeps=0.9


# %% last-batch-without-a-step exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        if len(images) == loader.batch_size:
            optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% smooth-absolute-errors exercise="train_epoch" patch="loss = nn.functional.mse_loss(model(images), images) => loss = nn.functional.smooth_l1_loss(model(images), images)" keeps=0.5


# %% rate-falls-with-each-batch exercise="train_epoch" keeps=0.9
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        for group in optimizer.param_groups:
            group["lr"] *= 0.9
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% trains-another-network exercise="train_epoch" keeps=0.5
def train_epoch(model, loader, optimizer):
    model = SmallAutoencoder()
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% counts-pixels exercise="train_epoch" patch="count += len(images) => count += images.numel()" keeps=0.9

# %% encode-row-means exercise="pca_codes" patch="return (X - mean) @ components.T => return (X - X.mean(dim=1, keepdim=True)) @ components.T" keeps=0.5

# %% encode-adds-the-mean exercise="pca_codes" patch="return (X - mean) @ components.T => return (X + mean) @ components.T" keeps=0.5

# %% encode-mean-minus-image exercise="pca_codes" patch="return (X - mean) @ components.T => return (mean - X) @ components.T" keeps=0.5

# %% encode-goes-all-the-way exercise="pca_codes" patch="return (X - mean) @ components.T => return (X - mean) @ components.T @ components" keeps=0.5


# %% encode-whitened exercise="pca_codes" keeps=0.5
def pca_encode(X, mean, components):
    Z = (X - mean) @ components.T
    return Z / Z.std(dim=0)


def pca_decode(Z, mean, components):
    return Z @ components + mean


# %% decode-minus-mean exercise="pca_codes" patch="return Z @ components + mean => return Z @ components - mean" keeps=0.5

# %% decode-clamped exercise="pca_codes" patch="return Z @ components + mean => return (Z @ components + mean).clamp(0, 1)" keeps=0.75

# %% decode-code-means exercise="pca_codes" patch="return Z @ components + mean => return Z @ components + Z.mean(dim=1, keepdim=True)" keeps=0.5

# %% encode-one-number-off exercise="pca_codes" patch="return (X - mean) @ components.T => return (X - mean.mean()) @ components.T" keeps=0.5

# %% encode-mean-of-all-numbers exercise="pca_codes" patch="return (X - mean) @ components.T => return (X - X.mean()) @ components.T" keeps=0.5

# %% encode-divided-by-n exercise="pca_codes" patch="return (X - mean) @ components.T => return (X - mean) @ components.T / len(X)" keeps=0.5

# %% encode-relu exercise="pca_codes" patch="return (X - mean) @ components.T => return ((X - mean) @ components.T).relu()" keeps=0.5

# %% encode-squeezed exercise="pca_codes" patch="return (X - mean) @ components.T => return ((X - mean) @ components.T).squeeze()" keeps=0.9

# %% decode-squeezed exercise="pca_codes" patch="return Z @ components + mean => return (Z @ components + mean).squeeze()" keeps=0.9


# %% decode-stretched exercise="pca_codes" keeps=0.5
def pca_encode(X, mean, components):
    return (X - mean) @ components.T


def pca_decode(Z, mean, components):
    X = Z @ components + mean
    return (X - X.min()) / (X.max() - X.min())


# %% decode-sigmoid exercise="pca_codes" patch="return Z @ components + mean => return torch.sigmoid(Z @ components + mean)" keeps=0.5

# %% decode-mean-projected exercise="pca_codes" patch="return Z @ components + mean => return (Z + mean @ components.T) @ components" keeps=0.5

# %% decode-one-number-added exercise="pca_codes" patch="return Z @ components + mean => return Z @ components + mean.mean()" keeps=0.5

# %% encode-two-codes-always exercise="pca_codes" patch="return (X - mean) @ components.T => return (X - mean) @ components[:2].T" keeps=0.5

# %% decode-two-codes-always exercise="pca_codes" patch="return Z @ components + mean => return Z[:, :2] @ components[:2] + mean" keeps=0.5

# %% encode-reshaped exercise="pca_codes" patch="return (X - mean) @ components.T => return (X - mean) @ components.reshape(X.shape[1], -1)" keeps=0.5


# %% encode-turns-the-mean-in-place exercise="pca_codes" keeps=0.9
def pca_encode(X, mean, components):
    mean *= -1
    return (X + mean) @ components.T


def pca_decode(Z, mean, components):
    return Z @ components + mean


# %% lobpcg exercise="pca_fit" keeps=0.5
def pca_fit(X, k):
    S = torch.cov(X.T)
    values, vectors = torch.lobpcg(S, k=k, largest=True, niter=200, tol=1e-6)
    return X.mean(0), vectors.T, values


# %% last-k-unsorted exercise="pca_fit" keeps=0.9
def pca_fit(X, k):
    mean = X.mean(dim=0)
    centred = X - mean
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    components = eigenvectors[:, -k:].T
    return mean, components, eigenvalues[-k:]


# %% last-rows-of-eigenvectors exercise="pca_fit" patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors.flip(0)[:k]" keeps=0.5

# %% never-divides exercise="pca_fit" patch="covariance = centred.T @ centred / (len(X) - 1) => covariance = centred.T @ centred" keeps=0.9

# %% standard-deviations exercise="pca_fit" patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, eigenvalues.flip(0)[:k].sqrt()" keeps=0.9

# %% shares-of-the-variance exercise="pca_fit" patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, eigenvalues.flip(0)[:k] / eigenvalues.sum()" keeps=0.9

# %% variances-of-pixels exercise="pca_fit" patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, X.var(dim=0).sort(descending=True).values[:k]" keeps=0.9

# %% row-means exercise="pca_fit" patch="mean = X.mean(dim=0) => mean = X.mean(dim=1, keepdim=True)" keeps=0.5

# %% one-mean-for-all exercise="pca_fit" patch="mean = X.mean(dim=0) => mean = X.mean()" keeps=0.5

# %% standardised exercise="pca_fit" patch="centred = X - mean => centred = (X - mean) / X.std(dim=0)" keeps=0.5

# %% covariance-of-images exercise="pca_fit" patch="covariance = centred.T @ centred / (len(X) - 1) => covariance = centred @ centred.T / (len(X) - 1)" keeps=0.5

# %% scaled-components exercise="pca_fit" patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components * eigenvalues.flip(0)[:k, None].sqrt(), eigenvalues.flip(0)[:k]" keeps=0.9

# %% signs-lost exercise="pca_fit" patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors.flip(1)[:, :k].T.abs()" keeps=0.5


# %% centres-in-place exercise="pca_fit" keeps=0.9
def pca_fit(X, k):
    mean = X.mean(dim=0)
    X -= mean
    centred = X
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    components = eigenvectors.flip(1)[:, :k].T
    return mean, components, eigenvalues.flip(0)[:k]


# %% forgets-the-mean exercise="pca_fit" patch="return mean, components, eigenvalues.flip(0)[:k] => return components, eigenvalues.flip(0)[:k]" keeps=0.9


# %% in-numpy exercise="pca_fit" keeps=0.9
def pca_fit(X, k):
    import numpy as np

    X = X.numpy()
    mean = X.mean(axis=0)
    _, s, Vh = np.linalg.svd(X - mean, full_matrices=False)
    return mean, Vh[:k], s[:k] ** 2 / (len(X) - 1)


# %% mean-after-centring exercise="pca_fit" keeps=0.9
def pca_fit(X, k):
    centred = X - X.mean(dim=0)
    mean = centred.mean(dim=0)
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    components = eigenvectors.flip(1)[:, :k].T
    return mean, components, eigenvalues.flip(0)[:k]


# %% median exercise="pca_fit" patch="mean = X.mean(dim=0) => mean = X.median(dim=0).values" keeps=0.5


# %% eig-not-sorted exercise="pca_fit" keeps=0.9
def pca_fit(X, k):
    mean = X.mean(dim=0)
    centred = X - mean
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eig(covariance)
    return mean, eigenvectors.real[:, :k].T, eigenvalues.real[:k]


# %% squeezes-one-component exercise="pca_fit" patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors.flip(1)[:, :k].T.squeeze()" keeps=0.9

# %% flips-the-entries exercise="pca_fit" patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors.flip(0)[:, :k].T" keeps=0.5

# %% begins-with-the-second exercise="pca_fit" patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors.flip(1)[:, 1:k + 1].T" keeps=0.5

# %% cuts-before-the-flip exercise="pca_fit" patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, eigenvalues[:k].flip(0)" keeps=0.9

# %% divides-by-columns exercise="pca_fit" patch="covariance = centred.T @ centred / (len(X) - 1) => covariance = centred.T @ centred / (X.shape[1] - 1)" keeps=0.9


# %% singular-values-not-squared exercise="pca_fit" keeps=0.9
def pca_fit(X, k):
    mean = X.mean(dim=0)
    _, s, Vh = torch.linalg.svd(X - mean, full_matrices=False)
    return mean, Vh[:k], s[:k] / (len(X) - 1)


# %% eigenvalues-squared exercise="pca_fit" patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, eigenvalues.flip(0)[:k].square()" keeps=0.9


# %% as-if-singular-values-of-X exercise="pca_fit" keeps=0.9
def pca_fit(X, k):
    mean = X.mean(dim=0)
    _, s, Vh = torch.linalg.svd(torch.cov(X.T))
    return mean, Vh[:k], s[:k] ** 2 / (len(X) - 1)


# %% running-sums exercise="pca_fit" patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, eigenvalues.flip(0)[:k].cumsum(0)" keeps=0.9

# %% whitened-components exercise="pca_fit" patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components / eigenvalues.flip(0)[:k, None].sqrt(), eigenvalues.flip(0)[:k]" keeps=0.9

# %% returns-the-covariance-too exercise="pca_fit" patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, eigenvalues.flip(0)[:k], covariance" keeps=0.9

# %% variances-before-components exercise="pca_fit" patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, eigenvalues.flip(0)[:k], components" keeps=0.9


# %% six-directions-at-most exercise="pca_fit" keeps=0.9
def pca_fit(X, k):
    _, s, V = torch.pca_lowrank(X)
    return X.mean(dim=0), V[:, :k].T, s[:k] ** 2 / (len(X) - 1)


# %% sixty-images-always exercise="pca_fit" patch="covariance = centred.T @ centred / (len(X) - 1) => covariance = centred.T @ centred / 59" keeps=0.9


# %% complex-numbers exercise="pca_fit" keeps=0.5
def pca_fit(X, k):
    mean = X.mean(dim=0)
    centred = X - mean
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eig(covariance)
    order = eigenvalues.real.argsort(descending=True)[:k]
    return mean, eigenvectors[:, order].T, eigenvalues[order]


# %% cuts-components-before-the-flip exercise="pca_fit" patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors[:, :k].flip(1).T" keeps=0.5

# %% lengths exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.norm(dim=1)" keeps=0.5

# %% never-squared exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.mean(dim=1)" keeps=0.5

# %% variance exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.var(dim=1)" keeps=0.5


# %% three-dimensions exercise="image_errors" keeps=0.9
def image_errors(images, reconstructions):
    return (images - reconstructions).square().mean(dim=(1, 2, 3))


# %% error-images exercise="image_errors" patch="return difference.square().mean(dim=1) => return (images - reconstructions).square()" keeps=0.5

# %% up-to-255 exercise="image_errors" patch="difference = (images - reconstructions).flatten(1) => difference = (255 * images - 255 * reconstructions).flatten(1)" keeps=0.5

# %% divided-by-the-batch exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1) / len(images)" keeps=0.5

# %% relative exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().sum(dim=1) / images.flatten(1).square().sum(dim=1)" keeps=0.5


# %% subtracts-in-place exercise="image_errors" keeps=0.9
def image_errors(images, reconstructions):
    images -= reconstructions
    difference = images.flatten(1)
    return difference.square().mean(dim=1)


# %% as-a-list exercise="image_errors" patch="return difference.square().mean(dim=1) => return [row.square().mean().item() for row in difference]" keeps=0.9

# %% channel-kept exercise="image_errors" patch="return difference.square().mean(dim=1) => return (images - reconstructions).square().mean(dim=(-2, -1))" keeps=0.9

# %% line-by-line exercise="image_errors" patch="return difference.square().mean(dim=1) => return (images - reconstructions).square().mean(dim=-1)" keeps=0.5

# %% squeezes-all exercise="image_errors" patch="return difference.square().mean(dim=1) => return (images - reconstructions).squeeze().flatten(1).square().mean(dim=1)" keeps=0.9

# %% reconstructions-clamped exercise="image_errors" patch="difference = (images - reconstructions).flatten(1) => difference = (images - reconstructions.clamp(0, 1)).flatten(1)" keeps=0.5

# %% decibels exercise="image_errors" patch="return difference.square().mean(dim=1) => return -10 * difference.square().mean(dim=1).log10()" keeps=0.5

# %% sorted exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1).sort().values" keeps=0.5

# %% summed-over-the-batch-size exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().sum(dim=1) / len(images)" keeps=0.5

# %% divided-by-28 exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().sum(dim=1) / images.shape[-1]" keeps=0.5


# %% difference-of-squares exercise="image_errors" keeps=0.5
def image_errors(images, reconstructions):
    return (images.square() - reconstructions.square()).flatten(1).mean(dim=1)


# %% same-error-for-all exercise="image_errors" patch="return difference.square().mean(dim=1) => return torch.full((len(images),), difference.square().mean().item())" keeps=0.5

# %% cut-off-at-one exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1).clamp(0, 1)" keeps=0.5

# %% rounded-to-four-places exercise="image_errors" patch="return difference.square().mean(dim=1) => return difference.square().mean(dim=1).round(decimals=4)" keeps=0.95


# %% compared-with-all exercise="image_errors" keeps=0.5
def image_errors(images, reconstructions):
    a, b = images.flatten(1), reconstructions.flatten(1)
    return (a[:, None] - b[None]).square().mean(dim=(1, 2))


# %% all-digits-between exercise="keep_digits" patch="kept = torch.isin(labels, torch.tensor(digits, device=labels.device)) => kept = (labels >= digits[0]) & (labels <= digits[-1])" keeps=0.5

# %% three-and-seven-always exercise="keep_digits" patch="kept = torch.isin(labels, torch.tensor(digits, device=labels.device)) => kept = (labels == 3) | (labels == 7)" keeps=0.5

# %% labels-sorted exercise="keep_digits" patch="return images[kept], labels[kept] => return images[kept], labels[kept].sort().values" keeps=0.9

# %% images-blackened exercise="keep_digits" patch="return images[kept], labels[kept] => return images * kept[:, None, None, None], labels[kept]" keeps=0.5

# %% renumbered exercise="keep_digits" patch="return images[kept], labels[kept] => return images[kept], torch.searchsorted(torch.tensor(digits), labels[kept])" keeps=0.5


# %% column-of-positions exercise="keep_digits" keeps=0.9
def keep_digits(images, labels, digits):
    kept = torch.isin(labels, torch.tensor(digits, device=labels.device))
    where = kept.nonzero()
    return images[where], labels[where]


# %% squeezed exercise="keep_digits" patch="return images[kept], labels[kept] => return images[kept].squeeze(), labels[kept]" keeps=0.9

# %% labels-first exercise="keep_digits" patch="return images[kept], labels[kept] => return labels[kept], images[kept]" keeps=0.9

# %% scales-in-place exercise="keep_digits" patch="return images[kept], labels[kept] => return images[kept] / 255, labels[kept]" keeps=0.5


# %% all-at-once exercise="keep_digits" keeps=0.5
def keep_digits(images, labels, digits):
    kept = torch.ones_like(labels, dtype=torch.bool)
    for digit in digits:
        kept &= labels == digit
    return images[kept], labels[kept]


# %% last-one-lost exercise="keep_digits" keeps=0.5
def keep_digits(images, labels, digits):
    kept = torch.isin(labels, torch.tensor(digits, device=labels.device))
    where = kept.nonzero()[:-1, 0]
    return images[where], labels[where]


# %% positions-as-labels exercise="keep_digits" patch="return images[kept], labels[kept] => return images[kept], kept.nonzero()[:, 0]" keeps=0.5


# %% zero-counts-as-false exercise="keep_digits" keeps=0.9
def keep_digits(images, labels, digits):
    kept = torch.tensor([bool(label in digits and label) for label in labels.tolist()])
    return images[kept], labels[kept]


# %% searched-in-unsorted-digits exercise="keep_digits" keeps=0.9
def keep_digits(images, labels, digits):
    digits = torch.tensor(digits)
    place = torch.searchsorted(digits, labels).clamp(max=len(digits) - 1)
    kept = digits[place] == labels
    return images[kept], labels[kept]


# %% squeezed-digits exercise="keep_digits" keeps=0.9
def keep_digits(images, labels, digits):
    kept = (labels[:, None] == torch.tensor(digits).squeeze()[None, :]).any(1)
    return images[kept], labels[kept]


# %% marks-labels-in-place exercise="keep_digits" keeps=0.9
def keep_digits(images, labels, digits):
    labels[~torch.isin(labels, torch.tensor(digits))] = -1
    kept = labels >= 0
    return images[kept], labels[kept]


# %% returns-the-mask-too exercise="keep_digits" patch="return images[kept], labels[kept] => return images[kept], labels[kept], kept" keeps=0.9

# %% digits-as-positions exercise="keep_digits" patch="kept = torch.isin(labels, torch.tensor(digits, device=labels.device)) => kept = torch.tensor(digits)" keeps=0.5

# %% mask-of-whole-numbers exercise="keep_digits" patch="kept = torch.isin(labels, torch.tensor(digits, device=labels.device)) => kept = torch.isin(labels, torch.tensor(digits)).long()" keeps=0.5

# %% mask-instead-of-labels exercise="keep_digits" patch="return images[kept], labels[kept] => return images[kept], kept" keeps=0.5

# %% smallest-first-summed exercise="components_needed" patch="running = variances.cumsum(0) => running = variances.flip(0).cumsum(0)" keeps=0.5

# %% square-roots-summed exercise="components_needed" patch="running = variances.cumsum(0) => running = variances.sqrt().cumsum(0)" keeps=0.5

# %% squares-summed exercise="components_needed" patch="running = variances.cumsum(0) => running = variances.square().cumsum(0)" keeps=0.5

# %% always-ninety exercise="components_needed" patch="missing = running < share * running[-1] => missing = running < 0.9 * running[-1]" keeps=0.5

# %% the-share-itself exercise="components_needed" patch="return int(missing.sum()) + 1 => return float((running / running[-1])[missing.sum()])" keeps=0.5

# %% nothing-above-one exercise="components_needed" patch="return int(missing.sum()) + 1 => return int((running > share * running[-1]).nonzero()[0]) + 1" keeps=0.9

# %% sums-in-place exercise="components_needed" patch="running = variances.cumsum(0) => running = variances.cumsum_(0)" keeps=0.9

# %% the-whole-mask exercise="components_needed" patch="return int(missing.sum()) + 1 => return missing" keeps=0.5

# %% in-per-cent exercise="components_needed" patch="missing = running < share * running[-1] => missing = 100 * running / running[-1] < share" keeps=0.5

# %% the-closest-share exercise="components_needed" patch="return int(missing.sum()) + 1 => return int((running / running[-1] - share).abs().argmin()) + 1" keeps=0.5

# %% rounded-shares exercise="components_needed" patch="missing = running < share * running[-1] => missing = (running / running[-1]).round(decimals=2) < share" keeps=0.95

# %% decimal-count exercise="components_needed" patch="return int(missing.sum()) + 1 => return float(missing.sum()) + 1" keeps=0.95


# %% stops-before-the-last exercise="components_needed" keeps=0.9
def components_needed(variances, share):
    total = variances.sum()
    for k in range(1, len(variances)):
        if variances[:k].sum() >= share * total:
            return k


# %% thirty-at-most exercise="components_needed" patch="return int(missing.sum()) + 1 => return min(int(missing.sum()) + 1, 30)" keeps=0.9

# %% rounded-to-three-places exercise="components_needed" patch="missing = running < share * running[-1] => missing = (running / running[-1]).round(decimals=3) < share" keeps=0.95


# %% five-components-at-most exercise="components_needed" keeps=0.9
def components_needed(variances, share):
    running = variances.cumsum(0)
    missing = running < share * running[-1]
    for k in range(5):
        if not missing[k]:
            return k + 1


# %% trains-up-to-255 exercise="train_small" keeps=0.5
def train_small(images):
    model = small()
    training.fit(model, 255 * images, epochs=25, batch_size=50, progress=False)
    return model


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


# %% relu-at-the-end exercise="train_small" keeps=0.5
def train_small(images):
    model = small()
    model.sigmoid = nn.ReLU()
    training.fit(model, images, epochs=25, batch_size=50, optimizer=training.adam(2e-3), progress=False)
    return model
