# Right answers by another way, which must lose nothing. Entries as in mistakes.py, without keeps and hint.

# %% [markdown]
# ## to_range

# %% centred-then-stretched exercise="to_range"
def to_range(images):
    return ((images - 0.5) / 0.5).reshape(len(images), -1)


# %% as-torchvision-does exercise="to_range"
def to_range(images):
    from torchvision.transforms import Normalize

    return Normalize((0.5,), (0.5,))(images).flatten(start_dim=1)


# %% by-lerp exercise="to_range"
def to_range(images):
    rows = images.view(images.shape[0], -1)
    return torch.lerp(torch.tensor(-1.0), torch.tensor(1.0), rows)


# %% image-by-image exercise="to_range"
def to_range(images):
    return torch.stack([image.ravel().double().mul(2).add(-1).float() for image in images])


# %% interp-of-numpy exercise="to_range"
def to_range(images):
    import numpy as np

    a = images.numpy().reshape(images.shape[0], -1)
    return torch.from_numpy(np.interp(a, [0, 1], [-1, 1]))


# %% written-into-a-copy exercise="to_range"
def to_range(images):
    out = images.clone().squeeze(1).flatten(1)
    out *= 2
    out -= 1
    return out


# %% row-by-row-of-pixels exercise="to_range"
def to_range(images):
    N, C, H, W = images.shape
    return torch.cat([images[:, 0, i, :] for i in range(H)], dim=1) * 2 - 1


# %% white-minus-black exercise="to_range"
def to_range(images):
    x = images.flatten(start_dim=1)
    return x - (1 - x)


# %% as-a-linear-layer exercise="to_range"
def to_range(images):
    x = images.reshape(images.shape[0], -1, 1)
    return torch.nn.functional.linear(x, torch.tensor([[2.0]]), torch.tensor([-1.0])).squeeze(-1)


# %% [markdown]
# ## get_random_batch


# %% multinomial exercise="get_random_batch"
def get_random_batch(X, size, generator):
    positions = torch.multinomial(torch.ones(len(X)), size, replacement=True, generator=generator)
    return X.index_select(0, positions)


# %% rounded-down exercise="get_random_batch"
def get_random_batch(X, size, generator):
    dice = torch.rand(size, generator=generator)
    return X[(dice * X.shape[0]).floor().long()]


# %% one-permutation-an-image exercise="get_random_batch"
def get_random_batch(X, size, generator):
    return torch.stack([X[torch.randperm(len(X), generator=generator)[0]] for _ in range(size)])


# %% by-a-sampler exercise="get_random_batch"
def get_random_batch(X, size, generator):
    from torch.utils.data import RandomSampler

    sampler = RandomSampler(X, replacement=True, num_samples=size, generator=generator)
    return X[list(sampler)]


# %% one-hot-times-X exercise="get_random_batch"
def get_random_batch(X, size, generator):
    i = torch.randint(high=X.shape[0], size=(size,), generator=generator)
    return torch.nn.functional.one_hot(i, len(X)).float() @ X


# %% gathered exercise="get_random_batch"
def get_random_batch(X, size, generator):
    i = torch.randint(0, len(X), (size, 1), generator=generator)
    return X.gather(0, i.expand(-1, X.shape[1]))


# %% numpy-seeded-by-the-generator exercise="get_random_batch"
def get_random_batch(X, size, generator):
    import numpy as np

    seed = int(torch.randint(2**31, (1,), generator=generator))
    return X[torch.from_numpy(np.random.default_rng(seed).integers(len(X), size=size))]


# %% bins exercise="get_random_batch"
def get_random_batch(X, size, generator):
    u = torch.rand(size, generator=generator)
    edges = torch.arange(1, len(X)) / len(X)
    return X[torch.bucketize(u, edges, right=True)]


# %% by-a-loader exercise="get_random_batch"
def get_random_batch(X, size, generator):
    from torch.utils.data import DataLoader, RandomSampler, TensorDataset

    drawn = RandomSampler(X, replacement=True, num_samples=size, generator=generator)
    loader = DataLoader(TensorDataset(X), batch_size=size, sampler=drawn, generator=generator)
    return next(iter(loader))[0]


# %% sorted-positions exercise="get_random_batch"
def get_random_batch(X, size, generator):
    positions, _ = torch.randint(len(X), (size,), generator=generator).sort()
    return torch.nn.functional.embedding(positions, X)


