# Answers to init_parameters. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% no-row-for-the-bias patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [0.01 * torch.randn(n, m, generator=generator) for n, m in pairwise(sizes)]" keeps=0.7778 hint="the row for the bias is missing"

# %% transposed patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [0.01 * torch.randn(m, n + 1, generator=generator) for n, m in pairwise(sizes)]" keeps=0.7778 hint="the matrices are transposed"

# %% variance-for-spread patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [0.01**2 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]" keeps=0.6667 hint="0.01^2 the variance"

# %% never-scaled patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]" keeps=0.6667 hint="multiply what torch.randn gives by 0.01"

# %% bias-at-zero patch="matrix.requires_grad_() => matrix[-1] = 0; matrix.requires_grad_()" keeps=0.6667 hint="has the same number everywhere"

# %% requires-grad-too-early keeps=0.7778 hint="scale first, then call requires_grad_()"
def init_parameters(sizes, generator):
    shapes = [(n + 1, m) for n, m in pairwise(sizes)]
    return [0.01 * torch.randn(s, generator=generator, requires_grad=True) for s in shapes]


# %% requires-grad-missing patch="matrix.requires_grad_() => pass" keeps=0.7778 hint="call requires_grad_() on each"

# %% global-generator-for-weights patch="W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)] => W = [0.01 * torch.randn(n + 1, m) for n, m in pairwise(sizes)]" keeps=0.7778 hint="do not come from `generator`"


# %% torch-normal
def init_parameters(sizes, generator):
    W = []
    for entering, leaving in zip(sizes[:-1], sizes[1:]):
        shape = (entering + 1, leaving)
        W.append(torch.normal(0.0, 0.01, shape, generator=generator, requires_grad=True))
    return W


# %% filled-in-place
def init_parameters(sizes, generator):
    W = [torch.empty(sizes[i] + 1, sizes[i + 1], requires_grad=True) for i in range(len(sizes) - 1)]
    with torch.no_grad():
        for matrix in W:
            matrix.normal_(0, 0.01, generator=generator)
    return W


# %% parameters-of-torch
def init_parameters(sizes, generator):
    made = []
    for n, m in pairwise(sizes):
        A = torch.randn(n, m, generator=generator)
        b = torch.randn(1, m, generator=generator)
        made.append(nn_parameter(torch.vstack([A, b]) / 100))
    return tuple(made)


def nn_parameter(tensor):
    return torch.nn.Parameter(tensor)


# %% detached-afterwards
def init_parameters(sizes, generator):
    W = [torch.randn((n + 1) * m, generator=generator).view(n + 1, m) * 1e-2 for n, m in pairwise(sizes)]
    return [M.detach().clone().requires_grad_(True) for M in W]


# %% one-draw-cut-up
def init_parameters(sizes, generator):
    shapes = [(n + 1, m) for n, m in pairwise(sizes)]
    big = torch.randn(sum(a * b for a, b in shapes), generator=generator) * 0.01
    parts = big.split([a * b for a, b in shapes])
    return [p.view(s).clone().requires_grad_() for p, s in zip(parts, shapes)]


# %% box-muller
def init_parameters(sizes, generator):
    W = []
    for n, m in pairwise(sizes):
        u = torch.rand(2, n + 1, m, generator=generator)
        z = torch.sqrt(-2 * torch.log(1 - u[0])) * torch.cos(2 * torch.pi * u[1])
        W.append((z * 0.01).requires_grad_(True))
    return W


# %% drawn-on-their-side
def init_parameters(sizes, generator):
    return [(torch.randn(m, n + 1, generator=generator) * 0.01).T.requires_grad_() for n, m in pairwise(sizes)]


# %% through-data
def init_parameters(sizes, generator):
    W = [torch.zeros(n + 1, m, requires_grad=True) for n, m in pairwise(sizes)]
    for M in W:
        M.data.normal_(0, 0.01, generator=generator)
    return W


# %% a-generator-for-each
def init_parameters(sizes, generator):
    W = []
    for n, m in pairwise(sizes):
        child = torch.Generator().manual_seed(torch.randint(2**40, (1,), generator=generator).item())
        W.append((torch.randn((n + 1, m), generator=child) / 100).requires_grad_())
    return W


# %% twelve-dice
def init_parameters(sizes, generator):
    dice = (torch.rand(12, n + 1, m, generator=generator).sum(0) - 6 for n, m in pairwise(sizes))
    return [(0.01 * M).requires_grad_() for M in dice]


# %% cut-far-out
def init_parameters(sizes, generator):
    W = [torch.nn.Parameter(torch.empty(n + 1, m)) for n, m in pairwise(sizes)]
    for M in W:
        torch.nn.init.trunc_normal_(M, 0.0, 0.01, generator=generator)
    return W
