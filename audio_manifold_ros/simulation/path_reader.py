# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Reading an emitted signal at many microphones at once, each with its own moving delay and gain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Samples = NDArray[np.float32]


class PathReader:
    """Add sound that arrives over paths to the signals of the microphones.

    Positions and gains move on straight lines between control points. Buffers are kept from call to call: fresh
    memory would cost as much as the arithmetic.
    """

    def __init__(self, mics: int, width: int, max_steps: int) -> None:
        size = mics * width * max_steps
        self._width = width
        self._slots = np.arange(width, dtype=np.float32)
        self._index = np.empty(size, dtype=np.intp)
        self._floats = [np.empty(size, dtype=np.float32) for _ in range(4)]

    def add(self, out: Samples, signal: Samples, positions: Array, gains: Array) -> None:
        """Add gain · signal[position], linearly interpolated, to `out`.

        Args:
            out: (mic, step · width) f32, added to in place.
            signal: What was emitted, f32 (n,).
            positions: Index into the signal at the control points (mic, step + 1).
            gains: (mic, step + 1).

        """
        shape = (*positions[:, 1:].shape, self._width)
        count = int(np.prod(shape))
        index = self._index[:count].reshape(shape)
        place, whole, left, right = (buffer[:count].reshape(shape) for buffer in self._floats)
        base = np.floor(positions[:, :-1])
        # Only the part within a step is float32: absolute positions would lose their fraction.
        _lines(positions, positions[:, :-1] - base, self._slots, place)
        np.floor(place, out=whole)
        np.subtract(place, whole, out=place)
        index[...] = whole
        index += base.astype(np.intp)[:, :, None]
        np.take(signal, index, out=left, mode='clip')
        np.take(signal[1:], index, out=right, mode='clip')
        np.subtract(right, left, out=right)
        np.multiply(right, place, out=right)
        np.add(left, right, out=left)
        _lines(gains, gains[:, :-1], self._slots, place)
        np.multiply(left, place, out=left)
        target = out.reshape(shape)
        np.add(target, left, out=target)


def _lines(points: Array, starts: Array, slots: Samples, out: Samples) -> None:
    slopes = (np.diff(points) / len(slots)).astype(np.float32)
    np.multiply(slopes[:, :, None], slots, out=out)
    np.add(out, starts.astype(np.float32)[:, :, None], out=out)
