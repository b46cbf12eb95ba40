# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 02 · An autoencoder from matrices
#
# **You will** build an autoencoder out of four matrices, nothing else: no `nn.Module`, no `nn.Linear`. You write its layers, its training loop and its decoder, find out why a published
# set-up fails in most of its runs, mend it, and then ask what the decoder draws when nobody gives it an image.
#
# **Before you start**: lab 01, matrix products, what a gradient is. About 110 minutes to the end of section 8, of which the computer needs about one; *Going further* (sections 9 and 10)
# is as long as you like. Run the cells from the top; every numbered section also works on its own once the set-up cells have run.
#
# | exercise | you write | points | minutes |
# |---|---|---|---|
# | 1.1 | `to_range(images)` | 2 | 5 |
# | 1.2 | `get_random_batch(X, size, generator)` | 3 | 6 |
# | 2.1 | `init_parameters(sizes, generator)` | 4 | 8 |
# | 2.2 | `forward(W, X, at_code)` | 4 | 12 |
# | 3.1 | `train_by_hand(network, W, draw, optimizer, iterations)` | 5 | 15 |
# | 4.1 | `dead_codes(Z)` | 2 | 5 |
# | 7.1 | `sample_codes(Z, n, generator)`, `decode(W, Z)` | 4 | 10 |
# | 7.2 | an answer in words | 2 | 6 |
# | 8.1 | `softmax(logits)`, `cross_entropy(logits, targets)` | 4 | 12 |
#
# How an exercise works: fill in the cell, run it, then run the check below it. A check looks at your code with new numbers each time
# and says what is right (✓), what is wrong and probably why (✗), or that the cell is still to be done (·).
# One rule for all of them: a function leaves the tensors it is given as they are (no `X -= 1`); training alone changes the matrices that it trains.

# %% tags=["install"]
# Here the build puts the cell that installs course_utils where it is missing (course_admin/authoring/install_cell.py).

# %% tags=["setup"]
# Set-up: run this first, and again after every restart of the kernel.
from itertools import pairwise

import torch

from course_utils import data, metrics, plotting, training
from course_utils.checks import manual_weights as checks
from course_utils.sweeps import sweep
from course_utils.training import budget

training.seed_everything(0)

# %%
# Everything stays on the CPU here: four small matrices and 40 images at a time leave a GPU nothing to do.
source = budget(full="auto", study="sample", quick="sample")
train_set = data.load_mnist(
    "train", source=source, limit=budget(full=None, study=None, quick=2_000)
)
test_set = data.load_mnist("test", source=source)
ten = data.load_ten_digits()
print(f"{len(train_set.images):,} training images, {len(test_set.images):,} test images")

# %% [markdown]
# The next cell is folded away on purpose. It holds what you are about to write, in other words, so that sections 4 to 10 never wait for your answers. Run it now; open it when you
# have written yours, and compare.


# %% jupyter={"source_hidden": true}
# Given: the network of sections 4 to 10, and the way from images to rows and back.
def rows(images):
    """Images [N, 1, 28, 28] in [0, 1] as rows [N, 784] in [-1, 1]."""
    return images.flatten(1).mul(2).sub(1)


def pixels(X):
    """Rows [N, 784] in [-1, 1] as images [N, 1, 28, 28] in [0, 1], to look at."""
    return X.detach().add(1).div(2).view(-1, 1, 28, 28)


class Matrices:
    """784-256-d-256-784 out of four matrices: the network of this lab, for its later sections."""

    def __init__(self, d, relu_code=False, seed=0):
        self.dice = torch.Generator().manual_seed(seed)
        self.relu_code = relu_code
        self.W = []
        for rows_above, columns in pairwise((784, 256, d, 256, 784)):
            matrix = torch.normal(0, 0.01, (rows_above + 1, columns), generator=self.dice)
            self.W.append(matrix.requires_grad_())

    def layer(self, i, x):
        return torch.addmm(self.W[i][-1], x, self.W[i][:-1])

    def encode(self, X):
        Z = self.layer(1, self.layer(0, X).clamp(min=0))
        return Z.clamp(min=0) if self.relu_code else Z

    def decode(self, Z):
        return self.layer(3, self.layer(2, Z).clamp(min=0)).tanh()

    def fit(self, X, iterations=1_000):
        adam = torch.optim.Adam(self.W, lr=3e-3, fused=True)
        for _ in range(budget(full=iterations, study=iterations, quick=10)):
            batch = X[(torch.rand(40, generator=self.dice) * len(X)).long()]
            adam.zero_grad()
            (self.decode(self.encode(batch)) - batch).pow(2).mean().backward()
            adam.step()
        return self

    @torch.no_grad()
    def codes(self, X):
        return self.encode(X)

    @torch.no_grad()
    def redraw(self, X):
        return self.decode(self.encode(X))

    def error(self, X):
        return (self.redraw(X) - X).pow(2).mean().item()


X, T = rows(train_set.images), rows(test_set.images)

