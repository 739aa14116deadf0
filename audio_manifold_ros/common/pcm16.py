# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""16-bit samples and full scale ±1: the one place that knows the step and how to round to it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import PcmSamples, Samples

STEPS_PER_UNIT = np.float32(32768)
MAX_STEP = 32767


def float_to_int16(samples: NDArray[np.floating[Any]]) -> NDArray[np.int16]:
    """Return samples of full scale ±1 as int16 of the same shape, rounded to the nearest step and clipped."""
    steps: NDArray[np.int16] = np.clip(np.rint(samples * STEPS_PER_UNIT), -MAX_STEP - 1, MAX_STEP).astype(np.int16)
    return steps


def int16_to_float(pcm: PcmSamples) -> Samples:
    """Return int16 steps as float32 of full scale ±1, exactly; float32 are a copy of themselves."""
    samples = pcm.astype(np.float32)
    if pcm.dtype == np.int16:
        samples /= STEPS_PER_UNIT
    return samples
