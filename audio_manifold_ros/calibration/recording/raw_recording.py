# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Raw multi-channel audio of any source, joined to one array."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.array_types import Samples
from audio_manifold_ros.common.errors import CalibrationError

MAX_DURATION_S = 600.0

BlockCallback = Callable[[AudioBlock], None]


@dataclass(frozen=True)
class RawRecording:
    """Raw audio without any correction.

    The samples before and after a loss are joined, because a loss affects all channels alike.

    Attributes:
        samples: float32 (device channel, sample), full scale ±1.
        sample_rate_hz: Sample rate.
        lost_samples: Number of samples that are missing in between.
        rejected_samples: Number of samples left out because they are not finite.
        overflows: Number of losses that the device reported.
        origin: Description of the source.

    """

    samples: Samples
    sample_rate_hz: int
    lost_samples: int
    rejected_samples: int
    overflows: int
    origin: str

    @property
    def duration_s(self) -> float:
        """Duration of the audio."""
        return self.samples.shape[1] / self.sample_rate_hz

    @property
    def channels(self) -> int:
        """Number of device channels."""
        return len(self.samples)

    def remarks(self) -> tuple[str, ...]:
        """Return remarks on lost or unusable samples."""
        found = (
            (self.lost_samples, 'samples were lost while recording: close other programs or record again.'),
            (self.overflows, 'losses were reported by the device: close other programs, or record again.'),
            (self.rejected_samples, 'samples are not finite and were left out: check the program that recorded them.'),
        )
        return tuple(f'{count} {description}' for count, description in found if count)


def collect_blocks(
    blocks: Iterable[AudioBlock], origin: str, start_s: float, seconds: float, on_block: BlockCallback
) -> RawRecording:
    """Join blocks to a recording.

    Args:
        blocks: Blocks in their order.
        origin: Description of the source.
        start_s: Time to skip at the start.
        seconds: Duration to record. The result is shorter if the source ends earlier.
        on_block: Function that receives every recorded block.

    Raises:
        CalibrationError: There is no audio, or its sample rate or number of channels changes.

    """
    kept: list[Samples] = []
    layout: tuple[int, int] | None = None
    first = following = samples = lost = rejected = overflows = 0
    for block in blocks:
        if layout is None:
            layout, first, following = (block.channels, block.sample_rate_hz), block.first_sample, block.first_sample
        if (block.channels, block.sample_rate_hz) != layout:
            msg = (
                f'{origin}: the audio changes from {layout} to {(block.channels, block.sample_rate_hz)} (channels, Hz)'
                ': record with one format.'
            )
            raise CalibrationError(msg)
        missing = max(block.first_sample - following, 0)
        following = block.end_sample
        if block.end_sample - first <= start_s * layout[1]:
            continue
        lost += missing if kept else 0
        overflows += block.overflow
        if not np.isfinite(block.samples).all():
            rejected += block.samples.shape[1]
            continue
        on_block(block)
        kept.append(block.samples)
        samples += block.samples.shape[1]
        if samples >= seconds * layout[1]:
            break
    if layout is None or not kept:
        msg = f'{origin}: there is no sound from {start_s:g} s on: choose an earlier --start or another recording.'
        raise CalibrationError(msg)
    joined = np.concatenate(kept, axis=1)[:, : round(seconds * layout[1])]
    return RawRecording(joined, layout[1], lost, rejected, overflows, origin)
