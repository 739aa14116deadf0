# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Steal time of a virtual machine: processor time that the host gave to others."""

from __future__ import annotations

from pathlib import Path

STAT = Path('/proc/stat')
# Fields of the first line (proc_stat(5)): user, nice, system, idle, iowait, irq, softirq, steal. User includes guests.
FIELDS, IDLE, STEAL = 8, (3, 4), 7


class StealTime:
    """Meter of steal time since its construction."""

    def __init__(self, stat: Path = STAT) -> None:
        """Read the counters."""
        self._stat = stat
        self._before = self._counters()

    def percent(self) -> float | None:
        """Return the steal time in percent of the requested processor time, None if the system does not report it."""
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
