# Answers to fit_predict. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% without-augmentation keeps=0 hint="Without augmentation it is about 1"
def fit_predict(images, labels, unlabelled):
    model = nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 49, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(100):
        optimizer.zero_grad()
        F.cross_entropy(model(images), labels).backward()
        optimizer.step()
    with torch.no_grad():
        return model(unlabelled).argmax(dim=1)


# %% logistic-regression keeps=0 hint="Without augmentation it is about 1"
def fit_predict(images, labels, unlabelled):
    fitted = LogisticRegression(max_iter=300).fit(images.flatten(1), labels)
    return torch.from_numpy(fitted.predict(unlabelled.flatten(1)))


# %% zero-grad-missing patch="optimizer.zero_grad() => pass" keeps=0

# %% step-missing patch="optimizer.step() => pass" keeps=0 hint="as by guessing"

# %% too-few-steps patch="steps = 240 => steps = 12" keeps=0

# %% logits patch="return model(unlabelled).argmax(dim=1) => return model(unlabelled)" keeps=0.8 hint="these are logits"

# %% labels-of-the-labelled patch="return model(unlabelled).argmax(dim=1) => return model(images).argmax(dim=1)" keeps=0


# %% augmentation-alone
def fit_predict(images, labels, unlabelled):
    def shaken(x):
        u = 2 * torch.rand(5, len(x)) - 1
        phi, scale = u[0] * 0.26, 1 + 0.12 * u[1]
        maps = torch.stack(
            [
                scale * phi.cos(),
                u[4] * 0.15 - scale * phi.sin(),
                u[2] / 7,
                scale * phi.sin(),
                scale * phi.cos(),
                u[3] / 7,
            ],
            1,
        )
        return F.grid_sample(
            x, F.affine_grid(maps.view(-1, 2, 3), list(x.shape), align_corners=False), align_corners=False
        )

    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 49, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 300)
    for _ in range(300):
        optimizer.zero_grad()
        F.cross_entropy(model(shaken(images)), labels).backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return model(unlabelled).argmax(dim=1)


# %% svm-on-augmented-images
def fit_predict(images, labels, unlabelled):
    torch.manual_seed(0)
    more = []
    for _ in range(60):
        u = 2 * torch.rand(4, len(images)) - 1
        phi, scale = u[0] * 0.3, 1 + 0.12 * u[1]
        maps = torch.stack(
            [scale * phi.cos(), -scale * phi.sin(), u[2] / 7, scale * phi.sin(), scale * phi.cos(), u[3] / 7], 1
        )
        grid = F.affine_grid(maps.view(-1, 2, 3), list(images.shape), align_corners=False)
        more.append(F.grid_sample(images, grid, align_corners=False))
    rows = torch.cat([images, *more]).flatten(1).numpy()
    fitted = SVC(C=10).fit(rows, labels.repeat(61).numpy())
    return torch.from_numpy(fitted.predict(unlabelled.flatten(1).numpy()))
