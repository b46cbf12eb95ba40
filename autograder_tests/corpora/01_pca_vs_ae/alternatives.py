# Right answers by another way, which must lose nothing. Entries as in mistakes.py, without keeps and hint.

# %% [markdown]
# ## keep_digits

# %% loop-over-the-digits exercise="keep_digits"
def keep_digits(images, labels, digits):
    kept = torch.zeros_like(labels, dtype=torch.bool)
    for digit in digits:
        kept |= labels == digit
    return images[kept], labels[kept]


# %% index-select exercise="keep_digits"
def keep_digits(images, labels, digits):
    positions = [i for i, label in enumerate(labels.tolist()) if label in digits]
    positions = torch.tensor(positions)
    return images.index_select(0, positions), labels.index_select(0, positions)


# %% image-by-image exercise="keep_digits"
def keep_digits(images, labels, digits):
    pairs = [(image, label) for image, label in zip(images, labels) if label in digits]
    return torch.stack([image for image, _ in pairs]), torch.stack([label for _, label in pairs])


# %% compared-with-all-at-once exercise="keep_digits"
def keep_digits(images, labels, digits):
    kept = (labels[:, None] == torch.as_tensor(digits)[None, :]).any(dim=1)
    return images[kept], labels[kept]


# %% positions-by-nonzero exercise="keep_digits"
def keep_digits(images, labels, digits):
    (positions,) = torch.where(sum(labels == digit for digit in digits) > 0)
    return [images[positions], labels[positions]]


# %% by-numpy-mask exercise="keep_digits"
def keep_digits(images, labels, digits):
    import numpy as np

    kept = torch.from_numpy(np.isin(labels.numpy(), digits))
    return images[kept], labels[kept]


# %% [markdown]
# ## small_autoencoder


# %% sigmoid-in-forward exercise="small_autoencoder"
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784))

    def forward(self, images):
        return nn.functional.sigmoid(self.decoder(self.encoder(images))).reshape(-1, 1, 28, 28)


# %% torchvision-mlp exercise="small_autoencoder"
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = MLP(784, [128, 2])
        self.decoder = nn.Sequential(MLP(2, [128, 784]), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28)))

    def forward(self, images):
        return self.decoder(self.encoder(images.flatten(1)))


# %% halves-as-modules exercise="small_autoencoder"
class Half(nn.Module):
    def __init__(self, entering, leaving):
        super().__init__()
        self.first = nn.Linear(entering, 128)
        self.second = nn.Linear(128, leaving)

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))


class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.decoder = Half(2, 784)
        self.encoder = Half(784, 2)

    def forward(self, images):
        x = images.view(len(images), -1)
        return torch.sigmoid(self.decoder(self.encoder(x))).view(images.shape)


# %% list-of-layers exercise="small_autoencoder"
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleList([nn.Linear(784, 128), nn.Linear(128, 2)])
        self.decoder = nn.ModuleList([nn.Linear(2, 128), nn.Linear(128, 784)])

    def forward(self, images):
        x = self.encoder[1](self.encoder[0](images.flatten(1)).clamp(min=0))
        x = self.decoder[1](self.decoder[0](x).clamp(min=0))
        return (1 / (1 + torch.exp(-x))).unflatten(1, images.shape[1:])


# %% named-layers exercise="small_autoencoder"
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            OrderedDict(
                down=nn.Linear(784, 128), bend=nn.ReLU(inplace=True), code=nn.Linear(128, 2), nothing=nn.Identity()
            )
        )
        self.decoder = nn.Sequential(
            OrderedDict(
                up=nn.Linear(2, 128), bend=nn.ReLU(inplace=True), pixels=nn.Linear(128, 784), squash=nn.Sigmoid()
            )
        )
        for layer in (self.encoder.down, self.decoder.up):
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")

    def forward(self, images):
        return self.decoder(self.encoder(images.reshape(-1, 784))).reshape_as(images)


# %% [markdown]
# ## train_epoch


# %% summed-and-divided exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    total, numbers = 0.0, 0
    model.train()
    for batch in loader:
        images = batch[0]
        optimizer.zero_grad(set_to_none=False)
        squares = nn.functional.mse_loss(model(images), images, reduction="sum")
        (squares / images.numel()).backward()
        optimizer.step()
        total += squares.item()
        numbers += images.numel()
    return total / numbers


