# Answers to layer_parameters. An entry is a whole cell, or patch="old => new" on the reference. keeps: a wrong answer, and the
# share of the points that is left; hint: words of its message, where a slip is named. Without keeps: another right answer.

# %% no-biases patch="return channels_out * (channels_in * kernel**2 + 1) => return channels_out * channels_in * kernel**2" keeps=0.75 hint="the biases are missing"

# %% bias-for-each-kernel patch="return channels_out * (channels_in * kernel**2 + 1) => return channels_out * channels_in * (kernel**2 + 1)" keeps=0.75 hint="each filter has one bias"

# %% one-bias-in-all patch="return channels_out * (channels_in * kernel**2 + 1) => return channels_out * channels_in * kernel**2 + 1" keeps=0.75 hint="each filter has its own"

# %% one-kernel-for-all-maps patch="channels_out * (channels_in * kernel**2 + 1) => channels_out * (kernel**2 + 1)" keeps=0.5 hint="for every map that comes in"

# %% dense-without-biases patch="channels_out * size**2 * (channels_in * size**2 + 1) => channels_out * size**2 * channels_in * size**2" keeps=0.75 hint="one for each number that comes out"

# %% dense-size-not-squared patch="channels_out * size**2 * (channels_in * size**2 + 1) => channels_out * size * (channels_in * size + 1)" keeps=0.5 hint="size * size numbers"

# %% asks-torch
def conv_parameters(channels_in, channels_out, kernel):
    return sum(p.numel() for p in nn.Conv2d(channels_in, channels_out, kernel).parameters())


def dense_parameters(channels_in, channels_out, size):
    layer = nn.Linear(channels_in * size * size, channels_out * size * size)
    return training.count_parameters(layer)


# %% weights-and-biases
def conv_parameters(channels_in, channels_out, kernel):
    weights = torch.empty(channels_out, channels_in, kernel, kernel)
    return weights.numel() + channels_out


def dense_parameters(channels_in, channels_out, size):
    entering, leaving = channels_in * size * size, channels_out * size * size
    return entering * leaving + leaving
