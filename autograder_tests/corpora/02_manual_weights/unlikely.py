# Rare answers of lab 02 that lose points all the same. An entry is a whole cell, or patch="old => new" on the reference of
# its exercise. keeps: the share that is left at the most.

# %% zeros-for-ones exercise="forward" patch="ones = torch.ones(len(X), 1) => ones = torch.zeros(len(X), 1)" keeps=0.9

# %% bias-in-the-first-layer-only exercise="forward" keeps=0.9
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = torch.relu(layer(X, W[0]))
    Z = at_code(H @ W[1][:-1])
    H = torch.relu(Z @ W[2][:-1])
    return torch.tanh(H @ W[3][:-1]), Z


# %% no-relu-in-the-encoder exercise="forward" patch="H = torch.relu(layer(X, W[0])) => H = layer(X, W[0])" keeps=0.9


# %% tanh-inside exercise="forward" keeps=0.9
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = torch.tanh(layer(X, W[0]))
    Z = at_code(layer(H, W[1]))
    H = torch.tanh(layer(Z, W[2]))
    return torch.tanh(layer(H, W[3])), Z


# %% sigmoid-output exercise="forward" patch="return torch.tanh(layer(H, W[3])), Z => return torch.sigmoid(layer(H, W[3])), Z" keeps=0.95

# %% relu-output exercise="forward" patch="return torch.tanh(layer(H, W[3])), Z => return torch.relu(layer(H, W[3])), Z" keeps=0.95

# %% clamped-output exercise="forward" patch="return torch.tanh(layer(H, W[3])), Z => return layer(H, W[3]).clamp(-1, 1), Z" keeps=0.95

# %% relu-at-the-code exercise="forward" patch="Z = at_code(layer(H, W[1])) => Z = torch.relu(layer(H, W[1]))" keeps=0.9

# %% code-with-its-ones exercise="forward" patch="return torch.tanh(layer(H, W[3])), Z => return torch.tanh(layer(H, W[3])), torch.cat([Z, torch.ones(len(Z), 1)], dim=1)" keeps=0.9


# %% hidden-for-code exercise="forward" keeps=0.9
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = torch.relu(layer(X, W[0]))
    Z = at_code(layer(H, W[1]))
    return torch.tanh(layer(torch.relu(layer(Z, W[2])), W[3])), H


# %% detached-code exercise="forward" patch="Z = at_code(layer(H, W[1])) => Z = at_code(layer(H, W[1])).detach()" keeps=0.95

# %% code-without-its-one exercise="forward" patch="H = torch.relu(layer(Z, W[2])) => H = torch.relu(Z @ W[2][:-1])" keeps=0.9


# %% decoder-without-bias exercise="forward" keeps=0.9
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = torch.relu(layer(X, W[0]))
    Z = at_code(layer(H, W[1]))
    H = torch.relu(Z @ W[2][:-1])
    return torch.tanh(H @ W[3][:-1]), Z


# %% last-layer-without-bias exercise="forward" patch="return torch.tanh(layer(H, W[3])), Z => return torch.tanh(H @ W[3][:-1]), Z" keeps=0.9

# %% pixels-from-0-to-1 exercise="forward" patch="return torch.tanh(layer(H, W[3])), Z => return (torch.tanh(layer(H, W[3])) + 1) / 2, Z" keeps=0.95

# %% relu-before-tanh exercise="forward" patch="return torch.tanh(layer(H, W[3])), Z => return torch.tanh(torch.relu(layer(H, W[3]))), Z" keeps=0.95

# %% at-code-twice exercise="forward" patch="H = torch.relu(layer(Z, W[2])) => H = torch.relu(layer(at_code(Z), W[2]))" keeps=0.9


# %% at-code-in-the-wrong-place exercise="forward" keeps=0.9
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = at_code(layer(X, W[0]))
    Z = layer(H, W[1])
    H = torch.relu(layer(Z, W[2]))
    return torch.tanh(layer(H, W[3])), Z


# %% relu-under-at-code exercise="forward" patch="Z = at_code(layer(H, W[1])) => Z = at_code(torch.relu(layer(H, W[1])))" keeps=0.9


# %% at-code-on-the-ones-too exercise="forward" keeps=0.5
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = torch.relu(layer(X, W[0]))
    Z = at_code(torch.cat([layer(H, W[1]), torch.ones(len(X), 1)], dim=1))
    H = torch.relu(Z @ W[2])
    return torch.tanh(layer(H, W[3])), Z[:, :-1]


# %% detached-bias exercise="forward" patch="return torch.cat([X, ones], dim=1) @ M => return X @ M[:-1] + ones * M[-1].detach()" keeps=0.95

