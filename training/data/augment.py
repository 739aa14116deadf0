# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Augmentation of features: gain, masks over mel bands and time, and dropped microphones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from audio_manifold_ros.features.spec import FeatureSpec
    from training.config.fit_configuration import AugmentConfig

MIN_MICROPHONES = 2
# Minimum fraction of training windows with so many dropped microphones for a network to tolerate them.
MIN_DROP_PROBABILITY = 0.05


def augment(features: torch.Tensor, config: AugmentConfig, spec: FeatureSpec) -> torch.Tensor:
    """Return changed features (batch, mic, height, width).

    A gain is an addition because features are decibels divided by `db_divisor`. Masked elements take the mean of the
    window (Park et al. 2019). Both are equal for all microphones of a window, because the direction is in their
    differences. A dropped microphone has the features of silence.
    """
    batch, mics = features.shape[:2]
    gain = (2 * torch.rand(batch, 1, 1, 1, device=features.device) - 1) * (config.gain_db / spec.db_divisor)
    masked = torch.zeros(batch, 1, *features.shape[2:], dtype=torch.bool, device=features.device)
    for _ in range(config.masks):
        rows = _stripe(batch, features.shape[2], config.mask_rows, features.device)
        columns = _stripe(batch, features.shape[3], config.mask_columns, features.device)
        masked |= rows[:, None, :, None] | columns[:, None, None, :]
    changed = torch.where(masked, features.mean(dim=(2, 3), keepdim=True), features) + gain
    if not config.drop_microphones:
        return changed
    dropped = _dropped(batch, mics, config.drop_microphones, features.device)
    return changed.masked_fill(dropped[..., None, None], spec.silence)


def max_dropped_microphones(config: AugmentConfig, mics: int) -> int:
    """Return the largest number of microphones dropped in at least `MIN_DROP_PROBABILITY` of the training windows."""
    chance = config.drop_microphones
    drops = [math.comb(mics, count) * chance**count * (1 - chance) ** (mics - count) for count in range(mics + 1)]
    max_dropped = max(mics - MIN_MICROPHONES, 0)
    return max(count for count in range(max_dropped + 1) if count == 0 or sum(drops[count:]) >= MIN_DROP_PROBABILITY)


def _dropped(batch: int, mics: int, chance: float, device: torch.device) -> torch.Tensor:
    """Return bool (batch, mic), True for dropped microphones. At least `MIN_MICROPHONES` of each window remain."""
    priority = torch.rand(batch, mics, device=device)
    place = priority.argsort(dim=1, descending=True).argsort(dim=1)
    return (priority < chance) & (place >= MIN_MICROPHONES)


def _stripe(batch: int, length: int, max_length: int, device: torch.device) -> torch.Tensor:
    """Return bool (batch, length) with one run of up to `max_length` True in each row."""
    width = torch.rand(batch, 1, device=device) * max_length
    start = torch.rand(batch, 1, device=device) * (length - width)
    place = torch.arange(length, device=device) + 0.5
    return (place >= start) & (place < start + width)
