# Answers to standardise. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% centres-rows keeps=0 hint="every row has mean 0"
def standardise(X):
    centred = X - X.mean(dim=1, keepdim=True)
    return centred / centred.square().mean(dim=1, keepdim=True).sqrt()


# %% divides-by-n-minus-1 patch="centred.square().mean(dim=0).sqrt() => X.std(dim=0)" keeps=0.7 hint="divides by n - 1"

# %% divides-by-variance patch="centred.square().mean(dim=0).sqrt() => centred.square().mean(dim=0)" keeps=0 hint="divided by the variance"


# %% gives-back-the-same keeps=0
def standardise(X):
    return X.clone()


# %% forgets-constant-columns patch="torch.where(spread > 0, spread, 1.0) => spread" keeps=0.75

# %% centres-in-place patch="centred = X - X.mean(dim=0) => X -= X.mean(dim=0); centred = X" keeps=0.8 hint="in place"


# %% torch-std
def standardise(X):
    spread, mean = torch.std_mean(X, dim=0, correction=0)
    return ((X - mean) / spread).nan_to_num(0.0, 0.0, 0.0)


# %% row-by-row
def standardise(X):
    columns = [column - column.mean() for column in X.T]
    scales = [column.norm() / len(column) ** 0.5 for column in columns]
    return torch.stack([column / max(scale, 1e-12) for column, scale in zip(columns, scales)], dim=1)


# %% squares-first keeps=0.8 corner="far_from_zero"
def standardise(X):
    spread = (X.square().mean(dim=0) - X.mean(dim=0).square()).clamp(min=0).sqrt()
    return (X - X.mean(dim=0)) / torch.where(X.amax(dim=0) > X.amin(dim=0), spread, 1.0)
