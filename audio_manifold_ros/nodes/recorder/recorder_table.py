# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Progress of a recording: a table for the terminal, or a line for the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table

from audio_manifold_ros.bags.statistics.record_report import CLIPPED_FRACTION
from audio_manifold_ros.drawing.level_bar import level_bar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from audio_manifold_ros.bags.statistics.topic_statistics import TopicStatistics


@dataclass(frozen=True)
class RecorderProgress:
    """Snapshot of a recording.

    Attributes:
        title: Folder of the bag.
        elapsed_s: Seconds since the start.
        free_bytes: Free space on the disk.
        queued_bytes: Bytes waiting to be written.
        topics: Statistics of the received messages by topic.
        rates: Recent messages and bytes per second by topic.
        device: Status message of the captured device; empty without one.

    """

    title: str
    elapsed_s: float
    free_bytes: int
    queued_bytes: int
    topics: Mapping[str, TopicStatistics]
    rates: Mapping[str, tuple[float, float]]
    device: str

    @property
    def bytes_per_s(self) -> float:
        """Bytes per second of all topics."""
        return sum(rate for _, rate in self.rates.values())

    def table(self) -> Group:
        """Return rates, losses, levels and disk space as tables."""
        table = Table(
            title=f'{self.title}   {self._clock()}', title_justify='left', caption_justify='left', min_width=90
        )
        table.add_column('topic', no_wrap=True)
        for name in ('messages', 'Hz', 'MB/s', 'age ms', 'lost', 'dropped', 'samples lost'):
            table.add_column(name, justify='right')
        for name, topic in sorted(self.topics.items()):
            hz, rate = self.rates.get(name, (0.0, 0.0))
            age = '' if topic.age_ms is None else f'{topic.age_ms:.0f}'
            losses = (str(topic.lost), str(topic.dropped), str(topic.audio.samples_lost) if topic.audio.samples else '')
            has_losses = topic.lost or topic.dropped or topic.audio.samples_lost
            style = 'red' if has_losses else 'dim' if not hz else ''
            table.add_row(name, str(topic.count), f'{hz:.1f}', f'{rate / 1e6:.2f}', age, *losses, style=style)
        table.caption = self._disk()
        return Group(table, *self._levels())

    def line(self) -> str:
        """Return a summary in one line."""
        lost = sum(topic.lost + topic.dropped for topic in self.topics.values())
        samples = sum(topic.audio.samples_lost for topic in self.topics.values())
        count = sum(topic.count for topic in self.topics.values())
        return f'{self._clock()}: {count} messages, {lost} lost, {samples} samples lost. {self._disk()}'

    def _clock(self) -> str:
        return f'{int(self.elapsed_s) // 60:02d}:{int(self.elapsed_s) % 60:02d}'

    def _disk(self) -> str:
        remaining_min = self.free_bytes / max(self.bytes_per_s, 1.0) / 60
        remaining = f'{remaining_min:.0f} min left' if remaining_min < 10_000 else 'more than 10,000 min left'
        queued = f', {self.queued_bytes / 1e6:.0f} MB waiting' if self.queued_bytes > 10**7 else ''
        device = f' {self.device}' if self.device else ''
        disk = f'{self.free_bytes / 1e9:.1f} GB free, {self.bytes_per_s / 1e6:.1f} MB/s, {remaining}{queued}'
        return f'Disk: {disk}.{device}'

    def _levels(self) -> list[Table]:
        tables = []
        for name, topic in sorted(self.topics.items()):
            levels = topic.audio.levels()
            if levels:
                table = Table(title=name, title_justify='left', show_header=False, box=None)
                for channel, level in enumerate(levels):
                    bar = level_bar(level.rms_dbfs, clipped=level.clipped_fraction > CLIPPED_FRACTION)
                    table.add_row(f'{channel}', bar, 'DEAD' if level.silent else '')
                tables.append(table)
        return tables


class RateMeter:
    """Rates of messages and bytes since the last update."""

    def __init__(self) -> None:
        """Start at zero."""
        self._previous: dict[str, tuple[int, int]] = {}
        self._previous_s = 0.0

    def update(self, statistics: Mapping[str, TopicStatistics], elapsed_s: float) -> dict[str, tuple[float, float]]:
        """Return messages and bytes per second of each topic since the last call."""
        seconds = max(elapsed_s - self._previous_s, 1e-3)
        now = {name: (found.count, found.bytes) for name, found in statistics.items()}
        rates = {}
        for name, (count, size) in now.items():
            previous_count, previous_size = self._previous.get(name, (0, 0))
            rates[name] = ((count - previous_count) / seconds, (size - previous_size) / seconds)
        self._previous, self._previous_s = now, elapsed_s
        return rates