# %% zeroed-after-the-step exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    criterion = nn.MSELoss()
    losses, sizes = [], []
    optimizer.zero_grad()
    for images, labels in loader:
        output = model(images)
        loss = criterion(output, images)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.detach())
        sizes.append(images.size(0))
    sizes = torch.tensor(sizes, dtype=torch.float32)
    return (torch.stack(losses) * sizes).sum() / sizes.sum()


# %% tensor-kept-on-the-device exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    total = torch.zeros(1)
    for images, _ in loader:
        loss = torch.mean((model(images) - images) ** 2)
        model.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach() * images.shape[0]
    return total / len(loader.dataset)


# %% closure exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    import numpy as np

    losses, sizes = [], []
    for images, _ in loader:

        def closure():
            optimizer.zero_grad()
            loss = (model(images) - images).pow(2).flatten(1).mean(dim=1).mean()
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).item())
        sizes.append(len(images))
    return np.average(losses, weights=sizes)


# %% gradients-by-hand exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    total = 0.0
    for images, _ in loader:
        per_image = (model(images) - images).square().flatten(1).mean(dim=1)
        for parameter, gradient in zip(
            model.parameters(), torch.autograd.grad(per_image.mean(), list(model.parameters()))
        ):
            parameter.grad = gradient
        optimizer.step()
        total += per_image.sum().item()
    return total / len(loader.dataset)


# %% run-twice-for-the-loss exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    total = 0.0
    for images, _ in loader:
        with torch.no_grad():
            before = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        nn.functional.mse_loss(model(images), images).backward()
        optimizer.step()
        total += before.item() * len(images) / len(loader.dataset)
    return total


# %% [markdown]
# ## pca_fit


# %% singular-value-decomposition exercise="pca_fit"
def pca_fit(X, k):
    mean = X.mean(dim=0, keepdim=True)
    _, s, Vh = torch.linalg.svd(X - mean, full_matrices=False)
    return mean, Vh[:k], s[:k].square() / (len(X) - 1)


# %% lowrank-with-all-of-it exercise="pca_fit"
def pca_fit(X, k):
    _, s, V = torch.pca_lowrank(X, q=min(X.shape))
    return X.mean(dim=0), V[:, :k].T, s[:k] ** 2 / (X.shape[0] - 1)


# %% torch-cov-and-argsort exercise="pca_fit"
def pca_fit(X, k):
    eigenvalues, eigenvectors = torch.linalg.eigh(torch.cov(X.T))
    order = eigenvalues.argsort(descending=True)[:k]
    return X.mean(dim=0), eigenvectors[:, order].T, eigenvalues[order]