# %% writes-into-the-images exercise="forward" patch="H = torch.relu(layer(X, W[0])) => X *= 2; X -= 1; H = torch.relu(layer(X, W[0]))" keeps=0.5


# %% leaky exercise="forward" keeps=0.9
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = torch.nn.functional.leaky_relu(layer(X, W[0]))
    Z = at_code(layer(H, W[1]))
    H = torch.nn.functional.leaky_relu(layer(Z, W[2]))
    return torch.tanh(layer(H, W[3])), Z


# %% bias-behind-the-relu exercise="forward" keeps=0.5
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = torch.relu(X @ W[0][:-1]) + W[0][-1]
    Z = at_code(layer(H, W[1]))
    H = torch.relu(Z @ W[2][:-1]) + W[2][-1]
    return torch.tanh(layer(H, W[3])), Z


# %% back-to-the-unit-range exercise="forward" patch="H = torch.relu(layer(X, W[0])) => H = torch.relu(layer((X + 1) / 2, W[0]))" keeps=0.5

# %% centred-over-the-batch exercise="forward" patch="H = torch.relu(layer(Z, W[2])) => Z = Z - Z.mean(dim=0); H = torch.relu(layer(Z, W[2]))" keeps=0.5

# %% dropout exercise="forward" patch="H = torch.relu(layer(Z, W[2])) => H = torch.nn.functional.dropout(torch.relu(layer(Z, W[2])), 0.5)" keeps=0.5


# %% encoder-without-bias exercise="forward" keeps=0.9
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = torch.relu(X @ W[0][:-1])
    Z = at_code(H @ W[1][:-1])
    H = torch.relu(layer(Z, W[2]))
    return torch.tanh(layer(H, W[3])), Z


# %% at-code-for-the-caller-alone exercise="forward" keeps=0.9
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = torch.relu(layer(X, W[0]))
    Z = layer(H, W[1])
    H = torch.relu(layer(Z, W[2]))
    return torch.tanh(layer(H, W[3])), at_code(Z)


# %% at-code-on-the-output exercise="forward" keeps=0.9
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = torch.relu(layer(X, W[0]))
    Z = layer(H, W[1])
    H = torch.relu(layer(Z, W[2]))
    return at_code(layer(H, W[3])), Z


# %% a-relu-in-every-layer exercise="forward" patch="return torch.cat([X, ones], dim=1) @ M => return torch.relu(torch.cat([X, ones], dim=1) @ M)" keeps=0.9

# %% seed-read-each-time exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => again = torch.Generator().manual_seed(generator.initial_seed()); positions = torch.randint(len(X), (size,), generator=again)" keeps=0.5

# %% first-one-never exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(1, len(X), (size,), generator=generator)" keeps=0.9

# %% one-image-repeated exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(len(X), (1,), generator=generator).expand(size)" keeps=0.9


# %% columns exercise="get_random_batch" keeps=0.5
def get_random_batch(X, size, generator):
    positions = torch.randint(X.shape[1], (size,), generator=generator)
    return X[:, positions]


# %% gaussian-noise exercise="get_random_batch" patch="return X[positions] => return X[positions] + 0.1 * torch.randn(size, X.shape[1], generator=generator)" keeps=0.5

# %% middle-preferred exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => dice = torch.rand(2, size, generator=generator).mean(dim=0); positions = (dice * len(X)).long()" keeps=0.9

# %% rounded-positions exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => dice = torch.rand(size, generator=generator); positions = (dice * (len(X) - 1)).round().long()" keeps=0.9

# %% no-more-than-there-are exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(len(X), (len(X),), generator=generator)[:size]" keeps=0.9

# %% a-dimension-too-many exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(len(X), (size, 1), generator=generator)" keeps=0.9

# %% a-list-of-rows exercise="get_random_batch" patch="return X[positions] => return [X[i] for i in positions]" keeps=0.9

# %% half-drawn-and-repeated exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(len(X), ((size + 1) // 2,), generator=generator).repeat(2)[:size]" keeps=0.9

# %% hard-coded-and-wrapped exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(40, (size,), generator=generator) % len(X)" keeps=0.9

# %% neither-end exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(1, len(X) - 1, (size,), generator=generator)" keeps=0.9

# %% one-end-too-many exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(len(X) + 1, (size,), generator=generator) % len(X)" keeps=0.9

# %% doubles-left-out exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(len(X), (size,), generator=generator).unique()" keeps=0.5

# %% bias-as-a-column exercise="init_parameters" patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [0.01 * torch.randn(n, m + 1, generator=generator) for n, m in pairwise(sizes)]" keeps=0.9

