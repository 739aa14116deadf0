# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The newest samples of a stream, and which windows of them can be predicted from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from audio_manifold_ros.audio.ring_buffer import RingBuffer
from audio_manifold_ros.common.errors import FeatureError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from audio_manifold_ros.features.spec import FeatureSpec

HISTORY_WINDOWS = 16


class SlidingWindows:
    """Keeps what `HISTORY_WINDOWS` + 1 windows span; one thread uses it, it does no locking.

    Windows start on multiples of the hop, counted from the first sample after a reset or a gap; none spans a gap.

    Attributes:
        ring: The samples.
        anchor: Start of the first window, from the first block on.

    Args:
        spec: Length of the windows, and the hop.
        channels: Channels of the stream.

    Raises:
        FeatureError: `channels` is below one.

    """

    def __init__(self, spec: FeatureSpec, channels: int) -> None:
        """Allocate the ring buffer."""
        if channels < 1:
            msg = f'channels is {channels!r}: give at least 1.'
            raise FeatureError(msg)
        self._window_samples, self._hop_samples = spec.window_samples, spec.hop_samples
        self.ring = RingBuffer(channels, spec.window_samples + (HISTORY_WINDOWS + 1) * spec.hop_samples)
        self.anchor = 0
        self._anchored = False

    def reset(self) -> None:
        """Forget the stream; the next block may start at any index and anchors the hops anew."""
        self.ring.clear()
        self._anchored = False

    @property
    def newest_window_end(self) -> int | None:
        """End of the newest window that is complete and free of gaps, None if there is none yet."""
        if not self._anchored:
            return None
        beyond = self.ring.end_sample - self.anchor - self._window_samples
        return None if beyond < 0 else self.ring.end_sample - beyond % self._hop_samples

    def push(self, samples: NDArray[np.float32], first_sample: int) -> None:
        """Append a block; a jump forward is a gap.

        Args:
            samples: float32 (channel, n) of any n.
            first_sample: Index of `samples[:, 0]`.

        Raises:
            FeatureError: As `check_block` says.

        """
        self.check_block(samples, first_sample)
        self.ring.write(samples, first_sample)

    def check_block(self, samples: NDArray[np.float32], first_sample: int) -> bool:
        """Look at a block that is to be written; return whether the hops are anchored anew, at its start.

        Raises:
            FeatureError: The channel count is wrong or the index jumps backward; nothing is changed.

        """
        if samples.ndim != 2 or samples.shape[0] != self.ring.channels:
            msg = f'Block of shape {samples.shape!r}: give ({self.ring.channels}, n).'
            raise FeatureError(msg)
        if self._anchored and first_sample < self.ring.end_sample:
            end = self.ring.end_sample
            msg = f'first_sample {first_sample!r} lies before the end {end!r}: reset before a new stream.'
            raise FeatureError(msg)
        is_reanchored = not self._anchored or first_sample > self.ring.end_sample
        if is_reanchored:
            self.anchor, self._anchored = first_sample, True
        return is_reanchored

    def copy_window(self, window_end: int, out: NDArray[np.float32]) -> None:
        """Copy the window that ends before `window_end` to `out`, float32 (channel, window_samples).

        Raises:
            FeatureError: As `index` says.

        """
        self.index(window_end)
        self.ring.window(window_end, self._window_samples, out)

    def index(self, window_end: int) -> int:
        """Return how many hops after the anchor the window that ends before `window_end` begins.

        `newest_window_end` and the 16 hops before it are available, unless a gap lies between.

        Raises:
            FeatureError: `window_end` is not the end of an available window.

        """
        newest = self.newest_window_end
        if newest is not None:
            index, remainder = divmod(window_end - self._window_samples - self.anchor, self._hop_samples)
            age = newest - window_end
            if remainder == 0 and index >= 0 and 0 <= age <= HISTORY_WINDOWS * self._hop_samples:
                return index
        msg = (
            f'No window ends at sample {window_end!r}: ask for newest_window_end ({newest!r}) or a few hops before it.'
        )
        raise FeatureError(msg)
