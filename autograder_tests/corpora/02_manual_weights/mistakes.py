# Wrong answers that students really give. Each entry replaces the exercise's cell, or patches the reference line by line
# (`# old |` becomes `# new |`; an old line that is no longer there is an error).
# exercise: the exam; keeps: the share of the points that is left; hint: words of the message that this mistake, and no other, must get.

# %% [markdown]
# ## to_range

# %% stays-in-the-unit-range exercise="to_range" keeps=0.5 hint="still those from 0 to 1"
# old |     return 2 * images.flatten(1) - 1
# new |     return images.flatten(1)

# %% not-moved-down exercise="to_range" keeps=0.5 hint="stretched, but not moved down"
# old |     return 2 * images.flatten(1) - 1
# new |     return 2 * images.flatten(1)

# %% only-centred exercise="to_range" keeps=0.5 hint="from -0.5 to 0.5"
# old |     return 2 * images.flatten(1) - 1
# new |     return images.flatten(1) - 0.5

# %% negative exercise="to_range" keeps=0.5 hint="black became white"
# old |     return 2 * images.flatten(1) - 1
# new |     return 1 - 2 * images.flatten(1)

# %% as-if-up-to-255 exercise="to_range" keeps=0.5 hint="pixels from 0 to 255 would fit"
# old |     return 2 * images.flatten(1) - 1
# new |     return images.flatten(1) / 127.5 - 1

# %% by-the-batch exercise="to_range" keeps=0.5 hint="of this batch set the range"
# old |     return 2 * images.flatten(1) - 1
# new |     rows = images.flatten(1)
# new |     return 2 * (rows - rows.min()) / (rows.max() - rows.min()) - 1

# %% each-image-stretched exercise="to_range" keeps=0.5 hint="by its own darkest and brightest pixel"
# old |     return 2 * images.flatten(1) - 1
# new |     rows = images.flatten(1)
# new |     low, high = rows.amin(1, keepdim=True), rows.amax(1, keepdim=True)
# new |     return 2 * (rows - low) / (high - low) - 1

# %% standardised exercise="to_range" keeps=0.5 hint="by the mean and the spread of this batch"
# old |     return 2 * images.flatten(1) - 1
# new |     rows = images.flatten(1)
# new |     return (rows - rows.mean()) / rows.std()

# %% through-tanh exercise="to_range" keeps=0.5 hint="only the range has to fit"
# old |     return 2 * images.flatten(1) - 1
# new |     return torch.tanh(images.flatten(1))

# %% not-flat exercise="to_range" keeps=0.5 hint="the images are not flat"
# old |     return 2 * images.flatten(1) - 1
# new |     return 2 * images - 1

# %% one-long-row exercise="to_range" keeps=0.5 hint="the whole batch became one row"
# old |     return 2 * images.flatten(1) - 1
# new |     return 2 * images.flatten() - 1

# %% pixels-first exercise="to_range" keeps=0.5 hint="one column for each image"
# old |     return 2 * images.flatten(1) - 1
# new |     return 2 * images.flatten(1).T - 1

# %% channel-kept exercise="to_range" keeps=0.5 hint="a dimension too many"
# old |     return 2 * images.flatten(1) - 1
# new |     return 2 * images.flatten(2) - 1

# %% squeezed-first exercise="to_range" keeps=0.75 hint="of a batch of one image: the result has shape"
# old |     return 2 * images.flatten(1) - 1
# new |     return 2 * images.squeeze().flatten(1) - 1

# %% scales-in-place exercise="to_range" keeps=0.8 hint="writes into images"
# old |     return 2 * images.flatten(1) - 1
# new |     images *= 2
# new |     return images.flatten(1) - 1

# %% divided-by-the-largest exercise="to_range" keeps=0.5 hint="divided by the largest of this batch"
# old |     return 2 * images.flatten(1) - 1
# new |     rows = images.flatten(1)
# new |     return 2 * rows / rows.max() - 1

# %% each-image-centred exercise="to_range" keeps=0.5 hint="the mean of each image is taken off"
# old |     return 2 * images.flatten(1) - 1
# new |     rows = images.flatten(1)
# new |     return rows - rows.mean(dim=1, keepdim=True)

# %% each-image-standardised exercise="to_range" keeps=0.5 hint="by its own mean and spread"
# old |     return 2 * images.flatten(1) - 1
# new |     rows = images.flatten(1)
# new |     return (rows - rows.mean(dim=1, keepdim=True)) / rows.std(dim=1, keepdim=True)

# %% whole-numbers exercise="to_range" keeps=0.5 hint="rounded to whole numbers"
# old |     return 2 * images.flatten(1) - 1
# new |     return (2 * images.flatten(1) - 1).long()

# %% black-and-white exercise="to_range" keeps=0.5 hint="only black and white"
# old |     return 2 * images.flatten(1) - 1
# new |     return 2 * (images.flatten(1) > 0.5).float() - 1

# %% column-after-column exercise="to_range" keeps=0.5 hint="their order is not"
# old |     return 2 * images.flatten(1) - 1
# new |     return 2 * images.transpose(2, 3).flatten(1) - 1

# %% standardised-as-in-tutorials exercise="to_range" keeps=0.5 hint="0 becomes -0.42 and 1 becomes 2.82"
# old |     return 2 * images.flatten(1) - 1
# new |     return (images.flatten(1) - 0.1307) / 0.3081

# %% by-the-largest-of-each exercise="to_range" keeps=0.5 hint="the same grey becomes another number"
# old |     return 2 * images.flatten(1) - 1
# new |     rows = images.flatten(1)
# new |     return 2 * rows / rows.amax(1, keepdim=True) - 1

# %% cut-off-at-zero exercise="to_range" keeps=0.5 hint="none is below 0"
# old |     return 2 * images.flatten(1) - 1
# new |     return (2 * images.flatten(1) - 1).clamp(0, 1)

# %% reshaped-sideways exercise="to_range" keeps=0.5 hint="its rows hold pieces of several images"
# old |     return 2 * images.flatten(1) - 1
# new |     return 2 * images.reshape(-1, len(images)) - 1

# %% [markdown]
# ## get_random_batch

# %% without-replacement exercise="get_random_batch" keeps=0.25 hint="no image came twice in"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     positions = torch.randperm(len(X), generator=generator)[:size]

# %% global-dice exercise="get_random_batch" keeps=0.75 hint="other dice than the generator's are thrown"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     positions = torch.randint(len(X), (size,))

# %% seeds-inside exercise="get_random_batch" keeps=0 hint="every call gives the same batch"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     positions = torch.randint(len(X), (size,), generator=torch.Generator().manual_seed(0))

# %% seed-read-each-time exercise="get_random_batch" keeps=0 hint="every call gives the same batch"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     again = torch.Generator().manual_seed(generator.initial_seed())
# new |     positions = torch.randint(len(X), (size,), generator=again)

# %% first-ones exercise="get_random_batch" keeps=0 hint="the first images come back"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# old |     return X[positions]
# new |     return X[:size]

# %% neighbours exercise="get_random_batch" keeps=0.25 hint="neighbours come together"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# old |     return X[positions]
# new |     start = torch.randint(len(X) - size + 1, (1,), generator=generator).item()
# new |     return X[start : start + size]

