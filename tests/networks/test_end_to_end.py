# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.networks.at_net import AtNet, AtNetConfig
from audio_manifold_ros.networks.end_to_end import EndToEnd, EndToEndConfig
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig
from tests.networks.layer_shapes import assert_all_learn, layer_shapes, parameters


@pytest.mark.parametrize(('cells', 'grown'), [(8, 16), (16, 8), (32, 4)])
def test_the_two_stages_are_those_of_the_paper(cells: int, grown: int) -> None:
    at_net, manifold = AtNetConfig(manifold_cells=cells), VqVaeConfig(manifold_cells=cells)
    config = EndToEndConfig(at_net, {'depth': manifold})
    with torch.device('meta'):
        network = EndToEnd(config)
        assert parameters(network) == parameters(AtNet(at_net)) + parameters(VqVae(manifold).decoder)
    shapes = layer_shapes(lambda: EndToEnd(config), 8, 128, 128)
    assert shapes[-1] == (1, 128, 128)
    assert (64, cells, cells) in shapes
    assert 128 // cells == grown


def test_every_weight_gets_a_gradient() -> None:
    torch.manual_seed(0)
    sizes = {'code_dim': 8, 'first_features': 4, 'features': 8}
    at_net = AtNetConfig(mics=2, width=0.125, modalities=('depth', 'segmentation'), code_dim=8, dropout=0.0)
    decoders = {'depth': VqVaeConfig(**sizes), 'segmentation': VqVaeConfig(channels=19, **sizes)}
    network = EndToEnd(EndToEndConfig(at_net, decoders))
    images = network(torch.randn(4, 2, 128, 128))
    assert {name: tuple(image.shape) for name, image in images.items()} == {
        'depth': (4, 1, 128, 128),
        'segmentation': (4, 19, 128, 128),
    }
    assert_all_learn(network, sum(image.square().mean() for image in images.values()))


def test_heads_and_decoders_that_do_not_match_are_refused() -> None:
    with pytest.raises(NetworkError, match='segmentation'):
        EndToEndConfig(AtNetConfig(modalities=('segmentation',)))
    with pytest.raises(NetworkError, match='16 cells'):
        EndToEndConfig(AtNetConfig(manifold_cells=16))
