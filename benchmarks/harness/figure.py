# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One measured number beside what it is measured against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A number, its alternative of the same run, and what was asked for.

    Attributes:
        what: What was measured, in words.
        value: The measurement; None where it could not be made, for the reason that stands as the alternative.
        unit: Its unit.
        alternative: What it is compared with, in words; empty where there is no alternative.
        alternative_value: The alternative's measurement, in the same unit.
        ratio: How many times better than the alternative.
        target: What was asked for, in words; empty where nothing was.
        met: Whether the target is met.
        p95: 95th percentile, where the value is a median and its spread matters.
        p99: 99th percentile likewise.

    """

    what: str
    value: float | None
    unit: str
    alternative: str = ''
    alternative_value: float | None = None
    ratio: float | None = None
    target: str = ''
    met: bool | None = None
    p95: float | None = None
    p99: float | None = None


def cheaper(what: str, cost_s: float, alternative: str, alternative_s: float, minimum: float | None = None) -> Figure:
    """Return how many times cheaper something is than its alternative, and whether that is at least `minimum`."""
    ratio = alternative_s / cost_s
    target = '' if minimum is None else f'at least {minimum:g}×'
    met = None if minimum is None else ratio >= minimum
    return Figure(what, cost_s * 1e3, 'ms', alternative, alternative_s * 1e3, ratio, target, met)


def faster(
    what: str, rate: float, unit: str, alternative: str, alternative_rate: float, minimum: float | None = None
) -> Figure:
    """Return how many times more of something a second brings than its alternative, and whether at least `minimum`."""
    ratio = rate / alternative_rate
    target = '' if minimum is None else f'at least {minimum:g}×'
    met = None if minimum is None else ratio >= minimum
    return Figure(what, rate, unit, alternative, alternative_rate, ratio, target, met)


def not_measured(what: str, unit: str, reason: str, target: str = '') -> Figure:
    """Return a figure that this machine does not give."""
    return Figure(what, None, unit, f'not measured: {reason}', target=target)


def at_least(what: str, value: float, unit: str, minimum: float) -> Figure:
    """Return a figure that should not be below `minimum`."""
    return Figure(what, value, unit, target=f'at least {minimum:g}', met=value >= minimum)


def at_most(what: str, value: float, unit: str, maximum: float) -> Figure:
    """Return a figure that should not be above `maximum`."""
    return Figure(what, value, unit, target=f'at most {maximum:g}', met=value <= maximum)
