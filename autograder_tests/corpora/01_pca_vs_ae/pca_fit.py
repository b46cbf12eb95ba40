# Answers to pca_fit. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% not-centred patch="centred = X - mean => centred = X" keeps=0.25

# %% smallest-first keeps=0.25
def pca_fit(X, k):
    mean = X.mean(dim=0)
    centred = X - mean
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    components = eigenvectors[:, :k].T
    return mean, components, eigenvalues[:k]


# %% only-eigenvalues-flipped patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors[:, :k].T" keeps=0.5


# %% last-k-unsorted keeps=0.25
def pca_fit(X, k):
    mean = X.mean(dim=0)
    centred = X - mean
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    components = eigenvectors[:, -k:].T
    return mean, components, eigenvalues[-k:]


# %% rows-of-eigenvectors patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors.flip(1)[:k]" keeps=0.5

# %% last-rows-of-eigenvectors patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors.flip(0)[:k]" keeps=0.5

# %% components-as-columns patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors.flip(1)[:, :k]" keeps=0.5


# %% all-of-them keeps=0.25
def pca_fit(X, k):
    mean = X.mean(dim=0)
    centred = X - mean
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    return mean, eigenvectors.flip(1).T, eigenvalues.flip(0)


# %% divides-by-n patch="covariance = centred.T @ centred / (len(X) - 1) => covariance = centred.T @ centred / len(X)" keeps=0.75

# %% never-divides patch="covariance = centred.T @ centred / (len(X) - 1) => covariance = centred.T @ centred" keeps=0.75


# %% singular-values keeps=0.75
def pca_fit(X, k):
    mean = X.mean(dim=0)
    _, s, Vh = torch.linalg.svd(X - mean, full_matrices=False)
    return mean, Vh[:k], s[:k]


# %% standard-deviations patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, eigenvalues.flip(0)[:k].sqrt()" keeps=0.75

# %% shares-of-the-variance patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, eigenvalues.flip(0)[:k] / eigenvalues.sum()" keeps=0.75

# %% variances-of-pixels patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, X.var(dim=0).sort(descending=True).values[:k]" keeps=0.75

# %% row-means patch="mean = X.mean(dim=0) => mean = X.mean(dim=1, keepdim=True)" keeps=0

# %% one-mean-for-all patch="mean = X.mean(dim=0) => mean = X.mean()" keeps=0

# %% standardised patch="centred = X - mean => centred = (X - mean) / X.std(dim=0)" keeps=0.25

# %% covariance-of-images patch="covariance = centred.T @ centred / (len(X) - 1) => covariance = centred @ centred.T / (len(X) - 1)" keeps=0.5

# %% scaled-components patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components * eigenvalues.flip(0)[:k, None].sqrt(), eigenvalues.flip(0)[:k]" keeps=0.5

# %% signs-lost patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors.flip(1)[:, :k].T.abs()" keeps=0.5


# %% centres-in-place keeps=0.8
def pca_fit(X, k):
    mean = X.mean(dim=0)
    X -= mean
    centred = X
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    components = eigenvectors.flip(1)[:, :k].T
    return mean, components, eigenvalues.flip(0)[:k]


# %% forgets-the-mean patch="return mean, components, eigenvalues.flip(0)[:k] => return components, eigenvalues.flip(0)[:k]" keeps=0


# %% in-numpy keeps=0
def pca_fit(X, k):
    import numpy as np

    X = X.numpy()
    mean = X.mean(axis=0)
    _, s, Vh = np.linalg.svd(X - mean, full_matrices=False)
    return mean, Vh[:k], s[:k] ** 2 / (len(X) - 1)


# %% mean-after-centring keeps=0.75
def pca_fit(X, k):
    centred = X - X.mean(dim=0)
    mean = centred.mean(dim=0)
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    components = eigenvectors.flip(1)[:, :k].T
    return mean, components, eigenvalues.flip(0)[:k]


