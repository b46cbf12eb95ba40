# Answers to train_epoch. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% zero-grad-missing patch="optimizer.zero_grad() => pass" keeps=0.75 hint="gradients accumulate"

# %% never-steps patch="optimizer.step() => pass" keeps=0.25 hint="the weights do not move"

# %% zeroed-before-the-step keeps=0.25 hint="the weights do not move"
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% mean-of-means keeps=0.875 hint="the mean of the batches' means"
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        count += 1
    return total / count


# %% last-loss patch="return total / count => return loss.item()" keeps=0.75 hint="the loss of the last batch alone"


# %% summed-loss keeps=0.75 hint="added up before backward"
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images, reduction="sum")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        count += len(images)
    return total / count


# %% returns-in-the-loop keeps=0.5 hint="is the return inside the loop"
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
        return total / count


# %% returns-nothing patch="return total / count => print(total / count)" keeps=0.75 hint="Is the return missing?"


# %% summed-and-divided
def train_epoch(model, loader, optimizer):
    total, numbers = 0.0, 0
    model.train()
    for batch in loader:
        images = batch[0]
        optimizer.zero_grad(set_to_none=False)
        squares = nn.functional.mse_loss(model(images), images, reduction="sum")
        (squares / images.numel()).backward()
        optimizer.step()
        total += squares.item()
        numbers += images.numel()
    return total / numbers


# %% zeroed-after-the-step
def train_epoch(model, loader, optimizer):
    criterion = nn.MSELoss()
    losses, sizes = [], []
    optimizer.zero_grad()
    for images, labels in loader:
        output = model(images)
        loss = criterion(output, images)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.detach())
        sizes.append(images.size(0))
    sizes = torch.tensor(sizes, dtype=torch.float32)
    return (torch.stack(losses) * sizes).sum() / sizes.sum()


# %% tensor-kept-on-the-device
def train_epoch(model, loader, optimizer):
    total = torch.zeros(1)
    for images, _ in loader:
        loss = torch.mean((model(images) - images) ** 2)
        model.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.detach() * images.shape[0]
    return total / len(loader.dataset)


# %% closure
def train_epoch(model, loader, optimizer):
    import numpy as np

    losses, sizes = [], []
    for images, _ in loader:

        def closure():
            optimizer.zero_grad()
            loss = (model(images) - images).pow(2).flatten(1).mean(dim=1).mean()
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).item())
        sizes.append(len(images))
    return np.average(losses, weights=sizes)


# %% gradients-by-hand
def train_epoch(model, loader, optimizer):
    total = 0.0
    for images, _ in loader:
        per_image = (model(images) - images).square().flatten(1).mean(dim=1)
        for parameter, gradient in zip(
            model.parameters(), torch.autograd.grad(per_image.mean(), list(model.parameters()))
        ):
            parameter.grad = gradient
        optimizer.step()
        total += per_image.sum().item()
    return total / len(loader.dataset)


# %% run-twice-for-the-loss
def train_epoch(model, loader, optimizer):
    total = 0.0
    for images, _ in loader:
        with torch.no_grad():
            before = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        nn.functional.mse_loss(model(images), images).backward()
        optimizer.step()
        total += before.item() * len(images) / len(loader.dataset)
    return total


# %% mean-over-three-dimensions
def train_epoch(model, loader, optimizer):
    errors = []
    for images, _ in loader:
        squared = (model(images) - images).pow(2).mean(dim=(1, 2, 3))
        optimizer.zero_grad()
        squared.mean().backward()
        optimizer.step()
        errors.extend(squared.tolist())
    return sum(errors) / len(errors)


# %% flattened-to-784
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        images = images.view(-1, 784)
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * images.size(0)
        count += images.size(0)
    return total / count


# %% running-mean
def train_epoch(model, loader, optimizer):
    mean, seen = 0.0, 0
    for images, *_ in loader:
        optimizer.zero_grad()
        loss = ((images - model(images)) ** 2).mean()
        loss.backward()
        optimizer.step()
        seen += len(images)
        mean += (loss.item() - mean) * len(images) / seen
    return mean


# %% while-there-is-a-batch
def train_epoch(model, loader, optimizer):
    losses, weights = [], []
    batches = iter(loader)
    while (batch := next(batches, None)) is not None:
        x = batch[0]
        for group in optimizer.param_groups:
            for p in group["params"]:
                p.grad = None
        loss = torch.linalg.vector_norm(model(x) - x) ** 2 / x.numel()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        weights.append(x.shape[0])
    return float(torch.tensor(losses).double() @ torch.tensor(weights).double() / sum(weights))


# %% zero-at-the-end-only
def train_epoch(model, loader, optimizer):
    total = 0.0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        total += loss.item() * len(images) / len(loader.dataset)
    return total


# %% enable-grad
def train_epoch(model, loader, optimizer):
    was = model.training
    model.train()
    total, count = 0.0, 0
    with torch.enable_grad():
        for images, _ in loader:
            images = images.to(next(model.parameters()).device)
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(input=model(images), target=images, reduction="sum") / images.numel()
            loss.backward()
            optimizer.step()
            total, count = total + loss.item() * len(images), count + len(images)
    model.train(was)
    return total / count


# %% functional-gradients
def train_epoch(model, loader, optimizer):
    from torch.func import functional_call, grad_and_value

    def error(parameters, x):
        return nn.functional.mse_loss(functional_call(model, parameters, (x,)), x)

    total = count = 0
    for x, _ in loader:
        gradients, value = grad_and_value(error)(dict(model.named_parameters()), x)
        for name, parameter in model.named_parameters():
            parameter.grad = gradients[name].detach()
        optimizer.step()
        total, count = total + value.item() * len(x), count + len(x)
    return total / count
