# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import DatasetError, TrainingError
from audio_manifold_ros.common.schema import from_plain, to_plain
from audio_manifold_ros.datasets.drive_reader import DriveReader
from training.config.data_configuration import DataConfig
from training.data.cache import open_cache
from training.data.dataset_split import divide, select_drives
from training.data.split_file import SplitFile
from training.data.window_dataset import find_drives

PAIRS = st.tuples(st.integers(1, 9), st.integers(1, 9))


@settings(deadline=None, max_examples=40)
@given(ids=st.sets(st.text('abcdef0123456789', min_size=1, max_size=6)), limits=PAIRS)
def test_a_larger_budget_keeps_the_drives_of_the_smaller(ids: set[str], limits: tuple[int, int]) -> None:
    small, large = sorted(limits)
    chosen = set(select_drives(ids, small))
    assert chosen <= set(select_drives(ids, large)) <= ids
    assert len(chosen) == min(small, len(ids))
    assert select_drives(ids, None) == tuple(sorted(ids))


def test_limits_remove_drives_and_move_none(data_config: DataConfig) -> None:
    unlimited = open_cache(data_config, progress=False)
    limited = open_cache(replace(data_config, train_drives=2), progress=False)
    assert len(limited.drives('train')) == 2
    assert set(limited.drives('train')) < set(unlimited.drives('train'))
    assert limited.drives('validation') == unlimited.drives('validation')


def test_a_split_file_places_drives_and_single_images(data_config: DataConfig, tmp_path: Path) -> None:
    drives = find_drives(data_config.drives)
    ids = list(drives)
    with DriveReader(drives[ids[1]]) as drive:
        instants = drive.image_stamps_ns.tolist()
    path = tmp_path / 'split.yaml'
    train, validation, test = (f'{ids[1]}/{instants[0]}', ids[0]), (f'{ids[1]}/{instants[1]}',), tuple(ids[2:4])
    SplitFile('by hand', train, validation, test).write(path)
    cache = open_cache(replace(data_config, split=str(path)), progress=False)
    assert cache.dataset_split.split.name == 'by hand'
    assert len(cache.indices('train')) == 3
    assert cache.window_drives(cache.indices('validation')) == (ids[1],)
    assert cache.drives('test') == tuple(ids[2:4])
    assert len(divide(replace(data_config, split=str(path)))[0]) == 4, 'drives of no split are not read'


def test_a_split_of_other_drives_is_refused(data_config: DataConfig, tmp_path: Path) -> None:
    path = tmp_path / 'split.yaml'
    SplitFile('elsewhere', ('scene0001',), ('scene0002',), ('scene0003',)).write(path)
    with pytest.raises(DatasetError, match='scene0001'):
        open_cache(replace(data_config, split=str(path)), progress=False)
    values = to_plain(data_config) | {'test_drives': 0}
    with pytest.raises(TrainingError, match='test_drives is 0'):
        from_plain(DataConfig, values, 'experiment.yaml', TrainingError)
