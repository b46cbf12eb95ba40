# Answers to pca_codes. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% encode-not-centred patch="return (X - mean) @ components.T => return X @ components.T" keeps=0.5

# %% encode-own-mean patch="return (X - mean) @ components.T => return (X - X.mean(dim=0)) @ components.T" keeps=0.5

# %% encode-row-means patch="return (X - mean) @ components.T => return (X - X.mean(dim=1, keepdim=True)) @ components.T" keeps=0.5

# %% encode-adds-the-mean patch="return (X - mean) @ components.T => return (X + mean) @ components.T" keeps=0.5

# %% encode-mean-minus-image patch="return (X - mean) @ components.T => return (mean - X) @ components.T" keeps=0.5

# %% encode-goes-all-the-way patch="return (X - mean) @ components.T => return (X - mean) @ components.T @ components" keeps=0.5

# %% encode-columns patch="return (X - mean) @ components.T => return components @ (X - mean).T" keeps=0.5

# %% encode-whitened keeps=0.5
def pca_encode(X, mean, components):
    Z = (X - mean) @ components.T
    return Z / Z.std(dim=0)


def pca_decode(Z, mean, components):
    return Z @ components + mean


# %% encode-in-place keeps=0.6667
def pca_encode(X, mean, components):
    X -= mean
    return X @ components.T


def pca_decode(Z, mean, components):
    return Z @ components + mean


# %% decode-without-mean patch="return Z @ components + mean => return Z @ components" keeps=0.5

# %% decode-minus-mean patch="return Z @ components + mean => return Z @ components - mean" keeps=0.5

# %% decode-clamped patch="return Z @ components + mean => return (Z @ components + mean).clamp(0, 1)" keeps=0.5

# %% decode-columns patch="return Z @ components + mean => return components.T @ Z.T + mean[:, None]" keeps=0.5

# %% decode-transposed patch="return Z @ components + mean => return Z @ components.T + mean" keeps=0.5

# %% decode-code-means patch="return Z @ components + mean => return Z @ components + Z.mean(dim=1, keepdim=True)" keeps=0.5

# %% decode-missing patch="return Z @ components + mean => raise NotImplementedError(\"still to do\")" keeps=0.5

# %% encode-one-number-off patch="return (X - mean) @ components.T => return (X - mean.mean()) @ components.T" keeps=0.5

# %% encode-mean-of-all-numbers patch="return (X - mean) @ components.T => return (X - X.mean()) @ components.T" keeps=0.5

# %% encode-divided-by-n patch="return (X - mean) @ components.T => return (X - mean) @ components.T / len(X)" keeps=0.5

# %% encode-relu patch="return (X - mean) @ components.T => return ((X - mean) @ components.T).relu()" keeps=0.5

# %% encode-squeezed patch="return (X - mean) @ components.T => return ((X - mean) @ components.T).squeeze()" keeps=0.8

# %% decode-squeezed patch="return Z @ components + mean => return (Z @ components + mean).squeeze()" keeps=0.8


# %% decode-stretched keeps=0.5
def pca_encode(X, mean, components):
    return (X - mean) @ components.T


def pca_decode(Z, mean, components):
    X = Z @ components + mean
    return (X - X.min()) / (X.max() - X.min())


# %% decode-sigmoid patch="return Z @ components + mean => return torch.sigmoid(Z @ components + mean)" keeps=0.5

# %% decode-mean-projected patch="return Z @ components + mean => return (Z + mean @ components.T) @ components" keeps=0.5

# %% decode-one-number-added patch="return Z @ components + mean => return Z @ components + mean.mean()" keeps=0.5

# %% encode-two-codes-always patch="return (X - mean) @ components.T => return (X - mean) @ components[:2].T" keeps=0.8

# %% decode-two-codes-always patch="return Z @ components + mean => return Z[:, :2] @ components[:2] + mean" keeps=0.8

# %% encode-reshaped patch="return (X - mean) @ components.T => return (X - mean) @ components.reshape(X.shape[1], -1)" keeps=0.5


# %% encode-turns-the-mean-in-place keeps=0.6667
def pca_encode(X, mean, components):
    mean *= -1
    return (X + mean) @ components.T


def pca_decode(Z, mean, components):
    return Z @ components + mean


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
