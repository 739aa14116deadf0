# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from audio_manifold_ros.networks.continuous_bottlenecks import GaussianBottleneck, IdentityBottleneck


def test_an_identity_bottleneck_returns_its_input_without_a_penalty() -> None:
    bottleneck = IdentityBottleneck(3, 4)
    encoded = torch.randn(2, 3, 4, 4)
    found = bottleneck(encoded)
    assert found.values is encoded
    assert found.codes is None
    assert float(bottleneck.penalty(encoded, found)) == 0


@pytest.mark.parametrize('kind', [IdentityBottleneck, GaussianBottleneck])
def test_distance_counts_standard_deviations_from_the_mean_image(kind: type[IdentityBottleneck]) -> None:
    bottleneck = kind(2, 2)
    mean, std = torch.randn(2, 2, 2), torch.tensor([0.5, 4.0])
    bottleneck.set_statistics(mean, std)
    latent = mean + torch.tensor([3.0, 1.0])[:, None, None] * std[:, None, None]
    distance = bottleneck.quantize(latent[None]).distance
    torch.testing.assert_close(distance, torch.full((1, 2, 2), (9.0 + 1.0) / 2))
    assert set(bottleneck.state_dict()) == {'mean', 'std'}


def test_the_divergence_is_that_of_normal_distributions() -> None:
    bottleneck = GaussianBottleneck(3, 2)
    mean, log_variance = torch.randn(4, 3, 2, 2), torch.randn(4, 3, 2, 2)
    encoded = torch.cat([mean, log_variance], dim=1)
    expected = kl_divergence(Normal(mean, log_variance.mul(0.5).exp()), Normal(0.0, 1.0)).mean()
    torch.testing.assert_close(bottleneck.penalty(encoded, bottleneck(encoded)), expected)
    torch.testing.assert_close(bottleneck.latent(encoded), mean)


def test_samples_in_training_and_the_mean_otherwise() -> None:
    torch.manual_seed(0)
    bottleneck = GaussianBottleneck(1, 1)
    encoded = torch.tensor([2.0, -1.0]).reshape(1, 2, 1, 1).repeat(20_000, 1, 1, 1)
    drawn = bottleneck.train()(encoded).values
    assert float(drawn.mean()) == pytest.approx(2.0, abs=0.02)
    assert float(drawn.var()) == pytest.approx(torch.tensor(-1.0).exp().item(), rel=0.05)
    torch.testing.assert_close(bottleneck.eval()(encoded).values, torch.full_like(drawn, 2.0))


def test_extreme_encoder_outputs_give_finite_values() -> None:
    bottleneck = GaussianBottleneck(1, 1)
    encoded = torch.tensor([0.0, 1e6]).reshape(1, 2, 1, 1).requires_grad_()
    found = bottleneck(encoded)
    loss = bottleneck.penalty(encoded, found) + found.values.sum()
    loss.backward()
    assert torch.isfinite(encoded.grad).all()
