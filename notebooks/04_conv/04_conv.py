# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lab 04 · Convolutional autoencoders
#
# **You will** build an autoencoder from convolutions: an encoder, and different decoders. You repeat a published set-up several times. Then you
# compare the decoders, ask what each of them is given, and compare convolutions with dense layers and PCA.
#
# **Before you start**: lab 01 (autoencoders, `fit`), lab 02 (dead codes), what a convolution is. Sections 1 to 7 take about 115 minutes; the
# computer needs about two of them. Sections 8 and 9 are *Going further*. Run the cells from the top. After the set-up cell, every numbered section
# also runs on its own. The only exception is the last cell of section 3, which uses your classes of sections 2 and 3.
#
# | exercise | you write | points | minutes |
# |---|---|---|---|
# | 1.1 | `conv_output_size`, `conv_transpose_output_size` | 3 | 10 |
# | 1.2 | `conv_parameters`, `dense_parameters` | 2 | 6 |
# | 2.1 | `ConvEncoder` | 4 | 12 |
# | 3.1 | `TransposedDecoder` | 4 | 10 |
# | 4.1 | `unpool(code, indices, size)` | 4 | 12 |
# | 5.1 | `numbers_that_pass(size, channels)` | 3 | 10 |
# | 5.2 | an answer in words | 2 | 6 |
# | 6.1 | `UpsampleDecoder` | 3 | 8 |
# | 7.1 | `train_conv(model, images)` | 4 | 12 |
#
# How an exercise works: complete the cell, run it, then run the check below it. A check calls your code with new inputs each time. It shows what is
# right (✓), what is wrong (✗), or that the cell is not complete yet (·). In the classes, you choose the names of the attributes.
# One rule for all exercises: a function must not change the tensors that it is given. The only exception is training, which changes its model.

# %% tags=["install"]
# Here the build puts the cell that installs course_utils where it is missing (course_admin/authoring/install_cell.py).

# %% tags=["setup"]
# Set-up: run this cell first. Run it again after every restart of the kernel.
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.ops import MLP

from course_utils import data, plotting, training
from course_utils.checks import conv as checks
from course_utils.networks import ConvNet
from course_utils.training import budget

training.seed_everything(0)

device = training.best_device()
source = budget(full="auto", study="sample", quick="sample")
train = data.load_mnist(
    "train", device=device, source=source, limit=budget(full=None, study=None, quick=128)
).images
test = data.load_mnist(
    "test", device=device, source=source, limit=budget(full=None, study=None, quick=64)
).images
ten = data.load_ten_digits(device=device).images
print(f"{len(train):,} training images, {len(test):,} test images, on {device}")


def error(model, images):
    """The mean squared error per pixel of a network that returns logits."""
    return training.evaluate(model, images, loss=lambda u, x: F.mse_loss(u.sigmoid(), x))


def trained(make, epochs=5, seed=0, loss=F.binary_cross_entropy_with_logits, **more):
    """Make a network and train it: batches of 64, Adam, a learning rate that rises to 0.004 and falls again."""
    torch.manual_seed(seed)
    model = make().to(device)
    training.fit(
        model,
        train,
        epochs=budget(full=epochs, study=epochs, quick=1),
        batch_size=budget(full=256, study=64, quick=64),
        loss=loss,
        optimizer=training.adam(4e-3),
        schedule=training.one_cycle(4e-3),
        seed=seed,
        progress=False,
        **more,
    )
    return model


# %% [markdown]
# ## 1 · Neighbours
#
# Lab 01 turned an image into 784 numbers in a row. A dense layer does not know which of these numbers are neighbours: if you shuffle the pixels of all
# images in the same way, the network learns just as well. But in an image, neighbours matter: strokes and corners consist of neighbouring pixels, and
# they look the same in every part of the image.
#
# A **convolution** uses both facts: that neighbours belong together, and that they look the same everywhere. Its weights are a small square, the *kernel*.
# The kernel is moved over the image. At each position, the layer multiplies the pixels under the kernel by the weights, adds the products and a bias, and
# writes the sum into a *map*. So each number in a map depends on a few neighbouring pixels, and the weights are the same at every position. A layer has
# several *filters*, and each filter makes one map. For one image a filter is one kernel and a bias. For several input maps it has one kernel for each of them.
#
# How large is a map? Let the image have $n$ rows. *Padding* adds $p$ rows of zeros on **each** side. The kernel has $k$ rows and moves by $s$ rows at a
# time (the *stride*). The new size is the number of positions at which the kernel fits.
#
# A **transposed convolution** goes the other way, from small to large. For each pixel of its input, it adds the kernel times this pixel to the output. The
# next pixel does the same, $s$ rows further. At the end, $p$ rows are removed on each side. With a stride of 2, two different sizes become the same size
# in a convolution (7 and 8 both become 4 with $k = 3$, $p = 1$), so the way back has to choose: *output padding* adds
# so many rows **once**, at the lower end, and not on each side.
#
# ### Exercise 1.1 (3 points, about 10 minutes)
#
# Work out both sizes on paper for $n = 5$, $k = 3$, $s = 2$, $p = 0$ and output padding 0: they are 2 and 11. Then write both functions. They return whole numbers (`int`).
#
# <details><summary>Hint 1</summary>Count positions: the kernel starts in row 0. How many rows are left for moving it? Into how many whole steps of s rows do they divide?</details>
# <details><summary>Hint 2</summary>Transposed: the first pixel writes k rows. Each of the other n - 1 pixels starts s rows later.</details>


