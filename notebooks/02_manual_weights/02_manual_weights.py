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
# **You will** build an autoencoder from four matrices, without `nn.Module` and `nn.Linear`. You write its layers, its training loop, the backward
# pass of a layer, and the decoder. You measure what each number of the code is worth in a published set-up. Then you test which images the
# decoder makes from random codes.
#
# **Before you start**: lab 01, matrix products, what a gradient is. Plan two sittings: sections 1 to 5 take about 110 minutes (77 of them for the exercises), section 6 takes about 60
# (42 for the exercises). The computer needs about two minutes. Spend as much time as you like on *Going further* (sections 7 to 11). Run the
# cells from the top. After the set-up cells, every numbered section also runs on its own. Only the cells that say so need your own functions.
#
# | exercise | you write | points | minutes |
# |---|---|---|---|
# | 1.1 | `get_random_batch(X, size, generator)` | 2 | 7 |
# | 2.1 | `init_parameters(sizes, generator)` | 4 | 10 |
# | 2.2 | `forward(W, X, at_code)` | 4 | 14 |
# | 3.1 | `train_by_hand(network, W, draw, optimizer, iterations)` | 3 | 12 |
# | 4.1 | `code_worth(decode, Z, X)` | 3 | 10 |
# | 4.2 | `layer_backward(X, W, G)` | 5 | 24 |
# | 6.1 | `sample_codes(Z, n, generator)`, `decode(W, Z)` | 4 | 12 |
# | 6.2 | `softmax(logits)`, `cross_entropy(logits, targets)` | 3 | 18 |
# | 6.3 | an answer in words | 2 | 12 |
#
# How an exercise works: complete the cell, run it, then run the check below it. A check calls your code with new inputs each time. It shows what is
# right (✓), what is wrong (✗), or that the cell is not complete yet (·). For a frequent mistake the check names the cause. For any other mistake it
# shows the smallest input for which the answer was wrong, what your code returned, and what was expected.
# Two rules for all exercises. A function must not change the tensors that it is given (no `X -= 1`); the only exception is training, which changes
# the matrices that it trains. And you may use any function of torch, unless the exercise says "by hand" and names what is not allowed (4.2 and 6.2).

# %% tags=["install"]
# Here the build puts the cell that installs course_utils where it is missing (course_admin/authoring/install_cell.py).

# %% tags=["setup"]
# Set-up: run this cell first. Run it again after every restart of the kernel.
from itertools import pairwise

import torch

from course_utils import data, metrics, plotting, training
from course_utils.baselines import Pca
from course_utils.checks import manual_weights as checks
from course_utils.matrices import MatrixAutoencoder
from course_utils.sweeps import sweep
from course_utils.training import budget

training.seed_everything(0)

# %%
# budget(full=..., study=..., quick=...) chooses one of three numbers. You get the second one, `study`.
# This lab uses only the CPU: a GPU is no faster with four small matrices and 40 images at a time.
source = budget(full="auto", study="sample", quick="sample")
train_set = data.load_mnist(
    "train", source=source, limit=budget(full=None, study=None, quick=2_000)
)
test_set = data.load_mnist("test", source=source)
ten = data.load_ten_digits()
print(f"{len(train_set.images):,} training images, {len(test_set.images):,} test images")

# %% [markdown]
# Sections 4 to 11 need trained networks. They train the course's own network, so that each of them runs on its own; only the cells that call your functions by
# name depend on your answers. `MatrixAutoencoder` from `course_utils`
# is the network of this lab, trained as in section 3. It takes images [N, 1, 28, 28] with pixels in [0, 1] and gives such images back. (Processors
# round differently, so the third digit of an error, or one run of several, can differ from what the text says.)
#
# ## 1 · Images as rows of numbers
#
# A matrix multiplies vectors, so we have to turn each image into a vector: its 28 rows of pixels, one after the other, make a row of $P = 784$
# numbers. A batch of images is a matrix $X$ with one image per row.
#
# The pixels also need the range of the network's output. The last layer of this network has the activation **tanh**, with values between -1 and 1.
# Pixels are in [0, 1], so we rescale them: black becomes -1, white becomes 1.
#
# Remember that errors depend on the range. A range twice as wide makes squared errors **four times** as large: the error of PCA with two components
# is 0.0559 in lab 01 and 0.224 here. All errors of this lab are those of pixels in [-1, 1].
#
# You wrote such functions in lab 01, so this one is given, and another one that goes back:


# %%
def to_range(images):
    """Images [N, 1, H, W] in [0, 1] as rows [N, H * W] in [-1, 1]."""
    return 2 * images.flatten(1) - 1


def from_range(X):
    """Rows [N, 784] in [-1, 1] as images [N, 1, 28, 28] in [0, 1], for figures."""
    return (X.detach() + 1).div(2).view(-1, 1, 28, 28)


X, T = to_range(train_set.images), to_range(test_set.images)
print(f"X {list(X.shape)}: pixels from {X.min():g} to {X.max():g}, mean {X.mean():.2f}")

# %% [markdown]
# ### Forty images at random
#
# Each training step uses a few images. In lab 01, an epoch went through all images in a random order. Here we do something simpler: before every
# step, we draw 40 images **with replacement**, so the same image can be drawn twice.
#
# The random numbers come from a *random generator*, `torch.Generator().manual_seed(3)`. You pass this generator to every function that draws random
# numbers. Each draw changes its state, so each batch is new. Two generators with the same seed give the same batches. torch's global generator is not
# used.
#
# ### Exercise 1.1 (2 points, about 7 minutes)
#
# <details><summary>Hint 1</summary>Draw positions, not images: which function of torch returns random integers from 0 to N - 1, and which argument takes the generator?</details>
# <details><summary>Hint 2</summary>X[positions] returns these rows of X. If a position occurs twice, its row is returned twice.</details>


