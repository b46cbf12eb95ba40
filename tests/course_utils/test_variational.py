"""course_utils.variational and the guard: losses in one convention, and no help inside an answer."""

import math

import numpy as np
import pytest
import torch

from course_utils import variational
from course_utils.guard import asking, not_an_answer
from course_utils.probes import StudentError, call, direct_ask
from course_utils.variational import ConvVAE, DenseVAE, LabelledVAE

IMAGES = torch.rand(60, 1, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", [DenseVAE, ConvVAE])
def test_a_model_draws_anew_and_gives_images_of_the_same_shape(kind):
    torch.manual_seed(0)
    model = kind(latents=5)
    logits, mu, logvar = model(IMAGES)
    assert logits.shape == IMAGES.shape and mu.shape == logvar.shape == (60, 5)
    assert not torch.equal(model(IMAGES)[0], logits)
    assert torch.equal(model.encode(IMAGES)[0], mu)
    assert variational.from_prior(model, 7).shape == (7, 1, 28, 28)
    assert torch.equal(variational.from_means(model, IMAGES), model.decode(mu).sigmoid())


def test_z_has_the_mean_and_spread_that_the_encoder_gives():
    torch.manual_seed(0)
    model = DenseVAE(latents=3)
    seen = []
    model.decoder.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    with torch.no_grad():
        _, mu, logvar = model(IMAGES[:1].expand(4000, 1, 28, 28))
    assert torch.allclose(seen[0].mean(dim=0), mu[0], atol=0.1)
    assert torch.allclose(seen[0].std(dim=0), (logvar[0] / 2).exp(), rtol=0.1)


def test_losses_are_sums_over_pixels_and_latents_and_means_over_images():
    logits, mu, logvar = torch.zeros(3, 1, 2, 2), torch.ones(3, 5), torch.zeros(3, 5)
    images = torch.ones(3, 1, 2, 2)
    reconstruction, kl = variational.losses((logits, mu, logvar), images)
    assert reconstruction.item() == pytest.approx(4 * math.log(2)) and kl.item() == pytest.approx(2.5)
    gaussian, _ = variational.losses((logits, mu, logvar), images, variance=0.25)
    assert gaussian.item() == pytest.approx(4 * (0.25 / 0.5 + 0.5 * math.log(2 * math.pi * 0.25)))


def test_training_makes_the_negative_elbo_smaller_and_a_warm_up_begins_with_its_first_weight():
    torch.manual_seed(0)
    model = DenseVAE(latents=4, hidden=16)
    before = variational.measure(model, IMAGES)["negative ELBO"]
    asked = []
    variational.fit_elbo(model, IMAGES, epochs=2, batch_size=20, beta=lambda done: asked.append(done) or 1.0)
    assert variational.measure(model, IMAGES)["negative ELBO"] < before
    assert np.allclose(asked, np.arange(6) / 6)


def test_the_bound_is_the_elbo_for_one_draw_and_grows_with_more():
    torch.manual_seed(0)
    model, images = DenseVAE(latents=4, hidden=16), (IMAGES > 0.5).float()
    with torch.no_grad():
        model.encoder[3].bias[:4] = 2.0  # a KL of 8 nats
    log_w = variational.log_weights(model, images, 200)
    bounds = [(log_w[:, :k].logsumexp(dim=1) - math.log(k)).mean().item() for k in (1, 200)]
    assert log_w.shape == (60, 200) and bounds[1] > bounds[0]
    # One draw's log p(z) - log q(z|x) is an estimate of minus the KL.
    elbo = np.mean([variational.measure(model, images, seed=seed)["negative ELBO"] for seed in range(40)])
    assert -log_w.mean().item() == pytest.approx(elbo, abs=0.5)


def test_the_latents_share_the_kl():
    model = DenseVAE(latents=4, hidden=16)
    each = variational.kl_of_latents(model, IMAGES)
    assert each.shape == (4,) and each.sum().item() == pytest.approx(variational.measure(model, IMAGES)["KL"], rel=1e-4)


def test_active_counts_columns_that_vary():
    means = torch.tensor([[0.0, 5.0, 1.0], [0.0, 5.0, 3.0]])
    assert variational.active(means) == 1


def test_the_label_decides_what_a_conditional_decoder_draws():
    torch.manual_seed(0)
    model, z = LabelledVAE(latents=3), torch.zeros(2, 3)
    zero, one = model.decode(z, torch.tensor([0, 1]))
    assert not torch.equal(zero, one)
    logits, mu, _ = model(IMAGES[:6], torch.arange(6))
    assert logits.shape == (6, 1, 28, 28) and mu.shape == (6, 3)


def test_guarded_functions_work_for_everybody_but_answers():
    @not_an_answer
    def double(x):
        return 2 * x

    assert double(3) == 6
    with asking(), pytest.raises(RuntimeError, match="is for the later sections"):
        double(3)
    assert double(3) == 6
    ask = direct_ask({"double": lambda x: double(x)})
    with pytest.raises(StudentError, match="is for the later sections"):
        ask(call, x=3)
    assert double(3) == 6, "the question is over"
