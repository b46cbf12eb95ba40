# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 06 · Few labels, many images
#
# **You will** train classifiers with 100 labelled images and thousands of images without labels. You compare them honestly: with simple baselines,
# with labels drawn anew for each run, and with intervals. You test where a published gain of pre-training comes from. Then you build what
# helps, and classify ten signs that nobody has seen.
#
# **Before you start**: labs 01 and 02 (autoencoder, training loop, cross-entropy). Sections 1 to 8 take about 115 minutes; the computer needs two or
# three of them. *Going further* (sections 9 and 10) is not graded. Run the cells from the top. After the set-up cells, every numbered section also runs
# on its own.
#
# Where this lab says **published**, it means notebooks that courses have used for years. This lab repeats their comparison and tests what they claim.
#
# | exercise | you write | points | minutes |
# |---|---|---|---|
# | 1.1 | `draw_labels(labels, per_class, generator)` | 3 | 11 |
# | 1.2 | `interval(scores)` | 2 | 5 |
# | 2.1 | `Classifier(encoder, width)` | 4 | 8 |
# | 3.1 | `combine(images, codes, reconstructions)` | 2 | 4 |
# | 4.1 | `joint_loss(reconstruction, images, logits, labels, alpha)` | 4 | 10 |
# | 6.1 | `augment(images, generator)` | 4 | 15 |
# | 7.1 | `pseudo_labels(logits, threshold)` | 3 | 8 |
# | 8.1 | `fit_predict(images, labels, unlabelled)` | 5 | 18 |
# | 8.2 | an answer in words | 2 | 7 |
#
# How an exercise works: complete the cell, run it, then run the check below it. A check calls your code with new inputs each time. It shows what is
# right (✓), what is wrong (✗), or that the cell is not complete yet (·). You may use everything that PyTorch, torchvision, scipy and scikit-learn have.
# A function must not change the tensors that it is given.

# %% tags=["install"]
# Here the build puts the cell that installs course_utils where it is missing (course_admin/authoring/install_cell.py).

# %% tags=["setup"]
# Set-up: run this cell first. Run it again after every restart of the kernel.
from functools import partial

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from torch import nn
from torch.nn import functional as F

from course_utils import data, few_labels, plotting, training
from course_utils.checks import semi_supervised as checks
from course_utils.sweeps import sweep
from course_utils.training import budget

training.seed_everything(0)

# %%
# This lab runs on the CPU. Each draw is a seed: it decides which images have labels, and the initial values of a network.
DRAWS = range(budget(full=5, study=5, quick=1))
FEWER = range(budget(full=5, study=3, quick=1))  # for methods that take longer


def accuracy_of(seed, method, per_class=10, **options):
    """The accuracy of a method of few_labels on draw `seed`."""
    drawn = few_labels.mnist_task(seed, per_class)
    return {"accuracy": method(drawn, seed, **options)}


# Runs for `sweep`: scikit-learn on the pixels, and the two networks of this lab.
on_pixels = partial(accuracy_of, method=few_labels.on_pixels)
networks = partial(
    accuracy_of, method=few_labels.network, steps=budget(full=200, study=200, quick=2)
)
convolutions = partial(
    accuracy_of, method=few_labels.convolutional, steps=budget(full=1000, study=300, quick=2)
)
# The weights of an autoencoder; section 2 says how it was trained.
pretrained = data.given("semi_supervised_autoencoder")

task = few_labels.mnist_task(seed=0)
print(f"{len(task.images)} images with labels, {len(task.pool):,} images without")
print(f"accuracies are measured on {len(task.judged.images):,} other images")

# %% [markdown]
# ## 1 · A hundred labels
#
# Images are cheap. Labels cost: somebody must look at each image. So we pretend that only 100 of our digits have labels, ten for each digit. The
# labels of all other images are hidden from the training. These images are the *pool*.
#
# We need a third part, to measure accuracies: 2,000 images that no classifier of the course is trained with. All three parts come from the bundled training images.
# MNIST's test images stay out of this lab.
#
# Which images get the labels? *The first 100 of the file* is a bad answer: then the digits have different numbers of labels, and all your results depend
# on the same 100 images. We draw the images at random, the same number for each class. This is called a *stratified* draw.
#
# ### Exercise 1.1 (3 points, about 11 minutes)
#
# <details><summary>Hint 1</summary>Work with positions (indices), class by class: torch.nonzero(labels == k) finds the positions of class k, as a column [M, 1]; you need [M]. A random permutation of them gives a random choice.</details>
# <details><summary>Hint 2</summary>For the second result, start with a tensor of N booleans that are all True, and set those of the labelled positions to False.</details>


