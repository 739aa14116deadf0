# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Block of multi-channel audio: the unit that sources pass to preprocessing and ring buffer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audio_manifold_ros.common.array_types import Samples


@dataclass(frozen=True)
class AudioBlock:
    """Consecutive samples of all channels.

    Attributes:
        samples: float32 (channel, sample), full scale ±1. A 16-bit sample s is s / 32768.
        first_sample: Index of `samples[:, 0]` since the start of the stream. Samples known to be lost are counted, so
            a jump of the index proves a loss.
        sample_rate_hz: Rate of the block and of its index.
        stamp_ns: Time of the first sample on the clock that was given to the source (ROS time in the node). It may
            jitter. `SampleClock` fits a line to it.
        overflow: The device reported that samples before this block were lost.

    """

    samples: Samples
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
