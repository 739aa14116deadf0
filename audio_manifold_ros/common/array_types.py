# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Array types that many modules use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Samples = NDArray[np.float32]  # audio (channel, sample), full scale ±1
PcmSamples = NDArray[np.int16] | NDArray[np.float32]  # audio as recorded: int16 steps, or float32 of full scale ±1
RgbImage = NDArray[np.uint8]  # (row, column, 3), red first
Mask = NDArray[np.bool_]
