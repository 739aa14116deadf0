# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.datasets.corpus import Corpus, find_drives
from audio_manifold_ros.features.batch import mel_features
from training.cache import open_cache
from training.configuration import DataConfig
from training.errors import TrainingError


def test_rows_are_what_the_drives_hold(data_config: DataConfig) -> None:
    cache = open_cache(data_config, progress=False)
    items = list(Corpus(list(find_drives(data_config.drives).values()), data_config.features))
    everything = np.arange(len(items))
    np.testing.assert_array_equal(cache.take('labels', everything), [item.labels for item in items])
    np.testing.assert_array_equal(cache.take('depth_m', everything), [item.depth_m for item in items])
    features = [mel_features(item.audio, data_config.features) for item in items[5:7]]
    np.testing.assert_allclose(cache.take('features', everything[5:7]), features, atol=1e-3)


def test_no_street_is_in_two_splits(data_config: DataConfig) -> None:
    cache = open_cache(data_config, progress=False)
    splits = [set(cache.indices(name).tolist()) for name in ('train', 'validation', 'test')]
    assert sum(len(split) for split in splits) == len(set.union(*splits)) == 20
    streets = [set(cache.drives(name)) for name in ('train', 'validation', 'test')]
    assert sum(len(names) for names in streets) == len(set.union(*streets)) == 10


def test_new_drives_cost_only_themselves(data_config: DataConfig, tmp_path: Path) -> None:
    paths = list(find_drives(data_config.drives).values())
    folder = tmp_path / 'drives'
    folder.mkdir()
    for path in paths[:6]:
        shutil.copy(path, folder)
    config = replace(data_config, drives=str(folder), cache=str(tmp_path / 'cache'), shard_drives=3, split_seed=0)
    config = replace(config, validation=0.4, test=0.3)
    open_cache(config, progress=False)
    before = {shard: shard.stat().st_mtime_ns for shard in (tmp_path / 'cache').iterdir()}
    shutil.copy(paths[6], folder)
    cache = open_cache(config, progress=False)
    after = {shard: shard.stat().st_mtime_ns for shard in (tmp_path / 'cache').iterdir()}
    assert {shard: after[shard] for shard in before} == before
    assert len(after) == len(before) + 1
    assert len(cache.take('labels', np.arange(14))) == 14


def test_another_definition_of_the_features_is_another_cache(data_config: DataConfig, tmp_path: Path) -> None:
    paths = list(find_drives(data_config.drives).values())[:1]
    shutil.copy(paths[0], tmp_path)
    config = replace(data_config, drives=str(tmp_path), cache=str(tmp_path / 'cache'))
    for features in (config.features, replace(config.features, db_divisor=40.0)):
        with pytest.raises(TrainingError, match='simulate more'):
            open_cache(replace(config, features=features), progress=False)
    first, second = (np.load(shard / 'features.npy') for shard in sorted((tmp_path / 'cache').iterdir()))
    ratio = np.median(second / first)
    assert min(abs(ratio - 2), abs(ratio - 0.5)) < 0.01
