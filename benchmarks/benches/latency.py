# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From the last sample of a hop to the image in another process, stage by stage; then with a loaded second core."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from lifecycle_msgs.msg import Transition

from audio_manifold_ros.inference.bundle.bundle import Bundle
from benchmarks.benches.node import ENVIRONMENT, RATE_HZ, SETTLE_S, START_TIMEOUT_S, running, write_sound
from benchmarks.harness.figure import Figure
from benchmarks.harness.short_mode import seconds
from benchmarks.harness.thread_times import thread_times_s
from benchmarks.support.bundles import STREET, half_width_pair, has_street, write_random_bundle
from benchmarks.support.subscriber import Subscriber

LENGTH_S = 60.0
PERCENTILES = (50, 95, 99)
# Of the time of the networks, for the median; and hops, for the 99th percentile.
MOST_NETWORKS, MOST_HOPS = 1.5, 2.0
# Stages of the node as it tells them, over its last 300 predictions.
STAGES = {
    'capture': 'end of a block → heard: conditioning, the new frame',
    'features': 'features of the window',
    'network': 'networks, confidence and images',
    'publish': 'messages made and handed to DDS',
    'garbage': 'each collection of garbage, in whatever stage it falls',
}
LEGS = {
    'made': 'newest sample → handed to DDS',
    'carried': 'DDS → received by the other process',
    'served': 'received → its callback',
}
BURN = 'import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass'


def measure() -> list[Figure]:
    """Return the figures without and with load."""
    os.environ.update(ENVIRONMENT)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        bundle = Bundle.load(STREET) if has_street() else write_random_bundle(path / 'half', half_width_pair())
        sound = write_sound(path / 'street.wav')
        figures = _measure('alone', bundle, path / 'alone', sound)
        with _burning(max(os.sched_getaffinity(0))):
            return figures + _measure('one core loaded', bundle, path / 'loaded', sound)


def _measure(title: str, bundle: Bundle, folder: Path, sound: Path) -> list[Figure]:
    source = {'source.kind': 'file', 'source.file': str(sound), 'source.loop': True}
    with running(bundle, folder, source) as (subscriber, children, node_id):
        subscriber.change(Transition.TRANSITION_ACTIVATE, START_TIMEOUT_S)
        subscriber.spin_until(lambda: bool(subscriber.latencies_ms), START_TIMEOUT_S, 'image')
        subscriber.spin_for(SETTLE_S)
        subscriber.latencies_ms.clear()
        subscriber.legs.clear()
        before_s, began_s = thread_times_s(node_id), time.monotonic()
        subscriber.spin_for(seconds(LENGTH_S))
        lasted_s, after_s = time.monotonic() - began_s, thread_times_s(node_id)
        subscriber.fresh_dropped(START_TIMEOUT_S)
        children.check()
    spec = bundle.manifest.features
    hop_ms = 1e3 * spec.hop_samples / spec.sample_rate_hz
    shares = {name: (spent_s - before_s.get(name, 0.0)) / lasted_s for name, spent_s in after_s.items()}
    return [
        *_totals(title, subscriber, hop_ms),
        *(
            _spread(f'{title}: {words}', [getattr(leg, name) for leg in subscriber.legs])
            for name, words in LEGS.items()
        ),
        *_stages(title, subscriber.stages),
        *(Figure(f'{title}: processor time of {name}', 100 * share, '% of a core') for name, share in shares.items()),
    ]


def _totals(title: str, subscriber: Subscriber, hop_ms: float) -> list[Figure]:
    half, _, most = np.percentile(subscriber.latencies_ms, PERCENTILES)
    network_ms = subscriber.stages['network p50_ms']
    what = f'{title}, {RATE_HZ:g} Hz: newest sample → image in another process'
    return [
        Figure(
            f'{what}: median',
            float(half),
            'ms',
            'networks',
            network_ms,
            network_ms / float(half),
            f'at most {MOST_NETWORKS:g}× the networks',
            bool(half <= MOST_NETWORKS * network_ms),
        ),
        Figure(
            f'{what}: 99th percentile',
            float(most),
            'ms',
            'two hops',
            MOST_HOPS * hop_ms,
            MOST_HOPS * hop_ms / float(most),
            f'below {MOST_HOPS:g} hops',
            bool(most < MOST_HOPS * hop_ms),
        ),
    ]


def _stages(title: str, stages: dict[str, float]) -> list[Figure]:
    return [
        Figure(
            f'{title}: {words}',
            stages[f'{name} p50_ms'],
            'ms',
            p95=stages[f'{name} p95_ms'],
            p99=stages[f'{name} p99_ms'],
        )
        for name, words in STAGES.items()
        if f'{name} p50_ms' in stages
    ]


def _spread(what: str, values_ms: Sequence[float]) -> Figure:
    half, p95, p99 = (float(value) for value in np.percentile(values_ms, PERCENTILES))
    return Figure(what, half, 'ms', p95=p95, p99=p99)


@contextmanager
def _burning(core: int) -> Iterator[None]:
    """Keep a core busy with a program of the same priority."""
    process = subprocess.Popen([sys.executable, '-c', BURN, str(core)])
    try:
        yield
    finally:
        process.kill()
        process.wait()
