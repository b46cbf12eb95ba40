# Answers to pca_fit. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% not-centred patch="centred = X - mean => centred = X" keeps=0.5 hint="these are the directions of X itself"

# %% smallest-first keeps=0.5 hint="these directions have the least variance"
def pca_fit(X, k):
    mean = X.mean(dim=0)
    centred = X - mean
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    components = eigenvectors[:, :k].T
    return mean, components, eigenvalues[:k]


# %% only-eigenvalues-flipped patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors[:, :k].T" keeps=0.5 hint="these directions have the least variance"

# %% rows-of-eigenvectors patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors.flip(1)[:k]" keeps=0.5 hint="these are rows of the matrix that eigh returns"


# %% components-as-columns patch="components = eigenvectors.flip(1)[:, :k].T => components = eigenvectors.flip(1)[:, :k]" keeps=0.75 hint="each component is a column"


# %% all-of-them keeps=0.5 hint="the first k are asked for"
def pca_fit(X, k):
    mean = X.mean(dim=0)
    centred = X - mean
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    return mean, eigenvectors.flip(1).T, eigenvalues.flip(0)


# %% divides-by-n patch="covariance = centred.T @ centred / (len(X) - 1) => covariance = centred.T @ centred / len(X)" keeps=0.875 hint="the variances divide by n"


# %% singular-values keeps=0.75 hint="these are singular values"
def pca_fit(X, k):
    mean = X.mean(dim=0)
    _, s, Vh = torch.linalg.svd(X - mean, full_matrices=False)
    return mean, Vh[:k], s[:k]


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
