# Answers to keep_largest. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% values-alone patch="return torch.zeros_like(codes).scatter(1, positions, values) => return values" keeps=0.175 hint="put them back"

# %% ones-for-codes patch="scatter(1, positions, values) => scatter(1, positions, torch.ones_like(values))" keeps=0.231 hint="keep its value"

# %% per-unit keeps=0.5 hint="of each unit stay"
def keep_largest(codes, k):
    values, positions = codes.topk(min(k, len(codes)), dim=0)
    return torch.zeros_like(codes).scatter(0, positions, values)


# %% whole-batch keeps=0.5 hint="whole batch"
def keep_largest(codes, k):
    least = codes.flatten().topk(k).values[-1]
    return codes * (codes >= least)


# %% detached patch="values, positions = codes.topk(k, dim=1) => values, positions = codes.detach().topk(k, dim=1)" keeps=0.7 hint="no gradient reaches codes"


# %% all-equal-ones keeps=0.9 hint="3 entries stay"
def keep_largest(codes, k):
    return codes * (codes >= codes.topk(k, dim=1).values[:, -1:])


# %% in-place keeps=0.504 hint="in place"
def keep_largest(codes, k):
    least = codes.topk(k, dim=1).values[:, -1:]
    with torch.no_grad():
        codes[codes < least] = 0
    return codes


# %% kth-value keeps=0.9 hint="3 entries stay"
def keep_largest(codes, k):
    least = codes.kthvalue(codes.shape[1] - k + 1, dim=1, keepdim=True).values
    return torch.where(codes >= least, codes, 0.0)


# %% mask
def keep_largest(codes, k):
    mask = torch.zeros_like(codes)
    mask[torch.arange(len(codes))[:, None], codes.topk(k).indices] = 1
    return codes * mask


# %% one-hot
def keep_largest(codes, k):
    hot = nn.functional.one_hot(codes.topk(k, dim=1).indices, codes.shape[1]).sum(dim=1)
    return codes * hot


# %% ranks
def keep_largest(codes, k):
    ranks = codes.argsort(dim=1, descending=True).argsort(dim=1)
    return codes.masked_fill(ranks >= k, 0)


# %% row-by-row
def keep_largest(codes, k):
    rows = []
    for row in codes:
        kept = torch.zeros_like(row)
        kept[row.topk(k).indices] = row.topk(k).values
        rows.append(kept)
    return torch.stack(rows)
