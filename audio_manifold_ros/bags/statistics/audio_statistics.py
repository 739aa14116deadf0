# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio quality statistics of a recording: lost samples, clock drift of the device, and level of each microphone."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from audio_manifold_ros.audio.dependent_channels import (
    ChannelCovariance,
    DependentChannel,
    find_dependent_channels,
)
from audio_manifold_ros.audio.levels import ChannelLevel, LevelMeter
from audio_manifold_ros.bags.decoding.index_from_stamps import StampIndexer
from audio_manifold_ros.bags.statistics.clock_drift import ClockDrift, ClockDriftEstimator
from audio_manifold_ros.bags.statistics.delivery import AudioChunkLike, Delivery, DeliveryMeter
from audio_manifold_ros.common.array_types import PcmSamples
from audio_manifold_ros.common.pcm16 import int16_to_float


@dataclass(frozen=True)
class MicrophoneSummary:
    """Statistics of one channel over a whole recording.

    Attributes:
        channel: Channel of the device, from 0.
        rms_dbfs: Root mean square level.
        peak_dbfs: Largest magnitude.
        clipped_fraction: Fraction of samples at full scale.
        silent_fraction: Fraction of seconds without a signal. A dead channel has 1.

    """

    channel: int
    rms_dbfs: float
    peak_dbfs: float
    clipped_fraction: float
    silent_fraction: float


@dataclass(frozen=True)
class AudioSummary:
    """Audio statistics of one topic.

    Attributes:
        sample_rate_hz: Sample rate in the messages.
        channels: Number of channels.
        samples: Number of samples received.
        samples_lost: Number of samples missing between the first and the last.
        losses: Number of gaps.
        inferred: Whether losses are inferred from stamps instead of a sample index.
        restarts: Number of restarts of the stream.
        drift: Clock drift of the device. None if the recording is too short.
        delivery: Delivered rate, messages without stamps and alternating sample indices.
        identical: Pairs of channels that always have the same signal.
        microphones: One entry per channel. Empty for less than a second of audio.
        mixed: Channels that are sums of others, without mere copies. Empty for less than a second of audio.

    """

    sample_rate_hz: int
    channels: int
    samples: int
    samples_lost: int
    losses: int
    inferred: bool
    restarts: int
    drift: ClockDrift | None
    delivery: Delivery
    identical: tuple[tuple[int, int], ...]
    microphones: tuple[MicrophoneSummary, ...]
    mixed: tuple[DependentChannel, ...] = ()