# %% exercise="draw_labels"
def draw_labels(labels, per_class, generator):
    """Choose the images that get labels.

    labels: int tensor [N], the classes, any whole numbers; per_class: how many images of each class to
    choose (each class has at least so many); generator: a torch.Generator, the only source of randomness.
    Returns two int tensors of positions, each in any order: of the images with labels, per_class for
    each class that occurs, and of all other images.
    """
    ### BEGIN SOLUTION
    chosen = []
    for k in labels.unique():
        positions = torch.nonzero(labels == k)[:, 0]
        order = torch.randperm(len(positions), generator=generator)
        chosen.append(positions[order[:per_class]])
    labelled = torch.cat(chosen)
    hidden = torch.ones(len(labels), dtype=torch.bool)
    hidden[labelled] = False
    return labelled, torch.nonzero(hidden)[:, 0]
    ### END SOLUTION


# %% check="draw_labels" points=3
checks.draw_labels(draw_labels)

# %% [markdown]
# ### Does the draw matter?
#
# Logistic regression has nothing random: the same 100 images always give the same classifier. Below, five draws give five accuracies. **Predict**, and
# write it down before you run the cell: by how many points (hundredths of the accuracy) do the best and the worst draw differ?
#
# (`sweep` calls each function that it gets once for each seed, and makes a table of the results. `partial(f, x=1)` is the function `f` with `x=1` filled in.)

# %%
logistic = LogisticRegression(max_iter=1000)
table = sweep({"logistic regression": partial(on_pixels, model=logistic)}, seeds=DRAWS)
scores = table["accuracy"].tolist()
print("accuracies:", ", ".join(f"{score:.3f}" for score in scores))
print(f"best minus worst: {100 * (max(scores) - min(scores)):.1f} points")

# %% [markdown]
# The method was the same in all runs. Only the labelled images differ. A comparison of two methods with **one draw each** cannot see a gain that is
# smaller than this.
#
# So we report the mean of several draws, with a 95 % interval. For $n$ scores with mean $m$ and standard deviation $s$, computed with $n - 1$:
#
# $$ m \pm t \, \frac{s}{\sqrt n}, $$
#
# where $t$ is the 0.975 quantile of Student's $t$ distribution with $n - 1$ degrees of freedom. For five scores it is 2.78. The famous 1.96 is for large
# $n$; with five scores it gives an interval that is too short.
#
# ### Exercise 1.2 (2 points, about 5 minutes)
#
# <details><summary>Hint</summary>scipy.stats.t.ppf(q, degrees_of_freedom) gives a quantile. numpy's std divides by n unless you say ddof=1; torch's std divides by n - 1.</details>


# %% exercise="interval"
def interval(scores):
    """The 95 % interval of the mean.

    scores: a list of n floats, n at least 2. Returns two floats: the lower and the upper end.
    """
    ### BEGIN SOLUTION
    from scipy.stats import t

    n, mean = len(scores), float(np.mean(scores))
    half = float(t.ppf(0.975, n - 1) * np.std(scores, ddof=1) / n**0.5)
    return mean - half, mean + half
    ### END SOLUTION


# %% check="interval" points=2
checks.interval(interval)

# %% [markdown]
# **Think.** The 2,000 images for measuring are a sample, too. With an accuracy of 0.75, their number alone gives a standard deviation of
# $\sqrt{0.75 \cdot 0.25 / 2000} \approx 0.01$. All methods below are measured on the same 2,000 images. Why does that make comparisons better than
# this number suggests?

# %% [markdown]
# ## 2 · Pre-training, as published
#
# The idea is old and attractive. Train an autoencoder on **all** images; this needs no labels. Its encoder has learned what digits look like. Put one
# linear layer on the codes, and train only this layer with the 100 labels. The encoder stays as it is: it is *frozen*.
#
# $$ 784 \to 256 \to 32 \to 10. $$
#
# The published comparison trains the same network from scratch, with all initial values from $\mathcal N(0, 0.01^2)$, and finds 57 % from scratch
# against 65 % with the frozen encoder: a gain of eight points (one run, with the first 100 images of the file as the labelled ones).
#
# ### Exercise 2.1 (4 points, about 8 minutes)
#
# Write the classifier with a frozen encoder. Freezing has **two** parts. No gradient may change the encoder's weights. And the encoder must stay in
# evaluation mode. Some layers change in training mode without any gradient: *batch normalisation* keeps a running mean of its inputs and subtracts it. Training code calls
# `model.train()`, which puts all parts of the model into training mode.
#
# <details><summary>Hint 1</summary>The method requires_grad_ of a module switches the gradients of all its parameters on or off. Its method eval puts it into evaluation mode.</details>
# <details><summary>Hint 2</summary>model.train() comes later than your __init__. So call self.encoder.eval() in forward.</details>


