# Rare answers of lab 04 that lose points all the same. An entry is a whole cell, or patch="old => new" on the reference of
# its exercise. keeps: the share that is left at the most.

# %% true-division exercise="output_sizes" patch="(size + 2 * padding - kernel) // stride + 1 => (size + 2 * padding - kernel) / stride + 1" keeps=0.75

# %% transposed-like-a-convolution exercise="output_sizes" patch="return (size - 1) * stride + kernel - 2 * padding + output_padding => return (size + 2 * padding - kernel) // stride + 1" keeps=0.5

# %% prints exercise="output_sizes" patch="return (size + 2 * padding - kernel) // stride + 1 => print((size + 2 * padding - kernel) // stride + 1)" keeps=0.5

# %% kernel-not-squared exercise="layer_parameters" patch="channels_out * (channels_in * kernel**2 + 1) => channels_out * (channels_in * kernel + 1)" keeps=0.75

# %% dense-one-bias-for-a-map exercise="layer_parameters" patch="channels_out * size**2 * (channels_in * size**2 + 1) => channels_out * size**2 * channels_in * size**2 + channels_out" keeps=0.75

# %% in-a-plain-list exercise="conv_encoder" keeps=0
class ConvEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1), nn.Conv2d(16, 16, 3, padding=1)]

    def forward(self, images):
        for layer in self.layers:
            images = F.max_pool2d(F.relu(layer(images)), 2)
        return images


# %% other-filters exercise="conv_encoder" patch="((1, 8), (8, 16), (16, 16)) => ((1, 8), (8, 16), (16, 32))" keeps=0.75

# %% flattened exercise="conv_encoder" patch="return self.layers(images) => return self.layers(images).flatten(1)" keeps=0.8

# %% fixed-batch exercise="transposed_decoder" patch="return self.layers(code) => return self.layers(code).view(5, 1, 28, 28)" keeps=0.85

# %% images-without-a-map exercise="transposed_decoder" patch="return self.layers(code) => return self.layers(code).squeeze(1)" keeps=0.8


# %% twice-as-large exercise="unpool" keeps=0
def unpool(code, indices, size):
    height, width = 2 * code.shape[2], 2 * code.shape[3]
    zeros = torch.zeros(*code.shape[:2], height * width)
    return zeros.scatter(2, indices.flatten(2).clamp(max=height * width - 1), code.flatten(2)).unflatten(
        2, (height, width)
    )


# %% left-flat exercise="unpool" patch="return maps.unflatten(2, (height, width)) => return maps" keeps=0.8

# %% rows-and-columns exercise="numbers_that_pass" patch="indices += maps * size**2 => indices += 2 * maps * size**2" keeps=0.3334

# %% only-the-sum exercise="numbers_that_pass" patch="return channels[-1] * size**2, indices => return channels[-1] * size**2 + indices" keeps=0

# %% detached exercise="upsample_decoder" patch="x = torch.relu(self.second(F.interpolate(x, size=14))) => x = torch.relu(self.second(F.interpolate(x.detach(), size=14)))" keeps=0.75


# %% runs-away exercise="train_conv" keeps=0
def train_conv(model, images):
    fast = lambda parameters: torch.optim.SGD(parameters, lr=1e20)
    training.fit(model, images, epochs=2, batch_size=64, optimizer=fast, progress=False)
    return model


# %% one-map-in-the-code exercise="numbers_that_pass" patch="return channels[-1] * size**2, indices => return size**2, indices" keeps=0.6667


# %% with-a-sigmoid exercise="train_conv" patch="return model => return nn.Sequential(model, nn.Sigmoid())" keeps=0


# %% sigmoid-twice exercise="train_conv" keeps=0
def train_conv(model, images):
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(10):
        for x in images[torch.randperm(len(images))].split(25):
            optimizer.zero_grad()
            F.binary_cross_entropy_with_logits(model(x).sigmoid(), x).backward()
            optimizer.step()
    return model
