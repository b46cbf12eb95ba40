# Answers to draw_labels. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% not-by-class keeps=0.1667 hint="draw class by class"
def draw_labels(labels, per_class, generator):
    order = torch.randperm(len(labels), generator=generator)
    n = per_class * len(labels.unique())
    return order[:n], order[n:]


# %% first-of-each-class keeps=0.6667 hint="the first images of each class"
def draw_labels(labels, per_class, generator):
    chosen = torch.cat([torch.nonzero(labels == k)[:per_class, 0] for k in labels.unique()])
    hidden = torch.ones(len(labels), dtype=torch.bool)
    hidden[chosen] = False
    return chosen, torch.nonzero(hidden)[:, 0]


# %% others-hold-all keeps=0.8333 hint="leave them out"
def draw_labels(labels, per_class, generator):
    chosen = []
    for k in labels.unique():
        positions = torch.nonzero(labels == k)[:, 0]
        chosen.append(positions[torch.randperm(len(positions), generator=generator)[:per_class]])
    return torch.cat(chosen), torch.arange(len(labels))


# %% global-generator patch="torch.randperm(len(positions), generator=generator) => torch.randperm(len(positions))" keeps=0.8333 hint="do not come from `generator`"

# %% same-seed-each-time patch="chosen = [] => chosen, generator = [], torch.Generator().manual_seed(0)" keeps=0.6667 hint="never got a label"

# %% positions-within-the-class patch="positions[order[:per_class]] => order[:per_class]" keeps=0.1667 hint="inside of a class"


# %% with-replacement keeps=0.75 hint="draw without replacement"
def draw_labels(labels, per_class, generator):
    chosen = []
    for k in labels.unique():
        positions = torch.nonzero(labels == k)[:, 0]
        chosen.append(positions[torch.randint(len(positions), (per_class,), generator=generator)])
    chosen = torch.cat(chosen)
    hidden = torch.ones(len(labels), dtype=torch.bool)
    hidden[chosen] = False
    return chosen, torch.nonzero(hidden)[:, 0]


# %% a-mask patch="return labelled, torch.nonzero(hidden)[:, 0] => return labelled, hidden" keeps=0.8 hint="a mask of True and False"


# %% sorted-random-keys
def draw_labels(labels, per_class, generator):
    keys = torch.rand(len(labels), generator=generator)
    taken = torch.zeros(len(labels), dtype=torch.bool)
    for k in set(labels.tolist()):
        own = torch.where(labels == k, keys, torch.inf)
        taken[own.argsort()[:per_class]] = True
    return taken.nonzero().flatten(), (~taken).nonzero().flatten()


# %% one-permutation
def draw_labels(labels, per_class, generator):
    seen, labelled, rest = {}, [], []
    for i in torch.randperm(len(labels), generator=generator).tolist():
        k = int(labels[i])
        seen[k] = seen.get(k, 0) + 1
        (labelled if seen[k] <= per_class else rest).append(i)
    return torch.tensor(labelled), torch.tensor(rest)


# %% multinomial
def draw_labels(labels, per_class, generator):
    labelled = torch.cat(
        [torch.multinomial((labels == k).float(), per_class, generator=generator) for k in labels.unique()]
    )
    everything = torch.arange(len(labels))
    return labelled, everything[~torch.isin(everything, labelled)]