# %% exercise="output_sizes"
def conv_output_size(size, kernel, stride, padding):
    """The number of rows after a convolution: whole numbers in, a whole number out."""
    ### BEGIN SOLUTION
    return (size + 2 * padding - kernel) // stride + 1
    ### END SOLUTION


def conv_transpose_output_size(size, kernel, stride, padding, output_padding):
    """The number of rows after a transposed convolution: whole numbers in, a whole number out."""
    ### BEGIN SOLUTION
    return (size - 1) * stride + kernel - 2 * padding + output_padding
    ### END SOLUTION


# %% check="output_sizes" points=3
checks.output_sizes(conv_output_size, conv_transpose_output_size)

# %%
# Pooling (section 2) keeps one number of each window of 2 x 2, stride 2, no padding. Three times, from 28 rows:
down = [28]
for _ in range(3):
    down.append(conv_output_size(down[-1], kernel=2, stride=2, padding=0))
print(*down, sep=" -> ")
# And the transposed convolutions of section 3:
up = [3]
for k, p in ((3, 0), (4, 1), (4, 1)):
    up.append(conv_transpose_output_size(up[-1], k, stride=2, padding=p, output_padding=0))
print(*up, sep=" -> ")

# %% [markdown]
# Mind the 7. Seven rows are three windows and one row that belongs to no window: pooling ignores this row. On the way back, $2 \cdot 3 = 6$ is not 7.
# Every decoder in this lab needs an answer to this.
#
# ### Exercise 1.2 (2 points, about 6 minutes)
#
# How many numbers does a layer learn? A convolution has `channels_in` maps as its input and `channels_out` maps as its output. Each filter makes one map. It has a kernel for
# **every** map that comes in, and one bias in all. Compare with a dense layer between the same maps: it connects every number with every number.
#
# <details><summary>Hint</summary>One filter of 3 × 3 on 8 maps has 8 · 3 · 3 weights and 1 bias. A dense layer from a numbers to b numbers has a · b weights and b biases.</details>


# %% exercise="layer_parameters"
def conv_parameters(channels_in, channels_out, kernel):
    """Weights and biases of a convolution with kernels of kernel x kernel, a whole number."""
    ### BEGIN SOLUTION
    return channels_out * (channels_in * kernel**2 + 1)
    ### END SOLUTION


def dense_parameters(channels_in, channels_out, size):
    """Weights and biases of a dense layer from channels_in to channels_out maps of size x size."""
    ### BEGIN SOLUTION
    return channels_out * size**2 * (channels_in * size**2 + 1)
    ### END SOLUTION


# %% check="layer_parameters" points=2
checks.layer_parameters(conv_parameters, dense_parameters)

# %%
# The first layer of this lab makes 8 maps from an image. The same step as a dense layer:
print(f"convolution, 3 x 3: {conv_parameters(1, 8, 3):,}")
print(f"dense layer:        {dense_parameters(1, 8, 28):,}")

# %% [markdown]
# ## 2 · The encoder
#
# The encoder is a published one. Three times: a convolution with 3 × 3 kernels and padding 1 (so that the size stays), a ReLU, and **max pooling**, which
# keeps only the largest number of each 2 × 2 window. The three convolutions have 8, 16 and 16 filters:
#
# $$ 1 \times 28 \times 28 \;\to\; 8 \times 14 \times 14 \;\to\; 16 \times 7 \times 7 \;\to\; 16 \times 3 \times 3 . $$
#
# The code has $16 \cdot 3 \cdot 3 = 144$ numbers. It is still a stack of small images: each number knows roughly where it comes from.
#
# ### Exercise 2.1 (4 points, about 12 minutes)
#
# Write the class: make the layers in `__init__`, use them in `forward`.
#
# <details><summary>Hint 1</summary>Look up nn.Conv2d and nn.MaxPool2d. How many maps come into each convolution, and how many come out?</details>
# <details><summary>Hint 2</summary>torch finds weights in attributes and in nn.Sequential, but not in a plain list.</details>


