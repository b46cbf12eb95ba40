"""Classifier(encoder, width): one linear layer on the codes of a frozen encoder that stays in evaluation mode."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import probes
from course_utils.checks.toolkit import exercise

PIXELS, WIDTH, N = 12, 5, 30
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def encoder(rng):
    """784-5 in small: linear, batch normalisation with statistics of its own, tanh."""
    torch.manual_seed(int(rng.integers(1000)))
    made = nn.Sequential(nn.Flatten(), nn.Linear(PIXELS, WIDTH), nn.BatchNorm1d(WIDTH), nn.Tanh())
    made[2].running_mean.normal_(0, 0.5)
    made[2].running_var.uniform_(0.5, 2)
    return made


@exercise(
    targets=["Classifier"],
    logits=(3, "the logits are a linear layer on the codes"),
    frozen=(3, "training leaves the encoder's weights as they are"),
    evaluation=(3, "the encoder stays in evaluation mode"),
    learns=(2, "training changes the head"),
    costs={"attributes": (0.2, "the parts are self.encoder and self.head")},
)
def classifier(c):
    made, images = encoder(c.rng), c.rng.uniform(0, 1, (N, 1, 3, 4)).astype(np.float32)
    labels = np.arange(N) % 10
    state = {f"weight_{i}": value.numpy().astype(np.float64) for i, value in enumerate(made.state_dict().values())}
    answer = c.ask(probes.frozen, f"{N} images, {WIDTH} codes", images=images, labels=labels, width=WIDTH, **state)
    if answer.raised:
        c.stop(answer.raised)
    x = torch.from_numpy(images)
    with torch.no_grad():
        codes = made.eval()(x).numpy().astype(np.float64)
    found = [name[7:-7] for name in map(str, answer.got) if name.startswith("before.") and name.endswith(".weight")]
    heads = [name for name in found if answer.array(f"before.{name}.weight", (10, WIDTH)) is not None]
    if not heads:
        c.stop(f"no linear layer from {WIDTH} codes to 10 outputs was found: name it self.head")
    head = "head" if "head" in heads else heads[0]
    missing = ["self.head"] * (head != "head") + ["self.encoder"] * (answer.flag("has_encoder") is not True)
    c.cost("attributes", not missing, f"the layers are there, but not as {' and '.join(missing)}")
    W, b = answer.array(f"before.{head}.weight"), answer.array(f"before.{head}.bias", (10,))
    biased = c.verify("logits", b is not None, "the head has no bias: leave bias=False out", 0.5)
    b = b if biased else np.zeros(10)
    u = torch.from_numpy(codes @ W.T + b)
    inside = "cross_entropy has the softmax inside"
    slips = {
        f"the rows sum to 1: give the logits, {inside}": (u.softmax(dim=1), 0.5),
        f"log-probabilities came back: give the logits, {inside}": (u.log_softmax(dim=1), 0.5),
        "a ReLU comes after the head, so no logit is below 0": (u.relu(), 0.5),
        "the head gets the codes after a ReLU: apply it to the codes as they are": (codes.clip(min=0) @ W.T + b, 0.5),
    }
    c.equal("logits", answer.array("evaluated"), u, slips, what="the logits", words=answer.words)
    new = [answer.array(f"after.{head}.weight", W.shape), answer.array(f"after.{head}.bias", b.shape)]
    moves = [part is not None and not np.array_equal(part, old) for part, old in zip(new, (W, b), strict=True)]
    if not c.verify(
        "learns", moves[0] and (moves[1] or not biased), "training leaves the head as it is: does it require gradients?"
    ):
        return  # what learns nothing keeps its encoder
    when = [
        {name: answer.array(f"encoder_{when}.{name}") for name in made.state_dict()} for when in ("before", "after")
    ]
    # no_grad around the encoder freezes its weights as well: what counts is that they stay.
    cause = "Switch its gradients off: those of its parameters"
    if answer.flag("assigned"):
        cause = "`requires_grad = False` on a module switches nothing off: it belongs to the parameters"
    weights = ({k: v for k, v in state.items() if not k.endswith(STATISTICS)} for state in when)
    c.frozen("frozen", *weights, cause=cause)
    moved = [k for k, old in when[0].items() if k.endswith(STATISTICS) and not np.array_equal(old, when[1][k])]
    modes = [answer.array(mode, (N, 10)) for mode in ("training", "evaluated")]
    steady = all(mode is not None for mode in modes) and np.allclose(*modes, atol=1e-4)
    told = "in training mode the encoder's batch normalisation changes its statistics: model.train() undoes eval(), so"
    c.verify("evaluation", not moved and steady, f"{told} call self.encoder.eval() in forward")
    if new[1] is not None and c.right("logits", "frozen", "evaluation"):
        pairs = (torch.from_numpy(codes @ weight.T + bias) for weight, bias in ((W, b), new))
        first, last = (F.cross_entropy(pair, torch.from_numpy(labels)).item() for pair in pairs)
        c.verify("learns", last < first, "the head's weights change, but the loss does not fall")
