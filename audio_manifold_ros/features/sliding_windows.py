# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sliding windows over the newest samples of a stream, none of which spans a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.audio.ring_buffer import RingBuffer
from audio_manifold_ros.common.errors import FeatureError

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import Samples
    from audio_manifold_ros.features.kinds import AnyFeatureSpec

HISTORY_WINDOWS = 16


class SlidingWindows:
    """The samples of the newest `HISTORY_WINDOWS` + 1 windows. One thread uses it. It does no locking.

    Windows end at multiples of the hop, counted from the first sample after a reset or a gap. None spans a gap.

    Attributes:
        ring: The samples.

    Args:
        spec: Length of the windows, and the hop.
        channels: Channels of the stream.

    Raises:
        FeatureError: `channels` is below one.

    """

    def __init__(self, spec: AnyFeatureSpec, channels: int) -> None:
        """Allocate the ring buffer."""
        if channels < 1:
            msg = f'channels is {channels!r}: give at least 1.'
            raise FeatureError(msg)
        self._window_samples, self._hop_samples = spec.window_samples, spec.hop_samples
        self.ring = RingBuffer(channels, spec.window_samples + (HISTORY_WINDOWS + 1) * spec.hop_samples)

    def reset(self) -> None:
        """Drop the stream. The next block may start at any index, and the hops are counted from there."""
        self.ring.clear()

    @property
    def window_count(self) -> int:
        """Windows that have become complete since the last reset or gap."""
        run = self.ring.run
        return 0 if run is None else run.window_count(self._window_samples, self._hop_samples)

    @property
    def first_window_start(self) -> int | None:
        """Index of the first sample of the first window since the last reset or gap, None before the first sample."""
        run = self.ring.run
        return None if run is None else run.first_window_start(self._window_samples, self._hop_samples)

    @property
    def newest_window_end(self) -> int | None:
        """End of the newest window that is complete and free of gaps, None if there is none yet."""
        run = self.ring.run
        return None if run is None else run.newest_window_end(self._window_samples, self._hop_samples)

    def push(self, samples: Samples, first_sample: int) -> None:
        """Append a block. A jump forward is a gap.

        Args:
            samples: float32 (channel, n) of any n.
            first_sample: Index of `samples[:, 0]`.

        Raises:
            FeatureError: See `check_block`.

        """
        self.check_block(samples, first_sample)
        self.ring.write(samples, first_sample)

    def check_block(self, samples: Samples, first_sample: int) -> bool:
        """Check a block before it is written, and return whether it starts a new run of samples.

        Raises:
            FeatureError: The channel count is wrong or the index jumps backward. Nothing is changed.

        """
        if samples.ndim != 2 or samples.shape[0] != self.ring.channels:
            msg = f'Block of shape {samples.shape!r}: give ({self.ring.channels}, n).'
            raise FeatureError(msg)
        run = self.ring.run
        if run is not None and first_sample < run.end:
            msg = f'first_sample {first_sample!r} is before the end {run.end!r}: reset before a new stream.'
            raise FeatureError(msg)
        return run is None or first_sample > run.end

    def copy_window(self, window_end: int, out: Samples) -> None:
        """Copy the window that ends before `window_end` to `out`, float32 (channel, window_samples).

        Raises:
            FeatureError: See `index`.

        """
        self.index(window_end)
        self.ring.window(window_end, self._window_samples, out)

    def index(self, window_end: int) -> int:
        """Return the number of hops from the first window of the run to the one that ends before `window_end`.

        `newest_window_end` and the 16 hops before it are available, unless there is a gap between them.

        Raises:
            FeatureError: `window_end` is not the end of an available window.

        """
        first, newest = self.first_window_start, self.newest_window_end
        if first is not None and newest is not None:
            index, remainder = divmod(window_end - self._window_samples - first, self._hop_samples)
            age = newest - window_end
            if remainder == 0 and index >= 0 and 0 <= age <= HISTORY_WINDOWS * self._hop_samples:
                return index
        msg = (
            f'No window ends at sample {window_end!r}: ask for newest_window_end ({newest!r}) or a few hops before it.'
        )
        raise FeatureError(msg)