# %% in-double-precision exercise="pca_fit"
def pca_fit(X, k):
    X = X.double()
    mean = X.mean(dim=0)
    covariance = torch.einsum("ni,nj->ij", X - mean, X - mean) / (X.shape[0] - 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    return mean, -eigenvectors.T.flip(0)[:k], eigenvalues.flip(0)[:k]


# %% general-eigenvectors exercise="pca_fit"
def pca_fit(X, k):
    mean = X.sum(dim=0) / len(X)
    centred = X - mean
    eigenvalues, eigenvectors = torch.linalg.eig(centred.T @ centred / (len(X) - 1))
    eigenvalues, order = eigenvalues.real.sort(descending=True)
    return mean, eigenvectors.real[:, order[:k]].T, eigenvalues[:k]


# %% power-iteration exercise="pca_fit"
def pca_fit(X, k):
    mean = X.mean(dim=0)
    S = torch.cov(X.T).double()
    components, variances = [], []
    for _ in range(k):
        v = torch.ones(X.shape[1], dtype=torch.float64) + torch.arange(X.shape[1]) / 7
        for _ in range(2000):
            v = S @ v
            v = v / v.norm()
        variances.append(v @ S @ v)
        S = S - variances[-1] * torch.outer(v, v)
        components.append(v)
    return mean, torch.stack(components).float(), torch.stack(variances).float()


# %% by-scikit-learn exercise="pca_fit"
def pca_fit(X, k):
    from sklearn.decomposition import PCA

    pca = PCA(k).fit(X.numpy())
    return torch.tensor(pca.mean_), torch.tensor(pca.components_), torch.tensor(pca.explained_variance_)


# %% [markdown]
# ## pca_codes


# %% einsum exercise="pca_codes"
def pca_encode(X, mean, components):
    return torch.einsum("np,kp->nk", X - mean, components)


def pca_decode(Z, mean, components):
    return torch.einsum("nk,kp->np", Z, components) + mean


# %% as-linear-layers exercise="pca_codes"
def pca_encode(X, mean, components):
    return nn.functional.linear(X, components, -components @ mean)


def pca_decode(Z, mean, components):
    return nn.functional.linear(Z, components.T, mean)


# %% image-by-image-and-least-squares exercise="pca_codes"
def pca_encode(X, mean, components):
    return torch.stack([components.mv(x - mean) for x in X])


def pca_decode(Z, mean, components):
    return torch.addmm(mean.expand(len(Z), -1), Z.double().float(), components)


# %% pseudo-inverse-in-double exercise="pca_codes"
def pca_encode(X, mean, components):
    return (X - mean).double() @ torch.linalg.pinv(components.double())


def pca_decode(Z, mean, components):
    return (Z.double() @ components.double() + mean.double()).float()


# %% [markdown]
# ## components_needed


# %% searchsorted exercise="components_needed"
def components_needed(variances, share):
    running = variances.cumsum(0)
    return int(torch.searchsorted(running, torch.tensor(share) * running[-1])) + 1


# %% loop exercise="components_needed"
def components_needed(variances, share):
    total, so_far = variances.sum(), 0.0
    for count, variance in enumerate(variances, start=1):
        so_far = so_far + variance
        if so_far >= share * total:
            return count
    return len(variances)


# %% list-comprehension exercise="components_needed"
def components_needed(variances, share):
    total = variances.sum()
    return min(k for k in range(1, len(variances) + 1) if variances[:k].sum() / total >= share)


# %% tensor-returned exercise="components_needed"
def components_needed(variances, share):
    ratio = torch.cumsum(variances / variances.sum(), dim=0)
    return torch.argmax((ratio >= share).int()) + 1


# %% numpy-in-double exercise="components_needed"
def components_needed(variances, share):
    import numpy as np

    ratio = np.cumsum(variances.double().numpy())
    return np.nonzero(ratio / ratio[-1] >= share)[0][0] + 1


# %% [markdown]
# ## image_errors


# %% loss-without-reduction exercise="image_errors"
def image_errors(images, reconstructions):
    return nn.functional.mse_loss(reconstructions, images, reduction="none").flatten(1).mean(dim=1)


# %% image-by-image-errors exercise="image_errors"
def image_errors(images, reconstructions):
    return torch.stack([nn.functional.mse_loss(a, b) for a, b in zip(images, reconstructions)])


# %% divided-by-784 exercise="image_errors"
def image_errors(images, reconstructions):
    off = (images - reconstructions).view(-1, 28 * 28)
    return torch.einsum("np,np->n", off, off) / 784


# %% mean-over-whatever-is-left exercise="image_errors"
def image_errors(images, reconstructions):
    off = images.double() - reconstructions.double()
    return (off**2).mean(dim=tuple(range(1, off.ndim)))


# %% vectorised-map exercise="image_errors"
def image_errors(images, reconstructions):
    return torch.vmap(nn.functional.mse_loss)(reconstructions, images)


# %% norms exercise="image_errors"
def image_errors(images, reconstructions):
    return torch.linalg.vector_norm((images - reconstructions).flatten(1), dim=1).pow(2).div(images[0].numel())


# %% own-loop-with-momentum exercise="train_small"
def train_small(images):
    model = small()
    optimizer = torch.optim.SGD(model.parameters(), lr=4, momentum=0.9)
    for epoch in range(30):
        for batch in images[torch.randperm(len(images))].split(32):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(batch), batch).backward()
            optimizer.step()
    return model


# %% cross-entropy exercise="train_small"
def train_small(images):
    model = small()
    training.fit(
        model,
        images,
        epochs=25,
        batch_size=25,
        loss=nn.functional.binary_cross_entropy,
        schedule=training.one_cycle(4e-3),
        progress=False,
    )
    return model
