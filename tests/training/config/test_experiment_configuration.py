# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from audio_manifold_ros.common.errors import TrainingError
from training.config.data_configuration import DataConfig
from training.config.experiment_configuration import TrainingConfig
from training.config.fit_configuration import FitConfig
from training.config.joint_configuration import JointConfig

CONFIGS = Path(__file__).parents[3] / 'training' / 'configs'


@pytest.mark.parametrize('path', sorted(CONFIGS.glob('*.yaml')), ids=lambda path: path.stem)
def test_shipped_experiments_are_read(path: Path) -> None:
    config = TrainingConfig.from_yaml(path)
    assert config.name == path.stem
    heads = [modality for network in config.at_nets for modality in network.modalities]
    if config.spatial is not None and config.spatial.is_quantised:
        heads += config.spatial.modalities
    assert sorted(heads) == sorted(config.manifolds)


def test_the_experiment_paper_has_the_values_of_the_paper() -> None:
    config = TrainingConfig.from_yaml(CONFIGS / 'paper.yaml')
    assert [(network.width, network.modalities) for network in config.at_nets] == [
        (1.0, ('depth',)),
        (1.0, ('segmentation',)),
    ]
    for manifold in config.manifolds.values():
        assert (manifold.codes, manifold.code_dim, manifold.manifold_cells) == (64, 64, 8)
        assert (manifold.first_features, manifold.features, manifold.residual_blocks) == (64, 128, 3)
    for fit in (config.manifold_fit, config.transform_fit):
        assert (fit.learning_rate, fit.schedule) == (1e-4, 'constant')


@pytest.mark.parametrize(
    ('section', 'key', 'value', 'named'),
    [
        (None, 'colour', 'red', 'colour'),
        ('data', 'drive', 'x', 'drive'),
        ('transform_fit', 'schedule', 'weekly', 'weekly'),
        ('transform_fit', 'epochs', 'many', r'transform_fit\.epochs'),
        ('machine', 'threads', 1.5, r'machine\.threads'),
        ('augment', 'masks', True, r'augment\.masks'),
        ('depth', 'near_m', -1.0, 'near_m'),
        ('manifolds', 'depth', {'codes': 0}, 'codes'),
        (None, 'at_nets', [{'width': 'wide'}], r'at_nets\[0\]\.width'),
        (None, 'at_nets', [{'modalities': ['depth', 'segmentation'], 'manifold_cells': 32}], '32 cells'),
        (None, 'at_nets', [{'modalities': ['depth']}], 'give one of each per modality'),
        ('manifolds', 'segmentation', {}, r'manifolds\.segmentation has 1 channels'),
        ('manifolds', 'heat', {}, r'manifolds\.heat'),
        ('transform_fit', 'minutes', 0.0, r'minutes is 0\.0'),
        ('transform_fit', 'learning_rate', -1.0, r'learning_rate is -1\.0'),
        ('transform_fit', 'learning_rate', float('nan'), 'learning_rate is nan'),
        ('transform_fit', 'weight_decay', -0.1, r'weight_decay is -0\.1'),
    ],
)
def test_a_wrong_value_is_refused_by_its_place(
    tmp_path: Path, section: str | None, key: str, value: object, named: str
) -> None:
    values = yaml.safe_load((CONFIGS / 'paper_8x8.yaml').read_text())
    (values if section is None else values.setdefault(section, {}))[key] = value
    path = tmp_path / 'changed.yaml'
    path.write_text(yaml.safe_dump(values))
    with pytest.raises(TrainingError, match=named) as refusal:
        TrainingConfig.from_yaml(path)
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize('system', ['omninet_2ch_both', 'omninet_2ch_depth', 'omninet_2ch_segmentation'])
def test_two_microphones_on_oap_are_the_published_pair(system: str) -> None:
    path, oap = CONFIGS / 'systems' / f'{system}.yaml', CONFIGS / 'datasets' / 'oap.yaml'
    assert TrainingConfig.from_yaml(path).direct[0].microphones == (2, 6)
    assert TrainingConfig.from_yaml(path, [oap]).direct[0].microphones == (2, 7)
    whole = CONFIGS / 'systems' / f'{system.replace("2ch", "8ch")}.yaml'
    assert TrainingConfig.from_yaml(whole, [oap]).direct[0].microphones == ()


def test_ears_that_are_not_two_are_refused(tmp_path: Path) -> None:
    over = tmp_path / 'over.yaml'
    over.write_text('ears: [3, 3]\n')
    with pytest.raises(TrainingError, match=r'microphones is \(3, 3\)'):
        TrainingConfig.from_yaml(CONFIGS / 'systems' / 'omninet_2ch_both.yaml', [over])


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r'nowhere\.yaml'):
        TrainingConfig.from_yaml(tmp_path / 'nowhere.yaml')


@pytest.mark.parametrize(
    ('build', 'message'),
    [
        (lambda: FitConfig(batch_size=0), r'FitConfig\.batch_size is 0: give .* from 1'),
        (lambda: FitConfig(steps=0), r'FitConfig\.steps is 0'),
        (lambda: replace(FitConfig(), learning_rate=-1e-4), r'FitConfig\.learning_rate is -0\.0001'),
        (lambda: DataConfig('data', frame_position=1.5), r'DataConfig\.frame_position is 1\.5'),
        (lambda: JointConfig(average=2.0), r'JointConfig\.average is 2\.0'),
    ],
)
def test_ranges_are_checked_when_code_builds_settings(build: Callable[[], object], message: str) -> None:
    with pytest.raises(TrainingError, match=message):
        build()


def test_each_seed_starts_from_the_run_with_its_seed() -> None:
    config = TrainingConfig.from_yaml(CONFIGS / 'street_one_second.yaml')
    found = [config.seeded(seed).joint for seed in (0, 1)]
    assert [None if joint is None else joint.start for joint in found] == [
        'runs/street_one_stage/seed0',
        'runs/street_one_stage/seed1',
    ]
