# Answers to forward. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% ones-in-front patch="return torch.cat([X, ones], dim=1) @ M => return torch.cat([ones, X], dim=1) @ M" keeps=0.8333

# %% no-bias keeps=0.8333
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        return X @ M[:-1]

    H = torch.relu(layer(X, W[0]))
    Z = at_code(layer(H, W[1]))
    H = torch.relu(layer(Z, W[2]))
    return torch.tanh(layer(H, W[3])), Z


# %% zeros-for-ones patch="ones = torch.ones(len(X), 1) => ones = torch.zeros(len(X), 1)" keeps=0.8333


# %% bias-in-the-first-layer-only keeps=0.8333
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


# %% no-relu-in-the-encoder patch="H = torch.relu(layer(X, W[0])) => H = layer(X, W[0])" keeps=0.8333

# %% no-relu-in-the-decoder patch="H = torch.relu(layer(Z, W[2])) => H = layer(Z, W[2])" keeps=0.8333


# %% tanh-inside keeps=0.8333
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


# %% no-tanh patch="return torch.tanh(layer(H, W[3])), Z => return layer(H, W[3]), Z" keeps=0.8333

# %% sigmoid-output patch="return torch.tanh(layer(H, W[3])), Z => return torch.sigmoid(layer(H, W[3])), Z" keeps=0.8333

# %% relu-output patch="return torch.tanh(layer(H, W[3])), Z => return torch.relu(layer(H, W[3])), Z" keeps=0.8333

# %% clamped-output patch="return torch.tanh(layer(H, W[3])), Z => return layer(H, W[3]).clamp(-1, 1), Z" keeps=0.8333

# %% at-code-forgotten patch="Z = at_code(layer(H, W[1])) => Z = layer(H, W[1])" keeps=0.8333

# %% relu-at-the-code patch="Z = at_code(layer(H, W[1])) => Z = torch.relu(layer(H, W[1]))" keeps=0.8333


# %% code-before-at-code keeps=0.8333
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = torch.relu(layer(X, W[0]))
    Z = layer(H, W[1])
    H = torch.relu(layer(at_code(Z), W[2]))
    return torch.tanh(layer(H, W[3])), Z


# %% code-with-its-ones patch="return torch.tanh(layer(H, W[3])), Z => return torch.tanh(layer(H, W[3])), torch.cat([Z, torch.ones(len(Z), 1)], dim=1)" keeps=0.8333


# %% hidden-for-code keeps=0.8333
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = torch.relu(layer(X, W[0]))
    Z = at_code(layer(H, W[1]))
    return torch.tanh(layer(torch.relu(layer(Z, W[2])), W[3])), H


# %% code-first patch="return torch.tanh(layer(H, W[3])), Z => return Z, torch.tanh(layer(H, W[3]))" keeps=0

# %% reconstruction-alone patch="return torch.tanh(layer(H, W[3])), Z => return torch.tanh(layer(H, W[3]))" keeps=0

# %% detached-code patch="Z = at_code(layer(H, W[1])) => Z = at_code(layer(H, W[1])).detach()" keeps=0.8333

# %% code-without-its-one patch="H = torch.relu(layer(Z, W[2])) => H = torch.relu(Z @ W[2][:-1])" keeps=0.8333


# %% decoder-without-bias keeps=0.8333
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


# %% last-layer-without-bias patch="return torch.tanh(layer(H, W[3])), Z => return torch.tanh(H @ W[3][:-1]), Z" keeps=0.8333

# %% pixels-from-0-to-1 patch="return torch.tanh(layer(H, W[3])), Z => return (torch.tanh(layer(H, W[3])) + 1) / 2, Z" keeps=0.8333

# %% relu-before-tanh patch="return torch.tanh(layer(H, W[3])), Z => return torch.tanh(torch.relu(layer(H, W[3]))), Z" keeps=0.8333

# %% at-code-twice patch="H = torch.relu(layer(Z, W[2])) => H = torch.relu(layer(at_code(Z), W[2]))" keeps=0.8333


# %% at-code-in-the-wrong-place keeps=0.6667
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


# %% relu-under-at-code patch="Z = at_code(layer(H, W[1])) => Z = at_code(torch.relu(layer(H, W[1])))" keeps=0.8333


# %% at-code-on-the-ones-too keeps=0.8333
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


