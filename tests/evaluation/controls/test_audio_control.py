# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.controls.audio_control import (
    OTHER_DRIVE,
    OTHER_TIME,
    audio_controls,
    control_order,
    mirrored_features,
    mirrored_microphones,
    shuffled_order,
)
from audio_manifold_ros.features.array_geometry import ArrayGeometry
from audio_manifold_ros.features.spatial_batch import spatial_features
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.features.spec import FeatureSpec
from audio_manifold_ros.simulation.rig_parts import load_rig


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from('abcdef'), max_size=30), st.integers(0, 9))
def test_every_window_gets_another_drives_audio_and_each_audio_is_used_once(drives: list[str], seed: int) -> None:
    largest = max(Counter(drives).values(), default=1)
    if 2 * largest > len(drives):
        with pytest.raises(EvaluationError, match='more drives'):
            shuffled_order(drives, seed)
        return
    order = shuffled_order(drives, seed)
    assert sorted(order.tolist()) == list(range(len(drives)))
    assert all(drives[i] != drives[j] for i, j in enumerate(order.tolist()))


def test_the_order_depends_on_the_seed_alone() -> None:
    drives = [f'd{i // 2}' for i in range(100)]
    np.testing.assert_array_equal(shuffled_order(drives, 4), shuffled_order(drives, 4))
    assert (shuffled_order(drives, 4) != shuffled_order(drives, 5)).any()


def test_the_windows_of_one_drive_get_audio_half_a_drive_away() -> None:
    order, audio = control_order(['d'] * 7)
    assert audio == OTHER_TIME
    assert sorted(order.tolist()) == list(range(7))
    assert all(min(abs(i - j), 7 - abs(i - j)) == 3 for i, j in enumerate(order.tolist()))
    order, audio = control_order(['a', 'a', 'b', 'b'])
    assert audio == OTHER_DRIVE
    np.testing.assert_array_equal(order, shuffled_order(['a', 'a', 'b', 'b']))


def test_a_single_window_has_no_other_audio() -> None:
    with pytest.raises(EvaluationError, match='at least two windows'):
        control_order(['d'])


def test_the_octagon_is_symmetric_and_an_irregular_array_is_not() -> None:
    array = load_rig().array
    assert mirrored_microphones(array.positions_m).tolist() == [0, 7, 6, 5, 4, 3, 2, 1]
    moved_m = array.positions_m + np.array([3.0, 2.0, 1.0])
    assert mirrored_microphones(moved_m).tolist() == [0, 7, 6, 5, 4, 3, 2, 1]
    moved_m[1, 0] += 0.1
    assert mirrored_microphones(moved_m) is None


def test_mirrored_features_are_those_of_an_array_with_left_and_right_exchanged() -> None:
    rig, spec = load_rig(), SpatialFeatureSpec()
    geometry = ArrayGeometry.from_parts(rig.array, rig.camera.model, rig.extrinsics, spec)
    exchanged = replace(geometry, positions_m=geometry.positions_m * (1.0, -1.0, 1.0))
    samples = np.random.default_rng(0).standard_normal((8, spec.window_samples)).astype(np.float32) * 0.1
    features = spatial_features(samples, geometry, spec)
    mirrored = mirrored_features(features, spec, None)
    np.testing.assert_allclose(mirrored, spatial_features(samples, exchanged, spec), atol=2e-4)
    assert np.abs(mirrored - features).max() > 0.1
    np.testing.assert_array_equal(mirrored_features(mirrored, spec, None), features)


def test_mirrored_mel_features_are_those_of_the_counterparts() -> None:
    features = np.random.default_rng(0).standard_normal((3, 8, 8)).astype(np.float32)
    np.testing.assert_array_equal(mirrored_features(features, FeatureSpec(), np.array([0, 2, 1])), features[[0, 2, 1]])
    assert mirrored_features(features, FeatureSpec(), None) is None


def test_each_spatial_map_has_a_control_with_that_map_of_another_window() -> None:
    spec = SpatialFeatureSpec()
    features, other = np.random.default_rng(0).standard_normal((2, spec.size)).astype(np.float32)
    found = audio_controls(features, other, spec, None)
    assert list(found) == ['model', 'shuffled', 'mirrored', 'other_level', 'other_steered', 'other_echo']
    assert found['shuffled'] is other
    for name, (place, _) in spec.blocks.items():
        changed = found[f'other_{name}'] != features
        assert changed[place].all()
        assert changed.sum() == place.stop - place.start
    assert list(audio_controls(features, other, FeatureSpec(), None)) == ['model', 'shuffled']
