# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of latency from the last sample of a hop to the image in another process, by stage and under load.

The last figures are the times of the outputs for robots.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from unittest.mock import patch

import numpy as np
from lifecycle_msgs.msg import Transition

from audio_manifold_ros.inference.backends.backend import FLOAT32, INT8
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.processes.cpu_latency import NEVER_SLEEP_US, may_request_cpu_latency
from audio_manifold_ros.processes.ros_isolation import isolated_environment
from benchmarks.benches.node import RATE_HZ, SETTLE_S, START_TIMEOUT_S, running_node, write_sound
from benchmarks.harness.figure import Figure
from benchmarks.harness.short_mode import scaled_duration_s
from benchmarks.harness.thread_times import thread_times_s
from benchmarks.support.bundles import STREET
from benchmarks.support.robot_output_times import measure_robot_outputs
from benchmarks.support.ros_environment import UDP
from benchmarks.support.subscriber import Subscriber

LENGTH_S = 60.0
PERCENTILES = (50, 95, 99)
# Target of the median in units of the network time, and of the 99th percentile in hops.
MAX_NETWORK_RATIO, MAX_HOPS = 1.5, 2.0
# Stages that the node reports, over its last 300 predictions.
STAGES = {
    'capture': 'end of a block → input: preprocessing, the new frame',
    'wait': 'end of the window pushed → prediction begins',
    'features': 'features of the window',
    'network': 'networks, confidence and images',
    'publish': 'messages made and handed to DDS',
    'garbage': 'each collection of garbage, in whatever stage it falls',
}
LATENCY_PARTS = {
    'made': 'newest sample → handed to DDS',
    'carried': 'DDS → received by the other process',
    'served': 'received → its callback',
}
# Precision of the networks, with processors that never sleep.
NEVER_SLEEP = {'processors that never sleep': FLOAT32, 'processors that never sleep, int8': INT8}
BUSY_LOOP = 'import os, sys; os.sched_setaffinity(0, {int(sys.argv[1])})\nwhile True: pass'


def measure() -> list[Figure]:
    """Return the figures without and with load."""
    os.environ.update(isolated_environment())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        bundle = Bundle.load(STREET)
        sound = write_sound(path / 'street.wav')
        figures = _measure('alone', bundle, path / 'alone', sound)
        with patch.dict(os.environ, UDP):
            figures += _measure('UDP in place of shared memory', bundle, path / 'udp', sound)
        if may_request_cpu_latency():
            for title, precision in NEVER_SLEEP.items():
                parameters = {'cpu_latency_us': NEVER_SLEEP_US, 'precision': precision}
                figures += _measure(title, bundle, path / precision, sound, parameters)
        with _loaded_core(max(os.sched_getaffinity(0))):
            figures += _measure('one core loaded', bundle, path / 'loaded', sound)
        return figures + measure_robot_outputs(bundle, sound)


def _measure(
    title: str, bundle: Bundle, folder: Path, sound: Path, more: Mapping[str, object] = MappingProxyType({})
) -> list[Figure]:
    parameters = {'source.kind': 'file', 'source.file': str(sound), 'source.loop': True, **more}
    with running_node(bundle, folder, parameters) as (subscriber, children, node_id):
        subscriber.change(Transition.TRANSITION_ACTIVATE, START_TIMEOUT_S)
        subscriber.wait(lambda: bool(subscriber.latencies_ms), START_TIMEOUT_S, 'image')
        subscriber.spin(SETTLE_S)
        subscriber.latencies_ms.clear()
        subscriber.latency_parts.clear()
        before_s, began_s = thread_times_s(node_id), time.monotonic()
        subscriber.spin(scaled_duration_s(LENGTH_S))
        lasted_s, after_s = time.monotonic() - began_s, thread_times_s(node_id)
        subscriber.wait_for_dropped_count(START_TIMEOUT_S)
        children.check()
    spec = bundle.manifest.features
    hop_ms = 1e3 * spec.hop_samples / spec.sample_rate_hz
    cpu_ratios = {name: (spent_s - before_s.get(name, 0.0)) / lasted_s for name, spent_s in after_s.items()}
    return [
        *_totals(title, subscriber, hop_ms),
        *(
            _spread(f'{title}: {description}', [getattr(parts, name) for parts in subscriber.latency_parts])
            for name, description in LATENCY_PARTS.items()
        ),
        *_stages(title, subscriber.stages),
        *(
            Figure(f'{title}: processor time of {name}', 100 * cpu_ratio, '% of a core')
            for name, cpu_ratio in cpu_ratios.items()
        ),
    ]


def _totals(title: str, subscriber: Subscriber, hop_ms: float) -> list[Figure]:
    median_ms, _, p99_ms = np.percentile(subscriber.latencies_ms, PERCENTILES)
    network_ms = subscriber.stages['network p50_ms']
    what = f'{title}, {RATE_HZ:g} Hz: newest sample → image in another process'
    return [
        Figure(
            f'{what}: median',
            float(median_ms),
            'ms',
            'networks',
            network_ms,
            network_ms / float(median_ms),
            f'at most {MAX_NETWORK_RATIO:g}× the networks',
            bool(median_ms <= MAX_NETWORK_RATIO * network_ms),
        ),
        Figure(
            f'{what}: 99th percentile',
            float(p99_ms),
            'ms',
            'two hops',
            MAX_HOPS * hop_ms,
            MAX_HOPS * hop_ms / float(p99_ms),
            f'below {MAX_HOPS:g} hops',
            bool(p99_ms < MAX_HOPS * hop_ms),
        ),
    ]


def _stages(title: str, stages: dict[str, float]) -> list[Figure]:
    return [
        Figure(
            f'{title}: {description}',
            stages[f'{name} p50_ms'],
            'ms',
            p95=stages[f'{name} p95_ms'],
            p99=stages[f'{name} p99_ms'],
        )
        for name, description in STAGES.items()
        if f'{name} p50_ms' in stages
    ]


def _spread(what: str, values_ms: Sequence[float]) -> Figure:
    median_ms, p95, p99 = (float(value) for value in np.percentile(values_ms, PERCENTILES))
    return Figure(what, median_ms, 'ms', p95=p95, p99=p99)


@contextmanager
def _loaded_core(core: int) -> Iterator[None]:
    """Load a core with a program of the same priority."""
    process = subprocess.Popen([sys.executable, '-c', BUSY_LOOP, str(core)])
    try:
        yield
    finally:
        process.kill()
        process.wait()
