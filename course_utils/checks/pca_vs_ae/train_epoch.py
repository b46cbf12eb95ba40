"""train_epoch(model, loader, optimizer): one pass of training, and the mean loss over its images."""

from functools import partial

import numpy as np
from torch.nn import functional as F

from course_utils import probes
from course_utils.checks.toolkit import exercise, loss_at

RATE = 0.07


def error(weights, batch, kind=F.mse_loss):
    hidden = F.linear(batch.flatten(1), weights["w0"], weights["b0"]).relu()
    return kind(F.linear(hidden, weights["w1"], weights["b1"]), batch.flatten(1))


absolute = partial(error, kind=F.l1_loss)


@exercise(
    step=(4, "the first step goes down the gradient of the mean squared error"),
    every_batch=(2, "every batch, also the last, takes a step of its own"),
    loss=(2, "the mean loss over all images is returned"),
    costs={
        "mode": (0.2, "the network trains in training mode and is left in it"),
        "optimizer": (0.3, "the steps are those of the optimizer that is passed in"),
        "form": (0, "a tensor is as good as a float"),
        "number": (0.1, "the loss is a plain number"),
    },
)
def train_epoch(c):
    sizes = {"w0": (5, 784), "b0": (5,), "w1": (784, 5), "b1": (784,)}
    start = {name: c.rng.normal(0, 0.3 / len(size) ** 1.5, size).astype("float32") for name, size in sizes.items()}
    # Batches of different losses; the odd one out has the largest, so that counting it as a full batch shows.
    images = c.rng.random((9, 1, 28, 28)) * np.repeat([2, 1, 5], [4, 4, 1]).reshape(-1, 1, 1, 1)
    batches = np.split(images.astype(np.float32), [4, 8])
    how = {"layers": "784-5-784", "batch_size": 4, "learning_rate": RATE, **start}
    answers = [c.ask(probes.train_loop, f"{n} images in batches of 4", images=images[:n], **how) for n in (4, 8, 9)]
    path, last = c.path(answers, start), answers[-1]
    lengths = {
        "the squared errors are added up before backward: take their mean": 784.0 * 4,
        "the squared errors of an image are added up before backward: take the mean over the pixels": 784.0,
    }
    losses = {"the step goes down the gradient of the absolute error, not of the squared one": (absolute, 0.5)}
    c.first_step("step", path, batches, error, RATE, lengths, losses)
    c.later_steps("every_batch", path, batches, [error, absolute], RATE)

    def mean(path, loss=error):
        return np.average([loss_at(loss, *pair) for pair in zip(path, batches, strict=True)], weights=[4, 4, 1])

    right, returned = mean(path[:3]), last.part("returned", "the loss returned")
    if not c.right("step", "every_batch"):  # the mean of that other loss, or of the loss at those weights, is right
        others = [-right, 784 * right, mean(path[:3], absolute), mean(path[:1] * 3)]
        right = next((other for other in others if np.isclose(returned.number() or 0, other, 1e-4)), right)
    of_batches = [loss_at(error, *pair) for pair in zip(path, batches, strict=False)]
    slips = {
        "the mean of the batches' means: the last, smaller batch has to weigh less": (np.mean(of_batches), 0.5),
        "the loss of the last batch alone: the mean over all images is asked for": of_batches[-1],
        "the batches' losses are added up and never divided": sum(of_batches),
        "the loss is measured after the step: take it before the step": (mean(path[1:]), 0.5),
    }
    c.agrees("loss", returned, right, slips, within=(1e-4, 0.0))

    in_training = last.flag("in_training") and last.flag("training")
    c.cost("mode", in_training, "the network is put into evaluation mode: leave eval() out, it came in training mode")
    moved = "the weights move, but not by optimizer.step(): use the optimizer that is passed in"
    c.cost("optimizer", last.number("steps") or not c.right("every_batch"), moved)
    kept = "the loss returned keeps the whole computation graph alive: return loss.item(), a plain number"
    c.cost("number", last.flag("history") is False, kept)
