# Answers to train_denoiser. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% target-is-noisy patch="loss = (model(corrupt(clean)) - clean).square().mean() => clean = corrupt(clean); loss = (model(clean) - clean).square().mean()" keeps=0 hint="compared with the noisy image"

# %% noise-thrown-away patch="loss = (model(corrupt(clean)) - clean).square().mean() => noisy = corrupt(clean); loss = (model(clean) - clean).square().mean()" keeps=0 hint="get the clean batch"

# %% the-other-way-round patch="(model(corrupt(clean)) - clean) => (model(clean) - corrupt(clean))" keeps=0 hint="get the clean batch"

# %% no-zero-grad patch="            optimizer.zero_grad() => " keeps=0 hint="is zero_grad() there"

# %% never-corrupted patch="model(corrupt(clean)) => model(clean)" keeps=0 hint="never called"

# %% noise-once keeps=0 hint="called once"
def train_denoiser(images, corrupt):
    model, noisy = new_denoiser(), corrupt(images)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(20):
        for rows in torch.randperm(len(images)).split(50):
            optimizer.zero_grad()
            (model(noisy[rows]) - images[rows]).square().mean().backward()
            optimizer.step()
    return model


# %% too-few-steps patch="range(20) => range(2)" keeps=0 hint="for 40 batches only"


# %% by-fit keeps=0 hint="fit() is not accepted"
def train_denoiser(images, corrupt):
    model = new_denoiser()
    training.fit(model, images, corrupt=corrupt, epochs=20, batch_size=50, progress=False)
    return model


# %% smaller-steps patch="lr=2e-3 => lr=1e-3"


# %% larger-batches-longer
def train_denoiser(images, corrupt):
    from torch.utils.data import DataLoader

    model = new_denoiser()
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    for epoch in range(20):
        for clean in DataLoader(images, batch_size=40, shuffle=True):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(corrupt(clean)), clean).backward()
            optimizer.step()
    return model.eval()


# %% cross-entropy
def train_denoiser(images, corrupt):
    model = new_denoiser()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(20):
        noisy = corrupt(images)
        for rows in torch.randperm(len(images)).split(50):
            loss = nn.functional.binary_cross_entropy(model(noisy[rows]), images[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model