# %% exercise="conv_encoder"
class ConvEncoder(nn.Module):
    """Images [N, 1, 28, 28] to codes [N, 16, 3, 3]: convolution, ReLU, 2 x 2 max pooling, three times."""

    def __init__(self):
        """Make the convolutions with 8, 16 and 16 filters, 3 x 3, padding 1. Names are yours."""
        super().__init__()
        ### BEGIN SOLUTION
        layers = []
        for channels_in, channels_out in ((1, 8), (8, 16), (16, 16)):
            layers += [
                nn.Conv2d(channels_in, channels_out, 3, padding=1),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
        self.layers = nn.Sequential(*layers)
        ### END SOLUTION

    def forward(self, images):
        """images: float tensor [N, 1, 28, 28]. Returns a tensor [N, 16, 3, 3]."""
        ### BEGIN SOLUTION
        return self.layers(images)
        ### END SOLUTION


# %% check="conv_encoder" points=4
checks.conv_encoder(ConvEncoder)

# %% [markdown]
# **Think.** Max pooling throws three of four numbers away, and it also throws away *where* in the window the largest one was. When is this useful, and
# when does it hurt? Section 5 comes back to this.
#
# ## 3 · A decoder of transposed convolutions
#
# The first decoder has three transposed convolutions: kernel 3 with stride 2, then twice kernel 4 with stride 2 and padding 1. You computed their sizes
# in section 1: 3 → 7 → 14 → 28. They have 16, 8 and 1 filters, with a ReLU after the first and the second.
#
# There is nothing after the last layer. Its outputs are *logits* $u$: a pixel is $\sigma(u) = 1 / (1 + e^{-u})$. The loss for logits is the binary
# cross-entropy, `F.binary_cross_entropy_with_logits(u, x)`, which applies the sigmoid itself and takes the mean over the pixels of
#
# $$ -x \log \sigma(u) - (1 - x) \log(1 - \sigma(u)) . $$
#
# This is the cross-entropy of lab 02 for two classes, white and black, where $x$ is the probability of white. It is smallest where $\sigma(u) = x$, also for a
# grey pixel, $x = 0.3$. But there it is not 0, so this loss does not go to 0. The *errors* that this lab prints are squared errors of pixels, as in lab 01.
#
# ### Exercise 3.1 (4 points, about 10 minutes)
#
# Write the class.
#
# <details><summary>Hint</summary>nn.ConvTranspose2d(16, 16, 3, stride=2) is the first layer. The batch can have any size, also 1.</details>


# %% exercise="transposed_decoder"
class TransposedDecoder(nn.Module):
    """Codes [N, 16, 3, 3] to logits [N, 1, 28, 28]: three transposed convolutions, a ReLU between them."""

    def __init__(self):
        """Make the layers: 16 filters (kernel 3), 8 filters (kernel 4), 1 filter (kernel 4)."""
        super().__init__()
        ### BEGIN SOLUTION
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(16, 16, 3, stride=2),
            nn.ReLU(),
            nn.ConvTranspose2d(16, 8, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1),
        )
        ### END SOLUTION

    def forward(self, code):
        """code: float tensor [N, 16, 3, 3]. Returns logits [N, 1, 28, 28], any numbers."""
        ### BEGIN SOLUTION
        return self.layers(code)
        ### END SOLUTION


# %% check="transposed_decoder" points=4
checks.transposed_decoder(TransposedDecoder)

# %% [markdown]
# ### Your autoencoder at work
#
# The next cell uses your encoder and your decoder (after a restart, run your cells again). It takes about ten seconds.

# %%
torch.manual_seed(0)
mine = nn.Sequential(ConvEncoder(), TransposedDecoder()).to(device)
training.fit(
    mine,
    train,
    epochs=budget(full=5, study=5, quick=1),
    batch_size=budget(full=256, study=64, quick=64),
    loss=F.binary_cross_entropy_with_logits,
    optimizer=training.adam(4e-3),
    schedule=training.one_cycle(4e-3),
)
print(f"test error {error(mine, test):.4f}")
plotting.show_pairs(
    ten, training.reconstruct(mine, ten).sigmoid(), labels=("original", "transposed")
)

# %% [markdown]
# ## 4 · Unpooling, as published
#
# Max pooling forgets where each maximum was. **Unpooling** does not let it forget: the pooling layer also returns the *index* of each maximum, and the decoder
# puts each number back to exactly this place. All other places get 0. Then a convolution fills the gaps.
#
# An index counts the pixels of **one map**, row by row: in a map of $H \times W$, the pixel in row $r$ and column $c$ has the index $r W + c$. Each map of each image
# starts again at 0.
#
# ### Exercise 4.1 (4 points, about 12 minutes)
#
# Write `unpool` with tensor operations. torch has `F.max_unpool2d` for this, which needs the size of the windows. Your function gets only the code, the indices
# and the size of the large map. The size is needed because a code with 3 rows can come from 6 or from 7 rows.
# The check also has windows of 3 × 3 and maps that are not square. You may call `F.max_unpool2d` if you work out the windows.
#
# <details><summary>Hint 1</summary>Make a tensor of zeros [N, C, H · W], one row for each map. Flatten the code and the indices in the same way.</details>
# <details><summary>Hint 2</summary>zeros.scatter(2, indices, values) writes values[n, c, i] to the place indices[n, c, i] of row (n, c). At the end: unflatten.</details>


# %% exercise="unpool"
def unpool(code, indices, size):
    """Put each number of the code back to its place.

    code: float tensor [N, C, h, w]; indices: int64 tensor [N, C, h, w], for each number its place r * W + c in a
    map; size: (H, W). Returns a float tensor [N, C, H, W] with zeros elsewhere; gradients reach code.
    """
    ### BEGIN SOLUTION
    height, width = size
    zeros = torch.zeros(*code.shape[:2], height * width, device=code.device)
    maps = zeros.scatter(2, indices.flatten(2), code.flatten(2))
    return maps.unflatten(2, (height, width))
    ### END SOLUTION


# %% check="unpool" points=4
checks.unpool(unpool)

# %%
# Ten digits, pooled to 14 x 14 and unpooled again by your function.
pooled, indices = F.max_pool2d(ten, 2, return_indices=True)
back = unpool(pooled, indices, (28, 28))
plotting.show_pairs(ten, back, labels=("original", "pooled, unpooled"), errors=False)

# %% [markdown]
# The published decoder mirrors the encoder: unpool to 7 × 7, 14 × 14, 28 × 28, each time followed by a convolution with 3 × 3 kernels (16, 8 and 1
# filters), each with a ReLU, **also the last one**. It was trained with the squared error and Adam with a learning rate of 0.001. From here on we use
# `ConvNet` of course_utils, which has this encoder and any of the decoders, so that the sections run without your answers.
#
# **Predict, then run**: below are eight runs of one epoch. Only the seed differs. How many of them end with a
# smaller error than a black image?

# %%
my_guess = ...  # a number from 0 to 8: fill it in before you run this cell


def published_loss(u, x):
    """The published output layer and loss: a ReLU, then the squared error."""
    return F.mse_loss(u.relu(), x)


