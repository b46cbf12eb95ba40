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
# **You will** squeeze digits through a bottleneck, first with a small network whose training loop you write yourself, then with PCA. Then you find
# out why a deep network, set up as it often is, loses to a method of 1901, and mend it.
#
# **Before you start**: Python, a little PyTorch (tensors, `nn.Module`), what a mean and a matrix product are. About 100 minutes to the end of section 3, of which the
# computer needs about one; *Going further* (sections 4 to 7) is as long as you like. Run the cells from the top; every numbered section also works on its own once the set-up cells have run.
#
# | exercise | you write | points | minutes |
# |---|---|---|---|
# | 0.1 | `keep_digits(images, labels, digits)` | 2 | 5 |
# | 0.2 | `SmallAutoencoder` | 4 | 10 |
# | 0.3 | `train_epoch(model, loader, optimizer)` | 4 | 12 |
# | 0.4 | `train_small(images)` | 4 | 8 |
# | 1.1 | `pca_fit(X, k)` | 4 | 12 |
# | 1.2 | `pca_encode`, `pca_decode` | 3 | 6 |
# | 1.3 | `components_needed(variances, share)` | 2 | 6 |
# | 3.1 | `image_errors(images, reconstructions)` | 2 | 5 |
# | 3.2 | an answer in words | 2 | 6 |
#
# How an exercise works: fill in the cell, run it, then run the check below it. A check looks at your code with new numbers each time
# and says what is right (✓), what is wrong and probably why (✗), or that the cell is still to be done (·).
# One rule for all of them: a function leaves the tensors it is given as they are (no `images -= 1`).

# %% tags=["install"]
# Here the build puts the cell that installs course_utils where it is missing (course_admin/authoring/install_cell.py).

# %% tags=["setup"]
# Set-up: run this first, and again after every restart of the kernel.
from collections import OrderedDict

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision.ops import MLP

from course_utils import data, embedding, metrics, plotting, training
from course_utils.checks import pca_vs_ae as checks
from course_utils.sweeps import summarise, sweep
from course_utils.training import budget

training.seed_everything(0)

device = training.best_device()
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
# Somebody has to look at every image and say what it is: labels cost money. Images cost nothing. An **autoencoder** learns from images alone. It has two halves,
#
# $$ z = g(x) \in \mathbb R^M, \qquad \hat x = h(z) \in \mathbb R^P , $$
#
# an *encoder* $g$ that turns an image $x$ of $P = 784$ pixels into a *code* $z$ of $M$ numbers, and a *decoder* $h$ that draws the image again from the code.
# Training makes the *reconstruction* $\hat x$ resemble $x$.
#
# With $M \ge P$ it could simply copy. So we take $M < P$: everything has to pass a **bottleneck**, and what passes best is what images have in
# common. That is what we are after.
#
# ## 0 · First contact
#
# Two digits are enough to begin with. Here are ten images, one of each digit. These ten come back throughout the course.

# %%
plotting.show_images(ten.images, titles=ten.labels.tolist())

# %% [markdown]
# ### Exercise 0.1 (2 points, about 5 minutes)
#
# `load_mnist` gives all digits: `images` is a tensor [N, 1, 28, 28], `labels` a tensor [N] of whole numbers. Write `keep_digits`, which keeps some of them.
#
# <details><summary>Hint 1</summary>A tensor can be indexed by a tensor of True and False of the same length.</details>
# <details><summary>Hint 2</summary>torch.isin(labels, ...) asks each label whether it is in a list; the list has to be a tensor.</details>


# %% exercise="keep_digits"
def keep_digits(images, labels, digits):
    """Keep the images of some digits.

    images: tensor [N, ...]; labels: int64 tensor [N]; digits: a tuple of one or more digits, in any
    order, such as (3, 7). Returns (images, labels) of these digits only, in the order they came in.
    """
    ### BEGIN SOLUTION
    kept = torch.isin(labels, torch.tensor(digits, device=labels.device))
    return images[kept], labels[kept]
    ### END SOLUTION


# %% check="keep_digits" points=2
checks.keep_digits(keep_digits)