# %% last-one-never exercise="get_random_batch" keeps=0.5 hint="the last image is never drawn"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     positions = torch.randint(0, len(X) - 1, (size,), generator=generator)

# %% first-one-never exercise="get_random_batch" keeps=0.5 hint="the first image is never drawn"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     positions = torch.randint(1, len(X), (size,), generator=generator)

# %% one-image-repeated exercise="get_random_batch" keeps=0.5 hint="all images of a batch are the same one"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     positions = torch.randint(len(X), (1,), generator=generator).expand(size)

# %% positions-themselves exercise="get_random_batch" keeps=0 hint="X[positions] takes the rows"
# old |     return X[positions]
# new |     return positions

# %% columns exercise="get_random_batch" keeps=0 hint="columns were drawn, pixels instead of images"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# old |     return X[positions]
# new |     positions = torch.randint(X.shape[1], (size,), generator=generator)
# new |     return X[:, positions]

# %% gaussian-noise exercise="get_random_batch" keeps=0 hint="some of the rows are no rows of X"
# old |     return X[positions]
# new |     return X[positions] + 0.1 * torch.randn(size, X.shape[1], generator=generator)

# %% middle-preferred exercise="get_random_batch" keeps=0.5 hint="those in the middle come more often"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     dice = torch.rand(2, size, generator=generator).mean(dim=0)
# new |     positions = (dice * len(X)).long()

# %% rounded-positions exercise="get_random_batch" keeps=0.5 hint="the first and the last come half as often"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     dice = torch.rand(size, generator=generator)
# new |     positions = (dice * (len(X) - 1)).round().long()

# %% as-far-as-the-batch exercise="get_random_batch" keeps=0.25 hint="as many as a batch has"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     positions = torch.randint(size, (size,), generator=generator)

# %% no-more-than-there-are exercise="get_random_batch" keeps=0.75 hint="with replacement that can be done"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     positions = torch.randint(len(X), (len(X),), generator=generator)[:size]

# %% a-dimension-too-many exercise="get_random_batch" keeps=0 hint="a batch has shape [10, 1, 4]"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     positions = torch.randint(len(X), (size, 1), generator=generator)

# %% a-list-of-rows exercise="get_random_batch" keeps=0 hint="a batch is list of 10"
# old |     return X[positions]
# new |     return [X[i] for i in positions]

# %% half-drawn-and-repeated exercise="get_random_batch" keeps=0.5 hint="some images of a batch always follow from others"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     positions = torch.randint(len(X), ((size + 1) // 2,), generator=generator).repeat(2)[:size]

# %% hard-coded-and-wrapped exercise="get_random_batch" keeps=0.5 hint="of 12 images: draw all alike"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     positions = torch.randint(40, (size,), generator=generator) % len(X)

# %% neither-end exercise="get_random_batch" keeps=0.5 hint="the images in positions 0, 11 of 0 to 11 are never drawn"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     positions = torch.randint(1, len(X) - 1, (size,), generator=generator)

# %% one-end-too-many exercise="get_random_batch" keeps=0.5 hint="the first comes too often"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     positions = torch.randint(len(X) + 1, (size,), generator=generator) % len(X)

# %% doubles-left-out exercise="get_random_batch" keeps=0 hint="was a row that came twice left out?"
# old |     positions = torch.randint(len(X), (size,), generator=generator)
# new |     positions = torch.randint(len(X), (size,), generator=generator).unique()

# %% [markdown]
# ## init_parameters

# %% no-row-for-the-bias exercise="init_parameters" keeps=0.75 hint="the row for the bias is missing: entering + 1 rows"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [0.01 * torch.randn(n, m, generator=generator) for n, m in pairwise(sizes)]

# %% on-their-side exercise="init_parameters" keeps=0.75 hint="the matrices stand on their side: inputs are rows here"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [0.01 * torch.randn(m, n + 1, generator=generator) for n, m in pairwise(sizes)]

# %% bias-as-a-column exercise="init_parameters" keeps=0.75 hint="the bias is a column here"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [0.01 * torch.randn(n, m + 1, generator=generator) for n, m in pairwise(sizes)]

# %% variance-for-spread exercise="init_parameters" keeps=0.75 hint="the spread is 0.0001"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [0.01**2 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]

# %% root-of-the-spread exercise="init_parameters" keeps=0.75 hint="the spread is 0.1"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [0.01**0.5 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]

# %% never-scaled exercise="init_parameters" keeps=0.75 hint="the spread is 1"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]

# %% uniform-and-positive exercise="init_parameters" keeps=0.75 hint="no number is negative"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [0.01 * torch.rand(n + 1, m, generator=generator) for n, m in pairwise(sizes)]

# %% uniform-of-the-right-spread exercise="init_parameters" keeps=0.75 hint="spread evenly between two ends"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [0.01 * 3**0.5 * (2 * torch.rand(n + 1, m, generator=generator) - 1) for n, m in pairwise(sizes)]

# %% by-the-fan-in exercise="init_parameters" keeps=0.75 hint="0.01 is asked for in each"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [torch.randn(n + 1, m, generator=generator) / n**0.5 for n, m in pairwise(sizes)]

# %% bias-at-zero exercise="init_parameters" keeps=0.75 hint="the last rows are zero"
# old |     for matrix in W:
# new |     for matrix in W:
# new |         matrix[-1] = 0

# %% all-zeros exercise="init_parameters" keeps=0.5 hint="all numbers are the same"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [torch.zeros(n + 1, m) for n, m in pairwise(sizes)]

# %% seeded-for-each-matrix exercise="init_parameters" keeps=0.5 hint="the matrices begin with the same numbers"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     seed = generator.initial_seed()
# new |     W = []
# new |     for n, m in pairwise(sizes):
# new |         W.append(0.01 * torch.randn(n + 1, m, generator=generator.manual_seed(seed)))

# %% wants-too-early exercise="init_parameters" keeps=0.75 hint="the matrices are no leaves"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# old |     for matrix in W:
# old |         matrix.requires_grad_()
# old |     return W
# new |     shapes = [(n + 1, m) for n, m in pairwise(sizes)]
# new |     return [0.01 * torch.randn(s, generator=generator, requires_grad=True) for s in shapes]

# %% never-wants exercise="init_parameters" keeps=0.75 hint="no matrix wants gradients"
# old |         matrix.requires_grad_()
# new |         pass

# %% global-dice-for-weights exercise="init_parameters" keeps=0.75 hint="gives other matrices: other dice"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [0.01 * torch.randn(n + 1, m) for n, m in pairwise(sizes)]

# %% own-generator exercise="init_parameters" keeps=0.75 hint="every call gives the same matrices"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     generator = torch.Generator().manual_seed(0)
# new |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]

# %% weights-and-biases-apart exercise="init_parameters" keeps=0 hint="a list of 4 tensors is asked for"
# old |     return W
# new |     return [matrix[:-1] for matrix in W], [matrix[-1] for matrix in W]

# %% constant-bias exercise="init_parameters" keeps=0.75 hint="the last rows have another mean or spread"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     for matrix in W:
# new |         matrix[-1] = 0.01

