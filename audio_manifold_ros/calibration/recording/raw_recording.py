# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A stretch of raw sound of all channels, from whatever source: what every measurement of the rig begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.common.errors import CalibrationError

MAX_DURATION_S = 600.0

BlockCallback = Callable[[AudioBlock], None]


@dataclass(frozen=True)
class RawRecording:
    """Raw sound, without any correction.

    Where samples were lost, what lies before and after is joined: a loss hits all channels alike.

    Attributes:
        samples: float32 (device channel, sample), full scale ±1.
        sample_rate_hz: Rate.
        lost_samples: Samples missing in between.
        rejected_samples: Samples left out because they are not finite.
        overflows: Times that the device reported a loss.
        origin: Where it comes from, for people.

    """

    samples: NDArray[np.float32]
    sample_rate_hz: int
    lost_samples: int
    rejected_samples: int
    overflows: int
    origin: str

    @property
    def duration_s(self) -> float:
        """Length."""
        return self.samples.shape[1] / self.sample_rate_hz

    @property
    def channels(self) -> int:
        """Channels of the device."""
        return len(self.samples)

    def remarks(self) -> tuple[str, ...]:
        """Return what a person should know of it."""
        found = (
            (self.lost_samples, 'samples were lost while recording: close other programs, or record again.'),
            (self.overflows, 'times the device reported a loss: close other programs, or record again.'),
            (self.rejected_samples, 'samples are not finite and were left out: look at what recorded them.'),
        )
        return tuple(f'{count} {description}' for count, description in found if count)


def collect_blocks(
    blocks: Iterable[AudioBlock], origin: str, start_s: float, seconds: float, on_block: BlockCallback
) -> RawRecording:
    """Join blocks to a recording.

    Args:
        blocks: In their order.
        origin: Where they come from, for people.
        start_s: How much is skipped at the beginning.
        seconds: How much is taken; less if there is no more.
        on_block: Told every block that is taken.

    Raises:
        CalibrationError: There is no sound, or it changes its rate or channels.

    """
    kept: list[NDArray[np.float32]] = []
    layout: tuple[int, int] | None = None
    first = following = samples = lost = rejected = overflows = 0
    for block in blocks:
        if layout is None:
            layout, first, following = (block.channels, block.sample_rate_hz), block.first_sample, block.first_sample
        if (block.channels, block.sample_rate_hz) != layout:
            msg = (
                f'{origin}: the sound changes from {layout} to {(block.channels, block.sample_rate_hz)} (channels, Hz).'
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
        msg = f'{origin}: there is no sound from {start_s:g} s on: choose an earlier start or another recording.'
        raise CalibrationError(msg)
    joined = np.concatenate(kept, axis=1)[:, : round(seconds * layout[1])]
    return RawRecording(joined, layout[1], lost, rejected, overflows, origin)