# %% exercise="classifier"
class Classifier(nn.Module):
    """One linear layer on the codes of a frozen encoder.

    encoder: a module, images [N, ...] -> codes [N, width], already trained; width: how many codes.
    Classifier(encoder, width)(images) gives logits [N, 10]: those of self.head, a linear layer with
    bias, applied to the codes of self.encoder in evaluation mode. Training changes only self.head.
    """

    def __init__(self, encoder, width):
        super().__init__()
        ### BEGIN SOLUTION
        self.encoder = encoder.requires_grad_(False)
        self.head = nn.Linear(width, 10)
        ### END SOLUTION

    def forward(self, images):
        ### BEGIN SOLUTION
        self.encoder.eval()
        return self.head(self.encoder(images))
        ### END SOLUTION


# %% check="classifier" points=4
checks.classifier(Classifier)

# %% [markdown]
# ### The published comparison, with five draws
#
# Both networks take 200 steps of Adam on the labelled images. The course trained the encoder beforehand, once, as a part of the autoencoder
# 784-256-32-256-784: 12 epochs on the 8,000 images that are not for measuring, without any label. All draws, and sections 3 and 5, use this encoder.
# (The next cells use the course's own versions of the networks, so that they run without your answer.)
#
# **Predict**: the labelled images are now drawn at random, the same number for each digit, five times. How many of the eight points are left, on average?

# %%
published = sweep(
    {
        "scratch, N(0, 0.01²)": partial(networks, start="small"),
        "frozen encoder": partial(networks, weights=pretrained, frozen=True),
    },
    seeds=DRAWS,
)
plotting.show_intervals(published, title="the published comparison")

# %% [markdown]
# Both accuracies are higher than the published ones: the labelled images are others, and not all details of the published training are known. The gain is
# about half as large. Still, pre-training seems to give four points. A paper could stop here.
#
# But look at what differs between the two networks: not only the pre-training. The first one starts from very small numbers. PyTorch's default initial
# values are uniform between $-1/\sqrt n$ and $1/\sqrt n$ for a layer with $n$ inputs. So they are larger: about twice as large in the first layer, and ten times
# as large in the last layer. **Predict** the third bar: the network from scratch, with default initial values.

# %%
default = sweep({"scratch, default": networks}, seeds=DRAWS)
plotting.show_intervals(pd.concat([published, default]), title="one more start")

# %% [markdown]
# The network from scratch with the default initial values is not worse than the frozen encoder; its mean is a little higher. What looked like a gain of
# pre-training was a loss of the bad initial values.
#
# Three more bars are missing in the published comparison. The pre-trained encoder need not be frozen: all weights can go on learning (*fine-tuned*). And
# there are classical methods, on the 784 pixels: logistic regression, and a support vector machine (SVM). An SVM compares a new image with some of the labelled
# images, its *support vectors*; near images count most. In `SVC(C=10)`, `C` says how much a labelled image on the wrong side costs.
#
# The cell below also prints *gains*: it subtracts the accuracies of two methods draw by draw, and computes the mean of these differences and its 95 % interval, as
# in exercise 1.2. **Predict** the order of all six methods.

# %%
rest = sweep(
    {
        "fine-tuned encoder": partial(networks, weights=pretrained),
        "logistic regression": partial(on_pixels, model=LogisticRegression(max_iter=1000)),
        "SVM": partial(on_pixels, model=SVC(C=10)),
    },
    seeds=DRAWS,
)
table = pd.concat([published, default, rest])
print(few_labels.gain_in_points(table, "SVM", over="fine-tuned encoder"))
print(few_labels.gain_in_points(table, "fine-tuned encoder", over="scratch, default"))
plotting.show_intervals(table, title="honest baselines")

# %% [markdown]
# The winner has no network, no pool, and no pre-training: the SVM on pixels. Its gain over the best network is 3.7 points, with an interval from 2.7 to 4.8, so more
# draws would hardly change who wins. Fine-tuning, scratch and logistic regression are within two points of each other. The gain of fine-tuning over scratch is
# 0.6 points, with an interval from -1.2 to 2.5: with five draws, we cannot say whether it helps.
#
# **Think.** The draws are the same for all methods. Compare the interval of a gain with the intervals in the figure. When does subtracting draw by draw give a
# shorter interval?

# %% [markdown]
# ## 3 · What do the codes know?
#
# Perhaps the codes help together with something else. We give a classifier four kinds of inputs: the pixels, the 32 codes, the reconstructions, and all three side by side.
#
# ### Exercise 3.1 (2 points, about 4 minutes)
#
# <details><summary>Hint</summary>torch.cat joins along an existing dimension. All three must have two dimensions first.</details>


# %% exercise="combine"
def combine(images, codes, reconstructions):
    """Three descriptions of each image in one row.

    images, reconstructions: float tensors [N, 1, H, W]; codes: float tensor [N, d].
    Returns a float tensor [N, H * W + d + H * W]: pixels, codes, pixels of the reconstruction.
    """
    ### BEGIN SOLUTION
    return torch.cat([images.flatten(1), codes, reconstructions.flatten(1)], dim=1)
    ### END SOLUTION


