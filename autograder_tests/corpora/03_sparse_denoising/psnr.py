# Answers to psnr. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% mean-inside-the-log patch="error = (reconstructions - images).square().flatten(1).mean(dim=1) => error = (reconstructions - images).square().mean()" keeps=0.5 hint="of each image first"

# %% peak-of-the-data patch="1 / error => images.max() ** 2 / error" keeps=0.5 hint="belongs to the format"

# %% peak-of-each-image patch="1 / error => images.flatten(1).amax(dim=1) ** 2 / error" keeps=0.5 hint="belongs to the format"

# %% peak-255 patch="1 / error => 255**2 / error" keeps=0.5 hint="the peak is 255"

# %% natural-logarithm patch="torch.log10 => torch.log" keeps=0.5 hint="natural logarithm"

# %% summed patch="flatten(1).mean(dim=1) => flatten(1).sum(dim=1)" keeps=0.5 hint="added up"


# %% minus-log
def psnr(images, reconstructions):
    return -10 * (images - reconstructions).pow(2).mean(dim=(1, 2, 3)).log10()


# %% twenty-times-the-root
def psnr(images, reconstructions):
    rmse = nn.functional.mse_loss(reconstructions, images, reduction="none").mean((1, 2, 3)).sqrt()
    return 20 * torch.log10(1.0 / rmse)


# %% change-of-base
def psnr(images, reconstructions):
    import math

    errors = torch.stack([((a - b) ** 2).mean() for a, b in zip(images, reconstructions)])
    return -10 * errors.log() / math.log(10)
