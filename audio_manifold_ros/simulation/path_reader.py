# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reading an emitted signal as it arrives: a moving delay, then the small differences between the microphones."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from audio_manifold_ros.simulation.grid import lines, powers

Array = NDArray[np.float64]
Samples = NDArray[np.float32]

# So many rows at once stay in the cache of a core.
CHUNK_ROWS = 320


class PathReader:
    """Read a signal at places that move on straight lines between control points.

    Buffers are kept from call to call: fresh memory would cost as much as the arithmetic.
    """

    def __init__(self, rows: int, width: int, max_steps: int) -> None:
        """Provide for `rows` signals of at most `max_steps` steps of `width` samples."""
        size = rows * width * max_steps
        self._width = width
        self._basis = powers(width, 1)
        self._index = np.empty(size, dtype=np.intp)
        self._floats = [np.empty(size, dtype=np.float32) for _ in range(4)]

    def read(self, signal: Samples, positions: Array, gains: Array) -> Samples:
        """Return gain · signal[position], linearly interpolated; valid until the next call.

        Args:
            signal: What was emitted, f32 (n,).
            positions: Index into the signal at the control points (row, step + 1).
            gains: (row, step + 1).

        Returns:
            f32 (row, step · width).

        """
        shape = (positions.shape[0] * (positions.shape[1] - 1), self._width)
        count = shape[0] * shape[1]
        index = self._index[:count].reshape(shape)
        place, whole, left, right = (buffer[:count].reshape(shape) for buffer in self._floats)
        base = np.floor(positions[:, :-1])
        # Only the part within a step is float32: absolute positions would lose their fraction.
        np.matmul(lines(positions, positions[:, :-1] - base), self._basis, out=place)
        np.floor(place, out=whole)
        np.subtract(place, whole, out=place)
        index[...] = whole
        index += base.astype(np.intp).reshape(-1, 1)
        np.take(signal, index, out=left, mode='clip')
        np.take(signal[1:], index, out=right, mode='clip')
        np.subtract(right, left, out=right)
        np.multiply(right, place, out=right)
        np.add(left, right, out=left)
        np.matmul(lines(gains, gains[:, :-1]), self._basis, out=place)
        np.multiply(left, place, out=left)
        return left.reshape(positions.shape[0], -1)


def fan_out(out: Samples, centre: Samples, shifts: Array, gains: Array, width: int) -> None:
    """Add a signal at the middle of an array to its microphones, each a little earlier or later.

    The shifts change slowly, so each step is a plain copy of a stretch of the signal and of its differences.

    Args:
        out: (mic, step · width) f32, added to in place.
        centre: The signal at twice the rate, f32 (2 · (step + 2) · width,): one step more on either side.
        shifts: How much later in the signal a microphone reads, in samples of twice the rate, less than a step
            (mic, step + 1).
        gains: (mic, step + 1).
        width: Samples per step.

    """
    phases = np.concatenate([centre[0::2], centre[1::2]])
    differences = np.diff(centre, append=np.float32(0))
    slopes = np.concatenate([differences[0::2], differences[1::2]])
    whole = np.floor((shifts[:, :-1] + shifts[:, 1:]) / 2)
    steps = whole.astype(np.intp)
    starts = (np.arange(1, steps.shape[1] + 1) * width + (steps >> 1) + (steps & 1) * (len(centre) // 2)).reshape(-1)
    fraction = lines(shifts, shifts[:, :-1] - whole)
    gain = lines(gains, gains[:, :-1])
    product = np.empty((len(gain), 3), dtype=np.float32)
    product[:, 0] = gain[:, 0] * fraction[:, 0]
    product[:, 1] = gain[:, 0] * fraction[:, 1] + gain[:, 1] * fraction[:, 0]
    product[:, 2] = gain[:, 1] * fraction[:, 1]
    basis = powers(width, 2)
    value_rows, slope_rows = sliding_window_view(phases, width), sliding_window_view(slopes, width)
    target = out.reshape(-1, width)
    for first in range(0, len(starts), CHUNK_ROWS):
        chunk = slice(first, first + CHUNK_ROWS)
        values = value_rows[starts[chunk]]
        values *= gain[chunk] @ basis[:2]
        change = slope_rows[starts[chunk]]
        change *= product[chunk] @ basis
        values += change
        target[chunk] += values
