# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Microphones that the features of training windows leave out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.features.spatial_batch import spatial_features
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from training.config.data_configuration import DataConfig, LeftOutConfig
from training.data.cache import open_cache
from training.data.cache_shard import shard_name
from training.data.left_out_microphones import min_microphones, sample_active
from training.data.window_dataset import WindowDataset, find_drives
from training.export.trained_rigs import trained_range

EIGHT = np.ones(8, dtype=bool)
SOME = LeftOutConfig(share=0.5, most=3)


def test_a_share_of_the_windows_leaves_out_one_to_the_largest_number() -> None:
    counts = Counter(int(sample_active(EIGHT, SOME, 'street', image).sum()) for image in range(2000))
    assert set(counts) == {8, 7, 6, 5}
    assert 900 < counts[8] < 1100
    assert max(counts[count] for count in (5, 6, 7)) < 1.25 * min(counts[count] for count in (5, 6, 7))


def test_the_draw_depends_on_the_window_only_and_keeps_four_microphones() -> None:
    drawn = [sample_active(EIGHT, SOME, 'street', image).tolist() for image in range(50)]
    assert drawn == [sample_active(EIGHT, SOME, 'street', image).tolist() for image in range(50)]
    assert drawn != [sample_active(EIGHT, SOME, 'other', image).tolist() for image in range(50)]
    five = np.array([True, False, True, True, True, True])
    for image in range(200):
        active = sample_active(five, LeftOutConfig(share=1.0), 'street', image)
        assert active.sum() == 4
        assert not active[1]
    assert sample_active(np.ones(3, dtype=bool), LeftOutConfig(share=1.0), 'street', 0).all()


def test_training_windows_of_the_cache_leave_out_microphones_and_others_do_not(
    data_config: DataConfig, tmp_path: Path
) -> None:
    spec = SpatialFeatureSpec()
    config = replace(data_config, features=spec, cache=str(tmp_path), left_out=LeftOutConfig(share=1.0, most=2))
    cache = open_cache(config, progress=False)
    dataset = WindowDataset(list(find_drives(config.drives).values()), spec, verify=False)
    items = {(item.drive_id, item.stamp_ns): item for item in dataset}
    for split, is_training in (('train', True), ('validation', False), ('test', False)):
        chosen = cache.indices(split)[:3]
        for window, features in zip(cache.instants(chosen), cache.features(chosen), strict=True):
            item = items[window]
            assert item.geometry is not None
            drawn = sample_active(EIGHT, config.left_out, item.drive_id, item.image_index)
            assert 6 <= drawn.sum() < 8
            expected = spatial_features(item.audio, item.geometry, spec, drawn if is_training else EIGHT)
            np.testing.assert_allclose(features, expected, rtol=5e-4, atol=1e-5)  # half precision


def test_the_manifest_counts_what_was_left_out(drives: Path) -> None:
    paths = list(find_drives(drives).values())[:2]
    assert trained_range(paths, LeftOutConfig()).microphones == (8, 8)
    assert trained_range(paths, SOME).microphones == (5, 8)
    assert min_microphones(5, SOME) == 4
    assert min_microphones(2, SOME) == 2


def test_shards_without_this_setting_keep_their_names(data_config: DataConfig) -> None:
    paths = list(find_drives(data_config.drives).values())[:2]
    assert shard_name(paths, data_config, {paths[0].stem}) == shard_name(paths, data_config)
    spatial = replace(data_config, features=SpatialFeatureSpec(), left_out=SOME)
    assert shard_name(paths, spatial, {paths[0].stem}) != shard_name(paths, spatial)


def test_mel_features_are_augmented_instead(data_config: DataConfig) -> None:
    with pytest.raises(TrainingError, match=r'left_out\.share is 0\.5 with mel features'):
        replace(data_config, left_out=SOME)
    with pytest.raises(TrainingError, match='most is 0'):
        LeftOutConfig(most=0)
