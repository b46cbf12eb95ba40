# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 03 · Other ways to make a bottleneck
#
# **You will** build two autoencoders without a narrow code. One has more units than pixels, but only few of them are active for an image. The other
# one gets noisy images and must return clean ones. You also test what an ordinary autoencoder does with images that are not digits.
#
# **Before you start**: lab 01, the training loop, what a gradient is. Sections 1 to 5 take about 120 minutes: about 85 for the exercises, the rest for
# reading and looking. The computer needs two or three of them. Sections 6 to 9, *Going further*, are not graded. Run the cells from the top. After the
# set-up cells, every numbered section also runs on its own.
#
# Where this lab says **published**, it means notebooks that courses have used for years. This lab repeats their set-ups and tests what they claim.
#
# | exercise | you write | points | minutes |
# |---|---|---|---|
# | 1.1 | `largest_filters(weight, k)` | 2 | 6 |
# | 1.2 | `roc_auc(digits, others)` | 3 | 10 |
# | 2.1 | `sparse_loss(images, reconstructions, codes, weight)`, `per_image_weight(penalty, batch, pixels)` | 4 | 16 |
# | 2.2 | `active_share(codes)` | 2 | 3 |
# | 2.3 | an answer in words | 2 | 8 |
# | 3.1 | `keep_largest(codes, k)` | 4 | 9 |
# | 4.1 | `add_gaussian(images, std, generator)`, `salt_and_pepper(images, share, salt, generator)` | 4 | 13 |
# | 4.2 | `train_denoiser(images, corrupt)` | 5 | 15 |
# | 5.1 | `psnr(images, reconstructions)` | 3 | 6 |
#
# How an exercise works: complete the cell, run it, then run the check below it. A check calls your code with new inputs each time. It shows what is
# right (✓), what is wrong (✗), or that the cell is not complete yet (·). Two rules for all exercises: a function must not change the tensors that it
# is given, and you may use any function of torch, numpy, scipy and scikit-learn, unless the exercise says otherwise.

# %% tags=["install"]
# Here the build puts the cell that installs course_utils where it is missing (course_admin/authoring/install_cell.py).

# %% tags=["setup"]
# Set-up: run this cell first. Run it again after every restart of the kernel.
import torch
from torch import nn
from torchvision.ops import MLP

from course_utils import data, plotting, sparse, training
from course_utils.checks import sparse_denoising as checks
from course_utils.corruption import Corruption
from course_utils.training import budget

training.seed_everything(0)


def dense(*sizes, seed=0):
    """A network of linear layers with ReLU between them and a sigmoid at the output."""
    torch.manual_seed(seed)
    return nn.Sequential(MLP(sizes[0], list(sizes[1:])), nn.Sigmoid())


def new_denoiser():
    """The untrained network of exercise 4.2, for rows of 784 pixels."""
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 784), nn.Sigmoid())


def trained(model, epochs, **options):
    """Train a model on the rows X with Adam, learning rate 0.001. Returns the model."""
    epochs = budget(full=epochs, study=epochs, quick=1)
    batch_size = budget(full=256, study=64, quick=256)
    training.fit(model, X, epochs=epochs, batch_size=batch_size, progress=False, **options)
    return model


# %%
# This lab uses only the CPU. X and T hold the training and the test images as rows of 784 pixels in [0, 1].
source = budget(full="auto", study="sample", quick="sample")
train_set = data.load_mnist("train", source=source, limit=budget(full=None, study=None, quick=200))
test_set = data.load_mnist("test", source=source, limit=budget(full=None, study=None, quick=200))
ten = data.load_ten_digits()
X, T = train_set.images.flatten(1), test_set.images.flatten(1)
print(f"{len(X):,} training images, {len(T):,} test images")

# %% [markdown]
# ## 1 · What has an autoencoder learned?
#
# Lab 01 made images small and drew them again. We judged the results by their error. Now we look inside. Our plain autoencoder has one hidden layer
# of 64 units:
#
# $$ Z = \mathrm{relu}(X W^\top + b), \qquad \hat X = \mathrm{sigmoid}(Z V^\top + c) . $$
#
# Row $m$ of $W$ holds 784 weights, one per pixel. It is the **filter** of unit $m$: the unit is active for images that have ink where the filter is
# positive, and little ink where the filter is negative. So we can look at a filter as an image.
#
# With 64 units we can look at all filters. With 1,000 units we want to see the important ones first. A simple measure of importance is the **norm**
# of the filter, the square root of the sum of its squared weights.

# %%
plain = trained(dense(784, 64, 784), epochs=10)
weight = next(plain.parameters()).detach()  # W: the first layer's weights
print(f"weights {list(weight.shape)}, test error {training.evaluate(plain, T):.4f}")

# %% [markdown]
# ### Exercise 1.1 (2 points, about 6 minutes)
#
# Find the $k$ filters with the largest norm, and return them as square images, the largest norm first.
#
# <details><summary>Hint 1</summary>weight.norm(dim=1) gives one norm per row. Which function gives the positions of the k largest numbers?</details>
# <details><summary>Hint 2</summary>tensor.topk(k).indices, from the largest to the smallest. Then index, and reshape the rows to squares.</details>


# %% exercise="largest_filters"
def largest_filters(weight, k):
    """The k filters with the largest norm, as images.

    weight: float tensor [M, P], one filter in each row; P is the square of a whole number s (784 = 28 * 28).
    Returns a float tensor [k, s, s]: the k filters with the largest norm, the largest first.
    """
    ### BEGIN SOLUTION
    order = weight.norm(dim=1).topk(k).indices
    side = round(weight.shape[1] ** 0.5)
    return weight[order].reshape(k, side, side)
    ### END SOLUTION


# %% check="largest_filters" points=2
checks.largest_filters(largest_filters)

# %%
filters = largest_filters(weight, 16)
_, axes = plotting.new_figure(1, 1, (9.0, 2.7))
plotting.show_filters(
    filters,
    ncols=8,
    title="the 16 filters with the largest norm",
    ax=axes[0, 0],
)

# %% [markdown]
# Blue is negative, red is positive. No filter looks like a digit. Most have several blobs, spread over the middle of the image. So one unit alone means
# little. We come back to this in section 2.
#
# ### Images that are not digits
#
# The network was trained only on digits. What does it do with other images? **Predict**, and write your guess down: will it turn them into digits?
# Our other images:
#
# - **not digits**: old Japanese characters (KMNIST) if they can be downloaded, and clothes (Fashion-MNIST) otherwise. The cell prints which ones
#   you have;
# - **noise**: each pixel is a random number between 0 and 1;
# - **mirrored**: every fourth test digit, mirrored top to bottom;
# - **dim**: every fourth test digit, with 0.3 times its brightness.