# %% median patch="mean = X.mean(dim=0) => mean = X.median(dim=0).values" keeps=0


# %% eig-not-sorted keeps=0.8
def pca_fit(X, k):
    mean = X.mean(dim=0)
    centred = X - mean
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eig(covariance)
    return mean, eigenvectors.real[:, :k].T, eigenvalues.real[:k]


# %% squeezes-one-component patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors.flip(1)[:, :k].T.squeeze()" keeps=0.8

# %% flips-the-entries patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors.flip(0)[:, :k].T" keeps=0.5

# %% begins-with-the-second patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors.flip(1)[:, 1:k + 1].T" keeps=0.5

# %% cuts-before-the-flip patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, eigenvalues[:k].flip(0)" keeps=0.75

# %% divides-by-columns patch="covariance = centred.T @ centred / (len(X) - 1) => covariance = centred.T @ centred / (X.shape[1] - 1)" keeps=0.75


# %% singular-values-not-squared keeps=0.75
def pca_fit(X, k):
    mean = X.mean(dim=0)
    _, s, Vh = torch.linalg.svd(X - mean, full_matrices=False)
    return mean, Vh[:k], s[:k] / (len(X) - 1)


# %% eigenvalues-squared patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, eigenvalues.flip(0)[:k].square()" keeps=0.75


# %% as-if-singular-values-of-X keeps=0.75
def pca_fit(X, k):
    mean = X.mean(dim=0)
    _, s, Vh = torch.linalg.svd(torch.cov(X.T))
    return mean, Vh[:k], s[:k] ** 2 / (len(X) - 1)


# %% running-sums patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, eigenvalues.flip(0)[:k].cumsum(0)" keeps=0.75

# %% whitened-components patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components / eigenvalues.flip(0)[:k, None].sqrt(), eigenvalues.flip(0)[:k]" keeps=0.5

# %% returns-the-covariance-too patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, components, eigenvalues.flip(0)[:k], covariance" keeps=0

# %% variances-before-components patch="return mean, components, eigenvalues.flip(0)[:k] => return mean, eigenvalues.flip(0)[:k], components" keeps=0


# %% six-directions-at-most keeps=0.8
def pca_fit(X, k):
    _, s, V = torch.pca_lowrank(X)
    return X.mean(dim=0), V[:, :k].T, s[:k] ** 2 / (len(X) - 1)


# %% sixty-images-always patch="covariance = centred.T @ centred / (len(X) - 1) => covariance = centred.T @ centred / 59" keeps=0.8


# %% complex-numbers keeps=0
def pca_fit(X, k):
    mean = X.mean(dim=0)
    centred = X - mean
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eig(covariance)
    order = eigenvalues.real.argsort(descending=True)[:k]
    return mean, eigenvectors[:, order].T, eigenvalues[order]


# %% cuts-components-before-the-flip patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors[:, :k].flip(1).T" keeps=0.5


# %% singular-value-decomposition
def pca_fit(X, k):
    mean = X.mean(dim=0, keepdim=True)
    _, s, Vh = torch.linalg.svd(X - mean, full_matrices=False)
    return mean, Vh[:k], s[:k].square() / (len(X) - 1)


# %% lowrank-with-all-of-it
def pca_fit(X, k):
    _, s, V = torch.pca_lowrank(X, q=min(X.shape))
    return X.mean(dim=0), V[:, :k].T, s[:k] ** 2 / (X.shape[0] - 1)


# %% torch-cov-and-argsort
def pca_fit(X, k):
    eigenvalues, eigenvectors = torch.linalg.eigh(torch.cov(X.T))
    order = eigenvalues.argsort(descending=True)[:k]
    return X.mean(dim=0), eigenvectors[:, order].T, eigenvalues[order]