# %% [markdown]
# ## 1 · Images as rows of numbers
#
# A matrix multiplies vectors, so an image has to become one: its 28 rows of pixels, one after the other, make a row of $P = 784$ numbers. A batch of images is a matrix $X$ with one image
# a row.
#
# And it has to fit what the network can draw. The last layer of this lab's network goes through **tanh**, whose values lie between -1 and 1. Pixels come in [0, 1], so we stretch them: black becomes -1, white
# becomes 1.
#
# Keep in mind that errors change their meaning with the range. Twice as wide a range makes squared errors **four times** as large: lab 01's 0.0559 for PCA with two
# components is 0.224 here.
#
# ### Exercise 1.1 (2 points, about 5 minutes)
#
# <details><summary>Hint 1</summary>What has to be done to 0 and to 1, and to 0.5 in the middle, so that they become -1, 1 and 0? No property of the batch (its largest pixel, its mean) may play a part.</details>
# <details><summary>Hint 2</summary>x.flatten(1) keeps the first dimension and makes one of all the others.</details>


# %% exercise="to_range"
def to_range(images):
    """Images as rows in the range of tanh.

    images: float tensor [N, 1, H, W], pixels in [0, 1].
    Returns a float tensor [N, H * W], the pixels of each image in their order, in [-1, 1].
    """
    ### BEGIN SOLUTION
    return 2 * images.flatten(1) - 1
    ### END SOLUTION


# %% check="to_range" points=2
checks.to_range(to_range)

# %% [markdown]
# ### Forty images at random
#
# Training looks at a few images at a time. Lab 01 went through all of them in a random order. Here we do something simpler: before every step, draw 40 images **with replacement**, as one
# draws balls and puts them back.
#
# The dice come from a *generator*, `torch.Generator().manual_seed(3)`, which you hand to every function that draws. It goes on from where it was, so each batch is new; and whoever starts
# one from the same seed gets the same batches. torch's global dice are left alone.
#
# ### Exercise 1.2 (3 points, about 6 minutes)
#
# <details><summary>Hint 1</summary>Draw positions, not images: which function of torch gives whole random numbers from 0 to below N, and where does it take a generator?</details>
# <details><summary>Hint 2</summary>X[positions] takes these rows of X, a row that is named twice also twice.</details>


# %% exercise="get_random_batch"
def get_random_batch(X, size, generator):
    """Draw images at random, with replacement.

    X: float tensor [N, P]; size: how many to draw, also more than N;
    generator: a torch.Generator, the only source of randomness.
    Returns a tensor [size, P] of rows of X, each drawn with the same probability, others at every call.
    """
    ### BEGIN SOLUTION
    positions = torch.randint(len(X), (size,), generator=generator)
    return X[positions]
    ### END SOLUTION


# %% check="get_random_batch" points=3
checks.get_random_batch(get_random_batch)

# %%
# Predict, then run. The lab trains with 1,000 batches of 40 from 10,000 images, so that each image
# is drawn four times on average. How many are never drawn at all?
numbers = torch.arange(10_000.0)[:, None]  # the number of each image, instead of its pixels
generator = torch.Generator().manual_seed(0)
drawn = torch.cat([get_random_batch(numbers, 40, generator) for _ in range(1_000)])
print(f"{10_000 - len(drawn.unique())} of 10,000 images were never drawn")
print(f"an image is missed with probability (1 - 1/10000)^40000 = {(1 - 1e-4) ** 40_000:.4f}")

# %% [markdown]
# ## 2 · A layer is a matrix
#
# A linear layer multiplies by a matrix $A$ and adds a bias $b$. There is a way to write both as one. Put a 1 at the end of every input and the bias below the matrix:
#
# $$ x A + b \;=\; \begin{pmatrix} x & 1 \end{pmatrix} \begin{pmatrix} A \\ b \end{pmatrix} \;=\; \begin{pmatrix} x & 1 \end{pmatrix} W . $$
#
# So a layer from $n$ numbers to $m$ numbers is **one matrix** $W$ with $n + 1$ rows and $m$ columns, and its last row is the bias. Our network has four of them,
#
# $$ 784 \xrightarrow{W_0} 256 \xrightarrow{W_1} d \xrightarrow{W_2} 256 \xrightarrow{W_3} 784 , $$
#
# and they are all there is to learn.
#
# Where to start? Not at zero: with all weights alike, the 256 hidden units would do the same for ever. Small random numbers break the tie, here from $\mathcal N(0,\, 0.01^2)$: mean 0 and **standard
# deviation** 0.01, the bias rows too.
#
# ### Exercise 2.1 (4 points, about 8 minutes)
#
# One trap. torch keeps gradients only for tensors that begin a calculation, the *leaves*. A tensor that was computed from another that wanted gradients is no leaf, and an optimiser refuses it.
#
# <details><summary>Hint 1</summary>itertools.pairwise((5, 3, 2)) gives (5, 3) and (3, 2): entering and leaving numbers of each layer.</details>
# <details><summary>Hint 2</summary>Make the finished matrix first, scaled and all, and only then let it want gradients: matrix.requires_grad_().</details>


