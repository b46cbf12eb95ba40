# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 01 · From PCA to autoencoders
#
# **You will** compress digits with an autoencoder: first a small network, for which you write the training loop, then PCA, a method of 1901. After
# that you compare a deep network with PCA, and change the choices of its set-up, one at a time.
#
# **Before you start**: Python, a little PyTorch (tensors, `nn.Module`), what a mean and a matrix product are. Sections 0 to 2 take about 120 minutes,
# 96 of them for the exercises; the computer needs about two. Take a break after section 0. Spend as much time as you like on *Going further*
# (sections 3 to 10). Run the cells from the top. After the set-up cells, every numbered section also runs on its own.
#
# | exercise | you write | points | minutes |
# |---|---|---|---|
# | 0.1 | `keep_digits(images, labels, digits)` | 2 | 7 |
# | 0.2 | `SmallAutoencoder` | 4 | 12 |
# | 0.3 | `train_epoch(model, loader, optimizer)` | 4 | 14 |
# | 0.4 | `train_small(images)` | 4 | 11 |
# | 1.1 | `pca_fit(X, k)` | 4 | 16 |
# | 1.2 | `pca_encode`, `pca_decode` | 3 | 8 |
# | 1.3 | `components_needed(variances, share)` | 2 | 8 |
# | 2.1 | `image_errors(images, reconstructions)` | 2 | 5 |
# | 2.2 | an answer in words | 2 | 15 |
#
# How an exercise works: complete the cell, run it, then run the check below it. A check calls your code with new inputs each time. It shows what is
# right (✓), what is wrong (✗), or that the cell is not complete yet (·). For a frequent mistake the check names the cause. For any other mistake it
# shows the smallest input for which the answer was wrong, what your code returned, and what was expected.
# Two rules for all exercises: a function must not change the tensors that it is given (no `images -= 1`), and a check stops a call of your function
# after one minute. Each exercise says which library calls are allowed. The grade comes from the same comparisons, with other inputs.

# %% tags=["install"] jupyter={"source_hidden": true}
# Here the build puts the cell that installs course_utils where it is missing (course_admin/authoring/install_cell.py).

# %% tags=["setup"]
# Set-up: run this cell first. Run it again after every restart of the kernel.
from collections import OrderedDict

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision.ops import MLP

from course_utils import data, embedding, metrics, plotting, training
from course_utils.baselines import Pca
from course_utils.checks import pca_vs_ae as checks
from course_utils.sweeps import sweep
from course_utils.training import budget
from course_utils.trials import Trials, as_he, as_torch, deep, small

training.seed_everything(0)


device = training.best_device()
# budget(full=..., study=..., quick=...) chooses one of three numbers. You get the second one, `study`.
source = budget(full="auto", study="sample", quick="sample")
train = data.load_mnist(
    "train", device=device, source=source, limit=budget(full=None, study=None, quick=600)
)
test = data.load_mnist(
    "test", device=device, source=source, limit=budget(full=None, study=None, quick=300)
)
ten = data.load_ten_digits(device=device)
print(
    f"{len(train.images):,} training images, {len(test.images):,} test images, "
    f"shape {list(train.images.shape[1:])}, on {device}"
)

# %% [markdown]
# ## Why learn without labels?
#
# Labels cost money: a person has to look at every image and name the digit. Images cost nothing. An **autoencoder** learns from images alone. It has
# two halves,
#
# $$ z = g(x) \in \mathbb R^M, \qquad \hat x = h(z) \in \mathbb R^P , $$
#
# an *encoder* $g$ and a *decoder* $h$. The encoder maps an image $x$ of $P = 784$ pixels to a *code* $z$ of $M$ numbers; "two codes" means a code of
# two numbers. (This is why we call the Python text that you write a *program*.) The decoder computes an image from $z$. Training makes this *reconstruction* $\hat x$ similar to $x$.
#
# With $M \ge P$ the network could copy its input. So we take $M < P$. This is the **bottleneck**: the code has room only for what many images have in
# common, and we want to learn exactly that.
#
# ## 0 · First contact
#
# We begin with two digits. Below are ten images, one of each digit. You will see these ten images throughout the course.

# %%
plotting.show_images(ten.images, titles=ten.labels.tolist())

# %% [markdown]
# ### Exercise 0.1 (2 points, about 7 minutes)
#
# `load_mnist` returns all digits: `images` is a tensor [N, 1, 28, 28], `labels` is a tensor [N] of integers. Write `keep_digits`, which keeps the
# images of some digits. Any library call is allowed.
#
# <details><summary>Hint 1</summary>You can index a tensor with a boolean tensor (True and False) of the same length.</details>
# <details><summary>Hint 2</summary>torch.isin(labels, ...) tests for each label whether a second tensor contains it. That second argument must be a tensor, not a tuple.</details>


# %% exercise="keep_digits"
def keep_digits(images, labels, digits):
    """Keep the images of some digits.

    images: tensor [N, ...]; labels: int64 tensor [N]; digits: a tuple of one or more digits, in any
    order, such as (3, 7). Returns (images, labels) of these digits only, in their original order.
    """
    ### BEGIN SOLUTION
    kept = torch.isin(labels, torch.tensor(digits, device=labels.device))
    return images[kept], labels[kept]
    ### END SOLUTION


# %% check="keep_digits" points=2
checks.keep_digits(keep_digits)

# %%
some, names = keep_digits(train.images, train.labels, (3, 7))
plotting.show_images(some[:20], title="threes and sevens, selected by your function")

# %% [markdown]
# ### A network with a bottleneck
#
# The code of our first network has two numbers, so that we can plot it. Between the pixels and the code we put one hidden layer on each side:
#
# $$ 784 \to 128 \to 2 \to 128 \to 784 . $$
#
# The hidden layers get a ReLU; without it, the network would be a single matrix. The **code has no activation**: it may lie anywhere in the plane.
# The **output gets a sigmoid**: pixels lie between 0 and 1, so reconstructions should, too.
#
# ### Exercise 0.2 (4 points, about 12 minutes)
#
# The two halves must be called `self.encoder` and `self.decoder`. Any layers of torch or torchvision are allowed.
#
# <details><summary>Hint 1</summary>nn.Sequential(nn.Linear(784, 128), ...) is a chain of layers. Make one chain for self.encoder and one for self.decoder.</details>
# <details><summary>Hint 2</summary>images.flatten(1) changes the shape [N, 1, 28, 28] to [N, 784]; x.view_as(images) changes it back.</details>