# %% check="combine" points=2
checks.combine(combine)

# %% [markdown]
# Logistic regression gets each of the four. The codes are larger numbers than the pixels. A regularised classifier keeps its weights small, so larger inputs have
# more influence. Therefore each part is first divided by its standard deviation. (So *pixels* is not exactly the logistic regression of sections 1 and 2.)
#
# **Predict**: a reconstruction is a function of the codes, and the codes are a function of the pixels. Can the three together be better than the pixels alone?

# %%
autoencoder = few_labels.autoencoder()
autoencoder.load_state_dict(pretrained)


@torch.no_grad()
def described(images, scale=None):
    """The parts of the description, and the scale of each (that of the labelled images)."""
    parts = [images.flatten(1), autoencoder[0](images), autoencoder(images)]
    scale = scale or [part.std() for part in parts]
    return [part / s for part, s in zip(parts, scale, strict=True)], scale


def on_parts(seed, kinds):
    """Logistic regression on some of the parts (0 pixels, 1 codes, 2 reconstructions)."""
    drawn = few_labels.mnist_task(seed)
    known, scale = described(drawn.images)
    judged, _ = described(drawn.judged.images, scale)
    known, judged = (np.hstack([parts[kind] for kind in kinds]) for parts in (known, judged))
    fitted = LogisticRegression(max_iter=1000).fit(known, drawn.labels)
    return {"accuracy": fitted.score(judged, drawn.judged.labels)}


kinds = {"pixels": [0], "codes": [1], "reconstructions": [2], "all three": [0, 1, 2]}
table = sweep({name: partial(on_parts, kinds=which) for name, which in kinds.items()}, seeds=DRAWS)
print(table.pivot(index="setting", columns="seed", values="accuracy").reindex(kinds).round(3))
for name in ("codes", "reconstructions", "all three"):
    print(few_labels.gain_in_points(table, name, over="pixels"))
plotting.show_intervals(table, title="logistic regression on four descriptions")

# %% [markdown]
# The 32 codes are about as good as the 784 pixels: the interval of the difference is from -1.2 to 1.1 points. And here the pool does give something. *All three* is
# better than the pixels in every draw: by 2.0 points, interval 1.2 to 2.8. The bars in the figure overlap; the differences show the gain. The reconstructions
# alone have nearly the same mean, but the interval of their gain is -0.2 to 3.7: five draws are too few to say that they help.
#
# A reconstruction contains no new information about its image. But the autoencoder has learned from thousands of images which differences between images
# matter, and leaves others out. This can help a classifier that has seen only 100 images.
#
# Keep the size in mind. Two points are less than the gain of the SVM on the pixels alone (section 2). And all five draws use the same autoencoder and the same 2,000
# images for measuring, so the interval says what other labelled images would change, and nothing about other autoencoders. The published notebooks compared these
# four inputs with an autoencoder and a classifier that had seen **all** labels; there, nothing can be said about few labels.

# %% [markdown]
# ## 4 · Two goals at once
#
# Pre-training knows nothing about the classes. Perhaps the encoder should learn both tasks at the same time. Each batch of $B$ images of $P$ pixels has
# labelled and unlabelled images. All images are reconstructed; only the $B_l$ labelled ones are classified:
#
# $$ L = \frac 1 {BP} \sum_{i=1}^{B} \sum_{p=1}^{P} \mathrm{BCE}(\hat x_{ip}, x_{ip}) \;+\; \alpha \, \frac 1 {B_l} \sum_{i \text{ labelled}} \mathrm{CE}(u_i, y_i) . $$
#
# BCE is the cross-entropy of a pixel, $-x \log \hat x - (1 - x) \log(1 - \hat x)$, where $x_{ip}$ is pixel $p$ of image $i$ and $\hat x_{ip}$ its
# reconstruction. CE is the cross-entropy of the classes (lab 02), from the logits $u_i$ and the label $y_i$. The number $\alpha$ weights the second goal.
# The published value is $\alpha = 0.1$.
#
# ### Exercise 4.1 (4 points, about 10 minutes)
#
# A label of -1 says that the label is hidden. Divide the second term by the number of **labelled** images: otherwise $\alpha$ means something else for
# every mixture. A batch may have no labelled image at all.
#
# <details><summary>Hint 1</summary>F.binary_cross_entropy and F.cross_entropy compute both parts. images.flatten(1) has the shape of the reconstruction. The second one only gets the rows where labels >= 0.</details>
# <details><summary>Hint 2</summary>The mean over no rows is nan. What should the second term be then?</details>