# %%
found = data.load_not_digits(limit=500, source=budget(full="auto", study="auto", quick="sample"))
generator = torch.Generator().manual_seed(0)
others = {
    "not digits": found.images.flatten(1),
    "noise": torch.rand(500, 784, generator=generator),
    "mirrored": test_set.images[::4].flip(2).flatten(1),
    "dim": 0.3 * T[::4],
}
shown = torch.cat([T[:2], *(images[:2] for images in others.values())])
names = ["digit", *others]
plotting.show_pairs(
    shown, training.reconstruct(plain, shown), titles=[name for name in names for _ in range(2)]
)
with torch.no_grad():
    for name, images in {"digits": T, **others}.items():
        entries, last = (
            plain[0][0](images).relu(),
            plain[0](images),
        )  # last: the inputs of the sigmoid
        print(
            f"{name:10} mean pixel {images.mean():.2f}, sum of the 64 entries {entries.sum(dim=1).mean():3.0f}, "
            f"mean input of the sigmoid {last.mean():5.1f}"
        )

# %% [markdown]
# The network does not turn everything into digits: of noise and of clothes nearly nothing is left. Why do they become **black**? Read the lines above
# from left to right. These images have more light than digits, so the entries of the hidden layer are larger. Most pixels of a digit are black, so
# the entries push most pixels of the output towards black, and larger entries push further: the inputs of the sigmoid are far below 0. Dim digits
# are the opposite case, their reconstructions are grey. The errors differ a lot: noise has the largest ones.
#
# ### The error as a score
#
# Can the error tell whether an image is a digit? Choose a threshold: an image whose error is above the threshold is called "no digit". A low
# threshold finds all other images, but it also gives false alarms: digits that are called "no digit". A high threshold gives few false alarms
# and misses many images. The **ROC curve** shows, for every threshold, the share of other images that are found against the share of false alarms.
#
# The **area under the curve** (AUC) is one number for all thresholds. It has a simple meaning: take one digit and one other image at random. The area
# is the probability that the other image has the larger error (equal errors count one half). With $N$ digits and $M$ other images:
#
# $$ \mathrm{AUC} = \frac{1}{N M} \sum_{i=1}^{N} \sum_{j=1}^{M} \Bigl( [\,o_j > d_i\,] + \tfrac 1 2 [\,o_j = d_i\,] \Bigr) , $$
#
# where $d_i$ is the error of a digit, $o_j$ the error of another image, and $[\dots]$ is 1 if the condition is true and 0 otherwise. 1 is perfect,
# 0.5 is guessing.
#
# ### Exercise 1.2 (3 points, about 10 minutes)
#
# Compute the area from the pairs, or from the ranks of the errors, or with scikit-learn's `roc_auc_score` (labels first, then scores).
#
# <details><summary>Hint 1</summary>others[:, None] > digits[None] compares each other image with each digit.</details>
# <details><summary>Hint 2</summary>The mean of a tensor of True and False is a share: .float().mean(). .item() makes a number of it.</details>


# %% exercise="roc_auc"
def roc_auc(digits, others):
    """Area under the ROC curve of the error as a score for "no digit".

    digits: float tensor [N], errors of digits; others: float tensor [M], errors of other images.
    Returns a float: the share of all N * M pairs in which the other image has the larger error; a pair
    with equal errors counts one half.
    """
    ### BEGIN SOLUTION
    larger = (others[:, None] > digits[None]).float()
    equal = (others[:, None] == digits[None]).float()
    return (larger + equal / 2).mean().item()
    ### END SOLUTION


# %% check="roc_auc" points=3
checks.roc_auc(roc_auc)

# %% [markdown]
# Now compare five scores. Four are errors: of networks with 64, 128 and 256 units, and of PCA with 64 components. The last score needs no training
# at all: the mean brightness of the image. **Predict**: a wide network can draw more kinds of images, also those that are not digits. Is its area
# larger or smaller? And for which kind of image is the area below 0.5?

# %%
from functools import partial

from sklearn.decomposition import PCA

kinds = {"digits": T, **others}


def errors(draw):
    """The mean squared error of each image, for each kind of images."""
    return {
        kind: (torch.as_tensor(draw(images)) - images).square().mean(dim=1)
        for kind, images in kinds.items()
    }


scores = {}
for width in (64, 128, 256):
    model = trained(dense(784, width, 784), epochs=10)
    scores[f"{width} units"] = errors(partial(training.reconstruct, model))
    print(f"{width} units: trained")
pca = PCA(64, svd_solver="covariance_eigh").fit(X.numpy())
scores["PCA, 64"] = errors(lambda images: pca.inverse_transform(pca.transform(images.numpy())))
scores["brightness"] = {kind: images.mean(dim=1) for kind, images in kinds.items()}

figure, axes = plotting.new_figure(1, 3, (11.5, 5.0))
for ax, name in zip(axes[0], ("64 units", "256 units", "brightness"), strict=True):
    found = {kind: scores[name][kind] for kind in others}
    plotting.show_roc(scores[name]["digits"], found, title=f"score: {name}", ax=ax)
figure

# %%
# The same as numbers (this cell uses your roc_auc).
print(f"{'score':12} {'mean, digits':>13}" + "".join(f"{kind:>13}" for kind in others))
for called, rated in scores.items():
    areas = [roc_auc(rated["digits"], rated[kind]) for kind in others]
    print(
        f"{called:12} {rated['digits'].mean():13.4f}" + "".join(f"{area:13.3f}" for area in areas)
    )
print("(mean, digits: the mean score of the test digits, for networks and PCA the test error)")

# %% [markdown]
# Read the columns from left to right.
#
# - **Noise** is found by every score, also by the mean brightness. Noise proves nothing about a network.
# - **Not digits**: look at your numbers. With clothes, the wide networks are not worse than the narrow one. PCA with 64 components is as good a score as
#   the network with 64 units. The mean brightness alone has an area near 0.9. So compare a score with one that needs no training.
# - **Mirrored** digits are difficult: a mirrored 0, 3 or 8 is a good digit. The brightness does not change when an image is mirrored, so its area is
#   near 0.5.
# - **Dim** digits have areas *below* 0.5: their errors are smaller than those of normal digits, because squared errors of dark images are small. How
#   far below does not follow the width. Many texts say that unusual images have larger errors. That is not guaranteed: measure it for the images that
#   you expect.
#
# This is one seed and ten thousand training images.
#
# **Think.** A camera gets older and its pictures get darker. What does an alarm that uses the reconstruction error say? What could you divide the
# error by?

