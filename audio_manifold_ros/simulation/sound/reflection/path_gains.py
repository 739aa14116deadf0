# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Amplitudes of the paths of a source: losses, screening by buildings, and audibility."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.sound.occlusion import BAND_HZ, diffraction_gain, largest_detour
from audio_manifold_ros.simulation.sound.propagation import DOUBLE_MASKED_DB, MASKED_DB, audibility, band_power


@compiled('b1(f8[::1], f8[::1], f8[:, ::1])')
def direct_gains(ratio: FloatArray, fade: FloatArray, gains: FloatArray) -> bool:
    """Multiply the amplitudes (3, time) of a direct path by its audibility. Return whether anything is left."""
    is_audible = False
    for time in range(len(ratio)):
        power = ratio[time] * band_power(gains[0, time], gains[1, time])
        gate = fade[time] * audibility(power, MASKED_DB[0], MASKED_DB[1])
        gains[0, time] *= gate
        gains[1, time] *= gate
        gains[2, time] *= gate
        is_audible |= gate > 0
    return is_audible


@compiled(
    'b1(f8[:, ::1], f8[:, :, ::1], f8[::1], UniTuple(f8, 2), f8[:, ::1], f8[:, ::1], f8, f8[::1], f8[::1],'
    'f8[:, ::1], f8[:, ::1], f8, f8[:, ::1])'
)
def reflected_gains(
    image: FloatArray,
    points: FloatArray,
    gate: FloatArray,
    losses: tuple[float, float],
    source: FloatArray,
    centre: FloatArray,
    up: float,
    strength: FloatArray,
    fade: FloatArray,
    poses: FloatArray,
    sizes: FloatArray,
    sound: float,
    gains: FloatArray,
) -> bool:
    """Write the amplitudes (3, time) of a reflected path behind buildings. Return whether it is audible."""
    orders, times = len(points), len(gate)
    audible_db, inaudible_db = MASKED_DB if orders == 1 else DOUBLE_MASKED_DB
    low_loss, high_loss = losses
    shares = np.empty(times)
    is_audible = False
    for time in range(times):
        x = image[0, 0] * source[time, 0] + image[0, 1] * source[time, 1] + image[0, 2] - centre[time, 0]
        y = image[1, 0] * source[time, 0] + image[1, 1] * source[time, 1] + image[1, 2] - centre[time, 1]
        shares[time] = strength[time] / (x**2 + y**2 + up**2)
        level = gate[time] * fade[time] * audibility(shares[time] * high_loss**2, audible_db, inaudible_db)
        is_audible |= level > 0
    gains[:] = 0.0
    if not is_audible:
        return False
    is_audible = False
    for time in range(times):
        if gate[time] * fade[time] == 0:
            continue
        # The mean of the two heights is good enough: buildings are much higher.
        middle = (source[time, 2] + centre[time, 2]) / 2
        start = (centre[time, 0], centre[time, 1], centre[time, 2])
        detour = -1.0
        for order in range(orders):
            point = (points[order, time, 0], points[order, time, 1], middle)
            detour = max(detour, largest_detour(poses, sizes, start, point, -1))
            start = point
        end = (source[time, 0], source[time, 1], source[time, 2])
        detour = max(detour, largest_detour(poses, sizes, start, end, -1))
        low = low_loss * diffraction_gain(detour, BAND_HZ[0], sound)
        middle_gain = high_loss * diffraction_gain(detour, BAND_HZ[1], sound)
        high = high_loss * diffraction_gain(detour, BAND_HZ[2], sound)
        level = gate[time] * fade[time]
        level *= audibility(shares[time] * band_power(low, middle_gain), audible_db, inaudible_db)
        gains[0, time], gains[1, time], gains[2, time] = level * low, level * middle_gain, level * high
        is_audible |= level > 0
    return is_audible
