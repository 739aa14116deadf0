# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import math

import numpy as np
import torch

from audio_manifold_ros.features.mel_batch import mel_features
from audio_manifold_ros.features.spec import FeatureSpec
from training.config.fit_configuration import AugmentConfig
from training.data.augment import augment, max_dropped_microphones


def test_all_microphones_of_a_window_change_equally() -> None:
    torch.manual_seed(0)
    features = torch.randn(4, 8, 32, 32)
    changed = augment(features, AugmentConfig(gain_db=3.0), FeatureSpec())
    gain = changed - features
    torch.testing.assert_close(gain, gain[:, :1, :1, :1].expand_as(gain), rtol=0, atol=1e-6)
    assert float(gain.abs().max()) <= 3 / 80 + 1e-6
    assert len(gain[:, 0, 0, 0].unique()) == 4


def test_masks_cover_whole_rows_and_columns_up_to_their_size() -> None:
    torch.manual_seed(1)
    features = torch.randn(64, 2, 40, 50)
    changed = augment(features, AugmentConfig(masks=1, mask_rows=8, mask_columns=6), FeatureSpec())
    masked = changed != features
    torch.testing.assert_close(masked[:, 0], masked[:, 1])
    rows, columns = masked[:, 0].all(dim=2).sum(dim=1), masked[:, 0].all(dim=1).sum(dim=1)
    assert 4 < int(rows.max()) <= 8
    assert 3 < int(columns.max()) <= 6
    covered = 40 * 50 - (40 - rows) * (50 - columns)
    torch.testing.assert_close(masked[:, 0].sum(dim=(1, 2)), covered)


def test_without_augmentation_features_are_unchanged() -> None:
    features = torch.randn(2, 8, 16, 16)
    torch.testing.assert_close(augment(features, AugmentConfig(), FeatureSpec()), features)


def test_dropped_microphones_are_silent_and_two_remain() -> None:
    torch.manual_seed(2)
    spec = FeatureSpec(floor_power=1e-5, db_divisor=40.0)
    features = torch.randn(500, 4, 8, 8)
    changed = augment(features, AugmentConfig(drop_microphones=0.7), spec)
    silent = (changed == spec.silence).all(dim=(2, 3))
    torch.testing.assert_close(changed[~silent], features[~silent])
    active = (~silent).sum(dim=1)
    assert int(active.min()) == 2
    # The expected number of active microphones, at least two of them.
    expected_active = sum(max(4 - drops, 2) * _chance(drops) for drops in range(5))
    assert abs(float(active.float().mean()) - expected_active) < 0.15
    silent_features = mel_features(np.zeros((4, spec.window_samples), np.float32), spec)
    np.testing.assert_allclose(silent_features, spec.silence, rtol=1e-6)


def test_the_largest_number_of_often_dropped_microphones_is_computed() -> None:
    torch.manual_seed(3)
    for chance, mics in ((0.0, 8), (0.1, 8), (0.4, 8), (0.9, 8), (0.5, 2)):
        config = AugmentConfig(drop_microphones=chance)
        changed = augment(torch.ones(4000, mics, 1, 1), config, FeatureSpec())
        lacking = (changed != 1).sum(dim=(1, 2, 3))
        fractions = [float((lacking >= count).float().mean()) for count in range(mics + 1)]
        max_dropped = max_dropped_microphones(config, mics)
        assert fractions[max_dropped] > 0.04
        assert fractions[max_dropped + 1] < 0.06


def _chance(drops: int) -> float:
    return math.comb(4, drops) * 0.7**drops * 0.3 ** (4 - drops)
