# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio of a recording on one sample index: losses stay gaps, and the audio is resampled once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audio_manifold_ros.audio.sample_clock import CLOCK_STEP_NS, SampleClock
from audio_manifold_ros.bags.conversion.resampled_segment import ResampledSegment
from audio_manifold_ros.bags.decoding.audio_chunk import IndexedChunk
from audio_manifold_ros.bags.decoding.sample_timeline import SampleTimeline
from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.units import NS_PER_S

MAX_GAP_S = 86_400
# Short messages are joined before resampling, which has a high cost per call.
MIN_PIECE_S = 1
DRIFT_TOLERANCE = 1e-3

Piece = tuple[NDArray[np.int16], int]


@dataclass
class TrackCounts:
    """Counters of a conversion, in input samples unless stated otherwise.

    Attributes:
        chunks: Number of messages.
        samples: Samples kept.
        lost: Missing samples, by the index.
        lost_inferred: Missing samples, inferred from stamps.
        gaps: Number of places where samples are missing.
        restarts: Number of restarts of the index.
        repeated: Samples that were received before.
        not_finite: Samples of messages with NaN or infinity. They are left out, which makes a gap.
        overflows: Number of messages before which the device reported a loss.

    """

    chunks: int = 0
    samples: int = 0
    lost: int = 0
    lost_inferred: int = 0
    gaps: int = 0
    restarts: int = 0
    repeated: int = 0
    not_finite: int = 0
    overflows: int = 0

    def to_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


