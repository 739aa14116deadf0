# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Echoes of trunks and poles for the noise of the vehicle that carries the array."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.sound.microphones import HIGH_OMNI
from audio_manifold_ros.simulation.sound.reflection.cylinder_geometry import (
    cylinder_spreading,
    facing_towards,
    solve_delay,
)
from audio_manifold_ros.simulation.sound.reflection.mirror import (
    ECHO_FADE_M,
    GROUND_ECHO_GAIN,
    HIDDEN_FROM_M,
    UNDERBODY_GAINS,
)
from audio_manifold_ros.simulation.sound.spectra import AIR_DB_PER_M

# Parts of the vehicle and microphones are within this distance of the centre of the array.
VEHICLE_M = 3.0
ITERATIONS = 3


def echo_reach_m(radius_m: float) -> float:
    """Return the distance of an axis from the array beyond which no part of the vehicle has an echo.

    An echo fades out as that of a wall that is as loud: where the length of the path, divided by the ratio of the
    spreading, is between the limits of `ECHO_FADE_M`. At a distance r that is 2 r √((a + r) / a), so that a trunk with
    a radius of 20 cm ends at 6 m.
    """
    end, low, high = ECHO_FADE_M[1] / 2, 0.0, ECHO_FADE_M[1]
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if middle * np.sqrt((radius_m + middle) / radius_m) > end else (middle, high)
    return radius_m + high + VEHICLE_M


@compiled(
    'b1[::1](f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, :, ::1], f8[:, :, ::1], f8[:, :, ::1], f8[:, ::1], f8,'
    'f8[:, :, :, :, ::1])'
)
def echo_parts(
    shapes: FloatArray,
    losses: FloatArray,
    base: FloatArray,
    receivers: FloatArray,
    facings: FloatArray,
    parts: FloatArray,
    velocity: FloatArray,
    sound: float,
    paths: FloatArray,
) -> NDArray[np.bool_]:
    """Write delay and gains of the echo of each part of the vehicle in each cylinder. Return which cylinders reflect.

    Between emission and reception the velocity of the vehicle is constant. The underbody shields the parts on the other
    side of the vehicle as with walls. The shield begins smoothly, because the direction of a cylinder turns.

    Args:
        shapes: x and y of the axes, and radii (cylinder, 3).
        losses: Amplitudes of the reflection in each band (cylinder, 3).
        base: Positions of base_link (time, 3).
        receivers: Positions of the centre of the array and of its microphones (1 + mic, time, 3).
        facings: Facings of the microphones (mic, time, 3).
        parts: Positions of the parts (part, time, 3).
        velocity: Velocities of the vehicle (time, 3).
        sound: Speed of sound.
        paths: Delays in seconds, and gains below and above the split (cylinder, 3, part, mic, time).

    """
    is_open = np.zeros(len(shapes), dtype=np.bool_)
    for cylinder in range(len(shapes)):
        shape = (shapes[cylinder, 0], shapes[cylinder, 1], shapes[cylinder, 2])
        for part in range(len(parts)):
            for time in range(len(base)):
                away_x, away_y = base[time, 0] - shape[0], base[time, 1] - shape[1]
                away = max(np.sqrt(away_x**2 + away_y**2), 1e-9)
                beyond = (parts[part, time, 0] - base[time, 0]) * away_x
                beyond = (beyond + (parts[part, time, 1] - base[time, 1]) * away_y) / away
                hidden = 0.5 - 0.5 * np.cos(np.pi * min(max(beyond / (2 * HIDDEN_FROM_M), 0.0), 1.0))
                low, high = UNDERBODY_GAINS[0] ** hidden, UNDERBODY_GAINS[1] ** hidden
                source = (
                    parts[part, time, 0], parts[part, time, 1], parts[part, time, 2],
                    velocity[time, 0], velocity[time, 1], velocity[time, 2],
                )  # fmt: skip
                for mic in range(len(facings)):
                    place = receivers[1 + mic, time]
                    receiver = (place[0], place[1], place[2])
                    delay = outward = homeward = cosine = px = py = 0.0
                    for _ in range(ITERATIONS):
                        delay, outward, homeward, cosine, px, py = solve_delay(shape, source, delay, receiver, sound)
                    length = delay * sound
                    ratio = cylinder_spreading(shape[2], cosine, outward, homeward)
                    # The length of the path by a wall that is as loud.
                    alike = length / max(ratio, 1e-9)
                    faded = min(max((alike - ECHO_FADE_M[0]) / (ECHO_FADE_M[1] - ECHO_FADE_M[0]), 0.0), 1.0)
                    level = (0.5 + 0.5 * np.cos(np.pi * faded)) * GROUND_ECHO_GAIN / alike
                    facing = facing_towards(
                        receiver, facings[mic, time], px, py, homeward, outward + homeward,
                        source[2] - source[5] * delay - receiver[2], HIGH_OMNI, length,
                    )  # fmt: skip
                    air = 10 ** (-AIR_DB_PER_M[0] * length / 20)
                    paths[cylinder, 0, part, mic, time] = delay
                    paths[cylinder, 1, part, mic, time] = level * low * losses[cylinder, 0]
                    paths[cylinder, 2, part, mic, time] = level * high * air * facing * losses[cylinder, 1]
                    is_open[cylinder] |= faded < 1
    return is_open