# %% exponential-race exercise="get_random_batch"
def get_random_batch(X, size, generator):
    return X[torch.empty(size, len(X)).exponential_(generator=generator).argmin(dim=1)]


# %% [markdown]
# ## init_parameters


# %% torch-normal exercise="init_parameters"
def init_parameters(sizes, generator):
    W = []
    for entering, leaving in zip(sizes[:-1], sizes[1:]):
        shape = (entering + 1, leaving)
        W.append(torch.normal(0.0, 0.01, shape, generator=generator, requires_grad=True))
    return W


# %% filled-in-place exercise="init_parameters"
def init_parameters(sizes, generator):
    W = [torch.empty(sizes[i] + 1, sizes[i + 1], requires_grad=True) for i in range(len(sizes) - 1)]
    with torch.no_grad():
        for matrix in W:
            matrix.normal_(0, 0.01, generator=generator)
    return W


# %% parameters-of-torch exercise="init_parameters"
def init_parameters(sizes, generator):
    made = []
    for n, m in pairwise(sizes):
        A = torch.randn(n, m, generator=generator)
        b = torch.randn(1, m, generator=generator)
        made.append(nn_parameter(torch.vstack([A, b]) / 100))
    return tuple(made)


def nn_parameter(tensor):
    return torch.nn.Parameter(tensor)


# %% detached-afterwards exercise="init_parameters"
def init_parameters(sizes, generator):
    W = [torch.randn((n + 1) * m, generator=generator).view(n + 1, m) * 1e-2 for n, m in pairwise(sizes)]
    return [M.detach().clone().requires_grad_(True) for M in W]


# %% one-draw-cut-up exercise="init_parameters"
def init_parameters(sizes, generator):
    shapes = [(n + 1, m) for n, m in pairwise(sizes)]
    big = torch.randn(sum(a * b for a, b in shapes), generator=generator) * 0.01
    parts = big.split([a * b for a, b in shapes])
    return [p.view(s).clone().requires_grad_() for p, s in zip(parts, shapes)]


# %% box-muller exercise="init_parameters"
def init_parameters(sizes, generator):
    W = []
    for n, m in pairwise(sizes):
        u = torch.rand(2, n + 1, m, generator=generator)
        z = torch.sqrt(-2 * torch.log(1 - u[0])) * torch.cos(2 * torch.pi * u[1])
        W.append((z * 0.01).requires_grad_(True))
    return W


# %% drawn-on-their-side exercise="init_parameters"
def init_parameters(sizes, generator):
    return [(torch.randn(m, n + 1, generator=generator) * 0.01).T.requires_grad_() for n, m in pairwise(sizes)]


# %% through-data exercise="init_parameters"
def init_parameters(sizes, generator):
    W = [torch.zeros(n + 1, m, requires_grad=True) for n, m in pairwise(sizes)]
    for M in W:
        M.data.normal_(0, 0.01, generator=generator)
    return W


# %% a-generator-for-each exercise="init_parameters"
def init_parameters(sizes, generator):
    W = []
    for n, m in pairwise(sizes):
        child = torch.Generator().manual_seed(torch.randint(2**40, (1,), generator=generator).item())
        W.append((torch.randn((n + 1, m), generator=child) / 100).requires_grad_())
    return W


# %% twelve-dice exercise="init_parameters"
def init_parameters(sizes, generator):
    dice = (torch.rand(12, n + 1, m, generator=generator).sum(0) - 6 for n, m in pairwise(sizes))
    return [(0.01 * M).requires_grad_() for M in dice]


# %% cut-far-out exercise="init_parameters"
def init_parameters(sizes, generator):
    W = [torch.nn.Parameter(torch.empty(n + 1, m)) for n, m in pairwise(sizes)]
    for M in W:
        torch.nn.init.trunc_normal_(M, 0.0, 0.01, generator=generator)
    return W


# %% [markdown]
# ## forward


# %% bias-added exercise="forward"
def forward(W, X, at_code):
    H = (X @ W[0][:-1] + W[0][-1]).clamp(min=0)
    Z = at_code(H @ W[1][:-1] + W[1][-1])
    H = (Z @ W[2][:-1] + W[2][-1]).clamp(min=0)
    return (H @ W[3][:-1] + W[3][-1]).tanh(), Z


# %% in-a-loop exercise="forward"
def forward(W, X, at_code):
    bends = [torch.nn.functional.relu, at_code, torch.nn.functional.relu, torch.tanh]
    outputs = [X]
    for matrix, bend in zip(W, bends):
        padded = torch.nn.functional.pad(outputs[-1], (0, 1), value=1.0)
        outputs.append(bend(padded.mm(matrix)))
    return outputs[4], outputs[2]


