"""ConvEncoder: 8, 16, 16 filters of 3 x 3 with padding 1, each with a ReLU and 2 x 2 max pooling."""

from torch import nn
from torch.nn import functional as F

from course_utils.checks.conv._layers import COSTS, HIDDEN, LAST_RELU, judge_module
from course_utils.checks.toolkit import exercise

POOLING = {
    "2 x 2 max pooling": lambda x: F.max_pool2d(x, 2),
    "2 x 2 mean pooling": lambda x: F.avg_pool2d(x, 2),
    "every second pixel, as with stride 2": lambda x: F.pad(x, (0, -(x.shape[-1] % 2)) * 2)[:, :, ::2, ::2],
}


def build(x, layers, *, between_layers, pooling, after_the_last_convolution):
    for i, (weight, bias) in enumerate(layers):
        activation = between_layers if i < 2 else after_the_last_convolution
        x = F.conv2d(x, weight, bias, padding=1)
        x = pooling(x.new_tensor(activation(x.numpy())))
    return x


@exercise(
    targets=["ConvEncoder"],
    layers=(3, "8, 16 and 16 filters of 3 x 3"),
    between_layers=(1, "a ReLU between the layers"),
    pooling=(1, "2 x 2 max pooling after each convolution"),
    after_the_last_convolution=(1, "a ReLU after the last convolution"),
    costs=COSTS,
)
def conv_encoder(c):
    asked = [nn.Conv2d(n, m, 3, padding=1) for n, m in ((1, 8), (8, 16), (16, 16))]
    stages = {"between_layers": HIDDEN, "pooling": POOLING, "after_the_last_convolution": LAST_RELU}
    judge_module(c, c.rng.normal(0, 4, (5, 1, 28, 28)), "image", asked, build, "the code", stages)
