# Rare answers of lab 05 that lose points all the same. An entry is a whole cell, or patch="old => new" on the reference of
# its exercise. keeps: the share that is left at the most; hint: words of its message.

# %% negative exercise="importance_bound" patch="return each.mean() => return -each.mean()" keeps=0.5 hint="this is the negative bound"

# %% wrong-sign exercise="kl_to_standard_normal" patch="0.5 * => -0.5 *" keeps=0.5 hint="the sign is reversed"

# %% same-noise-for-all-entries exercise="reparameterize" patch="torch.randn_like(mu) => torch.randn(1)" keeps=0.8333 hint="share the same noise"

# %% sigma-for-sigma-squared exercise="reconstruction_losses" patch="/ (2 * variance) => / (2 * variance.sqrt())" keeps=0.5

# %% decoder-alone exercise="train_vae" patch="model.parameters() => model.decoder.parameters()" keeps=0 hint="lie where torch draws them"