# %% [markdown]
# ## 2 · A wide code with few active units
#
# Until now, the bottleneck was a narrow code. Now we take a code of **1,156** units, more than there are pixels:
#
# $$ Z = \mathrm{relu}(X W^\top + b), \qquad \hat X = Z V^\top + c . $$
#
# The **code** of an image is its row of $Z$. It has one **entry** for each unit. Below, "code" means the whole row, and "entry" means one number in it.
#
# Such a network could copy each pixel. So we make copying expensive: each entry costs something. The loss gets a **penalty**, the sum
# of the absolute values of the entries (an *L1 penalty*). An entry that costs more than it helps goes to 0.
#
# ### The convention comes first
#
# The published loss uses a mean over all pixels and images of the batch for the error, and a **sum** over all units and images of the batch for
# the penalty. With $B$ images, $P$ pixels and $M$ units:
#
# $$ L_\text{published} = \frac{1}{B P} \sum_{i=1}^{B} \sum_{p=1}^{P} (\hat X_{ip} - X_{ip})^2 \;+\; \lambda \sum_{i=1}^{B} \sum_{m=1}^{M} |Z_{im}| . $$
#
# In this convention, the same $\lambda$ means something else if you change the batch size or the size of the images. This lab counts both parts
# **per image**: sums over the pixels and units of an image, then the mean over the images:
#
# $$ L = \frac 1 B \sum_{i=1}^{B} \Bigl( \sum_{p=1}^{P} (\hat X_{ip} - X_{ip})^2 \;+\; w \sum_{m=1}^{M} |Z_{im}| \Bigr) . $$
#
# Both losses have the same minimum if $L$ is $L_\text{published}$ times a constant. Find the constant on paper. It gives you $w$ from
# $\lambda$.
#
# ### Exercise 2.1 (4 points, about 16 minutes)
#
# Write the loss $L$ per image, and the function that gives $w$ for a published $\lambda$.
#
# <details><summary>Hint 1</summary>Sum the squared differences over dim=1: this gives one number per image. The mean over the images comes last.</details>
# <details><summary>Hint 2</summary>Multiply the published loss by P, so that its first part has the form of the first part of L. What happens to its second part? Compare it with w / B times the double sum.</details>


# %% exercise="sparse_loss"
def sparse_loss(images, reconstructions, codes, weight):
    """The loss L of a sparse autoencoder, per image.

    images, reconstructions: float tensors [B, P]; codes: float tensor [B, M]; weight: w, a number.
    Returns a tensor with one number, from which gradients reach reconstructions and codes.
    """
    ### BEGIN SOLUTION
    error = (reconstructions - images).square().sum(dim=1)
    penalty = codes.abs().sum(dim=1)
    return (error + weight * penalty).mean()
    ### END SOLUTION


def per_image_weight(penalty, batch, pixels):
    """The weight w that has the same effect as the published penalty.

    penalty: the published lambda; batch: images per batch, B; pixels: pixels per image, P.
    Returns a float.
    """
    ### BEGIN SOLUTION
    return penalty * batch * pixels
    ### END SOLUTION


# %% check="sparse_loss" points=4
checks.sparse_loss(sparse_loss, per_image_weight)

# %% [markdown]
# ### How many units are active?
#
# A unit is **active** for an image if its entry of the code is above 0. The **active share** of an image is the number of its active units, divided by the number
# of all units. A unit that is active for no image at all is *dead*.
#
# ### Exercise 2.2 (2 points, about 3 minutes)
#
# Compute the active share of each image from the codes.


# %% exercise="active_share"
def active_share(codes):
    """The share of units that are active, for each image.

    codes: float tensor [N, M], codes after a ReLU, so none is negative.
    Returns a float tensor [N] of numbers between 0 and 1.
    """
    ### BEGIN SOLUTION
    return (codes > 0).float().mean(dim=1)
    ### END SOLUTION


# %% check="active_share" points=2
checks.active_share(active_share)

# %% [markdown]
# Below, the wide network is trained with the weights 0, 0.1, 0.3 and 0.8. Two of them are the published $\lambda = 4 \cdot 10^{-6}$ and
# $1.5 \cdot 10^{-6}$ with 256 images per batch. Which two?

# %%
# This cell uses your per_image_weight.
for penalty in (4e-6, 1.5e-6):
    print(f"lambda = {penalty:g}: w = {per_image_weight(penalty, batch=256, pixels=784):.2f}")

# %% [markdown]
# `sparse.fit_wide` trains with the loss $L$: Adam with a learning rate of 0.001, 64 images per batch, three epochs. The table shows, for the test images:
#
# - **error**: the mean squared error, without the penalty;
# - **active**: how many of the 1,156 units are active for an image, on average; **dead**: how many are active for none;
# - **factor**: the number $a$ for which $a \hat X$ is nearest to $X$ (it minimises the mean of $\lVert x - a\,\hat x \rVert^2$). If $a$ is above 1, all
#   reconstructions are too dark by this factor. (For PCA $a$ is 1. For an untrained network it means nothing.)
# - **column**: the length of the columns of $V$ (the mean over the units; a unit with larger entries counts more).
#
# In the row *unit norm*, the columns of $V$ are divided by their lengths before each use, so that all have length 1.
#
# **Predict**, and write your guesses down: how many of the 1,156 units are active for a test image **without** any penalty? How many of the 1,156 are
# dead? And with $w = 0.8$?

# %%
import pandas as pd

settings = {"untrained": None, "w = 0": {"weight": 0.0}, "w = 0.1": {"weight": 0.1}}
settings |= {"w = 0.3": {"weight": 0.3}, "w = 0.8": {"weight": 0.8}}
settings["w = 0.8, unit norm"] = {"weight": 0.8, "unit_norm": True}
wide, rows = {"untrained": sparse.WideAutoencoder()}, {}
epochs = budget(full=3, study=3, quick=1)
for name, setting in settings.items():
    if setting is not None:
        wide[name] = sparse.fit_wide(X, **setting, epochs=epochs)
    rows[name] = sparse.describe_code(wide[name], T)
columns = {"error": 4, "active": 0, "dead": 0, "factor": 2, "column": 2}
print(pd.DataFrame(rows.values(), index=list(rows))[list(columns)].round(columns).to_string())

shown = ("w = 0", "w = 0.1", "w = 0.3", "w = 0.8")
drawn = [training.reconstruct(wide[name], ten.images.flatten(1)) for name in shown]
plotting.show_pairs(ten.images.flatten(1), *drawn, labels=("original", *shown))

