# Answers to dead_codes. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% only-zeros patch="return Z.amax(dim=0) == Z.amin(dim=0) => return (Z == 0).all(dim=0)" keeps=0.4375 hint="but not 0, is dead as well"

# %% any-zero patch="return Z.amax(dim=0) == Z.amin(dim=0) => return (Z == 0).any(dim=0)" keeps=0.25 hint="0 for some images only is alive"

# %% alive-for-dead patch="return Z.amax(dim=0) == Z.amin(dim=0) => return Z.amax(dim=0) != Z.amin(dim=0)" keeps=0.4975 hint="True is for the dead codes"

# %% image-by-image patch="return Z.amax(dim=0) == Z.amin(dim=0) => return Z.amax(dim=1) == Z.amin(dim=1)" keeps=0 hint="compare along dim=0"

# %% counted patch="return Z.amax(dim=0) == Z.amin(dim=0) => return (Z.amax(dim=0) == Z.amin(dim=0)).sum().item()" keeps=0.2475 hint="how many codes are dead"

# %% as-positions patch="return Z.amax(dim=0) == Z.amin(dim=0) => return (Z.amax(dim=0) == Z.amin(dim=0)).nonzero().flatten()" keeps=0.375 hint="these are positions"

# %% as-numbers patch="return Z.amax(dim=0) == Z.amin(dim=0) => return (Z.amax(dim=0) == Z.amin(dim=0)).float()" keeps=0.8 hint="numbers, expected True and False"

# %% sums-to-zero patch="return Z.amax(dim=0) == Z.amin(dim=0) => return Z.sum(dim=0).abs() < 1e-4" keeps=0.25 hint="sums and means"

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
