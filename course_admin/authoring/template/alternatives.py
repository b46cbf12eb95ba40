# Right answers by another way, which must lose nothing. Entries as in mistakes.py, without keeps and hint.

# %% torch-std exercise="standardise"
def standardise(X):
    spread, mean = torch.std_mean(X, dim=0, correction=0)
    return ((X - mean) / spread).nan_to_num(0.0, 0.0, 0.0)


# %% torch-distributions exercise="sampler"
class GaussianSampler(nn.Module):
    def forward(self, mu, logvar):
        return torch.distributions.Normal(mu, logvar.exp().sqrt()).rsample()


# %% minibatches exercise="linear_autoencoder"
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
