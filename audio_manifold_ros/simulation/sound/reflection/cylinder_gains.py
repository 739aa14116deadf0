# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Amplitudes of the paths of a source by reflection in trunks and poles: spreading, screening and audibility."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.sound.occlusion import BAND_HZ, diffraction_gain, largest_detour
from audio_manifold_ros.simulation.sound.propagation import MASKED_DB, audibility, band_power
from audio_manifold_ros.simulation.sound.reflection.cylinder_geometry import cylinder_spreading, reflect_in_cylinder

# Cylinders fade out between these distances from the array. The echo of one near the source alone is almost as late
# as the direct sound, from almost the same direction.
CYLINDER_FADE_M = (15.0, 20.0)


@compiled(
    'b1[::1](f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8,'
    'f8[:, :, ::1])'
)
def cylinder_gains(
    shapes: FloatArray,
    losses: FloatArray,
    source: FloatArray,
    velocity: FloatArray,
    centre: FloatArray,
    strength: FloatArray,
    fade: FloatArray,
    poses: FloatArray,
    sizes: FloatArray,
    sound: float,
    gains: FloatArray,
) -> NDArray[np.bool_]:
    """Write the amplitudes of the paths by cylinders behind buildings. Return which cylinders are audible.

    Args:
        shapes: x and y of the axes, and radii (cylinder, 3).
        losses: Amplitudes of the reflection in each band (cylinder, 3).
        source: Positions of the source at the times of reception (time, 3).
        velocity: Its velocities (time, 3).
        centre: Positions of the centre of the array (time, 3).
        strength: Fraction of the total received power, times the squared distance of the source (time,).
        fade: Amplitude of the source within the horizon (time,).
        poses: Poses of buildings (box, 4), as in `Obstacles`.
        sizes: Sizes of buildings (box, 3).
        sound: Speed of sound.
        gains: Amplitudes in each band (cylinder, 3, time), without spreading with the length of the path.

    """
    cylinders, times = len(shapes), len(strength)
    is_audible = np.zeros(cylinders, dtype=np.bool_)
    audible_db, inaudible_db = MASKED_DB
    gains[:] = 0.0
    for cylinder in range(cylinders):
        shape = (shapes[cylinder, 0], shapes[cylinder, 1], shapes[cylinder, 2])
        low_loss, middle_loss, high_loss = losses[cylinder]
        for time in range(times):
            x, y = centre[time, 0], centre[time, 1]
            away = np.sqrt((shape[0] - x) ** 2 + (shape[1] - y) ** 2)
            faded = (away - CYLINDER_FADE_M[0]) / (CYLINDER_FADE_M[1] - CYLINDER_FADE_M[0])
            level = fade[time] * (0.5 + 0.5 * math.cos(math.pi * min(max(faded, 0.0), 1.0)))
            if level == 0:
                continue
            before = away + np.sqrt((shape[0] - source[time, 0]) ** 2 + (shape[1] - source[time, 1]) ** 2)
            delay = before / sound
            sx, sy = source[time, 0] - velocity[time, 0] * delay, source[time, 1] - velocity[time, 1] * delay
            outward, homeward, cosine, px, py = reflect_in_cylinder(shape, sx, sy, x, y)
            ratio = cylinder_spreading(shape[2], cosine, outward, homeward)
            rise = source[time, 2] - centre[time, 2]
            share = strength[time] * ratio**2 / ((outward + homeward) ** 2 + rise**2)
            if level * audibility(share * band_power(low_loss, middle_loss), audible_db, inaudible_db) == 0:
                continue
            # The mean of the two heights is good enough: buildings are much higher.
            point = (px, py, (source[time, 2] + centre[time, 2]) / 2)
            detour = max(
                largest_detour(poses, sizes, (x, y, centre[time, 2]), point, -1),
                largest_detour(poses, sizes, point, (source[time, 0], source[time, 1], source[time, 2]), -1),
            )
            low = low_loss * diffraction_gain(detour, BAND_HZ[0], sound)
            middle = middle_loss * diffraction_gain(detour, BAND_HZ[1], sound)
            high = high_loss * diffraction_gain(detour, BAND_HZ[2], sound)
            level *= ratio * audibility(share * band_power(low, middle), audible_db, inaudible_db)
            gains[cylinder, 0, time], gains[cylinder, 1, time] = level * low, level * middle
            gains[cylinder, 2, time] = level * high
            is_audible[cylinder] |= level > 0
    return is_audible
