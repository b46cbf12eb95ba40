"""The trained network of lab 02: images in, images out, the same for the same seed."""

import pytest
import torch

from course_utils.matrices import MatrixAutoencoder


@pytest.fixture(scope="module")
def images():
    return torch.rand(50, 1, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def network(images):
    return MatrixAutoencoder(3, relu_code=True, seed=4).fit(images, iterations=30)


def by_matrices(W, x, relu_code):
    """The network written out: codes, and the output in [-1, 1]."""
    codes = ((x @ W[0][:-1] + W[0][-1]).relu() @ W[1][:-1] + W[1][-1]).clamp(min=0 if relu_code else None, max=1e9)
    return codes, ((codes @ W[2][:-1] + W[2][-1]).relu() @ W[3][:-1] + W[3][-1]).tanh()


@pytest.mark.parametrize("relu_code", [True, False])
def test_it_computes_what_its_matrices_say(images, relu_code):
    network = MatrixAutoencoder(3, relu_code=relu_code, seed=1).fit(images, iterations=20)
    x = 2 * images.flatten(1) - 1
    codes, output = by_matrices(network.matrices, x, relu_code)
    torch.testing.assert_close(network.codes(images), codes)
    torch.testing.assert_close(network.redraw(images).flatten(1), (output + 1) / 2)
    assert network.redraw(images).shape == images.shape
    assert network.error(images) == pytest.approx((output - x).square().mean().item(), rel=1e-5)


def test_a_seed_gives_the_same_network_and_training_lowers_the_error(images, network):
    again = MatrixAutoencoder(3, relu_code=True, seed=4)
    before = again.error(images)
    again.fit(images, iterations=30)
    for one, other in zip(again.matrices, network.matrices, strict=True):
        assert torch.equal(one, other)
    assert again.error(images) < before
    assert not torch.equal(MatrixAutoencoder(3, seed=5).matrices[0], MatrixAutoencoder(3, seed=4).matrices[0])


def test_initial_matrices_are_normal_with_the_bias_in_the_last_row():
    W = MatrixAutoencoder(2).matrices
    assert [tuple(M.shape) for M in W] == [(785, 256), (257, 2), (3, 256), (257, 784)]
    assert W[0].std().item() == pytest.approx(0.01, rel=0.02) and W[3][-1].std().item() == pytest.approx(0.01, rel=0.1)


def test_matrices_are_copies(images, network):
    before = network.error(images)
    network.matrices[3].zero_()
    assert network.error(images) == before
    with pytest.raises(AttributeError):
        network.matrices = []


def test_the_error_without_a_code_is_that_with_its_mean(images, network):
    codes = network.codes(images)
    for number, error in enumerate(network.errors_without(images)):
        changed = codes.clone()
        changed[:, number] = codes[:, number].mean()
        assert error == pytest.approx(4 * (network.decode(changed) - images).square().mean().item(), rel=1e-5)


def test_drawn_images_come_from_codes_within_the_extremes(images, network):
    drawn = network.draw(20, torch.Generator().manual_seed(1))
    assert drawn.shape == (20, 1, 28, 28) and drawn.min() >= 0 and drawn.max() <= 1
    assert torch.equal(drawn, network.draw(20, torch.Generator().manual_seed(1)))
    seen = []
    network._decoder.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    network.draw(2000, torch.Generator().manual_seed(2))
    least, most = network.codes(images).aminmax(dim=0)
    assert (seen[0] >= least).all() and (seen[0] <= most).all()
    torch.testing.assert_close(seen[0].mean(dim=0), (least + most) / 2, rtol=0.05, atol=1e-3)
    with pytest.raises(RuntimeError, match="not trained"):
        MatrixAutoencoder(2).draw(3, torch.Generator())


def test_a_trace_holds_the_values_and_the_gradients_of_a_step(images, network):
    values, gradients = network.trace(images)
    assert [value.shape[1] for value in values] == [784, 256, 3, 256, 784]
    W = [M.requires_grad_() for M in network.matrices]
    x = 2 * images.flatten(1) - 1
    output = by_matrices(W, x, True)[1]
    torch.testing.assert_close(values[-1], output.detach())
    expected = torch.autograd.grad((output - x).square().mean(), W)
    for gradient, right in zip(gradients, expected, strict=True):
        torch.testing.assert_close(gradient, right)