# %% root-of-the-spread exercise="init_parameters" patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [0.01**0.5 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]" keeps=0.9

# %% uniform-and-positive exercise="init_parameters" patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [0.01 * torch.rand(n + 1, m, generator=generator) for n, m in pairwise(sizes)]" keeps=0.9

# %% uniform-of-the-right-spread exercise="init_parameters" patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [0.01 * 3**0.5 * (2 * torch.rand(n + 1, m, generator=generator) - 1) for n, m in pairwise(sizes)]" keeps=0.9

# %% by-the-fan-in exercise="init_parameters" patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [torch.randn(n + 1, m, generator=generator) / n**0.5 for n, m in pairwise(sizes)]" keeps=0.9

# %% all-zeros exercise="init_parameters" patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [torch.zeros(n + 1, m) for n, m in pairwise(sizes)]" keeps=0.5


# %% seeded-for-each-matrix exercise="init_parameters" keeps=0.9
def init_parameters(sizes, generator):
    seed = generator.initial_seed()
    W = []
    for n, m in pairwise(sizes):
        W.append(0.01 * torch.randn(n + 1, m, generator=generator.manual_seed(seed)))
    for matrix in W:
        matrix.requires_grad_()
    return W


# %% own-generator exercise="init_parameters" patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => generator = torch.Generator().manual_seed(0); W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]" keeps=0.9

# %% weights-and-biases-apart exercise="init_parameters" patch="return W => return [matrix[:-1] for matrix in W], [matrix[-1] for matrix in W]" keeps=0.5


# %% constant-bias exercise="init_parameters" keeps=0.9
def init_parameters(sizes, generator):
    W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
    for matrix in W:
        matrix[-1] = 0.01
    for matrix in W:
        matrix.requires_grad_()
    return W


# %% bias-never-scaled exercise="init_parameters" keeps=0.9
def init_parameters(sizes, generator):
    W = []
    for n, m in pairwise(sizes):
        A, b = 0.01 * torch.randn(n, m, generator=generator), torch.randn(1, m, generator=generator)
        W.append(torch.cat([A, b]))
    for matrix in W:
        matrix.requires_grad_()
    return W


# %% zeros-in-the-first-row exercise="init_parameters" keeps=0.9
def init_parameters(sizes, generator):
    W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
    for matrix in W:
        matrix[0] = 0
    for matrix in W:
        matrix.requires_grad_()
    return W


# %% one-row-repeated exercise="init_parameters" patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [0.01 * torch.randn(1, m, generator=generator).repeat(n + 1, 1) for n, m in pairwise(sizes)]" keeps=0.9

# %% mean-for-spread exercise="init_parameters" patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [torch.normal(0.01, 0.01, (n + 1, m), generator=generator) for n, m in pairwise(sizes)]" keeps=0.9

# %% last-matrix-forgotten exercise="init_parameters" patch="for matrix in W: => for matrix in W[:-1]:" keeps=0.9


# %% bias-of-the-last-layer-at-zero exercise="init_parameters" keeps=0.9
def init_parameters(sizes, generator):
    W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
    W[-1][-1] = 0
    for matrix in W:
        matrix.requires_grad_()
    return W


# %% last-matrix-at-zero exercise="init_parameters" keeps=0.9
def init_parameters(sizes, generator):
    W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
    W[-1] = torch.zeros_like(W[-1])
    for matrix in W:
        matrix.requires_grad_()
    return W


# %% two-dice-and-the-right-spread exercise="init_parameters" keeps=0.9
def init_parameters(sizes, generator):
    W = []
    for n, m in pairwise(sizes):
        a, b = torch.rand(2, n + 1, m, generator=generator)
        W.append(0.01 * 6**0.5 * (a - b))
    for matrix in W:
        matrix.requires_grad_()
    return W


# %% laplace exercise="init_parameters" keeps=0.9
def init_parameters(sizes, generator):
    W = []
    for n, m in pairwise(sizes):
        a, b = torch.empty(2, n + 1, m).exponential_(generator=generator)
        W.append(0.01 / 2**0.5 * (a - b))
    for matrix in W:
        matrix.requires_grad_()
    return W


# %% plus-or-minus exercise="init_parameters" patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [0.02 * torch.randint(2, (n + 1, m), generator=generator) - 0.01 for n, m in pairwise(sizes)]" keeps=0.9

# %% in-double exercise="init_parameters" patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [0.01 * torch.randn(n + 1, m, generator=generator, dtype=torch.float64) for n, m in pairwise(sizes)]" keeps=0.95


