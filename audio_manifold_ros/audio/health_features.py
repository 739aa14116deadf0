# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Features for microphone health: short frames of raw audio, each reduced to a few numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.channel_relation import RELATED_BAND_HZ, normalize_spectra
from audio_manifold_ros.audio.levels import CLIP_LEVEL, STEP_16_BIT
from audio_manifold_ros.common.array_types import Samples

if TYPE_CHECKING:
    from audio_manifold_ros.rig.rig import MicrophoneArray


FRAME_S = 0.045
EDGES_HZ = (80, 200, 400, 800, 1600, 3200, 6400, 10_000)
# Fraction of half the sample rate that anti-aliasing filters pass unchanged.
USABLE_BANDWIDTH_RATIO = 0.9
# A signal with a smaller range is flat at its extremes because 16 bits have no finer steps.
MIN_PEAK_TO_PEAK = 200 * STEP_16_BIT


@dataclass(frozen=True)
class FrameFeatures:
    """Features of one frame.

    Attributes:
        powers: float64 (mic, band), power in each band of `HealthFeatureExtractor.edges_hz`, gains applied.
        constant: (mic,), all samples are equal.
        full_scale: (mic,), fraction of the samples at full scale.
        flat: (mic,), fraction of the samples at the frame's own largest or smallest value, 0 below `MIN_PEAK_TO_PEAK`.
        low_spectra: (mic, bin), spectra of the band of `channel_relation`, normalised.

    """

    powers: NDArray[np.float64]
    constant: NDArray[np.bool_]
    full_scale: NDArray[np.float64]
    flat: NDArray[np.float64]
    low_spectra: NDArray[np.complexfloating]


class HealthFeatureExtractor:
    """Frames of a stream of raw blocks, at fixed places of its index, for any length of the blocks.

    Attributes:
        edges_hz: Edges of the bands.
        frame_s: Length of a frame.

    """

    def __init__(self, array: MicrophoneArray, sample_rate_hz: int) -> None:
        """Prepare window and bands. All microphones of the array are measured, disabled ones included."""
        self._length = 2 ** round(math.log2(FRAME_S * sample_rate_hz))
        self.frame_s = self._length / sample_rate_hz
        self.edges_hz = tuple(edge for edge in EDGES_HZ if edge <= USABLE_BANDWIDTH_RATIO * sample_rate_hz / 2)
        bins = [round(edge * self._length / sample_rate_hz) for edge in self.edges_hz]
        self._first_bin, self._starts = bins[0], [first - bins[0] for first, _ in pairwise(bins)]
        self._end_bin, self._widths = bins[-1], np.diff(bins)
        low, high = (round(edge * self._length / sample_rate_hz) - bins[0] for edge in RELATED_BAND_HZ)
        self._related = slice(low, high)
        self._window = (np.hanning(self._length + 1)[:-1] / self._length).astype(np.float32)
        self._channels = list(array.device_channels)
        self._gains = np.abs(array.factors.astype(np.float64))[:, None] ** 2
        self._buffered: Samples = np.empty((len(self._channels), 0), dtype=np.float32)
        self._end_sample: int | None = None

    def reset(self) -> None:
        """Drop the incomplete frame."""
        self._end_sample = None

    def push(self, samples: Samples, first_sample: int) -> Iterator[FrameFeatures]:
        """Yield the frames that a block float32 (device channel, n) completes. A jump of the index drops a frame."""
        selected = samples[self._channels]
        if first_sample != self._end_sample:
            skipped = -first_sample % self._length
            selected = selected[:, skipped:]
            self._buffered = self._buffered[:, :0]
        self._end_sample = first_sample + samples.shape[1]
        buffered = np.concatenate([self._buffered, selected], axis=1)
        count = buffered.shape[1] // self._length
        for frame in range(count):
            yield self._measure(buffered[:, frame * self._length : (frame + 1) * self._length])
        self._buffered = buffered[:, count * self._length :]

    def _measure(self, samples: Samples) -> FrameFeatures:
        high, low = samples.max(axis=1, keepdims=True), samples.min(axis=1, keepdims=True)
        flat = ((samples == high) | (samples == low)).mean(axis=1)
        has_min_swing = (high - low)[:, 0] >= MIN_PEAK_TO_PEAK
        spectrum = np.fft.rfft(samples * self._window, axis=1)[:, self._first_bin : self._end_bin]
        power = spectrum.real.astype(np.float64) ** 2 + spectrum.imag.astype(np.float64) ** 2
        return FrameFeatures(
            powers=np.add.reduceat(power, self._starts, axis=1) / self._widths * self._gains,
            constant=(high == low)[:, 0],
            full_scale=(np.abs(samples) >= CLIP_LEVEL).mean(axis=1),
            flat=np.where(has_min_swing, flat, 0.0),
            low_spectra=normalize_spectra(spectrum[:, self._related]),
        )
