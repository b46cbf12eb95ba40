# Answers to dead_codes. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% only-zeros patch="return Z.amax(dim=0) == Z.amin(dim=0) => return (Z == 0).all(dim=0)" keeps=0.25

# %% any-zero patch="return Z.amax(dim=0) == Z.amin(dim=0) => return (Z == 0).any(dim=0)" keeps=0.25

# %% never-positive patch="return Z.amax(dim=0) == Z.amin(dim=0) => return ~(Z > 0).any(dim=0) | (Z.std(dim=0) < 1e-6)" keeps=0.25

# %% sums-to-zero patch="return Z.amax(dim=0) == Z.amin(dim=0) => return Z.sum(dim=0).abs() < 1e-4" keeps=0.25

# %% alive-for-dead patch="return Z.amax(dim=0) == Z.amin(dim=0) => return Z.amax(dim=0) != Z.amin(dim=0)" keeps=0.25

# %% image-by-image patch="return Z.amax(dim=0) == Z.amin(dim=0) => return Z.amax(dim=1) == Z.amin(dim=1)" keeps=0

# %% counted patch="return Z.amax(dim=0) == Z.amin(dim=0) => return (Z.amax(dim=0) == Z.amin(dim=0)).sum().item()" keeps=0

# %% as-positions patch="return Z.amax(dim=0) == Z.amin(dim=0) => return (Z.amax(dim=0) == Z.amin(dim=0)).nonzero().flatten()" keeps=0

# %% as-numbers patch="return Z.amax(dim=0) == Z.amin(dim=0) => return (Z.amax(dim=0) == Z.amin(dim=0)).float()" keeps=0.75

# %% rare-is-dead patch="return Z.amax(dim=0) == Z.amin(dim=0) => return (Z == Z.median(dim=0).values).float().mean(dim=0) > 0.95" keeps=0.25

# %% rounded-first keeps=0.25
def dead_codes(Z):
    Z = Z.round()
    return Z.amax(dim=0) == Z.amin(dim=0)


# %% without-signs patch="return Z.amax(dim=0) == Z.amin(dim=0) => return Z.abs().amax(dim=0) == Z.abs().amin(dim=0)" keeps=0.25

# %% largest-is-zero patch="return Z.amax(dim=0) == Z.amin(dim=0) => return Z.amax(dim=0) == 0" keeps=0.25

# %% all-codes-together patch="return Z.amax(dim=0) == Z.amin(dim=0) => return (Z == Z.max()).all(dim=0)" keeps=0.25

# %% the-mean-is-the-first patch="return Z.amax(dim=0) == Z.amin(dim=0) => return Z.mean(dim=0) == Z[0]" keeps=0.25

# %% zero-or-the-first patch="return Z.amax(dim=0) == Z.amin(dim=0) => return ((Z == 0) | (Z == Z[0])).all(dim=0)" keeps=0.25

# %% rows-for-columns-kept patch="return Z.amax(dim=0) == Z.amin(dim=0) => return Z.amax(dim=0, keepdim=True) == Z.amin(dim=0, keepdim=True)" keeps=0


# %% shifts-the-codes keeps=0.8
def dead_codes(Z):
    Z -= Z[0].clone()
    return (Z == 0).all(dim=0)


# %% below-a-thousandth patch="return Z.amax(dim=0) == Z.amin(dim=0) => return Z.std(dim=0) < 1e-3" keeps=0.25

# %% at-most-two-numbers patch="return Z.amax(dim=0) == Z.amin(dim=0) => return torch.tensor([len(column.unique()) <= 2 for column in Z.T])" keeps=0.25

# %% between-the-percentiles patch="return Z.amax(dim=0) == Z.amin(dim=0) => return Z.quantile(0.99, dim=0) == Z.quantile(0.01, dim=0)" keeps=0.25


# %% compared-with-the-first
def dead_codes(Z):
    return (Z == Z[0]).all(dim=0)


# %% tiny-spread
def dead_codes(Z):
    return Z.double().std(dim=0) < 1e-9


# %% how-many-different
def dead_codes(Z):
    return torch.tensor([len(column.unique()) == 1 for column in Z.T])


# %% by-the-library
def dead_codes(Z):
    return torch.tensor([metrics.dead_units(Z[:, [j]]) == 1 for j in range(Z.shape[1])])


# %% no-variance
def dead_codes(Z):
    return Z.var(dim=0) == 0


# %% spread-below-a-millionth
def dead_codes(Z):
    return Z.std(dim=0) < 1e-6


# %% no-difference-to-the-next
def dead_codes(Z):
    return ~torch.any(torch.diff(Z, dim=0) != 0, dim=0)


# %% sorted-ends
def dead_codes(Z):
    S = Z.sort(dim=0).values
    return S[0] == S[-1]


# %% largest-where-the-smallest-is
def dead_codes(Z):
    return Z.argmax(dim=0) == Z.argmin(dim=0)


# %% nothing-left-without-the-first
def dead_codes(Z):
    return (Z - Z[0]).abs().sum(dim=0) == 0
