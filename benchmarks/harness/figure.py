# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A measured number with its baseline and its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict


@dataclass(frozen=True)
class Figure:
    """A measurement, its alternative from the same run, and its target.

    Attributes:
        what: Name of the measurement.
        value: The measurement; None if it could not be made. `alternative` then holds the reason.
        unit: Its unit.
        alternative: Name of the alternative; empty if there is none.
        alternative_value: Measurement of the alternative, in the same unit.
        ratio: Improvement factor over the alternative.
        target: The target; empty if there is none.
        met: Whether the target is met.
        p95: 95th percentile, if the value is a median and its spread matters.
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


class FigureValues(TypedDict, total=False):
    """A `Figure` in the stored results."""

    what: str
    value: float | None
    unit: str
    alternative: str
    alternative_value: float | None
    ratio: float | None
    target: str
    met: bool | None
    p95: float | None
    p99: float | None


class Machine(TypedDict):
    """Description of a machine in the stored results."""

    processor: str
    cores: int
    memory_gib: float
    system: str
    python: str
    packages: dict[str, str]


class BenchResult(TypedDict, total=False):
    """Result of a bench in the stored results."""

    title: str
    measured_at: str
    cores: int
    machine: Machine
    stolen_percent: float | None
    figures: list[FigureValues]


Results = dict[str, BenchResult]


def cheaper(what: str, cost_s: float, alternative: str, alternative_s: float, minimum: float | None = None) -> Figure:
    """Return a figure of a cost relative to that of the alternative, with the target `minimum`."""
    ratio = alternative_s / cost_s
    target = '' if minimum is None else f'at least {minimum:g}×'
    met = None if minimum is None else ratio >= minimum
    return Figure(what, cost_s * 1e3, 'ms', alternative, alternative_s * 1e3, ratio, target, met)


def faster(
    what: str, rate: float, unit: str, alternative: str, alternative_rate: float, minimum: float | None = None
) -> Figure:
    """Return a figure of a rate relative to that of the alternative, with the target `minimum`."""
    ratio = rate / alternative_rate
    target = '' if minimum is None else f'at least {minimum:g}×'
    met = None if minimum is None else ratio >= minimum
    return Figure(what, rate, unit, alternative, alternative_rate, ratio, target, met)


def not_measured(what: str, unit: str, reason: str, target: str = '') -> Figure:
    """Return a figure that cannot be measured on this machine."""
    return Figure(what, None, unit, f'not measured: {reason}', target=target)


def at_least(what: str, value: float, unit: str, minimum: float) -> Figure:
    """Return a figure that should not be below `minimum`."""
    return Figure(what, value, unit, target=f'at least {minimum:g}', met=value >= minimum)


def at_most(what: str, value: float, unit: str, maximum: float) -> Figure:
    """Return a figure that should not be above `maximum`."""
    return Figure(what, value, unit, target=f'at most {maximum:g}', met=value <= maximum)