class AudioStatistics:
    """Statistics of the audio chunks of one topic, in constant memory."""

    def __init__(self) -> None:
        """Start without audio."""
        self._samples = self._samples_lost = self._losses = self._restarts = 0
        self._inferred = False
        self._rate_hz = 0
        self._next_sample: int | None = None
        self._waiting: deque[tuple[int, int]] = deque()

    def update(self, chunk: AudioChunkLike) -> None:
        """Add the next chunk. A chunk of another rate or number of channels starts a new stream."""
        channels, count = chunk.samples.shape
        if not self._rate_hz:
            self._begin(chunk.sample_rate_hz, channels)
        elif (chunk.sample_rate_hz, channels) != (self._rate_hz, len(self._per_second_levels.power)):
            self._restarts += 1
            self._begin(chunk.sample_rate_hz, channels)
        self._delivery_meter.add(chunk)
        self._inferred |= chunk.inferred or chunk.first_sample is None
        self._samples += count
        self._per_second_levels.update(chunk.samples)
        self._covariance.add(int16_to_float(chunk.samples))
        self._waiting.append((chunk.stamp_ns, count))
        if chunk.first_sample is not None:
            self._add_index(chunk.first_sample)
            return
        for first_sample in self._indexer.place(chunk.stamp_ns, count):
            self._add_index(first_sample)

    def levels(self) -> tuple[ChannelLevel, ...]:
        """Return the levels of the newest second."""
        return self._per_second_levels.meter.snapshot() if self._rate_hz else ()

    @property
    def samples(self) -> int:
        """Number of samples received."""
        return self._samples

    @property
    def samples_lost(self) -> int:
        """Number of lost samples so far."""
        return self._samples_lost

    @property
    def sample_rate_hz(self) -> int:
        """Sample rate in the messages. 0 before the first message."""
        return self._rate_hz

    def summary(self) -> AudioSummary | None:
        """Return the statistics so far, None without audio.

        A loss that is inferred from stamps is counted a quarter of a second after it.
        """
        if not self._rate_hz:
            return None
        return AudioSummary(
            sample_rate_hz=self._rate_hz,
            channels=len(self._per_second_levels.power),
            samples=self._samples,
            samples_lost=self._samples_lost,
            losses=self._losses,
            inferred=self._inferred,
            restarts=self._restarts,
            drift=self._drift_estimator.drift(),
            delivery=self._delivery_meter.delivery(),
            identical=self._per_second_levels.identical(),
            microphones=self._per_second_levels.microphones(),
            mixed=self._mixed_channels(),
        )

    def _mixed_channels(self) -> tuple[DependentChannel, ...]:
        if self._covariance.samples < self._rate_hz:
            return ()
        found = find_dependent_channels(self._covariance.matrix())
        return tuple(channel for channel in found if not channel.is_copy)

    def _begin(self, rate_hz: int, channels: int) -> None:
        self._rate_hz = rate_hz
        self._next_sample = None
        self._waiting.clear()
        self._indexer = StampIndexer(rate_hz)
        self._delivery_meter = DeliveryMeter(rate_hz)
        self._drift_estimator = ClockDriftEstimator(rate_hz)
        self._per_second_levels = _PerSecondLevels(channels, rate_hz)
        self._covariance = ChannelCovariance(channels)

    def _add_index(self, first_sample: int) -> None:
        """Add the index of the oldest chunk without one, and count what is missing before it."""
        stamp_ns, count = self._waiting.popleft()
        jump = 0 if self._next_sample is None else first_sample - self._next_sample
        if jump < 0:
            self._restarts += 1
        elif jump > 0:
            self._samples_lost += jump
            self._losses += 1
        self._drift_estimator.add(first_sample, stamp_ns)
        self._next_sample = first_sample + count


class _PerSecondLevels:
    """Level statistics, computed per second."""

    def __init__(self, channels: int, rate_hz: int) -> None:
        self.meter = LevelMeter(channels, rate_hz)
        self.power = np.zeros(channels)
        self._rate_hz = rate_hz
        self._count = self._samples = 0
        self._peak_dbfs = np.full(channels, -np.inf)
        self._clipped, self._silent = np.zeros(channels), np.zeros(channels)
        self._identical_pairs: set[tuple[int, int]] | None = None

    def update(self, samples: PcmSamples) -> None:
        self.meter.update(int16_to_float(samples))
        self._samples += samples.shape[1]
        if self._samples >= self._rate_hz:
            self._samples -= self._rate_hz
            self._add_second(self.meter.snapshot(), samples)

    def microphones(self) -> tuple[MicrophoneSummary, ...]:
        if not self._count:
            return ()
        mean = self.power / self._count
        return tuple(
            MicrophoneSummary(
                channel,
                10 * math.log10(max(mean[channel], 1e-12)),
                float(self._peak_dbfs[channel]),
                float(self._clipped[channel] / self._count),
                float(self._silent[channel] / self._count),
            )
            for channel in range(len(mean))
        )

    def identical(self) -> tuple[tuple[int, int], ...]:
        return tuple(sorted(self._identical_pairs or ()))

    def _add_second(self, levels: tuple[ChannelLevel, ...], samples: PcmSamples) -> None:
        self._count += 1
        self.power += [10 ** (level.rms_dbfs / 10) for level in levels]
        self._peak_dbfs = np.maximum(self._peak_dbfs, [level.peak_dbfs for level in levels])
        self._clipped += [level.clipped_fraction for level in levels]
        self._silent += [level.silent for level in levels]
        active = [channel for channel, level in enumerate(levels) if not level.silent]
        identical_pairs = {(a, b) for a, b in combinations(active, 2) if np.array_equal(samples[a], samples[b])}
        self._identical_pairs = (
            identical_pairs if self._identical_pairs is None else self._identical_pairs & identical_pairs
        )
