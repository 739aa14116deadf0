# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Times of the images of a folder, from the names of the files or from a CSV file, in whole nanoseconds."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from audio_manifold_ros.common.errors import TrainingError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.common.untrusted_text import read_limited_text, shorten

# Nanoseconds of one unit. `frames` needs a frame rate.
UNITS: Mapping[str, int] = {'s': NS_PER_S, 'ms': 1_000_000, 'us': 1_000, 'ns': 1}
FRAMES = 'frames'
NAME_COLUMN = 'name'
LAST_NUMBER = re.compile(r'(\d+(?:\.\d+)?)\D*$')
MAX_DIGITS = 30
MAX_STAMP_NS = (1 << 63) - 1
MAX_CSV_BYTES = 64 << 20
HEADER = f'{NAME_COLUMN},time_s (or time_ms, time_us, time_ns)'


@dataclass(frozen=True)
class TimeRule:
    """Meaning of the numbers in file names.

    Attributes:
        unit: A key of `UNITS`, or `frames`.
        frame_rate_hz: Images per second, for `frames`.

    """

    unit: str = 's'
    frame_rate_hz: float = 0.0

    def from_name(self, name: str) -> int | None:
        """Return the time in ns that a base name states with its last number, or None without such a number."""
        match = LAST_NUMBER.search(name)
        if match is None or len(match[1]) > MAX_DIGITS:
            return None
        ns_per_unit = Decimal(NS_PER_S) / Decimal(self.frame_rate_hz) if self.unit == FRAMES else UNITS[self.unit]
        return _in_range(Decimal(match[1]) * ns_per_unit)


def read_times(path: Path) -> dict[str, int]:
    """Return the time in ns by name from a CSV file with the header `name,time_s` (or time_ms, time_us, time_ns).

    Raises:
        TrainingError: The file cannot be read, has other columns, a repeated name, or a value that is not a time.

    """
    try:
        rows = list(csv.reader(read_limited_text(path, MAX_CSV_BYTES).removeprefix('\ufeff').splitlines()))
    except (ValueError, csv.Error) as error:
        msg = f'Cannot read the times {str(path)!r}: {error}. Give a CSV file in UTF-8 with the header {HEADER}.'
        raise TrainingError(msg) from None
    header = [cell.strip() for cell in rows[0]] if rows else []
    units = [unit for unit in UNITS if f'time_{unit}' in header]
    if NAME_COLUMN not in header or len(units) != 1:
        msg = f'{str(path)!r} has the columns {shorten(header)}: give the header {HEADER}.'
        raise TrainingError(msg)
    name_at, time_at = header.index(NAME_COLUMN), header.index(f'time_{units[0]}')
    times: dict[str, int] = {}
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        name = _base_name(row[name_at]) if len(row) > max(name_at, time_at) else ''
        stamp_ns = _parse(row[time_at], UNITS[units[0]]) if name else None
        if stamp_ns is None or name in times:
            reason = f'{name!r} again' if name in times else 'no name and time'
            msg = f'{str(path)!r}, line {number}: {reason} in {shorten(row)}: give each file once, with its time.'
            raise TrainingError(msg)
        times[name] = stamp_ns
    return times


def image_times(names: Iterable[str], listed: Mapping[str, int], rule: TimeRule) -> dict[str, int | None]:
    """Return the time of each image in ns: from the list if it names any image, otherwise from its name."""
    known = list(names)
    if any(name in listed for name in known):
        return {name: listed.get(name) for name in known}
    return {name: rule.from_name(name) for name in known}


def _base_name(text: str) -> str:
    """Return the base name of a file. `0001.500` has no ending, `0001.500.png` and `depth/0001.500.png` have one."""
    name = text.strip().replace('\\', '/').rpartition('/')[2]
    stem, _, ending = name.rpartition('.')
    return stem if stem and ending.lower() in {'png', 'wav', 'wave', 'w64', 'rf64', 'flac'} else name


def _parse(text: str, ns_per_unit: int) -> int | None:
    try:
        value = Decimal(text.strip()) if len(text) <= 2 * MAX_DIGITS else None
    except InvalidOperation:
        return None
    # A large exponent would make a number of gigabytes.
    if value is None or not value.is_finite() or value.adjusted() > MAX_DIGITS:
        return None
    return _in_range(value * ns_per_unit)


def _in_range(value_ns: Decimal) -> int | None:
    return int(value_ns.to_integral_value()) if abs(value_ns) <= MAX_STAMP_NS else None