# %% bias-never-scaled exercise="init_parameters" keeps=0.75 hint="the last rows have another mean or spread"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = []
# new |     for n, m in pairwise(sizes):
# new |         A, b = 0.01 * torch.randn(n, m, generator=generator), torch.randn(1, m, generator=generator)
# new |         W.append(torch.cat([A, b]))

# %% zeros-in-the-first-row exercise="init_parameters" keeps=0.75 hint="the first rows are zero"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     for matrix in W:
# new |         matrix[0] = 0

# %% one-row-repeated exercise="init_parameters" keeps=0.75 hint="the same numbers come again and again"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [0.01 * torch.randn(1, m, generator=generator).repeat(n + 1, 1) for n, m in pairwise(sizes)]

# %% mean-for-spread exercise="init_parameters" keeps=0.75 hint="the numbers have mean 0.0"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [torch.normal(0.01, 0.01, (n + 1, m), generator=generator) for n, m in pairwise(sizes)]

# %% last-matrix-forgotten exercise="init_parameters" keeps=0.75 hint="some of the matrices want no gradients"
# old |     for matrix in W:
# new |     for matrix in W[:-1]:

# %% bias-of-the-last-layer-at-zero exercise="init_parameters" keeps=0.75 hint="the last row of matrix 3 is zero"
# old |     for matrix in W:
# new |     W[-1][-1] = 0
# new |     for matrix in W:

# %% last-matrix-at-zero exercise="init_parameters" keeps=0.75 hint="all numbers of matrix 3 are the same"
# old |     for matrix in W:
# new |     W[-1] = torch.zeros_like(W[-1])
# new |     for matrix in W:

# %% two-dice-and-the-right-spread exercise="init_parameters" keeps=0.75 hint="large numbers are missing"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = []
# new |     for n, m in pairwise(sizes):
# new |         a, b = torch.rand(2, n + 1, m, generator=generator)
# new |         W.append(0.01 * 6**0.5 * (a - b))

# %% laplace exercise="init_parameters" keeps=0.75 hint="very small and very large numbers are too many"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = []
# new |     for n, m in pairwise(sizes):
# new |         a, b = torch.empty(2, n + 1, m).exponential_(generator=generator)
# new |         W.append(0.01 / 2**0.5 * (a - b))

# %% plus-or-minus exercise="init_parameters" keeps=0.75 hint="the numbers take a few values only"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [0.02 * torch.randint(2, (n + 1, m), generator=generator) - 0.01 for n, m in pairwise(sizes)]

# %% in-double exercise="init_parameters" keeps=0.8 hint="the matrices hold float64"
# old |     W = [0.01 * torch.randn(n + 1, m, generator=generator) for n, m in pairwise(sizes)]
# new |     W = [0.01 * torch.randn(n + 1, m, generator=generator, dtype=torch.float64) for n, m in pairwise(sizes)]

# %% [markdown]
# ## forward

# %% ones-in-front exercise="forward" keeps=0.8333 hint="the first row of each matrix is taken for the bias"
# old |         return torch.cat([X, ones], dim=1) @ M
# new |         return torch.cat([ones, X], dim=1) @ M

# %% no-bias exercise="forward" keeps=0.8333 hint="the last row of each matrix plays no part"
# old |         ones = torch.ones(len(X), 1)
# old |         return torch.cat([X, ones], dim=1) @ M
# new |         return X @ M[:-1]

# %% zeros-for-ones exercise="forward" keeps=0.8333 hint="the last row of each matrix plays no part"
# old |         ones = torch.ones(len(X), 1)
# new |         ones = torch.zeros(len(X), 1)

# %% bias-in-the-first-layer-only exercise="forward" keeps=0.8333 hint="only the first layer has its bias"
# old |     Z = at_code(layer(H, W[1]))
# old |     H = torch.relu(layer(Z, W[2]))
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     Z = at_code(H @ W[1][:-1])
# new |     H = torch.relu(Z @ W[2][:-1])
# new |     return torch.tanh(H @ W[3][:-1]), Z

# %% no-relu-in-the-encoder exercise="forward" keeps=0.8333 hint="no ReLU between the encoder's layers"
# old |     H = torch.relu(layer(X, W[0]))
# new |     H = layer(X, W[0])

# %% no-relu-in-the-decoder exercise="forward" keeps=0.8333 hint="no ReLU between the decoder's layers"
# old |     H = torch.relu(layer(Z, W[2]))
# new |     H = layer(Z, W[2])

# %% tanh-inside exercise="forward" keeps=0.8333 hint="the hidden layers go through tanh"
# old |     H = torch.relu(layer(X, W[0]))
# old |     Z = at_code(layer(H, W[1]))
# old |     H = torch.relu(layer(Z, W[2]))
# new |     H = torch.tanh(layer(X, W[0]))
# new |     Z = at_code(layer(H, W[1]))
# new |     H = torch.tanh(layer(Z, W[2]))

# %% no-tanh exercise="forward" keeps=0.8333 hint="the tanh is missing at the end"
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     return layer(H, W[3]), Z

# %% sigmoid-output exercise="forward" keeps=0.8333 hint="the output goes through a sigmoid"
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     return torch.sigmoid(layer(H, W[3])), Z

# %% relu-output exercise="forward" keeps=0.8333 hint="the output goes through a ReLU"
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     return torch.relu(layer(H, W[3])), Z

# %% clamped-output exercise="forward" keeps=0.8333 hint="the output is cut off at -1 and 1"
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     return layer(H, W[3]).clamp(-1, 1), Z

# %% at-code-forgotten exercise="forward" keeps=0.8333 hint="at_code is never used"
# old |     Z = at_code(layer(H, W[1]))
# new |     Z = layer(H, W[1])

# %% relu-at-the-code exercise="forward" keeps=0.8333 hint="whatever at_code is"
# old |     Z = at_code(layer(H, W[1]))
# new |     Z = torch.relu(layer(H, W[1]))

# %% code-before-at-code exercise="forward" keeps=0.8333 hint="as it was before at_code"
# old |     Z = at_code(layer(H, W[1]))
# old |     H = torch.relu(layer(Z, W[2]))
# new |     Z = layer(H, W[1])
# new |     H = torch.relu(layer(at_code(Z), W[2]))

# %% code-with-its-ones exercise="forward" keeps=0.8333 hint="the code came back with the ones behind it"
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     return torch.tanh(layer(H, W[3])), torch.cat([Z, torch.ones(len(Z), 1)], dim=1)

# %% hidden-for-code exercise="forward" keeps=0.8333 hint="the hidden layer came back instead of the code"
# old |     H = torch.relu(layer(X, W[0]))
# old |     Z = at_code(layer(H, W[1]))
# old |     H = torch.relu(layer(Z, W[2]))
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     H = torch.relu(layer(X, W[0]))
# new |     Z = at_code(layer(H, W[1]))
# new |     return torch.tanh(layer(torch.relu(layer(Z, W[2])), W[3])), H

# %% code-first exercise="forward" keeps=0 hint="the other way round: the reconstruction first"
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     return Z, torch.tanh(layer(H, W[3]))

# %% reconstruction-alone exercise="forward" keeps=0 hint="what came back is tensor: two tensors"
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     return torch.tanh(layer(H, W[3]))

