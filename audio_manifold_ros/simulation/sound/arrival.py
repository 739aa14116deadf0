# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Travel times from a moving source, or its mirror image, to each microphone, directly and over the ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.common.array_types import FloatArray
from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.motion_table import MotionTable
from audio_manifold_ros.simulation.sound.microphones import HIGH_OMNI

if TYPE_CHECKING:
    from audio_manifold_ros.simulation.sound.receivers import ReceiverMotion

# Motion is sampled at this interval. Between two samples the acceleration is constant.
SAMPLE_STEP_S = 0.01
# Mirror images are the product of a reflection (2, 2) and a shift (2,) of the horizontal coordinates.
IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True)
class SampledMotion:
    """Motion of a source on a grid of `SAMPLE_STEP_S`.

    Attributes:
        start_s: Time of the first sample.
        positions_m: Positions (sample, 3).
        velocities_mps: Velocities (sample, 3).

    """

    start_s: float
    positions_m: FloatArray
    velocities_mps: FloatArray

    @classmethod
    def of_many(cls, motions: MotionTable, chosen: list[int], start_s: float, end_s: float) -> list[SampledMotion]:
        """Sample the chosen trajectories at multiples of the step, so that the grid does not depend on the interval."""
        first, last = int(np.floor(start_s / SAMPLE_STEP_S)) - 1, int(np.ceil(end_s / SAMPLE_STEP_S)) + 2
        sampled = motions.at(np.arange(first, last, dtype=np.float64) * SAMPLE_STEP_S, chosen)
        rows = zip(sampled.positions_m, sampled.velocities_mps, strict=True)
        return [cls(first * SAMPLE_STEP_S, positions, velocities) for positions, velocities in rows]


@dataclass(frozen=True)
class Arrival:
    """Sound of one source, or of one mirror image, at the array. Rows are the direct waves, then those of the ground.

    Attributes:
        emitted_s: Time of emission of the sound received now: at the centre directly, at each microphone directly, at
            each microphone over the ground (1 + 2 · mic, time).
        distance_m: Travelled distance (1 + 2 · mic, time).
        shifts_s: Time from now until the centre receives what each microphone receives now (2 · mic, time).
        facings: Directivity above the split (2 · mic, time). For an echo of a cylinder it includes the ratio of the
            spreading to that at the centre.

    """

    emitted_s: FloatArray
    distance_m: FloatArray
    shifts_s: FloatArray
    facings: FloatArray


def arrive(
    motion: SampledMotion, height_m: float, receivers: ReceiverMotion, sound_mps: float, image: FloatArray = IDENTITY
) -> Arrival:
    """Solve |p(t − τ) − m(t)| = c · τ for a source that moves arbitrarily, for the centre and each microphone.

    The delay to the centre is iterated from the solution for uniform motion. The error after two passes is below 0.1 µs
    at 10 m/s². All microphones use position and velocity of the source at the time of emission for the centre.

    Args:
        motion: Motion of the source on the ground.
        height_m: Height of the source.
        receivers: Microphones.
        sound_mps: Speed of sound.
        image: Reflection and shift (2, 3) of the horizontal coordinates.

    """
    rows, times = 2 * len(receivers.facings), len(receivers.times_s)
    emitted, distance = np.empty((1 + rows, times)), np.empty((1 + rows, times))
    shifts, facings = np.empty((rows, times)), np.empty((rows, times))
    _arrive(
        motion.positions_m, motion.velocities_mps, motion.start_s, image, receivers.times_s, receivers.positions_m,
        receivers.facings, height_m, sound_mps, emitted, distance, shifts, facings,
    )  # fmt: skip
    return Arrival(emitted, distance, shifts, facings)


@compiled('UniTuple(f8, 6)(f8[:, ::1], f8[:, ::1], f8)')
def motion_at(points: FloatArray, velocities: FloatArray, since_s: float) -> tuple[float, ...]:
    """Return position and velocity, three values each, some seconds after the first sample of a `SampledMotion`."""
    at = since_s / SAMPLE_STEP_S
    k = min(max(int(at), 0), len(points) - 2)
    since = (at - k) * SAMPLE_STEP_S
    share = since / SAMPLE_STEP_S
    vx = velocities[k, 0] + share * (velocities[k + 1, 0] - velocities[k, 0])
    vy = velocities[k, 1] + share * (velocities[k + 1, 1] - velocities[k, 1])
    vz = velocities[k, 2] + share * (velocities[k + 1, 2] - velocities[k, 2])
    px = points[k, 0] + since * (velocities[k, 0] + vx) / 2
    py = points[k, 1] + since * (velocities[k, 1] + vy) / 2
    pz = points[k, 2] + since * (velocities[k, 2] + vz) / 2
    return px, py, pz, vx, vy, vz


