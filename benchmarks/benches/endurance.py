# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of endurance: ten minutes without a dropped window.

Measured are the paper's networks in both precisions, a half-width pair and the shipped bundle.

A bundle that drops windows in its first half minute is stopped after it.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lifecycle_msgs.msg import Transition

from audio_manifold_ros.inference.backends.backend import FLOAT32, INT8
from audio_manifold_ros.inference.bundle.bundle import Bundle
from benchmarks.benches.node import ENVIRONMENT, SETTLE_S, START_TIMEOUT_S, running_node, write_sound
from benchmarks.harness.figure import Figure, at_least, at_most
from benchmarks.harness.short_mode import scaled_duration_s
from benchmarks.support.bundles import (
    STREET,
    half_width_config,
    has_street,
    write_paper_bundle,
    write_random_bundle,
)

FIRST_S, LENGTH_S = 30.0, 600.0
# Images that may be missing for other reasons than a dropped window: the first and the last of a run.
MIN_RECEIVED_RATIO = 0.99
EVERY_HOP_HZ = 22_500 / 256


@dataclass(frozen=True)
class EnduranceRun:
    """A bundle and the rate that it must sustain.

    Attributes:
        what: Description.
        bundle: The bundle.
        precision: Precision of its networks.
        rate_hz: Requested rate.

    """

    what: str
    bundle: Bundle
    precision: str
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
    if has_street():
        yield EnduranceRun('models/street', Bundle.load(STREET), FLOAT32, 30.0)


def _run(run: EnduranceRun, folder: Path, sound: Path) -> list[Figure]:
    given = {
        'source.kind': 'file',
        'source.file': str(sound),
        'source.loop': True,
        'precision': run.precision,
        'prediction.rate_hz': run.rate_hz,
    }
    where = folder / f'{run.bundle.folder.name}_{run.precision}'
    with running_node(run.bundle, where, given) as (subscriber, children, _):
        subscriber.change(Transition.TRANSITION_ACTIVATE, START_TIMEOUT_S)
        subscriber.wait(lambda: bool(subscriber.latencies_ms), START_TIMEOUT_S, 'image')
        subscriber.spin(SETTLE_S)
        before = subscriber.wait_for_dropped_count(START_TIMEOUT_S)
        subscriber.latencies_ms.clear()
        began_s = time.monotonic()
        for length_s in (scaled_duration_s(FIRST_S), scaled_duration_s(LENGTH_S)):
            subscriber.spin(began_s + length_s - time.monotonic())
            rate_hz = len(subscriber.latencies_ms) / (time.monotonic() - began_s)
            dropped = subscriber.wait_for_dropped_count(START_TIMEOUT_S) - before
            children.check()
            if dropped:
                break
    what = f'{run.what}, {run.rate_hz:.1f} Hz for {length_s:g} s'
    return [
        at_most(f'{what}: windows dropped', dropped, 'windows', 0),
        at_least(f'{what}: images received', rate_hz, 'a second', round(MIN_RECEIVED_RATIO * run.rate_hz, 1)),
    ]
