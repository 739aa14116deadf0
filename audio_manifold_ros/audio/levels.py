# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Level of each microphone: RMS, peak, clipping and silence over the last second."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.common.array_types import FloatArray, Samples
from audio_manifold_ros.common.errors import AudioError
from audio_manifold_ros.common.pcm16 import MAX_STEP, STEPS_PER_UNIT

FLOOR_DBFS = -120.0
CLIP_LEVEL = MAX_STEP / STEPS_PER_UNIT
STEP_16_BIT = 1 / STEPS_PER_UNIT


@dataclass(frozen=True)
class ChannelLevel:
    """Level of one microphone over the last second.

    Attributes:
        rms_dbfs: Root mean square without the mean. A full-scale square wave is 0.
        peak_dbfs: Largest magnitude.
        clipped_fraction: Fraction of the samples at full scale.
        silent: The signal varies by less than one 16-bit step: a dead channel.

    """

    rms_dbfs: float
    peak_dbfs: float
    clipped_fraction: float
    silent: bool


@dataclass(frozen=True)
class _BlockSums:
    samples: int
    total: FloatArray
    squares: FloatArray
    peak: FloatArray
    clipped: NDArray[np.int64]


class LevelMeter:
    """Running levels over the newest second, or up to one block longer."""

    def __init__(self, channels: int, sample_rate_hz: int) -> None:
        """Start without samples."""
        self._channels = channels
        self._span_samples = sample_rate_hz
        self._blocks: deque[_BlockSums] = deque()
        self._samples = 0

    def update(self, samples: Samples) -> None:
        """Add a block, float32 (mic, n).

        Raises:
            AudioError: The block has another number of channels.

        """
        if samples.shape[0] != self._channels:
            msg = f'Level meter: a block has {samples.shape[0]!r} channels: make a meter for that many.'
            raise AudioError(msg)
        samples = samples[:, -self._span_samples :]
        if not samples.shape[1]:
            return
        magnitudes = np.abs(samples)
        block = _BlockSums(
            samples.shape[1],
            samples.sum(axis=1, dtype=np.float64),
            np.einsum('ms,ms->m', samples, samples, dtype=np.float64),
            magnitudes.max(axis=1).astype(np.float64),
            (magnitudes >= CLIP_LEVEL).sum(axis=1),
        )
        self._blocks.append(block)
        self._samples += block.samples
        while self._samples - self._blocks[0].samples >= self._span_samples:
            self._samples -= self._blocks.popleft().samples

    def snapshot(self) -> tuple[ChannelLevel, ...]:
        """Return the level of each microphone, empty before the first sample."""
        blocks = tuple(self._blocks)
        if not blocks:
            return ()
        count = sum(block.samples for block in blocks)
        mean = np.sum([block.total for block in blocks], axis=0) / count
        square = np.sum([block.squares for block in blocks], axis=0) / count
        rms = np.sqrt(np.maximum(square - mean**2, 0.0))
        peak = np.max([block.peak for block in blocks], axis=0)
        clipped = np.sum([block.clipped for block in blocks], axis=0) / count
        return tuple(
            ChannelLevel(_dbfs(rms[mic]), _dbfs(peak[mic]), float(clipped[mic]), bool(rms[mic] < STEP_16_BIT))
            for mic in range(len(rms))
        )


def _dbfs(amplitude: float) -> float:
    return 20 * math.log10(max(amplitude, 10 ** (FLOOR_DBFS / 20)))