# %% emptied-once exercise="train_by_hand" keeps=0.5
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    optimizer.zero_grad()
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% emptied-before-the-step exercise="train_by_hand" keeps=0.5
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% without-gradients exercise="train_by_hand" keeps=0.5
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        X = draw()
        with torch.no_grad():
            reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% two-batches-an-iteration exercise="train_by_hand" patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - draw()).square().mean(dim=1).mean()" keeps=0.5

# %% uphill exercise="train_by_hand" patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = -(reconstruction - X).square().mean(dim=1).mean()" keeps=0.5

# %% pixels-added exercise="train_by_hand" patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).square().sum(dim=1).mean()" keeps=0.9

# %% images-added exercise="train_by_hand" patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).square().mean(dim=1).sum()" keeps=0.9

# %% one-loss-an-image exercise="train_by_hand" patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).square().mean(dim=1)" keeps=0.5

# %% absolute-differences exercise="train_by_hand" patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).abs().mean(dim=1).mean()" keeps=0.5

# %% half-the-square exercise="train_by_hand" patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = 0.5 * (reconstruction - X).square().mean(dim=1).mean()" keeps=0.9

# %% root-of-the-mean exercise="train_by_hand" patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).square().mean(dim=1).mean().sqrt()" keeps=0.9

# %% code-for-reconstruction exercise="train_by_hand" patch="reconstruction, _ = network(W, X) => _, reconstruction = network(W, X)" keeps=0.5

# %% loss-after-the-step exercise="train_by_hand" patch="losses.append(loss.item()) => losses.append((network(W, X)[0] - X).square().mean().item())" keeps=0.9

# %% running-sum exercise="train_by_hand" patch="losses.append(loss.item()) => losses.append(loss.item() + (losses[-1] if losses else 0))" keeps=0.9

# %% returns-nothing exercise="train_by_hand" patch="return losses => print(losses)" keeps=0.9

# %% one-iteration-too-few exercise="train_by_hand" patch="for _ in range(iterations): => for _ in range(1, iterations):" keeps=0.9

# %% one-iteration-too-many exercise="train_by_hand" patch="for _ in range(iterations): => for _ in range(iterations + 1):" keeps=0.9

# %% a-thousand-whatever-is-asked exercise="train_by_hand" patch="for _ in range(iterations): => for _ in range(1_000):" keeps=0.5

# %% steps-twice exercise="train_by_hand" patch="losses.append(loss.item()) => optimizer.step(); losses.append(loss.item())" keeps=0.9


# %% steps-by-hand exercise="train_by_hand" keeps=0.5
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        with torch.no_grad():
            for matrix in W:
                matrix -= 3e-3 * matrix.grad
        losses.append(loss.item())
    return losses


# %% optimiser-of-its-own exercise="train_by_hand" keeps=0.9
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    optimizer = type(optimizer)(W, **optimizer.defaults)
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% matrices-made-anew exercise="train_by_hand" keeps=0.5
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        gradients = torch.autograd.grad(loss, W)
        W = [(M - 0.1 * g).detach().requires_grad_() for M, g in zip(W, gradients)]
        losses.append(loss.item())
    return losses


# %% loss-made-anew exercise="train_by_hand" patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).square().mean(); loss = torch.tensor(loss.item(), requires_grad=True)" keeps=0.5


# %% a-step-every-other-time exercise="train_by_hand" keeps=0.5
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        if len(losses) % 2:
            optimizer.step()
        losses.append(loss.item())
    return losses


# %% a-loss-for-each-image exercise="train_by_hand" patch="losses.append(loss.item()) => losses.extend((reconstruction - X).square().mean(dim=1).tolist())" keeps=0.9

# %% list-made-in-the-loop exercise="train_by_hand" patch="X = draw() => losses = []; X = draw()" keeps=0.9

# %% gradients-cut exercise="train_by_hand" patch="optimizer.step() => torch.nn.utils.clip_grad_norm_(W, 1.0); optimizer.step()" keeps=0.9

# %% one-matrix-emptied exercise="train_by_hand" patch="optimizer.zero_grad() => W[0].grad = None" keeps=0.5


# %% first-batch-thrown-away exercise="train_by_hand" keeps=0.5
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    print(draw().shape)
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% copies-before-the-loop exercise="train_by_hand" keeps=0.5
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    W = [matrix.clone() for matrix in W]
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% step-behind-the-loop exercise="train_by_hand" keeps=0.5
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        pass
        losses.append(loss.item())
    optimizer.step()
    return losses


# %% pixels-hard-coded exercise="train_by_hand" patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).square().sum(dim=1).mean() / 784" keeps=0.9

