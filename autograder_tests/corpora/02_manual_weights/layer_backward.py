# Answers to layer_backward. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% relu-left-out patch="dU = G * (X1 @ W > 0) => dU = G" keeps=0.5 hint="the ReLU is left out"

# %% mask-from-the-gradient patch="dU = G * (X1 @ W > 0) => dU = G * (G > 0)" keeps=0.5 hint="not what is above 0 in G"

# %% bias-row-missing patch="return X1.T @ dU => return X.T @ dU" keeps=0.7778 hint="lacks the row for the bias"

# %% column-of-ones-kept patch="dU @ W[:-1].T => dU @ W.T" keeps=0.8222 hint="a column for the ones"

# %% mean-over-images patch="return X1.T @ dU => return X1.T @ dU / len(X)" keeps=0.7778 hint="add them up"

# %% transposed patch="return X1.T @ dU => return dU.T @ X1" keeps=0.8333 hint="is transposed"

# %% relu-in-one-of-two patch="dU @ W[:-1].T => G @ W[:-1].T" keeps=0.7778 hint="X: the ReLU is left out"

# %% by-autograd keeps=0.4 hint="not allowed in this exercise"
def layer_backward(X, W, G):
    X, W = X.clone().requires_grad_(), W.clone().requires_grad_()
    H = torch.relu(torch.cat([X, torch.ones(len(X), 1)], dim=1) @ W)
    H.backward(G)
    return W.grad, X.grad


# %% where-and-einsum
def layer_backward(X, W, G):
    X1 = torch.nn.functional.pad(X, (0, 1), value=1.0)
    U = X1 @ W
    dU = torch.where(U > 0, G, torch.zeros_like(G))
    return torch.einsum("ni,nj->ij", X1, dU), torch.einsum("nj,ij->ni", dU, W[:-1])


# %% bias-apart
def layer_backward(X, W, G):
    A, b = W[:-1], W[-1]
    H = (X @ A + b).clamp(min=0)
    D = G.clone()
    D[H == 0] = 0
    return torch.vstack([X.T @ D, D.sum(dim=0)]), D @ A.T


# %% image-by-image
def layer_backward(X, W, G):
    dW, dX = torch.zeros_like(W), torch.zeros_like(X)
    for i, (x, g) in enumerate(zip(X, G)):
        x1 = torch.cat([x, torch.ones(1)])
        g = g * (x1 @ W > 0).float()
        dW += torch.outer(x1, g)
        dX[i] = W[:-1] @ g
    return dW, dX


# %% sign-of-the-output
def layer_backward(X, W, G):
    ones = torch.ones(X.shape[0], 1)
    H = torch.relu(torch.hstack((X, ones)) @ W)
    grad = H.sign() * G  # a name of one's own
    dU = grad
    return torch.hstack((X, ones)).t() @ dU, (dU @ W.t())[:, :-1]
