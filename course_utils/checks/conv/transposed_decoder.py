"""TransposedDecoder: three transposed convolutions from 3 x 3 to 28 x 28, logits at the end."""

from torch import nn
from torch.nn import functional as F

from course_utils.checks.conv._layers import COSTS, HIDDEN, LOGITS, judge_module
from course_utils.checks.toolkit import exercise


def build(x, layers, *, between_layers, after_the_last_layer):
    for i, (weight, bias) in enumerate(layers):
        x = F.conv_transpose2d(x, weight, bias, stride=2, padding=min(i, 1))
        x = x.new_tensor((between_layers if i < 2 else after_the_last_layer)(x.numpy()))
    return x


@exercise(
    targets=["TransposedDecoder"],
    layers=(3, "kernels 3, 4, 4 and 16, 8, 1 maps"),
    between_layers=(2, "a ReLU between the layers"),
    after_the_last_layer=(1, "logits: nothing after the last layer"),
    costs=COSTS,
)
def transposed_decoder(c):
    asked = nn.ConvTranspose2d(16, 16, 3), nn.ConvTranspose2d(16, 8, 4), nn.ConvTranspose2d(8, 1, 4)
    stages = {"between_layers": HIDDEN, "after_the_last_layer": LOGITS}
    judge_module(c, c.rng.normal(0, 4, (5, 16, 3, 3)), "code", asked, build, "the logits", stages)
