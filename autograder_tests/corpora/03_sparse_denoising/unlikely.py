# Rare answers of lab 03 that lose points all the same. An entry is a whole cell, or patch="old => new" on the reference of
# its exercise. keeps: the share that is left at the most; hint: words of its message.

# %% first-k exercise="largest_filters" patch="return weight[order] => return weight[:k]" keeps=0 hint="the first k filters"

# %% norms-themselves exercise="largest_filters" patch="return weight[order].reshape(k, side, side) => return weight.norm(dim=1)[order]" keeps=0 hint="these are the norms"

# %% norms-of-columns exercise="largest_filters" patch="weight.norm(dim=1) => weight[:, : len(weight)].norm(dim=0)" keeps=0

# %% ties-count-whole exercise="roc_auc" patch="equal / 2 => equal" keeps=0.8 hint="count one half"

# %% above-all-digits exercise="roc_auc" keeps=0.25 hint="above all digits"
def roc_auc(digits, others):
    return (others > digits.max()).float().mean().item()


# %% labels-exchanged exercise="roc_auc" keeps=0.5 hint="digits that score high"
def roc_auc(digits, others):
    from sklearn.metrics import roc_auc_score

    labels = torch.cat([torch.ones(len(digits)), torch.zeros(len(others))])
    return float(roc_auc_score(labels, torch.cat([digits, others])))


# %% error-per-pixel exercise="sparse_loss" patch="error = (reconstructions - images).square().sum(dim=1) => error = (reconstructions - images).square().mean(dim=1)" keeps=0.75 hint="averaged over the pixels"

# %% divided exercise="sparse_loss" patch="return penalty * batch * pixels => return penalty / (batch * pixels)" keeps=0.85 hint="divided by batch and pixels"

# %% everything-summed exercise="sparse_loss" patch="return (error + weight * penalty).mean() => return (error + weight * penalty).sum()" keeps=0.8 hint="their sum"

# %% squared-codes exercise="sparse_loss" patch="codes.abs() => codes.square()" keeps=0.75 hint="squares of the codes"

# %% codes-averaged exercise="sparse_loss" patch="penalty = codes.abs().sum(dim=1) => penalty = codes.abs().mean()" keeps=0.75 hint="averaged over the units"

# %% a-count-for-a-penalty exercise="sparse_loss" patch="penalty = codes.abs().sum(dim=1) => penalty = (codes > 0).float().sum(dim=1)" keeps=0.57 hint="number of active units"

# %% item exercise="sparse_loss" patch="return (error + weight * penalty).mean() => return (error + weight * penalty).mean().item()" keeps=0.6

# %% zero-counts exercise="active_share" patch="codes > 0 => codes >= 0" keeps=0

# %% mean-code exercise="active_share" patch="return (codes > 0).float().mean(dim=1) => return codes.mean(dim=1)" keeps=0 hint="the mean entry"

# %% smallest exercise="keep_largest" patch="codes.topk(k, dim=1) => codes.topk(k, dim=1, largest=False)" keeps=0.5 hint="the smallest entries stay"

# %% the-others exercise="keep_largest" patch="return torch.zeros_like(codes).scatter(1, positions, values) => return codes.scatter(1, positions, 0.0)" keeps=0.5 hint="are set to 0"

# %% above-the-kth exercise="keep_largest" patch="return torch.zeros_like(codes).scatter(1, positions, values) => return codes * (codes > values[:, -1:])" keeps=0.5 hint="one unit too few"

# %% mean-at-the-end exercise="psnr" patch="return 10 * torch.log10(1 / error) => return (10 * torch.log10(1 / error)).mean()" keeps=0.5 hint="mean over the images is taken"

# %% sign exercise="psnr" patch="1 / error => error" keeps=0.5 hint="sign is reversed"

# %% twenty exercise="psnr" patch="10 * torch => 20 * torch" keeps=0.5 hint="belongs to the root"

# %% std-left-out exercise="corruptions" patch="images + std * torch.randn => images + torch.randn" keeps=0.769 hint="multiply it by std"

# %% one-noise-for-the-batch exercise="corruptions" patch="torch.randn(images.shape, generator=generator) => torch.randn(images.shape[1:], generator=generator)" keeps=0.923 hint="share the same noise"

# %% half-of-each exercise="corruptions" patch="white = torch.rand(images.shape, generator=generator) < salt => white = torch.rand(images.shape, generator=generator) < 0.5" keeps=0.885 hint="half of each"

# %% one-mask-for-the-batch exercise="corruptions" patch="replaced = torch.rand(images.shape, generator=generator) < share => replaced = torch.rand(images.shape[1:], generator=generator) < share" keeps=0.923 hint="share the same noise"


# %% dropout-style exercise="corruptions" keeps=0.369
def add_gaussian(images, std, generator):
    return images + std * torch.randn(images.shape, generator=generator)


def salt_and_pepper(images, share, salt, generator):
    return nn.functional.dropout(images, share)


# %% one-epoch exercise="train_denoiser" patch="range(20) => range(1)" keeps=0 hint="for 20 batches only"

# %% untrained exercise="train_denoiser" patch="            optimizer.step() => " keeps=0 hint="and step()"


# %% the-model-made-again exercise="train_denoiser" keeps=0 hint="before the loop"
def train_denoiser(images, corrupt):
    for _ in range(20):
        model = new_denoiser()
        optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
        for clean in images[torch.randperm(len(images))].split(50):
            loss = (model(corrupt(clean)) - clean).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model
