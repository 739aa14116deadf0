# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion between 16-bit samples and full scale ±1, with the rounding rule of the project."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import PcmSamples, Samples

STEPS_PER_UNIT = np.float32(32768)
MAX_STEP = 32767


def float_to_int16(samples: NDArray[np.floating[Any]]) -> NDArray[np.int16]:
    """Convert samples of full scale ±1 to int16 of the same shape, rounded to the nearest step and clipped."""
    steps: NDArray[np.int16] = np.clip(np.rint(samples * STEPS_PER_UNIT), -MAX_STEP - 1, MAX_STEP).astype(np.int16)
    return steps


def int16_to_float(pcm: PcmSamples) -> Samples:
    """Convert int16 to float32 of full scale ±1, exactly. A float32 array is copied unchanged."""
    samples = pcm.astype(np.float32)
    if pcm.dtype == np.int16:
        samples /= STEPS_PER_UNIT
    return samples
