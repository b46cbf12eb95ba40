# Answers to fit_predict. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% without-augmentation keeps=0 hint="Without augmentation it is above 1"
def fit_predict(images, labels, unlabelled):
    model = few_labels.new_convolutions()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
    with torch.no_grad():
        return model(unlabelled).argmax(dim=1)


# %% logistic-regression keeps=0 hint="Without augmentation it is above 1"
def fit_predict(images, labels, unlabelled):
    fitted = LogisticRegression(max_iter=300).fit(images.flatten(1), labels)
    return torch.from_numpy(fitted.predict(unlabelled.flatten(1)))


# %% step-missing patch="optimizer.step() => pass" keeps=0 hint="as by guessing"

# %% logits patch="return model(unlabelled).argmax(dim=1) => return model(unlabelled)" keeps=0.8 hint="these are logits"


# %% labels-of-the-labelled keeps=0
def fit_predict(images, labels, unlabelled):
    fitted = SVC(C=10).fit(images.flatten(1), labels)
    return torch.from_numpy(fitted.predict(images.flatten(1)))


# %% augmentation-alone
def fit_predict(images, labels, unlabelled):
    def shaken(x):
        u = 2 * torch.rand(5, len(x)) - 1
        phi, scale = u[0] * 0.26, 1 + 0.12 * u[1]
        top = torch.stack([scale * phi.cos(), u[4] * 0.15 - scale * phi.sin(), u[2] / 7], dim=1)
        bottom = torch.stack([scale * phi.sin(), scale * phi.cos(), u[3] / 7], dim=1)
        places = F.affine_grid(torch.stack([top, bottom], dim=1), list(x.shape), align_corners=False)
        return F.grid_sample(x, places, align_corners=False)

    model = few_labels.new_convolutions()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    schedule = training.cosine(optimizer, 250)
    for _ in range(250):
        optimizer.zero_grad()
        F.cross_entropy(model(shaken(images)), labels).backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return model(unlabelled).argmax(dim=1)


# %% svm-on-augmented-images
def fit_predict(images, labels, unlabelled):
    more = []
    for _ in range(20):
        u = 2 * torch.rand(4, len(images)) - 1
        phi, scale = u[0] * 0.3, 1 + 0.12 * u[1]
        maps = torch.stack(
            [scale * phi.cos(), -scale * phi.sin(), u[2] / 7, scale * phi.sin(), scale * phi.cos(), u[3] / 7], 1
        )
        grid = F.affine_grid(maps.view(-1, 2, 3), list(images.shape), align_corners=False)
        more.append(F.grid_sample(images, grid, align_corners=False))
    rows = torch.cat([images, *more]).flatten(1).numpy()
    fitted = SVC(C=10).fit(rows, labels.repeat(21).numpy())
    return torch.from_numpy(fitted.predict(unlabelled.flatten(1).numpy()))
