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