# %% [markdown]
# Three things to see:
#
# 1. Without a penalty, not all units are active, though texts often say so. The untrained network has no dead units, but training without a penalty
#    kills more than 200. Why? Pixels are never negative. So a step that lowers the weights of a unit lowers its input for all digits at once. And a
#    unit that is 0 for all digits gets no gradient any more. "Sparse" has to be compared with the row w = 0, not with 100 %.
# 2. With $w = 0.8$, a handful of units are active and nearly all are **dead**. Too large a penalty does not give a sparse code, it kills the units.
# 3. With a growing penalty the reconstructions get darker. This alone does not say much: whatever loses details is darker than its image, PCA too. So
#    look at **factor** and **column**. A penalty on the size of the entries makes all of them smaller, also those that the image needs. This is called
#    *shrinkage*. But the network has a way out: small entries and long columns of the decoder give the same image and a smaller penalty. The columns
#    get longer with each penalty, and the factor stays within a few per cent of 1.
#
# With unit norm there is no way out. The factor is 1.12: all reconstructions are too dark by 12 %. So shrinkage is a part of L1 itself. With the same
# $w = 0.8$ more units survive than without unit norm, and the error is smaller.

# %% [markdown]
# ### Exercise 2.3, in words (2 points, about 8 minutes)
#
# A friend repeats the published run with the published loss $L_\text{published}$ and $\lambda = 1.5 \cdot 10^{-6}$, but with batches of 64
# instead of 256. She reports: "The total loss is lower, and more units are active. So small batches are better." Explain both
# observations with the formulas above. Then say what she should change, and which number she should compare instead of the total loss. Write three or
# four sentences.

# %% [markdown] written="convention" points=2
# ### BEGIN SOLUTION
# In the published loss the penalty is a sum over the batch, the error is a mean. With a quarter of the images, the penalty is a quarter as
# large for the same codes: w = 784 * 64 * lambda = 0.075 instead of 0.30. So entries cost less, more units are active, the error is lower, and the
# penalty's part of the total is lower, too. She compared two different losses. To repeat the run she needs four times the lambda (or a penalty that is
# a mean over the images). She should compare the reconstruction error on test images, without the penalty, together with the active share.
# ### BEGIN MARK SCHEME
# One point for the cause and how it explains both observations: the penalty is a sum over the batch while the error is a mean, so a batch of 64 makes the penalty
# four times weaker; more units are active because entries cost less, and the total is lower. Half of it if one observation is not explained. Half a
# point for the remedy: multiply lambda by 4, or make the penalty a mean over the images (lambda must then be multiplied by 256; do not insist on it). Half a point for a fair comparison: error without
# the penalty (best on test images), at equal active share or shown together with it. No points for "small batches take more steps" alone.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### What does one unit stand for?
#
# We look at units of the network with $w = 0.3$. Each row below is one unit: its column of the decoder, then the eight test images with the largest
# entries. In the column grey is 0, white adds ink, black removes ink. **We choose** the eight units of the first figure: of the hundred rarest units
# that are active for at least 1 % of the images, those with the largest entries. The units of the second figure are drawn at random from all that
# are not dead.

# %%
with torch.no_grad():
    codes = wide["w = 0.3"].encode(T)
often = (codes > 0).float().mean(dim=0)
rare = often.masked_fill(often < 0.01, 1.0).argsort()[:100]
chosen = rare[codes[:, rare].amax(dim=0).argsort(descending=True)[:8]]
alive = often.nonzero().flatten()
any_eight = alive[torch.randperm(len(alive), generator=torch.Generator().manual_seed(0))[:8]]
for title, units in {"eight chosen units": chosen, "eight units at random": any_eight}.items():
    rows = []
    for unit in units:
        column = wide["w = 0.3"].decoder.weight[:, unit].detach()
        rows += [0.5 + 0.5 * column / column.abs().max(), *T[codes[:, unit].topk(8).indices]]
    labels = [f"unit {unit}" for unit in units.tolist()]
    plotting.show_images(torch.stack(rows), ncols=9, labels=labels, title=title)

# %% [markdown]
# Compare with the filters of section 1. Some of the chosen units stand for something that you can name, such as a stroke at one place or a part of one
# digit, and the images of the row share it. Of the units at random, more are hard to name.
#
# This is why sparse autoencoders are used today to read **language models**: a layer of such a model computes some thousands of numbers, and most of them
# mean nothing alone. Many units of a sparse autoencoder, trained on these numbers, are active for one topic only (Bricken et al. 2023; Cunningham et al.
# 2023). The problems are the ones that you have just met: dead units, shrinkage, the choice of the penalty. Newer work uses top-k, which comes next
# (Gao et al. 2024).

# %% [markdown]
# ## 3 · Keep the k largest entries
#
# The penalty has two effects: it decides **which** units are active, and it makes their entries smaller. We want only the first one. *Top-k* keeps the
# $k$ largest entries of each code as they are, and sets the others to 0. No penalty is needed, and $k$ is exactly the number that we want to
# choose.
#
# Does backpropagation still work? Yes, as with a ReLU: the gradient of an entry that stays is passed on unchanged, and the gradient of an entry that
# was set to 0 is 0.
#
# ### Exercise 3.1 (4 points, about 9 minutes)
#
# Keep the $k$ largest entries of each code, and set all others to 0. Exactly $k$ stay: of entries that are equal, any may be chosen.
#
# <details><summary>Hint 1</summary>codes.topk(k, dim=1) returns values and positions. You need a tensor of zeros with the values at these positions.</details>
# <details><summary>Hint 2</summary>Start from a tensor of zeros and look at its method scatter. Or multiply the codes by a mask of zeros and ones.</details>


# %% exercise="keep_largest"
def keep_largest(codes, k):
    """Keep the k largest entries of each code, set all others to 0.

    codes: float tensor [N, M], one code in each row, no entry negative; k: how many entries to keep, at most M.
    Returns a float tensor [N, M], from which gradients reach the entries that stay.
    """
    ### BEGIN SOLUTION
    values, positions = codes.topk(k, dim=1)
    return torch.zeros_like(codes).scatter(1, positions, values)
    ### END SOLUTION


# %% check="keep_largest" points=4
checks.keep_largest(keep_largest)

# %% [markdown]
# Now the fair comparison: an error alone says nothing, and an active share alone says nothing. We train several networks of each kind and draw the
# error **against** the number of active units. **Predict**: which of the two curves is lower? And where is PCA, if it may use as many components as a
# code has active units?

# %%
import pandas as pd
from sklearn.decomposition import PCA

settings = {f"L1, w = {w}": {"weight": w} for w in (0.05, 0.15, 0.4)}
settings |= {f"top-k, k = {k}": {"keep": k} for k in (25, 70, 200)}
epochs = budget(full=3, study=2, quick=1)
rows = {
    name: sparse.describe_code(sparse.fit_wide(X, **setting, epochs=epochs), T)
    for name, setting in settings.items()
}
columns = {"active": 0, "error": 4, "dead": 0}
print(pd.DataFrame(rows.values(), index=list(rows))[list(columns)].round(columns).to_string())

