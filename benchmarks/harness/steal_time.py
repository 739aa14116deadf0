# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Processor time that the host of a virtual machine gave to others: what a bench cannot know of its own delays."""

from __future__ import annotations

from pathlib import Path

STAT = Path('/proc/stat')
# Fields of its first line (proc_stat(5)): user, nice, system, idle, iowait, irq, softirq, steal; guests are in user.
FIELDS, IDLE, STEAL = 8, (3, 4), 7


class StealTime:
    """Measures from its making on."""

    def __init__(self, stat: Path = STAT) -> None:
        """Read the counters."""
        self._stat = stat
        self._before = self._counters()

    def percent(self) -> float | None:
        """Return which part of what programs wanted of the processors they did not get; None where nothing tells."""
        after = self._counters()
        if not self._before or not after:
            return None
        spent = [late - early for early, late in zip(self._before, after, strict=True)]
        demanded_ticks = sum(spent) - sum(spent[field] for field in IDLE)
        return 100 * spent[STEAL] / demanded_ticks if demanded_ticks else 0.0

    def _counters(self) -> list[int]:
        try:
            name, *values = self._stat.read_text(encoding='ascii').splitlines()[0].split()
        except OSError:
            return []
        return [int(value) for value in values[:FIELDS]] if name == 'cpu' and len(values) >= FIELDS else []
