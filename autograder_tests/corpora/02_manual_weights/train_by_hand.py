# Answers to train_by_hand. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% gradients-pile-up patch="optimizer.zero_grad() => pass" keeps=0.5

# %% emptied-once keeps=0.5
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


# %% never-steps patch="optimizer.step() => pass" keeps=0.25


# %% emptied-before-the-step keeps=0.25
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


# %% step-before-backward keeps=0
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.step()
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
    return losses


# %% without-gradients keeps=0
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


# %% one-batch-for-all keeps=0.25
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    X = draw()
    for _ in range(iterations):
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% two-batches-an-iteration patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - draw()).square().mean(dim=1).mean()" keeps=0

# %% uphill patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = -(reconstruction - X).square().mean(dim=1).mean()" keeps=0.25

# %% all-squares-added patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).square().sum()" keeps=0.5

# %% pixels-added patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).square().sum(dim=1).mean()" keeps=0.5

# %% images-added patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).square().mean(dim=1).sum()" keeps=0.5

# %% one-loss-an-image patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).square().mean(dim=1)" keeps=0

# %% absolute-differences patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).abs().mean(dim=1).mean()" keeps=0.25

# %% half-the-square patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = 0.5 * (reconstruction - X).square().mean(dim=1).mean()" keeps=0.5

# %% root-of-the-mean patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).square().mean(dim=1).mean().sqrt()" keeps=0.5

# %% code-for-reconstruction patch="reconstruction, _ = network(W, X) => _, reconstruction = network(W, X)" keeps=0

# %% loss-after-the-step patch="losses.append(loss.item()) => losses.append((network(W, X)[0] - X).square().mean().item())" keeps=0.75

# %% running-sum patch="losses.append(loss.item()) => losses.append(loss.item() + (losses[-1] if losses else 0))" keeps=0.75

# %% last-loss-alone patch="return losses => return loss.item()" keeps=0.75

# %% returns-in-the-loop patch="return losses => return losses" keeps=0.25

# %% returns-nothing patch="return losses => print(losses)" keeps=0.75

# %% one-iteration-too-few patch="for _ in range(iterations): => for _ in range(1, iterations):" keeps=0.25

# %% one-iteration-too-many patch="for _ in range(iterations): => for _ in range(iterations + 1):" keeps=0.25

# %% a-thousand-whatever-is-asked patch="for _ in range(iterations): => for _ in range(1_000):" keeps=0.25


# %% steps-twice keeps=0.75
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% steps-by-hand keeps=0.5
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


# %% optimiser-of-its-own keeps=0.75
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


# %% matrices-made-anew keeps=0
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


# %% loss-made-anew keeps=0.25
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean()
        loss = torch.tensor(loss.item(), requires_grad=True)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% losses-with-their-history patch="losses.append(loss.item()) => losses.append(loss)" keeps=0.75


# %% a-step-every-other-time keeps=0.5
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


# %% a-loss-for-each-image patch="losses.append(loss.item()) => losses.extend((reconstruction - X).square().mean(dim=1).tolist())" keeps=0.75


# %% list-made-in-the-loop keeps=0.75
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        losses = []
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% gradients-cut keeps=0.75
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(W, 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% one-matrix-emptied patch="optimizer.zero_grad() => W[0].grad = None" keeps=0.5


# %% first-batch-thrown-away keeps=0.25
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


# %% copies-before-the-loop keeps=0.25
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


# %% step-behind-the-loop keeps=0.25
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


# %% pixels-hard-coded patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).square().sum(dim=1).mean() / 784" keeps=0.5

# %% encoder-frozen patch="reconstruction, _ = network(W, X) => reconstruction, _ = network([W[0].detach(), *W[1:]], X)" keeps=0.5


# %% mse-of-torch
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


# %% emptied-after-the-step
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


# %% gradients-put-in-by-hand
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


# %% all-batches-first
def train_by_hand(network, W, draw, optimizer, iterations):
    def closure(X):
        optimizer.zero_grad()
        loss = (X - network(W, X)[0]).square().mean()
        loss.backward()
        return loss

    batches = [draw() for _ in range(iterations)]
    return [optimizer.step(lambda X=X: closure(X)).item() for X in batches]


# %% norm-of-the-difference
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


# %% gradients-image-by-image
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


# %% backward-from-the-output
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


# %% losses-in-numpy
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


# %% draws-ahead
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