black = test.square().mean().item()
print(f"a black image has the error {black:.4f}")
published = []
for seed in range(budget(full=8, study=8, quick=2)):
    torch.manual_seed(seed)
    model = ConvNet("unpooling").to(device)
    training.fit(model, train, epochs=1, loss=published_loss, seed=seed, progress=False)
    published.append(model)
    print(f"seed {seed}: test error {training.evaluate(model, test, loss=published_loss):.4f}")

# %% [markdown]
# In more than half of these runs, the error is that of a black image. You have seen this in lab 02: a ReLU whose input is negative for
# every image gives 0, and its gradient is 0 too. There it was a code. Here it is the **output**, the only map of the last layer. Look at the largest output of the last layer, before its ReLU.

# %%
for seed, model in enumerate(published):
    u = training.reconstruct(model, test)
    model.zero_grad()
    published_loss(model(test[:64]), test[:64]).backward()
    size = sum(weight.grad.abs().sum().item() for weight in model.parameters())
    print(
        f"seed {seed}: largest before the ReLU {u.max().item():7.3f}, sum of all gradients {size:.1e}"
    )

# %% [markdown]
# If the largest output is not above 0, all pixels of all images are 0, and every gradient is exactly 0. No step can repair this: these runs are dead.
#
# The repair is to take the ReLU away and to use logits. The cross-entropy on logits keeps a large gradient also when the output is very wrong. (A sigmoid with the
# squared error is no safe repair: its gradient is never exactly 0, but it is nearly 0 when the output is very wrong.)
#
# From here on we also train differently: with batches of 64 in place of 256, so four times as many steps in an epoch, and a learning rate that rises to 0.004 and
# falls again. Which of the two changes revives a dead run? The next cell trains the first three dead seeds again, for one epoch, with these new steps:
# first with the ReLU and the squared error, then with logits.

# %%
dead = [
    seed for seed, model in enumerate(published) if training.reconstruct(model, test).max() <= 0
]
for seed in dead[:3]:
    old = trained(partial(ConvNet, "unpooling"), epochs=1, seed=seed, loss=published_loss)
    new = trained(partial(ConvNet, "unpooling"), epochs=1, seed=seed)
    old_error = training.evaluate(old, test, loss=published_loss)
    print(f"seed {seed}: with the ReLU {old_error:.4f}, with logits {error(new, test):.4f}")

# %% [markdown]
# With the ReLU, these runs die again: other steps do not help. With logits, no run dies.
#
# **Think.** Adam divides each gradient by its usual size. Why can it not revive an output whose gradient is exactly 0?
#
# ## 5 · Two decoders compared
#
# Now train both decoders for five epochs, with the repair, the same encoder, the same code of 144 numbers, and nearly the same number of parameters. This takes about
# twenty seconds. **Predict** which decoder has the smaller error, and by which factor.

# %%
my_guess = ...  # fill it in before you run this cell


transposed = trained(partial(ConvNet, "transposed"))
unpooling = trained(partial(ConvNet, "unpooling"))
for name, model in (("transposed", transposed), ("unpooling", unpooling)):
    weights = training.count_parameters(model)
    print(f"{name}: test error {error(model, test):.4f}, {weights:,} parameters")
plotting.show_pairs(
    ten,
    training.reconstruct(transposed, ten).sigmoid(),
    training.reconstruct(unpooling, ten).sigmoid(),
    labels=("original", "transposed", "unpooling"),
)

# %% [markdown]
# Unpooling wins clearly: its error is two to four times smaller (this depends on the seed), its images are sharp. How can one decoder
# draw so much more from 144 numbers?
#
# The two do not get the same: unpooling also gets the **indices**.
#
# ### Exercise 5.1 (3 points, about 10 minutes)
#
# Count what passes from the encoder to the decoder: the numbers of the code, and the indices of **all** poolings. Each convolution keeps the size and has
# `channels[i]` filters; after each convolution comes a 2 × 2 max pooling, which ignores an odd last row and column.
#
# <details><summary>Hint</summary>A pooling returns one index for each number that it keeps. Work it out on paper for size = 4 and channels = (2, 1): the result is (1, 9).</details>


# %% exercise="numbers_that_pass"
def numbers_that_pass(size, channels):
    """What the decoder with unpooling is given, for one image of size x size pixels.

    channels: a tuple, the filters of each convolution; a 2 x 2 max pooling follows each of them.
    Returns two whole numbers: how many numbers the code has, and how many indices there are in all.
    """
    ### BEGIN SOLUTION
    indices = 0
    for maps in channels:
        size = size // 2
        indices += maps * size**2
    return channels[-1] * size**2, indices
    ### END SOLUTION


# %% check="numbers_that_pass" points=3
checks.numbers_that_pass(numbers_that_pass)

# %%
passed = numbers_that_pass(28, (8, 16, 16))
print(f"{passed[0]} numbers in the code, {passed[1]:,} indices: {sum(passed):,} for 784 pixels")
# The decoder knows the window of each number, so an index only says which of its 4 pixels: 2 bits.
print(f"the indices: {2 * passed[1]:,} bits")
print(f"the code in float32: {32 * passed[0]:,} bits")

# %% [markdown]
# More bits go round the code, as indices, than through it.
#
# ### Two tests
#
# A count says what *could* pass. What does the decoder really use? Two tests answer this. The first gives each image the indices of **another** image, but its
# own code. The second does the opposite: its own indices, but one and the same code for all images, the mean code. **Predict** which test does more harm.

