# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Costs of the systems of the tables."""

from __future__ import annotations

import json
from pathlib import Path

from audio_manifold_ros.networks.at_net import AtNet
from tests.training.paper_tables.stored_runs import record
from training.config.experiment_configuration import TrainingConfig
from training.paper_tables.costs import costs, count_weights
from training.paper_tables.records import RunRecord

SYSTEMS = Path(__file__).parents[3] / 'training' / 'configs' / 'systems'


def test_the_weights_include_the_at_net_and_the_decoders_of_both_modalities() -> None:
    config = TrainingConfig.from_yaml(SYSTEMS / 'vq_8x8.yaml')
    at_net = sum(weights.numel() for weights in AtNet(config.at_nets[0]).parameters())
    counted = count_weights(config.to_dict())
    assert counted is not None
    assert at_net < counted < 1.5 * at_net


def test_the_weights_of_a_network_on_spatial_maps_are_counted() -> None:
    config = TrainingConfig.from_yaml(SYSTEMS.parent / 'street_one_stage.yaml')
    # The card of models/street, whose networks have the same sizes, counts 1,739,064.
    assert count_weights(config.to_dict()) == 1_739_064


def test_a_configuration_of_another_version_has_no_count() -> None:
    assert count_weights({'networks': 'of the year 2019'}) is None


def test_minutes_are_those_of_the_fastest_seed(tmp_path: Path) -> None:
    config = TrainingConfig.from_yaml(SYSTEMS / 'echo2depth_paper.yaml').to_dict()
    runs: list[RunRecord] = []
    for seed, minutes in enumerate((13.0, 20.0)):
        path = tmp_path / 'street' / 'echo2depth_paper' / f'seed{seed}.json'
        path.parent.mkdir(parents=True, exist_ok=True)
        values = record('street', 'echo2depth_paper', seed, {'windows': 4}) | {'config': config}
        values['budget'] |= {'minutes': minutes}
        path.write_text(json.dumps(values))
        runs.append(RunRecord.load(path))
    assert costs(runs).rstrip().endswith('| `echo2depth_paper` | 1.31 | 13 |')
    assert costs([]) == ''
