# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Width of the networks of an experiment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from audio_manifold_ros.common.errors import NetworkError
from audio_manifold_ros.networks.at_net import AtNet, AtNetConfig
from audio_manifold_ros.networks.vq_vae import VqVaeConfig
from training.config.experiment_configuration import TrainingConfig, with_budget
from training.config.fit_configuration import BudgetConfig
from training.config.network_widths import with_width

CONFIGS = Path(__file__).parents[3] / 'training' / 'configs'


def test_width_1_is_the_width_of_the_paper() -> None:
    config = with_width(TrainingConfig.from_yaml(CONFIGS / 'systems' / 'vq_8x8.yaml'), 1.0)
    assert config.at_nets == (AtNetConfig(modalities=('depth', 'segmentation')),)
    assert config.manifolds == {'depth': VqVaeConfig(channels=1), 'segmentation': VqVaeConfig(channels=19)}


def test_a_budget_replaces_the_widths_of_a_file() -> None:
    config = TrainingConfig.from_yaml(CONFIGS / 'paper_8x8.yaml')
    assert [network.width for network in config.at_nets] == [0.5]
    narrow = with_budget(replace(config, budget=BudgetConfig(width=0.125)))
    assert [network.width for network in narrow.at_nets] == [0.125]
    assert {(vae.first_features, vae.features) for vae in narrow.manifolds.values()} == {(8, 16)}
    assert with_budget(config) == config


def test_a_narrow_network_has_fewer_weights() -> None:
    config = TrainingConfig.from_yaml(CONFIGS / 'systems' / 'vq_8x8.yaml')
    counts = [
        sum(weight.numel() for weight in AtNet(with_width(config, width).at_nets[0]).parameters())
        for width in (0.25, 0.5)
    ]
    assert 2 < counts[1] / counts[0] < 4


def test_the_widths_of_decoders_and_of_omninet_change_and_echo2depth_stays() -> None:
    for name in ('end_to_end_16x16', 'omninet_8ch_both', 'echo2depth_paper'):
        (system,) = with_width(TrainingConfig.from_yaml(CONFIGS / 'systems' / f'{name}.yaml'), 0.5).direct
        if system.end_to_end is not None:
            assert system.end_to_end.at_net.width == 0.5
            assert {(vae.first_features, vae.features) for vae in system.end_to_end.decoders.values()} == {(32, 64)}
            assert {vae.manifold_cells for vae in system.end_to_end.decoders.values()} == {16}
        if system.omninet is not None:
            assert (system.omninet.width, system.omninet.depth) == (0.5, (32, 32))
        if system.echo2depth is not None:
            assert system == TrainingConfig.from_yaml(CONFIGS / 'systems' / f'{name}.yaml').direct[0]


@pytest.mark.parametrize('width', [0.0, -1.0, 5.0])
def test_an_impossible_width_is_refused(width: float) -> None:
    config = TrainingConfig.from_yaml(CONFIGS / 'systems' / 'vq_8x8.yaml')
    with pytest.raises(NetworkError):
        with_width(config, width)
