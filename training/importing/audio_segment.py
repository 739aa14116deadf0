# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A recording without losses on its way into a drive, at the rate of the dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.bags.conversion.resampled_segment import ResampledSegment
from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.datasets.drive_writer import DriveWriter


def write_audio(
    blocks: Iterable[NDArray[np.float32]], rates_hz: tuple[int, int], channels: int, begin: Callable[[int], DriveWriter]
) -> tuple[DriveWriter, tuple[int, int]]:
    """Write all audio into a new drive, which is discarded if that fails.

    Args:
        blocks: float32 (channel, sample), full scale ±1, in order, the first from sample 0.
        rates_hz: Their rate, and that of the drive.
        channels: How many there are.
        begin: Creates the drive, told the index of its first sample: a resampler leaves out the first milliseconds.

    Returns:
        The open drive, and the index of its first sample and one past its last.

    Raises:
        TrainingError: There is too little sound for a drive, or it cannot be read.
        DatasetError: The drive cannot be written.
        AudioError: The ratio of the rates has no short form.

    """
    run = ResampledSegment(0, channels, *rates_hz)
    writer: DriveWriter | None = None
    span = (0, 0)
    try:
        for block in blocks:
            samples, first = run.push(block)
            if writer is None and samples.shape[1]:
                writer = begin(first)
                span = (first, first)
            if writer is not None:
                writer.add_audio(samples, first)
                span = (span[0], first + samples.shape[1])
    except BaseException:
        if writer is not None:
            writer.discard()
        raise
    if writer is None:
        msg = 'There is too little sound for a drive, a few milliseconds at most: copy the files again.'
        raise TrainingError(msg)
    return writer, span
