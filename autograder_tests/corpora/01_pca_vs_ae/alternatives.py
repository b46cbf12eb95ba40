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


# %% lookup-table exercise="keep_digits"
def keep_digits(images, labels, digits):
    table = torch.zeros(10, dtype=torch.bool)
    table[list(digits)] = True
    kept = table[labels]
    return images[kept], labels[kept]


# %% one-hot-columns exercise="keep_digits"
def keep_digits(images, labels, digits):
    hot = nn.functional.one_hot(labels, 10)[:, list(digits)].sum(1).bool()
    return images[hot], labels[hot]


# %% subset-and-loader exercise="keep_digits"
def keep_digits(images, labels, digits):
    from torch.utils.data import Subset

    dataset = TensorDataset(images, labels)
    places = [i for i in range(len(dataset)) if dataset[i][1].item() in digits]
    return next(iter(DataLoader(Subset(dataset, places), batch_size=len(places))))


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


# %% lazy-linear exercise="small_autoencoder"
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.LazyLinear(128), nn.ReLU(), nn.LazyLinear(2))
        self.decoder = nn.Sequential(
            nn.LazyLinear(128), nn.ReLU(), nn.LazyLinear(784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))
        )

    def forward(self, images):
        return self.decoder(self.encoder(images))


# %% dictionaries-of-layers exercise="small_autoencoder"
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.ModuleDict({"hidden": nn.Linear(784, 128), "code": nn.Linear(128, 2)})
        self.decoder = nn.ModuleDict({"hidden": nn.Linear(2, 128), "pixels": nn.Linear(128, 784)})

    def encode(self, images):
        return self.encoder["code"](nn.functional.relu(self.encoder["hidden"](torch.flatten(images, 1))))

    def decode(self, code):
        return self.decoder["pixels"](nn.functional.relu(self.decoder["hidden"](code))).sigmoid()

    def forward(self, images):
        return self.decode(self.encode(images)).view(-1, 1, 28, 28)


