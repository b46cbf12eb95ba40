# Answers to forward. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% no-bias keeps=0.75 hint="none, the last rows play no part"
def linear(Z):
    return Z


def forward(W, X, at_code):

    def layer(X, M):
        return X @ M[:-1]

    H = torch.relu(layer(X, W[0]))
    Z = at_code(layer(H, W[1]))
    H = torch.relu(layer(Z, W[2]))
    return torch.tanh(layer(H, W[3])), Z


# %% ones-in-front patch="return torch.cat([X, ones], dim=1) @ M => return torch.cat([ones, X], dim=1) @ M" keeps=0.75 hint="bias: the first row of each matrix"

# %% no-relu-in-the-decoder patch="H = torch.relu(layer(Z, W[2])) => H = layer(Z, W[2])" keeps=0.8333 hint="none in the decoder"

# %% no-tanh patch="return torch.tanh(layer(H, W[3])), Z => return layer(H, W[3]), Z" keeps=0.9167 hint="output: none"

# %% at-code-forgotten patch="Z = at_code(layer(H, W[1])) => Z = layer(H, W[1])" keeps=0.8333 hint="at code: never used there"


# %% code-before-at-code keeps=0.75 hint="returned before at_code"
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


# %% reconstruction-alone patch="return torch.tanh(layer(H, W[3])), Z => return torch.tanh(layer(H, W[3]))" keeps=0.6 hint="return reconstruction, code"

# %% code-first patch="return torch.tanh(layer(H, W[3])), Z => return Z, torch.tanh(layer(H, W[3]))" keeps=0.8 hint="in another order"


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
