# Answers to active_share. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% units-for-images patch="mean(dim=1) => mean(dim=0)" keeps=0.5 hint="count over the units"

# %% one-number patch="mean(dim=1) => mean()" keeps=0.5 hint="one number for all images"

# %% counted patch="mean(dim=1) => sum(dim=1)" keeps=0.5 hint="divide by the number of units"

# %% silent-share patch="codes > 0 => codes == 0" keeps=0.5 hint="units that are 0"

# %% weak-left-out patch="codes > 0 => codes > 0.01" keeps=0.5 hint="small entries are left out"

# %% count-nonzero
def active_share(codes):
    return torch.count_nonzero(codes, dim=1) / codes.shape[1]


# %% sign
def active_share(codes):
    return codes.sign().mean(-1)


# %% row-by-row
def active_share(codes):
    return torch.tensor([sum(c > 0 for c in row.tolist()) / len(row) for row in codes])