# %%
some, names = keep_digits(train.images, train.labels, (3, 7))
plotting.show_images(some[:20], title="threes and sevens, kept by your function")

# %% [markdown]
# ### A network with a waist
#
# The smallest bottleneck that we can draw has two numbers. Between it and the pixels we put one hidden layer on each side:
#
# $$ 784 \to 128 \to 2 \to 128 \to 784 . $$
#
# Hidden layers get a ReLU, otherwise the whole would be one matrix. The **code gets nothing**: it may lie anywhere in the plane. The **output gets a sigmoid**: a pixel
# lies between 0 and 1, and so should its reconstruction.
#
# ### Exercise 0.2 (4 points, about 10 minutes)
#
# <details><summary>Hint 1</summary>nn.Sequential(nn.Linear(784, 128), ...) is a chain of layers. Make one for self.encoder and one for self.decoder.</details>
# <details><summary>Hint 2</summary>images.flatten(1) turns [N, 1, 28, 28] into [N, 784]; x.view_as(images) turns it back.</details>


# %% exercise="small_autoencoder"
class SmallAutoencoder(nn.Module):
    """784-128-2-128-784: ReLU in the hidden layers, a linear code, a sigmoid at the end; no more."""

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
# ### The loop, once by hand
#
# Training is five lines, over and over: take a batch, compute the loss, set the gradients to zero, go backward, take a step. You write them once; from then on a function does
# it for you.
#
# The loss is the **mean squared error**: the mean over all pixels of all images in the batch,
#
# $$ L = \frac{1}{B\,P} \sum_{i=1}^{B} \sum_{p=1}^{P} (\hat x_{ip} - x_{ip})^2 . $$
#
# ### Exercise 0.3 (4 points, about 12 minutes)
#
# One trap: the last batch is often smaller. The loss of an epoch is the mean over *images*, so a batch of 8 counts for less than a batch of 64.
#
# <details><summary>Hint 1</summary>nn.functional.mse_loss(reconstruction, images) is the mean for one batch. Times the number of images in the batch it is a sum that you can add up.</details>
# <details><summary>Hint 2</summary>loss.item() turns a tensor of one number into a float. Divide once, at the end, by the number of images seen.</details>


# %% exercise="train_epoch"
def train_epoch(model, loader, optimizer):
    """Train an autoencoder for one pass over the loader.

    model: in training mode, maps images to reconstructions of the same shape;
    loader: gives batches (images [B, 1, 28, 28], labels [B]), the labels are not needed;
    optimizer: has the model's parameters. One step for every batch, on its mean squared error.
    Returns the mean loss over all images of the epoch, a float: a batch's loss is the one before
    its step.
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
# The set-up below was published with this network: plain gradient descent, learning rate 0.25. **Predict, then run**: after five epochs, will the
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
print(f"for comparison, the mean image drawn every time: {always_the_mean:.4f}")
plotting.show_pairs(
    pair.images[:10],
    training.reconstruct(mine, pair.images[:10]),
    labels=("original", "learning rate 0.25"),
)

# %% [markdown]
# Probably not what you hoped for: grey noise, the same for every image. Drawing the mean image every time, without any network, would give a much smaller loss.
#
# Look at the loss again: it divides by $P = 784$. Each pixel's error is a 784th of the whole, so the gradient is small, and a step of 0.25 times almost nothing is almost nothing.
# A learning rate means nothing without the loss that it goes with. Here is the same network, the same number of epochs, forty times the rate.

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
# `training.fit` is your loop with a few comforts: any loss and optimiser, validation on a whole set after each epoch, figures while it runs. Open it
# (`training.fit??`): below its docstring it fits on a screen.
#
# It is also faster. The loader above fetches 64 images one by one and stacks them again for every batch. `fit` keeps all images in one tensor on the device and takes slices of
# it.
#
# Below, Adam (Kingma and Ba 2015) finds a step size for each weight by itself. Watch the codes of the test images while it trains: each dot is an image.


# %%
def small():
    """A 784-128-2-128-784 autoencoder, put together by torchvision's MLP."""
    return nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            encoder=MLP(784, [128, 2]),
            decoder=MLP(2, [128, 784]),
            sigmoid=nn.Sigmoid(),
            shape=nn.Unflatten(1, (1, 28, 28)),
        )
    )


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

