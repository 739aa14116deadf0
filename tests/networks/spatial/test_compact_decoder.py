# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.networks.spatial.compact_decoder import MAP_SIZE, CompactDecoder
from audio_manifold_ros.networks.vq_vae import VqVae, VqVaeConfig
from tests.networks.layer_shapes import assert_all_learn

SIZES = {'code_dim': 8, 'features': 16, 'fine_features': 8, 'channels': 3, 'image_size': 128}


def changed_decoder(cells: int) -> CompactDecoder:
    """Return a decoder whose images are not 0."""
    torch.manual_seed(0)
    decoder = CompactDecoder(cells=cells, **SIZES)
    torch.nn.init.normal_(decoder.output.weight)
    return decoder.eval()


@pytest.mark.parametrize('cells', [4, 8, 16])
def test_an_image_is_its_maps_interpolated(cells: int) -> None:
    decoder, values = changed_decoder(cells), torch.randn(2, 8, cells, cells)
    with torch.inference_mode():
        maps, image = decoder.maps(values), decoder(values)
    assert maps.shape == (2, 3, MAP_SIZE, MAP_SIZE)
    assert image.shape == (2, 3, 128, 128)
    # The mean of the four central pixels of a map's pixel is that pixel, where the image is linear around it.
    pooled = functional.avg_pool2d(image, 4)
    assert functional.l1_loss(pooled, maps) < 0.35 * maps.std()


@pytest.mark.parametrize('cells', [8, 16])
def test_a_code_changes_the_image_around_its_cell_only(cells: int) -> None:
    decoder, values = changed_decoder(cells), torch.zeros(1, 8, cells, cells)
    other = values.clone()
    other[:, :, 1, cells - 2] = 3.0
    with torch.inference_mode():
        changed = (decoder(other) - decoder(values)).abs().sum(dim=(0, 1))
    row, column = divmod(int(changed.argmax()), 128)
    assert row < 40
    assert column > 88
    assert not changed[112:].any()
    assert not changed[:, :16].any()


def test_every_weight_of_a_compact_manifold_learns() -> None:
    torch.manual_seed(0)
    network = VqVae(VqVaeConfig(first_features=8, features=16, residual_blocks=1, decoder='compact'))
    assert isinstance(network.decoder, CompactDecoder)
    torch.nn.init.normal_(network.decoder.output.weight)
    network.quantizer.start(torch.randn(500, 64))  # type: ignore[operator]
    assert_all_learn(network, (network(torch.rand(2, 1, 128, 128)).image - 1).square().mean())


def test_a_manifold_that_is_too_fine_for_a_compact_decoder_is_refused() -> None:
    with pytest.raises(NetworkError, match='manifold_cells 32 and image_size 128: a compact decoder has fewer than 32'):
        VqVaeConfig(manifold_cells=32, decoder='compact')
