# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The newest samples of a stream, addressed by sample index, with its gaps known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.errors import AudioError


class RingBuffer:
    """Keeps the newest `capacity_samples` of a multi-channel stream.

    Samples are addressed by their index since the stream began. A block that starts after the end of
    what is held marks a loss: everything before it is forgotten, so that no window can span a gap.
    One thread writes and reads; the buffer does no locking.
    """

    def __init__(self, channels: int, capacity_samples: int) -> None:
        """Allocate the buffer.

        Raises:
            AudioError: A size is below one.

        """
        for name, value in (('channels', channels), ('capacity_samples', capacity_samples)):
            if value < 1:
                msg = f'Ring buffer: {name} is {value!r}: give at least 1.'
                raise AudioError(msg)
        self._store: NDArray[np.float32] = np.zeros((channels, capacity_samples), dtype=np.float32)
        self._end = 0
        self._valid_from = 0
        self._empty = True

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self._store.shape[0])

    @property
    def capacity_samples(self) -> int:
        """Samples per channel that the buffer can hold."""
        return int(self._store.shape[1])

    @property
    def end_sample(self) -> int:
        """Index one past the newest sample; 0 before the first write."""
        return self._end

    @property
    def valid_from(self) -> int:
        """Oldest index still held after which nothing is lost."""
        return self._valid_from

    def clear(self) -> None:
        """Forget everything; the next write may start at any index."""
        self._end = self._valid_from = 0
        self._empty = True

    def write(self, samples: NDArray[np.float32], first_sample: int) -> None:
        """Append a block; a jump forward in `first_sample` is a gap.

        Args:
            samples: float32 (channel, n), n may be 0 or exceed the capacity.
            first_sample: Index of `samples[:, 0]`.

        Raises:
            AudioError: The channel count is wrong, or `first_sample` lies before `end_sample`.

        """
        if samples.ndim != 2 or samples.shape[0] != self.channels:
            msg = f'Ring buffer: block of shape {samples.shape!r}: give ({self.channels}, n).'
            raise AudioError(msg)
        if not self._empty and first_sample < self._end:
            msg = (
                f'Ring buffer: first_sample {first_sample!r} lies before the end {self._end!r}: '
                'clear the buffer when a stream starts again.'
            )
            raise AudioError(msg)
        if self._empty or first_sample > self._end:
            self._valid_from = first_sample
            self._empty = False
        self._end = first_sample + samples.shape[1]
        self._copy_in(samples[:, -self.capacity_samples :])
        self._valid_from = max(self._valid_from, self._end - self.capacity_samples)

    def window(self, end_sample: int, length: int, out: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Copy the samples `end_sample - length` to `end_sample`.

        Args:
            end_sample: One past the last.
            length: How many.
            out: float32 (channel, length) that receives them; a new array where None.

        Returns:
            `out`, or float32 (channel, length), C-contiguous, owned by the caller.

        Raises:
            AudioError: Part of the window is not held: too old, not yet written, or lost.

        """
        start = end_sample - length
        if length < 1 or start < self._valid_from or end_sample > self._end:
            msg = (
                f'Ring buffer: samples {start!r} to {end_sample!r} are not held: '
                f'choose a window inside {self._valid_from} to {self._end}.'
            )
            raise AudioError(msg)
        result = np.empty((self.channels, length), dtype=np.float32) if out is None else out
        at = start % self.capacity_samples
        head = min(length, self.capacity_samples - at)
        result[:, :head] = self._store[:, at : at + head]
        result[:, head:] = self._store[:, : length - head]
        return result

    def _copy_in(self, samples: NDArray[np.float32]) -> None:
        """Place the newest samples, at most the capacity, so that they end at `end_sample`."""
        count = samples.shape[1]
        at = (self._end - count) % self.capacity_samples
        head = min(count, self.capacity_samples - at)
        self._store[:, at : at + head] = samples[:, :head]
        self._store[:, : count - head] = samples[:, head:]
