"""train_epoch(model, loader, optimizer): one pass of training, and the mean loss over its images."""

from itertools import pairwise

import numpy as np
from torch.nn import functional as F

from course_utils import probes
from course_utils.checks.toolkit import exercise, loss_at

SIZES, BATCH, RATE = (784, 5, 784), 4, 0.07


def reconstruct(weights, batch):
    return F.linear(F.linear(batch.flatten(1), weights["w0"], weights["b0"]).relu(), weights["w1"], weights["b1"])


def squared(weights, batch):
    return F.mse_loss(reconstruct(weights, batch), batch.flatten(1))


def absolute(weights, batch):
    return F.l1_loss(reconstruct(weights, batch), batch.flatten(1))


@exercise(
    step=(3, "the first step goes down the gradient of the mean squared error"),
    every_batch=(3, "every batch, also the last, takes a step of its own"),
    loss=(2, "the mean loss over all images is returned"),
    costs={
        "mode": (0.2, "the network trains in training mode and is left in it"),
        "optimizer": (0.3, "the steps are those of the optimizer that is passed in"),
        "number": (0.1, "the loss is a plain number"),
    },
)
def train_epoch(c):
    start = {}
    for i, (entering, leaving) in enumerate(pairwise(SIZES)):
        start[f"w{i}"] = c.rng.normal(0, 0.1, (leaving, entering)).astype(np.float32)
        start[f"b{i}"] = c.rng.normal(0, 0.3, leaving).astype(np.float32)
    # Batches of different losses; the odd one out has the largest, so that counting it as a full batch shows.
    images = c.rng.random((2 * BATCH + 1, 1, 28, 28)) * np.repeat([2, 1, 5], [BATCH, BATCH, 1]).reshape(-1, 1, 1, 1)
    batches = np.split(images.astype(np.float32), [BATCH, 2 * BATCH])
    how = {"layers": "784-5-784", "batch_size": BATCH, "learning_rate": RATE, **start}
    answers = [
        c.ask(probes.train_loop, f"{count} images", images=images[:count], **how) for count in (BATCH, 2 * BATCH, 9)
    ]
    path, last = c.path(answers, start), answers[-1]
    c.first_step(
        "step",
        path,
        batches,
        squared,
        RATE,
        lengths={
            "the squared errors are added up before backward: take their mean": 784.0 * BATCH,
            "the squared errors of an image are added up before backward: take the mean over the pixels": 784.0,
        },
        losses={"the step goes down the gradient of the absolute error, not of the squared one": (absolute, 0.5)},
    )
    c.later_steps("every_batch", path, batches, [squared, absolute], RATE)

    counts = np.array([len(batch) for batch in batches])
    losses = np.array([loss_at(squared, at, batch) for at, batch in zip(path, batches, strict=False)])
    after = np.array([loss_at(squared, at, batch) for at, batch in zip(path[1:], batches, strict=True)])
    c.equal(
        "loss",
        last.number("returned"),
        np.average(losses, weights=counts),
        what="the loss returned",
        words="batches of 4, 4 and 1 images",
        within=(1e-4, 0.0),
        slips={
            "the loss is the mean of the batches' means: the last batch is smaller and has to weigh less": (
                losses.mean(),
                0.5,
            ),
            "the loss of the last batch is returned: the mean over all images is asked for": losses[-1],
            "the batches' losses are added up and never divided": losses.sum(),
            "the loss is measured after the step: take it before the step": (np.average(after, weights=counts), 0.5),
        },
    )
    in_training = last.flag("in_training") and last.flag("training")
    c.cost("mode", in_training, "the network is put into evaluation mode: leave eval() out, it came in training mode")
    own = "the weights move, but not by optimizer.step(): use the optimizer that is passed in"
    c.cost("optimizer", last.number("steps") or not c.right("every_batch"), own)
    kept = "the loss returned keeps the whole computation graph alive: return loss.item(), a plain number"
    c.cost("number", last.flag("history") is False, kept)
