# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
import torch

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.networks.at_net import AtNetConfig
from audio_manifold_ros.networks.echo2depth import Echo2DepthConfig
from audio_manifold_ros.networks.end_to_end import EndToEndConfig
from audio_manifold_ros.networks.omninet import OmniNetConfig
from audio_manifold_ros.networks.single_stage import SingleStageConfig, SingleStageNetwork
from audio_manifold_ros.networks.vq_vae import VqVaeConfig

SMALL_OMNINET = {
    'mics': 2,
    'modalities': ['depth', 'segmentation'],
    'width': 0.125,
    'fused': [8, 12],
    'depth': [12, 20],
    'segmentation': [12, 16],
}
END_TO_END = {
    'at_net': {'mics': 2, 'width': 0.125, 'code_dim': 8},
    'decoders': {'depth': {'code_dim': 8, 'first_features': 4, 'features': 8}},
}
SYSTEMS = [
    {'end_to_end': END_TO_END, 'microphones': [5, 1]},
    {'echo2depth': {'mics': 2}, 'microphones': [5, 1]},
    {'omninet': SMALL_OMNINET, 'microphones': [5, 1]},
]


@pytest.mark.parametrize('values', SYSTEMS)
def test_only_the_chosen_microphones_are_used(values: dict[str, object]) -> None:
    torch.manual_seed(0)
    network = SingleStageNetwork(SingleStageConfig.from_dict(values)).eval()
    features = torch.randn(2, 8, 128, 128)
    deaf = torch.randn(2, 8, 128, 128)
    deaf[:, [5, 1]] = features[:, [5, 1]]
    with torch.inference_mode():
        images, others, alone = network(features), network(deaf), network.system(features[:, [5, 1]])
    assert tuple(images) == network.config.modalities
    for modality, image in images.items():
        torch.testing.assert_close(image, others[modality], rtol=0, atol=0)
        torch.testing.assert_close(image, alone[modality], rtol=0, atol=0)


@pytest.mark.parametrize('values', SYSTEMS)
def test_configuration_round_trips_through_plain_values(values: dict[str, object]) -> None:
    config = SingleStageConfig.from_dict(values)
    assert SingleStageConfig.from_dict(config.to_dict()) == config
    assert config.kind in values
    assert config.mics == 2


def test_whitening_uses_statistics_of_the_chosen_microphones_only() -> None:
    at_net = AtNetConfig(mics=2, width=0.125)
    network = SingleStageNetwork(SingleStageConfig(end_to_end=EndToEndConfig(at_net), microphones=(2, 0)))
    mean = torch.tensor([1.0, 2.0, 3.0])
    network.set_input_statistics(mean, torch.diag(torch.tensor([4.0, 9.0, 16.0])))
    whitening = network.system.at_net.trunk[0]
    torch.testing.assert_close(whitening.mean.flatten(), torch.tensor([3.0, 1.0]))
    torch.testing.assert_close(
        whitening.matrix[:, :, 0, 0], torch.diag(torch.tensor([0.25, 0.5])), rtol=1e-3, atol=1e-4
    )
    SingleStageNetwork(SingleStageConfig(echo2depth=Echo2DepthConfig())).set_input_statistics(mean, torch.eye(3))


def test_class_biases_change_the_logits_only() -> None:
    torch.manual_seed(0)
    network = SingleStageNetwork(SingleStageConfig.from_dict(SYSTEMS[2])).eval()
    features = torch.randn(1, 8, 64, 64)
    with torch.inference_mode():
        before = network(features)
        network.advantages[0, 13] = 2.5
        after = network(features)
    torch.testing.assert_close(after['depth'], before['depth'], rtol=0, atol=0)
    moved = (after['segmentation'] - before['segmentation']).mean(dim=(0, 2, 3))
    torch.testing.assert_close(
        moved, 2.5 * torch.nn.functional.one_hot(torch.tensor(13), 19).float(), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize(
    ('values', 'named'),
    [
        ({}, 'exactly one'),
        ({'echo2depth': {}, 'end_to_end': {}}, 'exactly one'),
        ({'echo2depth': {'mics': 2}, 'microphones': [1]}, 'microphones'),
        ({'echo2depth': {'mics': 2}, 'microphones': [1, 1]}, 'microphones'),
        ({'echo2depth': {'mics': 2}, 'microphones': [1, -1]}, 'microphones'),
        ({'echo2depth': {'ears': 2}}, 'ears'),
        ({'omninet': {'fused': [60, 'wide']}}, r'fused\[1\].*wide'),
        ({'sonar': {}}, 'sonar'),
    ],
)
def test_invalid_systems_are_refused_by_name(values: dict[str, object], named: str) -> None:
    with pytest.raises(NetworkError, match=named):
        SingleStageConfig.from_dict(values)


def test_defaults_are_the_sizes_of_the_tables() -> None:
    assert SingleStageConfig(end_to_end=EndToEndConfig()).mics == 8
    assert SingleStageConfig(omninet=OmniNetConfig(mics=2)).modalities == ('depth',)
    assert EndToEndConfig().decoders == {'depth': VqVaeConfig()}