# %% detached-code exercise="forward" keeps=0.8333 hint="no gradient reaches W[0], W[1]:"
# old |     Z = at_code(layer(H, W[1]))
# new |     Z = at_code(layer(H, W[1])).detach()

# %% code-without-its-one exercise="forward" keeps=0.8333 hint="the code goes into the decoder without its 1"
# old |     H = torch.relu(layer(Z, W[2]))
# new |     H = torch.relu(Z @ W[2][:-1])

# %% decoder-without-bias exercise="forward" keeps=0.8333 hint="the decoder has no bias"
# old |     H = torch.relu(layer(Z, W[2]))
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     H = torch.relu(Z @ W[2][:-1])
# new |     return torch.tanh(H @ W[3][:-1]), Z

# %% last-layer-without-bias exercise="forward" keeps=0.8333 hint="the last layer has no bias"
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     return torch.tanh(H @ W[3][:-1]), Z

# %% pixels-from-0-to-1 exercise="forward" keeps=0.8333 hint="moved to pixels from 0 to 1"
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     return (torch.tanh(layer(H, W[3])) + 1) / 2, Z

# %% relu-before-tanh exercise="forward" keeps=0.8333 hint="a ReLU before the tanh"
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     return torch.tanh(torch.relu(layer(H, W[3]))), Z

# %% at-code-twice exercise="forward" keeps=0.8333 hint="at_code is applied twice"
# old |     H = torch.relu(layer(Z, W[2]))
# new |     H = torch.relu(layer(at_code(Z), W[2]))

# %% at-code-in-the-wrong-place exercise="forward" keeps=0.6667 hint="at_code is applied in a hidden layer"
# old |     H = torch.relu(layer(X, W[0]))
# old |     Z = at_code(layer(H, W[1]))
# new |     H = at_code(layer(X, W[0]))
# new |     Z = layer(H, W[1])

# %% relu-under-at-code exercise="forward" keeps=0.8333 hint="with a linear code it goes through ReLU all the same"
# old |     Z = at_code(layer(H, W[1]))
# new |     Z = at_code(torch.relu(layer(H, W[1])))

# %% at-code-on-the-ones-too exercise="forward" keeps=0.8333 hint="with torch.tanh for at_code the reconstruction is another"
# old |     Z = at_code(layer(H, W[1]))
# old |     H = torch.relu(layer(Z, W[2]))
# new |     Z = at_code(torch.cat([layer(H, W[1]), torch.ones(len(X), 1)], dim=1))
# new |     H = torch.relu(Z @ W[2])
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     return torch.tanh(layer(H, W[3])), Z[:, :-1]

# %% detached-bias exercise="forward" keeps=0.8333 hint="its gradients are not"
# old |         return torch.cat([X, ones], dim=1) @ M
# new |         return X @ M[:-1] + ones * M[-1].detach()

# %% writes-into-the-images exercise="forward" keeps=0 hint="writes into W or X"
# old |     H = torch.relu(layer(X, W[0]))
# new |     X *= 2
# new |     X -= 1
# new |     H = torch.relu(layer(X, W[0]))

# %% leaky exercise="forward" keeps=0.8333 hint="go through leaky ReLU"
# old |     H = torch.relu(layer(X, W[0]))
# old |     Z = at_code(layer(H, W[1]))
# old |     H = torch.relu(layer(Z, W[2]))
# new |     H = torch.nn.functional.leaky_relu(layer(X, W[0]))
# new |     Z = at_code(layer(H, W[1]))
# new |     H = torch.nn.functional.leaky_relu(layer(Z, W[2]))

# %% bias-behind-the-relu exercise="forward" keeps=0 hint="the bias comes in behind the ReLU"
# old |     H = torch.relu(layer(X, W[0]))
# old |     Z = at_code(layer(H, W[1]))
# old |     H = torch.relu(layer(Z, W[2]))
# new |     H = torch.relu(X @ W[0][:-1]) + W[0][-1]
# new |     Z = at_code(layer(H, W[1]))
# new |     H = torch.relu(Z @ W[2][:-1]) + W[2][-1]

# %% back-to-the-unit-range exercise="forward" keeps=0 hint="the images are brought to [0, 1] first"
# old |     H = torch.relu(layer(X, W[0]))
# new |     H = torch.relu(layer((X + 1) / 2, W[0]))

# %% centred-over-the-batch exercise="forward" keeps=0 hint="depends on the others of its batch"
# old |     Z = at_code(layer(H, W[1]))
# new |     Z = at_code(layer(H, W[1]))
# new |     Z = Z - Z.mean(dim=0)

# %% dropout exercise="forward" keeps=0 hint="give different reconstructions"
# old |     H = torch.relu(layer(Z, W[2]))
# new |     H = torch.nn.functional.dropout(torch.relu(layer(Z, W[2])), 0.5)

# %% encoder-without-bias exercise="forward" keeps=0.8333 hint="the encoder has no bias"
# old |     H = torch.relu(layer(X, W[0]))
# old |     Z = at_code(layer(H, W[1]))
# new |     H = torch.relu(X @ W[0][:-1])
# new |     Z = at_code(H @ W[1][:-1])

# %% at-code-for-the-caller-alone exercise="forward" keeps=0.6667 hint="not to the one that goes into the decoder: to both"
# old |     Z = at_code(layer(H, W[1]))
# new |     Z = layer(H, W[1])
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     return torch.tanh(layer(H, W[3])), at_code(Z)

# %% at-code-on-the-output exercise="forward" keeps=0.6667 hint="at_code is applied to the output"
# old |     Z = at_code(layer(H, W[1]))
# new |     Z = layer(H, W[1])
# old |     return torch.tanh(layer(H, W[3])), Z
# new |     return at_code(layer(H, W[3])), Z

# %% a-relu-in-every-layer exercise="forward" keeps=0.6667 hint="a ReLU behind every matrix"
# old |         return torch.cat([X, ones], dim=1) @ M
# new |         return torch.relu(torch.cat([X, ones], dim=1) @ M)

# %% [markdown]
# ## train_by_hand

# %% gradients-pile-up exercise="train_by_hand" keeps=0.5 hint="gradients pile up from step to step"
# old |         optimizer.zero_grad()
# new |         pass

# %% emptied-once exercise="train_by_hand" keeps=0.5 hint="gradients pile up from step to step"
# old |     losses = []
# new |     losses = []
# new |     optimizer.zero_grad()
# old |         optimizer.zero_grad()
# old |         loss.backward()
# new |         loss.backward()

# %% never-steps exercise="train_by_hand" keeps=0.25 hint="optimizer.step() is never called"
# old |         optimizer.step()
# new |         pass

# %% emptied-before-the-step exercise="train_by_hand" keeps=0.25 hint="step finds no gradient"
# old |         optimizer.zero_grad()
# old |         loss.backward()
# new |         loss.backward()
# new |         optimizer.zero_grad()

# %% step-before-backward exercise="train_by_hand" keeps=0 hint="it comes first"
# old |         optimizer.zero_grad()
# old |         loss.backward()
# old |         optimizer.step()
# new |         optimizer.step()
# new |         optimizer.zero_grad()
# new |         loss.backward()

# %% without-gradients exercise="train_by_hand" keeps=0 hint="a no_grad, a detach or an item() in between"
# old |         reconstruction, _ = network(W, X)
# new |         with torch.no_grad():
# new |             reconstruction, _ = network(W, X)

