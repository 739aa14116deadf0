# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch import nn

from audio_manifold_ros.networks.errors import NetworkError
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig


@pytest.mark.parametrize(('cells', 'stages'), [(8, 4), (16, 3), (32, 2)])
def test_papers_sizes(cells: int, stages: int) -> None:
    network = VqVae(VqVaeConfig(manifold_cells=cells))
    strided = [layer for layer in network.encoder if isinstance(layer, nn.Conv2d) and layer.stride == (2, 2)]
    assert [layer.out_channels for layer in strided] == [64] + [128] * (stages - 1)
    assert all(layer.kernel_size == (4, 4) for layer in strided)
    grown = [layer for layer in network.decoder if isinstance(layer, nn.ConvTranspose2d)]
    assert [layer.out_channels for layer in grown] == [128] * (stages - 2) + [64, 1]
    assert network.quantizer.codebook.shape == (64, 64)
    result = network(torch.rand(1, 1, 128, 128))
    assert result.image.shape == (1, 1, 128, 128)
    assert result.latent.shape == (1, 64, cells, cells)
    assert result.quantized.codes.shape == (1, cells, cells)


def test_three_residual_blocks_on_each_side() -> None:
    network = VqVae()
    for side in (network.encoder, network.decoder):
        assert sum(type(layer).__name__ == 'ResidualBlock' for layer in side) == 3


def test_codes_alone_draw_the_reconstruction() -> None:
    torch.manual_seed(0)
    network = VqVae(VqVaeConfig(channels=19, first_features=4, features=8)).eval()
    network.quantizer.start(torch.randn(500, 64))
    result = network(torch.rand(2, 19, 128, 128))
    codes = network.quantizer.lookup(result.quantized.codes)
    torch.testing.assert_close(network.decoder(codes), result.image)


def test_all_weights_learn_through_the_codebook() -> None:
    torch.manual_seed(0)
    network = VqVae(VqVaeConfig(first_features=4, features=8))
    network.quantizer.start(torch.randn(500, 64))
    network(torch.rand(2, 1, 128, 128)).image.square().mean().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    assert any(float(parameter.grad.abs().sum()) > 0 for parameter in network.encoder.parameters())


def test_configuration_is_strict() -> None:
    config = VqVaeConfig(channels=19)
    assert VqVaeConfig.from_dict(config.to_dict()) == config
    with pytest.raises(NetworkError, match='colour'):
        VqVaeConfig.from_dict({'colour': 3})
    with pytest.raises(NetworkError, match=r'channels is -1'):
        VqVaeConfig(channels=-1)
    with pytest.raises(NetworkError, match='power of two'):
        VqVaeConfig(manifold_cells=10)
    with pytest.raises(NetworkError, match=r'codes.*sixty'):
        VqVaeConfig.from_dict({'codes': 'sixty'})