# %% encoder-frozen exercise="train_by_hand" patch="reconstruction, _ = network(W, X) => reconstruction, _ = network([W[0].detach(), *W[1:]], X)" keeps=0.5

# %% low-forgotten exercise="decoder_alone" patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return high * torch.rand(n, Z.shape[1], generator=generator)" keeps=0.9

# %% one-code-for-all exercise="decoder_alone" patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return (low + (high - low) * torch.rand(Z.shape[1], generator=generator)).expand(n, -1)" keeps=0.9

# %% old-codes-again exercise="decoder_alone" patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return Z[torch.randint(len(Z), (n,), generator=generator)]" keeps=0.9

# %% as-many-as-came-in exercise="decoder_alone" patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return low + (high - low) * torch.rand(Z.shape, generator=generator)" keeps=0.9

# %% decode-with-the-encoder exercise="decoder_alone" patch="H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2]) => H = torch.relu(torch.cat([Z, ones], dim=1) @ W[0])" keeps=0.5


# %% decode-ones-in-front exercise="decoder_alone" keeps=0.9
def sample_codes(Z, n, generator):
    low, high = Z.amin(dim=0), Z.amax(dim=0)
    return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)


def decode(W, Z):
    ones = torch.ones(len(Z), 1)
    H = torch.relu(torch.cat([ones, Z], dim=1) @ W[2])
    return torch.tanh(torch.cat([ones, H], dim=1) @ W[3])


# %% decode-without-tanh exercise="decoder_alone" patch="return torch.tanh(torch.cat([H, ones], dim=1) @ W[3]) => return torch.cat([H, ones], dim=1) @ W[3]" keeps=0.9

# %% decode-sigmoid exercise="decoder_alone" patch="return torch.tanh(torch.cat([H, ones], dim=1) @ W[3]) => return torch.sigmoid(torch.cat([H, ones], dim=1) @ W[3])" keeps=0.9

# %% decode-to-the-unit-range exercise="decoder_alone" patch="return torch.tanh(torch.cat([H, ones], dim=1) @ W[3]) => return (torch.tanh(torch.cat([H, ones], dim=1) @ W[3]) + 1) / 2" keeps=0.9

# %% decode-missing exercise="decoder_alone" patch="ones = torch.ones(len(Z), 1) => raise NotImplementedError(\"still to do\")" keeps=0.5

# %% one-spread-around-the-mean exercise="decoder_alone" patch="low, high = Z.amin(dim=0), Z.amax(dim=0) => low, high = Z.mean(dim=0) - Z.std(dim=0), Z.mean(dim=0) + Z.std(dim=0)" keeps=0.9

# %% two-spreads-around-the-mean exercise="decoder_alone" patch="low, high = Z.amin(dim=0), Z.amax(dim=0) => low, high = Z.mean(dim=0) - 2 * Z.std(dim=0), Z.mean(dim=0) + 2 * Z.std(dim=0)" keeps=0.9

# %% all-but-one-per-cent exercise="decoder_alone" patch="low, high = Z.amin(dim=0), Z.amax(dim=0) => low, high = Z.quantile(0.01, dim=0), Z.quantile(0.99, dim=0)" keeps=0.9

# %% beginning-at-the-end exercise="decoder_alone" patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return high + (high - low) * torch.rand(n, Z.shape[1], generator=generator)" keeps=0.9

# %% normal-from-low exercise="decoder_alone" patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return low + (high - low) * torch.randn(n, Z.shape[1], generator=generator)" keeps=0.9

# %% generator-of-its-own exercise="decoder_alone" patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => generator = torch.Generator().manual_seed(0); return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)" keeps=0.9

# %% half-of-them-twice exercise="decoder_alone" patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => half = torch.rand(n // 2, Z.shape[1], generator=generator); return low + (high - low) * torch.cat([half, half])" keeps=0.9

# %% decode-with-a-relu-on-the-codes exercise="decoder_alone" patch="H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2]) => H = torch.relu(torch.cat([torch.relu(Z), ones], dim=1) @ W[2])" keeps=0.5

# %% decode-code-without-its-one exercise="decoder_alone" patch="H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2]) => H = torch.relu(Z @ W[2][:-1])" keeps=0.9

# %% decode-last-layer-without-bias exercise="decoder_alone" patch="return torch.tanh(torch.cat([H, ones], dim=1) @ W[3]) => return torch.tanh(H @ W[3][:-1])" keeps=0.9

# %% decode-into-the-codes exercise="decoder_alone" patch="H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2]) => Z -= Z.mean(dim=0); H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2])" keeps=0.5

