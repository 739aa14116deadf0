# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of the sleep of the processors: latency of the node and steal time with and without it, in alternation."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from lifecycle_msgs.msg import Transition

from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.processes.cpu_latency import DEVICE, NEVER_SLEEP_US, NO_REQUEST_US, may_request_cpu_latency
from audio_manifold_ros.processes.ros_isolation import isolated_environment
from benchmarks.benches.node import RATE_HZ, SETTLE_S, START_TIMEOUT_S, running_node, write_sound
from benchmarks.harness.figure import Figure, not_measured
from benchmarks.harness.short_mode import scaled_duration_s
from benchmarks.harness.steal_time import StealTime
from benchmarks.support.bundles import STREET
from benchmarks.support.subscriber import Subscriber

SEGMENT_S, ROUNDS = 30.0, 6


@dataclass(frozen=True)
class Segment:
    """A part of the run with one value of `cpu_latency_us`.

    Attributes:
        latencies_ms: From the newest sample of each window to the image in this process.
        dropped: Dropped windows.
        stolen_percent: Processor time that the host took, None if the system does not report it.

    """

    latencies_ms: tuple[float, ...]
    dropped: int
    stolen_percent: float | None


def measure() -> list[Figure]:
    """Return latency, dropped windows and steal time without sleep, compared with those with sleep."""
    what = f'models/street, {RATE_HZ:g} Hz, processors that never sleep'
    if not may_request_cpu_latency():
        return [not_measured(what, 'ms', f'this user may not write {DEVICE}')]
    os.environ.update(isolated_environment())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        source = {'source.kind': 'file', 'source.file': str(write_sound(path / 'street.wav')), 'source.loop': True}
        with running_node(Bundle.load(STREET), path / 'node', source) as (subscriber, children, _):
            subscriber.change(Transition.TRANSITION_ACTIVATE, START_TIMEOUT_S)
            subscriber.wait(lambda: bool(subscriber.latencies_ms), START_TIMEOUT_S, 'image')
            awake, asleep = list[Segment](), list[Segment]()
            for _ in range(ROUNDS):
                asleep.append(_measure_segment(subscriber, NO_REQUEST_US))
                awake.append(_measure_segment(subscriber, NEVER_SLEEP_US))
            children.check()
    return to_figures(what, awake, asleep)


def _measure_segment(subscriber: Subscriber, latency_us: int) -> Segment:
    subscriber.change_parameter('cpu_latency_us', latency_us, START_TIMEOUT_S)
    subscriber.spin(SETTLE_S)
    before = subscriber.wait_for_dropped_count(START_TIMEOUT_S)
    subscriber.latencies_ms.clear()
    steal = StealTime()
    subscriber.spin(scaled_duration_s(SEGMENT_S))
    stolen_percent, latencies_ms = steal.percent(), tuple(subscriber.latencies_ms)
    return Segment(latencies_ms, subscriber.wait_for_dropped_count(START_TIMEOUT_S) - before, stolen_percent)


def to_figures(what: str, awake: Sequence[Segment], asleep: Sequence[Segment]) -> list[Figure]:
    """Return the figures of the segments without sleep, compared with those with sleep."""
    figures = [
        _compared(f'{what}: newest sample → image in another process: median', 'ms', awake, asleep, _percentile_ms(50)),
        _compared(f'{what}: 99th percentile', 'ms', awake, asleep, _percentile_ms(99)),
        Figure(f'{what}: windows dropped', _dropped(awake), 'windows', 'processors that sleep', _dropped(asleep)),
    ]
    stolen = f'{what}: processor time that the host took'
    if any(segment.stolen_percent is None for segment in (*awake, *asleep)):
        return [*figures, not_measured(stolen, '%', 'the system does not report it')]
    return [*figures, _compared(stolen, '%', awake, asleep, _mean_stolen_percent)]


def _compared(
    what: str,
    unit: str,
    awake: Sequence[Segment],
    asleep: Sequence[Segment],
    statistic: Callable[[Sequence[Segment]], float],
) -> Figure:
    value, alternative = statistic(awake), statistic(asleep)
    return Figure(what, value, unit, 'processors that sleep', alternative, alternative / value if value else None)


def _percentile_ms(percentile: float) -> Callable[[Sequence[Segment]], float]:
    return lambda segments: float(np.percentile([ms for each in segments for ms in each.latencies_ms], percentile))


def _dropped(segments: Sequence[Segment]) -> int:
    return sum(segment.dropped for segment in segments)


def _mean_stolen_percent(segments: Sequence[Segment]) -> float:
    return float(np.mean([segment.stolen_percent or 0.0 for segment in segments]))
