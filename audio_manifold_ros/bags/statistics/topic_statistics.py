# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Statistics of a recorded topic: rate, gaps, jitter, age of the stamps, and losses."""

from __future__ import annotations

from dataclasses import dataclass

from audio_manifold_ros.bags.statistics.audio_statistics import AudioStatistics, AudioSummary
from audio_manifold_ros.bags.statistics.delivery import AudioChunkLike
from audio_manifold_ros.bags.statistics.interval_histogram import IntervalHistogram
from audio_manifold_ros.common.units import NS_PER_S


@dataclass(frozen=True)
class TopicSummary:
    """Statistics of one topic.

    Attributes:
        topic: Name.
        type: Message type, for example `sensor_msgs/msg/Image`.
        count: Number of messages.
        bytes: Serialised size of all messages.
        first_ns: Bag time of the first message.
        last_ns: Bag time of the last message.
        rate_hz: Messages per second of bag time.
        period_ms: Median interval. This and the next four use stamps if there are any, otherwise bag time.
        jitter_ms: Deviation from the median that 95 % of the intervals do not exceed.
        gaps: Number of intervals that are too long for the series.
        missing: Estimated number of messages missing in the gaps.
        longest_s: Longest interval.
        stamped: Whether the messages have a header.
        unstamped: Number of messages with a header whose stamp is 0.
        backwards: Number of stamps before the previous one.
        age_ms: Median of bag time minus stamp, None without stamps.
        age_spread_ms: Deviation from that median that 95 % of the messages do not exceed.
        lost: Number of messages that the transport reported as lost.
        dropped: Number of messages that the recorder received and could not write.
        unreadable: Number of invalid audio messages.
        audio: Audio statistics, None for other topics.

    """

    topic: str
    type: str
    count: int
    bytes: int
    first_ns: int
    last_ns: int
    rate_hz: float
    period_ms: float
    jitter_ms: float
    gaps: int
    missing: int
    longest_s: float
    stamped: bool
    unstamped: int
    backwards: int
    age_ms: float | None
    age_spread_ms: float | None
    lost: int
    dropped: int
    unreadable: int
    audio: AudioSummary | None


class TopicStatistics:
    """Statistics of the messages of one topic, in constant memory.

    Attributes:
        topic: Name.
        type: Message type.
        count: Number of messages so far.
        bytes: Serialised size of all messages.
        lost: Number of messages that the transport reported as lost. The caller counts them.
        dropped: Number of messages received and not written. The caller counts them.
        unreadable: Number of invalid audio messages. The caller counts them.
        audio: Audio statistics. Empty until the first `update_audio`.

    """

    def __init__(self, topic: str, kind: str) -> None:
        """Start without messages.

        Args:
            topic: Name.
            kind: Message type.

        """
        self.topic = topic
        self.type = kind
        self.count = self.bytes = self.lost = self.dropped = self.unreadable = 0
        self.audio = AudioStatistics()
        self._intervals, self._ages = IntervalHistogram(), IntervalHistogram()
        self._future_ages = IntervalHistogram()
        self._first_ns = self._last_ns = 0
        self._last_mark_ns = 0
        self._stamped = False
        self._unstamped = 0
        self._backwards = 0

    def update(self, time_ns: int, stamp_ns: int | None, size_bytes: int, *, has_header: bool = False) -> None:
        """Add a message.

        Args:
            time_ns: Bag time (time of arrival).
            stamp_ns: Header stamp, or None.
            size_bytes: Serialised size.
            has_header: Whether the message type has a stamp.

        """
        self._unstamped += has_header and stamp_ns is None
        mark_ns = time_ns if stamp_ns is None else stamp_ns
        if not self.count:
            self._first_ns = time_ns
        elif mark_ns < self._last_mark_ns:
            self._backwards += 1
        else:
            self._intervals.add(mark_ns - self._last_mark_ns)
        if stamp_ns is not None:
            self._stamped = True
            (self._ages if time_ns >= stamp_ns else self._future_ages).add(abs(time_ns - stamp_ns))
        self._last_ns, self._last_mark_ns = time_ns, mark_ns
        self.count += 1
        self.bytes += size_bytes

    def update_audio(self, chunk: AudioChunkLike) -> None:
        """Add the audio of the message of the last `update`."""
        self.audio.update(chunk)

    @property
    def age_ms(self) -> float | None:
        """Median of bag time minus stamp. Negative for stamps in the future, None without stamps."""
        if not self._stamped:
            return None
        from_future = self._future_ages.count > self._ages.count
        return (-self._future_ages.median_ns() if from_future else self._ages.median_ns()) / 1e6

    def summary(self) -> TopicSummary:
        """Return the statistics so far."""
        intervals = self._intervals
        gaps, missing = intervals.gaps()
        span_ns = self._last_ns - self._first_ns
        return TopicSummary(
            topic=self.topic,
            type=self.type,
            count=self.count,
            bytes=self.bytes,
            first_ns=self._first_ns,
            last_ns=self._last_ns,
            rate_hz=(self.count - 1) * NS_PER_S / span_ns if span_ns > 0 else 0.0,
            period_ms=intervals.median_ns() / 1e6,
            jitter_ms=intervals.deviation_ns(0.95) / 1e6,
            gaps=gaps,
            missing=missing,
            longest_s=intervals.max_ns / NS_PER_S,
            stamped=self._stamped,
            unstamped=self._unstamped,
            backwards=self._backwards,
            age_ms=self.age_ms,
            age_spread_ms=self._ages.deviation_ns(0.95) / 1e6 if self._stamped else None,
            lost=self.lost,
            dropped=self.dropped,
            unreadable=self.unreadable,
            audio=self.audio.summary(),
        )