# %% one-batch-for-all exercise="train_by_hand" keeps=0.25 hint="call draw() inside the loop"
# old |     losses = []
# old |     for _ in range(iterations):
# old |         X = draw()
# new |     losses = []
# new |     X = draw()
# new |     for _ in range(iterations):

# %% two-batches-an-iteration exercise="train_by_hand" keeps=0 hint="one serves for the whole iteration"
# old |         loss = (reconstruction - X).square().mean(dim=1).mean()
# new |         loss = (reconstruction - draw()).square().mean(dim=1).mean()

# %% uphill exercise="train_by_hand" keeps=0.25 hint="the step goes up the slope"
# old |         loss = (reconstruction - X).square().mean(dim=1).mean()
# new |         loss = -(reconstruction - X).square().mean(dim=1).mean()

# %% all-squares-added exercise="train_by_hand" keeps=0.5 hint="the squares are added up, their mean is asked for"
# old |         loss = (reconstruction - X).square().mean(dim=1).mean()
# new |         loss = (reconstruction - X).square().sum()

# %% pixels-added exercise="train_by_hand" keeps=0.5 hint="the mean over its pixels is asked for"
# old |         loss = (reconstruction - X).square().mean(dim=1).mean()
# new |         loss = (reconstruction - X).square().sum(dim=1).mean()

# %% images-added exercise="train_by_hand" keeps=0.5 hint="the images' losses are added up"
# old |         loss = (reconstruction - X).square().mean(dim=1).mean()
# new |         loss = (reconstruction - X).square().mean(dim=1).sum()

# %% one-loss-an-image exercise="train_by_hand" keeps=0 hint="backward starts from one number"
# old |         loss = (reconstruction - X).square().mean(dim=1).mean()
# new |         loss = (reconstruction - X).square().mean(dim=1)

# %% absolute-differences exercise="train_by_hand" keeps=0.25 hint="the gradient of the absolute differences"
# old |         loss = (reconstruction - X).square().mean(dim=1).mean()
# new |         loss = (reconstruction - X).abs().mean(dim=1).mean()

# %% half-the-square exercise="train_by_hand" keeps=0.5 hint="the losses are halved"
# old |         loss = (reconstruction - X).square().mean(dim=1).mean()
# new |         loss = 0.5 * (reconstruction - X).square().mean(dim=1).mean()

# %% root-of-the-mean exercise="train_by_hand" keeps=0.5 hint="that of the root of the mean square"
# old |         loss = (reconstruction - X).square().mean(dim=1).mean()
# new |         loss = (reconstruction - X).square().mean(dim=1).mean().sqrt()

# %% code-for-reconstruction exercise="train_by_hand" keeps=0 hint="the network returns the reconstruction first"
# old |         reconstruction, _ = network(W, X)
# new |         _, reconstruction = network(W, X)

# %% loss-after-the-step exercise="train_by_hand" keeps=0.75 hint="the losses were measured after the step"
# old |         losses.append(loss.item())
# new |         losses.append((network(W, X)[0] - X).square().mean().item())

# %% running-sum exercise="train_by_hand" keeps=0.75 hint="the losses are added up as they come"
# old |         losses.append(loss.item())
# new |         losses.append(loss.item() + (losses[-1] if losses else 0))

# %% last-loss-alone exercise="train_by_hand" keeps=0.75 hint="one number came back"
# old |     return losses
# new |     return loss.item()

# %% returns-in-the-loop exercise="train_by_hand" keeps=0.25 hint="is the return inside the loop?"
# old |     return losses
# new |         return losses

# %% returns-nothing exercise="train_by_hand" keeps=0.75 hint="nothing came back (None)"
# old |     return losses
# new |     print(losses)

# %% one-iteration-too-few exercise="train_by_hand" keeps=0.25 hint="one iteration too few"
# old |     for _ in range(iterations):
# new |     for _ in range(1, iterations):

# %% one-iteration-too-many exercise="train_by_hand" keeps=0.25 hint="one iteration too many"
# old |     for _ in range(iterations):
# new |     for _ in range(iterations + 1):

# %% a-thousand-whatever-is-asked exercise="train_by_hand" keeps=0.25 hint="1000 steps are taken"
# old |     for _ in range(iterations):
# new |     for _ in range(1_000):

# %% steps-twice exercise="train_by_hand" keeps=0.75 hint="step() is called twice"
# old |         optimizer.step()
# new |         optimizer.step()
# new |         optimizer.step()

# %% steps-by-hand exercise="train_by_hand" keeps=0.5 hint="but not by optimizer.step()"
# old |         optimizer.step()
# new |         with torch.no_grad():
# new |             for matrix in W:
# new |                 matrix -= 3e-3 * matrix.grad

# %% optimiser-of-its-own exercise="train_by_hand" keeps=0.75 hint="but not by optimizer.step()"
# old |     for _ in range(iterations):
# new |     optimizer = type(optimizer)(W, **optimizer.defaults)
# new |     for _ in range(iterations):

# %% matrices-made-anew exercise="train_by_hand" keeps=0 hint="optimizer.step() is never called"
# old |         optimizer.zero_grad()
# old |         loss.backward()
# old |         optimizer.step()
# new |         gradients = torch.autograd.grad(loss, W)
# new |         W = [(M - 0.1 * g).detach().requires_grad_() for M, g in zip(W, gradients)]

# %% loss-made-anew exercise="train_by_hand" keeps=0.25 hint="step finds no gradient"
# old |         loss = (reconstruction - X).square().mean(dim=1).mean()
# new |         loss = (reconstruction - X).square().mean()
# new |         loss = torch.tensor(loss.item(), requires_grad=True)

# %% losses-with-their-history exercise="train_by_hand" keeps=0.75 hint="the losses still hang on the matrices"
# old |         losses.append(loss.item())
# new |         losses.append(loss)

# %% a-step-every-other-time exercise="train_by_hand" keeps=0.5 hint="no step is taken: every iteration takes one"
# old |         optimizer.step()
# new |         if len(losses) % 2:
# new |             optimizer.step()

# %% a-loss-for-each-image exercise="train_by_hand" keeps=0.75 hint="of 3 iterations a list of 12 came back"
# old |         losses.append(loss.item())
# new |         losses.extend((reconstruction - X).square().mean(dim=1).tolist())

# %% list-made-in-the-loop exercise="train_by_hand" keeps=0.75 hint="make the list once, before the loop"
# old |         X = draw()
# new |         losses = []
# new |         X = draw()

# %% gradients-cut exercise="train_by_hand" keeps=0.75 hint="leave gradients and optimiser as they are"
# old |         optimizer.step()
# new |         torch.nn.utils.clip_grad_norm_(W, 1.0)
# new |         optimizer.step()

# %% one-matrix-emptied exercise="train_by_hand" keeps=0.5 hint="the gradients of some of the matrices pile up"
# old |         optimizer.zero_grad()
# new |         W[0].grad = None

# %% first-batch-thrown-away exercise="train_by_hand" keeps=0.25 hint="the first one is drawn and not used"
# old |     losses = []
# new |     losses = []
# new |     print(draw().shape)

