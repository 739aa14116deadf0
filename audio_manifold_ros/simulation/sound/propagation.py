# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Propagation of sound between objects in uniform linear motion."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray

GROUND_REFLECTION = 0.95
MIN_DISTANCE_M = 1.0


def speed_of_sound_mps(temperature_c: float) -> float:
    """Return the speed of sound in dry air (ISO 9613-1)."""
    return float(331.3 * np.sqrt(1 + temperature_c / 273.15))


def retarded_delay_s(
    ahead_m: FloatArray, across_square_m2: FloatArray | float, speed_mps: float, sound_mps: float
) -> FloatArray:
    """Return the travel time of the sound that is received now. It is exact for uniform motion along x.

    Args:
        ahead_m: Source minus receiver along x, both now (…,).
        across_square_m2: Squared distance between the two lines of motion.
        speed_mps: Speed of the source along x. With the speed of the receiver and the time of emission instead of
            reception, the same formula gives the travel time of sound that is emitted now.
        sound_mps: Speed of sound.

    Returns:
        Delays (…,) in seconds: (ahead − speed · delay)² + across² = (sound · delay)².

    """
    excess = sound_mps**2 - speed_mps**2
    root = np.sqrt((sound_mps * ahead_m) ** 2 + excess * across_square_m2)
    return np.asarray((root - ahead_m * speed_mps) / excess)


def ground_detour_m(distance_m: FloatArray, source_height_m: float, receiver_height_m: float) -> FloatArray:
    """Return the extra length of the path over flat ground relative to the direct path."""
    difference = receiver_height_m - source_height_m
    horizontal = np.maximum(distance_m**2 - difference**2, 0)
    return np.asarray(np.sqrt(horizontal + (receiver_height_m + source_height_m) ** 2) - distance_m)


def soft_box(
    position_m: FloatArray, start_m: FloatArray | float, end_m: FloatArray | float, edge_m: float
) -> FloatArray:
    """Return 1 between start and end, 0 beyond, with raised-cosine edges of ±`edge_m`."""
    inside = np.minimum(position_m - start_m, end_m - position_m) / edge_m
    return np.asarray(0.5 + 0.5 * np.sin(np.pi / 2 * np.clip(inside, -1, 1)))


def fade_out(distance_m: FloatArray, start_m: float, end_m: float) -> FloatArray:
    """Return 1 up to start, decreasing smoothly to 0 at end."""
    fraction = np.clip((distance_m - start_m) / (end_m - start_m), 0, 1)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * fraction))
