"""UpsampleDecoder: three times nearest-neighbour upsampling and then a 3 x 3 convolution, logits at the end."""

from functools import partial

from torch import nn
from torch.nn import functional as F

from course_utils.checks.conv._layers import COSTS, HIDDEN, LOGITS, judge_module
from course_utils.checks.toolkit import exercise

UPSAMPLING = {
    "the nearest pixel": partial(F.interpolate, mode="nearest"),
    "bilinear": partial(F.interpolate, mode="bilinear"),
    "bilinear with align_corners": partial(F.interpolate, mode="bilinear", align_corners=True),
    "bicubic": partial(F.interpolate, mode="bicubic"),
}


def build(x, layers, *, between_layers, upsampling, order, after_the_last_layer):
    for i, (weight, bias) in enumerate(layers):
        steps = [partial(upsampling, size=(7, 14, 28)[i]), partial(F.conv2d, weight=weight, bias=bias, padding=1)]
        for step in steps[::order]:
            x = step(x)
        x = x.new_tensor((between_layers if i < 2 else after_the_last_layer)(x.numpy()))
    return x


@exercise(
    targets=["UpsampleDecoder"],
    layers=(3, "3 x 3 convolutions to 16, 8 and 1 maps"),
    between_layers=(1, "a ReLU between the layers"),
    upsampling=(1, "each pixel is repeated"),
    order=(1, "upsampling comes before the convolution"),
    after_the_last_layer=(1, "logits: nothing after the last layer"),
    costs=COSTS,
)
def upsample_decoder(c):
    asked = [nn.Conv2d(n, m, 3, padding=1) for n, m in ((16, 16), (16, 8), (8, 1))]
    order = {"upsampling, then convolution": 1, "convolution, then upsampling": -1}
    stages = {"between_layers": HIDDEN, "upsampling": UPSAMPLING, "order": order, "after_the_last_layer": LOGITS}
    judge_module(c, c.rng.normal(0, 4, (5, 16, 3, 3)), "code", asked, build, "the logits", stages)