# %%
my_guess = ...  # "indices" or "code": fill it in before you run this cell


@torch.no_grad()
def mixed(images, others):
    """Draw from the codes of some images and the indices of others; and from the mean code and their own indices."""
    # ConvNet has two halves: squeeze(images) gives (code, indices), draw(code, indices) gives logits.
    code, places = unpooling.squeeze(images)
    other_places = unpooling.squeeze(others)[1]
    mean_code = code.mean(dim=0, keepdim=True).expand_as(code)
    return unpooling.draw(code, other_places).sigmoid(), unpooling.draw(mean_code, places).sigmoid()


shuffled = test[torch.randperm(len(test), generator=torch.Generator().manual_seed(0)).to(device)]
other_indices, same_code = mixed(test, shuffled)
print(f"as trained:            {error(unpooling, test):.4f}")
print(f"indices of another:    {F.mse_loss(other_indices, test).item():.4f}")
print(f"... to that other one: {F.mse_loss(other_indices, shuffled).item():.4f}")
print(f"mean code:             {F.mse_loss(same_code, test).item():.4f}")
print(f"a black image:         {test.square().mean().item():.4f}")

# %%
others = ten.roll(1, dims=0)
drawn, without_code = mixed(ten, others)
plotting.show_pairs(
    ten,
    others,
    drawn,
    without_code,
    labels=("code of", "indices of", "drawn", "mean code,\nindices of row 1"),
    errors=False,
    alt="Four rows of ten images: those that give the code, those that give the indices, what the decoder draws "
    "from both, and what it draws from the mean code and the indices of the first row.",
)

# %% [markdown]
# The drawn image shows the digit of the **indices**, not the digit of the code. With the indices of another image, the error is about that of a black
# image. Compared with the image that gave the indices (the line *to that other one*), it is far smaller. With one mean code for **all** images, the digits are still
# there, and the error is still smaller than that of the transposed decoder with its own codes.
#
# So this network uses its indices far more than its bottleneck. The code does matter: with the mean code the error grows. But it grows much more with other
# indices. The small error says little about the 144 numbers. And the network cannot generate from random codes, as the decoders of lab 02 did: without an image, there
# are no indices.
#
# ### Exercise 5.2, in words (2 points, about 6 minutes)
#
# A colleague writes: "My autoencoder compresses an image of 784 pixels to 144 numbers with an error of 0.005. With transposed convolutions the error is three times as large, so
# unpooling learns better codes." What is wrong with this conclusion? Name one experiment that would test whether the *codes* are better, and say
# which result you would expect if the colleague were right. Write three or four sentences.

# %% [markdown] written="bypass" points=2
# ### BEGIN SOLUTION
# The decoder also gets 2,496 indices of the maxima, so the image is not compressed to 144 numbers. The smaller error comes from the indices, as the
# tests with exchanged indices show. To compare the codes alone, use only the 144 numbers of each encoder: for example, train the same decoder without indices on both
# codes, or the same linear classifier. If the colleague were right, the codes of the unpooling network would give the smaller error or the higher accuracy.
# ### BEGIN MARK SCHEME
# One point for what is wrong: the decoder gets more than the 144 numbers (indices go round the bottleneck), so the errors do not compare codes.
# One point for an experiment that uses the codes alone, with the result that would support the claim: a classifier or k-means on both codes, a new decoder
# without indices on frozen codes. Half of it if the expected result is missing. Half of it, too, for exchanged or random indices at test time with the expected result (the error would stay
# small): this shows what the decoder uses, but it does not compare the two codes. No points for "more seeds" or "more epochs" alone.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ## 6 · Checkerboards
#
# A transposed convolution has a problem of its own. Each input pixel adds a kernel to the output, $s$ pixels after the one before. Where kernels overlap,
# more products are added up. **Predict, then run**: a constant input of ones, all weights 1. Which numbers come out with kernel 3 and stride 2? And with kernel 4?

# %%
ones = torch.ones(1, 1, 6, 6)
for kernel in (3, 4):
    layer = nn.ConvTranspose2d(1, 1, kernel, stride=2, bias=False)
    nn.init.ones_(layer.weight)
    for row in (5, 6):
        print(f"kernel {kernel}, row {row}:", layer(ones)[0, 0, row, :].int().tolist())

# %% [markdown]
# With kernel 3, a pixel gets 1, 2 or 4 products, in turn: a pattern of period 2, which is called a **checkerboard**, although the input is constant. With kernel 4 all pixels inside get the same
# number, since 2 divides 4. But this holds for equal weights only. With other weights, the four kinds of pixels (even or odd row, even or odd column) use
# different weights of the kernel, and nothing makes their sums equal.
#
# The alternative: **upsampling** first repeats each pixel, then a convolution with stride 1 treats all pixels alike.
#
# ### Exercise 6.1 (3 points, about 8 minutes)
#
# Write the class. The sizes are 3 → 7 → 14 → 28.
#
# <details><summary>Hint 1</summary>F.interpolate(x, size=7) repeats pixels (mode "nearest" is the default). It also solves the problem of the odd 7: of 3 pixels, it repeats the first three times and the others twice.</details>
# <details><summary>Hint 2</summary>Three times: upsample to 7, 14, 28; convolution with 3 × 3 kernels, padding 1; a ReLU, but not after the last one.</details>