# %% exercise="init_parameters"
def init_parameters(sizes, generator):
    """The matrices of a network, ready to be trained.

    sizes: numbers in each layer, from the input to the output, such as (784, 256, 2, 256, 784);
    generator: a torch.Generator, the only source of randomness.
    Returns a list with one float tensor for each layer, [entering + 1, leaving], the last row for the
    bias: every entry from N(0, 0.01^2), each tensor a leaf that wants gradients.
    """
    ### BEGIN SOLUTION
    W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
    for matrix in W:
        matrix.requires_grad_()
    return W
    ### END SOLUTION


# %% check="init_parameters" points=4
checks.init_parameters(init_parameters)

# %% [markdown]
# ### Forward
#
# Write $\tilde X = (X \;\; 1)$ for a batch with a column of ones behind it. The encoder gives the code $Z$, the decoder the reconstruction $\hat X$:
#
# $$ H = \mathrm{relu}(\tilde X W_0), \quad Z = a(\tilde H W_1), \qquad H' = \mathrm{relu}(\tilde Z W_2), \quad \hat X = \tanh(\tilde H' W_3) . $$
#
# What happens at the code, $a$, comes in as a function. `torch.relu` is one, `linear` below another; we shall want both.
#
# ### Exercise 2.2 (4 points, about 12 minutes)
#
# <details><summary>Hint 1</summary>Write a small function layer(X, M) first: append the ones, multiply. Then forward is four lines.</details>
# <details><summary>Hint 2</summary>torch.cat([...], dim=1) puts matrices side by side; the ones are a matrix of len(X) rows and one column.</details>


# %% exercise="forward"
def linear(Z):
    """Given: nothing happens at the code, it may be any number."""
    return Z


def forward(W, X, at_code):
    """Images through the autoencoder.

    W: list of four matrices as above, the last row of each is the bias; X: float tensor [N, P];
    at_code: the function a of the formula, takes and returns a tensor [N, d].
    Returns two tensors: the reconstruction [N, P], from which gradients reach all of W, and the code [N, d],
    the one that goes into the decoder.
    """

    ### BEGIN SOLUTION
    def layer(X, M):
        ones = torch.ones(len(X), 1)
        return torch.cat([X, ones], dim=1) @ M

    H = torch.relu(layer(X, W[0]))
    Z = at_code(layer(H, W[1]))
    H = torch.relu(layer(Z, W[2]))
    return torch.tanh(layer(H, W[3])), Z
    ### END SOLUTION


# %% check="forward" points=4
checks.forward(forward)

# %% [markdown]
# ## 3 · The loop
#
# The loss is the mean square of each image's differences, then the mean over the batch of $B$ images:
#
# $$ L = \frac 1 B \sum_{i=1}^{B} \frac 1 P \sum_{p=1}^{P} (\hat X_{ip} - X_{ip})^2 . $$
#
# One iteration draws a batch, computes $L$, and changes the four matrices a little so that $L$ falls. `backward` finds $\partial L / \partial W_k$ for each of them and **adds** it to what is in `W[k].grad`;
# the optimiser's `step` uses what it finds there. Emptying it in between is your job.
#
# ### Exercise 3.1 (5 points, about 15 minutes)
#
# Everything the loop needs comes in, so that it stands on its own: a network that works, the function that draws, the optimiser. The check runs it with a network of its own, first for three steps, then for 200 on 600 digits whose pixels are
# shuffled (matrices do not mind). There the error on new digits has to come below 0.85 times that of the mean image; the course's own answer ends at 0.55 to 0.67.
#
# <details><summary>Hint 1</summary>Five lines in this order: draw, loss, empty the gradients, backward, step. The optimiser knows W already.</details>
# <details><summary>Hint 2</summary>The network returns two things. loss.item() is the number in the tensor, without the history that backward needs.</details>