# %% copies-before-the-loop exercise="train_by_hand" keeps=0.25 hint="are these copied before the loop?"
# old |     losses = []
# new |     losses = []
# new |     W = [matrix.clone() for matrix in W]

# %% step-behind-the-loop exercise="train_by_hand" keeps=0.25 hint="does step() stand behind the loop?"
# old |         optimizer.step()
# new |         pass
# old |     return losses
# new |     optimizer.step()
# new |     return losses

# %% pixels-hard-coded exercise="train_by_hand" keeps=0.5 hint="are divided by 784"
# old |         loss = (reconstruction - X).square().mean(dim=1).mean()
# new |         loss = (reconstruction - X).square().sum(dim=1).mean() / 784

# %% encoder-frozen exercise="train_by_hand" keeps=0.5 hint="W[0] stays as it is"
# old |         reconstruction, _ = network(W, X)
# new |         reconstruction, _ = network([W[0].detach(), *W[1:]], X)

# %% [markdown]
# ## dead_codes

# %% only-zeros exercise="dead_codes" keeps=0.25 hint="but not 0, is not found"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return (Z == 0).all(dim=0)

# %% any-zero exercise="dead_codes" keeps=0.25 hint="0 for some of the images counts as dead"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return (Z == 0).any(dim=0)

# %% never-positive exercise="dead_codes" keeps=0.25 hint="never positive counts as dead"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return ~(Z > 0).any(dim=0) | (Z.std(dim=0) < 1e-6)

# %% sums-to-zero exercise="dead_codes" keeps=0.25 hint="whose numbers cancel"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return Z.sum(dim=0).abs() < 1e-4

# %% alive-for-dead exercise="dead_codes" keeps=0.25 hint="the wrong way round"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return Z.amax(dim=0) != Z.amin(dim=0)

# %% image-by-image exercise="dead_codes" keeps=0 hint="an answer for each image"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return Z.amax(dim=1) == Z.amin(dim=1)

# %% counted exercise="dead_codes" keeps=0 hint="one number came back"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return (Z.amax(dim=0) == Z.amin(dim=0)).sum().item()

# %% as-positions exercise="dead_codes" keeps=0 hint="positions came back"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return (Z.amax(dim=0) == Z.amin(dim=0)).nonzero().flatten()

# %% as-numbers exercise="dead_codes" keeps=0.75 hint="numbers came back: True and False"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return (Z.amax(dim=0) == Z.amin(dim=0)).float()

# %% rare-is-dead exercise="dead_codes" keeps=0.25 hint="0 for all images but one counts as dead"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return (Z == Z.median(dim=0).values).float().mean(dim=0) > 0.95

# %% rounded-first exercise="dead_codes" keeps=0.25 hint="whose numbers are small counts as dead"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     Z = Z.round()
# new |     return Z.amax(dim=0) == Z.amin(dim=0)

# %% without-signs exercise="dead_codes" keeps=0.25 hint="a code of 2 and -2 counts as dead"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return Z.abs().amax(dim=0) == Z.abs().amin(dim=0)

# %% largest-is-zero exercise="dead_codes" keeps=0.25 hint="never positive counts as dead"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return Z.amax(dim=0) == 0

# %% all-codes-together exercise="dead_codes" keeps=0.25 hint="no code is marked"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return (Z == Z.max()).all(dim=0)

# %% the-mean-is-the-first exercise="dead_codes" keeps=0.25 hint="when its first image has the mean"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return Z.mean(dim=0) == Z[0]

# %% zero-or-the-first exercise="dead_codes" keeps=0.25 hint="either 0 or one other number"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return ((Z == 0) | (Z == Z[0])).all(dim=0)

# %% rows-for-columns-kept exercise="dead_codes" keeps=0 hint="one answer for each of 10 codes"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return Z.amax(dim=0, keepdim=True) == Z.amin(dim=0, keepdim=True)

# %% shifts-the-codes exercise="dead_codes" keeps=0.8 hint="writes into Z"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     Z -= Z[0].clone()
# new |     return (Z == 0).all(dim=0)

# %% below-a-thousandth exercise="dead_codes" keeps=0.25 hint="whose numbers are small counts as dead"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return Z.std(dim=0) < 1e-3

# %% at-most-two-numbers exercise="dead_codes" keeps=0.25 hint="a code with two different numbers counts as dead"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return torch.tensor([len(column.unique()) <= 2 for column in Z.T])

# %% between-the-percentiles exercise="dead_codes" keeps=0.25 hint="0 for all images but one counts as dead"
# old |     return Z.amax(dim=0) == Z.amin(dim=0)
# new |     return Z.quantile(0.99, dim=0) == Z.quantile(0.01, dim=0)

# %% [markdown]
# ## decoder_alone

# %% from-0-to-1 exercise="decoder_alone" keeps=0.75 hint="numbers from 0 to 1: stretch them"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     return torch.rand(n, Z.shape[1], generator=generator)

# %% one-range-for-all exercise="decoder_alone" keeps=0.75 hint="that of the whole of Z"
# old |     low, high = Z.amin(dim=0), Z.amax(dim=0)
# new |     low, high = Z.min(), Z.max()

# %% low-to-low-plus-high exercise="decoder_alone" keeps=0.75 hint="from low to low + high"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     return low + high * torch.rand(n, Z.shape[1], generator=generator)

# %% low-forgotten exercise="decoder_alone" keeps=0.75 hint="from 0 to high: begin at low"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     return high * torch.rand(n, Z.shape[1], generator=generator)

# %% normal-for-uniform exercise="decoder_alone" keeps=0.75 hint="crowd in the middle"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     return Z.mean(dim=0) + Z.std(dim=0) * torch.randn(n, Z.shape[1], generator=generator)

# %% one-die-for-a-row exercise="decoder_alone" keeps=0.75 hint="go up and down together"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     return low + (high - low) * torch.rand(n, 1, generator=generator)

# %% one-code-for-all exercise="decoder_alone" keeps=0.5 hint="all codes drawn are the same one"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     return (low + (high - low) * torch.rand(Z.shape[1], generator=generator)).expand(n, -1)

# %% old-codes-again exercise="decoder_alone" keeps=0.75 hint="codes that came in come back"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     return Z[torch.randint(len(Z), (n,), generator=generator)]

# %% global-dice-for-codes exercise="decoder_alone" keeps=0.75 hint="gives other codes: other dice"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     return low + (high - low) * torch.rand(n, Z.shape[1])

# %% as-many-as-came-in exercise="decoder_alone" keeps=0.5 hint="as many codes as came in"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     return low + (high - low) * torch.rand(Z.shape, generator=generator)

# %% decode-with-the-encoder exercise="decoder_alone" keeps=0.5 hint="your code raised RuntimeError"
# old |     H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2])
# new |     H = torch.relu(torch.cat([Z, ones], dim=1) @ W[0])

# %% decode-ones-in-front exercise="decoder_alone" keeps=0.75 hint="decode: the first row of each matrix"
# old |     H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2])
# old |     return torch.tanh(torch.cat([H, ones], dim=1) @ W[3])
# new |     H = torch.relu(torch.cat([ones, Z], dim=1) @ W[2])
# new |     return torch.tanh(torch.cat([ones, H], dim=1) @ W[3])

