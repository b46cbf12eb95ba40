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
# **You will** squeeze digits through a bottleneck, first with a small network whose training loop you write yourself, then with PCA, and find
# out why a deep network, set up as it often is, loses to a method of 1901.
#
# **Before you start**: Python, a little PyTorch (tensors, `nn.Module`), what a mean and a matrix product are. About 75 minutes, of which the
# computer needs less than one. Run the cells from the top; every numbered section also works on its own once the set-up cells have run.
#
# | exercise | you write | points | minutes |
# |---|---|---|---|
# | 0.1 | `keep_digits(images, labels, digits)` | 2 | 5 |
# | 0.2 | `SmallAutoencoder` | 4 | 10 |
# | 0.3 | `train_epoch(model, loader, optimizer)` | 4 | 12 |
# | 1.1 | `pca_fit(X, k)` | 4 | 12 |
# | 1.2 | `pca_encode`, `pca_decode` | 3 | 6 |
# | 1.3 | `components_needed(variances, share)` | 2 | 6 |
# | 3.1 | `image_errors(images, reconstructions)` | 2 | 5 |
# | 3.2 | an answer in words | 2 | 6 |
#
# How an exercise works: fill in the cell, run it, then run the check below it. A check looks at your code with new numbers each time
# and says what is right (✓), what is wrong and probably why (✗), or that the cell is still to be done (·).

# %% tags=["install"]
# Here the build puts the cell that installs course_utils where it is missing (course_admin/install_cell.py).

# %% tags=["setup"]
# Set-up: run this first, and again after every restart of the kernel.
from collections import OrderedDict

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision.ops import MLP

from course_utils import data, plotting, training
from course_utils.checks import pca_vs_ae as checks
from course_utils.training import budget

training.seed_everything(0)