# %% exercise="joint_loss"
def joint_loss(reconstruction, images, logits, labels, alpha):
    """Reconstruction of all images plus alpha times classification of the labelled ones.

    reconstruction: float tensor [B, P] in (0, 1); images: float tensor [B, 1, H, W] in [0, 1], P = H * W;
    logits: float tensor [B, K]; labels: int tensor [B], -1 where the label is hidden; alpha: a float.
    Returns a tensor with one number. Without any label it is the first term alone.
    """
    ### BEGIN SOLUTION
    loss = F.binary_cross_entropy(reconstruction, images.flatten(1))
    known = labels >= 0
    if known.any():
        loss = loss + alpha * F.cross_entropy(logits[known], labels[known])
    return loss
    ### END SOLUTION


# %% check="joint_loss" points=4
checks.joint_loss(joint_loss)

# %% [markdown]
# All networks below take 300 steps of Adam. In each step, joint training sees 50 labelled images and 50 of the pool; the network from scratch has the
# second goal alone and sees all 100 labelled images.
#
# **Predict**: four values of $\alpha$, each ten times as large as the one before. For which one is the accuracy best, and how much better than scratch?

# %%
STEPS = budget(full=400, study=300, quick=2)
both_goals = partial(accuracy_of, method=few_labels.joint, steps=STEPS, batch=50)
settings = {"scratch, default": partial(networks, steps=STEPS)}
settings |= {f"α = {alpha:g}": partial(both_goals, alpha=alpha) for alpha in (0.01, 0.1, 1, 10)}
table = sweep(settings, seeds=FEWER)
for name in list(settings)[1:]:
    print(few_labels.gain_in_points(table, name, over="scratch, default"))
plotting.show_intervals(table, title="joint training")

# %% [markdown]
# No mean gain is larger than half a point, and every interval contains 0. The intervals are long: with three draws, $t$ is 4.30. So these runs do not show that joint
# training is useless. They show that a gain or a loss of three points could not be seen here. If you pick the best bar and report it
# alone, you report luck: the more settings you try, the better the best one looks. This is why $\alpha$ must not be chosen on the images that measure the result.
#
# And there is a second catch. Our 2,000 images for measuring have labels. Somebody with 100 labels does not have them, and cannot choose α with them either.

# %% [markdown]
# ## 5 · From 10 to 7,500 labels
#
# Perhaps 100 labels are a bad place to look. Below, the number of labels grows from 1 to 750 for each digit. **Predict**, with a sketch on paper: three curves,
# network from scratch, fine-tuned encoder, SVM. Do they meet? (The cell needs half a minute or more. You can read on while it runs.)

# %%
classifiers = {
    "scratch": networks,
    "fine-tuned encoder": partial(networks, weights=pretrained),
    "SVM": partial(on_pixels, model=SVC(C=10)),
}
tables = []
for n in budget(full=(1, 3, 10, 30, 100, 300, 750), study=(1, 3, 10, 30, 100, 750), quick=(1, 2)):
    settings = {
        name: partial(run, per_class=n)
        for name, run in classifiers.items()
        if name != "SVM" or n <= 300
    }
    tables.append(sweep(settings, seeds=FEWER).assign(labels=10 * n))
table = pd.concat(tables)
print(table.pivot_table(index="labels", columns="setting", values="accuracy").round(3))
most = table[table["labels"] == table["labels"].max()]
print("with most labels,", few_labels.gain_in_points(most, "fine-tuned encoder", over="scratch"))
plotting.show_bands(table, "labels", "accuracy", title="accuracy and the number of labels")

# %% [markdown]
# Read the curves sideways, too: how many labels does a method need for the same accuracy? From 100 to 300 labels, every method gains about eight points or more. No method so
# far gave half of that over logistic regression (section 2). At three seconds an image, two hundred more labels cost a person ten minutes.
#
# The curves of the two networks are nearly the same: up to 1,000 labels, what pre-training adds is smaller than the differences between draws. With 7,500 labels
# fine-tuning is 0.6 points worse in the mean, interval -1.4 to 0.1: perhaps a small loss, certainly no gain worth the effort. The SVM is above both of them, on average, at every number of
# labels that it got; with 10 labels the bands overlap. (It stops at 1,000 labels only because it becomes slow.)