# %% out-before-hidden exercise="small_autoencoder"
class Down(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(128, 2)
        self.hidden = nn.Linear(784, 128)

    def forward(self, x):
        return self.out(self.hidden(x).relu())


class Up(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(128, 784)
        self.hidden = nn.Linear(2, 128)

    def forward(self, z):
        return torch.sigmoid(self.out(self.hidden(z).relu()))


class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Down(), Up()

    def forward(self, images):
        return self.decoder(self.encoder(images.flatten(1))).view_as(images)


# %% sigmoid-as-tanh exercise="small_autoencoder"
# old | nn.Linear(128, 784), nn.Sigmoid()
# new | nn.Linear(128, 784)
# old |         return self.decoder(code).view_as(images)
# new |         return (0.5 * (1 + torch.tanh(self.decoder(code) / 2))).view_as(images)


# %% one-image-after-another exercise="small_autoencoder"
# old |         code = self.encoder(images.flatten(1))
# old |         return self.decoder(code).view_as(images)
# new |         return torch.stack([self.decoder(self.encoder(image.flatten())).view(1, 28, 28) for image in images])


# %% network-in-double exercise="small_autoencoder"
# old |         ### END SOLUTION
# old |
# old |     def forward
# new |         self.double()
# new |
# new |     def forward
# old |         code = self.encoder(images.flatten(1))
# old |         return self.decoder(code).view_as(images)
# new |         code = self.encoder(images.double().flatten(1))
# new |         return self.decoder(code).view_as(images).float()


# %% code-layer-of-zeros exercise="small_autoencoder"
# old |         ### END SOLUTION
# old |
# old |     def forward
# new |         nn.init.zeros_(self.encoder[2].weight)
# new |         nn.init.zeros_(self.encoder[2].bias)
# new |
# new |     def forward

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


# %% mean-over-three-dimensions exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    errors = []
    for images, _ in loader:
        squared = (model(images) - images).pow(2).mean(dim=(1, 2, 3))
        optimizer.zero_grad()
        squared.mean().backward()
        optimizer.step()
        errors.extend(squared.tolist())
    return sum(errors) / len(errors)


# %% flattened-to-784 exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        images = images.view(-1, 784)
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * images.size(0)
        count += images.size(0)
    return total / count


# %% running-mean exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    mean, seen = 0.0, 0
    for images, *_ in loader:
        optimizer.zero_grad()
        loss = ((images - model(images)) ** 2).mean()
        loss.backward()
        optimizer.step()
        seen += len(images)
        mean += (loss.item() - mean) * len(images) / seen
    return mean


# %% while-there-is-a-batch exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    losses, weights = [], []
    batches = iter(loader)
    while (batch := next(batches, None)) is not None:
        x = batch[0]
        for group in optimizer.param_groups:
            for p in group["params"]:
                p.grad = None
        loss = torch.linalg.vector_norm(model(x) - x) ** 2 / x.numel()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        weights.append(x.shape[0])
    return float(torch.tensor(losses).double() @ torch.tensor(weights).double() / sum(weights))


# %% zero-at-the-end-only exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    total = 0.0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        total += loss.item() * len(images) / len(loader.dataset)
    return total


# %% enable-grad exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    was = model.training
    model.train()
    total, count = 0.0, 0
    with torch.enable_grad():
        for images, _ in loader:
            images = images.to(next(model.parameters()).device)
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(input=model(images), target=images, reduction="sum") / images.numel()
            loss.backward()
            optimizer.step()
            total, count = total + loss.item() * len(images), count + len(images)
    model.train(was)
    return total / count


# %% functional-gradients exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    from torch.func import functional_call, grad_and_value

    def error(parameters, x):
        return nn.functional.mse_loss(functional_call(model, parameters, (x,)), x)

    total = count = 0
    for x, _ in loader:
        gradients, value = grad_and_value(error)(dict(model.named_parameters()), x)
        for name, parameter in model.named_parameters():
            parameter.grad = gradients[name].detach()
        optimizer.step()
        total, count = total + value.item() * len(x), count + len(x)
    return total / count


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


# %% svd-of-transposed exercise="pca_fit"
def pca_fit(X, k):
    mean = X.mean(0)
    U, s, _ = torch.linalg.svd((X - mean).T, full_matrices=False)
    return mean, U[:, :k].T, s[:k] ** 2 / (len(X) - 1)


# %% gram-matrix exercise="pca_fit"
def pca_fit(X, k):
    mean = X.mean(0)
    A = X - mean
    values, vectors = torch.linalg.eigh(A @ A.T)
    C = (A.T @ vectors[:, -k:]).flip(1).T
    return mean, C / C.norm(dim=1, keepdim=True), values[-k:].flip(0) / (len(X) - 1)


# %% topk exercise="pca_fit"
def pca_fit(X, k):
    mean = X.mean(0)
    values, vectors = torch.linalg.eigh((X - mean).T @ (X - mean) / (len(X) - 1))
    top, where = values.topk(k)
    return mean, vectors.index_select(1, where).T, top


# %% scipy-subset exercise="pca_fit"
def pca_fit(X, k):
    from scipy.linalg import eigh
    import numpy as np

    P = X.shape[1]
    values, vectors = eigh(np.cov(X.T), subset_by_index=[P - k, P - 1])
    return X.mean(0), torch.tensor(vectors[:, ::-1].T.copy()), torch.tensor(values[::-1].copy())


# %% scipy-sparse exercise="pca_fit"
def pca_fit(X, k):
    from scipy.sparse.linalg import svds
    import numpy as np

    mean = X.mean(0)
    _, s, Vt = svds((X - mean).numpy().astype(np.float64), k=k)
    order = s.argsort()[::-1]
    return mean, torch.tensor(Vt[order]), torch.tensor(s[order] ** 2 / (len(X) - 1))


# %% sklearn-randomised exercise="pca_fit"
def pca_fit(X, k):
    from sklearn.decomposition import PCA

    pca = PCA(k, svd_solver="randomized", random_state=0).fit(X)
    return tuple(torch.tensor(a) for a in (pca.mean_, pca.components_, pca.explained_variance_))


# %% lobpcg exercise="pca_fit"
def pca_fit(X, k):
    S = torch.cov(X.T)
    values, vectors = torch.lobpcg(S, k=k, largest=True, niter=200, tol=1e-6)
    return X.mean(0), vectors.T, values


# %% orthogonal-iteration exercise="pca_fit"
def pca_fit(X, k):
    mean = X.mean(0)
    S = ((X - mean).T @ (X - mean)).double() / (len(X) - 1)
    Q = torch.linalg.qr(torch.randn(X.shape[1], k, dtype=torch.float64))[0]
    for _ in range(1000):
        Q, R = torch.linalg.qr(S @ Q)
    return mean, Q.T.float(), torch.diag(Q.T @ S @ Q).float()


# %% sum-of-outer-products exercise="pca_fit"
def pca_fit(X, k):
    mean = X.mean(0)
    S = sum(torch.outer(x - mean, x - mean) for x in X) / (len(X) - 1)
    values, vectors = torch.linalg.eigh(S)
    order = sorted(range(len(values)), key=lambda i: -values[i].item())[:k]
    return mean, torch.stack([vectors[:, i] for i in order]), torch.stack([values[i] for i in order])


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


# %% least-squares-and-sums exercise="pca_codes"
def pca_encode(X, mean, components):
    return torch.linalg.lstsq(components.T, (X - mean).T).solution.T


def pca_decode(Z, mean, components):
    return torch.stack([mean + sum(z[i] * components[i] for i in range(len(z))) for z in Z])


# %% broadcast-sum exercise="pca_codes"
def pca_encode(X, mean, components):
    return ((X - mean)[:, None, :] * components[None]).sum(-1)


def pca_decode(Z, mean, components):
    return mean[None] + (Z[:, :, None] * components[None]).sum(dim=1)


# %% mean-projected exercise="pca_codes"
def pca_encode(X, mean, components):
    return X @ components.T - mean @ components.T


def pca_decode(Z, mean, components):
    return (components.T @ Z.T).T + mean.expand(len(Z), -1)


# %% scikit-learn-transform exercise="pca_codes"
def pca_encode(X, mean, components):
    from sklearn.decomposition import PCA

    pca = PCA(len(components))
    pca.mean_, pca.components_, pca.n_components_ = mean.numpy(), components.numpy(), len(components)
    pca.explained_variance_ = None
    return torch.from_numpy(pca.transform(X.numpy()))


def pca_decode(Z, mean, components):
    import numpy as np

    return torch.tensor(np.dot(Z.numpy(), components.numpy()) + mean.numpy())


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


# %% bisect exercise="components_needed"
def components_needed(variances, share):
    import bisect
    from itertools import accumulate

    sums = list(accumulate(variances.double().tolist()))
    return bisect.bisect_left(sums, share * sums[-1]) + 1


# %% while-below-the-share exercise="components_needed"
def components_needed(variances, share):
    k, explained, total = 0, 0.0, variances.sum().item()
    while explained / total < share:
        explained += variances[k].item()
        k += 1
    return k


# %% what-is-left exercise="components_needed"
def components_needed(variances, share):
    left = variances.double().flip(0).cumsum(0).flip(0)
    return int((left > (1 - share) * left[0]).sum())


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


# %% pairwise-distance exercise="image_errors"
def image_errors(images, reconstructions):
    a, b = images.flatten(1), reconstructions.flatten(1)
    return nn.functional.pairwise_distance(a, b, eps=0) ** 2 / a.shape[1]


# %% sklearn-columns exercise="image_errors"
def image_errors(images, reconstructions):
    from sklearn.metrics import mean_squared_error

    a, b = images.flatten(1).numpy(), reconstructions.flatten(1).numpy()
    return torch.from_numpy(mean_squared_error(a.T, b.T, multioutput="raw_values"))


# %% batched-product exercise="image_errors"
def image_errors(images, reconstructions):
    d = (images - reconstructions).reshape(len(images), 1, -1)
    return torch.bmm(d, d.transpose(1, 2)).squeeze(-1).squeeze(-1) / d.shape[-1]


# %% training-pixel-error exercise="image_errors"
def image_errors(images, reconstructions):
    return torch.stack([training.pixel_error(b, a) for a, b in zip(images, reconstructions)])


# %% [markdown]
# ## train_small


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


# %% own-class-and-loader exercise="train_small"
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        return self.decoder(self.encoder(images.flatten(1))).view_as(images)


def train_small(images):
    model = SmallAutoencoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    loader = DataLoader(TensorDataset(images), batch_size=32, shuffle=True)
    for _ in range(25):
        for (x,) in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), x).backward()
            optimizer.step()
    return model.eval()


