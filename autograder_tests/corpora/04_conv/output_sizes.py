# Answers to output_sizes. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% last-position-lost patch="// stride + 1 => // stride" keeps=0.75 hint="one too few"

# %% rounded-up patch="(size + 2 * padding - kernel) // stride + 1 => -(-(size + 2 * padding - kernel) // stride) + 1" keeps=0.75 hint="round down"

# %% padding-on-one-side patch="size + 2 * padding - kernel => size + padding - kernel" keeps=0.75 hint="on both sides"

# %% output-padding-forgotten patch="- 2 * padding + output_padding => - 2 * padding" keeps=0.75 hint="output_padding is not added"

# %% padding-read-as-in-a-convolution patch="+ kernel - 2 * padding => + kernel + 2 * padding" keeps=0.75 hint="padding makes the output smaller"

# %% transposed-padding-on-one-side patch="- 2 * padding + output_padding => - padding + output_padding" keeps=0.75 hint="removed on each side"

# %% output-padding-on-both-sides patch="- 2 * padding + output_padding => - 2 * padding + 2 * output_padding" keeps=0.5

# %% as-many-strides-as-pixels patch="(size - 1) * stride => size * stride" keeps=0.75 hint="size - 1 strides"

# %% counts-positions
def conv_output_size(size, kernel, stride, padding):
    return len(range(0, size + 2 * padding - kernel + 1, stride))


def conv_transpose_output_size(size, kernel, stride, padding, output_padding):
    last = 0
    for _ in range(size - 1):
        last += stride
    return last + kernel - padding - padding + output_padding


# %% floor-of-a-fraction
import math


def conv_output_size(size, kernel, stride, padding):
    return math.floor((size + 2 * padding - (kernel - 1) - 1) / stride + 1)


def conv_transpose_output_size(size, kernel, stride, padding, output_padding):
    return stride * (size - 1) + (kernel - 1) + 1 + output_padding - 2 * padding
