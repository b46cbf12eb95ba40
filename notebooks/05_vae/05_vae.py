# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 05 · Variational autoencoders
#
# **You will** build an autoencoder whose codes can be drawn at random, so that its decoder makes new digits. You write its loss term by term: the
# sample that gradients can pass, the divergence that pulls the codes together, and the reconstruction term that pulls them apart. Then you look at
# what the model can do, at what its loss decides, and at what may be said about it.
#
# **Before you start**: lab 01 (autoencoders, Adam), the normal distribution, logarithms. Lab 02's section 6 helps. Sections 1 to 9 take about 120
# minutes: about 90 for the exercises, the rest for reading and looking. The computer needs two or three of them. Spend as much time as you like on
# *Going further* (sections 10 to 14; section 12 uses the convolutions of lab 04). Run the cells from the top. After the set-up cell, every numbered
# section also runs on its own. One cell of section 5 runs your own model: if your answers to 5.1 and 5.2 use your answers to 2.1, 3.1 and 4.1, run
# those cells first.
#
# | exercise | you write | points | minutes |
# |---|---|---|---|
# | 2.1 | `reparameterize(mu, logvar)` | 3 | 8 |
# | 3.1 | `kl_to_standard_normal(mu, logvar)` | 3 | 8 |
# | 4.1 | `bernoulli_loss(logits, images)`, `gaussian_loss(mean, images, variance)` | 4 | 15 |
# | 5.1 | `VAE` | 5 | 16 |
# | 5.2 | `train_vae(model, images)` | 5 | 15 |
# | 6.1 | `sample_images(decode, n, latents, generator)` | 2 | 5 |
# | 7.1 | `active_latents(mu, above)` | 2 | 4 |
# | 8.1 | `importance_bound(log_w)` | 3 | 10 |
# | 9.1 | an answer in words | 2 | 9 |
#
# How an exercise works: complete the cell, run it, then run the check below it. A check calls your code with new inputs each time. It shows what is
# right (✓), what is wrong (✗), or that the cell is not complete yet (·). For a frequent mistake the check names the cause. For any other mistake it
# shows the smallest input for which the answer was wrong, what your code returned, and what was expected.
# Two rules for all exercises. A function must not change the tensors that it is given. And `course_utils.variational`, which the later sections use,
# refuses to work inside an answer; torch and all other libraries are allowed.
#
# **One convention for the whole lab**: every loss is **summed over pixels, summed over latents, and averaged over the images**. (A *latent* is one number
# of a code $z$. Lab 03 calls it an entry.) Its unit is the *nat* (natural logarithms), for each image. You will see what happens if one term breaks the convention.

# %% tags=["install"]
# Here the build puts the cell that installs course_utils where it is missing (course_admin/authoring/install_cell.py).

# %% tags=["setup"]
# Set-up: run this cell first. Run it again after every restart of the kernel.
import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.ops import MLP

from course_utils import data, embedding, metrics, plotting, training, variational
from course_utils.checks import vae as checks
from course_utils.data import given
from course_utils.sweeps import summarise, sweep
from course_utils.training import budget

training.seed_everything(0)
source = budget(full="auto", study="sample", quick="sample")
train = data.load_mnist("train", source=source, limit=budget(full=None, study=None, quick=300))
test = data.load_mnist("test", source=source, limit=budget(full=None, study=None, quick=300))
ten = data.load_ten_digits()