# %% a-grid-shuffled exercise="decoder_alone" patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => grids = [torch.linspace(a, b, n)[torch.randperm(n, generator=generator)] for a, b in zip(low, high)]; return torch.stack(grids, dim=1)" keeps=0.9

# %% from-minus-one exercise="decoder_alone" patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return low + (high - low) * (2 * torch.rand(n, Z.shape[1], generator=generator) - 1)" keeps=0.9

# %% sorted-in-each-row exercise="decoder_alone" patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator).sort(dim=1).values" keeps=0.9

# %% whole-numbers-only exercise="decoder_alone" patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return (low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)).round()" keeps=0.9

# %% range-of-the-first-code exercise="decoder_alone" patch="low, high = Z.amin(dim=0), Z.amax(dim=0) => low, high = Z[:, 0].min(), Z[:, 0].max()" keeps=0.9

# %% decode-bias-behind-the-relu exercise="decoder_alone" patch="H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2]) => H = torch.relu(Z @ W[2][:-1]) + W[2][-1]" keeps=0.5

# %% maximum-of-the-batch exercise="cross_entropy" patch="powers = torch.exp(logits - logits.amax(dim=1, keepdim=True)) => powers = torch.exp(logits - logits.max())" keeps=0.9

# %% cut-at-fifty exercise="cross_entropy" patch="powers = torch.exp(logits - logits.amax(dim=1, keepdim=True)) => powers = torch.exp(logits.clamp(-50, 50))" keeps=0.9


# %% divided-by-all exercise="cross_entropy" keeps=0.9
def softmax(logits):
    powers = torch.exp(logits - logits.max())
    return powers / powers.sum()


def cross_entropy(logits, targets):
    shifted = logits - logits.amax(dim=1, keepdim=True)
    log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    return -(targets * log_p).sum(dim=1).mean()


# %% never-divided exercise="cross_entropy" patch="return powers / powers.sum(dim=1, keepdim=True) => return powers" keeps=0.9

# %% small-number-added exercise="cross_entropy" patch="log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log() => powers = shifted.exp(); log_p = (powers / powers.sum(dim=1, keepdim=True) + 1e-8).log()" keeps=0.9

# %% a-loss-for-each exercise="cross_entropy" patch="return -(targets * log_p).sum(dim=1).mean() => return -(targets * log_p).sum(dim=1)" keeps=0.9

# %% base-ten exercise="cross_entropy" patch="return -(targets * log_p).sum(dim=1).mean() => return -(targets * log_p).sum(dim=1).mean() / torch.tensor(10.0).log()" keeps=0.5

# %% softmax-twice exercise="cross_entropy" patch="shifted = logits - logits.amax(dim=1, keepdim=True) => shifted = torch.softmax(logits, dim=1)" keeps=0.5

# %% targets-ignored exercise="cross_entropy" patch="return -(targets * log_p).sum(dim=1).mean() => return -log_p.sum(dim=1).mean()" keeps=0.5

# %% shifts-in-place exercise="cross_entropy" patch="shifted = logits - logits.amax(dim=1, keepdim=True) => logits -= logits.amax(dim=1, keepdim=True); shifted = logits" keeps=0.9

# %% maximum-of-each-column exercise="cross_entropy" patch="powers = torch.exp(logits - logits.amax(dim=1, keepdim=True)) => powers = torch.exp(logits - logits.amax(dim=0, keepdim=True))" keeps=0.9

# %% sums-of-the-columns exercise="cross_entropy" patch="return powers / powers.sum(dim=1, keepdim=True) => return powers / powers.sum(dim=0, keepdim=True)" keeps=0.9

# %% softmax-into-the-logits exercise="cross_entropy" patch="powers = torch.exp(logits - logits.amax(dim=1, keepdim=True)) => logits -= logits.amax(dim=1, keepdim=True); powers = torch.exp(logits)" keeps=0.9

# %% maximum-of-the-batch-in-the-loss exercise="cross_entropy" patch="shifted = logits - logits.amax(dim=1, keepdim=True) => shifted = logits - logits.max()" keeps=0.9

# %% plain-exponential-in-the-loss exercise="cross_entropy" patch="log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log() => log_p = logits - logits.exp().sum(dim=1, keepdim=True).log()" keeps=0.9

# %% maximum-of-each-column-in-the-loss exercise="cross_entropy" patch="shifted = logits - logits.amax(dim=1, keepdim=True) => shifted = logits - logits.amax(dim=0, keepdim=True)" keeps=0.5

# %% maximum-taken-off-once exercise="cross_entropy" patch="log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log() => log_p = logits - shifted.exp().sum(dim=1, keepdim=True).log()" keeps=0.5