pca = PCA(200, svd_solver="covariance_eigh").fit(X.numpy())
in_components = torch.from_numpy(pca.transform(T.numpy())).square().mean(dim=0)
total = (T - torch.from_numpy(pca.mean_)).square().sum(dim=1).mean()
by_pca = [(k, (total - in_components[:k].sum()).item() / 784) for k in (25, 33, 50, 70, 100, 200)]
print("PCA:", ", ".join(f"{error:.4f} with {k}" for k, error in by_pca))
points = [(row["active"], row["error"]) for row in rows.values()]
plotting.show_trade_off(
    {"L1": points[:3], "top-k": points[3:], "PCA, k components": by_pca},
    xlabel="active units per image (PCA: components)",
    ylabel="test error",
)

# %% [markdown]
# Top-k has the lower curve: for the same number of active units, its error is smaller. Both kinds have many dead
# units. In top-k, a unit that is never among the $k$ largest gets no gradient.
#
# **PCA** is a warning. Its curve and that of top-k cross between 25 and 50 units. From there on PCA has the smaller error, and far beyond, with 100 or
# 200, a much smaller one.
# PCA needs no training. So sparse codes are not the best way to compress an image. With 25 active units top-k wins: it may choose *which* 25 of 1,156
# for each image, PCA has the same 25 for all. What sparse codes give us is units that can be read.
#
# Where the curves cross depends on the number of images. With all 60,000 images, top-k wins with 50 units, too (0.0083, PCA 0.0115; five seeds), and PCA wins with 200
# (0.0022, top-k 0.0033). These numbers are in `docs/results.md` in the course's repository.

# %% [markdown]
# ## 4 · Denoising
#
# The third kind of bottleneck is neither narrow nor sparse. A **denoising autoencoder** gets a noisy image and must return the clean one. Copying is
# no longer a solution, since the input is not what we want back. The network has to know what digits look like.
#
# Three kinds of noise:
#
# - **Gaussian**: add a random number from $\mathcal N(0, \sigma^2)$ to each pixel. The result may be below 0 or above 1, and we leave it so. If
#   we cut it off, the noise would no longer have the standard deviation $\sigma$. (Pictures show only 0 to 1: black below, white above.)
# - **Salt and pepper**: each pixel is replaced with probability `share`. A replaced pixel becomes 1 (salt) with probability `salt`, and 0 (pepper)
#   otherwise. All other pixels keep their value.
# - **Masking**: each pixel is set to 0 with some probability. This is pepper without salt. (Dropout is something else: it also makes the other
#   pixels brighter.)
#
# ### Exercise 4.1 (4 points, about 13 minutes)
#
# Each pixel of each image is drawn by itself, and all random numbers come from the generator. Loops over images or pixels are not needed.
#
# <details><summary>Hint 1</summary>torch.randn(images.shape, generator=generator) has one normal number for each pixel; torch.rand gives uniform numbers between 0 and 1.</details>
# <details><summary>Hint 2</summary>If u is uniform, then u < share is True with probability share. For salt or pepper, draw a second tensor. torch.where(condition, a, b) chooses for each pixel.</details>


# %% exercise="corruptions"
def add_gaussian(images, std, generator):
    """Add normal noise of standard deviation std to each pixel; nothing is cut off.

    images: float tensor of any shape; generator: a torch.Generator, the only source of randomness.
    Returns a new tensor of the same shape, with new noise at every call.
    """
    ### BEGIN SOLUTION
    return images + std * torch.randn(images.shape, generator=generator)
    ### END SOLUTION


def salt_and_pepper(images, share, salt, generator):
    """Replace each pixel with probability share: by 1 with probability salt, by 0 otherwise.

    images: float tensor of any shape; share, salt: numbers from 0 to 1; generator: a torch.Generator, the
    only source of randomness. Returns a new tensor of the same shape; the other pixels keep their value.
    """
    ### BEGIN SOLUTION
    replaced = torch.rand(images.shape, generator=generator) < share
    white = torch.rand(images.shape, generator=generator) < salt
    return torch.where(replaced, white.float(), images)
    ### END SOLUTION


# %% check="corruptions" points=4
checks.corruptions(add_gaussian, salt_and_pepper)

# %%
dice = torch.Generator().manual_seed(0)
panels = [ten.images] + [add_gaussian(ten.images, std, dice) for std in (0.3, 0.5, 0.8, 0.9)]
panels += [salt_and_pepper(ten.images, 0.3, salt, dice) for salt in (0.5, 0.0)]
plotting.show_images(
    torch.cat(panels),
    labels=(
        "clean",
        *(f"Gaussian {std}" for std in (0.3, 0.5, 0.8, 0.9)),
        "salt, pepper 0.3",
        "masking 0.3",
    ),
)

# %% [markdown]
# ### Exercise 4.2 (5 points, about 15 minutes)
#
# Write the training of a denoiser. Everything that is new fits into one line of the loop, and this line is easy to get wrong: what does the network
# get, and what is its output compared with? The noise must be new for **every** batch, also in the second epoch. If each image had the same
# noise in every epoch, the network could learn it by heart.
#
# Write the loop yourself: the check does not accept the course's `fit`. You choose optimiser, learning rate, batch size and number of epochs. About
# 400 steps of Adam are enough, which take a few seconds. The check trains on 1,000 digits, with noise of standard deviation 0.5. The digits are new each
# time, and changed so that weights that were trained elsewhere do not help. On new noisy digits, the error must be at most 0.65 times the error of the mean image, which is the error of a network
# that always answers with the mean of the training images. The course's own answer ends at 0.48 (0.46 to 0.49 over 20 draws).
#
# <details><summary>Hint 1</summary>For each epoch: a random order of the images (torch.randperm), cut into batches (.split(50)). For each batch: corrupt it, put it through the model, compare, backward, step.</details>
# <details><summary>Hint 2</summary>noisy = corrupt(clean), then the mean squared difference of model(noisy) and clean.</details>


# %% exercise="train_denoiser"
def train_denoiser(images, corrupt):
    """Train a new_denoiser(), which the set-up cell defines, to return clean images.

    images: float tensor [N, 784] of clean images; corrupt(batch): returns a noisy copy of a batch
    [B, 784], with new noise at every call. Returns the trained network.
    """
    ### BEGIN SOLUTION
    model = new_denoiser()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(20):
        for rows in torch.randperm(len(images)).split(50):
            clean = images[rows]
            loss = (model(corrupt(clean)) - clean).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model
    ### END SOLUTION