# %% exercise="train_by_hand"
def train_by_hand(network, W, draw, optimizer, iterations):
    """Train the matrices W, which change in place.

    network(W, X): returns the reconstruction [B, P] and the code [B, d] of a batch X [B, P];
    draw(): returns a batch, another at every call; each iteration takes one;
    optimizer: of torch.optim, has W, and its steps alone change W; iterations: how many steps to take.
    Returns a list of floats: the loss of each batch, the one before its step.
    """
    ### BEGIN SOLUTION
    losses = []
    for _ in range(iterations):
        X = draw()
        reconstruction, _ = network(W, X)
        loss = (reconstruction - X).square().mean(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
    ### END SOLUTION


# %% check="train_by_hand" points=5
checks.train_by_hand(train_by_hand)

# %% [markdown]
# ### Your network at work
#
# All of it is yours now (after a restart, run your cells of sections 1 to 3 first). The set-up is a published one: two codes with a ReLU on them, Adam with a learning rate of 0.003, 1,000 iterations with 40 images each. It takes a few seconds; watch the curve,
# the codes of the test images, and the reconstructions.

# %%
generator = torch.Generator().manual_seed(0)
W = init_parameters((784, 256, 2, 256, 784), generator)
optimizer = torch.optim.Adam(W, lr=3e-3)


def network(W, X):
    return forward(W, X, torch.relu)


live = plotting.LiveFigure(
    test_set.images[:1_000],
    test_set.labels[:1_000],
    code=lambda W, images: network(W, rows(images))[1],
    output=lambda W, images: pixels(network(W, rows(images))[0]),
    unit="iteration",
    per=50,
)
history = training.History(planned=budget(full=20, study=20, quick=1))
live.begin(W, history)
for _ in range(history.planned):
    losses = train_by_hand(network, W, lambda: get_random_batch(X, 40, generator), optimizer, 50)
    history.train.append(sum(losses) / len(losses))
    live(W, history)
live.finish(W, history)
print(f"test error {(network(W, T)[0] - T).square().mean().item():.4f}")

# %% [markdown]
# ## 4 · Numbers that die
#
# Was that good? It depends, and not on your code. Here is the published set-up five times, with five seeds; the seed decides on the first weights and on the batches, nothing else. **Predict**, and write it down before you
# run: by how many per cent will the worst of the five test errors lie above the best?

# %%
published = {}
for seed in range(budget(full=5, study=5, quick=1)):
    published[seed] = Matrices(d=2, relu_code=True, seed=seed).fit(X)
    print(f"seed {seed}: test error {published[seed].error(T):.4f}")
print(f"the mean image drawn every time: {(X.mean(dim=0) - T).square().mean().item():.4f}")

# %% [markdown]
# Some runs did no better than to draw the mean image, whatever they were shown. A loss curve does not tell why. The codes do: look at them.
#
# ### Exercise 4.1 (2 points, about 5 minutes)
#
# A code that gives **the same number for every image** tells the decoder nothing. Mark those. Zero is only the most common such number, and a code that is zero for nearly all images still
# says something about the others.
#
# <details><summary>Hint</summary>When all numbers of a column are the same, what do its largest and its smallest have to do with each other?</details>


# %% exercise="dead_codes"
def dead_codes(Z):
    """Which codes say nothing.

    Z: float tensor [N, d], the codes of N images.
    Returns a tensor of d booleans: True where all N images have the same number.
    """
    ### BEGIN SOLUTION
    return Z.amax(dim=0) == Z.amin(dim=0)
    ### END SOLUTION


# %% check="dead_codes" points=2
checks.dead_codes(dead_codes)

# %%
maps = {}
for seed, model in published.items():
    dead = metrics.dead_units(model.codes(X))
    maps[f"seed {seed}: error {model.error(T):.3f}, {dead} dead"] = model.codes(T[:1_000])
plotting.show_embeddings(maps, test_set.labels[:1_000], ncols=3)

# %% [markdown]
# With both codes dead all images lie on one point, under the topmost of ten labels; with one dead, on a line. (`metrics.dead_units` counts what your function marks. A code that is above zero for a handful of images is not dead by this count, and helps as little.)
#
# How does a number die? $\mathrm{relu}(u)$ is 0 for every $u \le 0$, and flat there: no gradient. Once the weights of a code have moved so that $u \le 0$ for **every** image, nothing ever moves them back. With 30 ReLUs
# some losses are bearable, as in lab 01. With two, each one matters.
#
# **Think.** The hidden layers have ReLUs too, 256 of them each. Why does nobody notice when some of those die?

# %% [markdown]
# ## 5 · A linear code
#
# The remedy takes one word: `linear` instead of `torch.relu` at the code. A code may then be any number, and there is no flat half to fall into. Five seeds again.

# %%
from sklearn.decomposition import PCA

linear_codes = {}


def run(seed):
    """Train the network with a linear code and keep it."""
    linear_codes[seed] = Matrices(d=2, seed=seed).fit(X)
    codes = linear_codes[seed].codes(X)
    return {"test error": linear_codes[seed].error(T), "dead codes": metrics.dead_units(codes)}


table = sweep({"linear code": run}, seeds=range(budget(full=5, study=5, quick=1)))
pca = PCA(2, svd_solver="covariance_eigh").fit(X.numpy())
rebuilt = pca.inverse_transform(pca.transform(T.numpy()))
best_lines = ((rebuilt - T.numpy()) ** 2).mean()
print(table[["seed", "test error", "dead codes"]].to_string(index=False))
print(f"PCA with 2 components: {best_lines:.4f}")
plotting.show_sweep(table, "test error", reference=("PCA, 2", best_lines))

# %% [markdown]
# No run is lost, none has a dead code, and all beat PCA with two components.
#
# ### The plane of codes
#
# What did it make of the plane? Encode all training images; the labels only give the colours.

# %%
two = linear_codes[0]
Z = two.codes(X)
least, most = Z.aminmax(dim=0)
print(f"code 1 from {least[0]:.1f} to {most[0]:.1f}, code 2 from {least[1]:.1f} to {most[1]:.1f}")
cells = torch.histogramdd(Z, bins=[20, 20]).hist
print(f"of 20 x 20 cells between these, {(cells == 0).float().mean():.0%} hold no training image")
plotting.show_codes(Z, train_set.labels, title="codes of the training images")

# %% [markdown]
# Digits fan out from one crowded spot, some overlap, and parts of the rectangle between the smallest and the largest code are empty. What would the decoder draw there? It has never been asked. Below it draws from a
# grid over the whole rectangle, the same way up as the figure above.

# %%
across = torch.linspace(least[0], most[0], 16)
up = torch.linspace(most[1], least[1], 12)
grid = torch.stack([across.repeat(12), up.repeat_interleave(16)], dim=1)
plotting.show_images(
    pixels(two.decode(grid)),
    ncols=16,
    title="drawn from a grid over the plane of codes",
    alt="A grid of 12 x 16 images decoded from codes over the whole rectangle. A few digits fill most of "
    "it, sharp also where no training image lies; where many digits meet, the images are blurred.",
)

# %% [markdown]
# A few digits fill most of the rectangle. Where no training image lies, the decoder goes on drawing the nearest digit, sharp, as if it were sure. Where many digits crowd, it blurs.
#
# **Think.** Find a place where one digit turns into another. Is there an image in between that you could not name? And which digits would you hardly ever get by pointing at this rectangle blindly?

# %% [markdown]
# ## 6 · Thirty-two numbers
#
# Two numbers are for looking at. Now $d = 32$, with the same code and the same 1,000 iterations. **Predict**, and write it down: in the published set-up, how many of the 32 will be dead?

# %%
from functools import partial

from sklearn.decomposition import PCA

wide = {}


def run(seed, relu_code):
    """Train the network with 32 codes and keep it."""
    model = wide[relu_code, seed] = Matrices(d=32, relu_code=relu_code, seed=seed).fit(X)
    return {"test error": model.error(T), "dead codes": metrics.dead_units(model.codes(X))}


table = sweep(
    {
        "ReLU code, as published": partial(run, relu_code=True),
        "linear code": partial(run, relu_code=False),
    },
    seeds=range(budget(full=5, study=3, quick=1)),
)
pca = PCA(32, svd_solver="covariance_eigh").fit(X.numpy())
rebuilt = pca.inverse_transform(pca.transform(T.numpy()))
best_lines = ((rebuilt - T.numpy()) ** 2).mean()
print(table[["setting", "seed", "test error", "dead codes"]].to_string(index=False))
print(f"PCA with 32 components: {best_lines:.4f}")
plotting.show_sweep(table, "test error", reference=("PCA, 32", best_lines))

# %% [markdown]
# About half of the published network's codes are dead: it paid for 32 numbers and uses half of them. The linear code loses none and comes out clearly ahead, in every run. But look where PCA stands: 1,000 iterations, four passes over
# the images, are hardly enough to catch up with it.
#
# Look at the ten digits through both. (The errors below the images are those of pixels in [0, 1]: a quarter of those above.)

# %%
drawn = {f"{'ReLU' if relu else 'linear'}, 32": wide[relu, 0] for relu in (True, False)}
plotting.show_pairs(
    ten.images,
    *(pixels(model.redraw(rows(ten.images))) for model in drawn.values()),
    labels=("original", *drawn),
)

# %% [markdown]
# ## 7 · The decoder alone
#
# A decoder turns any code into an image. So throw the encoder away, **draw codes at random**, and have new digits, as many as you like? Let us take each code uniformly between the smallest and the largest value
# that it had on the training images.
#
# ### Exercise 7.1 (4 points, about 10 minutes)
#
# `sample_codes` draws, `decode` is the second half of the network, out of the last two of the four matrices: a ReLU in the hidden layer, tanh at the end, the bias in the last row.
#
# <details><summary>Hint 1</summary>torch.rand gives numbers between 0 and 1. How do you stretch and shift them so that they lie between low and high? Each code has a low and a high of its own.</details>
# <details><summary>Hint 2</summary>In decode, a 1 belongs at the end of every code, and again at the end of every row of the hidden layer.</details>


# %% exercise="decoder_alone"
def sample_codes(Z, n, generator):
    """New codes at random.

    Z: float tensor [N, d], codes of training images; n: how many to draw;
    generator: a torch.Generator, the only source of randomness.
    Returns a float tensor [n, d]: each entry uniform between the smallest and the largest entry of its
    column of Z, independent of all others.
    """
    ### BEGIN SOLUTION
    low, high = Z.amin(dim=0), Z.amax(dim=0)
    return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
    ### END SOLUTION


def decode(W, Z):
    """Images [n, P] in [-1, 1] from codes Z [n, d]; W: the four matrices, of which the last two are used."""
    ### BEGIN SOLUTION
    ones = torch.ones(len(Z), 1)
    H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2])
    return torch.tanh(torch.cat([H, ones], dim=1) @ W[3])
    ### END SOLUTION