# %% [markdown]
# Two numbers for each image, learned without a single label, and the threes and the sevens lie mostly apart. (The colours were added afterwards: the network never saw a label.)
#
# **Think.** What do the two directions stand for? Find out from the reconstructions: which images are drawn badly, and what do they have in common?
#
# ### Exercise 0.4 (4 points, about 8 minutes)
#
# Your turn to choose: loss, optimiser, learning rate, batch size, epochs. Train `small()` until it beats the best that two straight directions can do, **PCA with two
# components** (section 1), on digits that it has not seen. The check sends 1,000 zeros and ones with their pixels shuffled (a network like this one does not mind), and needs your
# function to be done within ten seconds or so.
#
# The course's own answer ends at 0.73 times PCA's error. Anything below 1 passes.
#
# <details><summary>Hint 1</summary>What did the learning rate of 0.25 lack: steps, or longer steps? 1,000 images in batches of 64 are 16 steps an epoch.</details>
# <details><summary>Hint 2</summary>training.fit with Adam, as above, needs some hundreds of steps. Smaller batches make more of them.</details>


# %% exercise="train_small"
def train_small(images):
    """Make a `small()` network, train it on these images and return it.

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
# Before trusting a network, ask what the simplest method can do. **Principal component analysis** (Pearson 1901, Hotelling 1933) is an autoencoder in which both halves are matrices. With the mean image
# $\mu$ and $k$ directions $c_1, \dots, c_k$ as the rows of a matrix $C$,
#
# $$ z = C\,(x - \mu), \qquad \hat x = \mu + C^\top z . $$
#
# Which directions? Those along which the images vary most: the eigenvectors, with the largest eigenvalues, of the covariance matrix
#
# $$ S = \frac{1}{n - 1} \sum_i (x_i - \mu)(x_i - \mu)^\top . $$
#
# The eigenvalue of a direction is the variance along it. No other $k$ directions give a smaller squared error.
#
# ### Exercise 1.1 (4 points, about 12 minutes)
#
# <details><summary>Hint 1</summary>torch.linalg.eigh is for symmetric matrices such as S. Read in its documentation in which order the eigenvalues come, and where in the matrix the eigenvectors are.</details>
# <details><summary>Hint 2</summary>With X centred, S is X.T @ X / (n - 1). The eigenvectors are the columns, smallest eigenvalue first: flip and transpose.</details>


# %% exercise="pca_fit"
def pca_fit(X, k):
    """Find the k directions of largest variance.

    X: float tensor [n, P], one image a row; k: an int, 1 <= k <= P.
    Returns three tensors, exact but for rounding: mean [P], components [k, P], variances [k].
    Components are rows of length 1, at right angles to each other, the one with the largest
    variance first; variances are those along them (dividing by n - 1).
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
# What did it find?
mean, components, variances = pca_fit(train.images.flatten(1), 9)
plotting.show_filters(
    components * variances.sqrt()[:, None],
    ncols=9,
    title="the first nine components, times the spread along each",
    alt="The first nine components as images, each times the standard deviation along it, the largest first.",
)

# %% [markdown]
# Nine directions, drawn as images, the one with the largest variance first: blue takes ink away, red adds it (or the other way round, for the sign of a direction is free).
#
# ### Exercise 1.2 (3 points, about 6 minutes)
#
# The two formulas above, as two functions. Mind which way $C$ is turned: images are rows here.
#
# <details><summary>Hint</summary>Check the shapes: X is [n, P], C is [k, P], and the codes are to be [n, k]. What has to be transposed, and what stands on which side of the @?</details>


# %% exercise="pca_codes"
def pca_encode(X, mean, components):
    """Codes [n, k] of images X [n, P]; mean [P] and components [k, P] as pca_fit gives them."""
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
# scikit-learn has PCA too. From here on we use that one, so that nothing below depends on your answers; yours gives the same up to the signs of
# the components.

# %%
from sklearn.decomposition import PCA

flat, flat_test = train.images.flatten(1).cpu(), test.images.flatten(1).cpu()
pca = PCA(svd_solver="covariance_eigh").fit(flat)