class AudioTrack:
    """Joins indexed chunks, in their order, to pieces of one array.

    If the rates are equal and nothing is lost, the array has the samples of the messages under their own index. A jump
    of the index is a loss. An index that restarts is placed by its stamps, after the audio so far.

    Attributes:
        counts: Counters of the conversion.
        timeline: Conversion from time to input index.
        channels: Channels of the audio, 0 before the first chunk.
        input_rate_hz: Rate of the audio, 0 before the first chunk.

    """

    def __init__(self, output_rate_hz: int) -> None:
        """Start an array of a rate."""
        self.counts = TrackCounts()
        self.channels = self.input_rate_hz = 0
        self.timeline: SampleTimeline
        self._output_rate_hz = output_rate_hz
        self._segment: ResampledSegment | None = None
        self._pending: list[NDArray[Any]] = []
        self._pending_samples = 0
        self._next_sample: int | None = None
        self._shift = 0
        self._clock: SampleClock

    def pieces(self, chunks: Iterable[IndexedChunk]) -> Iterator[Piece]:
        """Yield int16 (channel, n) with the output index of the first sample, in order. A jump is a gap.

        Raises:
            BagError: The audio changes its rate or channels, or jumps by more than a day.

        """
        for chunk in chunks:
            yield from self.push(chunk)
        yield from self.finish()

    def push(self, chunk: IndexedChunk) -> Iterator[Piece]:
        """Add the next chunk and yield the pieces that are complete (see `pieces`).

        Raises:
            BagError: The audio changes its rate or channels, or jumps by more than a day.

        """
        self._check(chunk)
        self.counts.chunks += 1
        place = self._place_inferred(chunk) if chunk.inferred else self._place_indexed(chunk)
        yield from self._add(chunk, place)

    def finish(self) -> Iterator[Piece]:
        """Yield the rest after the last chunk (see `pieces`)."""
        yield from self._release()

    def output_sample_at(self, time_ns: int) -> int:
        """Return the output index at a time, inside the audio or not.

        Raises:
            BagError: There is no audio, or its clock went back.

        """
        if self._next_sample is None:
            msg = 'A track without audio has no timeline: add chunks first.'
            raise BagError(msg)
        return round(self.timeline.sample_at(time_ns) * self._output_rate_hz / self.input_rate_hz)

    def description(self) -> Mapping[str, object]:
        """Return the properties of the audio as plain values."""
        late_ms = np.abs(self.timeline.jitter_ns()) / 1e6
        return {
            'input_rate_hz': self.input_rate_hz,
            'channels': self.channels,
            'drift_ppm': round(self.timeline.drift_ppm, 3),
            'stamp_jitter_ms': {f'p{q}': round(float(np.percentile(late_ms, q)), 3) for q in (50, 95)},
            **self.counts.to_dict(),
        }

    def _check(self, chunk: IndexedChunk) -> None:
        if not self.channels:
            self.channels, self.input_rate_hz = chunk.channels, chunk.sample_rate_hz
            self.timeline = SampleTimeline(chunk.sample_rate_hz)
            self._clock = SampleClock(chunk.sample_rate_hz)
        if (chunk.channels, chunk.sample_rate_hz) != (self.channels, self.input_rate_hz):
            msg = (
                f'The audio changes from {self.channels} channels at {self.input_rate_hz} Hz to {chunk.channels} at '
                f'{chunk.sample_rate_hz} Hz after {self.counts.chunks} messages: cut the bag there.'
            )
            raise BagError(msg)

    def _place_inferred(self, chunk: IndexedChunk) -> int:
        """Return the place of a chunk whose index was inferred from stamps."""
        if self._next_sample is not None:
            self.counts.lost_inferred += chunk.first_sample - self._next_sample
        return chunk.first_sample

    def _place_indexed(self, chunk: IndexedChunk) -> int:
        """Return the place of a chunk that carries an index."""
        end = self._next_sample
        place = chunk.first_sample + self._shift
        if end is None or place == end:
            return place
        expected_ns = self._clock.stamp_ns(place)
        far_s = abs(place - end) / self.input_rate_hz
        if abs(chunk.stamp_ns - expected_ns) <= CLOCK_STEP_NS + far_s * DRIFT_TOLERANCE * NS_PER_S:
            self.counts.lost += max(place - end, 0)
            return place
        self.counts.restarts += 1
        place = end + max((chunk.stamp_ns - self._clock.stamp_ns(end)) * self.input_rate_hz // NS_PER_S, 1)
        self.counts.lost_inferred += place - end
        self._shift = place - chunk.first_sample
        return place

    def _add(self, chunk: IndexedChunk, place: int) -> Iterator[Piece]:
        if self._next_sample is not None:
            self._check_leap(place - self._next_sample)
        samples = chunk.samples
        if self._next_sample is not None and place < self._next_sample:
            overlap = min(self._next_sample - place, chunk.length)
            self.counts.repeated += overlap
            place, samples = place + overlap, samples[:, overlap:]
        elif chunk.overflow:
            self.counts.overflows += 1
            # The number of lost samples is unknown. A gap of one sample is enough, because no window may span it.
            if place == self._next_sample:
                place, samples = place + 1, samples[:, 1:]
        if not chunk.is_finite:
            self.counts.not_finite += samples.shape[1]
            return
        if samples.shape[1]:
            behind_ns = (chunk.length - samples.shape[1]) * NS_PER_S // self.input_rate_hz
            yield from self._append(samples, place, chunk.stamp_ns + behind_ns)

    def _append(self, samples: NDArray[Any], place: int, stamp_ns: int) -> Iterator[Piece]:
        if place != self._next_sample:
            self.counts.gaps += self._next_sample is not None
            yield from self._release()
            self._segment = ResampledSegment(place, self.channels, self.input_rate_hz, self._output_rate_hz)
        self._clock.update(place, stamp_ns)
        self.timeline.add(place, stamp_ns, samples.shape[1])
        self.counts.samples += samples.shape[1]
        self._next_sample = place + samples.shape[1]
        self._pending.append(samples)
        self._pending_samples += samples.shape[1]
        if self._pending_samples >= MIN_PIECE_S * self.input_rate_hz:
            yield from self._release()

    def _release(self) -> Iterator[Piece]:
        """Yield the pending samples of the segment."""
        if self._segment is None or not self._pending:
            return
        piece = self._segment.push(np.concatenate(self._pending, axis=1))
        self._pending.clear()
        self._pending_samples = 0
        if piece[0].shape[1]:
            yield piece

    def _check_leap(self, samples: int) -> None:
        if samples > MAX_GAP_S * self.input_rate_hz:
            msg = (
                f'The audio jumps by {samples / self.input_rate_hz:.0f} s after {self.counts.chunks} messages, '
                'by its stamps: check the clock of its source, and cut the bag there.'
            )
            raise BagError(msg)