# %% [markdown]
# ## 6 · Augmentation
#
# We know something about digits that no label tells: a digit that is turned or moved a little is the same digit. So we can make new labelled images from
# the old ones, in every training step others. This is *augmentation*. It needs **no** pool.
#
# A turn by the angle $\varphi$ and a shift $(s_x, s_y)$ is an affine map. `F.affine_grid` takes one matrix for each image,
#
# $$ \begin{pmatrix} \cos\varphi & -\sin\varphi & s_x \\ \sin\varphi & \cos\varphi & s_y \end{pmatrix}, $$
#
# and gives the places where the new image looks into the old one; `F.grid_sample` looks there. The unit is **half an image**: the left border is at $-1$,
# the right border at $+1$. So 14 pixels are 1. With `align_corners=False`, these borders are the outer edges of the image, not the centres of its outer
# pixels; pass it to both functions. Some places lie outside of the old image. There `grid_sample` takes 0, which is black, as long as you leave its
# argument `padding_mode` as it is.
#
# ### Exercise 6.1 (4 points, about 15 minutes)
#
# <details><summary>Hint 1</summary>torch.rand gives numbers from 0 to 1. You need angles from -15 to 15 degrees, in radians: torch.deg2rad. Draw one angle and two shifts for each image.</details>
# <details><summary>Hint 2</summary>torch.stack([cos, -sin, s_x, sin, cos, s_y], dim=1).view(-1, 2, 3) makes the matrices. Give align_corners=False to both functions.</details>


# %% exercise="augment"
def augment(images, generator):
    """Turn and move each image a little, each in its own way.

    images: float tensor [N, 1, 28, 28]; generator: a torch.Generator, the only source of randomness.
    Returns a float tensor of the same shape. Each image is turned about its centre by its own angle,
    uniform from -15 to 15 degrees, and moved horizontally and vertically by its own distances, each
    uniform from -2 to 2 pixels. What comes from outside of the image is black (0).
    """
    ### BEGIN SOLUTION
    n = len(images)
    angle = torch.deg2rad(30 * torch.rand(n, generator=generator) - 15)
    s_x, s_y = (4 * torch.rand(2, n, generator=generator) - 2) / 14
    cos, sin = angle.cos(), angle.sin()
    maps = torch.stack([cos, -sin, s_x, sin, cos, s_y], dim=1).view(n, 2, 3)
    grid = F.affine_grid(maps, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)
    ### END SOLUTION


# %% check="augment" points=4
checks.augment(augment)

# %% tags=["raises-exception"]
generator = torch.Generator().manual_seed(0)
three = few_labels.mnist_task(seed=0).images[[0, 1, 2]]
plotting.show_images(
    torch.cat(
        [torch.cat([image[None], augment(image.repeat(9, 1, 1, 1), generator)]) for image in three]
    ),
    ncols=10,
    title="three digits, each followed by nine of its augmented images",
    alt="Three rows of ten images: in each row a digit as it is, and nine augmented images of it.",
)

# %% [markdown]
# Now a small convolutional network, `few_labels.new_convolutions()`: 5 × 5 filters (16), 3 × 3 filters (32), both with stride 2, then 128 units and 10 outputs.
# It trains for 300 steps on the 100 images, once
# as they are and once augmented anew in every step (the course's version also scales by ±10 % and shears a little).
#
# **Predict** two accuracies. The SVM has about 0.77.

# %%
settings = {"as they are": convolutions, "augmented": partial(convolutions, shake=True)}
table = sweep(settings, seeds=FEWER)
print(few_labels.gain_in_points(table, "augmented", over="as they are"))
plotting.show_intervals(table, title="convolutional network, 100 labels")

# %% [markdown]
# Between 11 and 14 points (the interval of the gain), without one unlabelled image. This is more than any step of sections 2 to 4. Remember this bar: it is the new baseline.
# Whoever says that unlabelled images help must be better than **augmentation alone**, not better than scratch.
#
# **Think.** Augmentation is knowledge about the images that you put in by hand. Which turns would be wrong for digits? Which of these maps would be wrong for photographs of
# road signs, for letters, for X-ray images?

# %% [markdown]
# ## 7 · Pseudo-labels
#
# The network has a guess for every image of the pool. Where its largest probability is high, take the guess as a label, and train on it: a *pseudo-label*.
# One more idea: guess on the image **as it is**, but learn on the **augmented** image. The image as it is is easier. So the network teaches itself that the augmented
# image has the same class. (The idea is that of FixMatch, Sohn and others 2020, which guesses on images that are augmented only a little.)
#
# ### Exercise 7.1 (3 points, about 8 minutes)
#
# <details><summary>Hint 1</summary>Probabilities first: softmax over the classes of each image. max(dim=1) returns the largest one and its position.</details>
# <details><summary>Hint 2</summary>torch.nonzero(mask)[:, 0] gives the positions where a mask is True; guess[mask] the guesses there.</details>


# %% exercise="pseudo_labels"
def pseudo_labels(logits, threshold):
    """The images of which the network is sure, and what it takes them for.

    logits: float tensor [N, K], from the network, before softmax; threshold: a probability.
    Returns two int tensors: the positions, ascending, of the images whose largest probability is at least
    the threshold, and the class with this probability for each of them. There may be none.
    """
    ### BEGIN SOLUTION
    probability, guess = logits.softmax(dim=1).max(dim=1)
    sure = probability >= threshold
    return torch.nonzero(sure)[:, 0], guess[sure]
    ### END SOLUTION