def pca_reconstruct(images, k):
    """Images [n, P] through k components of `pca`, as a float32 tensor."""
    C = torch.tensor(pca.components_[:k], dtype=torch.float32)
    middle = torch.tensor(pca.mean_, dtype=torch.float32)
    return (images - middle) @ C.T @ C + middle


pca_error = {}
for k in (2, 10, 30, 64):
    pca_error[k] = (pca_reconstruct(flat_test, k) - flat_test).square().mean().item()
    print(f"PCA with {k:2d} components: test error {pca_error[k]:.4f} per pixel")

ten_flat = ten.images.flatten(1).cpu()
plotting.show_pairs(
    ten_flat,
    *(pca_reconstruct(ten_flat, k) for k in (2, 10, 30, 64)),
    labels=("original", "k = 2", "k = 10", "k = 30", "k = 64"),
)

# %% [markdown]
# With 30 numbers instead of 784 you can read every digit. Remember the error at $k = 30$: it is what a network with 30 codes has to beat.
#
# ### Exercise 1.3 (2 points, about 6 minutes)
#
# How many components are enough? A common answer: as many as explain 90 % of the variance. The share explained by the first $k$ is the sum of the first $k$
# variances over the sum of all.
#
# <details><summary>Hint 1</summary>torch.cumsum gives the running sums. How many of them are still below what you want?</details>
# <details><summary>Hint 2</summary>Positions count from 0, components from 1. A share that is reached exactly is enough.</details>


