# Answers to code_worth. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% error-itself patch="worth[j] = error(blunt) - error(Z) => worth[j] = error(blunt)" keeps=0.5 hint="subtract the error with all codes"

# %% sign-reversed patch="worth[j] = error(blunt) - error(Z) => worth[j] = error(Z) - error(blunt)" keeps=0.6 hint="the sign is reversed"

# %% zero-for-mean patch="blunt[:, j] = Z[:, j].mean() => blunt[:, j] = 0" keeps=0.5 hint="the code is replaced by 0"

# %% mean-of-everything patch="blunt[:, j] = Z[:, j].mean() => blunt[:, j] = Z.mean()" keeps=0.5 hint="the mean of all codes"

# %% still-replaced patch="blunt = Z.clone() => blunt = Z.clone() if j == 0 else blunt" keeps=0.4 hint="stay replaced"

# %% no-copy keeps=0.32 hint="in place"
def code_worth(decode, Z, X):
    before = (decode(Z) - X).square().mean()
    worth = torch.zeros(Z.shape[1])
    for j in range(Z.shape[1]):
        blunt = Z
        blunt[:, j] = Z[:, j].mean()
        worth[j] = (decode(blunt) - X).square().mean() - before
    return worth


# %% compared-with-the-reconstruction patch="return (decode(codes) - X).square().mean() => return (decode(codes) - decode(Z)).square().mean()" keeps=0.5 hint="compare them with X"

# %% a-list-of-tensors patch="return worth => return list(worth)" keeps=0.8 hint="list of 2 came back"


# %% with-where
def code_worth(decode, Z, X):
    mean = Z.mean(dim=0)
    before = torch.nn.functional.mse_loss(decode(Z), X)
    eye = torch.eye(Z.shape[1]).bool()
    return torch.stack([torch.nn.functional.mse_loss(decode(torch.where(one, mean, Z)), X) - before for one in eye])


# %% column-by-column
def code_worth(decode, Z, X):
    columns = list(Z.split(1, dim=1))
    before = (X - decode(Z)).pow(2).mean(1).mean()
    found = []
    for j in range(len(columns)):
        changed = columns.copy()
        changed[j] = torch.ones_like(columns[j]) * columns[j].mean()
        found.append(((X - decode(torch.hstack(changed))).pow(2).mean(1).mean() - before).item())
    return torch.tensor(found)


# %% all-at-once
def code_worth(decode, Z, X):
    N, d = Z.shape
    many = Z.expand(d + 1, N, d).clone()
    for j in range(d):
        many[j, :, j] = Z[:, j].mean()
    errors = (decode(many.reshape(-1, d)).reshape(d + 1, N, -1) - X).square().mean(dim=(1, 2))
    return errors[:d] - errors[d]


# %% put-back-afterwards
@torch.no_grad()
def code_worth(decode, Z, X):
    old = ((decode(Z) - X) ** 2).mean()
    worth = []
    for j in range(Z.size(1)):
        kept = Z[:, j].clone()
        Z[:, j] = kept.mean()
        worth.append(((decode(Z) - X) ** 2).mean() - old)
        Z[:, j] = kept
    return torch.stack(worth)