# %% check="pseudo_labels" points=3
checks.pseudo_labels(pseudo_labels)

# %% [markdown]
# In each step, the network now sees its 100 labelled images, augmented, and in addition 100 images of the pool. Those with a probability of at least 0.95 get a pseudo-label and
# count in the loss. The sum of their losses is divided by 100, not by the number of sure images: so the second term grows slowly, as the network becomes sure.
#
# **Predict** the second bar. Does the pool add something to augmentation alone?

# %%
settings = {
    "augmentation alone": partial(convolutions, shake=True),
    "augmentation + pseudo-labels": partial(convolutions, shake=True, threshold=0.95),
}
table = sweep(settings, seeds=FEWER)
plotting.show_intervals(table, title="augmentation, without and with the pool")
print(few_labels.gain_in_points(table, "augmentation + pseudo-labels", over="augmentation alone"))

# %% [markdown]
# Here the pool does help, in every draw: by 3.9 points, and the number of errors falls by more than a quarter on average. What do three draws allow to be
# said? The interval of the gain is 0.4 to 7.4 points. So a gain is likely, but its size is not known well: it may be small, or half as large as that of augmentation. Subtracting draw by
# draw helps little here, because the gains of the draws differ.
#
# The course has also run this with more steps, five draws and full MNIST; your teacher has the table (`docs/results.md` in the course's repository). Published
# methods with 100 labels reach more: 96.7 % (a generative model, Kingma and others 2014), 98.9 % (the ladder network, Rasmus and others 2015). They were tuned with many more labels than 100.
#
# **Think.** A pseudo-label can be wrong, and the network learns it all the same. Why do most of these errors not spread? And for which data would they spread?

# %% [markdown]
# ## 8 · Signs that nobody has seen
#
# Now put everything together. The check invents a script: ten new signs, random strokes, and writes each sign by many hands. Your function gets 10 labelled images of each
# sign and 1,000 images without labels. It returns a label for each of the 1,000. A network that you trained at home is of little use: it has
# never seen these signs. In grading, your function also gets signs of another kind than those of the check.
#
# How good is good enough? The check trains an SVM on the pixels of the same 100 images. Your function must make **at most half as many errors**. For
# 20 scripts, the course's own answer made 0.02 to 0.36 times as many errors as the SVM (mean 0.18). Augmentation without pseudo-labels, which also scaled
# the images, made 0.13 to 0.43 times as many (mean 0.22). So augmentation alone is often enough; pseudo-labels make it safer. The convolutional network
# without augmentation made 1.2 to 1.7 times as many.
#
# Some scripts are harder than others. After a near miss (0.5 to 0.75 times) the check asks again with a second script, and the errors of both count together. The
# check takes some seconds.
#
# ### Exercise 8.1 (5 points, about 18 minutes)
#
# You may use your own functions of this lab, and any library. 150 to 250 steps of Adam with a learning rate of 0.005 are enough. Your function must work for any number of images and for labels 0 to 9.
#
# <details><summary>Hint 1</summary>Begin with few_labels.new_convolutions() and augmentation alone, with a learning rate of 0.005. Then add pseudo-labels.</details>
# <details><summary>Hint 2</summary>torchvision.transforms.RandomAffine(15, translate=(0.07, 0.07), scale=(0.9, 1.1)) maps all images that it gets in the same way. Call it for each few images: torch.cat([shake(part) for part in batch.split(10)]).</details>
# <details><summary>Hint 3</summary>At the end: with torch.no_grad(), return the argmax of the logits of the unlabelled images as they are, not augmented.</details>


# %% exercise="fit_predict"
def fit_predict(images, labels, unlabelled):
    """Learn from few labels, and label the rest.

    images: float tensor [n, 1, 28, 28] in [0, 1] with labels, an int tensor [n] of classes 0 to 9;
    unlabelled: float tensor [U, 1, 28, 28]. Returns an int tensor [U]: a class for each of these.
    """

    ### BEGIN SOLUTION
    def shaken(batch):
        maps = torch.eye(2, 3) + 0.2 * (2 * torch.rand(len(batch), 2, 3) - 1)
        grid = F.affine_grid(maps, list(batch.shape), align_corners=False)
        return F.grid_sample(batch, grid, align_corners=False)

    steps = 150
    model = few_labels.new_convolutions()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        loss = F.cross_entropy(model(shaken(images)), labels)
        pool = unlabelled[torch.randint(len(unlabelled), (60,))]
        with torch.no_grad():
            probability, guess = model(pool).softmax(dim=1).max(dim=1)
        sure = probability >= 0.95
        if sure.any():
            logits = model(shaken(pool[sure]))
            loss = loss + F.cross_entropy(logits, guess[sure], reduction="sum") / len(pool)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return model(unlabelled).argmax(dim=1)
    ### END SOLUTION