# %% check="decoder_alone" points=4
checks.decoder_alone(sample_codes, decode)

# %%
two, many = Matrices(d=2, seed=0).fit(X), Matrices(d=32, seed=0).fit(X)
print(f"test error with 2 codes {two.error(T):.4f}, with 32 codes {many.error(T):.4f}")

# %%
generator = torch.Generator().manual_seed(0)
for width, trained in ((2, two), (32, many)):
    samples = decode(trained.W, sample_codes(trained.codes(X), 30, generator))
    plotting.show_images(
        pixels(samples),
        ncols=15,
        title=f"{width} codes, drawn uniformly",
        alt=f"30 images that the decoder with {width} codes draws from random codes.",
    )

# %% [markdown]
# ### Two numbers instead of an eye
#
# "Most of the lower thirty are no digits" is a matter of taste until it is measured. Two things can be:
#
# - **Distance**: how far is an image from the nearest training image? (Root of the mean squared difference of the pixels.)
# - **Confidence**: how sure is a small classifier, trained on the training images, of its favourite digit? We count the images for which it gives more than 0.9.
#
# A number alone says little, so we put it beside others: test images, their reconstructions, and three things that are certainly no digits: noise, a black image, and two digits printed over each other. **Predict**: which of the three
# fools the distance, which the classifier?