# %% exercise="get_random_batch"
def get_random_batch(X, size, generator):
    """Draw images at random, with replacement.

    X: float tensor [N, P]; size: how many images to draw, may be more than N;
    generator: a torch.Generator, the only source of randomness.
    Returns a tensor [size, P] of rows of X, each row with the same probability; each call draws
    other rows.
    """
    ### BEGIN SOLUTION
    positions = torch.randint(len(X), (size,), generator=generator)
    return X[positions]
    ### END SOLUTION


# %% check="get_random_batch" points=2
checks.get_random_batch(get_random_batch)

# %% [markdown]
# The lab trains with 1,000 batches of 40 from 10,000 images, so each image is drawn four times on average. **Predict, then run**: how many images are
# never drawn? (The cell uses your function.)

# %%
my_guess = ...  # a number of images: fill it in before you run this cell

numbers = torch.arange(10_000.0)[:, None]  # the index of each image instead of its pixels
generator = torch.Generator().manual_seed(0)
drawn = torch.cat([get_random_batch(numbers, 40, generator) for _ in range(1_000)])
print(f"{10_000 - len(drawn.unique())} of 10,000 images were never drawn")

# %% [markdown]
# Each of the 40,000 draws misses an image with probability $1 - 1/10000$. All of them miss it with probability $(1 - 1/10000)^{40000} \approx e^{-4}$, nearly 2 %.
#
# ## 2 · A layer is a matrix
#
# A linear layer multiplies by a matrix $A$ and adds a bias $b$. We can write both as one product: append a 1 to every input, and append the bias to
# the matrix as its last row:
#
# $$ x A + b \;=\; \begin{pmatrix} x & 1 \end{pmatrix} \begin{pmatrix} A \\ b \end{pmatrix} \;=\; \begin{pmatrix} x & 1 \end{pmatrix} W . $$
#
# So a layer from $n$ numbers to $m$ numbers is **one matrix** $W$ with $n + 1$ rows and $m$ columns, and its last row is the bias. Our network has
# four matrices,
#
# $$ 784 \xrightarrow{W_0} 256 \xrightarrow{W_1} d \xrightarrow{W_2} 256 \xrightarrow{W_3} 784 , $$
#
# and no other parameters.
#
# Which initial values? Not zero: if all weights are equal, the 256 hidden units stay equal during training. Small random numbers break this symmetry.
# Here they are from $\mathcal N(0,\, 0.01^2)$: mean 0 and **standard deviation** 0.01, also in the bias rows.
#
# ### Exercise 2.1 (4 points, about 10 minutes)
#
# One trap. An optimiser accepts only *leaf tensors*, and torch stores gradients only in leaf tensors. A tensor that was computed from a tensor that
# requires gradients is not a leaf tensor.
#
# <details><summary>Hint 1</summary>itertools.pairwise((5, 3, 2)) gives (5, 3) and (3, 2): the numbers of inputs and outputs of each layer.</details>
# <details><summary>Hint 2</summary>First compute the complete matrix, including its scale. Only then call matrix.requires_grad_().</details>


# %% exercise="init_parameters"
def init_parameters(sizes, generator):
    """Make the matrices of a network, ready for training.

    sizes: the size of each layer, from the input to the output, such as (784, 256, 2, 256, 784);
    generator: a torch.Generator, the only source of randomness.
    Returns a list with one float tensor [inputs + 1, outputs] for each layer, the bias in the last
    row: every entry from N(0, 0.01^2), each tensor a leaf tensor that requires gradients.
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
# $\tilde X = (X \;\; 1)$ is a batch with a column of ones appended. The encoder computes the code $Z$, the decoder computes the reconstruction $\hat X$:
#
# $$ H = \mathrm{relu}(\tilde X W_0), \quad Z = a(\tilde H W_1), \qquad H' = \mathrm{relu}(\tilde Z W_2), \quad \hat X = \tanh(\tilde H' W_3) . $$
#
# The activation of the code, $a$, is an argument of the function. We will use two: `torch.relu`, and `linear`, defined below. As in lab 01, "two
# codes" means a code of two numbers, and the text that you write is called *program*. The check of 2.2 uses `linear` and, to see the difference, `torch.tanh`.
#
# ### Exercise 2.2 (4 points, about 14 minutes)
#
# <details><summary>Hint 1</summary>First write a small function layer(X, M) that appends the ones and multiplies. Then forward has four lines.</details>
# <details><summary>Hint 2</summary>torch.cat([...], dim=1) joins matrices side by side; the ones are a matrix with len(X) rows and one column.</details>


# %% exercise="forward"
def linear(Z):
    """Given: a code without activation, which can be any number."""
    return Z


def forward(W, X, at_code):
    """Encode and decode images.

    W: list of four matrices as above, the last row of each is the bias; X: float tensor [N, P];
    at_code: the function a in the formula, any function that takes and returns a tensor [N, d].
    Returns two tensors: the reconstruction [N, P], from which gradients reach all of W, and the code
    [N, d], which is the input of the decoder (after at_code).
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
# ## 3 · The training loop
#
# The loss is the mean squared difference over the pixels of each image, then the mean over the batch of $B$ images:
#
# $$ L = \frac 1 B \sum_{i=1}^{B} \frac 1 P \sum_{p=1}^{P} (\hat X_{ip} - X_{ip})^2 . $$
#
# One iteration draws a batch, computes $L$, and changes the four matrices a little so that $L$ falls. `backward` computes $\partial L / \partial W_k$
# for each matrix and **adds** it to `W[k].grad`. The optimiser's `step` uses the gradients in `W[k].grad`. You have to set them to zero in each
# iteration.
#
# ### Exercise 3.1 (3 points, about 12 minutes)
#
# The function gets everything it needs as arguments: a network, a function that draws batches, and the optimiser. So it does not depend on your other
# answers: call `network(W, X)`, not your `forward`. The check passes its own network. First it takes three steps. Then it takes 200 steps on 600 digits, drawn anew each time: another subset,
# each image slightly turned, scaled, moved and dimmed. It also mixes the pixels: each new pixel is a mixture of two pixels, in the same way in all images. After these 200 steps, the error on new digits must
# be at most 0.92 times the error of the mean image. The course's own answer ends at 0.80 (0.75 to 0.85 over 20 draws). The check takes a few seconds;
# after one minute it stops and says so.
#
# <details><summary>Hint 1</summary>Five lines in this order: draw a batch, compute the loss, set the gradients to zero, backward, step. The optimiser already has W.</details>
# <details><summary>Hint 2</summary>The network returns two tensors. loss.item() is the loss as a float, without the computation graph.</details>


