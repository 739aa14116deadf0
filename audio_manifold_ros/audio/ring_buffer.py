# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ring buffer of the newest samples of a stream, addressed by sample index and aware of gaps."""

from __future__ import annotations

import numpy as np

from audio_manifold_ros.audio.stream_run import StreamRun, extend_run
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.errors import AudioError


class RingBuffer:
    """The newest `capacity_samples` of a multi-channel stream.

    Samples are addressed by their index since the start of the stream. A block that starts after the end of the
    buffered samples marks a loss. All older samples are dropped there, so that no window can span a gap. One thread
    writes and reads. The buffer does no locking.

    Attributes:
        capacity_samples: Capacity in samples per channel.
        run: The samples since the last gap, of which the newest are buffered. None before the first write.

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
        self.capacity_samples = capacity_samples
        self._store: Samples = np.zeros((channels, capacity_samples), dtype=np.float32)
        self.run: StreamRun | None = None

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self._store.shape[0])

    @property
    def end_sample(self) -> int:
        """Index one past the newest sample, 0 before the first write."""
        return 0 if self.run is None else self.run.end

    @property
    def valid_from(self) -> int:
        """Oldest buffered index after which nothing is lost."""
        return 0 if self.run is None else max(self.run.start, self.run.end - self.capacity_samples)

    def clear(self) -> None:
        """Drop all samples. The next write may start at any index."""
        self.run = None

    def write(self, samples: Samples, first_sample: int) -> None:
        """Append a block. A jump forward of `first_sample` is a gap.

        Args:
            samples: float32 (channel, n). n may be 0 or exceed the capacity.
            first_sample: Index of `samples[:, 0]`.

        Raises:
            AudioError: The channel count is wrong, or `first_sample` is before `end_sample`.

        """
        if samples.ndim != 2 or samples.shape[0] != self.channels:
            msg = f'Ring buffer: block of shape {samples.shape!r}: give ({self.channels}, n).'
            raise AudioError(msg)
        run = self.run
        if run is not None and first_sample < run.end:
            msg = (
                f'Ring buffer: first_sample {first_sample!r} is before the end {run.end!r}: '
                'clear the buffer when a stream restarts.'
            )
            raise AudioError(msg)
        self.run = extend_run(run, first_sample, samples.shape[1])
        self._copy_in(samples[:, -self.capacity_samples :], self.run.end)

    def window(self, end_sample: int, length: int, out: Samples | None = None) -> Samples:
        """Copy the samples `end_sample - length` to `end_sample`.

        Args:
            end_sample: Index one past the last sample.
            length: Number of samples.
            out: float32 (channel, length) to copy to. None allocates a new array.

        Returns:
            `out`, or float32 (channel, length), C-contiguous, owned by the caller.

        Raises:
            AudioError: Part of the window is not buffered: too old, not yet written, or lost.

        """
        start, run, capacity = end_sample - length, self.run, self.capacity_samples
        valid_from, valid_end = (0, 0) if run is None else (max(run.start, run.end - capacity), run.end)
        if length < 1 or start < valid_from or end_sample > valid_end:
            msg = (
                f'Ring buffer: samples {start!r} to {end_sample!r} are not buffered: '
                f'choose a window inside {valid_from} to {valid_end}.'
            )
            raise AudioError(msg)
        result = np.empty((self.channels, length), dtype=np.float32) if out is None else out
        at = start % capacity
        head = min(length, capacity - at)
        result[:, :head] = self._store[:, at : at + head]
        result[:, head:] = self._store[:, : length - head]
        return result

    def _copy_in(self, samples: Samples, end_sample: int) -> None:
        """Store the newest samples, at most the capacity, so that they end at `end_sample`."""
        count = samples.shape[1]
        at = (end_sample - count) % self.capacity_samples
        head = min(count, self.capacity_samples - at)
        self._store[:, at : at + head] = samples[:, :head]
        self._store[:, : count - head] = samples[:, head:]
