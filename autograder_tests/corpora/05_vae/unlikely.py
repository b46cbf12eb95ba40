# Rare answers of lab 05 that lose points all the same. An entry is a whole cell, or patch="old => new" on the reference of
# its exercise. keeps: the share that is left at the most; hint: words of its message.

# %% negative exercise="importance_bound" patch="return each.mean() => return -each.mean()" keeps=0.5 hint="this is the negative bound"

# %% wrong-sign exercise="kl_to_standard_normal" patch="0.5 * => -0.5 *" keeps=0.5 hint="the sign is reversed"

# %% same-noise-for-all-entries exercise="reparameterize" patch="torch.randn_like(mu) => torch.randn(1)" keeps=0.8333 hint="share the same noise"

# %% sigma-for-sigma-squared exercise="reconstruction_losses" patch="/ (2 * variance) => / (2 * variance.sqrt())" keeps=0.5

# %% decoder-alone exercise="train_vae" patch="model.parameters() => model.decoder.parameters()" keeps=0 hint="lie where torch draws them"

# %% relu-on-mu exercise="vae" patch="return self.mu(h), self.logvar(h) => return F.relu(self.mu(h)), self.logvar(h)" keeps=0.8846 hint="ReLU after the layer mu"

# %% relu-on-logvar exercise="vae" patch="return self.mu(h), self.logvar(h) => return self.mu(h), F.relu(self.logvar(h))" keeps=0.8846 hint="ReLU after the layer logvar"

# %% reconstruct-gives-logits exercise="vae" patch="return torch.sigmoid(self.decode(mu)) => return self.decode(mu)" keeps=0.9231 hint="their sigmoid is the image"

# %% variance-returned exercise="vae" patch="return self.mu(h), self.logvar(h) => return self.mu(h), self.logvar(h).exp()" keeps=0.8846 hint="exp(logvar), the variance"

# %% noise-of-twenty exercise="vae" patch="torch.randn_like(mu) => torch.randn(len(mu), 20)" keeps=0.9 hint="VAE(latents=7)"

# %% another-name exercise="vae" patch="self.hidden = nn.Linear(784, 400) => self.encoder = nn.Linear(784, 400)" keeps=0 hint="is it called self.encoder"

# %% flatten-forgotten exercise="vae" patch="images.flatten(1) => images" keeps=0.3077 hint="when encode works"

# %% rows-for-images exercise="vae" patch="self.decoder(z).view(-1, 1, 28, 28) => self.decoder(z)" keeps=0.8 hint="the logits: shape [5, 784]"

# %% exchanged exercise="kl_to_standard_normal" keeps=0.5 hint="the two are exchanged"
def kl_to_standard_normal(mu, logvar):
    q, p = torch.distributions.Normal(mu, (logvar / 2).exp()), torch.distributions.Normal(0.0, 1.0)
    return torch.distributions.kl_divergence(p, q).sum(dim=1).mean()


# %% sigmoid-then-loss exercise="reconstruction_losses" patch="F.binary_cross_entropy_with_logits(logits, images => F.binary_cross_entropy(logits.sigmoid(), images" keeps=0.9 hint="cut off"

# %% fifty-draws exercise="importance_bound" patch="float(log_w.shape[1]) => 50.0" keeps=0.5 hint="K is fixed in your code"

# %% pixels-drawn exercise="sample_images" patch="torch.sigmoid(decode(z)) => torch.bernoulli(torch.sigmoid(decode(z)), generator=generator)" keeps=0.5 hint="return the probabilities"

# %% gradients-pile-up exercise="train_vae" patch="optimizer.zero_grad() => pass" keeps=0 hint="no zero_grad"

# %% kl-subtracted exercise="train_vae" patch="bits + kl => bits - kl" keeps=0 hint="e+"
