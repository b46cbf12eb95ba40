"""Few labels, many images: tasks made of MNIST, and classifiers trained on them (lab 06).

    task = mnist_task(seed=0)                       # 10 labels for each digit, all other images without labels
    network(task, 0), network(task, 0, start="small"), convolutional(task, 0, shake=True)

Each classifier is a function of a task and a seed and returns its accuracy on images that took no part in its training.
The seed decides the initial weights and the batches; torch's random state is left as it was.
`gain_in_points` compares two of them on the same draws.
"""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.data import Images, load_mnist
from course_utils.guard import not_an_answer
from course_utils.sweeps import half_width
from course_utils.training import adam, cosine, seeded

HELD_OUT = 2000
"""Images of the bundled training sample on which accuracies are measured; the other 8,000 are the pool."""
WIDTHS = (784, 256, 32)
CLASSES = 10


class Task(NamedTuple):
    """images [n, 1, 28, 28] and labels [n]: what is known. pool [U, 1, 28, 28]: images whose labels are hidden.
    judged: images and labels for measuring accuracies, used for nothing else.
    """

    images: Tensor
    labels: Tensor
    pool: Tensor
    judged: Images


def mnist_task(seed: int, per_class: int = 10, *, source: str = "sample") -> Task:
    """Labels drawn anew for each seed, `per_class` for each digit; all other images are the pool.

    source: "sample", where 2,000 of the 10,000 bundled training images are kept apart to be judged on, the same for
    every seed, and the test images stay out; or "full", 60,000 training images, judged on the 10,000 test images.
    Raises ValueError for more labels than a digit has images.
    """
    known, judged = _halves(source)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(known.labels), generator=generator)
    ranked = F.one_hot(known.labels[order], CLASSES).cumsum(dim=0).gather(1, known.labels[order, None])[:, 0]
    taken = order[ranked <= per_class]
    if len(taken) < per_class * CLASSES:
        raise ValueError(f"not every digit has {per_class} images in this pool; choose a smaller per_class")
    rest = order[ranked > per_class]
    return Task(known.images[taken], known.labels[taken], known.images[rest], judged)


@not_an_answer
def autoencoder() -> nn.Sequential:
    """784-256-32-256-784: an encoder with a linear code and a decoder with a sigmoid, initial values of PyTorch.

    model[0] is the encoder, images [N, 1, 28, 28] -> codes [N, 32]; the whole gives reconstructions [N, 784].
    """
    pixels, hidden, code = WIDTHS
    decoder = nn.Sequential(nn.Linear(code, hidden), nn.ReLU(), nn.Linear(hidden, pixels), nn.Sigmoid())
    return nn.Sequential(_encoder(), decoder)


def new_convolutions() -> nn.Sequential:
    """A small convolutional network with new weights: images [N, 1, 28, 28] -> logits [N, 10].

    5 x 5 filters (16) and 3 x 3 filters (32), both with stride 2, 128 units, 10 outputs.
    """
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2, padding=2),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 128),
        nn.ReLU(),
        nn.Linear(128, CLASSES),
    )


def network(
    task: Task,
    seed: int,
    *,
    start: str = "default",
    weights: dict[str, Tensor] | None = None,
    frozen: bool = False,
    steps: int = 200,
) -> float:
    """Accuracy of 784-256-32-10 after `steps` steps of Adam (0.003), each on all labelled images, at most 500 of them.

    start: "default" for PyTorch's initial values, "small" for N(0, 0.01^2) everywhere; weights: the state of an
    autoencoder(), whose encoder gives the initial values instead; frozen: only the last layer learns.
    """
    with seeded(seed):
        encoder = _encoder()
        model = nn.Sequential(encoder, nn.Linear(WIDTHS[-1], CLASSES))
        if start == "small":
            for parameter in model.parameters():
                nn.init.normal_(parameter, 0, 0.01)
    if weights is not None:
        encoder.load_state_dict({name[2:]: value for name, value in weights.items() if name.startswith("0.")})
    learned, generator = list((model[1] if frozen else model).parameters()), torch.Generator().manual_seed(seed)
    optimizer = adam(3e-3)(learned)
    for _ in range(steps):
        picks = _some(len(task.images), 500, generator)
        _step(optimizer, F.cross_entropy(model(task.images[picks]), task.labels[picks]))
    return _accuracy(model, task.judged)


def on_pixels(task: Task, seed: int, *, model) -> float:
    """Accuracy of a classifier of scikit-learn that is fitted on the pixels of the labelled images.

    model: not fitted yet, say SVC(C=10). seed: unused, since logistic regression and the SVM have nothing random.
    """
    fitted = model.fit(task.images.flatten(1).numpy(), task.labels.numpy())
    return float(fitted.score(task.judged.images.flatten(1).numpy(), task.judged.labels.numpy()))


def joint(task: Task, seed: int, alpha: float, *, steps: int = 400, batch: int = 100) -> float:
    """Accuracy of an encoder that learns to reconstruct and to classify at the same time.

    The loss is the pixels' cross-entropy on labelled and unlabelled images plus alpha times the cross-entropy of the
    classes on the labelled ones. Each step of Adam (0.003) takes `batch` of each.
    """
    with seeded(seed):
        model, head = autoencoder(), nn.Linear(WIDTHS[-1], CLASSES)
    generator = torch.Generator().manual_seed(seed)
    optimizer = adam(3e-3)([*model.parameters(), *head.parameters()])
    for _ in range(steps):
        known, hidden = (_some(len(of), batch, generator) for of in (task.images, task.pool))
        images = torch.cat([task.images[known], task.pool[hidden]])
        codes = model[0](images)
        drawn = F.binary_cross_entropy(model[1](codes), images.flatten(1))
        _step(optimizer, drawn + alpha * F.cross_entropy(head(codes[: len(known)]), task.labels[known]))
    return _accuracy(nn.Sequential(model[0], head), task.judged)


