# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.networks.echo2depth import Echo2Depth, Echo2DepthConfig
from tests.networks.layer_shapes import assert_all_learn, layer_shapes, parameters

PAPER_DOWN = [(8, 16, 16), (128, 4, 4), (512, 1, 1)]
PAPER_UP = [(256, 2, 2), (128, 4, 4), (64, 8, 8), (32, 16, 16), (16, 32, 32), (8, 64, 64), (1, 128, 128)]
ECHO_UP = [(512, 2, 2), (256, 4, 4), (128, 8, 8), (64, 16, 16), (32, 32, 32), (16, 64, 64), (1, 128, 128)]


def convolution(features_in: int, features_out: int, kernel: int) -> int:
    """Count weights, biases, and the two numbers per feature of the normalisation."""
    return features_in * features_out * kernel**2 + 3 * features_out


def test_layers_of_the_published_code_of_the_paper() -> None:
    assert layer_shapes(lambda: Echo2Depth(Echo2DepthConfig()), 8, 128, 128) == PAPER_DOWN + PAPER_UP


@pytest.mark.parametrize(
    ('size', 'maps', 'flat'),
    [
        ((257, 166), [(63, 40), (30, 19), (28, 17)], 3808),
        ((128, 128), [(31, 31), (14, 14), (12, 12)], 1152),
    ],
)
def test_layers_of_visualechoes(size: tuple[int, int], maps: list[tuple[int, int]], flat: int) -> None:
    config = Echo2DepthConfig(mics=2, variant='visualechoes', height=size[0], width=size[1])
    down = [(features, *map_size) for features, map_size in zip((32, 64, 8), maps, strict=True)]
    assert layer_shapes(lambda: Echo2Depth(config), 2, *size) == [*down, (512, 1, 1), *ECHO_UP]
    assert (
        next(layer for layer in Echo2Depth(config).layers if getattr(layer, 'kernel_size', 0) == (1, 1)).in_channels
        == flat
    )


def test_the_number_of_weights_is_that_of_the_tables() -> None:
    paper = convolution(8, 8, 8) + convolution(8, 128, 4) + convolution(128, 512, 3)
    paper += sum(convolution(2 * out, out, 2) for out in (256, 128, 64, 32, 16, 8)) + 8 * 4 + 1
    assert parameters(Echo2Depth(Echo2DepthConfig())) == paper
    echo = convolution(8, 32, 8) + convolution(32, 64, 4) + convolution(64, 8, 3) + convolution(1152, 512, 1)
    echo += convolution(512, 512, 4) + sum(convolution(2 * out, out, 4) for out in (256, 128, 64, 32, 16))
    echo += 16 * 16 + 1
    assert parameters(Echo2Depth(Echo2DepthConfig(variant='visualechoes'))) == echo


@pytest.mark.parametrize('variant', ['paper', 'visualechoes'])
def test_depth_is_within_the_unit_and_every_weight_learns(variant: str) -> None:
    torch.manual_seed(0)
    network = Echo2Depth(Echo2DepthConfig(mics=3, variant=variant))
    depth = network(torch.randn(2, 3, 128, 128))['depth']
    assert depth.shape == (2, 1, 128, 128)
    assert 0 < float(depth.detach().min()) < float(depth.detach().max()) < 1
    assert_all_learn(network, depth.square().mean())


@pytest.mark.parametrize(
    ('values', 'named'),
    [
        ({'variant': 'bat'}, "variant is 'bat'"),
        ({'mics': 0}, 'mics is 0'),
        ({'height': 257}, '257'),
        ({'variant': 'visualechoes', 'width': 20}, '20'),
    ],
)
def test_unsupported_features_and_variants_are_refused(values: dict[str, object], named: str) -> None:
    with pytest.raises(NetworkError, match=named):
        Echo2DepthConfig(**values)