# %%
from torchvision.ops import MLP

torch.manual_seed(0)
classifier = MLP(784, [128, 10])
training.fit(
    classifier,
    X,
    targets=train_set.labels,
    epochs=budget(full=5, study=5, quick=1),
    batch_size=budget(full=256, study=64, quick=256),
    loss=torch.nn.functional.cross_entropy,
    progress=False,
)


@torch.no_grad()
def judged(images):
    """Distance to the nearest training image, and share of the images above 0.9 confidence."""
    distance = torch.cdist(images, X).amin(dim=1) / images.shape[1] ** 0.5
    confidence = classifier(images).softmax(dim=1).amax(dim=1)
    return f"distance {distance.mean():.3f}   sure of {(confidence > 0.9).float().mean():4.0%}"


dice = torch.Generator().manual_seed(1)
n = budget(full=1_000, study=1_000, quick=100)
print(f"{'test images':26}", judged(T[:n]))
print(f"{'noise':26}", judged(torch.empty(n, 784).uniform_(-1, 1, generator=dice)))
print(f"{'a black image':26}", judged(-torch.ones(1, 784)))
print(f"{'two digits over each other':26}", judged(torch.maximum(T[:n], T[n : 2 * n])))
for name, model in (("2 codes", two), ("32 codes", many)):
    Z = model.codes(X)
    uniform = torch.stack(
        [torch.empty(n).uniform_(*column.aminmax(), generator=dice) for column in Z.T], 1
    )
    print(f"{name + ', reconstructions':26}", judged(model.redraw(T[:n])))
    print(f"{name + ', uniform':26}", judged(model.decode(uniform)))

# %% [markdown]
# A black image lies nearer to the training images than a new digit does, and of two digits printed over each other the classifier is sure in four cases of ten. Neither number is proof by itself; **together** they are harder to fool.
#
# With 32 codes they agree: the samples lie further away than the reconstructions, and the classifier is sure of far fewer. By both numbers they are about as good as digits printed over each other. With 2 codes the samples do **better** than the
# reconstructions: few uniform draws fall into the crowded spot where the decoder blurs, as section 5 showed. What neither number sees is **variety**: count the digits among the samples above.
#
# ### Exercise 7.2, in words (2 points, about 6 minutes)
#
# Every sampled code lies between the smallest and the largest that occurred in training, with 2 codes and with 32. Why do the samples of the wide network still come out as no digits? Give two reasons, and say for one of them
# what you would compute to see whether it is true. Three or four sentences.

# %% [markdown] written="samples" points=2
# ### BEGIN SOLUTION
# The codes of real images depend on each other and fill only a small part of the box between the extremes; with 32 codes nearly all of the box is empty, so that a uniform draw falls into a hole, where the decoder was never trained. The
# extremes come from a few unusual images, so most draws lie further out than most codes. To see the first: shuffle each column of the training codes separately, which keeps every single code as it is and breaks their
# dependence, and look at the two numbers again. To see the second: compare the distance of samples and of training codes from the mean code.
# ### BEGIN MARK SCHEME
# Half a point for each reason: holes or an empty box (codes nearly all lie elsewhere, worse with more dimensions); dependence between codes; extremes set by outliers; a decoder that was trained on the codes of images only.
# One point for something to compute that would tell: shuffled columns, distance to the nearest training code, draws from a Gaussian fitted to the codes, the share of draws with a training code nearby.
# No points for "the network is too small" or "more training" without a reason.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ## 8 · Softmax and cross-entropy by hand
#
# Section 7 trusted a classifier. What stands behind its last line? Its $K = 10$ outputs $u_k$, the *logits*, are any numbers. **Softmax** makes probabilities of them, and the loss is the
# **cross-entropy** with the labels, written as rows $y$ with a single 1 (*one-hot*), averaged over the batch:
#
# $$ p_k = \frac{e^{u_k}}{\sum_j e^{u_j}}, \qquad L = -\frac 1 B \sum_{i=1}^{B} \sum_{k=1}^{K} y_{ik} \log p_{ik} . $$
#
# Two lines of code, it seems. **Predict**, then run: what does the formula give as it stands?