# %% check="train_denoiser" points=5
checks.train_denoiser(train_denoiser)

# %%
dice = torch.Generator().manual_seed(1)
few = budget(full=10_000, study=2_000, quick=50)
mine = train_denoiser(X[:few], lambda batch: add_gaussian(batch, 0.5, dice))
my_noisy = add_gaussian(ten.images, 0.5, dice)
plotting.show_pairs(
    ten.images,
    my_noisy,
    training.reconstruct(mine, my_noisy.flatten(1)).view(-1, 1, 28, 28),
    labels=("clean", "noisy, 0.5", "your denoiser"),
)

# %% [markdown]
# ## 5 · Noise in training, noise in the test
#
# ### Decibel
#
# Papers about denoising give the error as *peak signal-to-noise ratio* in decibel (dB). With the mean squared error $e_i$ of image $i$ and the
# largest value that a pixel can have, which is 1 here:
#
# $$ \mathrm{PSNR}_i = 10 \log_{10} \frac{1^2}{e_i} . $$
#
# A larger PSNR is better. Half the error is about 3 dB more. Two things go wrong often. The 1 is a property of the format of the pixels, not the largest
# pixel of the data. And the PSNR of several images is the mean of their PSNRs; the logarithm of the mean error is another number.
#
# ### Exercise 5.1 (3 points, about 6 minutes)
#
# Compute the PSNR of each image in dB.


# %% exercise="psnr"
def psnr(images, reconstructions):
    """Peak signal-to-noise ratio of each image, in dB.

    images, reconstructions: float tensors [N, 1, H, W], pixels in [0, 1]. Returns a float tensor [N].
    """
    ### BEGIN SOLUTION
    error = (reconstructions - images).square().flatten(1).mean(dim=1)
    return 10 * torch.log10(1 / error)
    ### END SOLUTION


# %% check="psnr" points=3
checks.psnr(psnr)

# %% [markdown]
# ### Training noise against test noise
#
# Which denoiser should you use if you do not know how noisy your images will be? We train one for each of four levels, and also a **plain**
# autoencoder, which never saw noise. Then each gets the test images with each level of noise.
#
# **Predict**, and write your guesses down: is the denoiser that was trained with the noise of the test always the best? What does the one for 0.9 do
# with clean images? And the plain autoencoder, which has learned only digits: does it ignore the noise? The published notebook says so.

# %%
levels = (0.0, 0.3, 0.5, 0.8, 0.9)
denoisers, errors = {}, []
for level in levels:
    model = trained(dense(784, 256, 784), epochs=8, corrupt=Corruption("gaussian", level))
    noises = [Corruption("gaussian", test) for test in levels]
    errors.append([training.evaluate(model, T, targets=T, corrupt=noise) for noise in noises])
    denoisers[level] = model
    print(
        f"trained with noise {level}: test error {errors[-1][levels.index(level)]:.4f} at this noise"
    )
plotting.show_matrix(
    errors,
    ["0 (plain)", *levels[1:]],
    ["0 (clean)", *levels[1:]],
    xlabel="noise of the test images",
    ylabel="noise in training",
    title="test error (framed: the smallest of each column)",
)

figure, axes = plotting.new_figure(2, 1, (9.5, 3.8))
for ax, (name, level) in zip(
    axes[:, 0], (("plain", 0.0), ("trained with noise 0.8", 0.8)), strict=True
):
    weight = next(denoisers[level].parameters())
    plotting.show_filters(weight, limit=32, title=f"32 filters of 256: {name}", ax=ax)

# %%
# PSNR over the test images (this uses your psnr), and two of the networks on one image.
dice = torch.Generator().manual_seed(2)
test = T + 0.5 * torch.randn(T.shape, generator=dice)
for one_level, one_model in denoisers.items():
    one_drawn = training.reconstruct(one_model, test).view(-1, 1, 28, 28)
    print(
        f"noise {one_level} in training, 0.5 in the test: {psnr(test_set.images, one_drawn).mean():.1f} dB"
    )
untouched = psnr(test_set.images, test.view(-1, 1, 28, 28)).mean()
print(f"no denoiser at all: {untouched:.1f} dB")

digit = ten.images[ten.labels == 3]
clean = digit.flatten(1).repeat(5, 1)
noisy = clean + torch.tensor(levels)[:, None] * torch.randn(1, 784, generator=dice)
plotting.show_pairs(
    clean,
    noisy,
    *(training.reconstruct(denoisers[level], noisy) for level in (0.0, 0.5, 0.9)),
    labels=("clean", "noisy", "plain", "trained with 0.5", "trained with 0.9"),
    titles=[f"noise {level:g}" for level in levels],
)

# %% [markdown]
# Read the columns. Each denoiser is the best one at its own level, or level with a neighbour: differences in the third digit, such as 0.0246 and 0.0249,
# rank nothing (one seed, ten thousand images). But the price for a wrong level is not symmetric. For clean images the denoiser for 0.9 makes the
# error more than three times as large; for noise of 0.9 the one for 0.3 is about a quarter worse than the right one.
#
# The plain autoencoder does not ignore the noise. Its errors grow with each step to the right. But it removes much of the noise: it can draw
# only what its filters can draw. The decibels say the same for noise of 0.5, as means over the test images: without a denoiser 6 dB, with the plain
# autoencoder about 17 dB, with the denoiser for 0.5 between 1 and 2 dB more. A single image may say something else, since 1 dB is little: see the
# figure. The published claim came from a comparison of pixels in [0, 255] with noise for pixels in [0, 1].
#
# The filters: both networks have the same shape and saw the same digits. (Each of the two pictures has a colour scale of its own.) Without noise, the filters have many small blobs. With noise, they have few larger parts, many
# of them strokes: a filter that adds up many pixels averages the noise away, and a filter that looks at a few pixels cannot.

# %% [markdown]
# ## What to remember
#
# - A bottleneck need not be narrow: few active units, or noise at the input, also stop a network from copying.
# - Say in which convention a penalty is counted. A sum beside a mean changes its meaning with the batch and the image size. A total loss with a penalty
#   in it is not a reconstruction error.
# - L1 makes codes sparse and their entries smaller; top-k keeps the entries that stay. Count dead units in both cases.
# - A denoiser is compared with the **clean** image, gets new noise in every batch, and is best near the noise that it was trained with.
# - The error as a score for "unusual" is a measurement, not a guarantee. Compare it with a score that needs no training.
#
# The graded part ends here. The last four sections are for running, looking and trying out.

