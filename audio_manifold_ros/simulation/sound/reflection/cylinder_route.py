# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Travel times from a moving source to each microphone by reflection in an upright cylinder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.sound.arrival import Arrival, SampledMotion, centre_shifts, motion_at
from audio_manifold_ros.simulation.sound.microphones import HIGH_OMNI
from audio_manifold_ros.simulation.sound.reflection.cylinder_geometry import (
    cylinder_spreading,
    facing_towards,
    solve_delay,
)

if TYPE_CHECKING:
    from audio_manifold_ros.simulation.sound.receivers import ReceiverMotion


@dataclass(frozen=True)
class CylinderRoute:
    """Route by reflection in a cylinder.

    Attributes:
        x_m: Axis of the cylinder along x.
        y_m: Axis of the cylinder along y.
        radius_m: Radius of the cylinder.

    """

    x_m: float
    y_m: float
    radius_m: float

    def arrive(self, motion: SampledMotion, height_m: float, receivers: ReceiverMotion, sound_mps: float) -> Arrival:
        """Return the arrival, as in `Route`.

        The delay to the centre solves L(t − τ, t) = c · τ for a source that moves arbitrarily, where L is the length of
        the path from the source at the time of emission to the microphone at the time of reception. All microphones
        use position and velocity of the source at the time of emission for the centre.
        """
        rows, times = 2 * len(receivers.facings), len(receivers.times_s)
        emitted, distance = np.empty((1 + rows, times)), np.empty((1 + rows, times))
        shifts, facings = np.empty((rows, times)), np.empty((rows, times))
        _arrive_by_cylinder(
            (self.x_m, self.y_m, self.radius_m), motion.positions_m, motion.velocities_mps, motion.start_s,
            receivers.times_s, receivers.positions_m, receivers.facings, height_m, sound_mps, emitted, distance, shifts,
            facings,
        )  # fmt: skip
        return Arrival(emitted, distance, shifts, facings)


@compiled(
    'void(UniTuple(f8, 3), f8[:, ::1], f8[:, ::1], f8, f8[::1], f8[:, :, ::1], f8[:, :, ::1], f8, f8, f8[:, ::1],'
    'f8[:, ::1], f8[:, ::1], f8[:, ::1])'
)
def _arrive_by_cylinder(
    shape: tuple[float, float, float],
    points: FloatArray,
    velocities: FloatArray,
    start_s: float,
    times: FloatArray,
    microphones: FloatArray,
    facings: FloatArray,
    height: float,
    sound: float,
    emitted: FloatArray,
    distance: FloatArray,
    shifts: FloatArray,
    gains: FloatArray,
) -> None:
    mics, steps, radius = len(facings), len(times), shape[2]
    tau = 0.0
    for step in range(steps):
        now = times[step]
        place = microphones[0, step]
        centre = (place[0], place[1], place[2])
        outward = homeward = cosine = 0.0
        source = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for _ in range(6 if step == 0 else 2):
            px, py, pz, vx, vy, vz = motion_at(points, velocities, now - tau - start_s)
            source = (px + vx * tau, py + vy * tau, pz + vz * tau + height, vx, vy, vz)
            tau, outward, homeward, cosine, _, _ = solve_delay(shape, source, tau, centre, sound)
        emitted[0, step] = now - tau
        distance[0, step] = tau * sound
        here = cylinder_spreading(radius, cosine, outward, homeward)
        for row in range(2 * mics):
            mic = row % mics
            sign = 1.0 if row < mics else -1.0
            place = microphones[1 + mic, step]
            receiver = (place[0], place[1], place[2])
            image = (source[0], source[1], sign * source[2], source[3], source[4], sign * source[5])
            delay = solve_delay(shape, image, tau, receiver, sound)[0]
            final, outward, homeward, cosine, qx, qy = solve_delay(shape, image, delay, receiver, sound)
            rise = image[2] - image[5] * final - receiver[2]
            emitted[1 + row, step] = now - final
            distance[1 + row, step] = final * sound
            there = cylinder_spreading(radius, cosine, outward, homeward)
            gains[row, step] = facing_towards(
                receiver, facings[mic, step], qx, qy, homeward, outward + homeward, rise, HIGH_OMNI, final * sound
            ) * (there / here if here > 0 else 0.0)
    slopes = (times[1:] - times[:-1]) / (emitted[0, 1:] - emitted[0, :-1])
    for row in range(2 * mics):
        centre_shifts(times, emitted[0], slopes, emitted[1 + row], shifts[row])
