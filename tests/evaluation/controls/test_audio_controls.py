# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.common.errors import EvaluationError
from audio_manifold_ros.evaluation.controls.audio_controls import (
    OTHER_DRIVE,
    OTHER_TIME,
    control_order,
    one_microphone,
    shuffled_order,
    without_direction,
)
from audio_manifold_ros.features.spatial_spec import SpatialFeatureSpec
from audio_manifold_ros.features.spec import FeatureSpec


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


def test_one_microphone_is_copied_to_all_channels() -> None:
    values = np.arange(24, dtype=np.float32).reshape(8, 3)
    copied = one_microphone(values)
    assert copied.dtype == np.float32
    np.testing.assert_array_equal(copied, np.tile(values[0], (8, 1)))
    np.testing.assert_array_equal(one_microphone(values, 3)[7], values[3])


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


def test_spatial_features_without_direction_keep_the_levels_only() -> None:
    spec = SpatialFeatureSpec()
    features = np.random.default_rng(0).standard_normal(spec.size).astype(np.float32)
    changed = without_direction(features, spec)
    level, steered, echo = (place for place, _ in spec.blocks.values())
    np.testing.assert_array_equal(changed[level], features[level])
    assert not changed[steered].any()
    rows = changed[echo].reshape(spec.echo_shape)
    np.testing.assert_allclose(rows, np.tile(features[echo].reshape(spec.echo_shape).mean(axis=0), (16, 1)), rtol=1e-6)


def test_mel_features_without_direction_are_those_of_one_microphone() -> None:
    features = np.random.default_rng(0).standard_normal((4, 8, 8)).astype(np.float32)
    np.testing.assert_array_equal(without_direction(features, FeatureSpec()), one_microphone(features))
