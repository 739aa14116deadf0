# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""MAVD end to end in miniature: import, split, cache and a training step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from audio_manifold_ros.datasets.drive_attributes import RELATIVE
from tests.training.importing.mavd_tree import disparity, teacher_arguments, write_drive
from training.config.experiment_configuration import TrainingConfig
from training.data.cache import WindowCache, open_cache
from training.data.split_file import SPLITS
from training.experiment.results import has_known_leaks
from training.fitting.fit_manifold import fit_manifold
from training.importing import import_mavd
from training.importing.mavd_names import parse_name
from training.splits import check_split, make_split

MAVD = Path(__file__).parents[3] / 'training' / 'configs' / 'datasets' / 'mavd.yaml'
# Two instants of each day, 34 ms apart as in MAVD. The published lists separate such pairs.
DAYS = {'train': '2020_04_27_16_36_45', 'validation': '2020_04_24_15_51_12', 'test': '2020_05_21_20_07_12'}
STARTS_S = {'train': 1588005405, 'validation': 1587743472, 'test': 1590084432}
SYSTEM = {
    'name': 'small',
    'data': {'drives': ''},
    'manifolds': {'depth': {'codes': 16, 'code_dim': 8, 'first_features': 8, 'features': 16, 'residual_blocks': 1}},
    'at_nets': [{'width': 0.125, 'code_dim': 8, 'modalities': ['depth']}],
    'codebook': {'start_step': 1},
    'manifold_fit': {'batch_size': 2, 'steps': 1, 'validate_every_steps': 1},
    'machine': {'accelerator': 'cpu', 'devices': '1', 'threads': 1},
}


def names(part: str) -> tuple[str, str]:
    return f'{STARTS_S[part]}_5_0', f'{STARTS_S[part]}_33945216_0'


@pytest.fixture(scope='module')
def drives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the imported drives, one for each day. Both split files are next to it."""
    base = tmp_path_factory.mktemp('mavd')
    for part, when in DAYS.items():
        write_drive(base / 'MAVD', f'drive_day_{when}', names(part))
    teachers = teacher_arguments(base / 'MAVD', base / 'teachers')
    assert import_mavd.main([str(base / 'MAVD'), '--out', str(base / 'drives'), '--workers', '1', *teachers]) == 0
    lists = base / 'lists'
    lists.mkdir()
    test, train, validation = (f'drive_day_{DAYS[part]}' for part in ('test', 'train', 'validation'))
    chosen = {
        'train_all.txt': [f'{test}/{names("test")[0]}', f'{train}/{names("train")[0]}', f'{train}/{names("train")[1]}'],
        'val_all.txt': [f'{validation}/{names("validation")[0]}'],
        'test_all.txt': [f'{test}/{names("test")[0][:-1]}1', f'{test}/{names("test")[1]}'],
    }
    for name, lines in chosen.items():
        (lists / name).write_text('\n'.join(lines) + '\n', encoding='utf-8')
    into = [str(base / 'drives'), '--out']
    assert make_split.main(['mavd-days', *into, str(base / 'days.yaml')]) == 0
    assert make_split.main(['mavd-paper', *into, str(base / 'paper.yaml'), '--lists', str(lists)]) == 0
    return base / 'drives'


def experiment(drives: Path, tmp_path: Path, split: str) -> TrainingConfig:
    system, place = tmp_path / 'small.yaml', tmp_path / 'place.yaml'
    system.write_text(yaml.safe_dump(SYSTEM))
    folders = {'drives': str(drives), 'cache': str(drives.parent / 'cache'), 'workers': 1}
    folders['split'] = str(drives.parent / f'{split}.yaml')
    place.write_text(yaml.safe_dump({'output': str(tmp_path / 'runs'), 'data': folders}))
    return TrainingConfig.from_yaml(system, (MAVD, place))


def first_disparities(cache: WindowCache, split: str) -> list[float]:
    """Return the disparity in the first column of each image, which identifies its instant."""
    return [float(1 / depth_m[0, 0]) for depth_m in cache.take('depth_m', cache.indices(split))]


def expected(*instants: str) -> list[float]:
    crop = round(200 * 96 / 1920)
    return [float(disparity(parse_name(instant).stamp_ns)[0, crop]) for instant in instants]


def test_a_network_is_fitted_to_the_days_of_train_only(drives: Path, tmp_path: Path) -> None:
    config = experiment(drives, tmp_path, 'days')
    cache = open_cache(config.data, progress=False)
    assert {shard.contents.depth_unit for shard in cache.shards} == {RELATIVE}
    for part in SPLITS:
        assert cache.drives(part) == (f'drive_day_{DAYS[part]}',)
        np.testing.assert_allclose(first_disparities(cache, part), expected(*names(part)), rtol=1e-2)
    features = cache.take('features', cache.indices('train'))
    assert features.shape == (2, 8, 128, 128)
    assert np.all(np.ptp(features, axis=(2, 3)) > 0.1)
    checkpoint = fit_manifold(config, 'depth', config.manifold_fit)
    weights = torch.load(checkpoint, weights_only=True, map_location='cpu')['state_dict']
    assert all(torch.isfinite(value).all() for value in weights.values() if value.is_floating_point())
    assert check_split.main([str(drives), '--split', str(drives.parent / 'days.yaml'), '--workers', '1']) == 0
    assert not has_known_leaks(cache, config.data.features)


def test_the_papers_lists_put_an_instant_into_train_and_test(drives: Path, tmp_path: Path) -> None:
    config = experiment(drives, tmp_path, 'paper')
    cache = open_cache(config.data, progress=False)
    assert [len(cache.indices(part)) for part in SPLITS] == [3, 1, 2]
    assert set(cache.indices('train')) & set(cache.indices('test'))
    np.testing.assert_allclose(first_disparities(cache, 'test'), expected(*names('test')), rtol=1e-2)
    assert check_split.main([str(drives), '--split', str(drives.parent / 'paper.yaml'), '--workers', '1']) == 1
    assert has_known_leaks(cache, config.data.features)
    cache.dataset_split = replace(cache.dataset_split, split=replace(cache.dataset_split.split, test=(), leaks=False))
    assert has_known_leaks(cache, config.data.features)  # measured, although the file does not declare it