# %% exercise="upsample_decoder"
class UpsampleDecoder(nn.Module):
    """Codes [N, 16, 3, 3] to logits [N, 1, 28, 28]: repeat pixels to 7, 14, 28 rows, each time followed by a convolution."""

    def __init__(self):
        """Make the convolutions with 16, 8 and 1 filters, 3 x 3, padding 1."""
        super().__init__()
        ### BEGIN SOLUTION
        self.first = nn.Conv2d(16, 16, 3, padding=1)
        self.second = nn.Conv2d(16, 8, 3, padding=1)
        self.last = nn.Conv2d(8, 1, 3, padding=1)
        ### END SOLUTION

    def forward(self, code):
        """code: float tensor [N, 16, 3, 3]. Returns logits [N, 1, 28, 28]; a ReLU after the first two convolutions."""
        ### BEGIN SOLUTION
        x = torch.relu(self.first(F.interpolate(code, size=7)))
        x = torch.relu(self.second(F.interpolate(x, size=14)))
        return self.last(F.interpolate(x, size=28))
        ### END SOLUTION


# %% check="upsample_decoder" points=3
checks.upsample_decoder(UpsampleDecoder)

# %% [markdown]
# ### On a constant input, and after training
#
# First figure: three layers as they are made, before any training, on a constant input of 8 × 8. The border is cut off. **Predict**: which of them give one grey value?

# %%
my_guess = ...  # one or more of the three names: fill it in before you run this cell

import matplotlib.pyplot as plt

torch.manual_seed(3)
constant = torch.ones(1, 1, 8, 8)
untrained = {
    "transposed, kernel 3": nn.ConvTranspose2d(1, 1, 3, stride=2),
    "transposed, kernel 4": nn.ConvTranspose2d(1, 1, 4, stride=2, padding=1),
    "upsampling, convolution": nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(1, 1, 3)),
}
figure, axes = plt.subplots(1, 3, figsize=(8, 2.9), layout="constrained")
words = []
for ax, (name, layer) in zip(axes, untrained.items(), strict=True):
    out = layer(constant)[0, 0, 2:14, 2:14].detach()
    spread = (out.max() - out.min()).item()
    words.append(f"{name} {spread:.2f}")
    ax.imshow((out - out.mean()).numpy(), cmap="gray", vmin=-0.5, vmax=0.5)
    ax.set(title=f"{name}\nlargest - smallest: {spread:.2f}", xticks=[], yticks=[])
plotting.describe(
    figure, f"Outputs of three layers for a constant input; largest - smallest: {', '.join(words)}."
)

# %% [markdown]
# Both transposed convolutions draw a pattern of period 2. Upsampling and a convolution give one grey value.
#
# Does training remove the pattern? The pattern makes the four kinds of pixels different. So we take the mean of each kind in an image: four numbers. The variance of
# these four, divided by the variance of all pixels, is the share of the pattern. It is near 1 where an image is nothing but pattern, and near 0 for a digit.
# **Predict** the share for both decoders, before and after three epochs.


# %%
my_guess = ...  # four numbers from 0 to 1: fill it in before you run this cell


def pattern_share(images):
    """The variance of the means of the four kinds of pixels, divided by that of all pixels. images: [N, 1, 28, 28]."""
    kinds = images.unflatten(3, (14, 2)).unflatten(2, (14, 2)).mean(dim=(2, 4))
    each = [values.flatten(1).var(dim=1, correction=0).mean() for values in (kinds, images)]
    return (each[0] / each[1]).item()


print(f"test images: {pattern_share(test):.4f}")
drawings = {"test image": test[0]}
for name in ("transposed", "upsampling"):
    torch.manual_seed(0)
    models = {
        "before": ConvNet(name).to(device),
        "after": trained(partial(ConvNet, name), epochs=3),
    }
    for when, model in models.items():
        drawn = training.reconstruct(model, test).sigmoid()
        drawings[f"{name}, {when}"] = drawn[0]
        print(
            f"{name}, {when}: share {pattern_share(drawn):.4f}, test error {error(model, test):.4f}"
        )

# %%
figure, axes = plt.subplots(1, 5, figsize=(8, 2), layout="constrained")
for ax, (name, image) in zip(axes, drawings.items(), strict=True):
    # Each with its own grey scale: the first outputs differ little.
    ax.imshow(image[0].cpu().numpy(), cmap="gray")
    ax.set(title=name.replace(", ", ",\n"), xticks=[], yticks=[])
plotting.describe(
    figure,
    "A test image and its reconstructions, each with its own grey scale: "
    f"{'; '.join(list(drawings)[1:])}. Before and after training.",
)

# %% [markdown]
# Before training, most of what the transposed decoder draws is the pattern. After three epochs, both decoders have about as little of it as real digits,
# less than a thousandth. The loss compares each pixel, so it punishes the pattern, and training removes it. The test errors are not far apart,
# and one run per decoder cannot rank them.
#
# ## 7 · Train it, and compare
#
# ### Exercise 7.1 (4 points, about 12 minutes)
#
# Train a network that you are given. You choose loss, optimiser, learning rate, batch size and epochs. `ConvNet("transposed")` returns **logits**.
#
# The check makes a new `ConvNet("transposed")` with random weights. It draws 1,000 digits anew each time: another subset, each image slightly turned, scaled,
# moved and made darker, all of them flipped or turned in the same way. The digits are **black on white**, so a network for the lab's digits does not fit.
#
# After training, the check compares the error on new digits with that of a very simple answer: every reconstruction is the mean of the 1,000 images.
# Your error must be at most **0.55 times** this error. The course's own answer takes 600 steps and ends at 0.32 (0.27 to 0.43 over twenty draws). Your function should
# need about ten seconds; it is stopped after 60. If your computer is busy, close other programs and run the check again, or take 400 steps: they are enough.
#
# Train `model` itself, not a new network: the check sees the difference.
#
# <details><summary>Hint 1</summary>Section 3 shows a training with fit. 1,000 images in batches of 64 are only 16 steps per epoch. Batches of 25 are 40 steps per epoch, and 10 to 15 such epochs are enough. With progress=False, fit prints no progress bar.</details>
# <details><summary>Hint 2</summary>fit's own loss would compare logits with pixels. The squared error after a sigmoid can end at images of one colour, like the dead outputs of section 4: which loss does section 3 use?</details>


