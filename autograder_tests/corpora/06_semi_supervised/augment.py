# Answers to augment. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% one-map-for-all patch="30 * torch.rand(n, generator=generator) - 15) => 30 * torch.rand(1, generator=generator).expand(n) - 15)" keeps=0.85 hint="by the same angle"

# %% same-for-the-batch keeps=0.2 hint="draw an angle and two shifts for each image"
def augment(images, generator):
    angle = torch.deg2rad(30 * torch.rand(1, generator=generator) - 15)
    s_x, s_y = (4 * torch.rand(2, 1, generator=generator) - 2) / 14
    maps = torch.stack([angle.cos(), -angle.sin(), s_x, angle.sin(), angle.cos(), s_y], dim=1).view(1, 2, 3)
    grid = F.affine_grid(maps.repeat(len(images), 1, 1), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


# %% shift-in-pixels patch=" / 14 => " keeps=0.34 hint="divide the pixels by 14"

# %% shift-half-as-far patch="/ 14 => / 28" keeps=0.85 hint="only half as far"

# %% degrees-for-radians patch="torch.deg2rad(30 * torch.rand(n, generator=generator) - 15) => 30 * torch.rand(n, generator=generator) - 15" keeps=0.85 hint="torch.deg2rad(angle)"

# %% one-sided-angles patch="30 * torch.rand(n, generator=generator) - 15 => 15 * torch.rand(n, generator=generator)" keeps=0.85 hint="from 0 to 15 degrees"

# %% global-generator patch="4 * torch.rand(2, n, generator=generator) => 4 * torch.rand(2, n)" keeps=0.8 hint="do not come from `generator`"

# %% not-turned patch="torch.deg2rad(30 * torch.rand(n, generator=generator) - 15) => torch.zeros(n)" keeps=0.7 hint="the images are not turned"


# %% torchvision-one-by-one
def augment(images, generator):
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.functional import affine

    done = []
    for image in images:
        angle = 30 * torch.rand(1, generator=generator).item() - 15
        s = (4 * torch.rand(2, generator=generator) - 2).tolist()
        done.append(affine(image, angle, s, 1.0, [0.0], interpolation=InterpolationMode.BILINEAR))
    return torch.stack(done)


# %% turned-then-moved
def augment(images, generator):
    u = torch.empty(3, len(images)).uniform_(-1, 1, generator=generator)
    phi, dx, dy = u[0] * torch.pi / 12, u[1] / 7, u[2] / 7
    R = torch.stack([torch.stack([phi.cos(), phi.sin()], -1), torch.stack([-phi.sin(), phi.cos()], -1)], -2)
    maps = torch.cat([R, (R @ torch.stack([dx, dy], -1)[:, :, None])], dim=2)
    grid = F.affine_grid(maps, images.shape, align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


# %% scipy-rotate-and-shift
def augment(images, generator):
    from scipy import ndimage

    out = []
    for image in images[:, 0].numpy():
        angle, *move = (2 * torch.rand(3, generator=generator) - 1).tolist()
        turned = ndimage.rotate(image, 15 * angle, reshape=False, order=1)
        out.append(ndimage.shift(turned, [2 * move[0], 2 * move[1]], order=1))
    return torch.tensor(np.array(out))[:, None]
