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
# `course_utils/checks/template.py`, the exam in `autograder_tests/exams/00_template.py` and the wrong answers in
# `autograder_tests/corpora/00_template/`. Then `course build 00_template`.
#
# | exercise | points | minutes |
# |---|---|---|
# | 1 · `standardise(X)` | 2 | 5 |
# | 2 · `GaussianSampler` | 3 | 8 |
# | 3 · `train_linear_autoencoder(images, width)` | 4 | 10 |
# | 4 · in words | 1 | 3 |

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
# <details><summary>Hint</summary>A column whose entries are all the same has s = 0. What should come out, and what does 0/0 give?</details>


# %% nbgrader={"grade": false, "grade_id": "standardise", "locked": false, "schema_version": 3, "solution": true, "task": false}
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


# %% nbgrader={"grade": true, "grade_id": "check-standardise", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
checks.standardise(standardise)
### BEGIN HIDDEN TESTS
from course_admin.grading.exams import grade

grade("00_template", "standardise", standardise)
### END HIDDEN TESTS

# %% [markdown]
# ## 2 · Randomness that can be differentiated
#
# Write the forward pass of `GaussianSampler`: it draws $z \sim \mathcal N(\mu, \sigma^2)$, where `logvar` is $\log\sigma^2$, so that gradients reach both.


# %% nbgrader={"grade": false, "grade_id": "sampler", "locked": false, "schema_version": 3, "solution": true, "task": false}
class GaussianSampler(nn.Module):
    """Draws z ~ N(mu, exp(logvar))."""

    def forward(self, mu, logvar):
        """mu, logvar: float tensors of one shape. Returns a tensor of that shape, different at every call."""
        ### BEGIN SOLUTION
        noise = torch.randn_like(mu)
        return mu + torch.exp(0.5 * logvar) * noise
        ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "check-sampler", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
checks.sampler(GaussianSampler)
### BEGIN HIDDEN TESTS
from course_admin.grading.exams import grade

grade("00_template", "sampler", GaussianSampler)
### END HIDDEN TESTS

# %% [markdown]
# ## 3 · A training loop
#
# `LinearAutoencoder` is given. Train it on the images that come in, with Adam at a learning rate of 0.02, 300 steps on all the images at once, on the mean squared
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


# %% nbgrader={"grade": false, "grade_id": "linear_autoencoder", "locked": false, "schema_version": 3, "solution": true, "task": false}
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


# %% nbgrader={"grade": true, "grade_id": "check-linear_autoencoder", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false} tags=["raises-exception"]
checks.linear_autoencoder(train_linear_autoencoder)
### BEGIN HIDDEN TESTS
from course_admin.grading.exams import grade

grade("00_template", "linear_autoencoder", train_linear_autoencoder)
### END HIDDEN TESTS

# %% [markdown]
# ## 4 · In words
#
# A linear autoencoder can do no better than PCA of the same width. What does it need to do better, and why is a wider code not the answer?

# %% [markdown] nbgrader={"grade": true, "grade_id": "written-linear", "locked": false, "points": 1, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# Between its layers it needs a bend (a nonlinearity): compositions of linear maps are linear, and among those PCA is the best. A wider code
# only lets more of the same plane through.
# ### BEGIN MARK SCHEME
# 1 point: names the missing nonlinearity, and says that a wider code is not one.
# ### END MARK SCHEME
# ### END SOLUTION