# %% exercise="train_by_hand"
def train_by_hand(network, W, draw, optimizer, iterations):
    """Train the matrices W in place.

    network(W, X): returns the reconstruction [B, P] and the code [B, d] of a batch X [B, P];
    draw(): returns a new batch at every call; each iteration uses one batch;
    optimizer: from torch.optim, has W; only its steps change W; iterations: how many steps to take.
    Returns a list of floats: the loss of each batch, computed before its step.
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


# %% check="train_by_hand" points=3
checks.train_by_hand(train_by_hand)

# %% [markdown]
# ### Your network at work
#
# The next cell uses all your functions (after a restart, run your cells of sections 1 to 3 first). The set-up is taken from published course material: two codes with a ReLU,
# Adam with a learning rate of 0.003, 1,000 iterations with 40 images each. Training takes a few seconds. Watch the loss curve, the codes of the test
# images, and the reconstructions.

# %%
generator = torch.Generator().manual_seed(0)
W = init_parameters((784, 256, 2, 256, 784), generator)
optimizer = torch.optim.Adam(W, lr=3e-3)


def network(W, X):
    return forward(W, X, torch.relu)


live = plotting.LiveFigure(
    test_set.images[:1_000],
    test_set.labels[:1_000],
    code=lambda W, images: network(W, to_range(images))[1],
    output=lambda W, images: from_range(network(W, to_range(images))[0]),
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
# ## 4 · What is a code worth?
#
# Was that result good? One run cannot say. Below, the published set-up runs with five seeds. The seed determines the initial
# weights and the batches, nothing else. **Predict, then run**: by how many per cent is the worst of the five
# test errors above the best? And how many of the five are more than 5 % below the error of the mean image?

# %%
my_guess = ...  # per cent, and a number from 0 to 5: fill it in before you run this cell

published = {}
for seed in range(budget(full=5, study=5, quick=1)):
    published[seed] = MatrixAutoencoder(d=2, relu_code=True, seed=seed).fit(train_set.images)
    print(f"seed {seed}: test error {published[seed].error(test_set.images):.4f}")

errors = [model.error(test_set.images) for model in published.values()]
mean_image = train_set.images.mean(dim=0)
mean_error = 4 * (mean_image - test_set.images).square().mean().item()
below = sum(error < 0.95 * mean_error for error in errors)
print(
    f"always the mean image: {mean_error:.4f}; {below} of {len(errors)} runs are more than 5 % below"
)
print(f"the worst is {100 * (max(errors) / min(errors) - 1):.0f} % above the best")

# %% [markdown]
# The error depends on the seed, not on your program. In some runs it is that of the mean image: the reconstruction is the same for every input. In other runs
# the error is lower, but with two codes it should be lower still. (The course's network draws its random numbers in another order than yours. So seed 0 gives another
# run here than in section 3.) The loss curve does not show why. The codes do, but we need a good question.
#
# A first question: does a code have the same value for **every** image? Such a code is called *dead*. This question is too strict. A code that
# is above zero for one image of ten thousand is not dead, but it is just as useless. A better question: **what is a code worth?** If the decoder gets
# the mean of this code instead of the code itself, it knows nothing about this code any more. By how much does the error grow?
#
# $$ \text{worth}_j = \frac{1}{NP} \lVert \mathrm{decode}(Z^{(j)}) - X \rVert^2 - \frac{1}{NP} \lVert \mathrm{decode}(Z) - X \rVert^2 , $$
#
# where $Z^{(j)}$ is $Z$ with the mean of column $j$ in all rows of column $j$. If the worth is 0, nothing is lost, so the code was of no use. This is also
# so if the code has a large spread but the decoder ignores it.
#
# ### Exercise 4.1 (3 points, about 10 minutes)
#
# <details><summary>Hint 1</summary>First the error with all codes. Then a loop over the d columns: copy Z, change one column of the copy, decode, compute the error.</details>
# <details><summary>Hint 2</summary>Z.clone() makes a copy. Must this line be before the loop or inside?</details>


# %% exercise="code_worth"
def code_worth(decode, Z, X):
    """By how much the error grows if the decoder gets the mean of one code instead of the code.

    decode: a function, takes codes [N, d] and returns images [N, P]; Z: float tensor [N, d], the codes of N
    images; X: float tensor [N, P], these images.
    Returns a float tensor [d]: for each code the mean squared error without it minus that with all codes.
    """

    ### BEGIN SOLUTION
    def error(codes):
        return (decode(codes) - X).square().mean()

    worth = torch.zeros(Z.shape[1])
    for j in range(Z.shape[1]):
        blunt = Z.clone()
        blunt[:, j] = Z[:, j].mean()
        worth[j] = error(blunt) - error(Z)
    return worth
    ### END SOLUTION


# %% check="code_worth" points=3
checks.code_worth(code_worth)

# %% [markdown]
# Below are the codes of the five networks. Above each panel: the error and what each of the two codes is worth (on the test images, from the course's own function), and
# how many codes are dead (0 for all training images).

# %%
maps = {}
for seed, model in published.items():
    error = model.error(test_set.images)
    worth = [without - error for without in model.errors_without(test_set.images)]
    dead = metrics.dead_units(model.codes(train_set.images))
    title = f"seed {seed}: error {error:.3f}, {dead} dead\nworth {worth[0]:.3f} and {worth[1]:.3f}"
    maps[title] = model.codes(test_set.images[:1_000])
plotting.show_embeddings(maps, test_set.labels[:1_000], ncols=3)

# %% [markdown]
# In each of these runs at least one code is worth nothing. (On all of MNIST, one of five runs kept both codes, and reached 0.196.) If both codes are
# dead, all images are one point, and the error is that of the mean image. If one code is worth something, nearly all images lie on a line.
# Look for a run with fewer dead codes than codes of worth 0 (here it is seed 3). By the first question nothing is wrong in such a run, but
# its error is that of the runs with a dead code. One image is enough to make a code "not dead"; what a code is worth does not depend on one
# image.
#
# ### How a code dies
#
# What does `backward` compute in a layer? Let $u = \tilde X W$ and $H = \mathrm{relu}(u)$, where $\tilde X = (X \;\; 1)$. Suppose we know
# $G = \partial L / \partial H$, one row for each image: how the loss changes with each output of the layer. The layer has to compute two things from
# it: $\partial L / \partial W$ for the optimiser, and $\partial L / \partial X$, which is the $G$ of the layer before. Derive both with the chain
# rule, entry by entry:
#
# - $\partial H_{ij} / \partial u_{ij}$ is 1 where $u_{ij} > 0$, and 0 elsewhere.
# - $u_{ij} = \sum_k \tilde X_{ik} W_{kj}$. So which entries of $u$ depend on $W_{kj}$, and which depend on $X_{ik}$?
#
# ### Exercise 4.2 (5 points, about 24 minutes)
#
# Write it **by hand**, with matrix products and comparisons. Autograd is not allowed (`backward`, `torch.autograd`, `torch.func`): the check reads your
# cell and takes points for it.
#
# <details><summary>Hint 1</summary>First compute the gradient for u. It has the shape of G and is equal to G at some entries. Everything else is a product with this matrix.</details>
# <details><summary>Hint 2</summary>Look at the shapes. The gradient for W has the shape of W, (n + 1) x m: which product of an N x (n + 1) and an N x m matrix has this shape? It adds up over the images.</details>
# <details><summary>Hint 3</summary>The column of ones is no input, so it gets no gradient. Which row of W belongs to it?</details>


# %% exercise="layer_backward"
def layer_backward(X, W, G):
    """The backward pass of one layer H = relu([X 1] W).

    X: float tensor [N, n], the inputs; W: float tensor [n + 1, m], the bias in the last row;
    G: float tensor [N, m], the gradient of the loss with respect to H (a mean in the loss is in it).
    Returns two tensors: the gradient with respect to W [n + 1, m], and with respect to X [N, n].
    """
    ### BEGIN SOLUTION
    X1 = torch.cat([X, torch.ones(len(X), 1)], dim=1)
    dU = G * (X1 @ W > 0)
    return X1.T @ dU, dU @ W[:-1].T
    ### END SOLUTION


# %% check="layer_backward" points=5
checks.layer_backward(layer_backward)

# %% [markdown]
# Now look at a code with $u \le 0$ for **all** images of a batch. **Predict, then run**: how large is the largest gradient in its column of $W_1$? The cell
# prints the largest gradient in each of the two columns, for a batch of 40 training images.

# %%
my_guess = ...  # the largest gradient of a code with u <= 0: fill it in before you run this cell

for seed, model in published.items():
    values, gradients = model.trace(train_set.images[:40])
    first, second = gradients[1].abs().amax(dim=0)
    share = (model.codes(train_set.images) > 0).float().mean(dim=0)
    print(
        f"seed {seed}: largest gradients {first:.3f} and {second:.3f}; "
        f"above 0 for {share[0]:.2%} and {share[1]:.2%} of the images"
    )

# %% [markdown]
# A code that is 0 for all images gets no gradient at all, and it sends nothing back to the layer before. Its column of $W_1$ stays as it is, however long we train: the optimiser does not know in
# which direction to go. Only a change of the hidden layer can bring the code back, by luck. With 30 ReLU codes, as in lab 01, the network can lose some.
# With two codes, it needs each one.
#
# **Think.** The two hidden layers have ReLUs too, 256 each. Why does nobody notice when some of these units die?

# %% [markdown]
# ## 5 · A linear code
#
# Use `linear` instead of `torch.relu` at the code. Then a code can be any number, and there is no region with zero gradient.
# Below, we use five seeds again. **Predict, then run**: by how many per cent is the worst run now above the best? And is the worst run better than the best published run?

# %%
my_guess = ...  # per cent, and yes or no: fill it in before you run this cell

linear_codes = {}


def run(seed):
    """Train the network with a linear code and store it."""
    model = linear_codes[seed] = MatrixAutoencoder(d=2, seed=seed).fit(train_set.images)
    error = model.error(test_set.images)
    worth = [without - error for without in model.errors_without(test_set.images)]
    return {"test error": error, "least worth": min(worth)}


table = sweep({"linear code": run}, seeds=range(budget(full=5, study=5, quick=1)))
best_plane = 4 * Pca(train_set.images, 2).error(test_set.images)  # for pixels in [-1, 1]
print(table[["seed", "test error", "least worth"]].to_string(index=False))
errors = table["test error"]
print(f"the worst is {100 * (errors.max() / errors.min() - 1):.1f} % above the best")
print(
    f"PCA with 2 components: {best_plane:.4f}; the mean of the runs is {100 * (1 - errors.mean() / best_plane):.0f} % below"
)

# %% [markdown]
# No run fails: both codes are worth something in every run, the five errors are almost equal, and all of them are below PCA with two components. (Ten
# thousand images and five seeds say this for this set-up. They do not say that a linear code never fails.)
#
# ### The plane of codes
#
# Where in the plane are the codes? We encode all training images. The labels are used only for the colours. And what does the decoder produce between
# and beside these codes, where it was never trained? We decode a grid over the whole rectangle between the smallest and the largest codes. The second
# figure covers the plane of the first one: code 1 from left to right, code 2 from bottom to top.

# %%
two = MatrixAutoencoder(d=2, seed=0).fit(train_set.images)
Z = two.codes(train_set.images)
least, most = Z.aminmax(dim=0)
print(f"code 1 from {least[0]:.1f} to {most[0]:.1f}, code 2 from {least[1]:.1f} to {most[1]:.1f}")
cells = torch.histogramdd(Z, bins=[20, 20]).hist
print(f"of 20 x 20 cells between these, {(cells == 0).float().mean():.0%} hold no training image")
plotting.show_codes(Z, train_set.labels, title="codes of the training images")
across = torch.linspace(least[0], most[0], 16)
up = torch.linspace(most[1], least[1], 12)
grid = torch.stack([across.repeat(12), up.repeat_interleave(16)], dim=1)
plotting.show_images(
    two.decode(grid),
    ncols=16,
    title=f"decoded: code 1 from {least[0]:.1f} (left) to {most[0]:.1f}, code 2 from {least[1]:.1f} (bottom) to {most[1]:.1f}",
    alt=f"A grid of 12 x 16 images: code 1 from {least[0]:.1f} to {most[0]:.1f} from left to right, "
    f"code 2 from {least[1]:.1f} to {most[1]:.1f} from bottom to top.",
)

# %% [markdown]
# The digits spread out from one dense region. Some digits overlap, and parts of the rectangle are empty. There the decoder still produces sharp images
# of the nearest digit, so a few digits fill most of the rectangle. Where many digits overlap, the images are blurred.
#
# %% [markdown]
# ## 6 · The decoder alone
#
# A decoder turns any code into an image. Can we drop the encoder, **draw codes at random**, and get as many new digits as we like? We draw each code
# uniformly between its smallest and its largest value on the training images. We do this with two networks, one with 2 codes and one with $d = 32$ codes. Both have a linear code.
#
# ### Exercise 6.1 (4 points, about 12 minutes)
#
# `sample_codes` draws the codes. `decode` is the second half of the network and uses the last two of the four matrices: a ReLU in the hidden layer,
# tanh at the output, the bias in the last row.
#
# <details><summary>Hint 1</summary>torch.rand gives numbers between 0 and 1. How do you scale and shift them so that they lie between low and high? Each code has its own low and high.</details>
# <details><summary>Hint 2</summary>In decode, append a 1 to every code, and append a 1 to every row of the hidden layer, too.</details>


# %% exercise="decoder_alone"
def sample_codes(Z, n, generator):
    """Draw new codes at random.

    Z: float tensor [N, d], codes of training images; n: how many codes to draw;
    generator: a torch.Generator, the only source of randomness.
    Returns a float tensor [n, d]: each entry is uniform between the smallest and the largest entry of
    its column of Z, and independent of all other entries.
    """
    ### BEGIN SOLUTION
    low, high = Z.amin(dim=0), Z.amax(dim=0)
    return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
    ### END SOLUTION


def decode(W, Z):
    """Decode codes Z [n, d] to images [n, P] in [-1, 1]; W: all four matrices, only the last two are used."""
    ### BEGIN SOLUTION
    ones = torch.ones(len(Z), 1)
    H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2])
    return torch.tanh(torch.cat([H, ones], dim=1) @ W[3])
    ### END SOLUTION


# %% check="decoder_alone" points=4
checks.decoder_alone(sample_codes, decode)

# %%
# `draw` does the same as your two functions. If yours are complete, you can replace trained.draw(30, generator) by
# from_range(decode(trained.matrices, sample_codes(trained.codes(train_set.images), 30, generator))).
two = MatrixAutoencoder(d=2, seed=0).fit(train_set.images)
many = MatrixAutoencoder(d=32, seed=0).fit(train_set.images)
print(
    f"test error with 2 codes {two.error(test_set.images):.4f}, with 32 codes {many.error(test_set.images):.4f}"
)
generator = torch.Generator().manual_seed(0)
for trained in (two, many):
    plotting.show_images(
        trained.draw(30, generator),
        ncols=15,
        title=f"images from {trained.d} codes, drawn uniformly",
        alt=f"30 images that the decoder with {trained.d} codes produces from random codes.",
    )

# %% [markdown]
# ### Two measures of quality
#
# "Most of the 30 images from 32 codes are not digits" is an opinion until we measure it. We can measure two things:
#
# - **Distance**: how far is an image from the nearest training image? (The square root of the mean squared difference of the pixels in [0, 1].)
# - **Confidence**: what is the largest probability that a small classifier, trained on the training images, gives to a digit?
#
# For the second measure we need probabilities. The $K = 10$ outputs $u_k$ of a classifier, the *logits*, can be any numbers. **Softmax** turns the
# logits into probabilities. The classifier is trained with the **cross-entropy** of these probabilities and the labels, written as rows $y$ with a
# single 1 (*one-hot*), averaged over the batch:
#
# $$ p_k = \frac{e^{u_k}}{\sum_j e^{u_j}}, \qquad L = -\frac 1 B \sum_{i=1}^{B} \sum_{k=1}^{K} y_{ik} \log p_{ik} . $$
#
# This looks like two lines of code. Take three rows of logits: (1, 2, 3), (1, 50, 100) and (-200, -210, -220). **Predict**: for which of them do we get the right
# probabilities, if we write the formula exactly like this?

# %%
u = torch.tensor([[1.0, 2.0, 3.0], [1.0, 50.0, 100.0], [-200.0, -210.0, -220.0]])
print(u.exp() / u.exp().sum(dim=1, keepdim=True))

# %% [markdown]
# In float32, $e^{89}$ is too large and becomes `inf`; `inf / inf` is `nan` (not a number). $e^{-200}$ is too small and becomes 0. Then the sum is 0,
# too, and 0 / 0 is `nan`. One such image in training makes all weights `nan`, and they stay `nan`.
#
# The formula gives the solution: the probabilities do not change if you subtract the same number from all logits of a row. And do not take the
# logarithm of a probability that was rounded to 0: first simplify $\log p_k$ on paper, then write the code.
#
# ### Exercise 6.2 (3 points, about 18 minutes)
#
# Write both functions **by hand**, with exp, log, sums and maxima. Functions that do it for you (softmax, logsumexp and cross-entropy of torch, in all
# spellings) are not allowed: the check reads your cell and takes points for them.
#
# <details><summary>Hint 1</summary>Which number must you subtract from a row so that its largest logit is 0? Then no exponential is above 1, and the sum of the exponentials is at least 1.</details>
# <details><summary>Hint 2</summary>log(a / b) = log a - log b, and log(exp(u)) = u needs no exponential.</details>


# %% exercise="cross_entropy"
def softmax(logits):
    """Probabilities [N, K] from logits [N, K]: each row sums to 1, also for logits in the thousands."""
    ### BEGIN SOLUTION
    powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
    return powers / powers.sum(dim=1, keepdim=True)
    ### END SOLUTION


def cross_entropy(logits, targets):
    """Cross-entropy with one-hot labels, the mean over the batch.

    logits: float tensor [N, K], any numbers, also in the thousands; targets: float tensor [N, K], a
    single 1 in each row. Returns a tensor with one number, from which gradients reach the logits.
    """
    ### BEGIN SOLUTION
    shifted = logits - logits.amax(dim=1, keepdim=True)
    log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
    return -(targets * log_p).sum(dim=1).mean()
    ### END SOLUTION


# %% check="cross_entropy" points=3
checks.cross_entropy(softmax, cross_entropy)

# %% [markdown]
# ### Are they digits?
#
# The classifier below has one hidden layer. `metrics.confidences` returns the largest of its probabilities for each image. We count the images with
# more than 0.9. We need other images to compare with: test images, their reconstructions, and three kinds of images that are certainly not digits:
# noise, a black image, and two digits printed over each other. **Predict**: which of the three gets a small distance, and which gets a high confidence?

# %%
from torchvision.ops import MLP

torch.manual_seed(0)
classifier = MLP(784, [128, 10])
training.fit(
    classifier,
    train_set.images.flatten(1),
    targets=train_set.labels,
    epochs=budget(full=5, study=5, quick=1),
    batch_size=budget(full=256, study=64, quick=256),
    loss=torch.nn.functional.cross_entropy,
    progress=False,
)


def judged(name, images):
    """Print the mean distance to the nearest training image, and the share of the images with confidence above 0.9."""
    distance = metrics.nearest_distances(images, train_set.images).mean()
    sure = (metrics.confidences(classifier, images.flatten(1)) > 0.9).float().mean()
    print(f"{name:27} distance {distance:.3f}   confident {sure:4.0%}")


n = budget(full=1_000, study=1_000, quick=100)
generator = torch.Generator().manual_seed(1)
tests = test_set.images
judged("test images", tests[:n])
judged("noise", torch.empty(n, 1, 28, 28).uniform_(generator=generator))
judged("a black image", torch.zeros(1, 1, 28, 28))
judged("two digits over each other", torch.maximum(tests[:n], tests[n : 2 * n]))
for trained in (two, many):
    judged(f"{trained.d} codes, reconstructions", trained.redraw(tests[:n]))
    judged(f"{trained.d} codes, uniform", trained.draw(n, generator))

# %% [markdown]
# A black image is nearer to the training images than a new digit is. For two digits printed over each other, the confidence is above 0.9 in half of the
# cases, and even for noise in three of ten. Neither measure alone proves anything; it is harder to get good values of **both**.
#
# With 32 codes the two measures agree: the samples have larger distances than the reconstructions, and only half as many of them have a confidence
# above 0.9. The confidence is even lower than for two digits printed over each other. With 2 codes the samples have **better** values than the
# reconstructions. A likely reason: many test images have a code in the dense region of section 5, where the reconstructions are blurred, and there they are further from the
# training images than the samples are. Few uniform samples fall into this region. Neither measure shows **variety**: count
# the different digits among the samples above.
#
# ### Exercise 6.3, in words (2 points, about 12 minutes)
#
# Every sampled code lies between the smallest and the largest code of the training images, with 2 codes and with 32. Why do the samples of the
# network with 32 codes have worse values than its reconstructions? Give two reasons. (Two reasons count as different if each needs a test of its own.) For one of them, write what you would compute to test whether it
# is true. Write three or four sentences.

# %% [markdown] written="samples" points=2
# ### BEGIN SOLUTION
# The codes of real images depend on each other and fill only a small part of the box between the extremes. With 32 codes nearly all of the box is
# empty, so a uniform sample lies in an empty region, where the decoder was never trained. The extremes come from a few unusual images, so most
# samples lie further from the centre than most codes. To test the first reason: shuffle each column of the training codes separately. This keeps the
# distribution of every single code and removes their dependence. Then compute the two measures again. To test the second reason: compare the
# distances of samples and of training codes from the mean code.
# ### BEGIN MARK SCHEME
# Half a point for each of two of these reasons: (a) the codes depend on each other; (b) the extremes come from a few unusual images, so uniform values lie
# further out than most codes; (c) with 32 dimensions nearly all of the box has no training code nearby, and there the decoder was never trained. (a) and (b) count
# also as causes of (c): "dependent, so most of the box is empty" is (a) and (c). "The decoder was trained only on codes of images" and "the box is empty" are both (c), and count once.
# One point for something to compute that tests one of the reasons given: for (a) shuffled columns, or a Gaussian fitted to the codes; for (b) distances from
# the mean code, or samples between quantiles instead of the extremes; for (c) the distance to the nearest training code, or the two measures for samples near one and far from one. Half of it if it is
# not said what is computed ("look at more images"). No points for "the network is too small" or "more training" without a reason.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ## What to remember
#
# - A layer is a matrix; the bias is its last row, and it is multiplied by the 1 that we append to each input.
# - A training loop is five lines. If you leave out or move any of them, training fails in a different way.
# - A ReLU passes no gradient back where its input is below 0. With two ReLU codes, at least one of them was worth nothing in each of our five runs.
# - Measure what a code is worth, and run several seeds, before you trust an error.
# - There are empty regions between the codes of images. The decoder produces images there, too. Judge such images by more than one measure.
# - Exponentials overflow. Subtract the maximum, and simplify logarithms before you compute them.
#
# The graded part ends here. The following sections are for running, looking and trying out.

# %% [markdown]
# ## 7 · Going further: straight lines between codes
#
# Empty regions, or **holes**, are easier to see along a straight line from the code of one test image to the code of another. We decode points on this line, in equal steps.
# Above each image stands its distance to the nearest training image (square root of the mean squared difference of the pixels in [0, 1]). The second
# network has 32 codes. **Predict, then run**: on the line from 0 to 1, where is the distance largest? Do all points on the line from 4 to
# 7 show a 4 or a 7?


# %%
my_guess = ...  # fill it in before you run this cell


def show_lines(model, pairs=((0, 1), (3, 8), (4, 7)), steps=11):
    """Decode the straight lines between the codes of two of the ten digits, one row for each line."""
    ends = {
        int(digit): code for digit, code in zip(ten.labels, model.codes(ten.images), strict=True)
    }
    t = torch.linspace(0, 1, steps)[:, None]
    drawn = model.decode(torch.cat([(1 - t) * ends[a] + t * ends[b] for a, b in pairs]))
    distances = metrics.nearest_distances(drawn, train_set.images)
    plotting.show_images(
        drawn,
        ncols=steps,
        titles=[f"{distance:.2f}" for distance in distances],
        title=f"{model.d} codes: straight lines from {', '.join(f'{a} to {b}' for a, b in pairs)}",
        alt=f"{len(pairs)} rows of images decoded along straight lines between codes of digits, with {model.d} codes.",
    )


show_lines(MatrixAutoencoder(d=2, seed=0).fit(train_set.images))
show_lines(MatrixAutoencoder(d=32, seed=0).fit(train_set.images))

# %% [markdown]
# With 2 codes, the lines lead through the codes of other digits, and through images that you cannot name. The 4 and the 7 have nearly the same code, and
# the decoder draws for both something like a 9. With 32 codes, the ends are the right digits, and from 4 to 7 the distance hardly changes. In these two figures, on the line from 0 to 1, the
# middle is no digit with 2 codes nor with 32 codes, and its distance is larger than at both ends: the line leads through a hole.
#
# **Think.** A straight line between the *pixels* of a 0 and a 1 shows both digits on top of each other. How do the images in the middle of the lines
# differ from that? And which digits will you rarely get from random points of the rectangle in section 5?

# %% [markdown]
# ## 8 · Going further: thirty-two codes
#
# Two codes are easy to plot. Now $d = 32$; the rest stays the same, also the 1,000 iterations. **Predict, then run**: in the
# published set-up, how many of the 32 codes will be dead, and how many will be worth nothing (0.0000)?

# %%
my_guess = ...  # two numbers from 0 to 32: fill it in before you run this cell

from functools import partial

wide = {}


def run(seed, relu_code):
    """Train the network with 32 codes and store it."""
    model = wide[relu_code, seed] = MatrixAutoencoder(d=32, relu_code=relu_code, seed=seed).fit(
        train_set.images
    )
    error = model.error(test_set.images)
    some = test_set.images[:500]
    useless = sum(without - model.error(some) < 5e-5 for without in model.errors_without(some))
    return {
        "test error": error,
        "dead codes": metrics.dead_units(model.codes(train_set.images)),
        "worth 0.0000": useless,
    }


table = sweep(
    {
        "ReLU code, as published": partial(run, relu_code=True),
        "linear code": partial(run, relu_code=False),
    },
    seeds=range(budget(full=5, study=3, quick=1)),
)
best_plane = 4 * Pca(train_set.images, 32).error(test_set.images)  # for pixels in [-1, 1]
print(table.drop(columns="seconds").to_string(index=False))
print(f"PCA with 32 components: {best_plane:.4f}")
for name, errors in table.groupby("setting", sort=False)["test error"]:
    print(f"{name}: {100 * (errors.mean() / best_plane - 1):+.0f} % against PCA on average")
plotting.show_sweep(table, "test error", reference=("PCA with 32 components", best_plane))
drawn = {f"{'ReLU' if relu else 'linear'}, 32": wide[relu, 0] for relu in (True, False)}
plotting.show_pairs(
    ten.images,
    *(model.redraw(ten.images) for model in drawn.values()),
    labels=("original", *drawn),
)

# %% [markdown]
# About half of the 32 codes of the published network are dead, in each run. In one run, some more are worth nothing, although they are not dead. The linear
# code has no dead codes, and every run has a smaller error than every published run. But compare with PCA: on average the linear code is only a little
# below, and one of the three runs is above. One thousand iterations, four passes over the images, are hardly enough to reach the error of PCA; with two
# codes they were.
#
# One figure shows the ten digits from both networks. (Its errors are for pixels in [0, 1]: a quarter of the errors in the table.)

# %% [markdown]
# ## 9 · Going further: one layer on the codes
#
# The smallest classifier is one matrix $V$ with $d + 1$ rows and 10 columns: $u = \tilde z\, V$. If its accuracy on the codes is high, then the codes
# of different digits are linearly separable. **Predict, then run**: its accuracy on 2 codes, on 32 codes, and on all 784 pixels.


# %%
def accuracy_of_one_layer(codes, test_codes):
    """Train one linear layer on the codes of the training images. Returns its accuracy on the test images."""
    mean, spread = codes.mean(dim=0), codes.std(dim=0) + 1e-3
    codes, test_codes = (codes - mean) / spread, (test_codes - mean) / spread
    layer = torch.nn.Linear(codes.shape[1], 10)
    torch.nn.init.zeros_(layer.weight)
    training.fit(
        layer,
        codes,
        targets=train_set.labels,
        epochs=budget(full=2, study=10, quick=1),
        batch_size=200,
        loss=torch.nn.functional.cross_entropy,
        optimizer=training.adam(0.01),
        progress=False,
    )
    with torch.no_grad():
        return (layer(test_codes).argmax(dim=1) == test_set.labels).float().mean().item()


for d in (2, 32):
    model = MatrixAutoencoder(d, seed=0).fit(train_set.images)
    accuracy = accuracy_of_one_layer(model.codes(train_set.images), model.codes(test_set.images))
    print(f"{d:3d} codes:  {accuracy:.3f}")
accuracy = accuracy_of_one_layer(train_set.images.flatten(1), test_set.images.flatten(1))
print(f"784 pixels: {accuracy:.3f}")

# %% [markdown]
# The 32 codes were learned without labels, and they keep nearly all the information that a linear classifier can use in 784 pixels. Two codes do not:
# in the plane of section 5 the digits lie in rays from one point. Where rays overlap, no straight line separates them.

# %% [markdown]
# ## 10 · Going further: backward through the whole network
#
# One layer is enough for all of them: `backward` of the network is `layer_backward`, four times, from the last layer to the first. The cell below uses
# **your** function of exercise 4.2 (after a restart, run that cell first). `trace` returns what goes into each layer for a batch, and autograd's
# gradients to compare with.
#
# The last layer has tanh instead of ReLU. So we start with its $u$: $\partial L / \partial u = \frac{2}{NP} (\hat X - X) \odot (1 - \hat X^2)$. The rest
# of the layer is linear, but your function has a ReLU. We add 1,000 to the bias of $W_3$: then every $u$ is above 0, the ReLU changes nothing, and the
# gradients stay the same, because they do not depend on the bias.

# %%
model = MatrixAutoencoder(d=2, relu_code=True, seed=1).fit(train_set.images, iterations=20)
values, by_autograd = model.trace(train_set.images[:40])
*inputs, output = values
W = model.matrices
W[3][-1] += 1_000  # every u of the last layer is above 0, so its ReLU does nothing

G = 2 * (output - inputs[0]) / output.numel() * (1 - output**2)
for k in (3, 2, 1, 0):
    by_hand, G = layer_backward(inputs[k], W[k], G)
    apart = (by_hand - by_autograd[k]).abs().max()
    print(f"W_{k}: largest entry {by_autograd[k].abs().max():.2e}, largest difference {apart:.1e}")

# %% [markdown]
# The largest differences are far smaller than the largest entries: this is the rounding of float32. Four calls of `layer_backward` are the backward pass of the network.
#
# ## 11 · Going further: tied weights
#
# The decoder mirrors the encoder. Does it need its own matrices? With **tied weights** the decoder uses the encoder's matrices, transposed: half as
# many numbers to learn. The decoder keeps its own biases, because they have other lengths.
# **Predict, then run**: is the error of the tied network smaller or larger, with 2 codes and with 32 codes?


# %%
my_guess = ...  # "smaller" or "larger", for 2 and for 32 codes: fill it in before you run this cell

rows, test_rows = 2 * train_set.images.flatten(1) - 1, 2 * test_set.images.flatten(1) - 1


def tied(d, seed):
    """Train 784-256-d-256-784 with two matrices instead of four. Returns the test error and the number of parameters."""
    generator = torch.Generator().manual_seed(seed)
    A, B = (torch.normal(0, 0.01, shape, generator=generator) for shape in ((784, 256), (256, d)))
    biases = [torch.zeros(size) for size in (256, d, 256, 784)]
    learned = [tensor.requires_grad_() for tensor in (A, B, *biases)]
    a, b, c, e = biases

    def redraw(batch):
        codes = torch.addmm(b, torch.addmm(a, batch, A).relu(), B)
        return torch.addmm(e, torch.addmm(c, codes, B.T).relu(), A.T).tanh()

    adam = training.adam(3e-3)(learned)
    for _ in range(budget(full=1_000, study=1_000, quick=10)):
        batch = rows[(torch.rand(40, generator=generator) * len(rows)).long()]
        adam.zero_grad()
        (redraw(batch) - batch).pow(2).mean().backward()
        adam.step()
    with torch.no_grad():
        return (redraw(test_rows) - test_rows).pow(2).mean().item(), sum(
            tensor.numel() for tensor in learned
        )


for d in (2, 32):
    for seed in range(budget(full=5, study=2, quick=1)):
        free = MatrixAutoencoder(d, seed=seed).fit(train_set.images)
        error, count = tied(d, seed)
        print(
            f"d = {d:2d}, seed {seed}: free {free.error(test_set.images):.4f} ({sum(M.numel() for M in free.matrices):,} numbers), "
            f"tied {error:.4f} ({count:,})"
        )

# %% [markdown]
# With 2 codes, the tied network has the larger error in both runs. With 32 codes it has the **smaller** error, although it has half as many numbers to
# learn. After only 1,000 iterations, fewer numbers can be an advantage.
#
# **Think.** With linear layers, PCA is the best autoencoder, and its decoder *is* its transposed encoder (lab 01). With nonlinearities between the
# layers, what are the arguments for tied weights, and what are the arguments against?
