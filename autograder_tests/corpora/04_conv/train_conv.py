# Answers to train_conv. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% another-network keeps=0 hint="do not come from the network that was passed in"
def train_conv(model, images):
    model = ConvNet("transposed")
    rate, loss = 8e-3, F.binary_cross_entropy_with_logits
    training.fit(
        model,
        images,
        epochs=10,
        batch_size=25,
        loss=loss,
        optimizer=training.adam(rate),
        schedule=training.one_cycle(rate),
        progress=False,
    )
    return model


# %% untrained keeps=0 hint="Is the network trained that is returned?"
def train_conv(model, images):
    import copy

    training.fit(copy.deepcopy(model), images, epochs=2, progress=False)
    return model


# %% two-epochs patch="epochs=15 => epochs=2" keeps=0 hint="has begun to learn, take more steps"


# %% plain-sgd keeps=0 hint="too short"
def train_conv(model, images):
    slow = lambda parameters: torch.optim.SGD(parameters, lr=0.01)
    training.fit(
        model, images, epochs=5, batch_size=32, loss=F.binary_cross_entropy_with_logits, optimizer=slow, progress=False
    )
    return model


# %% logits-as-pixels keeps=0 hint="which loss is for logits?"
def train_conv(model, images):
    training.fit(model, images, epochs=10, batch_size=25, optimizer=training.adam(2e-3), progress=False)
    return model


# %% squared-error-after-a-sigmoid keeps=0 hint="every output is the same, white or black everywhere"
def train_conv(model, images):
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(10):
        for x in images[torch.randperm(len(images))].split(25):
            optimizer.zero_grad()
            (model(x).sigmoid() - x).square().mean().backward()
            optimizer.step()
    return model


# %% the-labs-digits keeps=0
def train_conv(model, images):
    return trained(lambda: model)


# %% nothing-returned patch="    return model => " keeps=0.8 hint="return the trained model"


# %% own-loop
def train_conv(model, images):
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(15):
        for x in images[torch.randperm(len(images))].split(25):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(x), x).backward()
            optimizer.step()
    return model


# %% momentum
def train_conv(model, images):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model.train()
    for _ in range(15):
        for x in images[torch.randperm(len(images))].split(25):
            loss = F.binary_cross_entropy_with_logits(model(x), x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model.eval()


# %% longer-and-faster
def train_conv(model, images):
    training.fit(
        model,
        images,
        epochs=20,
        batch_size=25,
        loss=F.binary_cross_entropy_with_logits,
        optimizer=training.adam(1e-2),
        progress=False,
    )
    return model


# %% weight-decay
def train_conv(model, images):
    training.fit(
        model,
        images,
        epochs=12,
        batch_size=20,
        loss=F.binary_cross_entropy_with_logits,
        optimizer=lambda p: torch.optim.AdamW(p, lr=5e-3, weight_decay=0.05),
        schedule=training.cosine,
        progress=False,
    )
    return model
