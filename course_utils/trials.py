"""Trials: a set-up for the deep autoencoder of lab 01 is changed, choice by choice, and every test error is kept.

trials = Trials(PUBLISHED, train.images, test.images, epochs=6)
network = trials.run(rate=1e-3)
trials.table({"PCA": 0.0177})
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping

import torch
from torch import nn

from course_utils import training
from course_utils.guard import not_an_answer


@not_an_answer
def as_he(model: nn.Module) -> None:
    """Draw the initial weights for ReLUs as He et al. (2015) do: variance 2 / inputs, biases 0."""
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)


def as_torch(model: nn.Module) -> None:
    """Keep the initial weights that torch has drawn: variance 1 / (3 inputs)."""


def deep(*, hidden: Callable, code: Callable, output: Callable, start: Callable, seed: int) -> nn.Sequential:
    """784-512-256-128-30-128-256-784 with these modules after the hidden layers, the code and the output.

    seed: decides the initial weights; torch's random state is left as it was.
    """
    from torchvision.ops import MLP

    with training.seeded(seed):
        model = nn.Sequential(
            OrderedDict(
                flatten=nn.Flatten(),
                encoder=MLP(784, [512, 256, 128, 30], activation_layer=hidden, inplace=None),
                code=code(),
                decoder=MLP(30, [128, 256, 784], activation_layer=hidden, inplace=None),
                output=output(),
                shape=nn.Unflatten(1, (1, 28, 28)),
            )
        )
        start(model)
    return model


def small() -> nn.Sequential:
    """A 784-128-2-128-784 autoencoder: images [N, 1, 28, 28] to images, with parts `encoder` and `decoder`."""
    from torchvision.ops import MLP

    parts = {"encoder": MLP(784, [128, 2]), "decoder": MLP(2, [128, 784]), "sigmoid": nn.Sigmoid()}
    return nn.Sequential(OrderedDict(flatten=nn.Flatten(), **parts, shape=nn.Unflatten(1, (1, 28, 28))))


class Trials:
    """Trainings of `deep` with one set-up and changes to it, all for the same number of epochs.

    setup: {"hidden", "code", "output", "start", "rate", "schedule", "batch_size", "seed"}: the choices.
    """

    def __init__(self, setup: Mapping, train: torch.Tensor, test: torch.Tensor, *, epochs: int) -> None:
        self.setup, self.train, self.test, self.epochs = dict(setup), train, test, epochs
        self.errors: dict[str, float] = {}

    def run(self, name: str = "", **changes) -> nn.Module:
        """Train with these changes, note the test error, and return the network.

        name: of the row in the table; unless given, all changes in words: "rate 0.001, schedule one_cycle(0.002)".
        Raises ValueError for a choice that the set-up does not have.
        """
        if unknown := changes.keys() - self.setup.keys():
            raise ValueError(f"no such choice: {', '.join(sorted(unknown))}. There are {', '.join(self.setup)}.")
        choices = self.setup | changes
        rate, schedule, batch_size = (choices.pop(key) for key in ("rate", "schedule", "batch_size"))
        model = deep(**choices)
        training.fit(
            model,
            self.train,
            epochs=self.epochs,
            batch_size=batch_size,
            optimizer=training.adam(rate),
            schedule=schedule,
        )
        self.errors[name or in_words(changes)] = training.evaluate(model, self.test)
        return model

    def table(self, others: Mapping[str, float] | None = None) -> None:
        """Print all errors so far and `others`, the largest first."""
        for name, error in sorted((self.errors | dict(others or {})).items(), key=lambda row: -row[1]):
            print(f"{error:.4f}  {name}")


def in_words(changes: Mapping) -> str:
    """Changes of a set-up as the name of a row."""
    return ", ".join(f"{key} {getattr(value, '__name__', value)}" for key, value in changes.items()) or "no change"