# %% linear-of-torch exercise="forward"
def forward(W, X, at_code):
    def layer(x, M):
        return torch.nn.functional.linear(x, M[:-1].T, M[-1])

    Z = at_code(layer(layer(X, W[0]).relu(), W[1]))
    return [layer(layer(Z, W[2]).relu(), W[3]).tanh(), Z]


# %% einsum-in-double exercise="forward"
def forward(W, X, at_code):
    W = [M.double() for M in W]
    ones = X.new_ones(X.shape[0], 1).double()

    def layer(x, M):
        return torch.einsum("np,pm->nm", torch.hstack([x, ones]), M)

    Z = at_code(layer(torch.relu(layer(X.double(), W[0])), W[1]))
    u = layer(torch.relu(layer(Z, W[2])), W[3])
    return (2 / (1 + torch.exp(-2 * u)) - 1).float(), Z.float()


# %% images-as-columns exercise="forward"
def forward(W, X, at_code):
    def layer(x, M):
        x = torch.vstack([x.T, torch.ones(1, x.shape[0])])
        return (M.T @ x).T

    H = torch.where((u := layer(X, W[0])) > 0, u, 0.0)
    Z = at_code(layer(H, W[1]))
    u = layer(Z, W[2])
    H = u * (u > 0)
    return layer(H, W[3]).tanh(), Z


# %% image-by-image-forward exercise="forward"
def forward(W, X, at_code):
    one = torch.ones(1)
    codes, outs = [], []
    for x in X:
        h = torch.relu(torch.cat([x, one]) @ W[0])
        codes.append(torch.cat([h, one]) @ W[1])
    Z = at_code(torch.stack(codes))
    for z in Z:
        h = torch.relu(torch.cat([z, one]) @ W[2])
        outs.append(torch.tanh(torch.cat([h, one]) @ W[3]))
    return torch.stack(outs), Z


# %% split-and-tensordot exercise="forward"
def forward(W, X, at_code):
    A = [M.split([len(M) - 1, 1]) for M in W]
    x, Z = X, None
    for k, (M, b) in enumerate(A):
        x = torch.tensordot(x, M, dims=1) + b
        if k == 1:
            x = Z = at_code(x)
        elif k < 3:
            x = torch.nn.ReLU()(x)
    return torch.nn.Tanh()(x), Z


# %% bends-in-place exercise="forward"
def forward(W, X, at_code):
    def L(x, M):
        return torch.cat((x, x.new_ones((x.size(0), 1))), 1).mm(M)

    H = torch.nn.functional.relu(L(X, W[0]), inplace=True)
    Z = at_code(L(H, W[1]))
    H = L(Z, W[2]).relu_()
    return L(H, W[3]).tanh_(), Z


# %% code-handed-out-detached exercise="forward"
def forward(W, X, at_code):
    def L(x, M):
        return torch.cat((x, torch.ones_like(x[:, :1])), -1) @ M

    Z = at_code(L(torch.relu(L(X, W[0])), W[1]))
    return torch.tanh(L(torch.relu(L(Z, W[2])), W[3])), Z.detach()


# %% [markdown]
# ## train_by_hand


# %% mse-of-torch exercise="train_by_hand"
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = torch.zeros(iterations)
    for i in range(iterations):
        batch = draw()
        optimizer.zero_grad(set_to_none=False)
        loss = torch.nn.functional.mse_loss(network(W, batch)[0], batch)
        loss.backward()
        optimizer.step()
        losses[i] = loss.detach()
    return losses


# %% emptied-after-the-step exercise="train_by_hand"
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    optimizer.zero_grad()
    while len(losses) < iterations:
        X = draw()
        loss = ((network(W, X)[0] - X) ** 2).sum() / X.numel()
        losses.append(float(loss))
        loss.backward()
        optimizer.step()
        for matrix in W:
            matrix.grad = None
    return losses


# %% gradients-put-in-by-hand exercise="train_by_hand"
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        X = draw()
        per_image = torch.stack([(a - b).pow(2).mean() for a, b in zip(network(W, X)[0], X)])
        for matrix, gradient in zip(W, torch.autograd.grad(per_image.mean(), W)):
            matrix.grad = gradient
        optimizer.step()
        losses.append(per_image.mean().item())
    return losses


