# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from audio_manifold_ros.networks.quantizer import quantize_by
from audio_manifold_ros.networks.soft_vector_quantizer import START_FRACTION, SoftVectorQuantizer


@pytest.fixture
def quantizer() -> SoftVectorQuantizer:
    torch.manual_seed(0)
    quantizer = SoftVectorQuantizer(5, 3, decay=0.9)
    quantizer.start(torch.randn(200, 3))
    return quantizer.eval()


def test_the_output_is_the_mean_of_the_codes_weighted_by_their_distances(quantizer: SoftVectorQuantizer) -> None:
    latent = torch.randn(2, 3, 4, 4)
    found = quantizer.quantize(latent)
    squares = (latent[:, None] - quantizer.codebook[None, :, :, None, None]).square().sum(dim=2)
    weights = torch.exp(-squares / quantizer.log_temperature.exp())
    weights /= weights.sum(dim=1, keepdim=True)
    torch.testing.assert_close(found.values, torch.einsum('bkij,kc->bcij', weights, quantizer.codebook))
    torch.testing.assert_close(found.codes, squares.argmin(dim=1))
    torch.testing.assert_close(found.distance, squares.amin(dim=1) / 3)


def test_at_a_low_temperature_the_output_is_the_nearest_code(quantizer: SoftVectorQuantizer) -> None:
    latent = torch.randn(2, 3, 4, 4)
    with torch.no_grad():
        quantizer.log_temperature.fill_(-12.0)
    nearest = quantize_by(quantizer.codebook, latent)
    torch.testing.assert_close(quantizer.quantize(latent).values, nearest.values)


def test_latents_and_temperature_get_a_gradient(quantizer: SoftVectorQuantizer) -> None:
    latent = torch.randn(1, 3, 2, 2, requires_grad=True)
    quantizer(latent).values.square().sum().backward()
    assert float(latent.grad.abs().max()) > 0
    assert float(quantizer.log_temperature.grad.abs()) > 0


def test_latents_pass_until_the_codebook_starts() -> None:
    latent = torch.randn(1, 3, 2, 2)
    torch.testing.assert_close(SoftVectorQuantizer(5, 3)(latent).values, latent, rtol=0, atol=0)


def test_the_first_temperature_is_a_fraction_of_the_squared_distance_between_codes(
    quantizer: SoftVectorQuantizer,
) -> None:
    quantizer.codebook.copy_(torch.tensor([[0.0, 0, 0], [3, 0, 0], [0, 5, 0], [0, 5, 5], [0, 5, 5]]))
    quantizer.start_temperature()
    # Codes that are equal to another one have no distance.
    expected = START_FRACTION * (9 + 9 + 25) / 3
    torch.testing.assert_close(quantizer.log_temperature.exp().detach(), torch.tensor([expected]))


def test_codes_follow_their_nearest_latents_in_training_only(quantizer: SoftVectorQuantizer) -> None:
    before = quantizer.codebook.clone()
    quantizer(torch.randn(4, 3, 4, 4))
    torch.testing.assert_close(quantizer.codebook, before, rtol=0, atol=0)
    quantizer.train()(torch.randn(4, 3, 4, 4))
    assert not torch.equal(quantizer.codebook, before)
