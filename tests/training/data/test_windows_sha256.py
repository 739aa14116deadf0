# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audio_manifold_ros.features.spec import FeatureSpec
from training.config.data_configuration import DataConfig
from training.data.cache import open_cache, windows_sha256


def _hash(config: DataConfig) -> str:
    return windows_sha256(open_cache(config, progress=False))


@pytest.mark.parametrize(
    'change', [{'train_drives': 2}, {'validation_drives': 1}, {'split_seed': 1, 'validation': 0.4}]
)
def test_other_windows_have_another_hash(data_config: DataConfig, change: dict[str, Any]) -> None:
    assert _hash(replace(data_config, **change)) != _hash(data_config)


def test_the_hash_does_not_depend_on_features(data_config: DataConfig, tmp_path: Path) -> None:
    other = replace(data_config, features=FeatureSpec(height=64, width=64), cache=str(tmp_path), shard_drives=3)
    assert _hash(other) == _hash(data_config)


def test_more_drives_with_the_same_limits_have_another_hash(data_config: DataConfig, tmp_path: Path) -> None:
    limited = replace(data_config, train_drives=2, cache=str(tmp_path / 'cache'))
    gone = open_cache(limited, progress=False).drives('train')[0]
    few = tmp_path / 'few'
    few.mkdir()
    for path in Path(data_config.drives).rglob('*.h5'):
        if path.stem != gone:
            (few / path.name).symlink_to(path)
    fewer = replace(limited, drives=str(few))
    assert len(open_cache(fewer, progress=False).drives('train')) == 2
    assert _hash(fewer) != _hash(limited)
