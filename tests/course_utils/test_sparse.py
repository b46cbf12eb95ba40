"""course_utils.sparse and course_utils.corruption: what the wide autoencoder keeps, and what noise does to pixels."""

import pytest
import torch

from course_utils.corruption import Corruption
from course_utils.sparse import WideAutoencoder, describe_code, fit_wide


def rows(n=40, pixels=12, seed=0):
    return torch.rand(n, pixels, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("keep", [1, 3, 20])
def test_as_many_units_stay_as_asked_for_at_the_most(keep):
    model, free = WideAutoencoder(20, keep=keep, pixels=12), WideAutoencoder(20, pixels=12)
    free.load_state_dict(model.state_dict())
    kept, codes = model.encode(rows()), free.encode(rows())
    assert ((kept > 0).sum(dim=1) <= keep).all() and (kept > 0).any()
    assert torch.equal(kept[kept > 0], codes[kept > 0])  # their values are not changed
    left_out = codes.masked_fill(kept > 0, 0).amax(dim=1)
    assert (left_out <= codes.topk(keep).values[:, -1]).all()


def test_gradients_reach_the_encoder_through_the_units_that_stay():
    model = WideAutoencoder(20, keep=2, pixels=12)
    model(rows(1))[0].sum().backward()
    assert 0 < (model.encoder.weight.grad.abs().sum(dim=1) > 0).sum() <= 2


def test_columns_of_length_one_whatever_the_weights_are():
    model = WideAutoencoder(20, unit_norm=True, pixels=12)
    code = torch.eye(20)
    before = model.decode(code)
    with torch.no_grad():
        model.decoder.weight *= 7
    assert torch.allclose(model.decode(code), before, atol=1e-6)
    assert torch.allclose((before - model.decoder.bias).norm(dim=1), torch.ones(20), atol=1e-5)


@pytest.mark.parametrize("keep", [0, 21])
def test_more_units_than_there_are_cannot_be_kept(keep):
    with pytest.raises(ValueError, match="from 1 to 20"):
        WideAutoencoder(20, keep=keep)


def test_a_penalty_makes_the_code_sparser_and_the_error_larger():
    images = rows(200)
    free, sparse = (describe_code(fit_wide(images, weight=w, units=30, epochs=20), images) for w in (0.0, 0.3))
    assert sparse["active"] < free["active"] and sparse["error"] > free["error"]
    assert sparse["brightness"] < free["brightness"]


def test_a_seed_repeats_a_training_and_leaves_the_random_state_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    one = fit_wide(rows(), units=8, epochs=1, seed=5)
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(one.decoder.weight, fit_wide(rows(), units=8, epochs=1, seed=5).decoder.weight)
    assert not torch.equal(one.decoder.weight, fit_wide(rows(), units=8, epochs=1, seed=6).decoder.weight)


def test_what_a_code_is_like_is_counted_by_hand():
    model = WideAutoencoder(3, pixels=2)
    with torch.no_grad():
        model.encoder.weight.copy_(torch.tensor([[1.0, 0], [0, 1], [-1, -1]]))  # the last never sees light
        model.encoder.bias.zero_()
        model.decoder.weight.copy_(torch.tensor([[0.5, 0, 9], [0, 0.5, 9]]))
        model.decoder.bias.zero_()
    got = describe_code(model, torch.tensor([[1.0, 0], [1, 1]]))
    expected = {"error": 3 / 4 / 4, "active": 1.5, "dead": 1, "brightness": 0.5, "factor": 2, "column": 0.5}
    assert got == pytest.approx(expected)


# corruptions


def test_gaussian_noise_is_added_and_not_cut_off():
    torch.manual_seed(0)
    noise = Corruption("gaussian", 0.5)(torch.ones(400, 100)) - 1
    assert noise.mean().abs() < 0.01 and noise.std() == pytest.approx(0.5, abs=0.01) and noise.max() > 1


@pytest.mark.parametrize(("kind", "white"), [("salt and pepper", 0.15), ("masking", 0.0)])
def test_a_share_of_the_pixels_is_replaced(kind, white):
    torch.manual_seed(0)
    grey = torch.full((400, 100), 0.5)
    spoilt = Corruption(kind, 0.3)(grey)
    assert (spoilt == 1).float().mean() == pytest.approx(white, abs=0.01)
    assert (spoilt != 0.5).float().mean() == pytest.approx(0.3, abs=0.01)
    assert (grey == 0.5).all()


def test_new_noise_at_every_call():
    noise, batch = Corruption("masking", 0.5), torch.ones(10, 10)
    assert not torch.equal(noise(batch), noise(batch))


@pytest.mark.parametrize(("kind", "level"), [("pepper", 0.1), ("masking", 1.1), ("gaussian", -1), ("gaussian", "0.5")])
def test_what_is_no_noise_is_refused(kind, level):
    with pytest.raises(ValueError, match=r"kind is|level is"):
        Corruption(kind, level)
