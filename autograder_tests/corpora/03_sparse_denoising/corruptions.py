# Answers to corruptions. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% variance-for-std patch="images + std * torch.randn => images + std**2 * torch.randn" keeps=0.769 hint="std is the standard deviation"

# %% uniform-noise patch="std * torch.randn(images.shape => std * torch.rand(images.shape" keeps=0.769 hint="uniform and positive"

# %% cut-off patch="return images + std * torch.randn(images.shape, generator=generator) => return (images + std * torch.randn(images.shape, generator=generator)).clamp(0, 1)" keeps=0.769 hint="cut off at 0 and 1"

# %% noise-cut-off patch="return images + std * torch.randn(images.shape, generator=generator) => return images + (std * torch.randn(images.shape, generator=generator)).clamp(0, 1)" keeps=0.769 hint="the noise is cut off at 0"

# %% global-generator patch="torch.randn(images.shape, generator=generator) => torch.randn(images.shape)" keeps=0.846 hint="do not come from `generator`"

# %% others-replaced patch="< share => > share" keeps=0.808 hint="the other pixels are replaced"

# %% salt-is-pepper patch="< salt => > salt" keeps=0.923 hint="salt is 1, pepper is 0"

# %% with-replacement keeps=0.808 hint="drawn with replacement"
def add_gaussian(images, std, generator):
    return images + std * torch.randn(images.shape, generator=generator)


def salt_and_pepper(images, share, salt, generator):
    flat = images.flatten().clone()
    places = torch.randint(len(flat), (round(share * len(flat)),), generator=generator)
    flat[places] = (torch.rand(len(places), generator=generator) < salt).float()
    return flat.reshape(images.shape)


# %% one-number-for-both
def add_gaussian(images, std, generator):
    return torch.normal(images, std, generator=generator)


def salt_and_pepper(images, share, salt, generator):
    u = torch.rand(images.shape, generator=generator)
    out = images.clone()
    out[u < share] = 0
    out[u < share * salt] = 1
    return out


# %% exact-number-of-pixels
def add_gaussian(images, std, generator):
    noise = torch.empty_like(images).normal_(0, std, generator=generator)
    return images + noise


def salt_and_pepper(images, share, salt, generator):
    flat = images.flatten().clone()
    count = round(share * len(flat))
    places = torch.randperm(len(flat), generator=generator)[:count]
    flat[places] = (torch.rand(count, generator=generator) < salt).float()
    return flat.view(images.shape)


# %% bernoulli
def add_gaussian(images, std, generator):
    return torch.randn(images.size(), generator=generator).mul(std).add(images)


def salt_and_pepper(images, share, salt, generator):
    mask = torch.bernoulli(torch.full(images.shape, float(share)), generator=generator)
    value = torch.bernoulli(torch.full(images.shape, float(salt)), generator=generator)
    return images * (1 - mask) + value * mask


# %% image-by-image
def add_gaussian(images, std, generator):
    return torch.stack([x + std * torch.randn(x.shape, generator=generator) for x in images])


def salt_and_pepper(images, share, salt, generator):
    out = []
    for x in images:
        u = torch.rand(x.shape, generator=generator)
        v = torch.rand(x.shape, generator=generator)
        out.append(x.masked_fill((u < share) & (v < salt), 1).masked_fill((u < share) & (v >= salt), 0))
    return torch.stack(out)