# %%
u = torch.tensor([[1.0, 2.0, 3.0], [1.0, 50.0, 100.0], [-200.0, -210.0, -220.0]])
print(u.exp() / u.exp().sum(dim=1, keepdim=True))

# %% [markdown]
# In float32, $e^{89}$ is too large to be written down, `inf`, and `inf / inf` is no number. $e^{-200}$ is too small, 0, and so is the sum: 0 / 0. One such image, and the weights are `nan` for ever.
#
# The formula itself shows the way out: nothing changes if the same number is taken off all logits of a row. And the logarithm must not be taken of a probability that was rounded to 0: write $\log p_k$ out
# before you write it down.
#
# ### Exercise 8.1 (4 points, about 12 minutes)
#
# By hand: with exp, log, sums and maxima.
#
# <details><summary>Hint 1</summary>Which number, taken off a row, makes its largest logit 0? Then no exponential is above 1, and their sum is at least 1.</details>
# <details><summary>Hint 2</summary>log(a / b) = log a - log b, and log(exp(u)) needs no exponential at all.</details>


# %% exercise="cross_entropy"
def softmax(logits):
    """Probabilities [N, K] from logits [N, K]: each row sums to 1, also where logits are in the thousands."""
    ### BEGIN SOLUTION
    powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
    return powers / powers.sum(dim=1, keepdim=True)
    ### END SOLUTION


def cross_entropy(logits, targets):
    """Cross-entropy of one-hot labels, the mean over the batch.

    logits: float tensor [N, K], any numbers, also in the thousands; targets: float tensor [N, K], in each
    row a single 1. Returns a tensor with one number, from which gradients reach the logits.
    """
    ### BEGIN SOLUTION
    shifted = logits - logits.amax(dim=1, keepdim=True)
    log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    return -(targets * log_p).sum(dim=1).mean()
    ### END SOLUTION


# %% check="cross_entropy" points=4
checks.cross_entropy(softmax, cross_entropy)

# %% [markdown]
# ### One layer on the codes
#
# The smallest classifier is one matrix $V$ with $d + 1$ rows and 10 columns: $u = \tilde z\, V$. If it does well on the codes, then the digits lie apart there, in straight lines. **Predict** its accuracy on 2 codes, on 32, and on all
# 784 pixels. (The loss is torch's, so that the cell does not wait for you; put yours in its place.)


# %%
def accuracy_of_one_layer(codes, test_codes):
    """Train V on the codes of the training images; the share of test images it gets right."""
    mean, spread = codes.mean(dim=0), codes.std(dim=0) + 1e-3
    codes, test_codes = (codes - mean) / spread, (test_codes - mean) / spread
    targets = torch.eye(10)[train_set.labels]
    V = torch.zeros(codes.shape[1] + 1, 10, requires_grad=True)
    adam, dice = torch.optim.Adam([V], lr=0.01), torch.Generator().manual_seed(0)
    for _ in range(budget(full=500, study=500, quick=10)):
        picks = torch.randperm(len(codes), generator=dice)[:200]
        logits = torch.addmm(V[-1], codes[picks], V[:-1])
        adam.zero_grad()
        torch.nn.functional.cross_entropy(logits, targets[picks]).backward()
        adam.step()
    guesses = torch.addmm(V[-1], test_codes, V[:-1]).argmax(dim=1)
    return (guesses == test_set.labels).float().mean().item()


for d in (2, 32):
    model = Matrices(d, seed=0).fit(X)
    print(f"{d:3d} codes:  {accuracy_of_one_layer(model.codes(X), model.codes(T)):.3f}")
print(f"784 pixels: {accuracy_of_one_layer(X, T):.3f}")

# %% [markdown]
# Thirty-two numbers that were learned without a label keep nearly all that a straight line can use in 784 pixels. Two numbers do not: the plane of section 5 has its digits in rays, and where rays
# overlap no line helps.

# %% [markdown]
# ## What to take along
#
# - A layer is a matrix; the bias is its last row, and the 1 behind each input picks it up.
# - A training loop is five lines, and each of them, left out or moved, fails in its own way.
# - A ReLU on a narrow code dies, in most runs and for good. Look at the codes, count, and run more than one seed before you believe a number.
# - Between the codes of images lie holes. A decoder draws something there too, and two numbers together show that it is no digit.
# - Exponentials overflow. Take off the maximum, and write logarithms out before computing them.
#
# The graded part ends here. What follows is to run, to look at and to play with.

