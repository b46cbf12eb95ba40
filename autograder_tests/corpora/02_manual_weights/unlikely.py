# Rare answers of lab 02 that lose points all the same. An entry is a whole cell, or patch="old => new" on the reference of
# its exercise. keeps: the share that is left at the most.

# %% code-with-its-ones exercise="forward" patch="return torch.tanh(layer(H, W[3])), Z => return torch.tanh(layer(H, W[3])), torch.cat([Z, torch.ones(len(Z), 1)], dim=1)" keeps=0.9


# %% detached-bias exercise="forward" patch="return torch.cat([X, ones], dim=1) @ M => return X @ M[:-1] + ones * M[-1].detach()" keeps=0.95

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


# %% seed-read-each-time exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => again = torch.Generator().manual_seed(generator.initial_seed()); positions = torch.randint(len(X), (size,), generator=again)" keeps=0.5

# %% one-image-repeated exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(len(X), (1,), generator=generator).expand(size)" keeps=0.9


# %% a-list-of-rows exercise="get_random_batch" patch="return X[positions] => return [X[i] for i in positions]" keeps=0.9

# %% neither-end exercise="get_random_batch" patch="positions = torch.randint(len(X), (size,), generator=generator) => positions = torch.randint(1, len(X) - 1, (size,), generator=generator)" keeps=0.9

# %% root-of-the-spread exercise="init_parameters" patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [0.01**0.5 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]" keeps=0.9

# %% by-the-fan-in exercise="init_parameters" patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [torch.randn(n + 1, m, generator=generator) / n**0.5 for n, m in pairwise(sizes)]" keeps=0.9

# %% own-generator exercise="init_parameters" patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => generator = torch.Generator().manual_seed(0); W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]" keeps=0.9

# %% running-sum exercise="train_by_hand" patch="losses.append(loss.item()) => losses.append(loss.item() + (losses[-1] if losses else 0))" keeps=0.9

# %% a-thousand-whatever-is-asked exercise="train_by_hand" patch="for _ in range(iterations): => for _ in range(1_000):" keeps=0.5


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


# %% one-matrix-emptied exercise="train_by_hand" patch="optimizer.zero_grad() => W[0].grad = None" keeps=0.5


# %% one-code-for-all exercise="decoder_alone" patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => return (low + (high - low) * torch.rand(Z.shape[1], generator=generator)).expand(n, -1)" keeps=0.9

# %% generator-of-its-own exercise="decoder_alone" patch="return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator) => generator = torch.Generator().manual_seed(0); return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)" keeps=0.9

# %% decode-code-without-its-one exercise="decoder_alone" patch="H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2]) => H = torch.relu(Z @ W[2][:-1])" keeps=0.9

# %% decode-bias-behind-the-relu exercise="decoder_alone" patch="H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2]) => H = torch.relu(Z @ W[2][:-1]) + W[2][-1]" keeps=0.5

# %% shifts-in-place exercise="cross_entropy" patch="shifted = logits - logits.amax(dim=1, keepdim=True) => logits -= logits.amax(dim=1, keepdim=True); shifted = logits" keeps=0.9


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


# %% in-the-other-order exercise="layer_backward" patch="return X1.T @ dU, dU @ W[:-1].T => return dU @ W[:-1].T, X1.T @ dU" keeps=0.8

# %% mask-from-the-inputs exercise="layer_backward" patch="return X1.T @ dU, dU @ W[:-1].T => return X1.T @ dU, dU @ W[:-1].T * (X > 0)" keeps=0.6

# %% first-row-for-the-bias exercise="layer_backward" patch="X1 = torch.cat([X, torch.ones(len(X), 1)], dim=1) => X1 = torch.cat([torch.ones(len(X), 1), X], dim=1)" keeps=0.1

# %% others-replaced exercise="code_worth" patch="blunt[:, j] = Z[:, j].mean() => blunt[:, [k for k in range(Z.shape[1]) if k != j]] = Z[:, [k for k in range(Z.shape[1]) if k != j]].mean(dim=0)" keeps=0

# %% squares-added exercise="code_worth" patch="return (decode(codes) - X).square().mean() => return (decode(codes) - X).square().sum()" keeps=0.6


# %% spread-of-each-code exercise="code_worth" keeps=0
def code_worth(decode, Z, X):
    return Z.std(dim=0)


# %% detached-logits exercise="cross_entropy" patch="shifted = logits - logits.amax(dim=1, keepdim=True) => logits = logits.detach(); shifted = logits - logits.amax(dim=1, keepdim=True)" keeps=0.8


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


# %% softmax-over-images exercise="cross_entropy" keeps=0.7
def softmax(logits):
    powers = torch.exp(logits - logits.amax(dim=0, keepdim=True))
    return powers / powers.sum(dim=0, keepdim=True)


def cross_entropy(logits, targets):
    shifted = logits - logits.amax(dim=1, keepdim=True)
    log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    return -(targets * log_p).sum(dim=1).mean()


# %% as-a-float exercise="cross_entropy" patch="return -(targets * log_p).sum(dim=1).mean() => return -(targets * log_p).sum(dim=1).mean().item()" keeps=0.64

# %% never-steps exercise="train_by_hand" patch="optimizer.step() => pass" keeps=0.2