# %% check="fit_predict" points=5
checks.fit_predict(fit_predict)

# %% [markdown]
# And on digits? The next cell gives your function the 100 digits with labels, and as `unlabelled` the 2,000 images for measuring, without their labels. If your function
# learns from unlabelled images, it learns from these. This is allowed here, because it sees none of their labels. But it is another task than in section 7, where the
# pool and the images for measuring were different images. Skip this cell if 8.1 is not complete.

# %% tags=["raises-exception"]
drawn = few_labels.mnist_task(seed=0)
some = budget(full=2_000, study=2_000, quick=200)
guesses = fit_predict(drawn.images, drawn.labels, drawn.judged.images[:some])
right = (guesses == drawn.judged.labels[:some]).float().mean()
print(f"accuracy on {some:,} digits: {right:.3f}")

# %% [markdown]
# ### Exercise 8.2, in words (2 points, about 7 minutes)
#
# A report says: "We pre-trained an autoencoder on 60,000 images. With the first 100 labels, its frozen encoder reaches 65 %, a network from scratch 57 %. We chose the learning rate that was
# best on the test images. So unlabelled images give eight points." Name three faults of this conclusion. For each, say which experiment would show whether it matters. Write four or five sentences.

# %% [markdown] written="report" points=2
# ### BEGIN SOLUTION
# One draw of labels, and not stratified: repeat both methods with five stratified draws and report the interval of the mean, or of the differences. The network from scratch may have bad initial
# values: train it with the default ones, too. Baselines are missing: logistic regression and an SVM on the pixels of the same 100 images, and augmentation alone. The learning rate was chosen on the test images: choose it
# on labelled images that are part of the 100 (cross-validation), fix it, and measure once. One seed for the network: repeat with others.
# ### BEGIN MARK SCHEME
# Half a point for each of three faults with a fitting experiment, of: one draw / one seed; first 100 instead of stratified; initial values of the network from scratch; no simple baselines; no comparison with augmentation alone; settings chosen on test
# images. Half a point more if the experiments are precise (same draws for both methods, an interval, or differences draw by draw). A fault without an experiment: a quarter.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ## What to remember
#
# - The draw of the labels changes the accuracy by several points. Redraw, report the mean and its interval, and compare methods on the same draws.
# - Before you praise a method, make its opponent as good as you can: initial values, classical methods, augmentation.
# - What you choose by looking at a result is part of the training. Test images choose nothing.
# - Freezing has two parts: no gradients, and evaluation mode.
# - Features from unlabelled images gave a little: compare draw by draw to see it. Augmentation gave the most. Pseudo-labels add to it, and this is what the unlabelled images are worth here.
#
# The graded part ends here. The following sections are for running, looking and trying out.

# %% [markdown]
# ## 9 · Going further: pseudo-labels without augmentation
#
# Are both ideas needed? Below, the network learns its pseudo-labels on the same images on which it guessed them. **Predict**: better than scratch?

# %%
settings = {
    "scratch": convolutions,
    "pseudo-labels, no augmentation": partial(convolutions, threshold=0.95),
}
table = sweep(settings, seeds=FEWER)
print(few_labels.gain_in_points(table, "pseudo-labels, no augmentation", over="scratch"))
plotting.show_intervals(table, title="pseudo-labels without augmentation")

# %% [markdown]
# In three draws the gain is 2.7 points, interval 1.1 to 4.4: better than scratch, but small beside augmentation, which gave more than ten (section 6). The reason: where the network gives its guess a
# probability of at least 0.95, the loss of this pseudo-label on the same image is at most $-\log 0.95 \approx 0.05$. So there is little to learn. It makes the network surer, also where it is wrong. On the
# augmented image the network is less sure, and the same pseudo-label has more to teach.

# %% [markdown]
# ## 10 · Going further: a leaderboard
#
# Your teacher can run everybody's `fit_predict` on the same task: digits that the course's files do not contain, with labels drawn for the day. It is not graded. How would you improve yours? Ideas: more steps; a threshold that
# grows; the mean of several networks; stronger augmentation for the pool than for the guesses; the mean of the network's weights over the last steps.
#
# Measure each idea on several draws, and decide beforehand how many ideas you will try. Below is one draw of the script of section 8, to try on.

# %%
script = data.draw_script(np.random.default_rng(1), classes=10, labelled=10, unlabelled=300)
signs, kinds, others, truth = map(torch.from_numpy, script)
plotting.show_images(
    torch.cat([signs[kinds == k][:10] for k in range(10)]),
    ncols=10,
    title="ten signs, each written by ten hands",
    alt="Ten rows of ten images: each row is one invented sign, written ten times in different ways.",
)

# %% tags=["raises-exception"]
guesses = fit_predict(signs, kinds, others)
print(f"accuracy on {len(others)} signs: {(guesses == truth).float().mean():.3f}")