# %% decode-without-bias exercise="decoder_alone" keeps=0.75 hint="decode: the bias is left out"
# old |     H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2])
# old |     return torch.tanh(torch.cat([H, ones], dim=1) @ W[3])
# new |     H = torch.relu(Z @ W[2][:-1])
# new |     return torch.tanh(H @ W[3][:-1])

# %% decode-without-relu exercise="decoder_alone" keeps=0.75 hint="no ReLU between its matrices"
# old |     H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2])
# new |     H = torch.cat([Z, ones], dim=1) @ W[2]

# %% decode-without-tanh exercise="decoder_alone" keeps=0.75 hint="decode: the tanh is missing"
# old |     return torch.tanh(torch.cat([H, ones], dim=1) @ W[3])
# new |     return torch.cat([H, ones], dim=1) @ W[3]

# %% decode-sigmoid exercise="decoder_alone" keeps=0.75 hint="decode: the output goes through a sigmoid"
# old |     return torch.tanh(torch.cat([H, ones], dim=1) @ W[3])
# new |     return torch.sigmoid(torch.cat([H, ones], dim=1) @ W[3])

# %% decode-to-the-unit-range exercise="decoder_alone" keeps=0.75 hint="leave them between -1 and 1"
# old |     return torch.tanh(torch.cat([H, ones], dim=1) @ W[3])
# new |     return (torch.tanh(torch.cat([H, ones], dim=1) @ W[3]) + 1) / 2

# %% decode-missing exercise="decoder_alone" keeps=0.5 hint="complete the cell above first"
# old |     ones = torch.ones(len(Z), 1)
# new |     raise NotImplementedError("still to do")

# %% one-spread-around-the-mean exercise="decoder_alone" keeps=0.75 hint="one standard deviation to each side"
# old |     low, high = Z.amin(dim=0), Z.amax(dim=0)
# new |     low, high = Z.mean(dim=0) - Z.std(dim=0), Z.mean(dim=0) + Z.std(dim=0)

# %% two-spreads-around-the-mean exercise="decoder_alone" keeps=0.75 hint="do not reach the smallest and the largest"
# old |     low, high = Z.amin(dim=0), Z.amax(dim=0)
# new |     low, high = Z.mean(dim=0) - 2 * Z.std(dim=0), Z.mean(dim=0) + 2 * Z.std(dim=0)

# %% all-but-one-per-cent exercise="decoder_alone" keeps=0.75 hint="do not reach the smallest and the largest"
# old |     low, high = Z.amin(dim=0), Z.amax(dim=0)
# new |     low, high = Z.quantile(0.01, dim=0), Z.quantile(0.99, dim=0)

# %% beginning-at-the-end exercise="decoder_alone" keeps=0.75 hint="from high to high + (high - low)"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     return high + (high - low) * torch.rand(n, Z.shape[1], generator=generator)

# %% normal-from-low exercise="decoder_alone" keeps=0.75 hint="below the smallest or above the largest"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     return low + (high - low) * torch.randn(n, Z.shape[1], generator=generator)

# %% generator-of-its-own exercise="decoder_alone" keeps=0.75 hint="every call of sample_codes gives the same codes"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     generator = torch.Generator().manual_seed(0)
# new |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)

# %% half-of-them-twice exercise="decoder_alone" keeps=0.75 hint="codes come again in other rows"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     half = torch.rand(n // 2, Z.shape[1], generator=generator)
# new |     return low + (high - low) * torch.cat([half, half])

# %% decode-with-a-relu-on-the-codes exercise="decoder_alone" keeps=0.75 hint="decode puts a ReLU on the codes"
# old |     H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2])
# new |     H = torch.relu(torch.cat([torch.relu(Z), ones], dim=1) @ W[2])

# %% decode-code-without-its-one exercise="decoder_alone" keeps=0.75 hint="decode: the code goes into the decoder without its 1"
# old |     H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2])
# new |     H = torch.relu(Z @ W[2][:-1])

# %% decode-last-layer-without-bias exercise="decoder_alone" keeps=0.75 hint="decode: the last layer has no bias"
# old |     return torch.tanh(torch.cat([H, ones], dim=1) @ W[3])
# new |     return torch.tanh(H @ W[3][:-1])

# %% decode-into-the-codes exercise="decoder_alone" keeps=0.4 hint="writes into W or Z"
# old |     H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2])
# new |     Z -= Z.mean(dim=0)
# new |     H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2])

# %% a-grid-shuffled exercise="decoder_alone" keeps=0.75 hint="the codes lie at even distances"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     grids = [torch.linspace(a, b, n)[torch.randperm(n, generator=generator)] for a, b in zip(low, high)]
# new |     return torch.stack(grids, dim=1)

# %% from-minus-one exercise="decoder_alone" keeps=0.75 hint="torch.rand begins at 0, not at -1"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     return low + (high - low) * (2 * torch.rand(n, Z.shape[1], generator=generator) - 1)

# %% sorted-in-each-row exercise="decoder_alone" keeps=0.75 hint="the codes of a row are sorted"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator).sort(dim=1).values

# %% whole-numbers-only exercise="decoder_alone" keeps=0.75 hint="the codes are rounded"
# old |     return low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)
# new |     return (low + (high - low) * torch.rand(n, Z.shape[1], generator=generator)).round()

# %% range-of-the-first-code exercise="decoder_alone" keeps=0.75 hint="all columns have the range of the first"
# old |     low, high = Z.amin(dim=0), Z.amax(dim=0)
# new |     low, high = Z[:, 0].min(), Z[:, 0].max()

# %% decode-bias-behind-the-relu exercise="decoder_alone" keeps=0.5 hint="decode: the bias comes in behind the ReLU"
# old |     H = torch.relu(torch.cat([Z, ones], dim=1) @ W[2])
# new |     H = torch.relu(Z @ W[2][:-1]) + W[2][-1]

# %% [markdown]
# ## cross_entropy

# %% plain-exponential exercise="cross_entropy" keeps=0.8 hint="take the largest logit of each row off first"
# old |     powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
# new |     powers = torch.exp(logits)

# %% maximum-of-the-batch exercise="cross_entropy" keeps=0.8 hint="that of the row, not that of the whole batch"
# old |     powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
# new |     powers = torch.exp(logits - logits.max())

# %% cut-at-fifty exercise="cross_entropy" keeps=0.8 hint="finite, but wrong"
# old |     powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
# new |     powers = torch.exp(logits.clamp(-50, 50))

# %% softmax-over-images exercise="cross_entropy" keeps=0.8 hint="the columns of softmax sum to 1"
# old |     powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
# old |     return powers / powers.sum(dim=1, keepdim=True)
# new |     powers = torch.exp(logits - logits.amax(dim=0, keepdim=True))
# new |     return powers / powers.sum(dim=0, keepdim=True)

# %% divided-by-all exercise="cross_entropy" keeps=0.8 hint="all numbers of softmax together sum to 1"
# old |     powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
# old |     return powers / powers.sum(dim=1, keepdim=True)
# new |     powers = torch.exp(logits - logits.max())
# new |     return powers / powers.sum()

# %% never-divided exercise="cross_entropy" keeps=0.8 hint="without dividing, the largest 1"
# old |     return powers / powers.sum(dim=1, keepdim=True)
# new |     return powers

