"""softmax(logits) and cross_entropy(logits, targets), also where logits are in the thousands."""

from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

from course_utils.checks.toolkit import exercise

ROWS, LOSS, EACH = partial(F.softmax, dim=1), F.cross_entropy, partial(F.cross_entropy, reduction="none")

LIBRARY = (
    "softmax", "log_softmax", "logsumexp", "logaddexp", "softmin", "cross_entropy", "nll_loss", "Softmax", "LogSoftmax",
    "CrossEntropyLoss", "NLLLoss", "Categorical", "OneHotCategorical",
)  # fmt: skip


def plain(logits):
    return logits.float().exp() / logits.float().exp().sum(dim=1, keepdim=True)


@exercise(
    targets=["softmax", "cross_entropy"],
    without=LIBRARY,
    softmax=(3, "softmax: the right probabilities"),
    loss=(5, "cross_entropy: the right loss"),
    gradients=(2, "gradients reach the logits"),
    costs={"large_softmax": (0.2, "softmax in the thousands"), "large_loss": (0.2, "cross_entropy in the thousands")},
)
def cross_entropy(c):
    logits, labels = c.rng.normal(0, 2, (7, 5)).astype(np.float32), c.rng.integers(0, 5, 7)
    labels[:2] = 0, 1  # one image at least whose own class has no chance among the large logits
    # Far up, far down, and far apart within a row and between the rows: whatever is taken off, the rest stays large.
    far = c.rng.permutation([-4000, -3000, -2000, 1000, 2000, 3000, 4000])[:, None] - 2500 * (np.arange(5) == 0)
    large, targets, small = logits + far, np.eye(5)[labels], [[0.0, 1.0], [3.0, 1.0]]
    words, many, thousands = "logits = [[0, 1], [3, 1]]", "7 images, 5 classes", "7 images with logits in the thousands"
    exact = (1e-3, 5e-3)  # float32 knows logits in the thousands to 0.0005

    ask = c.function("softmax").call
    cases, answer = [ask(words, logits=small), ask(many, logits=logits)], ask(thousands, logits=large)
    slips = {
        "the columns of softmax sum to 1: each row should, dim=1": lambda x: F.softmax(x, dim=0),
    }
    c.agrees("softmax", cases, ROWS, slips, what="softmax")
    slips = {
        "softmax of logits in the thousands overflows: subtract the largest logit of each row first": plain,
        "one number is subtracted from all rows: subtract the largest logit of each row, amax(dim=1, keepdim=True)": (
            lambda x: plain(x - x.max())
        ),
    }
    c.agrees("large_softmax", answer, ROWS, slips, what="softmax", within=exact, after="softmax")

    ask = partial(c.function("cross_entropy").differentiate, to=["logits"])
    first = ask(f"{words}, targets = [[1, 0], [1, 0]]", logits=small, targets=[[1.0, 0.0], [1.0, 0.0]])
    cases = [first, ask(many, logits=logits, targets=targets)]
    slips = {
        "the losses of the images are added up: take their mean": (lambda x, y: EACH(x, y).sum(), 0.5),
        "the mean is over images and classes: sum over the classes": (lambda x, y: LOSS(x, y) / x.shape[1], 0.5),
        "a loss for each image: take their mean": (EACH, 0.5),
    }
    c.agrees("loss", cases, LOSS, slips, what="the loss")
    c.gradients("gradients", cases, "logits", oracle=LOSS, values=["loss"])
    line = "the loss in the thousands is nan: log(exp(u) / sum) is u - log(sum), with the largest u of a row subtracted"
    answer, slips = ask(thousands, logits=large, targets=targets), {line: np.nan}
    loss, right = answer.number(), float(LOSS(torch.tensor(large), torch.tensor(targets, dtype=torch.float32)))
    if c.right("loss") and loss is not None and 0 < loss < 0.2 * right:  # no probability is below what was added
        added = "is a small number added inside the logarithm, log(p + 1e-9)? Simplify log p on paper instead"
        c.verify("large_loss", False, f"the loss in the thousands is {loss:.4g}, expected {right:.4g}: {added}")
    else:
        c.agrees("large_loss", answer, LOSS, slips, what="the loss", within=exact, after="loss")
    c.gradients("large_loss", answer, "logits", oracle=LOSS, after=("loss", "gradients", "large_loss"))