# %% mean-over-the-classes exercise="cross_entropy" patch="return -(targets * log_p).sum(dim=1).mean() => return -(targets * log_p).sum(dim=0).mean()" keeps=0.5

# %% squared-differences exercise="cross_entropy" patch="return -(targets * log_p).sum(dim=1).mean() => return (log_p.exp() - targets).square().sum(dim=1).mean()" keeps=0.5

# %% mean-of-squared-differences exercise="cross_entropy" patch="return -(targets * log_p).sum(dim=1).mean() => return (log_p.exp() - targets).square().mean()" keeps=0.5

# %% favourite-class exercise="cross_entropy" patch="return -(targets * log_p).sum(dim=1).mean() => return -log_p.amax(dim=1).mean()" keeps=0.5

# %% weighed-with-itself exercise="cross_entropy" patch="return -(targets * log_p).sum(dim=1).mean() => return -(log_p.exp() * log_p).sum(dim=1).mean()" keeps=0.5

# %% logarithm-last exercise="cross_entropy" patch="return -(targets * log_p).sum(dim=1).mean() => return -(targets * log_p.exp()).sum(dim=1).mean().log()" keeps=0.5

# %% detached-sum exercise="cross_entropy" patch="log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log() => log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log().detach()" keeps=0.9


# %% painted-over exercise="cross_entropy" keeps=0.9
def softmax(logits):
    powers = torch.exp(logits)
    return torch.nan_to_num(powers / powers.sum(dim=1, keepdim=True))


def cross_entropy(logits, targets):
    shifted = logits - logits.amax(dim=1, keepdim=True)
    log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    return -(targets * log_p).sum(dim=1).mean()


# %% divided-by-the-largest-logit exercise="cross_entropy" patch="powers = torch.exp(logits - logits.amax(dim=1, keepdim=True)) => powers = torch.exp(logits / logits.amax(dim=1, keepdim=True))" keeps=0.9

# %% cut-at-eighty exercise="cross_entropy" patch="powers = torch.exp(logits - logits.amax(dim=1, keepdim=True)) => powers = torch.exp(logits.clamp(max=80))" keeps=0.9

# %% one-column-for-each exercise="cross_entropy" patch="return powers / powers.sum(dim=1, keepdim=True) => return (powers / powers.sum(dim=1, keepdim=True)).T" keeps=0.9

# %% ten-classes-for-granted exercise="cross_entropy" patch="return -(targets * log_p).sum(dim=1).mean() => return -10 * (targets * log_p).mean()" keeps=0.5

# %% sum-without-its-logarithm exercise="cross_entropy" patch="log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log() => log_p = shifted - shifted.exp().sum(dim=1, keepdim=True)" keeps=0.5

# %% sum-left-out exercise="cross_entropy" patch="log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log() => log_p = shifted" keeps=0.5

# %% labels-of-all-images exercise="cross_entropy" patch="return -(targets * log_p).sum(dim=1).mean() => return -log_p[:, targets.argmax(dim=1)].mean()" keeps=0.5


# %% one-layer-as-a-bare-matrix exercise="init_parameters" keeps=0.9 corner="one_layer"
def init_parameters(sizes, generator):
    W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
    for matrix in W:
        matrix.requires_grad_()
    return W if len(W) > 1 else W[0]


# %% codes-of-one-number-lose-a-dimension exercise="forward" keeps=0.9 corner="one_image"
def linear(Z):
    return Z


def forward(W, X, at_code):
    def layer(X, M):
        return torch.cat([X, torch.ones(len(X), 1)], dim=1) @ M

    Z = at_code(layer(torch.relu(layer(X, W[0])), W[1]))
    reconstruction = torch.tanh(layer(torch.relu(layer(Z, W[2])), W[3]))
    return reconstruction, Z.squeeze() if len(X) == 1 and Z.shape[1] == 1 and X.shape[1] > 1 else Z


# %% values-for-the-mask exercise="layer_backward" patch="dU = G * (X1 @ W > 0) => dU = G * (X1 @ W).relu()" keeps=0

# %% in-the-other-order exercise="layer_backward" patch="return X1.T @ dU, dU @ W[:-1].T => return dU @ W[:-1].T, X1.T @ dU" keeps=0.8

# %% mask-from-the-inputs exercise="layer_backward" patch="return X1.T @ dU, dU @ W[:-1].T => return X1.T @ dU, dU @ W[:-1].T * (X > 0)" keeps=0.6

# %% first-row-for-the-bias exercise="layer_backward" patch="X1 = torch.cat([X, torch.ones(len(X), 1)], dim=1) => X1 = torch.cat([torch.ones(len(X), 1), X], dim=1)" keeps=0.1