# %% exercise="small_autoencoder"
class SmallAutoencoder(nn.Module):
    """784-128-2-128-784: ReLU in the hidden layers, a linear code, a sigmoid at the output, nothing else."""

    def __init__(self):
        """Make self.encoder (784-128-2) and self.decoder (2-128-784)."""
        super().__init__()
        ### BEGIN SOLUTION
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(
            nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid()
        )
        ### END SOLUTION

    def forward(self, images):
        """images: float tensor [N, 1, 28, 28]. Returns the reconstructions, in the same shape."""
        ### BEGIN SOLUTION
        code = self.encoder(images.flatten(1))
        return self.decoder(code).view_as(images)
        ### END SOLUTION


# %% check="small_autoencoder" points=4
checks.small_autoencoder(SmallAutoencoder)

# %% [markdown]
# ### The training loop by hand
#
# Training repeats five lines: take a batch, compute the loss, set the gradients to zero, call `backward`, take a step. You write these lines once.
# After that, a function of the course does it for you.
#
# The loss is the **mean squared error**: the mean over all pixels of all images in the batch,
#
# $$ L = \frac{1}{B\,P} \sum_{i=1}^{B} \sum_{p=1}^{P} (\hat x_{ip} - x_{ip})^2 . $$
#
# ### Exercise 0.3 (4 points, about 14 minutes)
#
# One trap: the last batch is often smaller. The loss of an epoch is the mean over *images*, so a batch of 8 images has a smaller weight than a batch of 64.
# Any call of torch is allowed. (`training.fit`, which you meet below, does not help: it makes its own optimiser.)
#
# <details><summary>Hint 1</summary>nn.functional.mse_loss(reconstruction, images) is the mean for one batch. Multiply it by the number of images in the batch: you get a sum that you can add up over batches.</details>
# <details><summary>Hint 2</summary>loss.item() converts a tensor with one number to a float. The tensor itself remembers all operations that made it, its *computation graph*. Divide once, at the end, by the total number of images.</details>


