# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Configuration files of the systems in the tables."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from audio_manifold_ros.features.presets import omninet_features
from audio_manifold_ros.networks.at_net import AtNet
from audio_manifold_ros.networks.single_stage import SingleStageNetwork
from training.config.experiment_configuration import TrainingConfig

SYSTEMS = Path(__file__).parents[3] / 'training' / 'configs' / 'systems'
SHARED = ('base', 'omninet')
PATHS = sorted(path for path in SYSTEMS.glob('*.yaml') if path.stem not in SHARED)


@pytest.mark.parametrize('path', PATHS, ids=lambda path: path.stem)
def test_every_system_has_its_name_and_the_common_budget(path: Path) -> None:
    config, other = TrainingConfig.from_yaml(path), TrainingConfig.from_yaml(SYSTEMS / 'vq_8x8.yaml')
    assert config.name == path.stem
    assert config.output == f'runs/street/{path.stem}'
    assert config.budget == other.budget
    assert config.data.train_drives == config.budget.train_drives
    assert config.machine == other.machine
    fits = (config.manifold_fit, config.transform_fit, config.direct_fit)
    assert [fit.steps for fit in fits] == [config.budget.manifold_steps, config.budget.steps, config.budget.steps]
    assert [fit.batch_size for fit in fits] == [8, 12, 12]
    heads = [modality for network in config.at_nets for modality in network.modalities]
    assert sorted(heads) == sorted(config.manifolds)


@pytest.mark.parametrize('path', PATHS, ids=lambda path: path.stem)
def test_every_system_has_the_common_width(path: Path) -> None:
    config = TrainingConfig.from_yaml(path)
    width = config.budget.width
    assert width is not None
    end_to_end = [system.end_to_end for system in config.direct if system.end_to_end is not None]
    omninets = [system.omninet for system in config.direct if system.omninet is not None]
    at_nets = [*config.at_nets, *(system.at_net for system in end_to_end)]
    manifolds = [*config.manifolds.values(), *(vae for system in end_to_end for vae in system.decoders.values())]
    assert {network.width for network in [*at_nets, *omninets]} <= {width}
    assert {(vae.first_features, vae.features) for vae in manifolds} <= {(round(64 * width), round(128 * width))}


@pytest.mark.parametrize('path', PATHS, ids=lambda path: path.stem)
def test_every_system_accepts_its_features(path: Path) -> None:
    config = TrainingConfig.from_yaml(path)
    spec = config.data.features
    features = torch.randn(1, 8, spec.height, spec.width)
    networks = [AtNet(network) for network in config.at_nets] + [SingleStageNetwork(system) for system in config.direct]
    with torch.inference_mode():
        outputs = {name: image for network in networks for name, image in network.eval()(features).items()}
    assert tuple(sorted(outputs)) == config.modalities


def test_omninets_have_the_features_of_omninet() -> None:
    config = TrainingConfig.from_yaml(SYSTEMS / 'omninet_2ch_both.yaml')
    assert config.data.features == omninet_features(22_500, 22_500)


def test_the_configurations_of_the_paper_and_of_its_code_differ() -> None:
    paper, reference = (TrainingConfig.from_yaml(SYSTEMS / f'vq_8x8_{name}.yaml') for name in ('paper', 'reference'))
    for config in (paper, reference):
        assert [network.modalities for network in config.at_nets] == [('depth',), ('segmentation',)]
        assert {fit.learning_rate for fit in (config.manifold_fit, config.transform_fit)} == {1e-4}
        assert {manifold.bottleneck for manifold in config.manifolds.values()} == {'gradient_codebook'}
    assert {manifold.residual_blocks for manifold in paper.manifolds.values()} == {3}
    assert {manifold.residual_blocks for manifold in reference.manifolds.values()} == {2}
    assert reference.manifolds['segmentation'].label_coding == 'grey'
    assert {network.input for network in reference.at_nets} == {'batch_norm'}
    assert (paper.data.features.resize, reference.data.features.resize) == ('linear', 'nearest')
    assert (paper.depth.kind, reference.depth.kind) == ('log', 'inverse')