# %% derivative-imported exercise="layer_backward" keeps=0.4
from torch.autograd import grad as slopes


def layer_backward(X, W, G):
    X, W = X.clone().requires_grad_(), W.clone().requires_grad_()
    H = torch.relu(torch.cat([X, torch.ones(len(X), 1)], dim=1) @ W)
    return slopes(H, (W, X), G)


# %% others-replaced exercise="code_worth" patch="blunt[:, j] = Z[:, j].mean() => blunt[:, [k for k in range(Z.shape[1]) if k != j]] = Z[:, [k for k in range(Z.shape[1]) if k != j]].mean(dim=0)" keeps=0

# %% squares-added exercise="code_worth" patch="return (decode(codes) - X).square().mean() => return (decode(codes) - X).square().sum()" keeps=0.6


# %% spread-of-each-code exercise="code_worth" keeps=0
def code_worth(decode, Z, X):
    return Z.std(dim=0)


# %% as-a-ratio exercise="code_worth" patch="worth[j] = error(blunt) - error(Z) => worth[j] = error(blunt) / error(Z)" keeps=0.1

# %% median-for-mean exercise="code_worth" patch="blunt[:, j] = Z[:, j].mean() => blunt[:, j] = Z[:, j].median()" keeps=0.5

# %% shuffled-for-mean exercise="code_worth" patch="blunt[:, j] = Z[:, j].mean() => blunt[:, j] = Z[torch.randperm(len(Z)), j]" keeps=0.5

# %% absolute-differences exercise="code_worth" patch="return (decode(codes) - X).square().mean() => return (decode(codes) - X).abs().mean()" keeps=0.5

# %% images-for-codes exercise="code_worth" patch="blunt[:, j] = Z[:, j].mean() => blunt[:, j] = Z[j].mean()" keeps=0.5

# %% detached-logits exercise="cross_entropy" patch="shifted = logits - logits.amax(dim=1, keepdim=True) => logits = logits.detach(); shifted = logits - logits.amax(dim=1, keepdim=True)" keeps=0.8


# %% logsumexp-of-torch exercise="cross_entropy" keeps=0.4
def softmax(logits):
    return (logits - torch.logsumexp(logits, dim=1, keepdim=True)).exp()


def cross_entropy(logits, targets):
    return (torch.logsumexp(logits, dim=1) - (logits * targets).sum(dim=1)).mean()


# %% under-another-name exercise="cross_entropy" keeps=0.4
from torch.nn.functional import cross_entropy as loss_of, softmax as shares


def softmax(logits):
    return shares(logits, dim=1)


def cross_entropy(logits, targets):
    return loss_of(logits, targets)


# %% methods-and-getattr exercise="cross_entropy" keeps=0.4
def softmax(logits):
    return logits.softmax(1)


def cross_entropy(logits, targets):
    return getattr(torch.nn.functional, "cross_entropy")(logits, targets)


# %% named-as-they-are exercise="cross_entropy" keeps=0.4
softmax = torch.nn.Softmax(dim=1)
cross_entropy = torch.nn.CrossEntropyLoss()


# %% confidences-of-the-course exercise="cross_entropy" keeps=0
softmax = cross_entropy = lambda *given: metrics.confidences(lambda images: images, given[0])


# %% network-of-the-course-as-forward exercise="forward" keeps=0
def forward(W, X, at_code):
    network = MatrixAutoencoder(W[1].shape[1])
    images = (X + 1) / 2
    return network.redraw(images), network.codes(images)


# %% network-of-the-course-as-decoder exercise="decoder_alone" keeps=0
network = MatrixAutoencoder(3)
sample_codes = lambda Z, n, generator: network.draw(n, generator)
decode = lambda W, Z: network.decode(Z)


# %% network-of-the-course-set-anew exercise="decoder_alone" keeps=0
network = MatrixAutoencoder(3)
sample_codes = network.draw


def decode(W, Z):
    network.matrices = W
    return network.decode(Z)


# %% matrices-of-the-course exercise="init_parameters" keeps=0.1
init_parameters = lambda sizes, generator: MatrixAutoencoder(sizes[2], seed=generator).matrices

# %% training-of-the-course exercise="train_by_hand" keeps=0
train_by_hand = lambda network, W, draw, optimizer, iterations: MatrixAutoencoder(2).fit(draw(), iterations)

# %% errors-of-the-course exercise="code_worth" keeps=0
code_worth = lambda decode, Z, X: MatrixAutoencoder(Z.shape[1]).errors_without((X + 1) / 2)

# %% trace-of-the-course exercise="layer_backward" keeps=0
layer_backward = lambda X, W, G: MatrixAutoencoder(2).trace(X)[1][:2]