# %% [markdown]
# ## 6 · Going further: a published set-up, improved
#
# The published denoiser is 784-256-784 with a ReLU at the output and a learning rate of 0.0003, for noise of 0.5. It takes 1,175 steps: five epochs of 60,000 images
# with 256 per batch. With our 10,000 images and 64 per batch, eight epochs are about as many. We change one thing at a time: a learning
# rate of 0.001, a sigmoid at the output, then both. **Predict** which of the two changes does more.

# %%
from sklearn.decomposition import PCA

from course_utils.sweeps import sweep


def run(seed, output, rate):
    """Train one denoiser for noise 0.5 and return its test error."""
    model = nn.Sequential(MLP(784, [256, 784]), output())
    noise = Corruption("gaussian", 0.5)
    batch_size = budget(full=256, study=64, quick=256)
    options = {"batch_size": batch_size, "corrupt": noise, "seed": seed, "progress": False}
    epochs = budget(full=5, study=8, quick=1)
    training.fit(model, X, epochs=epochs, optimizer=training.adam(rate), **options)
    return {"test error": training.evaluate(model, T, targets=T, corrupt=noise)}


table = sweep(
    {
        f"{name}, {rate:g}": lambda seed, output=output, rate=rate: run(seed, output, rate)
        for name, output in (("ReLU", nn.ReLU), ("sigmoid", nn.Sigmoid))
        for rate in (3e-4, 1e-3)
    },
    seeds=range(budget(full=5, study=1, quick=1)),
)
pca = PCA(30, svd_solver="covariance_eigh").fit(X.numpy())
noisy = T + 0.5 * torch.randn(T.shape, generator=torch.Generator().manual_seed(0))
drawn = torch.from_numpy(pca.inverse_transform(pca.transform(noisy.numpy())))
print(table[["setting", "seed", "test error"]].to_string(index=False))
plotting.show_sweep(table, "test error", reference=("PCA, 30", (drawn - T).square().mean().item()))

# %% [markdown]
# Neither change helps alone: the larger learning rate does nothing for the ReLU, and the sigmoid with the small learning rate is worse than what was
# published. **Both together** are the best. Changing one thing at a time is how we understand a result; it is not always how we find the best one.
# All settings are better than PCA with 30 components, which was fitted to clean images and projects the noisy ones. (This is one seed.
# The course's results have five seeds on 60,000 images.)

# %% [markdown]
# ## 7 · Going further: leaving the digits, staying with the digits
#
# All images of 28 × 28 pixels form a space with 784 dimensions. Digits fill only a tiny part of it, a curved surface with few dimensions, called the
# *manifold* of the digits. A random step in pixels nearly always leads away from it. What about a random step in the **codes** of an autoencoder?
#
# Our network is 784-64-8-64-784, with a linear code of eight entries. To compare fairly, steps must be measured. We move a code by noise of $t$ times
# the standard deviation that each entry has over the training images, and decode it. Then we move the decoded image in a random direction of
# pixels, **by the same distance in pixels**. For each result, we measure the distance to the nearest training image: digits are near other
# digits. (Square root of the mean squared difference of the pixels.)
#
# **Predict**: with steps of the same length, which row below is nearer to the training images? And for which one does the distance grow faster?

# %%
torch.manual_seed(0)
encoder, decoder = (
    MLP(784, [64, 8]),
    dense(8, 64, 784),
)  # MLP has no ReLU at its last layer, the code
narrow = trained(nn.Sequential(encoder, decoder), epochs=15)
with torch.no_grad():
    spread = encoder(X).std(dim=0)
print(f"test error {training.evaluate(narrow, T):.4f}")
print("standard deviation of each entry:", " ".join(f"{one:.1f}" for one in spread))


@torch.no_grad()
def moved(images, t, generator):
    """Images decoded from moved codes, and the same images moved as far in a random direction of pixels."""
    codes = encoder(images)
    start = decoder(codes)
    in_codes = decoder(codes + t * spread * torch.randn(codes.shape, generator=generator))
    step = torch.randn(start.shape, generator=generator)
    length = (in_codes - start).norm(dim=1, keepdim=True) / step.norm(dim=1, keepdim=True)
    return in_codes, start + length * step


def to_nearest(images):
    """Distance to the nearest training image (root mean square over the pixels), the mean over the images."""
    return torch.cdist(images, X).amin(dim=1).mean().item() / 784**0.5


n = budget(full=500, study=500, quick=50)
print(f"test images: distance {to_nearest(T[:n]):.3f}")
print(f"{'t':>4} {'step in codes':>14} {'same step in pixels':>20}")
for t in (0.0, 0.25, 0.5, 1.0, 2.0):
    pair = moved(T[:n], t, torch.Generator().manual_seed(0))
    print(f"{t:4} {to_nearest(pair[0]):14.3f} {to_nearest(pair[1]):20.3f}")
rows = [
    moved(ten.images.flatten(1), t, torch.Generator().manual_seed(1)) for t in (0.0, 0.5, 1.0, 2.0)
]
plotting.show_images(
    torch.cat([rows[0][0], *(image for pair in rows[1:] for image in pair)]),
    labels=(
        "decoded",
        *(f"t = {t}, {where}" for t in (0.5, 1, 2) for where in ("codes", "pixels")),
    ),
    title="a step in codes, and the same step in pixels",
)

# %% [markdown]
# For each length, the step in codes ends nearer to the training images than the step in pixels, and the difference grows. By eye the
# rows of pixels are easier to read: a step in pixels keeps the digit readable, but it leaves the clean images. A step in codes gives a clean image,
# often of another digit. Compare with the first line: decoded images ($t = 0$) are even nearer to the training images than real test images are. They
# are blurred, and a blurred image is near to many. At $t = 2$ many are no digits any more: near is not the same as *on* the manifold. (The code of an
# autoencoder is not made for random steps. Lab 05 changes this.)
#
# ### From one digit to another
#
# The straight line between two images can be walked in pixels or in codes: $(1 - a)\, x + a\, x'$ or the image decoded from $(1 - a)\, z + a\, z'$,
# with $a$ from 0 to 1. **Predict** what the middle looks like in each case.

# %%
a = torch.linspace(0, 1, 9)[:, None]
pairs = [(0, 3), (6, 1), (0, 7)]
position = {label: i for i, label in enumerate(ten.labels.tolist())}
rows = []
with torch.no_grad():
    for one, other in pairs:
        z, z2 = encoder(ten.images[[position[one], position[other]]].flatten(1))
        x, x2 = decoder(torch.stack([z, z2]))
        rows += [(1 - a) * x + a * x2, decoder((1 - a) * z + a * z2)]
    order = torch.randperm(len(T), generator=torch.Generator().manual_seed(0))[:n]
    z, z2 = encoder(T[:n]), encoder(T[order])
    middle = {
        "pixels": (decoder(z) + decoder(z2)) / 2,
        "codes": decoder((z + z2) / 2),
        "ends": decoder(z),
    }
