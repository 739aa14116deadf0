# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One block of multi-channel audio, the only currency between source and ring buffer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class AudioBlock:
    """A run of consecutive samples.

    Attributes:
        samples: float32 (channel, sample); full scale is ±1, a 16-bit sample s is s / 32768.
        first_sample: Index of `samples[:, 0]` since the stream began; samples known to be lost
            are counted, so that a jump in the index proves a loss.
        sample_rate_hz: Rate of this block and of its index.
        stamp_ns: Instant of the first sample on the clock of whoever opened the source (ROS time in
            the node). May jitter: `SampleClock` turns it into a line.
        overflow: The device reported that samples before this block were lost.

    """

    samples: NDArray[np.float32]
    first_sample: int
    sample_rate_hz: int
    stamp_ns: int
    overflow: bool = False

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def end_sample(self) -> int:
        """Index one past the last sample."""
        return self.first_sample + int(self.samples.shape[1])
