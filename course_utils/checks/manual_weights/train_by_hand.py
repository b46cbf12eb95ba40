"""train_by_hand(network, W, draw, optimizer, iterations): the five lines of a training loop."""

import numpy as np
import torch
from torch.nn import functional as F

from course_utils import probes
from course_utils.checks.manual_weights._matrices import matrices, network
from course_utils.checks.toolkit import exercise, loss_at

SIZES, BATCH, RATE = (6, 5, 2, 5, 6), 4, 0.1
DIGIT_SIZES, STEPS = (784, 64, 8, 64, 784), 200
ENOUGH = 0.92
"""The error on new digits over that of the mean image: 0.80 +- 0.03 for the reference over 20 seeds, at most 0.85."""


def error(loss):
    return lambda weights, batch: loss(network(batch, weights.values())[0], batch)


SQUARED, ABSOLUTE = error(F.mse_loss), error(F.l1_loss)


@exercise(
    step=(3, "the first step goes down the gradient of the mean squared error"),
    every_step=(3, "every iteration draws a batch and takes a step of its own"),
    losses=(2, "the losses of the batches are returned"),
    learned=(2, "digits are learned"),
    costs={
        "form": (0, ""),  # a tensor of losses is as good as a list
        "iterations": (0.3, "as many steps as iterations"),
        "optimizer": (0.3, "the steps are those of the optimizer that is passed in"),
        "number": (0.1, "the losses are plain numbers"),
        "network": (0.5, "the reconstructions are those of the network that is passed in"),
    },
)
def train_by_hand(c):
    start = matrices(c.rng, SIZES, 0.6)
    # Batches of different losses, and the last with a gradient that is longer than the 1 to which many cut theirs.
    batches = c.rng.uniform(-1, 1, (3, BATCH, SIZES[0])) * np.reshape([1, 2, 8], (3, 1, 1))
    given = {"images": batches.reshape(-1, SIZES[0]), "draws": np.arange(3 * BATCH).reshape(3, BATCH), **start}

    def train(*counts, learning_rate=RATE, **given):
        how = [{"iterations": count, "learning_rate": learning_rate, **given} for count in counts]
        words = "{} iterations (each batch has larger numbers than the one before)"
        return [c.ask(probes.train_matrices, words.format(one["iterations"]), **one) for one in how]

    answers = train(1, 2, 3, **given)
    last, steps = answers[-1], [answer.number("steps") for answer in answers]
    if steps in ([0, 1, 2], [2, 3, 4]):  # judge the steps that are taken
        c.verify("iterations", False, f"1 iteration takes {steps[0]:.0f} steps: use range(iterations)")
        answers = train(*((2, 3, 4) if steps[0] == 0 else (0, 1, 2)), **given)
    path = c.path(answers, start)
    lengths = {
        "the squared errors are added up before backward: take their mean": 6.0 * BATCH,
        "the squared errors of an image are added up: take the mean over the pixels": 6.0,
    }
    other = {"the step goes down the gradient of the absolute error, not of the squared one": (ABSOLUTE, 0.5)}
    c.first_step("step", path, batches, SQUARED, RATE, lengths, other)
    c.later_steps("every_step", path, batches, [SQUARED, ABSOLUTE], RATE)
    own = "the weights move, but not by optimizer.step(): use the optimizer that is passed in"
    ignored = "your loop does not use `network`: call network(W, X), which may be another network than yours"
    c.cost("network", last.number("calls") or last.error, ignored)
    c.cost("optimizer", steps[-1] or not c.right("every_step"), own)

    losses, after = (np.array([loss_at(SQUARED, path[i + k], batches[i]) for i in range(3)]) for k in (0, 1))
    slips = {
        "the losses are measured after the steps: take each before its step": (after, 0.5),
        "the losses are added up: return the loss of each batch": (losses.cumsum(), 0.5),
        "only the last loss is returned: append each to a list": losses[-1],
    }
    c.agrees("losses", answers[-1].part("returned", "the losses"), losses, slips)
    kept = "the losses keep the computation graph alive: store loss.item()"
    c.cost("number", last.flag("history") is not True, kept)

    seen, unseen = (2 * images.reshape(len(images), -1) - 1 for images in c.digits(600))
    start, draws = matrices(c.rng, DIGIT_SIZES, 0.05), c.rng.integers(0, len(seen), (STEPS, 40))
    (answer,) = train(STEPS, learning_rate=3e-3, optimizer="Adam", images=seen, draws=draws, **start)
    W, relative = [answer.array(f"weights.{name}", value.shape) for name, value in start.items()], None
    if all(matrix is not None for matrix in W):
        drawn = network(torch.from_numpy(unseen).double(), [torch.from_numpy(M) for M in W])[0].numpy()
        relative = float(np.mean((drawn - unseen) ** 2) / np.mean((seen.mean(axis=0) - unseen) ** 2))
    told = "on new digits the error is {error:.2f} times that of the mean image, expected at most {enough}"
    c.learns("learned", relative, ENOUGH, {told: (0.0, 0.0)})
