# Answers to linear_autoencoder. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and
# the share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% never-steps patch="optimizer.step() => pass" keeps=0 hint="nothing is learned"

# %% gradients-accumulate patch="optimizer.zero_grad() => pass" keeps=0 hint="set to zero before each backward"

# %% too-few-steps patch="range(300) => range(30)" keeps=0.4 hint="stop too early"

# %% ignores-the-width patch="images.shape[1], width) => images.shape[1], width + 1)" keeps=0 hint="self.encoder holds 20-4"

# %% minibatches
def train_linear_autoencoder(images, width):
    model = LinearAutoencoder(images.shape[1], width)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.02, weight_decay=0.0)
    for epoch in range(80):
        for batch in images.split(50):
            optimizer.zero_grad()
            (model(batch) - batch).square().mean().backward()
            optimizer.step()
    for group in optimizer.param_groups:
        group["lr"] = 0.002
    for _ in range(50):
        optimizer.zero_grad()
        (model(images) - images).square().mean().backward()
        optimizer.step()
    return model


# %% in-closed-form
def train_linear_autoencoder(images, width):
    model = LinearAutoencoder(images.shape[1], width)
    mean = images.mean(dim=0)
    basis = torch.linalg.svd(images - mean, full_matrices=False)[2][:width]
    with torch.no_grad():
        model.encoder.weight.copy_(basis)
        model.encoder.bias.copy_(-basis @ mean)
        model.decoder.weight.copy_(basis.T)
        model.decoder.bias.copy_(mean)
    return model
