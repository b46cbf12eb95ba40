# Answers to train_small. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% published-learning-rate keeps=0 hint="as those of plain SGD with 0.25"
def train_small(images):
    model = small()
    slow = lambda parameters: torch.optim.SGD(parameters, lr=0.25)
    training.fit(model, images, epochs=10, batch_size=32, optimizer=slow, progress=False)
    return model


# %% returns-another-network patch="return model => return small()" keeps=0 hint="is it the trained network"


# %% too-few-steps keeps=0 hint="a good start"
def train_small(images):
    model = small()
    training.fit(model, images, epochs=6, batch_size=64, progress=False)
    return model


# %% decoder-alone keeps=0 hint="all of model.parameters()"
def train_small(images):
    model = small()
    optimizer = torch.optim.Adam(model.decoder.parameters(), lr=2e-3)
    for _ in range(15):
        for batch in images.split(50):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(batch), batch).backward()
            optimizer.step()
    return model


# %% without-sigmoid keeps=0 hint="small() ends with one"
def train_small(images):
    model = small()
    model.sigmoid = nn.Identity()
    training.fit(model, images, epochs=25, batch_size=50, optimizer=training.adam(2e-3), progress=False)
    return model


# %% ten-codes-instead-of-two keeps=0 hint="784-128-10, expected 784-128-2"
def train_small(images):
    model = small()
    model.encoder, model.decoder = MLP(784, [128, 10]), MLP(10, [128, 784])
    training.fit(model, images, epochs=25, batch_size=50, optimizer=training.adam(2e-3), progress=False)
    return model


# %% too-large-steps keeps=0 hint="nan or inf"
def train_small(images):
    model = small()
    fast = lambda parameters: torch.optim.SGD(parameters, lr=1e20)
    training.fit(model, images, epochs=3, batch_size=32, optimizer=fast, progress=False)
    return model


# %% own-loop-with-momentum
def train_small(images):
    model = small()
    optimizer = torch.optim.SGD(model.parameters(), lr=2, momentum=0.9)
    for epoch in range(40):
        for batch in images[torch.randperm(len(images))].split(32):
            optimizer.zero_grad()
            nn.functional.mse_loss(model(batch), batch).backward()
            optimizer.step()
    return model


# %% cross-entropy
def train_small(images):
    model = small()
    training.fit(
        model,
        images,
        epochs=25,
        batch_size=25,
        loss=nn.functional.binary_cross_entropy,
        schedule=training.one_cycle(4e-3),
        progress=False,
    )
    return model


# %% own-class-and-loader
class SmallAutoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 128), nn.ReLU(), nn.Linear(128, 784), nn.Sigmoid())

    def forward(self, images):
        return self.decoder(self.encoder(images.flatten(1))).view_as(images)


def train_small(images):
    model = SmallAutoencoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    loader = DataLoader(TensorDataset(images), batch_size=32, shuffle=True)
    for _ in range(25):
        for (x,) in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), x).backward()
            optimizer.step()
    return model.eval()


# %% random-flat-batches
def train_small(images):
    net = small()
    opt = torch.optim.NAdam(net.parameters(), lr=2e-3)
    x = images.flatten(1)
    for step in range(800):
        batch = x[torch.randint(len(x), (64,))]
        loss = nn.functional.binary_cross_entropy(net.sigmoid(net.decoder(net.encoder(batch))), batch)
        opt.zero_grad()
        loss.backward()
        opt.step()
    return net.requires_grad_(False)


# %% adamw-cosine
def train_small(images):
    model = small()
    training.fit(
        model,
        images,
        epochs=30,
        batch_size=20,
        optimizer=lambda p: torch.optim.AdamW(p, lr=3e-3, weight_decay=0.01),
        schedule=training.cosine,
        progress=False,
    )
    return model


# %% keeps-the-best-weights
def train_small(images):
    import copy

    net = small()
    held, seen = images[:100], images[100:]
    optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3)
    best, state = float("inf"), None
    for _ in range(25):
        for x in seen[torch.randperm(len(seen))].split(25):
            optimizer.zero_grad()
            nn.functional.mse_loss(net(x), x).backward()
            optimizer.step()
        with torch.no_grad():
            error = nn.functional.mse_loss(net(held), held).item()
        if error < best:
            best, state = error, copy.deepcopy(net.state_dict())
    net.load_state_dict(state)
    return net