# %% random-flat-batches exercise="train_small"
def train_small(images):
    net = small()
    opt = torch.optim.NAdam(net.parameters(), lr=2e-3)
    x = images.flatten(1)
    for step in range(800):
        batch = x[torch.randint(len(x), (64,))]
        loss = nn.functional.binary_cross_entropy(net.sigmoid(net.decoder(net.encoder(batch))), batch)
        opt.zero_grad()
        loss.backward()
        opt.step()
    return net.requires_grad_(False)


# %% adamw-cosine exercise="train_small"
def train_small(images):
    model = small()
    training.fit(
        model,
        images,
        epochs=30,
        batch_size=20,
        optimizer=lambda p: torch.optim.AdamW(p, lr=3e-3, weight_decay=0.01),
        schedule=training.cosine,
        progress=False,
    )
    return model


# %% keeps-the-best-weights exercise="train_small"
def train_small(images):
    import copy

    net = small()
    held, seen = images[:100], images[100:]
    optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3)
    best, state = float("inf"), None
    for _ in range(25):
        for x in seen[torch.randperm(len(seen))].split(25):
            optimizer.zero_grad()
            nn.functional.mse_loss(net(x), x).backward()
            optimizer.step()
        with torch.no_grad():
            error = nn.functional.mse_loss(net(held), held).item()
        if error < best:
            best, state = error, copy.deepcopy(net.state_dict())
    net.load_state_dict(state)
    return net