# %% logarithm-of-softmax exercise="cross_entropy" keeps=0.6 hint="the logarithm of a probability rounded to 0"
# old |     log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
# new |     powers = shifted.exp()
# new |     log_p = (powers / powers.sum(dim=1, keepdim=True)).log()

# %% small-number-added exercise="cross_entropy" keeps=0.8 hint="hides how wrong the network is"
# old |     log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
# new |     powers = shifted.exp()
# new |     log_p = (powers / powers.sum(dim=1, keepdim=True) + 1e-8).log()

# %% summed-over-the-batch exercise="cross_entropy" keeps=0.8 hint="the losses of the images are added up"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return -(targets * log_p).sum()

# %% mean-over-classes-too exercise="cross_entropy" keeps=0.8 hint="the mean runs over images and classes"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return -(targets * log_p).mean()

# %% minus-forgotten exercise="cross_entropy" keeps=0.8 hint="the minus is missing"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return (targets * log_p).sum(dim=1).mean()

# %% a-loss-for-each exercise="cross_entropy" keeps=0.4 hint="a loss for each image"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return -(targets * log_p).sum(dim=1)

# %% as-a-float exercise="cross_entropy" keeps=0.4 hint="a number without a history"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return -(targets * log_p).sum(dim=1).mean().item()

# %% base-ten exercise="cross_entropy" keeps=0.8 hint="to the base 10"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return -(targets * log_p).sum(dim=1).mean() / torch.tensor(10.0).log()

# %% softmax-twice exercise="cross_entropy" keeps=0.8 hint="softmax was applied twice"
# old |     shifted = logits - logits.amax(dim=1, keepdim=True)
# new |     shifted = torch.softmax(logits, dim=1)

# %% targets-ignored exercise="cross_entropy" keeps=0.8 hint="targets picks the right one"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return -log_p.sum(dim=1).mean()

# %% detached-logits exercise="cross_entropy" keeps=0.8 hint="no gradient reaches the logits"
# old |     shifted = logits - logits.amax(dim=1, keepdim=True)
# new |     logits = logits.detach()
# new |     shifted = logits - logits.amax(dim=1, keepdim=True)

# %% shifts-in-place exercise="cross_entropy" keeps=0.6667 hint="backward cannot go through logits that were overwritten"
# old |     shifted = logits - logits.amax(dim=1, keepdim=True)
# new |     logits -= logits.amax(dim=1, keepdim=True)
# new |     shifted = logits

# %% maximum-of-each-column exercise="cross_entropy" keeps=0.6 hint="softmax takes another number off each column"
# old |     powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
# new |     powers = torch.exp(logits - logits.amax(dim=0, keepdim=True))

# %% sums-of-the-columns exercise="cross_entropy" keeps=0.6 hint="softmax divides by the sums of the columns"
# old |     return powers / powers.sum(dim=1, keepdim=True)
# new |     return powers / powers.sum(dim=0, keepdim=True)

# %% softmax-into-the-logits exercise="cross_entropy" keeps=0.8333 hint="writes into the logits"
# old |     powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
# new |     logits -= logits.amax(dim=1, keepdim=True)
# new |     powers = torch.exp(logits)

# %% maximum-of-the-batch-in-the-loss exercise="cross_entropy" keeps=0.6 hint="exponentials are inf, or all of a row's are 0"
# old |     shifted = logits - logits.amax(dim=1, keepdim=True)
# new |     shifted = logits - logits.max()

# %% plain-exponential-in-the-loss exercise="cross_entropy" keeps=0.6 hint="exponentials are inf, or all of a row's are 0"
# old |     log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
# new |     log_p = logits - logits.exp().sum(dim=1, keepdim=True).log()

# %% maximum-of-each-column-in-the-loss exercise="cross_entropy" keeps=0.4 hint="cross_entropy takes another number off each column"
# old |     shifted = logits - logits.amax(dim=1, keepdim=True)
# new |     shifted = logits - logits.amax(dim=0, keepdim=True)

# %% maximum-taken-off-once exercise="cross_entropy" keeps=0.8 hint="in both, or in neither"
# old |     log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
# new |     log_p = logits - shifted.exp().sum(dim=1, keepdim=True).log()

# %% mean-over-the-classes exercise="cross_entropy" keeps=0.8 hint="divide by the number of images"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return -(targets * log_p).sum(dim=0).mean()

# %% squared-differences exercise="cross_entropy" keeps=0.6 hint="squared differences of probabilities"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return (log_p.exp() - targets).square().sum(dim=1).mean()

# %% mean-of-squared-differences exercise="cross_entropy" keeps=0.6 hint="the mean of squared differences"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return (log_p.exp() - targets).square().mean()

# %% favourite-class exercise="cross_entropy" keeps=0.6 hint="the class with the largest logit, whatever the label is"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return -log_p.amax(dim=1).mean()

# %% weighed-with-itself exercise="cross_entropy" keeps=0.6 hint="with the probabilities themselves"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return -(log_p.exp() * log_p).sum(dim=1).mean()

# %% logarithm-last exercise="cross_entropy" keeps=0.6 hint="the logarithm of a mean probability"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return -(targets * log_p.exp()).sum(dim=1).mean().log()

# %% detached-sum exercise="cross_entropy" keeps=0.8 hint="the value is right, its gradient is not"
# old |     log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
# new |     log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log().detach()

# %% painted-over exercise="cross_entropy" keeps=0.8 hint="nan was only painted over"
# old |     powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
# old |     return powers / powers.sum(dim=1, keepdim=True)
# new |     powers = torch.exp(logits)
# new |     return torch.nan_to_num(powers / powers.sum(dim=1, keepdim=True))

# %% divided-by-the-largest-logit exercise="cross_entropy" keeps=0.6 hint="softmax divides by the largest logit of a row"
# old |     powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
# new |     powers = torch.exp(logits / logits.amax(dim=1, keepdim=True))

# %% cut-at-eighty exercise="cross_entropy" keeps=0.8 hint="softmax is nan in rows of negative logits"
# old |     powers = torch.exp(logits - logits.amax(dim=1, keepdim=True))
# new |     powers = torch.exp(logits.clamp(max=80))

# %% one-column-for-each exercise="cross_entropy" keeps=0.6 hint="softmax gives a column for each image"
# old |     return powers / powers.sum(dim=1, keepdim=True)
# new |     return (powers / powers.sum(dim=1, keepdim=True)).T

# %% ten-classes-for-granted exercise="cross_entropy" keeps=0.8 hint="the loss takes 10 classes for granted"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return -10 * (targets * log_p).mean()

# %% sum-without-its-logarithm exercise="cross_entropy" keeps=0.6 hint="takes off the sum of the exponentials itself"
# old |     log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
# new |     log_p = shifted - shifted.exp().sum(dim=1, keepdim=True)

# %% sum-left-out exercise="cross_entropy" keeps=0.6 hint="leaves out the logarithm of the sum"
# old |     log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
# new |     log_p = shifted

# %% labels-of-all-images exercise="cross_entropy" keeps=0.6 hint="pairs every image with the label of every other"
# old |     return -(targets * log_p).sum(dim=1).mean()
# new |     return -log_p[:, targets.argmax(dim=1)].mean()
