# Answers to pca_codes. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% encode-not-centred patch="return (X - mean) @ components.T => return X @ components.T" keeps=0.5 hint="the mean is not taken off"

# %% encode-own-mean patch="return (X - mean) @ components.T => return (X - X.mean(dim=0)) @ components.T" keeps=0.5 hint="X's own mean"

# %% encode-columns patch="return (X - mean) @ components.T => return components @ (X - mean).T" keeps=0.75 hint="each code is a column"

# %% encode-in-place keeps=0.8 hint="changes X in place"
def pca_encode(X, mean, components):
    X -= mean
    return X @ components.T


def pca_decode(Z, mean, components):
    return Z @ components + mean


# %% decode-without-mean patch="return Z @ components + mean => return Z @ components" keeps=0.5 hint="the mean is not added back"

# %% decode-columns patch="return Z @ components + mean => return components.T @ Z.T + mean[:, None]" keeps=0.75 hint="each image is a column"

# %% decode-transposed patch="return Z @ components + mean => return Z @ components.T + mean" keeps=0.5

# %% decode-missing patch="return Z @ components + mean => raise NotImplementedError(\"still to do\")" keeps=0.5 hint="complete the cell above first"


# %% einsum
def pca_encode(X, mean, components):
    return torch.einsum("np,kp->nk", X - mean, components)


def pca_decode(Z, mean, components):
    return torch.einsum("nk,kp->np", Z, components) + mean


# %% as-linear-layers
def pca_encode(X, mean, components):
    return nn.functional.linear(X, components, -components @ mean)


def pca_decode(Z, mean, components):
    return nn.functional.linear(Z, components.T, mean)


# %% image-by-image-and-least-squares
def pca_encode(X, mean, components):
    return torch.stack([components.mv(x - mean) for x in X])


def pca_decode(Z, mean, components):
    return torch.addmm(mean.expand(len(Z), -1), Z.double().float(), components)


# %% pseudo-inverse-in-double
def pca_encode(X, mean, components):
    return (X - mean).double() @ torch.linalg.pinv(components.double())


def pca_decode(Z, mean, components):
    return (Z.double() @ components.double() + mean.double()).float()


# %% least-squares-and-sums
def pca_encode(X, mean, components):
    return torch.linalg.lstsq(components.T, (X - mean).T).solution.T


def pca_decode(Z, mean, components):
    return torch.stack([mean + sum(z[i] * components[i] for i in range(len(z))) for z in Z])


# %% broadcast-sum
def pca_encode(X, mean, components):
    return ((X - mean)[:, None, :] * components[None]).sum(-1)


def pca_decode(Z, mean, components):
    return mean[None] + (Z[:, :, None] * components[None]).sum(dim=1)


# %% mean-projected
def pca_encode(X, mean, components):
    return X @ components.T - mean @ components.T


def pca_decode(Z, mean, components):
    return (components.T @ Z.T).T + mean.expand(len(Z), -1)


# %% scikit-learn-transform
def pca_encode(X, mean, components):
    from sklearn.decomposition import PCA

    pca = PCA(len(components))
    pca.mean_, pca.components_, pca.n_components_ = mean.numpy(), components.numpy(), len(components)
    pca.explained_variance_ = None
    return torch.from_numpy(pca.transform(X.numpy()))


def pca_decode(Z, mean, components):
    import numpy as np

    return torch.tensor(np.dot(Z.numpy(), components.numpy()) + mean.numpy())
