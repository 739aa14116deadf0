# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
from torch import nn

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.networks.label_encoding import encode_labels
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig
from tests.networks.layer_shapes import assert_all_learn, parameters


@pytest.mark.parametrize(('cells', 'stages'), [(8, 4), (16, 3), (32, 2)])
def test_sizes_of_the_paper(cells: int, stages: int) -> None:
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


def test_the_reconstruction_depends_on_the_codes_only() -> None:
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


@pytest.mark.parametrize('bottleneck', ['plain', 'gaussian', 'gradient_codebook', 'soft_codebook'])
def test_all_weights_learn_with_every_bottleneck(bottleneck: str) -> None:
    torch.manual_seed(0)
    network = VqVae(VqVaeConfig(first_features=4, features=8, bottleneck=bottleneck))
    if bottleneck == 'soft_codebook':
        network.quantizer.start(torch.randn(500, 64))
    result = network(torch.rand(2, 1, 128, 128))
    assert result.latent.shape == (2, 64, 8, 8)
    assert_all_learn(network, result.image.square().mean() + 1e-3 * result.penalty)


def test_the_gaussian_encoder_has_twice_the_channels_and_the_decoder_is_equal() -> None:
    plain, gaussian, codebook = (VqVae(VqVaeConfig(bottleneck=kind)) for kind in ('plain', 'gaussian', 'codebook'))
    assert parameters(plain) == parameters(codebook)
    assert parameters(gaussian) == parameters(plain) + 128 * 64 + 64
    assert parameters(gaussian.decoder) == parameters(plain.decoder)


@pytest.mark.parametrize('bottleneck', ['codebook', 'soft_codebook', 'gradient_codebook', 'plain', 'gaussian'])
def test_the_decoder_reconstructs_from_the_target_of_at_nets(bottleneck: str) -> None:
    torch.manual_seed(0)
    network = VqVae(VqVaeConfig(first_features=4, features=8, bottleneck=bottleneck)).eval()
    if bottleneck in {'codebook', 'soft_codebook'}:
        network.quantizer.start(torch.randn(500, 64))
    image = torch.rand(2, 1, 128, 128)
    latent = network.encode(image)
    assert latent.shape == (2, 64, 8, 8)
    drawn = network.decoder(network.quantizer.quantize(latent).values)
    torch.testing.assert_close(drawn, network(image).image)


def test_commitment_is_the_distance_to_the_codes() -> None:
    torch.manual_seed(0)
    network = VqVae(VqVaeConfig(first_features=4, features=8)).eval()
    image = torch.rand(2, 1, 128, 128)
    assert float(network(image).penalty) == 0
    network.quantizer.start(torch.randn(500, 64))
    result = network(image)
    torch.testing.assert_close(result.penalty, result.quantized.distance.mean())


def test_labels_go_in_grey_and_come_out_as_classes() -> None:
    config = VqVaeConfig(channels=19, first_features=4, features=8, label_coding='grey')
    assert config.input_channels == 1
    network = VqVae(config)
    labels = torch.randint(0, 19, (2, 128, 128), dtype=torch.uint8)
    assert network(encode_labels(labels, config.label_coding, config.channels)).image.shape == (2, 19, 128, 128)
    assert VqVaeConfig(channels=19).input_channels == 19


def test_the_reference_has_its_own_residual_blocks() -> None:
    paper = VqVae(VqVaeConfig(residual_blocks=2))
    reference = VqVae(VqVaeConfig(residual_blocks=2, residual='reference'))
    block, narrow = (128 * 128 * 9 + 128) + (128 * 128 + 128), (128 * 32 * 9 + 32) + (32 * 128 + 128)
    assert parameters(paper) - parameters(reference) == 4 * (block - narrow)
    assert reference(torch.rand(1, 1, 128, 128)).image.shape == (1, 1, 128, 128)


def test_configuration_is_strict() -> None:
    config = VqVaeConfig(channels=19)
    assert VqVaeConfig.from_dict(config.to_dict()) == config
    with pytest.raises(NetworkError, match='colour'):
        VqVaeConfig.from_dict({'colour': 3})
    with pytest.raises(NetworkError, match=r'channels is -1'):
        VqVaeConfig(channels=-1)
    for name in ('bottleneck', 'label_coding', 'residual'):
        with pytest.raises(NetworkError, match=f"{name} is 'other'"):
            VqVaeConfig.from_dict({name: 'other'})
    with pytest.raises(NetworkError, match='power of two'):
        VqVaeConfig(manifold_cells=10)
    with pytest.raises(NetworkError, match=r'codes.*sixty'):
        VqVaeConfig.from_dict({'codes': 'sixty'})
