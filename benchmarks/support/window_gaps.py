# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Gaps between the predicted windows of a run, compared with the pauses of the processors in the same time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from audio_manifold_ros.common.units import NS_PER_S
from benchmarks.harness.figure import Figure, not_measured
from benchmarks.harness.processor_pauses import Pause
from benchmarks.support.subscriber import ImageTimes

# Distance of two windows, in periods, from which on one of them was late, or one between them dropped.
MIN_GAP_PERIODS = 1.5
# Length of the pauses, in periods, that counts as long. A window of models/street at 45 Hz is late if its prediction is
# delayed by the rest of a hop, 8 to 9 ms. The watchers measure each pause up to 2 ms too short.
LONG_PAUSE_PERIODS = 1 / 3

# First and last time, in ns of the system clock.
Interval = tuple[int, int]


def pause_figures(
    what: str, rate_hz: float, images: Sequence[ImageTimes], pauses: Sequence[Pause] | None
) -> list[Figure]:
    """Return the pauses of a run, its gaps between windows, and how many of them had pauses.

    The share of the other windows with as long pauses is the share that chance explains.

    Args:
        what: Description of the run.
        rate_hz: Requested rate.
        images: Times of the received images, in order.
        pauses: Pauses of the processors, None if they were not measured.

    """
    name = f'{what}: pauses of a processor by the host of a third of a period or longer'
    if pauses is None:
        return [not_measured(name, 'pauses', 'this user may not give a process real-time priority')]
    gaps, others = divide_intervals(images, rate_hz)
    long_ns = LONG_PAUSE_PERIODS * NS_PER_S / rate_hz
    paused_gaps, paused_others = (
        sum(paused_ns >= long_ns for paused_ns in _paused_ns(intervals, pauses)) for intervals in (gaps, others)
    )
    return [
        Figure(name, sum(pause.length_ns >= long_ns for pause in pauses), 'pauses'),
        Figure(f'{what}: longest pause', max((pause.length_ns for pause in pauses), default=0) / 1e6, 'ms'),
        Figure(f'{what}: windows more than {MIN_GAP_PERIODS:g} periods after the one before', len(gaps), 'windows'),
        Figure(f'{what}: such windows without a third of a period of pauses', len(gaps) - paused_gaps, 'windows'),
        Figure(
            f'{what}: other windows with a third of a period of pauses',
            100 * paused_others / len(others) if others else 0.0,
            '%',
        ),
    ]


def divide_intervals(images: Sequence[ImageTimes], rate_hz: float) -> tuple[list[Interval], list[Interval]]:
    """Return the intervals in which a window was late or dropped, and the other ones.

    An interval begins with the newest sample of a window and ends with the arrival of the next image.
    """
    gaps: list[Interval] = []
    others: list[Interval] = []
    for before, after in pairwise(images):
        is_gap = after.newest_ns - before.newest_ns >= MIN_GAP_PERIODS * NS_PER_S / rate_hz
        (gaps if is_gap else others).append((before.newest_ns, after.arrived_ns))
    return gaps, others


def _paused_ns(intervals: Iterable[Interval], pauses: Iterable[Pause]) -> list[int]:
    """Return the length of the pauses of all processors within each interval."""
    ordered = sorted(pauses, key=lambda pause: pause.end_ns)
    ends_ns = [pause.end_ns for pause in ordered]
    longest_ns = max((pause.length_ns for pause in ordered), default=0)
    # Half an hour has 81,000 intervals and may have 100,000 pauses.
    return [
        sum(
            pause.within_ns(first_ns, last_ns)
            for pause in ordered[bisect_left(ends_ns, first_ns) : bisect_right(ends_ns, last_ns + longest_ns)]
        )
        for first_ns, last_ns in intervals
    ]