# %% exercise="train_conv"
def train_conv(model, images):
    """Train a network on images and return it.

    model: a ConvNet("transposed") with random weights, which returns logits [N, 1, 28, 28];
    images: float tensor [N, 1, 28, 28] in [0, 1], about 1,000 of them, without labels.
    Returns the same network, trained.
    """
    ### BEGIN SOLUTION
    rate, loss = 8e-3, F.binary_cross_entropy_with_logits
    training.fit(
        model,
        images,
        epochs=15,
        batch_size=25,
        loss=loss,
        optimizer=training.adam(rate),
        schedule=training.one_cycle(rate),
        progress=False,
    )
    return model
    ### END SOLUTION


# %% check="train_conv" points=4
checks.train_conv(train_conv)

# %% [markdown]
# ### Against dense layers
#
# Is a convolutional autoencoder better than one of dense layers? That depends on what is equal. We compare it with
#
# - a dense autoencoder 784-256-144-256-784: the **same code size**, 144 numbers;
# - a dense autoencoder 784-5-784: about the **same number of parameters**;
# - PCA with 144 components.
#
# And we test them on images that they have not been trained for: test digits **moved** by 1 to 4 pixels. **Predict**: which of the four has the smallest
# error? And for which one does the error grow most, in absolute numbers, when the digits move by four pixels?

# %%
my_guess = ...  # two names: fill it in before you run this cell

from sklearn.decomposition import PCA


def dense(*sizes):
    """Dense layers between images, 784 numbers, and logits, 784 numbers."""
    return nn.Sequential(nn.Flatten(), MLP(784, [*sizes, 784]), nn.Unflatten(1, (1, 28, 28)))


def moved(pixels):
    """The test images, moved to the left, right, up and down by so many pixels."""
    wide = F.pad(test, (4, 4, 4, 4))
    ways = ((4, 4 - pixels), (4, 4 + pixels), (4 - pixels, 4), (4 + pixels, 4))
    return torch.cat([wide[:, :, y : y + 28, x : x + 28] for y, x in ways if pixels or x == y])


networks, errors = {}, {}
for name, make in {
    "convolutions": partial(ConvNet, "transposed"),
    "dense, 144 codes": partial(dense, 256, 144, 256),
    "dense, 5 codes": partial(dense, 5),
}.items():
    networks[name] = trained(make)
    errors[name] = [error(networks[name], moved(pixels)) for pixels in range(5)]
    count = training.count_parameters(networks[name])
    print(f"{name:17} {count:8,} parameters, error {errors[name][0]:.4f}")

n = budget(full=144, study=144, quick=20)
pca = PCA(n, svd_solver="covariance_eigh").fit(train.flatten(1).cpu().numpy())
errors["PCA, 144"] = []
for pixels in range(5):
    rows = moved(pixels).flatten(1).cpu().numpy()
    errors["PCA, 144"].append(((pca.inverse_transform(pca.transform(rows)) - rows) ** 2).mean())
print(f"{'PCA, 144':17} {n * 784 + 784:8,} parameters, error {errors['PCA, 144'][0]:.4f}")

# %%
import matplotlib.pyplot as plt

plt.figure(figsize=(6.4, 3.6), layout="constrained")
for i, (name, values) in enumerate(errors.items()):
    plt.plot(values, "o-", markersize=4, color=plotting.colour(i), label=name)
    grown, times = values[4] - values[0], values[4] / values[0]
    print(f"{name:17} moved by 4: {values[4]:.4f}, {grown:+.4f}, {times:.1f} times as large")
plt.xticks(range(5))
plt.xlabel("moved by (pixels)")
plt.ylabel("test error")
plt.ylim(bottom=0)
plt.legend(frameon=False)
ends = [f"{name} {values[0]:.4f} to {values[4]:.4f}" for name, values in errors.items()]
plotting.describe(
    plt.gca(),
    f"Test error against the number of pixels, 0 to 4, that the digits are moved: {'; '.join(ends)}.",
)

# %% [markdown]
# **PCA wins**, at every shift. It has 144 components and finds the best ones exactly. It also has 14 times as many parameters as the convolutions. None of the networks
# comes near it in five epochs: that convolutions are "better for images" cannot be seen here.
#
# Between the networks the answer depends on what is equal. With equal codes, the dense network has the smaller error on digits in the middle, and it
# pays with sixty times as many parameters. With equal parameters, the convolutions have a third of the dense network's error.
#
# What happens when the digits move by four pixels? With equal codes, the convolutions suffer less. Their error grows by about half as much as that of the dense network, and at
# four pixels the order of the two is reversed. A filter works at each position; a dense layer has learned each position separately.
#
# For the other two, look at both numbers. *5 codes* has the smallest factor, but only because its error is large from the start. In absolute numbers
# it grows more than that of the convolutions. PCA is the opposite: a large factor, because it starts from a very small error, and the smallest growth. (The dense network with 144 codes
# has a large factor, too, and a large growth.) A factor alone does not say who suffers most.
#
# This is one seed and ten thousand images, so trust the order and not the last digit.
#
# ### What the maps show
#
# The maps of a convolution are images: one can look at them. Below are one digit and its 8, 16 and 16 maps after each pooling, in the network
# `convolutions`. In each map, white is its largest value and black is 0. A map that is black everywhere is dead for this image: its ReLU gives 0 at
# every place. Where the background of a first map is grey, the bias of its filter is positive. (The code pools before the ReLU. This gives the same numbers.)