# %% exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    """Train an autoencoder for one pass over the loader.

    model: in training mode, maps images to reconstructions of the same shape;
    loader: gives batches (images [B, 1, 28, 28], labels [B]); the labels are not needed;
    optimizer: has the model's parameters. Takes one step for every batch, on its mean squared error.
    Returns the mean loss over all images of the epoch, a float; the loss of a batch is computed
    before its step.
    """
    ### BEGIN SOLUTION
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count
    ### END SOLUTION


# %% check="train_epoch" points=4
checks.train_epoch(train_epoch)

# %% [markdown]
# ### Your loop at work
#
# The set-up below is taken from published course material: plain gradient descent with a learning rate of 0.25. **Predict, then run**: after five epochs, will the
# reconstructions of a 3 and of a 7 look different from each other?

# %%
my_guess = ...  # "yes" or "no": fill it in before you run this cell

pair = data.load_mnist(
    "train",
    classes=(3, 7),
    device=device,
    source=source,
    limit=budget(full=None, study=None, quick=256),
)
loader = DataLoader(TensorDataset(*pair), batch_size=64, shuffle=True)
torch.manual_seed(0)
mine = SmallAutoencoder().to(device)
optimizer = torch.optim.SGD(mine.parameters(), lr=0.25)
for epoch in range(budget(full=5, study=5, quick=1)):
    print(f"epoch {epoch + 1}: training loss {train_epoch(mine, loader, optimizer):.4f}")
always_the_mean = (pair.images - pair.images.mean(dim=0)).square().mean().item()
print(f"for comparison, the loss of the mean image: {always_the_mean:.4f}")
plotting.show_pairs(
    pair.images[:10],
    training.reconstruct(mine, pair.images[:10]),
    labels=("original", "learning rate 0.25"),
)

# %% [markdown]
# You probably hoped for more: every reconstruction is the same grey noise. The mean image as the reconstruction of every image, without any network,
# has a much smaller loss.
#
# Look at the loss again. It divides by $P = 784$, so the gradient is small. A small gradient times 0.25 is a very small step.
# You can judge a learning rate only together with its loss. Below is the same network with the same number of epochs and forty times the learning rate.

# %%
torch.manual_seed(0)
faster = SmallAutoencoder().to(device)
optimizer = torch.optim.SGD(faster.parameters(), lr=10)
for epoch in range(budget(full=5, study=5, quick=1)):
    print(f"epoch {epoch + 1}: training loss {train_epoch(faster, loader, optimizer):.4f}")
plotting.show_pairs(
    pair.images[:10],
    training.reconstruct(faster, pair.images[:10]),
    labels=("original", "learning rate 10"),
)

# %% [markdown]
# ### Now let `fit` do it
#
# `training.fit` is your loop with some additions (`training.fit??` shows its text): any loss and optimiser, figures during training, and
# *validation*, which is the loss on images that are not used for training, after each epoch. The default optimiser is Adam (Kingma and Ba 2015) with a learning
# rate of 0.001. Adam adapts the step size of each weight. Watch the codes of the test images during training: each dot is an image.


# %%
few = budget(full=None, study=None, quick=256)
pair = data.load_mnist("train", classes=(3, 7), device=device, source=source, limit=few)
test_pair = data.load_mnist("test", classes=(3, 7), device=device, source=source, limit=few)
live = plotting.LiveFigure(
    test_pair.images, test_pair.labels, code=lambda model, images: model.encoder(images.flatten(1))
)
torch.manual_seed(0)
two = small()
history = training.fit(
    two,
    pair.images,
    epochs=budget(full=20, study=20, quick=1),
    batch_size=64,
    validation=test_pair.images,
    callbacks=[live],
)
print(history)

# %%
plotting.show_extremes(
    two, test_pair.images, title="test images with the smallest and the largest errors"
)

# %% [markdown]
# The network learned two numbers for each image without a single label. The threes and the sevens are mostly separate. (The colours show the labels,
# but the network never saw a label.)
#
# **Think.** The last figure shows the test images with the smallest and with the largest errors. What do the images with the largest errors have in common?
#
# ### Exercise 0.4 (4 points, about 11 minutes)
#
# Now you choose the loss, optimiser, learning rate, batch size and epochs. Train `small()` until its error on unseen digits is below the error of
# **PCA with two components**. PCA is the best linear method; you write it in section 1. Here the check computes it.
#
# The check draws 1,000 images of zeros and ones anew each time: another subset, each image slightly turned, scaled, moved and dimmed. It also mixes the
# pixels: each new pixel is a mixture of two pixels, in the same way in all images. Aim for at most **2,000 optimiser steps**. The check does not count steps; some hundreds are
# enough. Everything is allowed: `training.fit`, a loop of your own, any optimiser of torch.
#
# The course's own answer ends at 0.86 times the error of PCA (standard deviation 0.014 over 20 draws). Any result below 1 passes. The grade is decided with new
# images, so do not stop just below 1.
#
# <details><summary>Hint 1</summary>Why was the learning rate of 0.25 not enough: too few steps, or steps that were too short? 1,000 images in batches of 64 are 16 steps per epoch.</details>
# <details><summary>Hint 2</summary>training.fit with Adam, as above, needs some hundreds of steps. Smaller batches give more steps per epoch.</details>


# %% exercise="train_small"
def train_small(images):
    """Make a `small()` network, train it on these images and return the trained network.

    images: float tensor [N, 1, 28, 28] in [0, 1], about 1,000 of them, without labels.
    Returns the trained network: an encoder 784-128-2 and a decoder 2-128-784 with a sigmoid.
    """
    ### BEGIN SOLUTION
    model = small()
    training.fit(
        model, images, epochs=25, batch_size=50, optimizer=training.adam(2e-3), progress=False
    )
    return model
    ### END SOLUTION


# %% check="train_small" points=4
checks.train_small(train_small)

# %% [markdown]
# ## 1 · PCA by hand
#
# Before you use a network, test the simplest method. **Principal component analysis** (Pearson 1901, Hotelling 1933) is an autoencoder in which both
# halves are matrices. With the mean image $\mu$ and $k$ directions $c_1, \dots, c_k$ as the rows of a matrix $C$,
#
# $$ z = C\,(x - \mu), \qquad \hat x = \mu + C^\top z . $$
#
# PCA takes the directions along which the images vary most. They are the eigenvectors of the covariance matrix
#
# $$ S = \frac{1}{n - 1} \sum_i (x_i - \mu)(x_i - \mu)^\top $$
#
# with the largest eigenvalues. The eigenvalue of a direction is the variance along this direction. No other $k$ directions give a smaller squared error.
#
# ### Exercise 1.1 (4 points, about 16 minutes)
#
# Use torch alone, to see how PCA works. (The check looks only at what comes back, so a ready-made PCA passes, too, if it is exact. `torch.pca_lowrank` is
# approximate in its default settings, and not exact enough.)
#
# <details><summary>Hint 1</summary>torch.linalg.eigh is for symmetric matrices such as S. Read its documentation: in which order are the eigenvalues, and are the eigenvectors rows or columns?</details>
# <details><summary>Hint 2</summary>With X centred, S is X.T @ X / (n - 1). The eigenvectors are the columns, smallest eigenvalue first: flip and transpose.</details>


# %% exercise="pca_fit"
def pca_fit(X, k):
    """Find the k directions of largest variance.

    X: float tensor [n, P], one image a row; k: an int, 1 <= k <= P.
    Returns three tensors, exact except for rounding: mean [P], components [k, P], variances [k].
    Components are rows of length 1, orthogonal to each other, the one with the largest variance
    first; variances are the variances along the components (divide by n - 1).
    """
    ### BEGIN SOLUTION
    mean = X.mean(dim=0)
    centred = X - mean
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    components = eigenvectors.flip(1)[:, :k].T
    return mean, components, eigenvalues.flip(0)[:k]
    ### END SOLUTION


# %% check="pca_fit" points=4
checks.pca_fit(pca_fit)

# %%
# Which directions did your function find?
mean, components, variances = pca_fit(train.images.flatten(1), 9)
plotting.show_filters(
    components * variances.sqrt()[:, None],
    ncols=5,
    title="the first nine components, times the standard deviation along each",
    alt="The first nine components as images, each times the standard deviation along it, the largest variance first.",
)

# %% [markdown]
# The figure shows nine directions as images, the one with the largest variance first. Blue pixels become darker along a direction and red pixels
# become brighter, or the other way round: the sign of a direction is arbitrary.
#
# ### Exercise 1.2 (3 points, about 8 minutes)
#
# Write the two formulas above as two functions. Be careful where $C$ is transposed: here, images are rows.
# Any library call is allowed.
#
# <details><summary>Hint</summary>Check the shapes: X is [n, P], C is [k, P], and the codes must be [n, k]. Which matrix has to be transposed, and what is on which side of the @?</details>


# %% exercise="pca_codes"
def pca_encode(X, mean, components):
    """Codes [n, k] of images X [n, P]; mean [P] and components [k, P] as pca_fit returns them."""
    ### BEGIN SOLUTION
    return (X - mean) @ components.T
    ### END SOLUTION


def pca_decode(Z, mean, components):
    """Images [n, P] from codes Z [n, k]; their pixels may lie a little outside [0, 1]."""
    ### BEGIN SOLUTION
    return Z @ components + mean
    ### END SOLUTION


# %% check="pca_codes" points=3
checks.pca_codes(pca_encode, pca_decode)

# %% [markdown]
# ### How good is it?
#
# scikit-learn has PCA, too. From here on we use it, through `Pca` from `course_utils`. Your PCA gives the same results, except for the signs of the
# components. (Only the cells that call your functions by name depend on your answers.)

# %%
pca = Pca(train.images)
for k in (2, 10, 30, 64):
    print(f"PCA with {k:2d} components: test error {pca.error(test.images, k):.4f} per pixel")
plotting.show_pairs(
    ten.images,
    *(pca.reconstruct(ten.images, k) for k in (2, 10, 30, 64)),
    labels=("original", "k = 2", "k = 10", "k = 30", "k = 64"),
)

# %% [markdown]
# With 30 numbers instead of 784 you can read most digits (the 5 is difficult). Remember the error at $k = 30$: a network with 30 codes has to have a smaller error.
#
# ### Exercise 1.3 (2 points, about 8 minutes)
#
# How many components are enough? A common answer: as many as explain 90 % of the variance. The share explained by the first $k$ components is the sum
# of the first $k$ variances divided by the sum of all variances. Any library call is allowed.
#
# <details><summary>Hint 1</summary>torch.cumsum gives the cumulative sums. How many of them are below the value that you need?</details>
# <details><summary>Hint 2</summary>Positions count from 0, components count from 1. A cumulative sum that is equal to the share is enough.</details>


# %% exercise="components_needed"
def components_needed(variances, share):
    """The smallest number of components that explain at least this share of the variance.

    variances: float tensor [P], the variances of all components, in descending order; share: a float, 0 < share <= 1.
    Returns an int from 1 to P.
    """
    ### BEGIN SOLUTION
    running = variances.cumsum(0)
    missing = running < share * running[-1]
    return int(missing.sum()) + 1
    ### END SOLUTION


# %% check="components_needed" points=2
checks.components_needed(components_needed)

# %%
print(
    "your function returns:",
    components_needed(torch.tensor(pca.variances), 0.9),
    "components for 90 %",
)
plotting.show_variance(pca.variances, share=0.9)

# %% [markdown]
# ## 2 · A deep autoencoder
#
# PCA is linear: each reconstruction is the mean image plus a weighted sum of 30 fixed images. A network can be nonlinear. Let us make the network deep,
#
# $$ 784 \to 512 \to 256 \to 128 \to 30 \to 128 \to 256 \to 784 , $$
#
# with the same 30 numbers in the middle, and half a million weights in the encoder alone. Will this network have a smaller error than PCA?
#
# ### Exercise 2.1 (2 points, about 5 minutes)
#
# To compare two methods fairly, look at the error of every image, not only at the mean. Write a function that returns the error of each image.
# Any library call is allowed.
#
# <details><summary>Hint</summary>Flatten both tensors to [N, P], take the difference, square it, then take the mean over dim=1.</details>


# %% exercise="image_errors"
def image_errors(images, reconstructions):
    """Mean squared error of each image.

    images, reconstructions: float tensors of the same shape, [N, 1, 28, 28] or [N, 784].
    Returns a tensor [N].
    """
    ### BEGIN SOLUTION
    difference = (images - reconstructions).flatten(1)
    return difference.square().mean(dim=1)
    ### END SOLUTION


# %% check="image_errors" points=2
checks.image_errors(image_errors)

# %% [markdown]
# ### As published
#
# Published course material uses this set-up: a ReLU after every layer, also after the code and the output, and Adam with a learning rate of 0.0003.
# `Trials` from `course_utils` builds this network (`deep??` shows how), trains it with the choices below, and collects the test errors. Three runs differ
# only in the seed: the initial weights. **Predict** which error will be smaller, that of PCA or that of the network, before you run the cell.

# %%
my_guess = ...  # "PCA" or "network": fill it in before you run this cell

PUBLISHED = {
    "hidden": nn.ReLU,
    "code": nn.ReLU,
    "output": nn.ReLU,
    "start": as_torch,
    "rate": 3e-4,
    "schedule": None,
    "batch_size": budget(full=256, study=64, quick=256),
    "seed": 0,
}
pca = Pca(train.images, 30)
by_pca = {"PCA with 30 components": pca.error(test.images)}
trials = Trials(PUBLISHED, train.images, test.images, epochs=budget(full=10, study=6, quick=1))
published, *others = (trials.run(f"as published, seed {seed}", seed=seed) for seed in (0, 1, 2))
trials.table(by_pca)
plotting.show_pairs(
    ten.images,
    pca.reconstruct(ten.images),
    training.reconstruct(published, ten.images),
    labels=("original", "PCA, 30", "network, 30"),
)

# %% [markdown]
# The encoder has half a million weights. PCA has a matrix of 30 rows and a smaller error. Both methods have 30 numbers, the same training images and
# the same test images. The three runs show how much the error changes **by chance**: a change of the set-up matters only if the new error is outside
# of this range. (The loss is still falling in the last epoch, so a learning rate that is too small is one suspect.)
#
# ### Your turn: find the causes
#
# The cell below trains the network with seed 0 and what you change. Remove the `#` in front of **one** choice, run the cell, and look at the table. Keep a change that
# helps, undo a change that does not, and try the next one. The row's name lists all changes of a run. Can you get below PCA? Give yourself ten minutes.

# %%
changes = {
    # "rate": 1e-3,  # constant learning rate of Adam
    # "schedule": training.one_cycle(1e-3),  # rises to 0.001, falls to 0; it replaces the rate
    # "batch_size": 128,  # 32: more steps in each epoch; 128: fewer
    # "hidden": nn.Tanh,  # after each hidden layer; nn.LeakyReLU, nn.ELU, ...
    # "code": nn.Tanh,  # after the code; nn.Identity is no activation
    # "output": nn.Tanh,  # after the last layer; nn.Sigmoid, nn.Identity, ...
    # "start": as_he,  # initial weights from He et al. (2015), larger than those of torch
}
if changes:
    trial = trials.run(**changes)
    trials.table(by_pca)
    plotting.show_pairs(
        ten.images, training.reconstruct(trial, ten.images), labels=("original", "your network")
    )
else:
    print("Nothing is changed yet: remove the # in front of one choice, then run this cell again.")

# %% [markdown]
# ### Exercise 2.2, in words (2 points, about 15 minutes)
#
# Name two changes that you tried. For each of them: which network did you compare with (as published, or with which changes that you kept), what was the
# error before and after, and is the difference larger than the differences between the three seeds? (The seeds of a better network may differ less.) "No clear difference" with numbers is a
# right answer, too. Write three or four sentences.

# %% [markdown] written="published" points=2
# ### BEGIN SOLUTION
# With seeds 0, 1 and 2 the published set-up gave 0.035, 0.032 and 0.035, so a difference of 0.004 can be chance. A linear code (nn.Identity, all else as published) gave 0.029
# instead of 0.035: just outside of this range. as_he alone gave 0.032: no clear difference. With one_cycle(0.002), a linear code and a sigmoid
# kept, as_he changed the error from 0.024 to 0.012: a clear difference.
# ### BEGIN MARK SCHEME
# 1 point for each change that is given with the network compared with, the numbers before and after, and a comparison with the range of the three seeds (about 0.0315 to
# 0.0352 with 10,000 images). "No clear difference" with numbers counts in full. A combination counts if it says what was kept. Half a point for a
# change where the network compared with, the numbers or the comparison is missing. No points for changes that were not run, such as more layers or more data.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# (Write your answer to 2.2 before you read on.)
#
# ### The repair, step by step
#
# The cell below makes four changes, one after the other, and keeps each of them. The fourth one replaces the initial weights of torch by larger ones (He et al. 2015); section 5 shows why. **Predict**: after which step is the network better than PCA?

# %%
my_guess = ...  # 1, 2, 3 or 4: fill it in before you run this cell

steps = {
    "1 rate up to 0.002, then to 0": {"schedule": training.one_cycle(2e-3)},
    "2 + no ReLU on the code": {"code": nn.Identity},
    "3 + sigmoid at the output": {"output": nn.Sigmoid},
    "4 + initial weights of He": {"start": as_he},
}
kept = {}
for name, change in steps.items():
    kept |= change
    repaired = trials.run(name, **kept)
    print(f"{trials.errors[name]:.4f}  {name}")
trials.table(by_pca)
plotting.show_pairs(
    ten.images,
    pca.reconstruct(ten.images),
    training.reconstruct(published, ten.images),
    training.reconstruct(repaired, ten.images),
    labels=("original", "PCA, 30", "as published", "repaired"),
)

# %%
for which, net in {"as published": published, "repaired": repaired}.items():
    by_network = training.reconstruct(net, test.images)
    errors_of_pca = image_errors(test.images, pca.reconstruct(test.images))
    smaller = errors_of_pca < image_errors(test.images, by_network)
    by_digit = ", ".join(f"{d}: {smaller[test.labels == d].float().mean():.0%}" for d in range(10))
    print(f"{which}: PCA has the smaller error on {smaller.float().mean():.1%} of the test images")
    print(f"    by digit: {by_digit}")

# %% [markdown]
# **Who won?** The repaired network. Its error is 0.012, that of PCA 0.018: about 30 % less, with 10,000 images and six epochs. Three
# seeds gave 0.0121, 0.0123 and 0.0125, so this difference is no accident. With all 60,000 images and ten epochs, three seeds gave 0.008
# (table in `docs/results.md` of the course's repository, which is not part of the student bundle). But PCA did not lose everywhere: on a few per cent of the test images it is still
# better. The lines above say on which digits (in our run most often on 2, 5 and 8, never on 1).
#
# What the steps say: with each of the three seeds, steps 1 and 2 made the error smaller, step 3 did not, and only step 4 brought it below PCA. Step 4
# **alone** hardly helps: two causes hide each other. So change one thing at a time, **and keep what helps**. Step 3 removes the black dots in the strokes
# (a pixel whose ReLU is always zero stays black). They are the error that you see first, but a small part of the whole.
#
# **Think.** The errors of PCA are grey shadows around a digit that is mostly right. The errors of the network are smooth, clean strokes that are in part the wrong
# ones (look at the tail of the 2, at the 5, and at the dot beside the 9). Which kind of error do you prefer? Can the squared error distinguish the two?
#
# ## What to remember
#
# - An autoencoder is an encoder, a bottleneck and a decoder; the loss only asks that the reconstruction resembles the image.
# - A learning rate belongs to a loss: the same learning rate has different effects for a mean over pixels and for a sum over pixels.
# - PCA is the best linear autoencoder. It is fast, it has no settings, and it is the first method to compare with.
# - A network with a larger error than PCA does not show that networks are bad. Something in its set-up is wrong: change one thing at a time, and keep what helps.
# - Measure how much the error changes with the seed before you believe a difference.
#
# The graded part ends here. The following sections are for running, looking and trying out.

# %% [markdown]
# ## 3 · Going further: a linear autoencoder and the subspace of PCA
#
# Remove the nonlinearities (ReLU, sigmoid) from an autoencoder: one matrix $W_g$ maps to 30 numbers, one matrix $W_h$ maps back. All its
# reconstructions lie in one subspace of 30 dimensions. No subspace gives a smaller training error than that of PCA (Eckart and Young 1936). Does training find it?
#
# First: how do we compare two subspaces? Start with planes in space. Two planes through the origin meet in a line. Along this line they agree: the
# first **principal angle** is 0. At right angles to the line, each plane has one more direction. The angle between these two is the second principal angle.
#
# Below, 400 points vary a lot along one axis (standard deviation 3) and little along the other two (1 and 0.9). We compute the first two components
# twice: from the first 200 points, and from the other 200. **Predict, then run**: how large are the two angles? Which plane has the smaller error?

# %%
my_guess = ...  # two angles: fill it in before you run this cell

points = torch.randn(400, 3, generator=torch.Generator().manual_seed(3)) * torch.tensor(
    [3.0, 1.0, 0.9]
)
points = points - points.mean(dim=0)
halves = {"first (blue)": Pca(points[:200], 2), "second (brown)": Pca(points[200:], 2)}
for name, half in halves.items():
    print(
        f"error of all points, projected to the plane of the {name} half: {half.error(points):.3f}"
    )
plotting.show_planes(*(half.components for half in halves.values()), points, title="two planes")

# %% [markdown]
# The two planes share the long axis: the first angle is 0. They differ by a second angle of tens of degrees, and still one error is within a few per
# cent of the other. The reason: the second and the third direction have nearly the same variance, so it does not matter much which of them you keep.
#
# In 784 dimensions it is the same: two subspaces of 30 dimensions have 30 principal angles. **Predict, then run**: by how many per cent will the error
# of the linear autoencoder be above the error of PCA?

# %%
my_guess = ...  # per cent: fill it in before you run this cell

pca = Pca(train.images, 40)
best = pca.error(test.images, 30)
angles = {}
for name, schedule in {"constant 0.003": None, "0.003, falling to 0": training.cosine}.items():
    torch.manual_seed(0)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(784, 30), nn.Linear(30, 784)).to(device)
    training.fit(
        linear,
        train.images,
        epochs=budget(full=10, study=10, quick=1),
        batch_size=budget(full=256, study=64, quick=256),
        optimizer=training.adam(3e-3),
        schedule=schedule,
    )
    above = 100 * (training.evaluate(linear, test.images) / best - 1)
    angles[name] = metrics.principal_angles(linear[2].weight.T, pca.components[:30])
    print(
        f"{name}: test error {above:+.2f} % above PCA, angles between the two subspaces: "
        f"median {sorted(angles[name])[15]:.1f}, largest {max(angles[name]):.0f} degrees"
    )
plotting.show_angles(angles, pca.variances, kept=30)

# %% [markdown]
# Only the schedule differs between the two runs. With the constant rate the loss stops falling after about five epochs, and the error stays about 3 % above
# that of PCA: each step of Adam is too long to come closer to the minimum. If the rate falls to 0, the error is about 1 % above PCA. Most of the 30 directions agree.
# But the last ones differ by tens of degrees, as in the figure of the planes: component 31 has nearly the same
# variance as component 30. If the network uses component 31 instead of component 30, the loss hardly changes. So the loss determines the error, but not the
# last directions of the subspace. **Remember this when somebody interprets the meaning of a single code.**

# %% [markdown]
# ### Is centring necessary?
#
# Textbooks say that you must subtract the mean. **Predict, then run**: by how much does the test error at $k = 30$ grow without centring?

# %%
my_guess = ...  # per cent: fill it in before you run this cell

pca = Pca(train.images, 30)
flat, flat_test = train.images.flatten(1), test.images.flatten(1)
directions = torch.linalg.svd(flat, full_matrices=False).Vh[:30]
uncentred = (flat_test @ directions.T @ directions - flat_test).square().mean().item()
centred = pca.error(test.images)
print(
    f"centred {centred:.5f}, not centred {uncentred:.5f}: {100 * (uncentred / centred - 1):+.1f} %"
)
mean = pca.mean.to(device)
along = (directions @ mean).square().sum() / mean.square().sum()
print(f"{100 * along:.2f} % of the mean image lies in the 30 directions")

# %% [markdown]
# Almost nothing! The first direction turns towards the mean image, so the mean is reconstructed like any other part of an image. The cost is one
# direction out of 30. You can easily overlook a mistake that changes the error so little. So check for centring directly; do not wait until the
# numbers look wrong.
#
# ## 4 · Going further: from two digits to ten
#
# The network of section 0 gets all ten digits, and still only two numbers. Both trainings below take about as many steps. **Predict**: which digits will
# have nearly the same codes?

# %%
my_guess = ...  # pairs of digits: fill it in before you run this cell

pairs = [
    data.load_mnist(
        part,
        classes=(3, 7),
        device=device,
        source=source,
        limit=budget(full=None, study=None, quick=256),
    )
    for part in ("train", "test")
]
both = {"3 and 7": (*pairs, 20), "all ten digits": (train, test, 4)}
figure, axes = plotting.new_figure(1, 2, (11.5, 5))
for ax, (title, (seen, unseen, epochs)) in zip(axes.flat, both.items(), strict=True):
    torch.manual_seed(0)
    network = small().to(device)
    training.fit(
        network,
        seen.images,
        epochs=budget(full=epochs, study=epochs, quick=1),
        batch_size=64,
        optimizer=training.adam(5e-3),
        schedule=training.cosine,
    )
    error = training.evaluate(network, unseen.images)
    linear = Pca(seen.images, 2).error(unseen.images)
    print(f"{title}: test error {error:.4f}, PCA with two components {linear:.4f}")
    with torch.no_grad():
        codes = network.encoder(unseen.images.flatten(1))
    plotting.show_codes(codes, unseen.labels, title=f"{title}: error {error:.4f}", ax=ax)
shares = metrics.nearest_classes(codes, unseen.labels)
for digit, row in enumerate(shares):
    other = max((d for d in range(10) if d != digit), key=lambda d: row[d])
    print(f"nearest code to a {digit}: {row[digit]:4.0%} a {digit}, {row[other]:4.0%} a {other}")
plotting.describe(figure, plotting.alt_text(figure))

# %% [markdown]
# With ten digits, too, the network has a smaller error than PCA with two components. But two numbers have to serve ten shapes, and the error grows.
#
# Which digits collide? The lines above say whose code is nearest. 0 and 1 have regions of their own. 4 and 9 lie together: one stroke at the top is
# the only difference. 3, 5 and 8 share their curves. Read your own lines: 2 and 6 can collide as well. The decoder draws one image for each code. Where 4 and 9 collide it draws a mixture of the
# two, because a mixture has a small squared error to both. So the code sorts images by their **pixels**. It does not know that 4 and 9 have different names.
#
# ## 5 · Going further: the network before training
#
# Why do the initial weights matter? Look at the network **before** training. Each layer computes sums of its inputs with random weights. How
# much do its outputs still differ from image to image? The cell prints the standard deviation over 500 test images after each linear layer, without
# activations at the code and at the output. **Predict**: does it grow or shrink from layer to layer?

# %%
my_guess = ...  # "grow" or "shrink": fill it in before you run this cell

for start in (as_torch, as_he):
    signal = test.images[:500].flatten(1)
    fresh = deep(hidden=nn.ReLU, code=nn.Identity, output=nn.Identity, start=start, seed=0).to(
        device
    )
    spreads = []
    with torch.no_grad():
        for layer in [*fresh.encoder, *fresh.decoder]:
            signal = layer(signal)
            if isinstance(layer, nn.Linear):
                spreads.append(signal.std(dim=0).mean().item())
    print(f"{start.__name__:8}", "  ".join(f"{spread:.5f}" for spread in spreads))

# %% [markdown]
# With the weights that torch draws, each layer makes the differences between images smaller. After the last layer they are below 0.001: the network
# draws nearly **the same image for every input**, and its first epoch only reduces the error to about that of the mean image. A layer with $n$ inputs and weights of
# variance $v$ multiplies the variance of its inputs by about $n v / 2$: a sum of $n$ terms, of which the ReLU removes half. torch draws with $v = 1/(3n)$,
# which is a factor of 1/6 of the variance, or about 0.41 of the standard deviation, in each layer. He et al. (2015) draw with $v = 2/n$, which is a factor of 1.
# A network with one hidden layer does not need this. A deep network does.
#
# ## 6 · Going further: one wide layer
#
# Is a wide code better than a deep network? Here is a published comparison: one hidden layer of 64, 128 or 256 units with a ReLU, and another ReLU at
# the output. The **training** errors fall with the width, as expected. We print the error of PCA next to each of them.

# %%
pca = Pca(train.images, 256)
for width in (64, 128, 256):
    torch.manual_seed(0)
    shallow = nn.Sequential(
        nn.Flatten(), nn.Linear(784, width), nn.ReLU(), nn.Linear(width, 784), nn.ReLU()
    ).to(device)
    training.fit(
        shallow,
        train.images,
        epochs=budget(full=10, study=10, quick=1),
        batch_size=budget(full=256, study=64, quick=256),
        optimizer=training.adam(3e-4),
    )
    network, linear = training.evaluate(shallow, train.images), pca.error(train.images, width)
    print(
        f"{width:3d} units: network {network:.4f}, PCA {linear:.4f}, ratio {network / linear:.1f}"
    )

# %% [markdown]
# The network has a larger error than PCA at every width, and the **ratio** of the two errors grows with the width. The networks are not fully trained: their loss
# is still falling in the last epoch. But more training cannot change who wins: the decoder is linear before the
# last ReLU, so each image is again a weighted sum of `width` fixed images, and PCA gives the best such sums. The ReLU on the code only excludes some
# of the sums. (Nearly: the ReLU at the output can reduce the error a little, because it sets negative pixels to zero. Set negative pixels of PCA to zero,
# too, and PCA is better again.) A nonlinear decoder needs depth.

# %% [markdown]
# ## 7 · Going further: design choices of the network
#
# How deep? Which activation? How wide is the code? A *sweep* tries several settings under the same conditions and compares one number, the **test
# error**. One seed is not enough evidence: here, every setting runs with two seeds (set `seeds = range(5)` if you have the time), and every run is a
# dot. The dashed line is PCA with as many components as the network has codes. All networks train for the same 628 steps.

# %%
from functools import partial

seeds = range(budget(full=5, study=2, quick=1))
pca = Pca(train.images[:10_000], 30)


def run(seed, hidden=(128,), width=2, activation=nn.ReLU, code=nn.Identity):
    """Train 784 - hidden - width - hidden in reverse order - 784. Returns its squared error on the test images."""
    model = nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            encoder=MLP(784, [*hidden, width], activation_layer=activation, inplace=None),
            code=code(),
            decoder=MLP(width, [*reversed(hidden), 784], activation_layer=activation, inplace=None),
            output=nn.Sigmoid(),
        )
    ).to(device)
    training.fit(
        model,
        train.images[:10_000],
        epochs=budget(full=10, study=4, quick=1),
        batch_size=budget(full=64, study=64, quick=600),
        optimizer=training.adam(1e-2),
        schedule=training.cosine,
        seed=seed,
        progress=False,
    )
    return {"test error": training.evaluate(model, test.images)}


two_components = ("PCA with 2 components", pca.error(test.images, 2))
depth = sweep(
    {
        "784-2-784": partial(run, hidden=()),
        "784-128-2-128-784": partial(run, hidden=(128,)),
        "784-256-64-2-64-256-784": partial(run, hidden=(256, 64)),
    },
    seeds=seeds,
)
plotting.show_sweep(depth, "test error", reference=two_components, title="depth, with two codes")

# %%
activations = sweep(
    {
        activation.__name__: partial(run, activation=activation)
        for activation in (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.Tanh)
    },
    seeds=seeds,
)
plotting.show_sweep(
    activations, "test error", reference=two_components, title="activation of the hidden layers"
)

# %%
codes = sweep(
    {
        code.__name__: partial(run, code=code)
        for code in (nn.Identity, nn.Tanh, nn.Sigmoid, nn.ReLU)
    },
    seeds=seeds,
)
plotting.show_sweep(
    codes, "test error", reference=two_components, title="activation of the two codes"
)

# %%
widths = sweep({f"{width} codes": partial(run, width=width) for width in (2, 10, 30)}, seeds=seeds)
plotting.show_sweep(
    widths,
    "test error",
    reference=("PCA", {f"{width} codes": pca.error(test.images, width) for width in (2, 10, 30)}),
    title="width of the code",
)

# %% [markdown]
# **Think.** Which of these choices changed the error more than the choice of the seed did? Only these choices deserve your attention; for the others,
# two dots prove nothing.
#
# With 628 steps, all networks with a hidden layer and a linear code are below PCA; the widths of 10 and 30 win clearly. A tanh, a
# sigmoid or a ReLU on the two codes loses to PCA: it takes away a part of the plane.
#
# A trap: the network without hidden layers loses to PCA with two components. But PCA has no hidden layers either. Does the network need depth, or more steps?
#
# ## 8 · Going further: design choices of the training
#
# Now the network stays the same, 784-128-2-128-784, and the optimiser changes. All learning rates fall to 0.

# %%
from functools import partial

seeds = range(budget(full=5, study=2, quick=1))
two_components = ("PCA with 2 components", Pca(train.images[:10_000], 2).error(test.images))
adam = training.adam(1e-2)


def train_with(seed, optimizer=adam, loss=nn.functional.mse_loss):
    """Train 784-128-2-128-784 with any loss of torch. Returns its squared error on the test images."""
    model = nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            encoder=MLP(784, [128, 2]),
            decoder=MLP(2, [128, 784]),
            output=nn.Sigmoid(),
        )
    ).to(device)
    training.fit(
        model,
        train.images[:10_000],
        epochs=budget(full=10, study=4, quick=1),
        batch_size=budget(full=64, study=64, quick=600),
        optimizer=optimizer,
        schedule=training.cosine,
        loss=lambda output, images: loss(output, images.flatten(1)),
        seed=seed,
        progress=False,
    )
    return {"test error": training.evaluate(model, test.images)}


optimizers = sweep(
    {
        name: partial(train_with, optimizer=make)
        for name, make in {
            "SGD, 10": lambda p: torch.optim.SGD(p, lr=10),
            "SGD, 2, momentum 0.9": lambda p: torch.optim.SGD(p, lr=2, momentum=0.9),
            "RMSprop, 0.002": lambda p: torch.optim.RMSprop(p, lr=2e-3),
            "Adam, 0.01": adam,
            "AdamW, 0.01, decay 0.01": lambda p: torch.optim.AdamW(p, lr=1e-2, weight_decay=0.01),
        }.items()
    },
    seeds=seeds,
)
plotting.show_sweep(
    optimizers, "test error", reference=two_components, title="optimiser and learning rate"
)

# %% [markdown]
# You can also choose the loss. The choice of a loss is an assumption about the noise. The squared error is the negative log-likelihood of a Gaussian
# around each reconstructed pixel. Cross-entropy is the negative log-likelihood of a pixel that is white with probability $\hat x$ and otherwise
# black. We compare all networks by the squared error: errors measured with different losses cannot be compared.

# %%
losses = sweep(
    {
        "squared error": partial(train_with, loss=nn.functional.mse_loss),
        "cross-entropy": partial(train_with, loss=nn.functional.binary_cross_entropy),
        "absolute error": partial(train_with, loss=nn.functional.l1_loss),
        "smooth absolute error": partial(train_with, loss=nn.functional.smooth_l1_loss),
    },
    seeds=seeds,
)
outlier = losses["setting"] == "absolute error"
print(f"absolute error: {losses[outlier]['test error'].mean():.4f}, too far right for the figure")
print(f"the error of an all-black image: {test.images.square().mean():.4f}")
plotting.show_sweep(
    losses[~outlier],
    "test error",
    reference=two_components,
    title="loss in training, squared error in test",
)

# %% [markdown]
# Two losses need an explanation. The best constant for the absolute error is the median, and the median of most pixels is black: here the network
# learned to draw a black image for every input. The smooth absolute error gives almost the same results as the squared error: find out how it treats
# errors below 1.

# %% [markdown]
# ## 9 · Going further: looking at codes
#
# We can plot two codes directly. For ten codes we need a map to two dimensions. **PCA** of the codes shows the two directions with the largest
# variance. **t-SNE** (van der Maaten and Hinton 2008) keeps neighbours together but does not keep distances: clusters have a meaning, the gaps
# between clusters have none.

# %%
torch.manual_seed(0)
wide = nn.Sequential(
    OrderedDict(
        flatten=nn.Flatten(),
        encoder=MLP(784, [200, 10]),
        decoder=MLP(10, [200, 784]),
        output=nn.Sigmoid(),
    )
).to(device)
training.fit(
    wide,
    train.images,
    epochs=budget(full=30, study=10, quick=1),
    batch_size=budget(full=256, study=64, quick=256),
)

some = test.images[: budget(full=2_000, study=1_000, quick=100)]
names = test.labels[: len(some)]
with torch.no_grad():
    some_codes = wide.encoder(some.flatten(1)).cpu()
maps = {
    "PCA of pixels": embedding.pca_2d(some.cpu()),
    "PCA of ten codes": embedding.pca_2d(some_codes),
    "t-SNE of pixels": embedding.tsne_2d(some.cpu()),
    "t-SNE of ten codes": embedding.tsne_2d(some_codes),
}
plotting.show_embeddings(maps, names)

# %% [markdown]
# The t-SNE of raw pixels already separates most digits. So a good t-SNE of the codes is weak evidence for the autoencoder. We need a number.

# %% [markdown]
# ## 10 · Going further: does it help clustering?
#
# k-means searches for ten clusters, in pixels and in codes, without labels. Then we match clusters to digits in the best possible way (*optimal
# assignment*, Kuhn 1955). The accuracy is the share of images that are right. NMI and ARI are two scores that need no matching. The best value of all
# three scores is 1.

# %%
images = test.images[: budget(full=10_000, study=2_000, quick=200)]
labels = test.labels[: len(images)]
scores = [{"features": "pixels", **metrics.cluster_scores(images, labels)}]
for seed in range(budget(full=5, study=3, quick=1)):
    torch.manual_seed(seed)
    wide = nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            encoder=MLP(784, [200, 10]),
            decoder=MLP(10, [200, 784]),
            output=nn.Sigmoid(),
        )
    ).to(device)
    training.fit(
        wide,
        train.images,
        epochs=budget(full=30, study=10, quick=1),
        batch_size=budget(full=256, study=64, quick=256),
        seed=seed,
        progress=False,
    )
    with torch.no_grad():
        codes = wide.encoder(images.flatten(1)).cpu()
    scores.append({"features": f"codes, seed {seed}", **metrics.cluster_scores(codes, labels)})
for row in scores:
    print("{features:15} accuracy {accuracy:.3f}   NMI {nmi:.3f}   ARI {ari:.3f}".format(**row))

# %% [markdown]
# Read the rows for the codes first: it is the *same* network with different seeds. A difference to the pixels is worth reporting only if it is
# clearly larger than the differences between these rows. With a single run you cannot know this.
#
# Look at the accuracies, too: four or five images in ten are in the wrong cluster. A code that is good for reconstruction is not always a code that
# separates the digits.
