# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Changes to features that leave the truth as it is: loudness, and masks over mel bands and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from training.configuration import AugmentConfig


def augment(features: torch.Tensor, config: AugmentConfig, db_divisor: float) -> torch.Tensor:
    """Return changed features (batch, mic, height, width); all microphones of a window change alike.

    A common gain is an addition, for features are decibels over `db_divisor`. Masked places take the window's mean
    (Park et al. 2019). Differences between microphones, which carry the direction, stay as they are.
    """
    batch = len(features)
    gain = (2 * torch.rand(batch, 1, 1, 1, device=features.device) - 1) * (config.gain_db / db_divisor)
    masked = torch.zeros(batch, 1, *features.shape[2:], dtype=torch.bool, device=features.device)
    for _ in range(config.masks):
        rows = _stripe(batch, features.shape[2], config.mask_rows, features.device)
        columns = _stripe(batch, features.shape[3], config.mask_columns, features.device)
        masked |= rows[:, None, :, None] | columns[:, None, None, :]
    return torch.where(masked, features.mean(dim=(2, 3), keepdim=True), features) + gain


def _stripe(batch: int, length: int, longest: int, device: torch.device) -> torch.Tensor:
    """Return bool (batch, length) with one run of up to `longest` True in each row."""
    width = torch.rand(batch, 1, device=device) * longest
    start = torch.rand(batch, 1, device=device) * (length - width)
    place = torch.arange(length, device=device) + 0.5
    return (place >= start) & (place < start + width)
