# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import torch

from training.augment import augment
from training.configuration import AugmentConfig


def test_all_microphones_of_a_window_change_alike() -> None:
    torch.manual_seed(0)
    features = torch.randn(4, 8, 32, 32)
    changed = augment(features, AugmentConfig(gain_db=3.0), db_divisor=80.0)
    gain = changed - features
    torch.testing.assert_close(gain, gain[:, :1, :1, :1].expand_as(gain), rtol=0, atol=1e-6)
    assert float(gain.abs().max()) <= 3 / 80 + 1e-6
    assert len(gain[:, 0, 0, 0].unique()) == 4


def test_masks_cover_whole_rows_and_columns_up_to_their_size() -> None:
    torch.manual_seed(1)
    features = torch.randn(64, 2, 40, 50)
    changed = augment(features, AugmentConfig(masks=1, mask_rows=8, mask_columns=6), db_divisor=80.0)
    masked = changed != features
    torch.testing.assert_close(masked[:, 0], masked[:, 1])
    rows, columns = masked[:, 0].all(dim=2).sum(dim=1), masked[:, 0].all(dim=1).sum(dim=1)
    assert 4 < int(rows.max()) <= 8
    assert 3 < int(columns.max()) <= 6
    covered = 40 * 50 - (40 - rows) * (50 - columns)
    torch.testing.assert_close(masked[:, 0].sum(dim=(1, 2)), covered)


def test_nothing_asked_changes_nothing() -> None:
    features = torch.randn(2, 8, 16, 16)
    torch.testing.assert_close(augment(features, AugmentConfig(), 80.0), features)
