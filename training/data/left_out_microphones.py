# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Microphones that the spatial features of some training windows leave out, sampled once for each window."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import Mask
    from training.config.data_configuration import LeftOutConfig

# Fewer microphones give no useful steered map.
MIN_MICROPHONES = 4


def sample_active(recorded: Mask, config: LeftOutConfig, drive_id: str, image_index: int) -> Mask:
    """Return the microphones of a training window that are used, bool (mic,).

    The choice depends only on the window, so that a cache can be written in any order. At least `MIN_MICROPHONES` are
    used, if so many are recorded.

    Args:
        recorded: Microphones that are enabled and recorded, bool (mic,).
        config: Share of the windows, and largest number of microphones.
        drive_id: Drive of the window.
        image_index: Image of the window in its drive.

    """
    digest = hashlib.sha256(f'{drive_id} {image_index}'.encode()).digest()
    rng = np.random.default_rng(np.frombuffer(digest, dtype=np.uint32))
    if rng.random() >= config.share:
        return recorded
    count = min(int(rng.integers(1, config.most + 1)), max(int(recorded.sum()) - MIN_MICROPHONES, 0))
    active = recorded.copy()
    active[rng.permutation(np.flatnonzero(recorded))[:count]] = False
    return active


def min_microphones(smallest_array: int, config: LeftOutConfig) -> int:
    """Return the smallest number of microphones of a training window, given that of the arrays."""
    left_out = config.most if config.share > 0 else 0
    return min(smallest_array, max(smallest_array - left_out, MIN_MICROPHONES))