for name, images in middle.items():
    print(
        f"{name:7} distance {to_nearest(images):.3f}, grey pixels {((images > 0.2) & (images < 0.8)).float().mean():.1%}"
    )
plotting.show_images(
    torch.cat(rows),
    ncols=9,
    labels=[f"{one} to {other}, {where}" for one, other in pairs for where in ("pixels", "codes")],
)

# %% [markdown]
# In pixels, the middle shows both digits at half brightness. It has more grey pixels than the ends, and it is further from all training images. In codes, the
# middle is nearer and has fewer grey pixels, but it is also a little worse than the ends. Straight lines in codes are better than straight
# lines in pixels, not perfect.

# %% [markdown]
# ## 8 · Going further: other kinds of noise
#
# Is a denoiser for one kind of noise also one for another kind? And do we need a network at all? The honest opponent for salt and pepper is a
# **median filter**: it replaces each pixel by the median of its 3 × 3 neighbours, and it has nothing to learn.

# %%
from scipy.ndimage import median_filter

kinds = (
    Corruption("gaussian", 0.5),
    Corruption("salt and pepper", 0.3),
    Corruption("masking", 0.5),
)
names = [f"{kind.kind} {kind.level:g}" for kind in kinds]
models = []
for name, kind in zip(names, kinds, strict=True):
    models.append(trained(dense(784, 256, 784), epochs=8, corrupt=kind))
    print(f"trained: {name}")


def median(x):
    """Each pixel becomes the median of its 3 x 3 neighbours."""
    return torch.from_numpy(median_filter(x.view(-1, 28, 28).numpy(), size=(1, 3, 3))).flatten(1)


errors = [
    [training.evaluate(model, T, targets=T, corrupt=kind) for kind in kinds]
    for model in (*models, median, lambda x: x)
]
plotting.show_matrix(
    errors,
    [f"trained: {name}" for name in names] + ["median filter", "nothing"],
    names,
    xlabel="noise of the test images",
    title="test error (framed: the smallest of each column)",
)

# %% [markdown]
# In each column the network that was trained with this noise wins. It also wins against the median filter on salt and pepper, for which the filter was
# made: thin strokes do not survive a median. For masking, the median filter is worse than doing nothing. A denoiser for another kind of noise still
# removes a part of it, but its error is 1.2 to 2.6 times that of the right one. A denoiser knows its noise as well as its digits.

# %% [markdown]
# ## 9 · Going further: where does a denoiser point to?
#
# In two dimensions we can look at a denoiser completely. Our data are points near an ellipse. A small network $D$ learns to remove Gaussian noise of
# standard deviation $\sigma$ from them. The arrow at $x$ shows the **residual** $D(x) - x$: the way that the denoiser moves a point.
#
# There is a theorem behind the picture. The best possible denoiser (in the mean square) satisfies
#
# $$ D(x) - x = \sigma^2\, \nabla_x \log p_\sigma(x) , $$
#
# where $p_\sigma$ is the density of the noisy points (Robbins 1956, who credits Tweedie; for autoencoders: Vincent 2011, Alain and Bengio 2014). So a
# denoiser has learned in which direction data become more probable, without ever computing a probability.

# %%
generator = torch.Generator().manual_seed(0)
angle = 2 * torch.pi * torch.rand(1_000, generator=generator)
ellipse = torch.stack([1.4 * angle.cos(), 0.9 * angle.sin()], dim=1)
ellipse = ellipse + 0.03 * torch.randn(ellipse.shape, generator=generator)
fields, falling = {}, {"optimizer": training.adam(3e-3), "schedule": training.cosine}
for sigma in (0.8, 0.4, 0.2, 0.1):
    torch.manual_seed(0)
    fields[sigma] = MLP(2, [64, 64, 2], activation_layer=nn.SiLU)
    training.fit(
        fields[sigma],
        ellipse,
        epochs=budget(full=150, study=150, quick=2),
        batch_size=125,
        corrupt=Corruption("gaussian", sigma),
        progress=False,
        **falling,
    )
axis = torch.linspace(-2, 2, 19)
grid = torch.cartesian_prod(axis, axis)
figure, axes = plotting.new_figure(1, 2, (9.6, 4.9))
for ax, sigma in zip(axes[0], (0.1, 0.4), strict=True):
    with training.evaluating(fields[sigma]):
        residual = fields[sigma](grid) - grid
    title = f"half the residual, noise {sigma}"
    plotting.show_arrows(grid, 0.5 * residual, samples=ellipse, title=title, ax=ax)
figure

# %% [markdown]
# The dots are the data. The arrows are drawn at half their length, so that they do not cover each other. Outside, they point to the ellipse, and they are longer the further away they start. Inside, it depends on the noise. With 0.4, noisy points are
# everywhere inside, and the arrows point outwards to the nearest part. With 0.1, no noisy point ever came to the middle: what the network does
# there was never trained.
#
# What happens if we follow the arrows? We start at random points. We go a fifth of the way along each arrow and add a little new noise, thirty times
# for each denoiser, from the largest noise to the smallest.

# %%
generator = torch.Generator().manual_seed(1)
x = 1.2 * torch.randn(500, 2, generator=generator)
stages = {"start": x}
with torch.no_grad():
    for sigma, model in fields.items():
        for _ in range(30):
            fresh = torch.randn(x.shape, generator=generator)
            x = x + 0.2 * (model(x) - x) + (2 * 0.2) ** 0.5 * sigma * fresh
        stages[f"after noise {sigma}"] = x
    stages["after a last step without noise"] = model(x)
figure, axes = plotting.new_figure(1, 3, (11.5, 3.2))
for ax, name in zip(
    axes[0], ("start", "after noise 0.4", "after a last step without noise"), strict=True
):
    plotting.show_codes(stages[name], title=name, xlabel="", ylabel="", ax=ax)
    ax.set(xlim=(-2.6, 2.6), ylim=(-1.8, 1.8), aspect="equal")
figure

# %% [markdown]
# Points that were random are now near the ellipse, and we can make new ones at any time. Replace the points by images, and four levels of noise by
# some hundreds, and you have the idea of a **diffusion model** (Sohl-Dickstein et al. 2015; Song and Ermon 2019; Ho et al. 2020): a generator that is
# nothing but a denoiser for every level of noise.
#
# **Think.** Our denoisers for images from section 5 were trained with one level each. What would you get from pure noise with one of them, applied again
# and again? Try it.
