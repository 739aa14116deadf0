# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Delivery of an audio stream: sample rate, messages without stamps, alternating sample indices, and peak."""

from __future__ import annotations

import statistics
from array import array
from collections import deque
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from audio_manifold_ros.common.array_types import PcmSamples
from audio_manifold_ros.common.units import NS_PER_S

WINDOW_NS = NS_PER_S
MIN_WINDOWS = 3
REMEMBERED_ENDS = 8
# Lower bounds of the error of the rate in one window: stamps of a sample clock, and stamps at the arrival of a message.
INDEXED_ERROR, INFERRED_ERROR = 1e-3, 1e-2
NORMAL_MAD = 1.4826


class AudioChunkLike(Protocol):
    """Audio of one message of any type."""

    @property
    def samples(self) -> PcmSamples:
        """int16 or float32 (channel, sample)."""

    @property
    def first_sample(self) -> int | None:
        """Index of the first sample. None if the message type has no sample index."""

    @property
    def sample_rate_hz(self) -> int:
        """Samples per second of one channel."""

    @property
    def stamp_ns(self) -> int:
        """Instant of the first sample."""

    @property
    def inferred(self) -> bool:
        """True if the index was inferred from stamps."""


@dataclass(frozen=True)
class Delivery:
    """Delivery of an audio stream.

    Attributes:
        messages: Number of messages.
        unstamped: Number of messages whose stamp is 0.
        alternating: Number of messages that continue another sample index than the message before.
        delivered_hz: Delivered samples per second of the stamps. None if the stream is too short.
        error_hz: Standard error of `delivered_hz`.
        peak: Largest magnitude of floating-point samples, full scale 1. Integers cannot exceed it and count as 0.

    """

    messages: int
    unstamped: int
    alternating: int
    delivered_hz: float | None
    error_hz: float
    peak: float = 0.0


class DeliveryMeter:
    """Measures the delivery of one stream, message by message.

    The delivered rate is the median over windows of one second. A lost message, a step of the clock or a restart
    changes one window only.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        """Start without messages."""
        self._rate_hz = sample_rate_hz
        self._messages = self._unstamped = self._alternating = 0
        self._ends: deque[int] = deque(maxlen=REMEMBERED_ENDS)
        self._received = 0
        self._peak = 0.0
        self._inferred = False
        self._window: tuple[int, int] | None = None
        self._rates_hz = array('d')

    def add(self, chunk: AudioChunkLike) -> None:
        """Add the next message."""
        self._messages += 1
        has_index = chunk.first_sample is not None and not chunk.inferred
        self._inferred |= not has_index
        index = chunk.first_sample if has_index and chunk.first_sample is not None else self._received
        self._received += chunk.samples.shape[1]
        if chunk.samples.dtype.kind == 'f':
            # NaN compares as False. Samples that are not finite are counted elsewhere.
            self._peak = max(self._peak, float(np.max(np.abs(chunk.samples), initial=0.0)))
        if has_index:
            self._alternating += bool(self._ends) and index != self._ends[-1] and index in self._ends
            self._ends.append(index + chunk.samples.shape[1])
        if chunk.stamp_ns <= 0:
            self._unstamped += 1
            return
        self._measure(index, chunk.stamp_ns)

    def delivery(self) -> Delivery:
        """Return the delivery so far."""
        count = len(self._rates_hz)
        if count < MIN_WINDOWS:
            return Delivery(self._messages, self._unstamped, self._alternating, None, 0.0, self._peak)
        median_hz = statistics.median(self._rates_hz)
        deviation_hz = NORMAL_MAD * statistics.median(abs(rate_hz - median_hz) for rate_hz in self._rates_hz)
        least_hz = (INFERRED_ERROR if self._inferred else INDEXED_ERROR) * self._rate_hz
        error_hz = max(deviation_hz, least_hz) / count**0.5
        return Delivery(self._messages, self._unstamped, self._alternating, median_hz, error_hz, self._peak)

    def _measure(self, index: int, stamp_ns: int) -> None:
        if self._window is None:
            self._window = (index, stamp_ns)
            return
        first, first_ns = self._window
        span_ns = stamp_ns - first_ns
        if index <= first or span_ns <= 0:
            self._window = (index, stamp_ns)
        elif span_ns >= WINDOW_NS:
            self._rates_hz.append((index - first) * NS_PER_S / span_ns)
            self._window = (index, stamp_ns)