def convolutional(
    task: Task,
    seed: int,
    *,
    shake: bool = False,
    threshold: float | None = None,
    steps: int = 400,
    unlabelled: int = 100,
    rate: float = 2e-3,
) -> float:
    """Accuracy of new_convolutions() after `steps` steps.

    Adam with a cosine schedule; each step sees 100 labelled images. shake: these are turned, moved, scaled and sheared
    a little, anew in each step. threshold: each step also takes `unlabelled` images of the pool and labels them with
    the network's own prediction where its probability is at least this; then these are shaken and learned like the
    others (FixMatch, Sohn et al. 2020, with affine maps alone).
    """
    with seeded(seed):
        model = new_convolutions()
    generator = torch.Generator().manual_seed(seed)
    optimizer = adam(rate)(model.parameters())
    falling = cosine(optimizer, steps)
    for _ in range(steps):
        known = _some(len(task.images), 100, generator)
        images = task.images[known]
        images, targets = _shaken(images, generator) if shake else images, task.labels[known]
        weights = torch.full((len(known),), 1 / len(known))
        if threshold is not None:
            more = task.pool[torch.randint(len(task.pool), (unlabelled,), generator=generator)]
            with torch.no_grad():
                sure, guess = model(more).softmax(dim=1).max(dim=1)
            good = sure >= threshold
            more = _shaken(more, generator) if shake else more
            images, targets = torch.cat([images, more[good]]), torch.cat([targets, guess[good]])
            weights = torch.cat([weights, torch.full((int(good.sum()),), 1 / unlabelled)])
        _step(optimizer, (weights * F.cross_entropy(model(images), targets, reduction="none")).sum())
        falling.step()
    return _accuracy(model, task.judged)


def gain_in_points(table, setting: str, over: str) -> str:
    """How much better a setting of a sweep is than another one on the same draws, in words.

    table: what `sweep` returned, with a column "accuracy". Gives the differences draw by draw, in points (hundredths of
    the accuracy), their mean, and the 95 % interval of this mean (Student's t; none for a single draw). Draws in which
    one of the two runs failed are left out. Raises ValueError for a setting that the table does not have.
    """
    runs = table.pivot(index="seed", columns="setting", values="accuracy")
    for name in (setting, over):
        if name not in runs:
            raise ValueError(f"the table has no setting {name!r}, it has {', '.join(map(repr, runs))}")
    gains = 100 * (runs[setting] - runs[over]).dropna().to_numpy()
    words = f"{setting} minus {over}: {_signed(gains.mean())} points"
    if len(gains) > 1:
        half = half_width(gains)
        words += f", 95 % interval {_signed(gains.mean() - half)} to {_signed(gains.mean() + half)}"
    return words + f"\n    draw by draw: {', '.join(map(_signed, gains))}"


def _signed(number: float) -> str:
    """With its sign and one digit after the point; 0.0 without a sign."""
    text = f"{number:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def _encoder() -> nn.Sequential:
    pixels, hidden, code = WIDTHS
    return nn.Sequential(nn.Flatten(), nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, code))


@cache
def _halves(source: str) -> tuple[Images, Images]:
    """(the images whose labels are drawn from, the images that are judged)"""
    train = load_mnist("train", source=source)
    if source == "full":
        return train, load_mnist("test", source=source)
    order = torch.randperm(len(train.labels), generator=torch.Generator().manual_seed(6))
    pool, held = order[HELD_OUT:], order[:HELD_OUT]
    return Images(*(part[pool] for part in train)), Images(*(part[held] for part in train))


def _some(count: int, size: int, generator: torch.Generator) -> Tensor:
    """Positions of `size` of `count` images, of all where there are fewer."""
    return torch.randperm(count, generator=generator)[:size]


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def _accuracy(model: nn.Module, judged: Images) -> float:
    with torch.no_grad():
        guesses = torch.cat([model(part).argmax(dim=1) for part in judged.images.split(1000)])
    return (guesses == judged.labels).float().mean().item()


def _shaken(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image turned by up to 15 degrees, moved by up to 2 pixels, scaled by up to 10 %, sheared by up to 0.15."""
    u = 2 * torch.rand(5, len(images), generator=generator) - 1
    angle, scale, shear, move = torch.deg2rad(15 * u[0]), 1 + 0.1 * u[1], 0.15 * u[2], u[3:] * 2 / 14
    cos, sin = scale * angle.cos(), scale * angle.sin()
    rows = torch.stack([cos, shear - sin, move[0]]), torch.stack([sin, cos, move[1]])
    places = F.affine_grid(torch.stack(rows).permute(2, 0, 1), images.size(), align_corners=False)
    return F.grid_sample(images, places, mode="bilinear", align_corners=False)


def main() -> None:
    """Train the autoencoder that lab 06 comes with: the pool of its sample, without labels, 12 epochs."""
    from course_utils import training
    from course_utils.data import save_given

    torch.manual_seed(0)
    model, task = autoencoder(), mnist_task(0, 1)
    options = {"epochs": 12, "batch_size": 64, "seed": 0, "progress": False}
    pool = torch.cat([task.images, task.pool])
    training.fit(model, pool, optimizer=training.adam(1e-3), schedule=training.cosine, **options)
    print(save_given("semi_supervised_autoencoder", model.state_dict()), training.evaluate(model, task.judged.images))


if __name__ == "__main__":
    main()
