# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time-varying delays: Doppler shift of an emitted signal, and the small delays between the microphones.

Numba compiles the loops when this module is first imported, and caches them on disk. In numpy each sample of each
microphone would need six passes over memory. Between control points all values are linear. `t`, 0 to 1 over a step, is
`powers(width, 1)[1]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.simulation.compiled import compiled
from audio_manifold_ros.simulation.sound.sample_grid import powers

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import FloatArray, Samples


# Steps of signal on either side of the output. A shift may be one step less than this, which is 7 ms.
EDGE_STEPS = 3


def fan_out(out: Samples, centre: Samples, shifts: FloatArray, gains: FloatArray, width: int) -> None:
    """Add a signal at the centre of an array to its microphones with small time shifts.

    The shifts change slowly. Each step therefore reads a contiguous part of the signal and of its half-sample
    neighbours.

    Args:
        out: float32 (mic, step · width), added to in place.
        centre: Signal at twice the rate, float32 (2 · (step + 2 · `EDGE_STEPS`) · width,).
        shifts: Shift of each microphone towards later signal (mic, step + 1), in samples of twice the rate, less than
            `EDGE_STEPS` steps.
        gains: (mic, step + 1).
        width: Samples per step.

    """
    halves = np.ascontiguousarray(centre.reshape(-1, 2).T)
    _fan_out(out, halves, shifts, gains, powers(width, 1)[1])


def add_delayed(
    out: Samples, signal: Samples, delays: FloatArray, gains: FloatArray, stride: int, lead: int, width: int
) -> None:
    """Add a signal of the vehicle that carries the array to its microphones, with slowly changing delays.

    Args:
        out: float32 (mic, step · width), added to in place.
        signal: float32 (stride, lead + step · width + 1): sample i of the signal at `stride` times the rate is
            signal[i % stride, i // stride].
        delays: Delay of each microphone at the control points (mic, step + 1), in samples of `stride` times the rate,
            at least 1 and at most (lead - 1) · stride.
        gains: (mic, step + 1).
        stride: Ratio of the rates.
        lead: Samples of the lower rate before the first step.
        width: Samples of the lower rate per step.

    """
    _add_delayed(out, signal, delays, gains, powers(width, 1)[1], stride, lead)


@compiled('Tuple((i8, f4, f4))(f8, f8)')
def _shift_of_step(begin: float, end: float) -> tuple[int, np.float32, np.float32]:
    """Return the whole samples of a shift in the middle of a step, the rest at its start, and the change within it."""
    whole = int(np.floor((begin + end) / 2))
    return whole, np.float32(begin - whole), np.float32(end - begin)


@compiled('void(f4[:, ::1], f4[::1], f8[:, :], f8[:, :], Array(f4, 1, "C", readonly=True))')
def read_path(out: Samples, signal: Samples, positions: FloatArray, gains: FloatArray, t: Samples) -> None:
    """Add gain · signal[position], with linear interpolation.

    Args:
        out: float32 (row, step · width), added to in place.
        signal: Emitted signal, float32 (n,).
        positions: Index into the signal at the control points (row, step + 1), from 0 to n - 1, increasing along a row.
        gains: (row, step + 1).
        t: 0 to 1 over a step (width,).

    """
    width, last = len(t), len(signal) - 2
    for row in range(positions.shape[0]):
        for step in range(positions.shape[1] - 1):
            base = min(max(int(positions[row, step]), 0), last)
            # Only the offset within a step is float32. Absolute positions in float32 would lose their fraction.
            start = np.float32(positions[row, step] - base)
            rise = np.float32(positions[row, step + 1] - positions[row, step])
            gain = np.float32(gains[row, step])
            growth = np.float32(gains[row, step + 1] - gains[row, step])
            ahead = signal[base:]
            # An unsigned 32-bit index lets the compiler load eight values at once.
            end = np.uint32(last - base)
            target = out[row, step * width : (step + 1) * width]
            for i in range(width):
                position = start + rise * t[i]
                index = min(np.uint32(np.int32(position)), end)
                left = ahead[index]
                fraction = position - np.float32(np.int32(position))
                target[i] += (gain + growth * t[i]) * (left + fraction * (ahead[index + np.uint32(1)] - left))


@compiled('void(f4[:, ::1], f4[:, ::1], f8[:, :], f8[:, :], Array(f4, 1, "C", readonly=True))')
def _fan_out(out: Samples, halves: Samples, shifts: FloatArray, gains: FloatArray, t: Samples) -> None:
    width = len(t)
    for mic in range(shifts.shape[0]):
        for step in range(shifts.shape[1] - 1):
            whole, fraction, drift = _shift_of_step(shifts[mic, step], shifts[mic, step + 1])
            begin = 2 * (step + EDGE_STEPS) * width + whole
            half, odd = begin >> 1, begin & 1
            here, there = halves[odd, half : half + width], halves[1 - odd, half + odd : half + odd + width]
            gain = np.float32(gains[mic, step])
            growth = np.float32(gains[mic, step + 1] - gains[mic, step])
            target = out[mic, step * width : (step + 1) * width]
            for i in range(width):
                between = here[i] + (fraction + drift * t[i]) * (there[i] - here[i])
                target[i] += (gain + growth * t[i]) * between


@compiled('void(f4[:, ::1], f4[:, ::1], f8[:, ::1], f8[:, ::1], Array(f4, 1, "C", readonly=True), i8)')
def fan_out_pairs(out: Samples, halves: Samples, shifts: FloatArray, gains: FloatArray, t: Samples, edge: int) -> None:
    """Do the work of `fan_out` for two rows of shifts and gains for each microphone.

    Args:
        out: float32 (mic, step · width), added to in place.
        halves: Samples of even and odd index of the signal at twice the rate, float32 (2, (step + 2 · edge) · width).
        shifts: Shifts (2 · mic, step + 1), two rows of a microphone in turn.
        gains: (2 · mic, step + 1).
        t: 0 to 1 over a step (width,).
        edge: Steps of the signal on either side of the output.

    """
    width = len(t)
    for mic in range(len(out)):
        first, second = 2 * mic, 2 * mic + 1
        for step in range(shifts.shape[1] - 1):
            start = 2 * (step + edge) * width
            whole, fraction, drift = _shift_of_step(shifts[first, step], shifts[first, step + 1])
            half, odd = (start + whole) >> 1, (start + whole) & 1
            here, there = halves[odd, half : half + width], halves[1 - odd, half + odd : half + odd + width]
            whole, fraction_2, drift_2 = _shift_of_step(shifts[second, step], shifts[second, step + 1])
            half, odd = (start + whole) >> 1, (start + whole) & 1
            here_2, there_2 = halves[odd, half : half + width], halves[1 - odd, half + odd : half + odd + width]
            gain, gain_2 = np.float32(gains[first, step]), np.float32(gains[second, step])
            growth = np.float32(gains[first, step + 1] - gains[first, step])
            growth_2 = np.float32(gains[second, step + 1] - gains[second, step])
            target = out[mic, step * width : (step + 1) * width]
            for i in range(width):
                between = here[i] + (fraction + drift * t[i]) * (there[i] - here[i])
                between_2 = here_2[i] + (fraction_2 + drift_2 * t[i]) * (there_2[i] - here_2[i])
                target[i] = (target[i] + (gain + growth * t[i]) * between) + (gain_2 + growth_2 * t[i]) * between_2


@compiled('void(f4[::1], f4[:, ::1], f8[:], f8[:, :], Array(f4, 1, "C", readonly=True))')
def read_bands(out: Samples, signals: Samples, positions: FloatArray, gains: FloatArray, t: Samples) -> None:
    """Write the sum of two bands of a source, each with its own gain.

    Args:
        out: float32 (step · width,).
        signals: Emitted bands float32 (2, n).
        positions: Index into the signals at the control points (step + 1,), from 0 to n - 1, increasing.
        gains: Gain of each band (2, step + 1).
        t: 0 to 1 over a step (width,).

    """
    width, last = len(t), signals.shape[1] - 2
    one, two = signals[0], signals[1]
    indices, fractions = np.empty(width, dtype=np.int64), np.empty(width, dtype=np.float32)
    # Loads from variable places are separate loops, so that the compiler vectorises the others.
    pairs = np.empty((4, width), dtype=np.float32)
    left, right, second_left, second_right = pairs[0], pairs[1], pairs[2], pairs[3]
    for step in range(positions.shape[0] - 1):
        base = min(max(int(positions[step]), 0), last)
        start = np.float32(positions[step] - base)
        rise = np.float32(positions[step + 1] - positions[step])
        gain, growth = np.float32(gains[0, step]), np.float32(gains[0, step + 1] - gains[0, step])
        second, change = np.float32(gains[1, step]), np.float32(gains[1, step + 1] - gains[1, step])
        end = np.uint32(last - base)
        for i in range(width):
            position = start + rise * t[i]
            indices[i] = base + min(np.uint32(np.int32(position)), end)
            fractions[i] = position - np.float32(np.int32(position))
        for i in range(width):
            index = indices[i]
            left[i], right[i] = one[index], one[index + 1]
            second_left[i], second_right[i] = two[index], two[index + 1]
        target = out[step * width : (step + 1) * width]
        for i in range(width):
            target[i] = (gain + growth * t[i]) * (left[i] + fractions[i] * (right[i] - left[i])) + (
                second + change * t[i]
            ) * (second_left[i] + fractions[i] * (second_right[i] - second_left[i]))


@compiled('void(f4[:, ::1], f4[:, ::1], f8[:, :], f8[:, :], Array(f4, 1, "C", readonly=True), i8, i8)')
def _add_delayed(
    out: Samples, signal: Samples, delays: FloatArray, gains: FloatArray, t: Samples, stride: int, lead: int
) -> None:
    width = len(t)
    for mic in range(delays.shape[0]):
        for step in range(delays.shape[1] - 1):
            whole, fraction, drift = _shift_of_step(delays[mic, step], delays[mic, step + 1])
            gain = np.float32(gains[mic, step])
            growth = np.float32(gains[mic, step + 1] - gains[mic, step])
            if gain == 0 and growth == 0:
                continue
            here_at = (lead + step * width) * stride - whole
            before_at = here_at - 1
            first, second = here_at // stride, before_at // stride
            here = signal[here_at % stride, first : first + width]
            before = signal[before_at % stride, second : second + width]
            target = out[mic, step * width : (step + 1) * width]
            for i in range(width):
                between = here[i] + (fraction + drift * t[i]) * (before[i] - here[i])
                target[i] += (gain + growth * t[i]) * between
