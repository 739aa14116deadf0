# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Constants and fades of the propagation of sound in the open."""

from __future__ import annotations

import math

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled

GROUND_REFLECTION = 0.95
MIN_DISTANCE_M = 1.0
# A path is faded out between these levels relative to the total received power, in dB.
MASKED_DB = (-30.0, -35.0)
# The same for double reflections. Façades scatter a part of the energy each time, so that little of it stays coherent.
DOUBLE_MASKED_DB = (-15.0, -20.0)
LOW_WEIGHT = 0.1


def speed_of_sound_mps(temperature_c: float) -> float:
    """Return the speed of sound in dry air (ISO 9613-1)."""
    return float(331.3 * np.sqrt(1 + temperature_c / 273.15))


def fade_out(distance_m: FloatArray, start_m: float, end_m: float) -> FloatArray:
    """Return 1 up to start, decreasing smoothly to 0 at end."""
    fraction = np.clip((distance_m - start_m) / (end_m - start_m), 0, 1)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * fraction))


@compiled('f8(f8, f8, f8)')
def audibility(power_ratio: float, audible_db: float, inaudible_db: float) -> float:
    """Return 1 for an audible path, 0 for an inaudible one, from its fraction of the total received power."""
    level_db = 10 * math.log10(max(power_ratio, 1e-12))
    fraction = min(max((level_db - inaudible_db) / (audible_db - inaudible_db), 0.0), 1.0)
    return 0.5 - 0.5 * math.cos(math.pi * fraction)


@compiled('f8(f8, f8)')
def band_power(low: float, high: float) -> float:
    """Return the mean square of a path with amplitudes below and above the split, relative to one without losses."""
    return (high**2 + LOW_WEIGHT * low**2) / (1 + LOW_WEIGHT)