# %%
device = training.best_device()
source = budget(full="auto", study="sample", quick="sample")
train = data.load_mnist(
    "train", device=device, source=source, limit=budget(full=None, study=None, quick=2_000)
)
test = data.load_mnist("test", device=device, source=source)
ten = data.load_ten_digits(device=device)
print(
    f"{len(train.images):,} training images, {len(test.images):,} test images, shape {list(train.images.shape[1:])}, on {device}"
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

# %% [markdown]
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


# %% nbgrader={"grade_id": "keep_digits", "solution": true}
def keep_digits(images, labels, digits):
    """Keep the images of some digits.

    images: tensor [N, ...]; labels: int64 tensor [N]; digits: a tuple of digits, such as (3, 7).
    Returns (images, labels) of these digits only, in the order they came in.
    """
    ### BEGIN SOLUTION
    kept = torch.isin(labels, torch.tensor(digits, device=labels.device))
    return images[kept], labels[kept]
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-keep_digits", "grade": true, "locked": true, "points": 2} tags=["raises-exception"]
checks.keep_digits(keep_digits)
### BEGIN HIDDEN TESTS
from course_admin.exams import grade

grade("01_pca_vs_ae", "keep_digits", keep_digits)
### END HIDDEN TESTS

# %% tags=["raises-exception"]
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


# %% nbgrader={"grade_id": "small_autoencoder", "solution": true}
class SmallAutoencoder(nn.Module):
    """784-128-2-128-784: ReLU in the hidden layers, a linear code, a sigmoid at the end."""

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


# %% nbgrader={"grade_id": "check-small_autoencoder", "grade": true, "locked": true, "points": 4} tags=["raises-exception"]
checks.small_autoencoder(SmallAutoencoder)
### BEGIN HIDDEN TESTS
from course_admin.exams import grade

grade("01_pca_vs_ae", "small_autoencoder", SmallAutoencoder)
### END HIDDEN TESTS

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


# %% nbgrader={"grade_id": "train_epoch", "solution": true}
def train_epoch(model, loader, optimizer):
    """Train an autoencoder for one pass over the loader.

    model: maps images to reconstructions of the same shape; loader: gives batches (images, labels), the labels are not needed;
    optimizer: has the model's parameters. One step for every batch, on its mean squared error.
    Returns the mean loss over all images of the epoch, a float.
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


# %% nbgrader={"grade_id": "check-train_epoch", "grade": true, "locked": true, "points": 4} tags=["raises-exception"]
checks.train_epoch(train_epoch)
### BEGIN HIDDEN TESTS
from course_admin.exams import grade

grade("01_pca_vs_ae", "train_epoch", train_epoch)
### END HIDDEN TESTS

# %% [markdown]
# ### Your loop at work
#
# The set-up below was published with this network: plain gradient descent, learning rate 0.25. **Predict, then run**: after five epochs, will the
# reconstructions of a 3 and of a 7 look different from each other?

# %%
my_guess = ...  # "yes" or "no", before you run the next cell

# %% tags=["raises-exception"]
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

# %% tags=["raises-exception"]
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
# (`training.fit??`), it fits on a screen.
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


# %% nbgrader={"grade_id": "pca_fit", "solution": true}
def pca_fit(X, k):
    """Find the k directions of largest variance.

    X: float tensor [n, P], one image a row.
    Returns (mean [P], components [k, P], variances [k]): components are rows of length 1, at right angles to each other, the one with
    the largest variance first; variances are those along them (dividing by n - 1).
    """
    ### BEGIN SOLUTION
    mean = X.mean(dim=0)
    centred = X - mean
    covariance = centred.T @ centred / (len(X) - 1)
    eigenvalues, eigenvectors = torch.linalg.eigh(covariance)
    components = eigenvectors.flip(1)[:, :k].T
    return mean, components, eigenvalues.flip(0)[:k]
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-pca_fit", "grade": true, "locked": true, "points": 4} tags=["raises-exception"]
checks.pca_fit(pca_fit)
### BEGIN HIDDEN TESTS
from course_admin.exams import grade

grade("01_pca_vs_ae", "pca_fit", pca_fit)
### END HIDDEN TESTS

# %% [markdown]
# What did it find? The mean, and the first nine directions as images: blue takes ink away, red adds it.

# %% tags=["raises-exception"]
mean, components, variances = pca_fit(train.images.flatten(1), 9)
plotting.show_filters(components, ncols=9, title="the first nine components")

# %% [markdown]
# ### Exercise 1.2 (3 points, about 6 minutes)
#
# The two formulas above, as two functions. Mind which way $C$ is turned: images are rows here.
#
# <details><summary>Hint</summary>Check the shapes: X is [n, P], C is [k, P], and the codes are to be [n, k]. What has to be transposed, and what stands on which side of the @?</details>


# %% nbgrader={"grade_id": "pca_codes", "solution": true}
def pca_encode(X, mean, components):
    """Codes [n, k] of images X [n, P]; mean [P] and components [k, P] as pca_fit gives them."""
    ### BEGIN SOLUTION
    return (X - mean) @ components.T
    ### END SOLUTION


def pca_decode(Z, mean, components):
    """Images [n, P] from codes Z [n, k]."""
    ### BEGIN SOLUTION
    return Z @ components + mean
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-pca_codes", "grade": true, "locked": true, "points": 3} tags=["raises-exception"]
checks.pca_codes(pca_encode, pca_decode)
### BEGIN HIDDEN TESTS
from course_admin.exams import grade

grade("01_pca_vs_ae", "pca_codes", pca_encode, pca_decode)
### END HIDDEN TESTS

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


# %% nbgrader={"grade_id": "components_needed", "solution": true}
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


# %% nbgrader={"grade_id": "check-components_needed", "grade": true, "locked": true, "points": 2} tags=["raises-exception"]
checks.components_needed(components_needed)
### BEGIN HIDDEN TESTS
from course_admin.exams import grade

grade("01_pca_vs_ae", "components_needed", components_needed)
### END HIDDEN TESTS

# %% tags=["raises-exception"]
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
my_guess = ...  # per cent

# %%
directions = torch.linalg.svd(flat, full_matrices=False).Vh[:30]
uncentred = (flat_test @ directions.T @ directions - flat_test).square().mean().item()
print(
    f"centred {pca_error[30]:.5f}, not centred {uncentred:.5f}: {100 * (uncentred / pca_error[30] - 1):+.1f} %"
)
middle = torch.tensor(pca.mean_, dtype=torch.float32)
along = (directions @ middle).square().sum() / middle.square().sum()
print(f"{100 * along:.2f} % of the mean image lies in the 30 directions")

# %% [markdown]
# Almost nothing! The first direction simply turns towards the mean image, so that the mean is reconstructed like everything else; the price is one
# direction out of 30. A mistake that costs so little is easily overlooked, which is a reason to check for it and not to wait until the numbers look wrong.

# %% [markdown]
# ## 3 · A deep autoencoder
#
# (Section 2, on linear autoencoders, follows in the next edition of this lab.)
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


# %% nbgrader={"grade_id": "image_errors", "solution": true}
def image_errors(images, reconstructions):
    """Mean squared error of each image.

    images, reconstructions: float tensors of the same shape, [N, 1, 28, 28] or [N, 784]. Returns a tensor [N].
    """
    ### BEGIN SOLUTION
    difference = (images - reconstructions).flatten(1)
    return difference.square().mean(dim=1)
    ### END SOLUTION


# %% nbgrader={"grade_id": "check-image_errors", "grade": true, "locked": true, "points": 2} tags=["raises-exception"]
checks.image_errors(image_errors)
### BEGIN HIDDEN TESTS
from course_admin.exams import grade

grade("01_pca_vs_ae", "image_errors", image_errors)
### END HIDDEN TESTS

# %% [markdown]
# ### As published
#
# This is a set-up that has been taught for years: a ReLU after every layer, the code and the output included, Adam with a learning rate of 0.0003. It takes about
# ten seconds. **Predict** the winner, PCA or the network, before the bar is full.

# %%
my_guess = ...  # "PCA" or "network"

# %%
torch.manual_seed(0)
published = nn.Sequential(
    OrderedDict(
        flatten=nn.Flatten(),
        encoder=MLP(784, [512, 256, 128, 30]),
        code_relu=nn.ReLU(),
        decoder=MLP(30, [128, 256, 784]),
        output_relu=nn.ReLU(),
        shape=nn.Unflatten(1, (1, 28, 28)),
    )
)
history = training.fit(
    published,
    train.images,
    epochs=budget(full=10, study=10, quick=1),
    batch_size=budget(full=256, study=64, quick=256),
    optimizer=training.adam(3e-4),
    validation=test.images,
)
print(history)
plotting.show_history({"as published": history}, ylabel="squared error per pixel")

# %% [markdown]
# Now the two side by side, on the ten images and on all test images.

# %%
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

# %% tags=["raises-exception"]
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
# ### Exercise 3.2, in words (2 points)
#
# Name two things in the published set-up that could hold the network back, and for each one say what you would change and what you would look at to
# see whether that was it. Three or four sentences.

# %% [markdown] nbgrader={"grade_id": "written-published", "grade": true, "solution": true, "points": 2}
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
# ## What to take along
#
# - An autoencoder is an encoder, a bottleneck and a decoder; the loss asks only that the image comes back.
# - A learning rate belongs to a loss: the same rate on a mean over pixels and on a sum over pixels are different things.
# - PCA is the best linear autoencoder. It is quick, it has no settings, and it is the first thing to compare with.
# - A network that loses to PCA is not proof against networks. It is proof that something in its set-up is wrong.