# %% exercise="components_needed"
def components_needed(variances, share):
    """The smallest number of components that explain at least this share of the variance.

    variances: float tensor [P], all of them, in descending order; share: a float, 0 < share <= 1.
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
    "your function says:",
    components_needed(torch.tensor(pca.explained_variance_), 0.9),
    "components for 90 %",
)
plotting.show_variance(pca.explained_variance_, share=0.9)

# %% [markdown]
# ### Must one centre?
#
# Textbooks insist on subtracting the mean. **Predict, then run**: leave it out; by how much does the test error at $k = 30$ grow?

# %%
my_guess = ...  # per cent: fill it in before you run this cell

directions = torch.linalg.svd(flat, full_matrices=False).Vh[:30]
uncentred = (flat_test @ directions.T @ directions - flat_test).square().mean().item()
print(
    f"centred {pca_error[30]:.5f}, not centred {uncentred:.5f}: "
    f"{100 * (uncentred / pca_error[30] - 1):+.1f} %"
)
middle = torch.tensor(pca.mean_, dtype=torch.float32)
along = (directions @ middle).square().sum() / middle.square().sum()
print(f"{100 * along:.2f} % of the mean image lies in the 30 directions")

# %% [markdown]
# Almost nothing! The first direction simply turns towards the mean image, so that the mean is reconstructed like everything else; the price is one
# direction out of 30. A mistake that costs so little is easily overlooked, which is a reason to check for it and not to wait until the numbers look wrong.
#
# ## 2 · A linear autoencoder finds the same plane
#
# Take the bends (ReLU, sigmoid) out of an autoencoder: one matrix $W_g$ down to 30 numbers, one matrix $W_h$ back up. Whatever the two are, together they are one matrix of rank 30, and
# among those PCA is the best (Eckart and Young 1936). Gradient descent has no other valley to fall into (Baldi and Hornik 1989). So a linear
# autoencoder can at best **do as well as PCA**. Does it get there, and does it find the same 30 directions?
#
# **Predict, then run**: by how many per cent will the error lie above PCA's?

# %%
my_guess = ...  # per cent: fill it in before you run this cell

from sklearn.decomposition import PCA

flat = train.images.flatten(1).cpu()
pca30 = PCA(30, svd_solver="covariance_eigh").fit(flat)
flat_test = test.images.flatten(1).cpu().numpy()
best = ((pca30.inverse_transform(pca30.transform(flat_test)) - flat_test) ** 2).mean().item()

angles = {}
for name, rate, schedule in (
    ("constant 0.001", 1e-3, None),
    ("0.003, falling to 0", 3e-3, training.cosine),
):
    torch.manual_seed(0)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(784, 30), nn.Linear(30, 784)).to(device)
    training.fit(
        linear,
        train.images,
        epochs=budget(full=10, study=10, quick=1),
        batch_size=budget(full=256, study=64, quick=256),
        optimizer=training.adam(rate),
        schedule=schedule,
    )
    above = 100 * (training.evaluate(linear, test.images) / best - 1)
    angles[name] = metrics.principal_angles(linear[2].weight.T, pca30.components_)
    print(
        f"{name}: test error {above:+.2f} % above PCA, angles between the two planes: "
        f"median {sorted(angles[name])[15]:.1f}, largest {max(angles[name]):.0f} degrees"
    )

# %% [markdown]
# The error comes within one per cent of PCA's once the learning rate is allowed to fall: with a constant rate, Adam keeps rattling about the minimum. (A schedule is not decoration.)
#
# Most of the 30 directions agree, yet some are far off. How can two planes with directions tens of degrees apart draw equally well? Look at the variances around the thirtieth component.

# %%
import matplotlib.pyplot as plt

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
for i, (name, values) in enumerate(angles.items()):
    left.plot(
        range(1, 31), sorted(values), "o-", markersize=3, label=name, color=plotting.colour(i)
    )
left.set(
    xlabel="direction, best matched first",
    ylabel="angle (degrees)",
    title="linear autoencoder against PCA",
)
left.legend(frameon=False)
spread = PCA(40, svd_solver="covariance_eigh").fit(flat).explained_variance_
right.bar(range(20, 41), spread[19:], color=[plotting.colour(0)] * 11 + ["lightgrey"] * 10)
right.set(xlabel="component", ylabel="variance", title="PCA keeps the coloured ones")
words = (
    "Left: angles between the planes rise from near 0 to "
    f"{max(angles['0.003, falling to 0']):.0f} degrees for the last directions. Right: the variance "
    f"falls slowly, from {spread[29]:.2f} at component 30 to {spread[30]:.2f} at 31."
)
plotting.describe(figure, words)

# %% [markdown]
# Component 31 has nearly the variance of component 30. Swapping one for the other, or mixing the two, costs next to nothing, and so the loss hardly says which to take: the error is settled, the plane
# is not. **Keep this in mind whenever somebody reads meaning into single latent directions.**
#
# ## 3 · A deep autoencoder
#
# PCA can only draw straight lines: sums of 30 fixed pictures. A network can bend. Let us give it depth,
#
# $$ 784 \to 512 \to 256 \to 128 \to 30 \to 128 \to 256 \to 784 , $$
#
# the same 30 numbers in the middle, and half a million weights in the encoder alone. It must be better. Must it not?
#
# ### Exercise 3.1 (2 points, about 5 minutes)
#
# To compare two methods fairly, look at every image, not at a mean alone. Write the error of each image.
#
# <details><summary>Hint</summary>Flatten both to [N, P], take the difference, square it, then take the mean over dim=1.</details>


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
# This is a set-up that has been taught for years: a ReLU after every layer, the code and the output included, Adam with a learning rate of 0.0003. It takes
# ten to twenty seconds. **Predict** the winner, PCA or the network, before the bar is full.

# %%
my_guess = ...  # "PCA" or "network": fill it in before you run this cell


def deep(code, output):
    """784-512-256-128-30-128-256-784 with these modules after the code and after the output."""
    return nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            encoder=MLP(784, [512, 256, 128, 30]),
            code=code,
            decoder=MLP(30, [128, 256, 784]),
            output=output,
            shape=nn.Unflatten(1, (1, 28, 28)),
        )
    )


def train_deep(model, rate, schedule=None):
    """The same images, batches and epochs for every set-up, so that nothing else differs."""
    return training.fit(
        model,
        train.images,
        epochs=budget(full=10, study=13, quick=1),
        batch_size=budget(full=256, study=64, quick=256),
        optimizer=training.adam(rate),
        schedule=schedule,
        validation=test.images,
    )


torch.manual_seed(0)
published = deep(code=nn.ReLU(), output=nn.ReLU()).to(device)
histories = {"as published": train_deep(published, rate=3e-4)}
print(histories["as published"])

# %%
# Now the two side by side, on the ten images and on all test images.
from sklearn.decomposition import PCA

flat = train.images.flatten(1).cpu()
pca30 = PCA(30, svd_solver="covariance_eigh").fit(flat)


def through_pca(images):
    """Images [N, 1, 28, 28] through the 30 components of `pca30`."""
    codes = pca30.transform(images.flatten(1).cpu().numpy())
    return (
        torch.tensor(pca30.inverse_transform(codes), dtype=torch.float32)
        .view_as(images)
        .to(images.device)
    )


by_pca, by_network = through_pca(test.images), training.reconstruct(published, test.images)
error_pca = (by_pca - test.images).square().mean().item()
error_network = (by_network - test.images).square().mean().item()
print(f"test error per pixel: PCA {error_pca:.4f}, network {error_network:.4f}")
plotting.show_pairs(
    ten.images,
    through_pca(ten.images),
    training.reconstruct(published, ten.images),
    labels=("original", "PCA, 30", "network, 30"),
)

# %%
wins = (
    (image_errors(test.images, by_pca) < image_errors(test.images, by_network))
    .float()
    .mean()
    .item()
)
print(f"PCA is closer to the original on {100 * wins:.0f} % of the test images")

# %% [markdown]
# Half a million weights in the encoder, and a matrix of 30 rows does better, on nearly every image. The comparison is fair: both
# have 30 numbers, the same training images, the same error on the same test images.
#
# Look closely at the bottom row. The strokes are peppered with **black dots**, at the same places in every image. What could they be?
#
# ### Exercise 3.2, in words (2 points, about 6 minutes)
#
# Name two things in the published set-up that could hold the network back, and for each one say what you would change and what you would look at to
# see whether that was it. Three or four sentences.

# %% [markdown] written="published" points=2
# ### BEGIN SOLUTION
# The learning rate of 0.0003 is small: after ten epochs the curve is still falling. Train with 0.001 from the same initial weights, or longer, and compare the test error. The ReLU on the code
# sets every negative code to zero: count how many of the 30 codes are zero for all images, and make the code linear. The ReLU at the output has no gradient where it is
# zero, so a pixel that is always 0 stays there: count such pixels, and use a sigmoid. Change one thing at a time.
# ### BEGIN MARK SCHEME
# 1 point for each cause (learning rate or too few steps; ReLU on the code; ReLU at the output) that comes with a change and something to measure; half a point for a cause alone.
# No points for more layers or more data without a reason: PCA wins with the same data.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### Mend it, one thing at a time
#
# (Write your answer to 3.2 before you read on.) Three suspects: the learning rate, the ReLU on the code, the ReLU at the output. Below is the published set-up with **one thing changed**, the learning rate. Run the cell, look at the table, put it back, change the
# next. (`nn.Identity()` does nothing; `nn.Sigmoid()` is a good output to try.) **Predict**: which of the three matters most?

# %%
rate = 1e-3  # published: 3e-4
code = nn.ReLU()  # published: nn.ReLU()
output = nn.ReLU()  # published: nn.ReLU()

name = f"rate {rate:g}, code {code}, output {output}"
torch.manual_seed(0)
trial = deep(code, output).to(device)
histories[name] = train_deep(trial, rate)
for which, history in histories.items():
    print(f"{history.validation[-1]:.4f}  {which}")
print(f"{error_pca:.4f}  PCA with 30 components")

# %% [markdown]
# With 10,000 images and one seed the linear code may well have come out first: one run each settles no order. With all 60,000 and five seeds (every run stands in `docs/results.md` of the course's
# repository) the learning rate is clearly ahead, the linear code second. The sigmoid at the output changes next to nothing there by itself, though the ReLU in its place is the one you can see: pixels whose ReLU never
# fires stay black for ever, the dots in the strokes. What catches the eye need not be what costs most.
#
# Now all three at once, with a learning rate that rises to 0.003 and falls to nothing again (*one cycle*, Smith and Topin 2018).

# %%
torch.manual_seed(0)
mended = deep(code=nn.Identity(), output=nn.Sigmoid()).to(device)
histories["mended"] = train_deep(mended, rate=1e-3, schedule=training.one_cycle(3e-3))
error_mended = histories["mended"].validation[-1]
print(
    f"test error per pixel: PCA {error_pca:.4f}, as published {error_network:.4f}, "
    f"mended {error_mended:.4f}"
)
plotting.show_history(histories, ylabel="squared error per pixel", log=True)

# %% [markdown]
# ### Side by side
#
# The ten images, each digit once, through PCA, the network as published, and the mended one. The number below each is its squared error.

# %%
plotting.show_pairs(
    ten.images,
    through_pca(ten.images),
    training.reconstruct(published, ten.images),
    training.reconstruct(mended, ten.images),
    labels=("original", "PCA, 30", "as published", "mended"),
)

# %% [markdown]
# **Think.** Where PCA errs it leaves grey shadows, where the network errs it draws a slightly different digit, with sharp edges. Which would you rather have, and can the squared error tell the two apart?
#
# ## What to take along
#
# - An autoencoder is an encoder, a bottleneck and a decoder; the loss asks only that the image comes back.
# - A learning rate belongs to a loss: the same rate on a mean over pixels and on a sum over pixels are different things.
# - PCA is the best linear autoencoder. It is quick, it has no settings, and it is the first thing to compare with.
# - A network that loses to PCA is not proof against networks. It is proof that something in its set-up is wrong; look for it one thing at a time.
#
# The graded part ends here. What follows is to run, to look at and to play with.

# %% [markdown]
# ## 4 · Going further: one wide layer
#
# Is a wide code better than a deep network? Here is a published comparison: one hidden layer of 64, 128 or 256 units with a ReLU on it and another at the output. The **training** errors fall as
# they should, and for each width we put PCA's next to them.

# %%
from sklearn.decomposition import PCA

flat = train.images.flatten(1).cpu().numpy()
pca = PCA(256, svd_solver="covariance_eigh").fit(flat)
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
    C = pca.components_[:width]
    rebuilt = (flat - pca.mean_) @ C.T @ C + pca.mean_
    network = training.evaluate(shallow, train.images)
    print(f"{width:3d} units: network {network:.4f}, PCA {((rebuilt - flat) ** 2).mean():.4f}")

# %% [markdown]
# It loses at every width, and more clearly the wider it is. It must: the decoder is linear up to the last ReLU, so each image is again a sum of `width` fixed pictures, and among
# sums of `width` pictures PCA's are the best. The ReLU on the code only forbids some of the sums. (The ReLU at the output could win a little back by cutting off negative pixels; ask PCA to do the same, and it is ahead
# again.) Depth is what buys bends.

# %% [markdown]
# ## 5 · Going further: design choices
#
# How deep? Which activation? Which optimiser? A *sweep* tries a few answers under the same conditions and compares them by one number, the **test error**. One seed
# is an anecdote: every setting runs with two here (set `seeds = range(5)` if you have the time), and every run is a dot.

# %%
from functools import partial

seeds = range(budget(full=5, study=2, quick=1))


def autoencoder(hidden=(128,), width=2, bend=nn.ReLU, code=nn.Identity, output=nn.Sigmoid):
    """784 - hidden - width - hidden reversed - 784."""
    return nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(),
            encoder=MLP(784, [*hidden, width], activation_layer=bend, inplace=None),
            code=code(),
            decoder=MLP(width, [*reversed(hidden), 784], activation_layer=bend, inplace=None),
            output=output(),
        )
    ).to(device)


def run(seed, optimizer=None, loss=None, **choices):
    """Train one autoencoder; its squared error on the test images, whatever loss it was trained on."""
    model = autoencoder(**choices)
    training.fit(
        model,
        train.images[:10_000],
        epochs=budget(full=10, study=3, quick=1),
        batch_size=budget(full=64, study=128, quick=600),
        optimizer=optimizer,
        loss=loss,
        seed=seed,
        progress=False,
    )
    return {"test error": training.evaluate(model, test.images)}


depth = sweep(
    {
        "784-2-784": partial(run, hidden=()),
        "784-128-2-128-784": partial(run, hidden=(128,)),
        "784-256-64-2-64-256-784": partial(run, hidden=(256, 64)),
    },
    seeds=seeds,
)
plotting.show_sweep(depth, "test error", title="depth, with two codes")

# %%
bends = sweep(
    {
        bend.__name__: partial(run, hidden=(256, 64), bend=bend)
        for bend in (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.Tanh)
    },
    seeds=seeds,
)
plotting.show_sweep(bends, "test error", title="activation of the hidden layers")

# %%
codes = sweep(
    {
        code.__name__: partial(run, code=code)
        for code in (nn.Identity, nn.Tanh, nn.Sigmoid, nn.ReLU)
    },
    seeds=seeds,
)
plotting.show_sweep(codes, "test error", title="what is done to the two codes")

# %%
optimizers = sweep(
    {
        "SGD, 10": partial(run, optimizer=lambda p: torch.optim.SGD(p, lr=10)),
        "SGD, 2, momentum 0.9": partial(
            run, optimizer=lambda p: torch.optim.SGD(p, lr=2, momentum=0.9)
        ),
        "RMSprop, 0.001": partial(run, optimizer=lambda p: torch.optim.RMSprop(p, lr=1e-3)),
        "Adam, 0.001": partial(run, optimizer=training.adam(1e-3)),
        "AdamW, 0.001, decay 0.01": partial(
            run, optimizer=lambda p: torch.optim.AdamW(p, lr=1e-3, weight_decay=0.01)
        ),
    },
    seeds=seeds,
)
plotting.show_sweep(optimizers, "test error", title="optimiser and learning rate")

# %% [markdown]
# The loss can be chosen too, and a choice of loss is a statement about noise. The squared error is the negative log-likelihood of a Gaussian around each reconstructed pixel, cross-entropy
# that of a coin that comes up white with the probability $\hat x$. All are compared by the squared error: a loss cannot be its own judge.


# %%
def against(loss):
    """A loss of torch, taken on flat images."""
    return lambda output, images: loss(output, images.flatten(1))


losses = sweep(
    {
        "squared error": partial(run, loss=against(nn.functional.mse_loss)),
        "cross-entropy": partial(run, loss=against(nn.functional.binary_cross_entropy)),
        "absolute error": partial(run, loss=against(nn.functional.l1_loss)),
        "smooth absolute error": partial(run, loss=against(nn.functional.smooth_l1_loss)),
    },
    seeds=seeds,
)
plotting.show_sweep(losses, "test error", title="loss in training, squared error in test")

# %%
widths = sweep({f"{width} codes": partial(run, width=width) for width in (2, 10, 30)}, seeds=seeds)
plotting.show_sweep(widths, "test error", title="width of the code")
print(summarise(widths, "test error").to_string(float_format="{:.4f}".format))

# %% [markdown]
# **Think.** Which of these choices mattered more than the choice of seed? Those are worth your attention; about the others, two dots prove nothing.
#
# Two traps. The network without hidden layers errs far more than PCA with two components (section 1), which has none either: does it lack depth, or steps? And squared error and smooth absolute error
# come out alike: look up what the second does with errors below 1.

# %% [markdown]
# ## 6 · Going further: looking at codes
#
# Two codes can be drawn as they are. Ten cannot, so we need a map. **PCA** of the codes shows their two widest directions. **t-SNE** (van der Maaten and Hinton 2008) keeps neighbours together and gives up
# on distances: clumps mean something, the gaps between them do not.

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
# The t-SNE of raw pixels already separates most digits. So a handsome t-SNE of codes says little for the autoencoder. What would? A number.

# %% [markdown]
# ## 7 · Going further: does it help clustering?
#
# Let k-means look for ten groups, in pixels and in codes, without labels. Afterwards, match groups to digits as well as can be (*optimal assignment*, Kuhn 1955) and count how many images are right. NMI and ARI are two
# scores that need no matching. All are 1 at best.

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
# Read the rows for the codes first: the *same* network, started from other random numbers. Only a gap to the pixels that is clearly larger than the gaps between these rows is worth a sentence in a report, and
# whoever trains once has nothing to compare a gap with.
#
# And read the accuracies for what they are: some four or five images in ten stand in the wrong group. A code that is good for drawing a digit again need not be one that says which digit it is.