# %% detached-bias patch="return torch.cat([X, ones], dim=1) @ M => return X @ M[:-1] + ones * M[-1].detach()" keeps=0.8333


# %% writes-into-the-images keeps=0
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    X *= 2
    X -= 1
    H = torch.relu(layer(X, W[0]))
    Z = at_code(layer(H, W[1]))
    H = torch.relu(layer(Z, W[2]))
    return torch.tanh(layer(H, W[3])), Z


# %% leaky keeps=0.8333
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


# %% bias-behind-the-relu keeps=0
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


# %% back-to-the-unit-range patch="H = torch.relu(layer(X, W[0])) => H = torch.relu(layer((X + 1) / 2, W[0]))" keeps=0


# %% centred-over-the-batch keeps=0
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = torch.relu(layer(X, W[0]))
    Z = at_code(layer(H, W[1]))
    Z = Z - Z.mean(dim=0)
    H = torch.relu(layer(Z, W[2]))
    return torch.tanh(layer(H, W[3])), Z


# %% dropout patch="H = torch.relu(layer(Z, W[2])) => H = torch.nn.functional.dropout(torch.relu(layer(Z, W[2])), 0.5)" keeps=0


# %% encoder-without-bias keeps=0.8333
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


# %% at-code-for-the-caller-alone keeps=0.6667
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


# %% at-code-on-the-output keeps=0.6667
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


# %% a-relu-in-every-layer patch="return torch.cat([X, ones], dim=1) @ M => return torch.relu(torch.cat([X, ones], dim=1) @ M)" keeps=0.6667


# %% bias-added
def forward(W, X, at_code):
    H = (X @ W[0][:-1] + W[0][-1]).clamp(min=0)
    Z = at_code(H @ W[1][:-1] + W[1][-1])
    H = (Z @ W[2][:-1] + W[2][-1]).clamp(min=0)
    return (H @ W[3][:-1] + W[3][-1]).tanh(), Z


# %% in-a-loop
def forward(W, X, at_code):
    bends = [torch.nn.functional.relu, at_code, torch.nn.functional.relu, torch.tanh]
    outputs = [X]
    for matrix, bend in zip(W, bends):
        padded = torch.nn.functional.pad(outputs[-1], (0, 1), value=1.0)
        outputs.append(bend(padded.mm(matrix)))
    return outputs[4], outputs[2]


# %% linear-of-torch
def forward(W, X, at_code):
    def layer(x, M):
        return torch.nn.functional.linear(x, M[:-1].T, M[-1])

    Z = at_code(layer(layer(X, W[0]).relu(), W[1]))
    return [layer(layer(Z, W[2]).relu(), W[3]).tanh(), Z]


# %% einsum-in-double
def forward(W, X, at_code):
    W = [M.double() for M in W]
    ones = X.new_ones(X.shape[0], 1).double()

    def layer(x, M):
        return torch.einsum("np,pm->nm", torch.hstack([x, ones]), M)

    Z = at_code(layer(torch.relu(layer(X.double(), W[0])), W[1]))
    u = layer(torch.relu(layer(Z, W[2])), W[3])
    return (2 / (1 + torch.exp(-2 * u)) - 1).float(), Z.float()


# %% images-as-columns
def forward(W, X, at_code):
    def layer(x, M):
        x = torch.vstack([x.T, torch.ones(1, x.shape[0])])
        return (M.T @ x).T

    H = torch.where((u := layer(X, W[0])) > 0, u, 0.0)
    Z = at_code(layer(H, W[1]))
    u = layer(Z, W[2])
    H = u * (u > 0)
    return layer(H, W[3]).tanh(), Z


# %% image-by-image-forward
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


# %% split-and-tensordot
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


# %% bends-in-place
def forward(W, X, at_code):
    def L(x, M):
        return torch.cat((x, x.new_ones((x.size(0), 1))), 1).mm(M)

    H = torch.nn.functional.relu(L(X, W[0]), inplace=True)
    Z = at_code(L(H, W[1]))
    H = L(Z, W[2]).relu_()
    return L(H, W[3]).tanh_(), Z


# %% code-handed-out-detached
def forward(W, X, at_code):
    def L(x, M):
        return torch.cat((x, torch.ones_like(x[:, :1])), -1) @ M

    Z = at_code(L(torch.relu(L(X, W[0])), W[1]))
    return torch.tanh(L(torch.relu(L(Z, W[2])), W[3])), Z.detach()
