"""course_utils.networks: the convolutional autoencoder that later sections train."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import probes
from course_utils.networks import DECODERS, ConvNet
from course_utils.probes import direct_ask
from course_utils.training import count_parameters, fit

IMAGES = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("count", [1, 5])
def test_images_come_back_in_their_shape_from_a_code_of_144(decoder, count):
    model = ConvNet(decoder)
    code, places = model.squeeze(IMAGES[:count])
    assert code.shape == (count, 16, 3, 3) and (code >= 0).all()
    assert [tuple(size) for _, size in places] == [(28, 28), (14, 14), (7, 7)]
    assert model(IMAGES[:count]).shape == (count, 1, 28, 28)
    assert torch.equal(model(IMAGES[:count]), model.draw(code, places))


@pytest.mark.parametrize("decoder", DECODERS)
def test_gradients_reach_every_weight(decoder):
    model = ConvNet(decoder)
    model(IMAGES).square().sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_the_numbers_of_parameters_are_those_of_the_text():
    counts = {decoder: count_parameters(ConvNet(decoder)) for decoder in DECODERS}
    assert counts == {"transposed": 8073, "unpooling": 7121, "both": 7121, "upsampling": 7121}


def test_the_encoder_pools_what_the_relu_leaves():
    """Pooling before the ReLU is faster and gives the same."""
    model, maps = ConvNet(), IMAGES
    for layer in model.down:
        maps = nn.functional.max_pool2d(layer(maps).relu(), 2)
    torch.testing.assert_close(model.squeeze(IMAGES)[0], maps)


def test_unpooling_draws_from_the_places_and_the_others_do_not():
    other = IMAGES.flip(0)
    for decoder in DECODERS:
        torch.manual_seed(0)
        model = ConvNet(decoder)
        drawn = model.draw(model.squeeze(IMAGES)[0], model.squeeze(other)[1])
        assert torch.equal(drawn, model(IMAGES)) == (decoder in ("transposed", "upsampling"))


def test_other_numbers_of_filters():
    model = ConvNet("upsampling", channels=(4, 6, 2))
    assert model.squeeze(IMAGES)[0].shape == (5, 2, 3, 3)


def test_another_decoder_is_refused():
    with pytest.raises(ValueError, match="there are transposed, unpooling, both, upsampling"):
        ConvNet("deconvolution")


def test_it_learns():
    model = ConvNet()
    history = fit(model, IMAGES, epochs=20, loss=F.binary_cross_entropy_with_logits, progress=False)
    assert history.train[-1] < history.train[0]


def test_the_probe_passes_a_network_in_and_brings_the_weights_back():
    start = {name: torch.full_like(value, 0.01).numpy() for name, value in ConvNet().state_dict().items()}

    def add_one(model, images):
        assert isinstance(model, ConvNet) and images.shape == (5, 1, 28, 28)
        with torch.no_grad():
            model.down[0].bias.add_(1)

    question = {"images": IMAGES.numpy(), **start}
    silent = direct_ask({"train_conv": add_one})(probes.train_network, **question)
    assert silent["returned"] is False and silent["changed"] == []
    assert silent["weights.down.0.bias"] == pytest.approx(np.full(8, 1.01))
    assert silent["weights.up.2.bias"] == pytest.approx(np.full(1, 0.01))
    another = direct_ask({"train_conv": lambda model, images: ConvNet("both")})(probes.train_network, **question)
    assert another["returned"] is True and another["weights.up.2.weight"].shape == (8, 1, 3, 3)
