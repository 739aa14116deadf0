# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Units and physical constants."""

from __future__ import annotations

NS_PER_S = 1_000_000_000
SPEED_OF_SOUND_MPS = 343.0  # in dry air at 20 °C
MAD_TO_STD = 1.4826  # standard deviation of normal values per median absolute deviation
