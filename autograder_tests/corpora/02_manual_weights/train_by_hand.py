# Answers to train_by_hand. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% zero-grad-missing patch="optimizer.zero_grad() => pass" keeps=0.5 hint="call zero_grad() before each backward()"

# %% step-before-backward keeps=0 hint="call backward() first, then step()"
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


# %% one-batch-for-all keeps=0.5 hint="take the next one inside the loop"
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


# %% all-squares-added patch="loss = (reconstruction - X).square().mean(dim=1).mean() => loss = (reconstruction - X).square().sum()" keeps=0.65 hint="added up before backward"

# %% last-loss-alone patch="return losses => return loss.item()" keeps=0.8 hint="only the last loss is returned"

# %% losses-with-their-history patch="losses.append(loss.item()) => losses.append(loss)" keeps=0.9 hint="store loss.item()"


# %% network-of-its-own keeps=0.5 hint="your loop does not use `network`"
def train_by_hand(network, W, draw, optimizer, iterations):
    def layer(X, M):
        return torch.cat([X, torch.ones(len(X), 1)], dim=1) @ M

    losses = []
    for _ in range(iterations):
        X = draw()
        code = layer(torch.relu(layer(X, W[0])), W[1])
        reconstruction = torch.tanh(layer(torch.relu(layer(code, W[2])), W[3]))
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% returns-in-the-loop keeps=0.3 hint="is the return inside the loop"
def train_by_hand(network, W, draw, optimizer, iterations):
    losses = []
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        return losses


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
