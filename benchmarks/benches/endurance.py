# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of endurance: minutes without a dropped window.

Measured are the paper's networks in both precisions, a half-width pair, and the shipped bundle: ten minutes at 30 Hz,
alone and with the recorder, and half an hour at 45 Hz. A run that drops windows in its first half minute is stopped.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lifecycle_msgs.msg import Transition

from audio_manifold_ros.inference.backends.backend import FLOAT32, INT8
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.inference.pipeline import MAX_AGE_PERIODS
from benchmarks.benches.node import ENVIRONMENT, SETTLE_S, START_TIMEOUT_S, running_node, write_sound
from benchmarks.harness.figure import Figure, at_least, at_most, not_measured
from benchmarks.harness.short_mode import scaled_duration_s
from benchmarks.support.bundles import (
    STREET,
    half_width_config,
    write_paper_bundle,
    write_random_bundle,
)
from benchmarks.support.subscriber import Subscriber

FIRST_S, LENGTH_S, HALF_AN_HOUR_S = 30.0, 600.0, 1800.0
# Images that may be missing for other reasons than a dropped window: the first and the last of a run.
MIN_RECEIVED_RATIO = 0.99
RECORDER_MODULE, RECORDER_START_S = 'audio_manifold_ros.nodes.recorder.recorder', 5.0
RECORDED = {
    'name': 'endurance',
    'preflight.mode': 'skip',
    'topics': [f'/perception/{name}' for name in ('audio', 'depth/image', 'segmentation/image', 'confidence/image')],
}
EVERY_HOP_HZ = 22_500 / 256


@dataclass(frozen=True)
class EnduranceRun:
    """A bundle and the rate that it must sustain.

    Attributes:
        what: Description.
        bundle: The bundle.
        precision: Precision of its networks.
        rate_hz: Requested rate.
        length_s: Duration.
        is_recorded: Record images and audio of the node at the same time.

    """

    what: str
    bundle: Bundle
    precision: str
    rate_hz: float
    length_s: float = LENGTH_S
    is_recorded: bool = False


@dataclass(frozen=True)
class Counts:
    """Windows and images of a run.

    Attributes:
        late: Windows that were predicted late, by less than one period.
        dropped: Windows that were dropped.
        rate_hz: Images received per second.

    """

    late: int
    dropped: int
    rate_hz: float


def measure() -> list[Figure]:
    """Return the dropped windows and the received images of each run."""
    os.environ.update(ENVIRONMENT)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        sound = write_sound(path / 'street.wav')
        return [figure for run in _runs(path) for figure in _run(run, path, sound)]


def _runs(folder: Path) -> Iterator[EnduranceRun]:
    paper = write_paper_bundle(folder / 'paper')
    yield EnduranceRun('the paper’s two networks', paper, FLOAT32, 45.0)
    yield EnduranceRun('the paper’s two networks, int8', paper, INT8, 60.0)
    yield EnduranceRun(
        'a half-width pair at every hop',
        write_random_bundle(folder / 'half', half_width_config()),
        FLOAT32,
        EVERY_HOP_HZ,
    )
    street = Bundle.load(STREET)
    yield EnduranceRun('models/street', street, FLOAT32, 30.0)
    yield EnduranceRun('models/street and the recorder', street, FLOAT32, 30.0, is_recorded=True)
    yield EnduranceRun('models/street', street, FLOAT32, 45.0, HALF_AN_HOUR_S)


def _run(run: EnduranceRun, folder: Path, sound: Path) -> list[Figure]:
    given = {
        'source.kind': 'file',
        'source.file': str(sound),
        'source.loop': True,
        'precision': run.precision,
        'prediction.rate_hz': run.rate_hz,
        'publish.audio': run.is_recorded,
    }
    with tempfile.TemporaryDirectory(dir=folder) as name, running_node(run.bundle, Path(name) / 'node', given) as node:
        subscriber, children, _ = node
        subscriber.change(Transition.TRANSITION_ACTIVATE, START_TIMEOUT_S)
        subscriber.wait(lambda: bool(subscriber.latencies_ms), START_TIMEOUT_S, 'image')
        subscriber.spin(SETTLE_S)
        if run.is_recorded:
            children.start_node('record', RECORDER_MODULE, {'folder': name, **RECORDED})
            subscriber.spin(RECORDER_START_S)
        before = _counts(subscriber)
        subscriber.latencies_ms.clear()
        subscriber.latency_parts.clear()
        began_s = time.monotonic()
        for length_s in (scaled_duration_s(FIRST_S), scaled_duration_s(run.length_s)):
            subscriber.spin(began_s + length_s - time.monotonic())
            rate_hz = len(subscriber.latencies_ms) / (time.monotonic() - began_s)
            ages_ms = [parts.made for parts in subscriber.latency_parts]
            late, dropped = (now - then for now, then in zip(_counts(subscriber), before, strict=True))
            children.check()
            if dropped:
                break
    return to_figures(run, length_s, Counts(late, dropped, rate_hz), ages_ms)


def to_figures(run: EnduranceRun, length_s: float, counts: Counts, ages_ms: Sequence[float]) -> list[Figure]:
    """Return the figures of a run.

    Args:
        run: The run.
        length_s: Duration that was measured.
        counts: Windows and images of this time.
        ages_ms: Age of each received image when it was made, none on a machine that is overloaded.

    """
    what = f'{run.what}, {run.rate_hz:.1f} Hz for {length_s:g} s'
    oldest, limit_ms = f'{what}: oldest published window', round(MAX_AGE_PERIODS * 1e3 / run.rate_hz, 1)
    return [
        at_most(f'{what}: windows dropped', counts.dropped, 'windows', 0),
        Figure(f'{what}: windows predicted late, by less than one period', counts.late, 'windows'),
        at_most(oldest, max(ages_ms), 'ms', limit_ms)
        if ages_ms
        else not_measured(oldest, 'ms', 'no image arrived', f'at most {limit_ms:g}'),
        at_least(f'{what}: images received', counts.rate_hz, 'a second', round(MIN_RECEIVED_RATIO * run.rate_hz, 1)),
    ]


def _counts(subscriber: Subscriber) -> tuple[int, int]:
    """Return the windows that were predicted late and dropped, from the next diagnostics."""
    dropped = subscriber.wait_for_dropped_count(START_TIMEOUT_S)
    return int(subscriber.value('predictions', 'windows_late')), dropped