# %%
model, image = networks["convolutions"], ten[5:6]
maps = image
figure, axes = plt.subplots(
    4, 1, figsize=(6, 6.6), layout="constrained", height_ratios=[1, 1, 2, 2]
)
plotting.show_images(image, ax=axes[0], title="a digit")
with torch.no_grad():
    for ax, layer in zip(axes[1:], model.down, strict=True):
        maps = F.max_pool2d(layer(maps), 2).relu()
        size = maps.shape[-1]
        largest = maps.amax((2, 3), keepdim=True).clamp(min=1e-6)
        shown = F.interpolate(maps / largest, size=28)[0]
        plotting.show_images(
            shown, ncols=8, ax=ax, title=f"{maps.shape[1]} maps of {size} x {size}"
        )
plotting.describe(
    figure,
    "A digit, and below it its maps after each of the three poolings: the first ones look like the digit with some of "
    "its edges, the last ones are 3 x 3 blocks of different brightness.",
)

# %% [markdown]
# **Think.** Each map of the first layer shows the digit, but not the same parts of it. Which parts? And what does a number of the last maps say about the image?

# %% [markdown]
# ## What to remember
#
# - A convolution has few weights, used at each position. Its sizes are counted, not guessed; odd sizes lose a row, and the way back has to add it.
# - A ReLU at the output dies in many runs, and no gradient brings it back. Train on logits.
# - Count everything that reaches the decoder. Unpooling has a small error because its indices go round the bottleneck.
# - Transposed convolutions can draw checkerboards; upsampling and a convolution cannot, away from the border. Here training removes them.
# - "Better" needs a comparison: equal codes, equal parameters, and PCA. Convolutions suffer less from shifts than dense layers with the same code size.
#
# The graded part ends here. The following sections are for running, looking and trying out.

# %% [markdown]
# ## 8 · Going further: a convolutional denoiser
#
# Lab 03 trained a dense network 784-256-784 to remove noise. Can convolutions do it with fewer weights? The network below has no narrow code: it works
# at half the size, with 16 maps. A pixel's noise does not depend on its neighbours' noise, but a stroke continues in the neighbours.
#
# The noise is Gaussian with standard deviation 0.5. PSNR is $10 \log_{10}(1 / e)$ decibels for an image with mean squared error $e$; we take
# the mean over the images. More is better. **Predict** which network wins, and count the weights first.

# %%
my_guess = ...  # "dense" or "convolutions": fill it in before you run this cell


def noisy(images, sigma=0.5):
    """Images with Gaussian noise of standard deviation sigma."""
    return images + sigma * torch.randn_like(images)


def convolutions():
    """A convolution with stride 2, two more, and a transposed one; no bottleneck."""
    maps = 16
    return nn.Sequential(
        nn.Conv2d(1, maps, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(maps, maps, 3, padding="same"),
        nn.ReLU(),
        nn.Conv2d(maps, maps, 3, padding="same"),
        nn.ReLU(),
        nn.ConvTranspose2d(maps, 1, 4, stride=2, padding=1),
    ).to(memory_format=torch.channels_last)  # the same numbers in another order in memory: faster


def dense_denoiser():
    """784-256-784, as in lab 03."""
    return nn.Sequential(nn.Flatten(), MLP(784, [256, 784]), nn.Unflatten(1, (1, 28, 28)))


torch.manual_seed(1)
noisy_test, noisy_ten = noisy(test), noisy(ten)
cleaned = {"noisy": noisy_ten.clamp(0, 1)}
for name, make in {"dense": dense_denoiser, "convolutions": convolutions}.items():
    model = trained(make, corrupt=noisy)
    each = (training.reconstruct(model, noisy_test).sigmoid() - test).square().mean(dim=(1, 2, 3))
    decibels = (10 * (1 / each).log10()).mean()
    weights = training.count_parameters(model)
    print(f"{name}: {weights:,} parameters, error {each.mean():.4f}, PSNR {decibels:.2f} dB")
    cleaned[name] = training.reconstruct(model, noisy_ten).sigmoid()
plotting.show_pairs(ten, *cleaned.values(), labels=("original", *cleaned))

# %% [markdown]
# The convolutions win by about one decibel, with little more than one per cent of the weights, after the same five epochs. (With 20 epochs the dense
# network improves, but stays behind.)
#
# **Think.** Would the encoder of section 2, with its code of 144 numbers, be a good denoiser, too? Try `trained(partial(ConvNet, "transposed"), corrupt=noisy)`.
# And what would its indices do to a decoder with unpooling, when the noise decides where the maxima are?

# %% [markdown]
# ## 9 · Going further: your own
#
# Can a convolutional autoencoder with 144 codes beat PCA with 144 components (section 7)? Design one: more filters before the last layer, strides in place of
# pooling, more layers, more epochs. One start, with only three epochs:

# %%
wider = trained(partial(ConvNet, channels=(16, 32, 16)), epochs=3)
print(f"{training.count_parameters(wider):,} parameters, test error {error(wider, test):.4f}")