@compiled('void(f8[::1], f8[::1], f8[::1], f8[::1], f8[::1])')
def centre_shifts(
    times: FloatArray, emitted: FloatArray, slopes: FloatArray, left_at: FloatArray, shifts: FloatArray
) -> None:
    """Write the time (time,) from now until the centre receives what a microphone receives now.

    Args:
        times: Times (time,).
        emitted: Time of emission (time,) of the sound received at the centre.
        slopes: Change of the time of reception with that of emission (time - 1,).
        left_at: Time of emission (time,) of the sound received at the microphone.
        shifts: The result.

    """
    steps, k = len(times), 0
    for step in range(steps):
        target = left_at[step]
        while k < steps - 2 and emitted[k + 1] <= target:
            k += 1
        while k > 0 and emitted[k] > target:
            k -= 1
        shifts[step] = times[k] + (target - emitted[k]) * slopes[k] - times[step]


@compiled(
    'void(f8[:, ::1], f8[:, ::1], f8, f8[:, ::1], f8[::1], f8[:, :, ::1], f8[:, :, ::1], f8, f8, f8[:, ::1],'
    'f8[:, ::1], f8[:, ::1], f8[:, ::1])'
)
def _arrive(
    points: FloatArray,
    velocities: FloatArray,
    start_s: float,
    image: FloatArray,
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
    mics, steps = len(facings), len(times)
    # Position now and velocity of a source that continues uniformly, and the square of the excess of sound over it.
    now_x, now_y, now_z, excess_square = np.empty(steps), np.empty(steps), np.empty(steps), np.empty(steps)
    mps_x, mps_y, mps_z = np.empty(steps), np.empty(steps), np.empty(steps)
    tau = 0.0
    for step in range(steps):
        now = times[step]
        for _ in range(4 if step == 0 else 2):
            px, py, pz, vx, vy, speed_z = motion_at(points, velocities, now - tau - start_s)
            speed_x = image[0, 0] * vx + image[0, 1] * vy
            speed_y = image[1, 0] * vx + image[1, 1] * vy
            x = image[0, 0] * px + image[0, 1] * py + image[0, 2] + speed_x * tau
            y = image[1, 0] * px + image[1, 1] * py + image[1, 2] + speed_y * tau
            up = pz + speed_z * tau
            excess = sound**2 - speed_x**2 - speed_y**2 - speed_z**2
            rx, ry = x - microphones[0, step, 0], y - microphones[0, step, 1]
            rz = up + height - microphones[0, step, 2]
            back = rx * speed_x + ry * speed_y + rz * speed_z
            tau = (np.sqrt(back**2 + excess * (rx**2 + ry**2 + rz**2)) - back) / excess
            now_x[step], now_y[step], now_z[step], excess_square[step] = x, y, up + height, excess
            mps_x[step], mps_y[step], mps_z[step] = speed_x, speed_y, speed_z
        emitted[0, step] = now - tau
        distance[0, step] = tau * sound
    slopes = (times[1:] - times[:-1]) / (emitted[0, 1:] - emitted[0, :-1])
    for row in range(2 * mics):
        mic = row % mics
        sign = 1.0 if row < mics else -1.0
        # Contiguous columns let the compiler vectorise the loop.
        microphone, facing = microphones[1 + mic].T.copy(), facings[mic].T.copy()
        left_at, travelled_m, gain = emitted[1 + row], distance[1 + row], gains[row]
        for step in range(steps):
            rx, ry = now_x[step] - microphone[0, step], now_y[step] - microphone[1, step]
            rz = sign * now_z[step] - microphone[2, step]
            back = rx * mps_x[step] + ry * mps_y[step] + sign * rz * mps_z[step]
            root = np.sqrt(back**2 + excess_square[step] * (rx**2 + ry**2 + rz**2))
            delay = (root - back) / excess_square[step]
            travelled = max(delay * sound, 1e-9)
            left_at[step] = times[step] - delay
            travelled_m[step] = travelled
            along = (rx - mps_x[step] * delay) * facing[0, step] + (ry - mps_y[step] * delay) * facing[1, step]
            along += (rz - sign * mps_z[step] * delay) * facing[2, step]
            gain[step] = HIGH_OMNI + (1 - HIGH_OMNI) * along / travelled
        centre_shifts(times, emitted[0], slopes, left_at, shifts[row])