def train_plain():
    """A plain autoencoder 784-400-20-400-784: ReLU, a sigmoid at the output, the squared error."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), MLP(784, [400, 20]), MLP(20, [400, 784]), nn.Sigmoid())
    epochs = budget(full=10, study=5, quick=1)
    training.fit(net, train.images, epochs=epochs, batch_size=64, progress=False)
    return net


def trained(name, **sizes):
    """A VAE that was trained for the course, on 10,000 digits."""
    vae = variational.DenseVAE(**sizes)
    vae.load_state_dict(given(name))
    return vae


# %% [markdown]
# ## 1 · A code that one may draw from
#
# In lab 02 we drew codes at random and decoded them: with 32 codes, most images were no digits. Perhaps we drew them badly? Here we try as hard as we
# can. We train an autoencoder with 20 codes, fit a normal distribution to the codes of all training images, with all its covariances, and draw from
# that. **Predict**: how many of 20 images will be digits?

# %%
plain = train_plain()
with torch.no_grad():
    codes = plain[:2](train.images)
    fitted = torch.distributions.MultivariateNormal(codes.mean(dim=0), codes.T.cov())
    torch.manual_seed(1)
    drawn = plain[2:](fitted.sample((20,)))
print(f"error on test images {training.evaluate(plain, test.images):.4f} per pixel")
plotting.show_images(
    drawn, title="a plain autoencoder, codes drawn from the fitted normal distribution"
)

# %% [markdown]
# Count: how many of the 20 can you name at once? **Write the number down.** In section 6 you count the images of a VAE in the same way, and then a
# classifier counts for both.
#
# The network reconstructs well, and still many of these images are strokes without a digit. Two things are missing:
#
# 1. Nothing in the loss asks the **encoder** for codes from a known distribution. The fitted normal distribution covers the codes, but also the gaps
#    between them.
# 2. Nothing in the loss asks the **decoder** for digits in the gaps. It was trained at 10,000 points of a 20-dimensional space, and nowhere else.
#
# A *variational autoencoder* (Kingma and Welling 2014) asks for both. For each image $x$ the encoder gives not a point but a normal distribution
# $q(z \mid x)$, with a mean $\mu$ and a standard deviation $\sigma$ for each latent. It is called the **posterior**: where $z$ lies *after* the image is
# known. The decoder gets a random $z$ from it, so it learns a whole region for each image. And all posteriors are pulled towards **one** distribution
# that we can draw from, the **prior** $p(z) = \mathcal N(0, I)$: where $z$ lies *before* any image is known.
#
# The picture below is from a trained model with two latents. Each ellipse is the posterior of one test image, drawn at two standard deviations.
# The dashed circle is the prior, also at two standard deviations.

# %%
two = trained("vae_two", latents=2, hidden=200)
with torch.no_grad():
    mu, logvar = two.encode(test.images[:150])
plotting.show_posteriors(
    mu, (logvar / 2).exp(), test.labels[:150], title="150 images as distributions"
)

# %% [markdown]
# Each image has a region instead of a point. Most regions lie in the circle or near it, and many overlap. The match is not perfect: there are gaps,
# and some images lie far outside.
#
# ### The loss
#
# A decoder and a prior together give each image $x$ a probability $p(x)$. It is called the **likelihood** of the model for this image, and we would like
# to make it large for the training images. It is an integral over all $z$ and cannot be computed. But there is a lower bound for its logarithm, the
# **ELBO** (*evidence lower bound*). Read the words below the braces first:
#
# $$ \log p(x) \;\ge\; \underbrace{\mathbb E_{z \sim q(z \mid x)} \log p(x \mid z)}_{\text{how well } z \text{ explains } x} \;-\; \underbrace{\mathrm{KL}\big(q(z \mid x)\,\|\,p(z)\big)}_{\text{how far } q \text{ is from the prior}} . $$
#
# $\mathbb E_{z \sim q}$ is the mean over codes $z$ that are drawn from $q$. KL is the Kullback-Leibler divergence, a number that is 0 for two equal
# distributions and grows with their difference. The loss is the negative ELBO: a *reconstruction* term plus a *KL* term. The next three sections are
# about the three parts of this formula: how to draw $z$ so that the network can learn, the KL, and $\log p(x \mid z)$.
#
# **Think.** Each term alone has a trivial best solution. What would the encoder do without the KL? And without the reconstruction?
#
# ## 2 · A sample that gradients can pass
#
# The encoder gives $\mu$ and $\log \sigma^2$, the logarithm of the **variance**, called `logvar`: a layer may give any number, and $\sigma^2 =
# e^{\text{logvar}}$ is positive. Now we need a $z$ from $\mathcal N(\mu, \sigma^2)$.
#
# Here is the problem. "Draw a number from $\mathcal N(\mu, \sigma^2)$" has no derivative with respect to $\mu$. Kingma and Welling's solution: draw the noise
# first, and compute $z$ from it,
#
# $$ z = \mu + \sigma\,\varepsilon, \qquad \varepsilon \sim \mathcal N(0, 1) . $$
#
# The noise $\varepsilon$ does not depend on the network. $\mu$ and $\sigma$ enter by a sum and a product, and these have derivatives:
# $\partial z / \partial \mu = 1$ and $\partial z / \partial \sigma = \varepsilon$.
#
# **Predict, then run.** Below, $\mu$ grows from 0 to 0.1, and $z^2$ is computed before and after, 10,000 times. The mean of $z^2$ should grow by
# 0.01. How well can you see that with the same noise before and after? And with new noise?

# %%
generator = torch.Generator().manual_seed(0)
noise, other = torch.randn(2, 10_000, generator=generator)
for name, after in (("the same noise", noise), ("new noise", other)):
    change = (0.1 + after) ** 2 - noise**2
    print(f"{name:15} mean change {change.mean():+.3f} ± {change.std() / 10_000**0.5:.3f}")

# %% [markdown]
# The number after ± is the standard error of the mean: the standard deviation of one change, divided by $\sqrt{10{,}000}$. With the same noise it is a
# fifth of the true change of 0.01. With new noise it is twice the true change: what we look for is hidden behind the noise. For the same precision,
# new noise needs 100 times as many draws. The gradient through $z = \mu + \sigma \varepsilon$ is the first case.
#
# ### Exercise 2.1 (3 points, about 8 minutes)
#
# Draw $z$ as above. The noise must be new at each call and for each entry.
#
# <details><summary>Hint 1</summary>What do you have to do with logvar to get a standard deviation? Test it on logvar = 0 and on logvar = 2.</details>
# <details><summary>Hint 2</summary>torch.randn_like(x) gives standard normal numbers in the shape of x.</details>


# %% exercise="reparameterize"
def reparameterize(mu, logvar):
    """Draw z from N(mu, exp(logvar)), so that gradients reach mu and logvar.

    mu, logvar: float tensors [batch, latents]; logvar is the logarithm of the variance.
    Returns a tensor [batch, latents], different at every call.
    """
    ### BEGIN SOLUTION
    noise = torch.randn_like(mu)
    return mu + (0.5 * logvar).exp() * noise
    ### END SOLUTION


# %% check="reparameterize" points=3
checks.reparameterize(reparameterize)

# %% [markdown]
# ## 3 · The KL pulls
#
# How far is the normal distribution of one latent from the prior? The Kullback-Leibler divergence has a closed form here:
#
# $$ \mathrm{KL}\big(\mathcal N(\mu, \sigma^2)\,\|\,\mathcal N(0, 1)\big) \;=\; \tfrac 1 2 \left( \mu^2 + \sigma^2 - 1 - \log \sigma^2 \right) . $$
#
# It is 0 if $\mu = 0$ and $\sigma = 1$, and positive everywhere else. With several independent latents, the divergences are **added**.
#
# **Predict**: which costs more, a mean that is two standard deviations of the prior away from 0 ($\mu = 2$, $\sigma = 1$), or a distribution that is
# one hundred times as narrow as the prior ($\mu = 0$, $\sigma = 0.01$)? The cell asks torch.

# %%
from torch.distributions import Normal, kl_divergence

prior = Normal(0.0, 1.0)
for mean, sigma in ((0.0, 1.0), (2.0, 1.0), (0.0, 2.0), (0.0, 0.5), (0.0, 0.02), (0.0, 0.01)):
    print(
        f"mu {mean:g}, sigma {sigma:<4g}  KL {kl_divergence(Normal(mean, sigma), prior):.2f} nats"
    )

figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.9), layout="constrained", sharey=True)
mean, sigma = torch.linspace(-3, 3, 100), torch.logspace(-2, 0.5, 100)
left.plot(mean, kl_divergence(Normal(mean, torch.ones(100)), prior), color=plotting.colour(9))
left.set(xlabel="mu, with sigma = 1", ylabel="KL, nats")
right.semilogx(
    sigma, kl_divergence(Normal(torch.zeros(100), sigma), prior), color=plotting.colour(9)
)
right.set(xlabel="sigma, with mu = 0")
plotting.describe(
    figure,
    f"Two curves of the KL in nats. Left over mu from {mean[0]:g} to {mean[-1]:g}, with sigma = 1; right over sigma from "
    f"{sigma[0]:g} to {sigma[-1]:.1f} on a logarithmic axis, with mu = 0.",
)

# %% [markdown]
# The narrow distribution costs twice as much here. But the two costs grow differently, and this explains a lot of what follows. The cost of a mean
# grows with its square: a mean that is twice as far from 0 costs four times as much. The cost of a narrow distribution grows only with the
# logarithm: far below 1, each halving of $\sigma$ costs about 0.7 nats more (compare 0.02 with 0.01).
# A posterior that is as wide as the prior **and has its mean at 0** costs nothing. It is the prior itself, so it says nothing about the image.
#
# ### Exercise 3.1 (3 points, about 8 minutes)
#
# Write the KL term of the loss, in the convention of this lab. `torch.distributions` is allowed (`kl_divergence(q, p)` is $\mathrm{KL}(q\,\|\,p)$); the
# formula is one line as well.
#
# <details><summary>Hint 1</summary>What is sigma squared, if logvar is its logarithm? What is its logarithm?</details>
# <details><summary>Hint 2</summary>First sum over the latents (dim=1): one number for each image. Then take the mean of these numbers.</details>


# %% exercise="kl_to_standard_normal"
def kl_to_standard_normal(mu, logvar):
    """The divergence of N(mu, exp(logvar)) from N(0, 1), summed over the latents, averaged over the images.

    mu, logvar: float tensors [batch, latents]; logvar is the logarithm of the variance.
    Returns a tensor with one number, from which gradients reach mu and logvar.
    """
    ### BEGIN SOLUTION
    return 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(dim=1).mean()
    ### END SOLUTION


# %% check="kl_to_standard_normal" points=3
checks.kl_to_standard_normal(kl_to_standard_normal)

# %% [markdown]
# ## 4 · The likelihood pulls back
#
# The other term is $-\log p(x \mid z)$. Here $p(x \mid z)$ is the likelihood of the image when $z$ is known: the probability that the decoder gives to
# this image. The decoder gives a distribution for **each pixel**, and you choose which one.
#
# - **Bernoulli**: a pixel is white with probability $p = \mathrm{sigmoid}(u)$ and black otherwise. $u$, the *logit*, is the output of the decoder.
#   For a pixel $x$ the loss is the binary cross-entropy, $-x \log p - (1 - x) \log(1 - p)$.
# - **Gaussian**: a pixel is $\mathcal N(m, s^2)$, where $m$ is the output of the decoder, and the variance $s^2$ is a number that you fix. The loss is
#   $\frac{(x - m)^2}{2 s^2} + \frac 1 2 \log(2 \pi s^2)$. (This is the logarithm of a *density*. A density may be above 1, so this loss may be below 0.)
#
# The pixels are independent, given $z$. So the losses of all pixels are **added**. Then we take the mean over the images.
#
# ### Exercise 4.1 (4 points, about 15 minutes)
#
# Write both. `bernoulli_loss` gets **logits**, not probabilities: $\log(\mathrm{sigmoid}(u))$, computed in two steps, is minus infinity for $u = -200$.
# `functional` of torch (here `F`) has a function that does it in one step.
#
# <details><summary>Hint 1</summary>F.binary_cross_entropy_with_logits takes the sigmoid itself. reduction="none" keeps one number for each pixel, reduction="sum" adds over everything, also over the images.</details>
# <details><summary>Hint 2</summary>flatten(1) makes [batch, pixels] of images, then .sum(dim=1).mean(). The logarithm in the Gaussian loss is added for each pixel, too.</details>


# %% exercise="reconstruction_losses"
def bernoulli_loss(logits, images):
    """The negative log likelihood of images under a Bernoulli decoder, summed over pixels, averaged over images.

    logits: float tensor [batch, 1, H, W], any numbers; images: the same shape, in [0, 1].
    Returns a tensor with one number, from which gradients reach the logits.
    """
    ### BEGIN SOLUTION
    each = F.binary_cross_entropy_with_logits(logits, images, reduction="none")
    return each.flatten(1).sum(dim=1).mean()
    ### END SOLUTION


def gaussian_loss(mean, images, variance):
    """The negative log likelihood of images under N(mean, variance), summed over pixels, averaged over images.

    mean, images: float tensors [batch, 1, H, W]; variance: a float above 0, the same for all pixels.
    Returns a tensor with one number, from which gradients reach mean.
    """
    ### BEGIN SOLUTION
    variance = torch.as_tensor(variance)
    each = (images - mean) ** 2 / (2 * variance) + 0.5 * torch.log(2 * torch.pi * variance)
    return each.flatten(1).sum(dim=1).mean()
    ### END SOLUTION


# %% check="reconstruction_losses" points=4
checks.reconstruction_losses(bernoulli_loss, gaussian_loss)

# %% [markdown]
# ### Grey pixels are no coin tosses
#
# A Bernoulli pixel is 0 or 1. Our pixels are grey. The formula still gives a number, and trains well, but it is no longer the logarithm of a
# probability: for $x = 0.5$ the smallest possible loss is not 0 but $\log 2 = 0.69$, at $p = 0.5$. Summed over an image, the smallest possible
# reconstruction loss is the *entropy* of its pixels. No model for grey pixels, however good, gets below it. **Predict**: is it far above zero?

# %%
x = test.images.double().flatten(1)
entropy = -(torch.xlogy(x, x) + torch.xlogy(1 - x, 1 - x)).sum(dim=1).mean()
print(f"entropy of the grey test pixels, the floor of the loss: {entropy:.1f} nats for an image")

# %% [markdown]
# This floor is not small: compare it with the loss of a good model, which section 5 prints. So never compare a loss on grey pixels with one on
# black-and-white pixels, and do not call it a likelihood. For pictures it does no harm.
#
# ### One convention: what happens without it
#
# Many tutorials write `.mean()` in one of the two terms. It looks tidy, it runs, and it changes the weight between the terms:
#
# - the mean over the pixels makes the reconstruction 784 times smaller, so the KL is in effect 784 times too strong;
# - the mean over the latents makes the KL 20 times smaller.
#
# **Predict**: what does each do to images from random codes, and what to the KL? Three models, a few epochs each. The numbers in the table are
# **all** in the convention of this lab, whatever the model was trained with. The last column is the standard deviation of $\mu$ over the test
# images, the mean over the 20 latents.

# %%
from functools import partial

shown = {}


def run(seed, beta):
    """Train reconstruction + beta * KL, store images from random codes."""
    torch.manual_seed(seed)
    model = variational.DenseVAE()
    epochs = budget(full=30, study=5, quick=1)
    variational.fit_elbo(model, train.images, epochs=epochs, beta=beta, seed=seed)
    shown[beta] = variational.from_prior(model, 10, seed=1)
    spread = variational.means(model, test.images).std(dim=0).mean()
    return variational.measure(model, test.images) | {"sd of mu": spread}


weights = {"sum and sum": 1.0, "mean over the pixels": 784.0, "mean over the latents": 1 / 20}
table = sweep({name: partial(run, beta=beta) for name, beta in weights.items()})
columns = ["setting", "negative ELBO", "reconstruction", "KL", "sd of mu"]
print(table[columns].round(1).to_string(index=False))
plotting.show_images(
    torch.cat(list(shown.values())), labels=list(weights), title="images from random codes"
)

# %% [markdown]
# The mean over the pixels gives the same image for every code: the KL is 0, the codes say nothing, and the best that the decoder can do is the mean
# image. This is **posterior collapse**. The mean over the latents gives the smallest reconstruction loss. But its KL is so weak that the means spread
# far outside of the prior, whose standard deviation is 1: see the last column. Random codes from the prior then fall between the codes of images, as
# in section 1. Count the images that you can name in the first and in the last row. The sum of both terms, the negative ELBO, is what we want to be
# small, and the two other settings make it larger.
#
# ## 5 · The model
#
# Now you have all parts. The encoder has one hidden layer and **two** layers on top of it, one for $\mu$ and one for `logvar`. Neither has an activation:
# a mean may be negative, and so may a logarithm.
#
# $$ 784 \xrightarrow{\text{hidden}} 400\ \text{(ReLU)} \;\to\; \begin{cases} \xrightarrow{\text{mu}} 20 \\ \xrightarrow{\text{logvar}} 20 \end{cases} \qquad z \in \mathbb R^{20} \;\to\; 400\ \text{(ReLU)} \;\to\; 784\ \text{logits} . $$
#
# ### Exercise 5.1 (5 points, about 16 minutes)
#
# Write the class. The check looks for these names and shapes:
#
# | attribute | layers |
# |---|---|
# | `hidden` | linear, 784 to 400 |
# | `mu`, `logvar` | linear, 400 to `latents`, each |
# | `decoder` | `nn.Sequential`: linear, `latents` to 400; ReLU; linear, 400 to 784 |
#
# The model draws a new $z$ **whenever it is called**, in training and in evaluation: the ELBO is about a $z$ that was drawn. For a picture we do not
# want noise, so `reconstruct` decodes the mean.
#
# <details><summary>Hint 1</summary>encode flattens the images, applies the hidden layer and a ReLU, and then both layers to the same hidden numbers.</details>
# <details><summary>Hint 2</summary>.view(-1, 1, 28, 28) turns rows of 784 numbers into images. In forward, draw z as in section 2; your reparameterize may be used.</details>
# <details><summary>Hint 3</summary>decode gives logits. Only reconstruct needs a sigmoid.</details>


# %% exercise="vae"
class VAE(nn.Module):
    """784-400-latents-400-784, ReLU in the hidden layers."""

    def __init__(self, latents=20):
        super().__init__()
        ### BEGIN SOLUTION
        self.hidden = nn.Linear(784, 400)
        self.mu = nn.Linear(400, latents)
        self.logvar = nn.Linear(400, latents)
        self.decoder = nn.Sequential(nn.Linear(latents, 400), nn.ReLU(), nn.Linear(400, 784))
        ### END SOLUTION

    def encode(self, images):
        """images [batch, 1, 28, 28]. Returns mu and logvar, [batch, latents] each."""
        ### BEGIN SOLUTION
        h = F.relu(self.hidden(images.flatten(1)))
        return self.mu(h), self.logvar(h)
        ### END SOLUTION

    def decode(self, z):
        """z [batch, latents]. Returns logits [batch, 1, 28, 28]."""
        ### BEGIN SOLUTION
        return self.decoder(z).view(-1, 1, 28, 28)
        ### END SOLUTION

    def forward(self, images):
        """images [batch, 1, 28, 28]. Returns logits (of a new z at each call), mu, logvar."""
        ### BEGIN SOLUTION
        mu, logvar = self.encode(images)
        z = mu + torch.exp(logvar / 2) * torch.randn_like(mu)
        return self.decode(z), mu, logvar
        ### END SOLUTION

    def reconstruct(self, images):
        """images [batch, 1, 28, 28]. Returns images of the same shape in [0, 1], decoded from mu."""
        ### BEGIN SOLUTION
        mu, _ = self.encode(images)
        return torch.sigmoid(self.decode(mu))
        ### END SOLUTION


# %% check="vae" points=5
checks.vae(VAE)

# %% [markdown]
# ### Exercise 5.2 (5 points, about 15 minutes)
#
# Train a model on the negative ELBO with a Bernoulli decoder. Your function gets the model as an argument, so it does not depend on exercise 5.1. The
# model has the methods `encode` and `decode`, and `model(images)` returns `logits, mu, logvar`, as in 5.1. It may have other sizes. You choose the
# optimiser, the batch size and the number of steps. `training.fit` is allowed, and so is your own loop.
#
# The check passes a new model with 128 hidden units and 10 latents, and 1,000 grey images of the digits 0 and 1, which are new each time. Each image
# is turned and moved a little, gets some noise, and each pixel becomes a mixture of two pixels. So weights that were trained elsewhere do not help. Then
# the check measures the negative ELBO on 500 unseen images and prints a **score**:
#
# - 0 is the loss of the mean image;
# - 1 is the entropy of the pixels, which nothing can reach. (It is about 165 nats, more than section 4 printed: noise and mixing leave few pixels that
#   are nearly black or white.)
# - **0.45 is needed**. The course's own answer reaches 0.53 (0.52 to 0.55 over 9 draws), in one or two seconds.
#
# <details><summary>Hint 1</summary>One step: a batch, the model's three results, the two terms of the loss, zero_grad, backward, step.</details>
# <details><summary>Hint 2</summary>With training.fit: loss(output, batch) gets the tuple (logits, mu, logvar) as output. Add your two functions.</details>
# <details><summary>Hint 3</summary>The course's own answer takes 1,000 steps of Adam with a learning rate of 0.002 and batches of 25.</details>


# %% exercise="train_vae"
def train_vae(model, images):
    """Train a variational autoencoder with a Bernoulli decoder.

    model: a module with encode, decode, and model(images) -> logits, mu, logvar; images: [N, 1, 28, 28] in [0, 1].
    Returns the trained model.
    """
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(25):
        for batch in images[torch.randperm(len(images))].split(25):
            logits, mu, logvar = model(batch)
            bits = F.binary_cross_entropy_with_logits(logits, batch, reduction="sum")
            kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()
            loss = (bits + kl) / len(batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model
    ### END SOLUTION


# %% check="train_vae" points=5
checks.train_vae(train_vae)

# %%
# Your model at work, on 2,000 digits (after a restart, run your cells of this section first).
few = train.images[: budget(full=2_000, study=2_000, quick=100)]
mine = train_vae(VAE(), few)
for my_set, my_digits in (("training", few), ("test", test.images)):
    my_terms = variational.measure(mine, my_digits)
    print(
        f"{my_set:8}", ", ".join(f"{term} {value:.1f}" for term, value in my_terms.items()), "nats"
    )
with torch.no_grad():
    my_images = mine.reconstruct(ten.images)
plotting.show_pairs(ten.images, my_images, labels=("original", "your model"))

# %%
# The same with all images. The rest of the lab uses variational.DenseVAE, with the same methods, and
# variational.fit_elbo. The loss in the curve is the negative ELBO.
torch.manual_seed(0)
model = variational.DenseVAE()
live = plotting.LiveFigure(ten.images, ten.labels, output=lambda m, x: m(x)[0].sigmoid())
variational.fit_elbo(
    model,
    train.images,
    epochs=budget(full=30, study=10, quick=1),
    callbacks=(live,),
    progress=True,
)
for name, images in (("training", train.images), ("test", test.images)):
    found = variational.measure(model, images)
    print(f"{name:8}", ", ".join(f"{term} {value:.1f}" for term, value in found.items()), "nats")

# %% [markdown]
# The KL says how much each code tells about its image: so many nats. (Divide by $\log 2 = 0.69$ for bits.) Compare the reconstruction term with the
# floor of section 4.
#
# **Think.** For your model, which saw 2,000 digits, how far is the test value above the training value? And for the model that saw all images? What
# explains the difference?
#
# ## 6 · What the model can do
#
# This section uses two trained models that come with the course: one with 20 latents and one with 2, trained on the same 10,000 digits for 30 and 60
# epochs.
#
# ### Exercise 6.1 (2 points, about 5 minutes)
#
# Draw codes from the prior and decode them.
#
# <details><summary>Hint</summary>torch.randn has an argument generator. decode gives logits.</details>


# %% exercise="sample_images"
def sample_images(decode, n, latents, generator):
    """Draw new images.

    decode: a function, z [n, latents] -> logits [n, 1, H, W]; n: how many images; latents: the length of a code;
    generator: a torch.Generator, the only source of randomness.
    Returns images [n, 1, H, W] in [0, 1], decoded from codes that are drawn from N(0, 1).
    """
    ### BEGIN SOLUTION
    z = torch.randn(n, latents, generator=generator)
    return torch.sigmoid(decode(z))
    ### END SOLUTION


# %% check="sample_images" points=2
checks.sample_images(sample_images)

# %%
grey = trained("vae_grey", latents=20)
with torch.no_grad():
    sampled = sample_images(grey.decode, 20, 20, torch.Generator().manual_seed(0))
plotting.show_images(sampled, title="codes from N(0, 1), a VAE with 20 latents")

# %% [markdown]
# Count again: how many of the 20 can you name at once? Compare with your number from section 1. (The images are soft: each is the **mean** of the
# pixels, given $z$, not a draw of the pixels.)
#
# Twenty images are few, and readers differ. So a small classifier counts, as in lab 02: the share of images for which it gives one digit a
# probability above 0.9. "Halfway" means: decoded from the mean of the codes of two test images. **Predict**: is the share larger for the VAE, or for
# the plain autoencoder of section 1 with its fitted normal distribution? And halfway?

# %%
torch.manual_seed(0)
classifier = nn.Sequential(nn.Flatten(), MLP(784, [128, 10]))
training.fit(
    classifier,
    train.images,
    targets=train.labels,
    epochs=budget(full=5, study=5, quick=1),
    batch_size=64,
    loss=F.cross_entropy,
    progress=False,
)
plain, grey = train_plain(), trained("vae_grey", latents=20)
two = trained("vae_two", latents=2, hidden=200)
training.seed_everything(0)
partner = torch.randperm(len(test.images))
with torch.no_grad():
    codes, z, mu = plain[:2](train.images), plain[:2](test.images), grey.encode(test.images)[0]
    fitted = torch.distributions.MultivariateNormal(codes.mean(dim=0), codes.T.cov())
    kinds = {
        "test images": test.images,
        "VAE, 20 latents, from mu": variational.from_means(grey, test.images),
        "VAE, 20 latents, random codes": variational.from_prior(grey, 2_000),
        "plain, 20 codes, fitted normal": plain[2:](fitted.sample((2_000,))),
        "VAE, 2 latents, random codes": variational.from_prior(two, 2_000),
        "VAE, 20 latents, halfway": grey.decode((mu + mu[partner]) / 2).sigmoid(),
        "plain, 20 codes, halfway": plain[2:]((z + z[partner]) / 2),
    }
    for name, images in kinds.items():
        sure = (classifier(images).softmax(dim=1).amax(dim=1) > 0.9).float().mean()
        print(f"{name:31} sure of {sure:4.0%}")

# %% [markdown]
# An honest result: the classifier is sure of a little more than a quarter of the random images, of the VAE **and** of the plain autoencoder. A
# difference of a few points is noise: two other draws or trainings differ as much. Halfway between two codes both are level, too. And the classifier is not sure of every test image: so
# compare with the first row, not with 100 %. Reconstructions are as easy for it as the images themselves, since they are blurred towards typical digits.
#
# What the VAE gains is that nothing had to be fitted: its prior was fixed before the training. What it does not reach: the KL pulls each posterior
# to the prior, but nothing makes their **average** over all images equal to it, and in 20 dimensions there is much room between them. With 2 latents
# there is less room, and the share is larger, but the images are blurred. Section 7 changes the weight of the KL, and measures how much the code
# tells and how good the reconstructions are.
#
# ### Reconstructions, and PCA
#
# PCA with 20 components has the smallest squared error of all **linear** methods with 20 numbers for each image. The VAE was not trained for the squared
# error, its codes get noise, and the KL pulls at them. **Predict**: is its squared error from $\mu$ smaller or larger than PCA's? And from a drawn $z$?

# %%
from sklearn.decomposition import PCA

grey = trained("vae_grey", latents=20)
pca = PCA(20, random_state=0).fit(train.images.flatten(1).numpy())


def by_pca(images):
    """Reconstructions from 20 components."""
    rebuilt = pca.inverse_transform(pca.transform(images.flatten(1).numpy()))
    return torch.from_numpy(rebuilt).float().view(-1, 1, 28, 28)


torch.manual_seed(0)
with torch.no_grad():
    ways = {
        "from mu": variational.from_means(grey, test.images),
        "from a drawn z": grey(test.images)[0].sigmoid(),
        "PCA, 20": by_pca(test.images),
    }
    from_drawn = grey(ten.images)[0].sigmoid()
for name, drawn in ways.items():
    error = (drawn - test.images).square().mean()
    print(f"{name:15} squared error {error:.4f} per pixel on all test images")
plotting.show_pairs(
    ten.images,
    variational.from_means(grey, ten.images),
    from_drawn,
    by_pca(ten.images).clip(0, 1),
    labels=("original", *ways),
)

# %% [markdown]
# From $\mu$, the error of the VAE is less than half of PCA's, and the strokes are clean where PCA leaves grey shadows: a decoder that is not linear is
# worth more here than the noise and the KL cost. The noise costs something: the error from a drawn $z$ is larger than that from $\mu$. (Do not compare with
# the error of the plain network in section 1. It was trained for 5 epochs, this model for 30.)
#
# ## 7 · What the weights decide
#
# How many of the 20 latents does a model use? The posterior of an unused latent equals the prior for every image: its mean $\mu$ does not change from image
# to image. Burda, Grosse and Salakhutdinov (2016) call a latent **active** if the variance of its mean over the images is above 0.01.
# (This is not the variance of the posterior, and not that of the decoder.)
#
# ### Exercise 7.1 (2 points, about 4 minutes)
#
# <details><summary>Hint</summary>The variance over the images is taken down each column.</details>


# %% exercise="active_latents"
def active_latents(mu, above=0.01):
    """Mark the latents whose mean changes from image to image.

    mu: float tensor [N, latents], the means of N images (at least 100 or so);
    above: a latent is active if the variance of its mean over the images is larger than this.
    Returns a tensor of booleans [latents].
    """
    ### BEGIN SOLUTION
    return mu.var(dim=0, correction=0) > above
    ### END SOLUTION


# %% check="active_latents" points=2
checks.active_latents(active_latents)

# %% [markdown]
# ### The variance of a Gaussian decoder
#
# Look at the Gaussian loss of section 4 again: its variance $s^2$ is a number that you fix. With any decoder, you may also multiply the KL by a number
# $\beta$ (Higgins et al. 2017). Below are three models with a Gaussian decoder ($s^2$ = 1, 1/2, 1/20) and three with a Bernoulli decoder
# ($\beta$ = 4, 1, 1/2). **Predict** for each decoder: which of its three models has the largest KL, and which has the best reconstruction? Which of the
# six are better than PCA with 20 components? (They are trained for 5 epochs, the model of section 6 for 30. The cell takes about half a minute.)

# %%
from functools import partial

from sklearn.decomposition import PCA

kls = {}


def run(seed, name, beta=1.0, variance=None):
    """Train for a few epochs; store the KL of each latent."""
    torch.manual_seed(seed)
    model = variational.DenseVAE()
    epochs = budget(full=30, study=5, quick=1)
    variational.fit_elbo(
        model, train.images, epochs=epochs, beta=beta, variance=variance, seed=seed
    )
    kls[name] = variational.kl_of_latents(model, test.images)
    error = (variational.from_means(model, test.images) - test.images).square().mean()
    return {
        "KL": kls[name].sum(),
        "active": variational.active(variational.means(model, test.images)),
        "above 0.1 nats": int((kls[name] > 0.1).sum()),
        "error from mu": error,
    }


settings = {
    "Gaussian, variance 1": {"variance": 1.0},
    "Gaussian, variance 1/2": {"variance": 0.5},
    "Gaussian, variance 1/20": {"variance": 0.05},
    "Bernoulli, beta 4": {"beta": 4.0},
    "Bernoulli, beta 1": {},
    "Bernoulli, beta 1/2": {"beta": 0.5},
}
table = sweep({name: partial(run, name=name, **setting) for name, setting in settings.items()})
shown = table.drop(columns=["seed", "seconds"]).round({"KL": 1, "error from mu": 4})
print(shown.to_string(index=False))
pca = PCA(20, random_state=0).fit(train.images.flatten(1).numpy())
rebuilt = pca.inverse_transform(pca.transform(test.images.flatten(1).numpy()))
pca_error = ((rebuilt - test.images.flatten(1).numpy()) ** 2).mean()
print(f"PCA with 20 components: error {pca_error:.4f}")
plotting.show_latents(kls, title="what each latent says, after a few epochs")

# %% [markdown]
# $s^2$ divides the squared error: a **small** variance makes the reconstruction term large and the KL unimportant. A large variance does the opposite,
# and so does a large $\beta$. "Squared error, summed, plus KL", the loss of many tutorials, means $s^2 = \frac 1 2$, whether its author knows it or not: the
# loss divides the error by $2 s^2$, which is 1. The mean over the 784 pixels means $2 s^2 = 784$, so $s^2 = 392$.
#
# The KL and the error go in opposite directions. Where the KL has a large weight (variance 1, variance 1/2, $\beta = 4$), the code keeps fewer nats, and the
# error from $\mu$ is above that of PCA with 20 components. Variance 1/2 is the loss of many tutorials. Where the KL has a small weight, the code keeps
# more nats and the pictures are sharper. Section 4 showed where that ends: see the mean over the latents, $\beta = 1/20$.
#
# The number of active latents hides all this: the limit of 0.01 in exercise 7.1 is easily exceeded. The figure, with the KL of each latent on a
# logarithmic axis, shows more. These are short runs with one seed. (Section 11 shows latents that are switched off by accident.)
#
# ## 8 · A tighter bound
#
# The ELBO is below $\log p(x)$. By how much, we do not know. But there is a tighter bound: Burda, Grosse and Salakhutdinov (2016) draw $K$ codes for
# each image, $z_1, \dots, z_K$ from $q(z \mid x)$, and average the *weights* before they take the logarithm:
#
# $$ \mathcal L_K = \mathbb E \left[ \log \frac 1 K \sum_{k=1}^{K} w_k \right], \qquad \log w_k = \log p(x \mid z_k) + \log p(z_k) - \log q(z_k \mid x) . $$
#
# The first term is the decoder's (section 4, with the sign reversed), the second the prior's, the third the encoder's. The mean of $\log w$ is the
# ELBO, so $\mathcal L_1$ is the ELBO. $\mathcal L_K$ never falls when $K$ grows, and it approaches $\log p(x)$. So it compares models more fairly, and
# costs only a few more draws.
#
# The code works with $\log w_k$, which is around -100 here: an image of 784 pixels has a tiny probability. In float32, $e^{-104}$ is 0, and
# $\log 0 = -\infty$.
#
# ### Exercise 8.1 (3 points, about 10 minutes)
#
# Write the bound for log weights of any size. `torch.logsumexp` is allowed; subtracting the largest number of a row, as in lab 02's softmax, works too.
#
# <details><summary>Hint 1</summary>The logarithm of a mean of exponentials is logsumexp minus a number. Which? Test: if all K weights are equal, the bound is that log weight.</details>
# <details><summary>Hint 2</summary>Each image (row) has its own bound. The mean over the images comes last.</details>


# %% exercise="importance_bound"
def importance_bound(log_w):
    """The importance-weighted bound, averaged over the images.

    log_w: float tensor [N, K], the logarithms of K weights for each of N images, any numbers.
    Returns a tensor with one number: the mean over the images of log(1/K * the sum of the K weights).
    """
    ### BEGIN SOLUTION
    each = torch.logsumexp(log_w, dim=1) - torch.log(torch.tensor(float(log_w.shape[1])))
    return each.mean()
    ### END SOLUTION


# %% check="importance_bound" points=3
checks.importance_bound(importance_bound)

# %% [markdown]
# The pixels must be black or white here, or $p(x \mid z)$ is no probability (section 4). We draw each pixel once, white with its grey value as
# probability. The model was trained on such images; it comes with the course (20 latents, 200 hidden units, 10,000 digits). **Predict**: by how many
# nats do 50 draws improve the bound? Is the step from 5 to 50 larger than the step from 1 to 5?

# %%
binary = trained("vae_binary", latents=20, hidden=200)
n = budget(full=2_000, study=500, quick=20)
drawn = torch.bernoulli(test.images[:n], generator=torch.Generator().manual_seed(0))
log_w = variational.log_weights(binary, drawn, 50, seed=0)
print(f"log weights between {log_w.min():.0f} and {log_w.max():.0f}")
for k in (1, 5, 50):
    print(
        f"K = {k:2d}: -log p(x) is at most {-importance_bound(log_w[:, :k]).item():.1f} nats on average"
    )

# %% [markdown]
# The step from 1 to 5 draws is larger than the step from 5 to 50. The ELBO is too low by **at least** the difference of the first and the last line; how
# much is still missing at $K = 50$, the table does not say. A number with $K = 50$ must not be compared with an ELBO from a paper: write $K$ beside each number.
#
# ## 9 · Are the codes better than the pixels?
#
# The means are 20 numbers for each image. Do they group the digits better than 784 pixels? We use k-means with ten clusters, which never sees the labels.
# Then each cluster gets one digit, in the best of all ways, and we count the images with the right digit. Five models with five seeds, and five seeds
# of k-means on pixels. (The cell takes about half a minute.) **Predict**: will the worst model be better than the best run on pixels?

# %%
from functools import partial


def run(seed, kind):
    """k-means on the test images: their pixels, or the means of a model that is trained with this seed."""
    features = test.images
    if kind == "means":
        torch.manual_seed(seed)
        model = variational.DenseVAE()
        epochs = budget(full=30, study=4, quick=1)
        variational.fit_elbo(model, train.images, epochs=epochs, seed=seed)
        features = variational.means(model, test.images)
    scores = metrics.cluster_scores(features, test.labels, seed=seed)
    return {"accuracy": scores["accuracy"]}


settings = {kind: partial(run, kind=kind) for kind in ("pixels", "means")}
table = sweep(settings, seeds=range(budget(full=5, study=5, quick=1)))
print(summarise(table, "accuracy").drop(columns="dead").round(3).to_string())
plotting.show_sweep(table, "accuracy")

# %% [markdown]
# ### Exercise 9.1, in words (2 points, about 9 minutes)
#
# A friend trains one VAE and writes: "k-means on pixels finds 54 % of the digits, on the means of my VAE 63 %. Variational autoencoders improve
# clustering by 9 points." Use the table above: what became of your prediction? Both numbers may be right. What is wrong with the conclusion? What
# else does the comparison leave open? What would you measure, and how would you write the result? Three or four sentences.


# %% [markdown] written="clusters" points=2
# ### BEGIN SOLUTION
# The ranges of the table overlap: the worst model is below the best run on pixels. One training run with one seed says nothing about variational autoencoders in general: the accuracies of the five models above differ by several
# points, and a single run may be the best or the worst of them. k-means itself depends on its start. I would train at least five models with seeds
# that are fixed beforehand, run k-means on pixels with as many seeds, and report all runs, or mean and range, for both, with the number of images.
# And I would name what was measured: ten clusters, labels used only to assign them, one data set, one architecture. A plain autoencoder or PCA belongs
# beside it: perhaps the small number of features helps, not the VAE.
# ### BEGIN MARK SCHEME
# One point: one seed is not enough, with reference to the spread between the runs in the table. Half a point for the remedy: several seeds fixed
# beforehand, all runs or mean and range reported. Half a point for one more honest limit: k-means' own start; one data set and architecture; no
# comparison with PCA or a plain autoencoder; labels used for the assignment; the test set's size. No points for "train longer".
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ## What to remember
#
# - A VAE is an autoencoder with two changes: the code is drawn, and it is pulled towards a distribution that one can draw from.
# - $z = \mu + \sigma \varepsilon$ lets gradients pass. The network gives the logarithm of the variance.
# - Sum over pixels, sum over latents, mean over images. A mean in one of the terms is a $\beta$ that nobody chose.
# - The variance of the decoder and $\beta$ decide how many nats a code keeps. Look at the KL of each latent.
# - Bounds are about drawn codes, pictures about means. $K$ belongs beside each number, and so do the seeds.
#
# The graded part ends here. The following sections are for running, looking and trying out.

# %% [markdown]
# ## 10 · Going further: pictures of the codes
#
# ### Between two digits, and along one latent
#
# The first picture goes from one digit to another in a straight line between their codes, row by row. In the second, each row changes **one** latent
# from -3 to 3; the others stay at $\mu$ of one 7. This 7, decoded from $\mu$, is the first column. The eight latents with the largest KL are shown.

# %%
grey = trained("vae_grey", latents=20)
with torch.no_grad():
    mu, _ = grey.encode(ten.images)
    steps = torch.linspace(0, 1, 10)[:, None]
    pairs = ((4, 9), (1, 7), (3, 8), (0, 6))
    place = {int(label): i for i, label in enumerate(ten.labels)}
    between = torch.cat([(1 - steps) * mu[place[a]] + steps * mu[place[b]] for a, b in pairs])
    plotting.show_images(
        grey.decode(between).sigmoid(),
        labels=[f"{a} to {b}" for a, b in pairs],
        title="straight lines between two codes",
    )
    order = variational.kl_of_latents(grey, test.images).argsort(descending=True)[:8]
    values = torch.linspace(-3, 3, 9)
    along = mu[place[7]].repeat(80, 1)
    for row, latent in enumerate(order):
        along[10 * row + 1 : 10 * row + 10, latent] = values
plotting.show_images(
    grey.decode(along).detach().sigmoid(),
    labels=[f"latent {latent}" for latent in order],
    columns=["mu", *(f"{value:g}" for value in values)],
    title="one latent from -3 to 3, the others at mu of a 7",
)

# %% [markdown]
# **Think.** Can you give each row a name, such as "slant"? Nothing in the loss asks for latents that people can name.
#
# ### Two latents: the whole map
#
# With two latents we can see everything that the decoder knows. Here is a grid of codes, from -3 to 3 in both directions, and the means of the test
# images. (Some means lie outside of this grid.)

# %%
two = trained("vae_two", latents=2, hidden=200)
plotting.show_latent_grid(
    lambda z: two.decode(z).sigmoid(), n=16, reach=3.0, title="decoded from a grid of codes"
)
plotting.show_codes(
    variational.means(two, test.images),
    test.labels,
    title="means of the test images",
    xlabel="$z_1$",
    ylabel="$z_2$",
)

# %% [markdown]
# Move the two sliders: the image is decoded from the code that they show. (They work while the kernel runs. The grid above shows the same without
# them.) Find a path from a 7 to a 9 to a 4, and the places where the image has no name.

# %%
plotting.explore_latents(lambda z: two.decode(z).sigmoid(), latents=2)

# %% [markdown]
# ### Pixels and codes in the plane
#
# t-SNE draws samples with many numbers as points in the plane. It keeps neighbours together; distances between groups mean nothing. **Predict**: for
# how many of 1,000 images does the nearest point belong to the same digit, with pixels and with the 20 means?

# %%
grey = trained("vae_grey", latents=20)
n = budget(full=1_000, study=1_000, quick=120)
some, labels = test.images[:n], test.labels[:n]
maps = {
    "pixels": embedding.tsne_2d(some),
    "means": embedding.tsne_2d(variational.means(grey, some)),
}
for name, points in maps.items():
    points = torch.as_tensor(points)
    distances = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    nearest = distances.fill_diagonal_(torch.inf).argmin(dim=1)
    print(
        f"{name}: the nearest point has the same digit for {(labels[nearest] == labels).double().mean():.0%}"
    )
plotting.show_embeddings(maps, labels)

# %% [markdown]
# ## 11 · Going further: posterior collapse by accident, and a remedy
#
# A latent can be switched off by accident. At the start of training, the decoder makes no use of $z$ yet, so the KL is the only term that a
# latent feels, and it pulls the latent to the prior. If it arrives there before the decoder has found a use for it, it stays. A large learning rate
# makes this likely.
#
# The remedy is a **warm-up** (Bowman et al. 2016): $\beta$ grows from 0 to 1 during the first part of the training. **Predict**: does it change the
# final loss, or only the number of active latents? Both settings below train with a learning rate of 0.01, ten times that of the other sections; the
# loss at the end is the same for both, the negative ELBO with $\beta = 1$.

# %%
from functools import partial


def run(seed, beta):
    """Train with a learning rate of 0.01."""
    torch.manual_seed(seed)
    model = variational.DenseVAE()
    epochs = budget(full=30, study=5, quick=1)
    variational.fit_elbo(
        model, train.images, epochs=epochs, beta=beta, learning_rate=1e-2, seed=seed
    )
    mu = variational.means(model, test.images)
    return variational.measure(model, test.images) | {"active": variational.active(mu)}


settings = {
    "no warm-up": partial(run, beta=1.0),
    "warm-up": partial(run, beta=lambda done: min(1.0, 2 * done)),
}
table = sweep(settings, seeds=range(budget(full=5, study=2, quick=1)))
columns = ["setting", "seed", "negative ELBO", "KL", "active"]
print(table[columns].round(1).to_string(index=False))

# %% [markdown]
# With warm-up, more latents survive, and the negative ELBO is smaller in each run. Warm-up helps against an **accident** of the start. It cannot help
# where the loss itself is smallest without the latents, as with the mean over the pixels in section 4.
#
# **Think.** Is a latent that is switched off always a failure? What does it tell about the number of latents that you chose? (After 30 epochs on all of
# MNIST, latents that are not needed are switched off completely: `docs/results.md` in the course's repository.)
#
# ## 12 · Going further: a convolutional VAE
#
# Nothing in the ELBO asks for dense layers. Here the encoder has two convolutions (16 and 32 filters of 4 × 4, stride 2) and the decoder mirrors
# them. The latents and the loss stay the same. **Predict**: with a sixth of the weights, is the negative ELBO better or worse after the same
# number of epochs?

# %%
from functools import partial


def run(seed, kind):
    """Train a model of this class for a few epochs."""
    torch.manual_seed(seed)
    model = kind(20)
    epochs = budget(full=30, study=3, quick=1)
    history = variational.fit_elbo(model, train.images, epochs=epochs, seed=seed)
    found = variational.measure(model, test.images)
    samples[kind] = variational.from_prior(model, 10, seed=1)
    return found | {"weights": training.count_parameters(model), "seconds": sum(history.seconds)}


samples = {}
settings = {"dense": variational.DenseVAE, "convolutional": variational.ConvVAE}
table = sweep({name: partial(run, kind=kind) for name, kind in settings.items()})
print(table.drop(columns=["seed", "reconstruction"]).round(1).to_string(index=False))
plotting.show_images(
    torch.cat(list(samples.values())), labels=list(settings), title="images from random codes"
)

# %% [markdown]
# The convolutional model has the smaller loss here. But its random images are worse than those of the dense model, and on a CPU its training takes
# about twice as long (last column). The ELBO is not a measure of image quality, and one seed and three epochs say which model learns faster **here**, not which is better. The numbers after 30 epochs on all of MNIST, with
# five seeds each, are in `docs/results.md` in the course's repository.

# %% [markdown]
# ## 13 · Going further: choose the digit
#
# In a *conditional* VAE, encoder and decoder get the label as well. The code no longer has to say **which** digit it is, so it can say **how** it is
# written. Below, the first row shows ten test images. Each column is the code (the mean) of its first image, decoded with all ten labels. **Predict**:
# will each column keep its style, such as slant and thickness, for every digit?

# %%
torch.manual_seed(0)
labelled = variational.LabelledVAE(latents=4)
optimizer = training.adam(2e-3)(labelled.parameters())
for _ in range(budget(full=30, study=8, quick=1)):
    for x, y in data.batches(train.images, train.labels, size=64):
        loss = sum(variational.losses(labelled(x, y), x))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
with torch.no_grad():
    z, _ = labelled.encode(test.images[:10], test.labels[:10])
    drawn = labelled.decode(z.repeat(10, 1), torch.arange(10).repeat_interleave(10)).sigmoid()
plotting.show_images(
    torch.cat([test.images[:10], drawn]),
    labels=["test images", *(f"label {label}" for label in range(10))],
    title="ten test images; below, their codes with the labels 0 to 9",
)

# %% [markdown]
# In most columns slant and thickness follow the test image above. Not everywhere: some images are no digit of their label. Look for the rows and the
# columns that hold most of them. **Think.** Which codes are these? Has any 1 of the training images such a code?

# %% [markdown]
# ## 14 · Going further: clothes
#
# The negative ELBO is small for images like those of the training set. Is it large for images that are no digits? **Predict** for the clothes of
# Fashion-MNIST, for black images, and for the mean of two digits.

# %%
grey = trained("vae_grey", latents=20)
clothes = data.load_fashion_mnist("test", source="sample").images
n = min(len(clothes), len(test.images) // 2)
kinds = {
    "test digits": test.images[:n],
    "clothes": clothes[:n],
    "black images": torch.zeros(n, 1, 28, 28),
    "the mean of two digits": (test.images[:n] + test.images[n : 2 * n]) / 2,
}
for name, images in kinds.items():
    found = variational.measure(grey, images)
    floor = (-torch.xlogy(images, images) - torch.xlogy(1 - images, 1 - images)).sum() / n + 0.0
    print(
        f"{name:23} negative ELBO {found['negative ELBO']:6.1f}, entropy of the pixels {floor:6.1f}"
    )
plotting.show_pairs(
    clothes[:10], variational.from_means(grey, clothes[:10]), labels=("clothes", "from mu")
)

# %% [markdown]
# The clothes are far above the digits. Black images are **below** them: a simple image has a small loss, whether it is a digit or not. The mean of two
# digits is above the digits, but most of this difference is the entropy of its pixels, which says nothing about the model. A bound on $\log p(x)$ is not a test for "is it a digit?".
