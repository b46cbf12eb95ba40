# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 00_template: a lab to start from
#
# Three exercises that are unlike each other show the parts of a lab. Replace them by your own, one at a time: the cells here, the check in
# `course_utils/checks/template/`, the exam in `autograder_tests/exams/00_template.py` and the wrong answers in
# `autograder_tests/corpora/00_template/`. Then `course build 00_template`.
#
# | exercise | you write | points | minutes |
# |---|---|---|---|
# | 1.1 | `standardise(X)` | 2 | 5 |
# | 2.1 | `GaussianSampler` | 3 | 8 |
# | 3.1 | `train_linear_autoencoder(images, width)` | 4 | 10 |
# | 4.1 | an answer in words | 1 | 3 |

# %% tags=["install"]
# Here the build puts the cell that installs course_utils where it is missing (course_admin/authoring/install_cell.py).

# %% tags=["setup"]
import torch
from torch import nn

from course_utils import training
from course_utils.checks import template as checks

training.seed_everything(0)

# %% [markdown]
# ## 1 · A pure function
#
# Columns measured in different units cannot be compared. Take from each its mean, and divide by its standard deviation:
#
# $$ Z_{ij} = \frac{X_{ij} - \bar X_j}{s_j}, \qquad s_j^2 = \frac 1 n \sum_i (X_{ij} - \bar X_j)^2 . $$
#
# ### Exercise 1.1 (2 points, about 5 minutes)
#
# <details><summary>Hint</summary>A column whose entries are all the same has s = 0. What should come out, and what does 0/0 give?</details>


# %% exercise="standardise"
def standardise(X):
    """Centre and scale each column of X.

    X: float tensor [n, P].
    Returns a new tensor [n, P]: every column with mean 0 and standard deviation 1 (dividing by n), constant columns as zeros.
    """
    ### BEGIN SOLUTION
    centred = X - X.mean(dim=0)
    spread = centred.square().mean(dim=0).sqrt()
    return centred / torch.where(spread > 0, spread, 1.0)
    ### END SOLUTION


# %% check="standardise" points=2
checks.standardise(standardise)

# %% [markdown]
# ## 2 · Randomness that can be differentiated
#
# ### Exercise 2.1 (3 points, about 8 minutes)
#
# Write the forward pass of `GaussianSampler`: it draws $z \sim \mathcal N(\mu, \sigma^2)$, where `logvar` is $\log\sigma^2$, so that gradients reach both.


# %% exercise="sampler"
class GaussianSampler(nn.Module):
    """Draws z ~ N(mu, exp(logvar))."""

    def forward(self, mu, logvar):
        """mu, logvar: float tensors of one shape. Returns a tensor of that shape, different at every call."""
        ### BEGIN SOLUTION
        noise = torch.randn_like(mu)
        return mu + torch.exp(0.5 * logvar) * noise
        ### END SOLUTION


# %% check="sampler" points=3
checks.sampler(GaussianSampler)

# %% [markdown]
# ## 3 · A training loop
#
# `LinearAutoencoder` is given.
#
# ### Exercise 3.1 (4 points, about 10 minutes)
#
# Train a `LinearAutoencoder` on the images that come in, with Adam at a learning rate of 0.02, 300 steps on all the images at once, on the mean squared
# error per pixel.


# %%
class LinearAutoencoder(nn.Module):
    """P pixels -> width numbers -> P pixels, without a bend."""

    def __init__(self, pixels, width):
        super().__init__()
        self.encoder = nn.Linear(pixels, width)
        self.decoder = nn.Linear(width, pixels)

    def forward(self, images):
        return self.decoder(self.encoder(images))


# %% exercise="linear_autoencoder"
def train_linear_autoencoder(images, width):
    """Train a LinearAutoencoder of this width on images [N, P] and return it."""
    model = LinearAutoencoder(images.shape[1], width)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    ### BEGIN SOLUTION
    for _ in range(300):
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model
    ### END SOLUTION


# %% check="linear_autoencoder" points=4
checks.linear_autoencoder(train_linear_autoencoder)

# %% [markdown]
# ## 4 · In words
#
# ### Exercise 4.1, in words (1 point, about 3 minutes)
#
# A linear autoencoder can do no better than PCA of the same width. What does it need to do better, and why is a wider code not the answer?

# %% [markdown] written="linear" points=1
# ### BEGIN SOLUTION
# Between its layers it needs a bend (a nonlinearity): compositions of linear maps are linear, and among those PCA is the best. A wider code
# only lets more of the same plane through.
# ### BEGIN MARK SCHEME
# 1 point: names the missing nonlinearity, and says that a wider code is not one.
# ### END MARK SCHEME
# ### END SOLUTION
