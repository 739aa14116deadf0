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

from audio_manifold_ros.simulation.sound.compiled import compiled
from audio_manifold_ros.simulation.sound.sample_grid import powers

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import FloatArray, Samples


def read_path(out: Samples, signal: Samples, positions: FloatArray, gains: FloatArray, width: int) -> None:
    """Add gain · signal[position], with linear interpolation.

    Args:
        out: float32 (row, step · width), added to in place.
        signal: Emitted signal, float32 (n,).
        positions: Index into the signal at the control points (row, step + 1), from 0 to n - 1, increasing along a row.
        gains: (row, step + 1).
        width: Samples per step.

    """
    _read_path(out, signal, positions, gains, powers(width, 1)[1])


def fan_out(out: Samples, centre: Samples, shifts: FloatArray, gains: FloatArray, width: int) -> None:
    """Add a signal at the centre of an array to its microphones with small time shifts.

    The shifts change slowly. Each step therefore reads a contiguous part of the signal and of its half-sample
    neighbours.

    Args:
        out: float32 (mic, step · width), added to in place.
        centre: Signal at twice the rate, float32 (2 · (step + 2) · width,), with one more step on either side.
        shifts: Shift of each microphone towards later signal (mic, step + 1), in samples of twice the rate, less than a
            step.
        gains: (mic, step + 1).
        width: Samples per step.

    """
    _fan_out(out, centre[0::2].copy(), centre[1::2].copy(), shifts, gains, powers(width, 1)[1])


def add_late(out: Samples, signal: Samples, delay: FloatArray, gain: float, width: int, lead: int) -> None:
    """Add a signal to itself with a slowly changing delay.

    Args:
        out: float32 (step · width,), added to in place.
        signal: float32 (lead + step · width,).
        delay: Delay in samples at the control points (step + 1,), at least 0 and at most `lead` - 1.
        gain: Amplitude of the delayed signal.
        width: Samples per step.
        lead: Samples of the signal before the first step.

    """
    _add_late(out, signal, delay, np.float32(gain), powers(width, 1)[1], lead)


@compiled('void(f4[:, ::1], f4[::1], f8[:, :], f8[:, :], Array(f4, 1, "C", readonly=True))')
def _read_path(out: Samples, signal: Samples, positions: FloatArray, gains: FloatArray, t: Samples) -> None:
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


@compiled('void(f4[:, ::1], f4[::1], f4[::1], f8[:, :], f8[:, :], Array(f4, 1, "C", readonly=True))')
def _fan_out(out: Samples, even: Samples, odd: Samples, shifts: FloatArray, gains: FloatArray, t: Samples) -> None:
    width = len(t)
    for mic in range(shifts.shape[0]):
        for step in range(shifts.shape[1] - 1):
            integer_delay = np.floor((shifts[mic, step] + shifts[mic, step + 1]) / 2)
            begin = 2 * (step + 1) * width + np.int64(integer_delay)
            fraction = np.float32(shifts[mic, step] - integer_delay)
            drift = np.float32(shifts[mic, step + 1] - shifts[mic, step])
            gain = np.float32(gains[mic, step])
            growth = np.float32(gains[mic, step + 1] - gains[mic, step])
            half = begin >> 1
            if begin & 1:
                here, there = odd[half : half + width], even[half + 1 : half + 1 + width]
            else:
                here, there = even[half : half + width], odd[half : half + width]
            target = out[mic, step * width : (step + 1) * width]
            for i in range(width):
                between = here[i] + (fraction + drift * t[i]) * (there[i] - here[i])
                target[i] += (gain + growth * t[i]) * between


@compiled('void(f4[::1], f4[::1], f8[:], f4, Array(f4, 1, "C", readonly=True), i8)')
def _add_late(out: Samples, signal: Samples, delay: FloatArray, gain: np.float32, t: Samples, lead: int) -> None:
    width = len(t)
    for step in range(len(delay) - 1):
        integer_delay = np.floor((delay[step] + delay[step + 1]) / 2)
        fraction = np.float32(delay[step] - integer_delay)
        drift = np.float32(delay[step + 1] - delay[step])
        begin = lead + step * width - np.int64(integer_delay)
        here, before = signal[begin : begin + width], signal[begin - 1 : begin - 1 + width]
        target = out[step * width : (step + 1) * width]
        for i in range(width):
            target[i] += gain * (here[i] + (fraction + drift * t[i]) * (before[i] - here[i]))
