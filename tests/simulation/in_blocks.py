# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A street as a device delivers it: only short blocks are the same to the last bit, however they are cut."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.simulation.drive import Drive

BLOCK_SAMPLES = 450


def in_blocks(drive: Drive, first_sample: int, end_sample: int) -> NDArray[np.float32]:
    """Return what the microphones hear from one sample to another."""
    starts = range(first_sample, end_sample, BLOCK_SAMPLES)
    return np.concatenate([drive.audio(at, min(BLOCK_SAMPLES, end_sample - at)) for at in starts], axis=1)
