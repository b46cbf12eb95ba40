# Answers to train_vae; the entries are explained in reparameterize.py.

# %% mean-over-pixels patch="bits + kl => bits / 784 + kl" keeps=0 hint="averaged over the pixels"

# %% kl-averaged-over-latents patch="bits + kl => bits + kl / mu.shape[1]" keeps=0 hint="the KL term is too weak"

# %% kl-left-out patch="(bits + kl) => bits" keeps=0 hint="the KL term is too weak"

# %% untrained patch="return model => return type(model)(10, 128)" keeps=0 hint="lie where torch draws them"

# %% too-few-steps patch="range(25) => range(2)" keeps=0 hint="steps"

# %% rate-too-high patch="lr=2e-3 => lr=5e-2" keeps=0 hint="learning rate"

# %% nothing-returned patch="return model => return None" keeps=0 hint="the trained module was asked for"

# %% mean-decoded patch="logits, mu, logvar = model(batch) => mu, logvar = model.encode(batch)\n            logits = model.decode(mu)" keeps=0

# %% fit
def train_vae(model, images):
    def loss(output, batch):
        logits, mu, logvar = output
        bits = F.binary_cross_entropy_with_logits(logits, batch, reduction="sum") / len(batch)
        return bits - 0.5 * (1 + logvar - mu**2 - logvar.exp()).sum(dim=1).mean()

    training.fit(model, images, epochs=25, batch_size=25, loss=loss, optimizer=training.adam(2e-3), progress=False)
    return model


# %% own-draw-and-warm-up
def train_vae(model, images):
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(1000):
        x = images[torch.randint(len(images), (32,))]
        mu, logvar = model.encode(x)
        q = torch.distributions.Normal(mu, (logvar / 2).exp())
        kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(1)
        bits = F.binary_cross_entropy_with_logits(model.decode(q.rsample()), x, reduction="none")
        loss = (bits.flatten(1).sum(1) + min(1.0, step / 200) * kl).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()