# %% [markdown]
# ## 9 · Going further: backward by hand
#
# What does `backward` do in a layer? With $u = \tilde X W$ and $H = \mathrm{relu}(u)$, suppose somebody hands us $G = \partial L / \partial H$. The chain rule gives what to change here, and what to hand on to the layer below
# (without the column of ones, which nobody learns):
#
# $$ \frac{\partial L}{\partial u} = G \odot [u > 0], \qquad \frac{\partial L}{\partial W} = \tilde X^\top \frac{\partial L}{\partial u}, \qquad \frac{\partial L}{\partial X} = \frac{\partial L}{\partial u}\, A^\top, $$
#
# where $A$ is $W$ without its last row. Once more from the loss back to the first matrix, through the whole network, with a linear code; then the same from autograd.

# %%
W0, W1, W2, W3 = Matrices(d=2, seed=0).fit(X, iterations=20).W
batch = X[:40]
ones = torch.ones(40, 1)
with torch.no_grad():
    u0 = torch.hstack([batch, ones]) @ W0
    u1 = torch.hstack([u0.relu(), ones]) @ W1
    u2 = torch.hstack([u1, ones]) @ W2
    y = (torch.hstack([u2.relu(), ones]) @ W3).tanh()

    g3 = 2 * (y - batch) / batch.numel() * (1 - y**2)  # the loss, then tanh
    by_hand = {"W3": torch.hstack([u2.relu(), ones]).T @ g3}
    g2 = (g3 @ W3[:-1].T) * (u2 > 0)
    by_hand["W2"] = torch.hstack([u1, ones]).T @ g2
    g1 = g2 @ W2[:-1].T
    by_hand["W1"] = torch.hstack([u0.relu(), ones]).T @ g1
    g0 = (g1 @ W1[:-1].T) * (u0 > 0)
    by_hand["W0"] = torch.hstack([batch, ones]).T @ g0

hidden = torch.addmm(W0[-1], batch, W0[:-1]).relu()
hidden = torch.addmm(W2[-1], torch.addmm(W1[-1], hidden, W1[:-1]), W2[:-1]).relu()
output = torch.addmm(W3[-1], hidden, W3[:-1]).tanh()
by_autograd = torch.autograd.grad((output - batch).pow(2).mean(), (W3, W2, W1, W0))
for (name, mine), theirs in zip(by_hand.items(), by_autograd, strict=True):
    print(
        f"{name}: largest entry {theirs.abs().max():.2e}, difference {(mine - theirs).abs().max():.1e}"
    )

# %% [markdown]
# Read `g1 = g2 @ ...` once more: that is where a ReLU code would multiply by $[u_1 > 0]$. If it is 0 for all 40 images, then $g_0$ and the gradient of that column of $W_1$ are 0 as well. That is what dying means.

# %% [markdown]
# ## 10 · Going further: tied weights
#
# The decoder goes the encoder's way back. Must it learn its own matrices? With **tied weights** it takes the encoder's, transposed: half as many numbers to learn. The biases stay its own, since they have other lengths.


# %%
def tied(d, seed):
    """Train 784-256-d-256-784 with two matrices instead of four; the test error and the number of weights."""
    dice = torch.Generator().manual_seed(seed)
    A, B = (torch.normal(0, 0.01, shape, generator=dice) for shape in ((784, 256), (256, d)))
    biases = [torch.zeros(size) for size in (256, d, 256, 784)]
    learned = [tensor.requires_grad_() for tensor in (A, B, *biases)]
    a, b, c, e = biases

    def redraw(batch):
        codes = torch.addmm(b, torch.addmm(a, batch, A).relu(), B)
        return torch.addmm(e, torch.addmm(c, codes, B.T).relu(), A.T).tanh()

    adam = torch.optim.Adam(learned, lr=3e-3, fused=True)
    for _ in range(budget(full=1_000, study=1_000, quick=10)):
        batch = X[(torch.rand(40, generator=dice) * len(X)).long()]
        adam.zero_grad()
        (redraw(batch) - batch).pow(2).mean().backward()
        adam.step()
    with torch.no_grad():
        return (redraw(T) - T).pow(2).mean().item(), sum(tensor.numel() for tensor in learned)


for d in (2, 32):
    for seed in range(budget(full=5, study=2, quick=1)):
        free = Matrices(d, seed=seed).fit(X)
        error, count = tied(d, seed)
        print(
            f"d = {d:2d}, seed {seed}: free {free.error(T):.4f} ({sum(M.numel() for M in free.W):,} numbers), "
            f"tied {error:.4f} ({count:,})"
        )

# %% [markdown]
# **Think.** With linear layers PCA is the best that there is, and its decoder *is* its encoder transposed (lab 01). What speaks for tying weights where there are bends between the layers, and what against it?
