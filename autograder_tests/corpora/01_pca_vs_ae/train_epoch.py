# Answers to train_epoch. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% gradients-pile-up patch="optimizer.zero_grad() => pass" keeps=0.6667

# %% zero-grad-once keeps=0.6667
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    optimizer.zero_grad()
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% never-steps patch="optimizer.step() => pass" keeps=0.3333

# %% never-backward patch="loss.backward() => pass" keeps=0.3333


# %% zeroed-before-the-step keeps=0.3333
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


# %% step-before-backward keeps=0
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.step()
        optimizer.zero_grad()
        loss.backward()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% reconstructs-without-gradients keeps=0
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        with torch.no_grad():
            loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% one-step-an-epoch keeps=0.3333
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    optimizer.zero_grad()
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        loss.backward()
        total += loss.item() * len(images)
        count += len(images)
    optimizer.step()
    return total / count


# %% uphill patch="loss = nn.functional.mse_loss(model(images), images) => loss = -nn.functional.mse_loss(model(images), images)" keeps=0.3333


# %% summed-loss keeps=0.3333
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


# %% summed-over-pixels patch="loss = nn.functional.mse_loss(model(images), images) => loss = (model(images) - images).square().flatten(1).sum(dim=1).mean()" keeps=0.3333


# %% scaled-before-backward keeps=0.6667
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images) * len(images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        count += len(images)
    return total / count


# %% root-of-the-error keeps=0.6667
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        error = nn.functional.mse_loss(model(images), images)
        loss = error.sqrt()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += error.item() * len(images)
        count += len(images)
    return total / count


# %% absolute-errors patch="loss = nn.functional.mse_loss(model(images), images) => loss = nn.functional.l1_loss(model(images), images)" keeps=0.3333


# %% half-the-error keeps=0.6667
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = 0.5 * nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += 2 * loss.item() * len(images)
        count += len(images)
    return total / count


# %% mean-of-means keeps=0.6667
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


# %% last-loss patch="return total / count => return loss.item()" keeps=0.6667


# %% sum-of-losses keeps=0.6667
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        count += len(images)
    return total


# %% undivided patch="return total / count => return total" keeps=0.6667

# %% divided-by-batches patch="return total / count => return total / len(loader)" keeps=0.6667


# %% forgets-the-batch-size keeps=0.6667
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        count += len(images)
    return total / len(loader.dataset)


# %% full-batches-assumed patch="total += loss.item() * len(images) => total += loss.item() * loader.batch_size" keeps=0.6667

# %% loss-after-the-step patch="total += loss.item() * len(images) => total += nn.functional.mse_loss(model(images), images).item() * len(images)" keeps=0.6667

# %% root-returned patch="total += loss.item() * len(images) => total += loss.item() ** 0.5 * len(images)" keeps=0.6667

# %% returns-in-the-loop patch="return total / count => return total / count" keeps=0.3333

# %% returns-nothing patch="return total / count => print(total / count)" keeps=0.6667


# %% list-of-losses keeps=0.6667
def train_epoch(model, loader, optimizer):
    losses = []
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% skips-the-last-batch keeps=0.3333
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        if len(images) < loader.batch_size:
            break
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% two-passes patch="for images, _ in loader: => for images, _ in [*loader, *loader]:" keeps=0


# %% left-in-evaluation-mode keeps=0.75
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    model.eval()
    return total / count


# %% learns-in-evaluation-mode keeps=0.75
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    model.eval()
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    model.train()
    return total / count


# %% makes-its-own-optimizer keeps=0.3333
def train_epoch(model, loader, optimizer):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% adam-anew-for-every-batch keeps=0.3333
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer = torch.optim.Adam(model.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% steps-twice keeps=0.6667
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% backward-twice keeps=0.6667
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% step-for-every-image keeps=0
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        for image in images:
            loss = nn.functional.mse_loss(model(image[None]), image[None])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
            count += 1
    return total / count


# %% all-batches-at-once keeps=0.3333
def train_epoch(model, loader, optimizer):
    images = torch.cat([batch for batch, _ in loader])
    loss = nn.functional.mse_loss(model(images), images)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% divides-by-255-again keeps=0
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        images = images / 255
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% length-of-the-difference patch="loss = nn.functional.mse_loss(model(images), images) => loss = (model(images) - images).norm()" keeps=0.3333


# %% step-after-every-other-batch keeps=0.3333
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for i, (images, _) in enumerate(loader):
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        if i % 2 == 1:
            optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% full-batches-in-the-divisor patch="return total / count => return total / (len(loader) * loader.batch_size)" keeps=0.6667


# %% loss-after-the-epoch keeps=0.6667
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    with torch.no_grad():
        return sum(nn.functional.mse_loss(model(x), x).item() * len(x) for x, _ in loader) / count


# %% counts-from-one patch="total, count = 0.0, 0 => total, count = 0.0, 1" keeps=0.6667

# %% overwrites-the-total patch="total += loss.item() * len(images) => total = loss.item() * len(images)" keeps=0.6667


# %% smallest-loss keeps=0.6667
def train_epoch(model, loader, optimizer):
    total, count = float("inf"), 1
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total = min(total, loss.item())
    return total / count


# %% returns-the-network patch="return total / count => return model" keeps=0.6667


# %% last-batch-without-a-step keeps=0.6667
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        if len(images) == loader.batch_size:
            optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% smooth-absolute-errors patch="loss = nn.functional.mse_loss(model(images), images) => loss = nn.functional.smooth_l1_loss(model(images), images)" keeps=0


# %% rate-falls-with-each-batch keeps=0.6667
def train_epoch(model, loader, optimizer):
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        for group in optimizer.param_groups:
            group["lr"] *= 0.9
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% trains-another-network keeps=0
def train_epoch(model, loader, optimizer):
    model = SmallAutoencoder()
    total, count = 0.0, 0
    for images, _ in loader:
        loss = nn.functional.mse_loss(model(images), images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(images)
        count += len(images)
    return total / count


# %% counts-pixels patch="count += len(images) => count += images.numel()" keeps=0.6667


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