# %% in-double-precision
def pca_fit(X, k):
    X = X.double()
    mean = X.mean(dim=0)
    covariance = torch.einsum("ni,nj->ij", X - mean, X - mean) / (X.shape[0] - 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    return mean, -eigenvectors.T.flip(0)[:k], eigenvalues.flip(0)[:k]


# %% general-eigenvectors
def pca_fit(X, k):
    mean = X.sum(dim=0) / len(X)
    centred = X - mean
    eigenvalues, eigenvectors = torch.linalg.eig(centred.T @ centred / (len(X) - 1))
    eigenvalues, order = eigenvalues.real.sort(descending=True)
    return mean, eigenvectors.real[:, order[:k]].T, eigenvalues[:k]


# %% power-iteration
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


# %% by-scikit-learn
def pca_fit(X, k):
    from sklearn.decomposition import PCA

    pca = PCA(k).fit(X.numpy())
    return torch.tensor(pca.mean_), torch.tensor(pca.components_), torch.tensor(pca.explained_variance_)


# %% svd-of-transposed
def pca_fit(X, k):
    mean = X.mean(0)
    U, s, _ = torch.linalg.svd((X - mean).T, full_matrices=False)
    return mean, U[:, :k].T, s[:k] ** 2 / (len(X) - 1)


# %% gram-matrix
def pca_fit(X, k):
    mean = X.mean(0)
    A = X - mean
    values, vectors = torch.linalg.eigh(A @ A.T)
    C = (A.T @ vectors[:, -k:]).flip(1).T
    return mean, C / C.norm(dim=1, keepdim=True), values[-k:].flip(0) / (len(X) - 1)


# %% topk
def pca_fit(X, k):
    mean = X.mean(0)
    values, vectors = torch.linalg.eigh((X - mean).T @ (X - mean) / (len(X) - 1))
    top, where = values.topk(k)
    return mean, vectors.index_select(1, where).T, top


# %% scipy-subset
def pca_fit(X, k):
    from scipy.linalg import eigh
    import numpy as np

    P = X.shape[1]
    values, vectors = eigh(np.cov(X.T), subset_by_index=[P - k, P - 1])
    return X.mean(0), torch.tensor(vectors[:, ::-1].T.copy()), torch.tensor(values[::-1].copy())


# %% scipy-sparse
def pca_fit(X, k):
    from scipy.sparse.linalg import svds
    import numpy as np

    mean = X.mean(0)
    _, s, Vt = svds((X - mean).numpy().astype(np.float64), k=k)
    order = s.argsort()[::-1]
    return mean, torch.tensor(Vt[order]), torch.tensor(s[order] ** 2 / (len(X) - 1))


# %% sklearn-randomised
def pca_fit(X, k):
    from sklearn.decomposition import PCA

    pca = PCA(k, svd_solver="randomized", random_state=0).fit(X)
    return tuple(torch.tensor(a) for a in (pca.mean_, pca.components_, pca.explained_variance_))


# %% lobpcg
def pca_fit(X, k):
    S = torch.cov(X.T)
    values, vectors = torch.lobpcg(S, k=k, largest=True, niter=200, tol=1e-6)
    return X.mean(0), vectors.T, values


# %% orthogonal-iteration
def pca_fit(X, k):
    mean = X.mean(0)
    S = ((X - mean).T @ (X - mean)).double() / (len(X) - 1)
    Q = torch.linalg.qr(torch.randn(X.shape[1], k, dtype=torch.float64))[0]
    for _ in range(1000):
        Q, R = torch.linalg.qr(S @ Q)
    return mean, Q.T.float(), torch.diag(Q.T @ S @ Q).float()


# %% sum-of-outer-products
def pca_fit(X, k):
    mean = X.mean(0)
    S = sum(torch.outer(x - mean, x - mean) for x in X) / (len(X) - 1)
    values, vectors = torch.linalg.eigh(S)
    order = sorted(range(len(values)), key=lambda i: -values[i].item())[:k]
    return mean, torch.stack([vectors[:, i] for i in order]), torch.stack([values[i] for i in order])