# %% all-batches-first exercise="train_by_hand"
def train_by_hand(network, W, draw, optimizer, iterations):
    def closure(X):
        optimizer.zero_grad()
        loss = (X - network(W, X)[0]).square().mean()
        loss.backward()
        return loss

    batches = [draw() for _ in range(iterations)]
    return [optimizer.step(lambda X=X: closure(X)).item() for X in batches]


# %% norm-of-the-difference exercise="train_by_hand"
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        X = draw()
        D = network(W, X)[0] - X
        loss = torch.linalg.norm(D) ** 2 / D.numel()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return losses


# %% gradients-image-by-image exercise="train_by_hand"
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        optimizer.zero_grad()
        X = draw()
        R = network(W, X)[0]
        for r, x in zip(R, X):
            ((r - x) ** 2).mean().div(len(X)).backward(retain_graph=True)
        with torch.no_grad():
            losses.append(float((R - X).pow(2).mean()))
        optimizer.step()
    return losses


# %% backward-from-the-output exercise="train_by_hand"
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        X = draw()
        R = network(W, X)[0]
        G = 2 * (R.detach() - X) / X.numel()
        optimizer.zero_grad()
        R.backward(G)
        optimizer.step()
        losses.append((R.detach() - X).square().mean().item())
    return losses


# %% losses-in-numpy exercise="train_by_hand"
def train_by_hand(network, W, draw, optimizer, iterations):
    import numpy as np

    losses = np.empty(iterations)
    for i in range(iterations):
        X = draw()
        X_hat, _ = network(W, X)
        loss = ((X_hat - X) ** 2).mean(1).mean(0)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses[i] = loss.item()
    return losses


# %% draws-ahead exercise="train_by_hand"
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    X = draw()
    for i in range(iterations):
        L = torch.dist(network(W, X)[0], X).square() / X.numel()
        optimizer.zero_grad()
        L.backward()
        optimizer.step()
        losses.append(L.item())
        if i + 1 < iterations:
            X = draw()
    return losses


# %% [markdown]
# ## dead_codes


# %% compared-with-the-first exercise="dead_codes"
def dead_codes(Z):
    return (Z == Z[0]).all(dim=0)


# %% tiny-spread exercise="dead_codes"
def dead_codes(Z):
    return Z.double().std(dim=0) < 1e-9


# %% how-many-different exercise="dead_codes"
def dead_codes(Z):
    return torch.tensor([len(column.unique()) == 1 for column in Z.T])


# %% by-the-library exercise="dead_codes"
def dead_codes(Z):
    return torch.tensor([metrics.dead_units(Z[:, [j]]) == 1 for j in range(Z.shape[1])])


# %% no-variance exercise="dead_codes"
def dead_codes(Z):
    return Z.var(dim=0) == 0


# %% spread-below-a-millionth exercise="dead_codes"
def dead_codes(Z):
    return Z.std(dim=0) < 1e-6


# %% no-difference-to-the-next exercise="dead_codes"
def dead_codes(Z):
    return ~torch.any(torch.diff(Z, dim=0) != 0, dim=0)


# %% sorted-ends exercise="dead_codes"
def dead_codes(Z):
    S = Z.sort(dim=0).values
    return S[0] == S[-1]


# %% largest-where-the-smallest-is exercise="dead_codes"
def dead_codes(Z):
    return Z.argmax(dim=0) == Z.argmin(dim=0)


# %% nothing-left-without-the-first exercise="dead_codes"
def dead_codes(Z):
    return (Z - Z[0]).abs().sum(dim=0) == 0


# %% [markdown]
# ## decoder_alone


# %% uniform-in-place exercise="decoder_alone"
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


# %% lerp-and-pad exercise="decoder_alone"
def sample_codes(Z, n, generator):
    low, high = Z.min(dim=0).values, Z.max(dim=0).values
    t = torch.rand((Z.shape[1], n), generator=generator).T
    return torch.lerp(low.expand(n, -1), high.expand(n, -1), t)


@torch.no_grad()
def decode(W, Z):
    pad = torch.nn.ConstantPad1d((0, 1), 1.0)
    H = pad(Z).matmul(W[2])
    return torch.tanh(pad(torch.where(H > 0, H, torch.zeros_like(H))).matmul(W[3]))


# %% row-by-row exercise="decoder_alone"
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


# %% mixed-from-both-ends exercise="decoder_alone"
def sample_codes(Z, n, generator):
    r = torch.rand(n, Z.size(1), generator=generator)
    return r * Z.max(0).values + (1 - r) * Z.min(0).values


