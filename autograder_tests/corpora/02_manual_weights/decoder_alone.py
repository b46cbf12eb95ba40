# Answers to decoder_alone. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% from-0-to-1 patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return torch.rand(n, Z.shape[1], generator=generator)" keeps=0.7 hint="the codes are in [0, 1]"

# %% one-range-for-all patch="low, high = Z.amin(dim=0), Z.amax(dim=0) => low, high = Z.min(), Z.max()" keeps=0.7 hint="all columns have the same range"

# %% low-to-low-plus-high patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return low + high * torch.rand(n, Z.shape[1], generator=generator)" keeps=0.7 hint="from low to low + high"

# %% normal-for-uniform patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return Z.mean(dim=0) + Z.std(dim=0) * torch.randn(n, Z.shape[1], generator=generator)" keeps=0.7 hint="mean and spread of Z"

# %% one-random-number-for-a-row patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return low + (high - low) * torch.rand(n, 1, generator=generator)" keeps=0.9 hint="share the same noise"

# %% global-generator-for-codes patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return low + (high - low) * torch.rand(n, Z.shape[1])" keeps=0.9 hint="do not come from `generator`"

# %% decode-without-bias keeps=0.8 hint="bias in decode: none"
def sample_codes(Z, n, generator):
    low, high = Z.amin(dim=0), Z.amax(dim=0)
    return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)


def decode(W, Z):
    ones = torch.ones(len(Z), 1)
    H = torch.relu(Z @ W[2][:-1])
    return torch.tanh(H @ W[3][:-1])


# %% decode-without-relu patch="H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2]) => H = torch.cat([Z, ones], dim=1) @ W[2]" keeps=0.85 hint="hidden layer in decode: none"


# %% uniform-in-place
def sample_codes(Z, n, generator):
    codes = torch.empty(n, Z.shape[1])
    for j in range(Z.shape[1]):
        codes[:, j].uniform_(Z[:, j].min().item(), Z[:, j].max().item(), generator=generator)
    return codes


def decode(W, Z):
    x = Z
    for matrix, bend in ((W[-2], torch.relu), (W[-1], torch.tanh)):
        x = bend(torch.addmm(matrix[-1], x, matrix[:-1]))
    return x


# %% lerp-and-pad
def sample_codes(Z, n, generator):
    low, high = Z.min(dim=0).values, Z.max(dim=0).values
    t = torch.rand((Z.shape[1], n), generator=generator).T
    return torch.lerp(low.expand(n, -1), high.expand(n, -1), t)


@torch.no_grad()
def decode(W, Z):
    pad = torch.nn.ConstantPad1d((0, 1), 1.0)
    H = pad(Z).matmul(W[2])
    return torch.tanh(pad(torch.where(H > 0, H, torch.zeros_like(H))).matmul(W[3]))


# %% row-by-row
def sample_codes(Z, n, generator):
    low, high = Z.aminmax(dim=0)
    rows = [high - (high - low) * torch.rand(Z.shape[1], generator=generator) for _ in range(n)]
    return torch.stack(rows)


def decode(W, Z):
    one = torch.ones(1)
    images = []
    for z in Z:
        h = (torch.cat([z, one]) @ W[2]).relu()
        images.append((torch.cat([h, one]) @ W[3]).tanh())
    return torch.stack(images)


# %% mixed-from-both-ends
def sample_codes(Z, n, generator):
    r = torch.rand(n, Z.size(1), generator=generator)
    return r * Z.max(0).values + (1 - r) * Z.min(0).values


def decode(W, Z):
    H = torch.nn.functional.relu(Z @ W[2][:-1] + W[2][-1])
    return torch.nn.functional.tanh(H @ W[3][:-1] + W[3][-1])


# %% numpy-for-the-codes
def sample_codes(Z, n, generator):
    import numpy as np

    rng = np.random.default_rng(torch.randint(2**31, (1,), generator=generator).item())
    a = Z.numpy()
    return torch.from_numpy(rng.uniform(a.min(0), a.max(0), size=(n, a.shape[1])).astype("float32"))


def decode(W, Z):
    x = Z
    for M, f in zip(W[2:], (torch.relu, torch.tanh)):
        x = f(torch.nn.functional.linear(x, M[:-1].T, M[-1]))
    return x.detach()


# %% number-by-number
def sample_codes(Z, n, generator):
    low, high = Z.quantile(0, dim=0), Z.quantile(1, dim=0)
    codes = torch.zeros(n, Z.shape[1])
    for i in range(n):
        for j in range(Z.shape[1]):
            codes[i, j] = low[j] + (high[j] - low[j]) * torch.rand((), generator=generator)
    return codes


def decode(W, Z):
    W2, W3 = W[-2:]
    ones = torch.ones((Z.shape[0], 1), dtype=Z.dtype)
    H = torch.hstack((Z, ones)) @ W2
    H[H < 0] = 0
    return 2 * torch.sigmoid(2 * torch.hstack((H, ones)) @ W3) - 1


# %% centre-and-radius
def sample_codes(Z, n, generator):
    low, high = Z.amin(0), Z.amax(0)
    centre, radius = (low + high) / 2, (high - low) / 2
    return centre + radius * (2 * torch.rand(n, len(low), generator=generator) - 1)


def decode(W, Z):
    out = Z
    for k in (2, 3):
        out = torch.cat([out, torch.ones(out.shape[0], 1)], 1) @ W[k]
        out = out.relu() if k == 2 else out.tanh()
    return out


# %% column-by-column
def sample_codes(Z, n, generator):
    columns = []
    for column in Z.unbind(1):
        c = torch.empty(n).uniform_(float(column.min()), float(column.max()), generator=generator)
        columns.append(c)
    return torch.stack(columns, dim=-1)


def decode(W, Z):
    def ext(A):
        return torch.nn.functional.pad(A, (0, 1), mode="constant", value=1)

    with torch.inference_mode():
        return torch.tanh(torch.einsum("nh,hp->np", ext(torch.einsum("nd,dh->nh", ext(Z), W[2]).clamp_min(0)), W[3]))
