# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.networks.omninet import OmniNet, OmniNetConfig
from tests.networks.layer_shapes import assert_all_learn, layer_shapes, parameters

SMALL = {'width': 0.125, 'fused': (8, 12), 'depth': (12, 20), 'segmentation': (12, 16), 'image_size': 32}
ENCODER = [(64, 128, 300), (128, 64, 150), (256, 32, 75), (512, 16, 37)]
FUSION = [(256, 60, 120), (512, 60, 120)]
PYRAMID = [(64, 1, 1)] + 4 * [(64, 60, 120)]
HEADS = {
    'depth': [(128, 60, 120), (128, 160, 512), (128, 160, 512), (1, 160, 512)],
    'segmentation': [(256, 60, 120), (256, 240, 480), (256, 240, 480), (19, 240, 480)],
}


@pytest.mark.parametrize('mics', [2, 8])
@pytest.mark.parametrize('modalities', [('depth',), ('segmentation',), ('depth', 'segmentation')])
def test_layers_are_the_published_ones(mics: int, modalities: tuple[str, ...]) -> None:
    config = OmniNetConfig(mics=mics, modalities=modalities)
    heads = [shape for modality in modalities for shape in PYRAMID + HEADS[modality]]
    assert layer_shapes(lambda: OmniNet(config), mics, 257, 601) == ENCODER + FUSION + heads
    with torch.device('meta'):
        network = OmniNet(config).eval()
        images = network(torch.zeros(2, mics, 257, 601))
    channels = {'depth': 1, 'segmentation': 19}
    assert {name: tuple(image.shape) for name, image in images.items()} == {
        modality: (2, channels[modality], 128, 128) for modality in modalities
    }


@pytest.mark.parametrize('mics', [2, 8])
def test_the_number_of_weights_is_that_of_the_tables(mics: int) -> None:
    pairs = ((1, 64), (64, 128), (128, 256), (256, 512))
    shared = sum(a * b * 16 + 3 * b for a, b in pairs) + 512 * 256 + mics * 256 * 512
    pyramid = 2 * (512 * 64 + 128) + 3 * (512 * 64 * 9 + 128)
    depth = pyramid + 320 * 128 + 2 * (128 * 128 * 9 + 256) + 128
    segmentation = pyramid + 320 * 256 + 2 * (256 * 256 * 9 + 512) + 256 * 19
    with torch.device('meta'):
        assert parameters(OmniNet(OmniNetConfig(mics))) == shared + depth
        assert parameters(OmniNet(OmniNetConfig(mics, ('segmentation',)))) == shared + segmentation
        assert parameters(OmniNet(OmniNetConfig(mics, ('depth', 'segmentation')))) == shared + depth + segmentation


def test_every_weight_learns_from_both_images() -> None:
    torch.manual_seed(0)
    network = OmniNet(OmniNetConfig(mics=3, modalities=('depth', 'segmentation'), **SMALL))
    images = network(torch.randn(3, 3, 65, 81))
    assert_all_learn(network, sum(image.square().mean() for image in images.values()))


def test_all_microphones_share_one_encoder_and_keep_their_order() -> None:
    torch.manual_seed(0)
    network = OmniNet(OmniNetConfig(mics=2, **SMALL)).eval()
    features = torch.randn(2, 2, 64, 64)
    with torch.inference_mode():
        encoded = network.encode_microphones(features)
        swapped = network.encode_microphones(features.flip(1))
        single = network.share(
            torch.nn.functional.interpolate(
                network.encoder(features[:, 1:]), size=(8, 12), mode='bilinear', align_corners=True
            )
        )
    half = encoded.shape[1] // 2
    torch.testing.assert_close(encoded[:, half:], single)
    torch.testing.assert_close(swapped, torch.cat([encoded[:, half:], encoded[:, :half]], dim=1))


@pytest.mark.parametrize(
    ('values', 'named'),
    [
        ({'modalities': ('sasr',)}, 'sasr'),
        ({'mics': 0}, 'mics'),
        ({'width': 0.0}, 'width'),
        ({'fused': (60,)}, 'fused'),
        ({'depth': (160, 0)}, 'depth is'),
    ],
)
def test_invalid_sizes_are_refused_by_name(values: dict[str, object], named: str) -> None:
    with pytest.raises(NetworkError, match=named):
        OmniNetConfig(**values)