def decode(W, Z):
    H = torch.nn.functional.relu(Z @ W[2][:-1] + W[2][-1])
    return torch.nn.functional.tanh(H @ W[3][:-1] + W[3][-1])


# %% numpy-for-the-codes exercise="decoder_alone"
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


# %% number-by-number exercise="decoder_alone"
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


# %% centre-and-radius exercise="decoder_alone"
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


# %% column-by-column exercise="decoder_alone"
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


# %% [markdown]
# ## cross_entropy


# %% logsumexp exercise="cross_entropy"
def softmax(logits):
    return (logits - torch.logsumexp(logits, dim=1, keepdim=True)).exp()


def cross_entropy(logits, targets):
    return (torch.logsumexp(logits, dim=1) - (logits * targets).sum(dim=1)).mean()


# %% label-picked exercise="cross_entropy"
def softmax(logits):
    largest, _ = logits.max(dim=1)
    e = torch.e ** (logits - largest[:, None])
    return e / e.sum(dim=1)[:, None]


def cross_entropy(logits, targets):
    label = targets.argmax(dim=1)
    m = logits.max(dim=1).values
    total = torch.log(torch.exp(logits - m[:, None]).sum(dim=1)) + m
    return (total - logits[torch.arange(len(logits)), label]).sum() / len(logits)


# %% torch-itself exercise="cross_entropy"
def softmax(logits):
    return torch.softmax(logits, dim=1)


def cross_entropy(logits, targets):
    return torch.nn.functional.cross_entropy(logits, targets)


# %% in-double-and-row-by-row exercise="cross_entropy"
def softmax(logits):
    rows = []
    for row in logits.double():
        powers = (row - row.max()).exp()
        rows.append(powers / powers.sum())
    return torch.stack(rows).float()


def cross_entropy(logits, targets):
    total = 0
    for u, y in zip(logits, targets):
        right = u[y.bool()]
        total = total + (u - right).logsumexp(0)
    return total / len(logits)


# %% maximum-without-history exercise="cross_entropy"
def softmax(logits):
    m = logits.max(dim=-1, keepdim=True).values.detach()
    e = (logits - m).exp()
    return e.div(e.sum(-1, keepdim=True))


def cross_entropy(logits, targets):
    m = logits.detach().max(dim=1, keepdim=True)[0]
    logZ = m.squeeze(1) + (logits - m).exp().sum(1).log()
    return torch.mean(logZ - torch.einsum("nk,nk->n", logits, targets))


# %% masked exercise="cross_entropy"
def softmax(logits):
    return torch.exp(torch.log_softmax(logits, dim=1))


def cross_entropy(logits, targets):
    s = logits - logits.max(1).values.unsqueeze(1)
    log_p = s - torch.log(torch.sum(torch.exp(s), 1)).unsqueeze(1)
    return -log_p[targets == 1].mean()


# %% logaddexp exercise="cross_entropy"
def softmax(logits):
    total = logits[:, 0]
    for k in range(1, logits.shape[1]):
        total = torch.logaddexp(total, logits[:, k])
    return (logits - total[:, None]).exp()


def cross_entropy(logits, targets):
    total = logits[:, 0]
    for k in range(1, logits.shape[1]):
        total = torch.logaddexp(total, logits[:, k])
    return (total - (targets * logits).sum(1)).mean()


# %% differences-of-logits exercise="cross_entropy"
def softmax(logits):
    # 1 / sum of exp of differences
    return 1 / (logits[:, None, :] - logits[:, :, None]).exp().sum(dim=2)


def cross_entropy(logits, targets):
    return -(targets * (logits - logits.logsumexp(dim=1, keepdim=True))).sum() / logits.size(0)


# %% in-place-on-a-copy exercise="cross_entropy"
def softmax(logits):
    z = logits.clone()
    z -= z.amax(1, keepdim=True)
    z.exp_()
    z /= z.sum(1, keepdim=True)
    return z


def cross_entropy(logits, targets):
    rows = torch.arange(targets.shape[0])
    y = targets.nonzero()[:, 1]
    u = logits - logits[rows, y][:, None]
    m = u.max(1).values
    return (m + (u - m[:, None]).exp().sum(1).log()).mean()


# %% trace exercise="cross_entropy"
def softmax(logits):
    return (logits - logits.logsumexp(1, True)).exp()


def cross_entropy(logits, targets):
    log_p = logits - torch.logsumexp(logits, 1, keepdim=True)
    return -torch.trace(targets @ log_p.T) / len(targets)
