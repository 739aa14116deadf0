# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of the start of the perception node: its phases, the time to the first image, and its memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from lifecycle_msgs.msg import Transition

from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.nodes.common.perception_client import PERCEPTION
from audio_manifold_ros.processes.ros_isolation import isolated_environment
from audio_manifold_ros.simulation.rig_parts import RIG
from benchmarks.benches.node import SETTLE_S, START_TIMEOUT_S, running_node, write_sound
from benchmarks.harness.figure import Figure, at_most
from benchmarks.support.bundles import STREET

MAX_CONFIGURE_S, MAX_AFTER_WINDOW_S, MAX_RESIDENT_MB = 1.0, 0.5, 180


def measure() -> list[Figure]:
    """Return the figures of one start."""
    os.environ.update(isolated_environment())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        bundle = Bundle.load(STREET)
        return [*_node(bundle, path), *_phases(bundle)]


def _node(bundle: Bundle, folder: Path) -> list[Figure]:
    """Measure a node from outside: another process configures and activates it, and receives its images."""
    sound = write_sound(folder / 'street.wav')
    window_s = bundle.manifest.window_s
    source = {'source.kind': 'file', 'source.file': str(sound), 'source.loop': True}
    began_s = time.monotonic()
    with running_node(bundle, folder / 'node', source, configure=False) as (subscriber, children, _):
        subscriber.state(START_TIMEOUT_S)
        answered_s = time.monotonic()
        subscriber.change(Transition.TRANSITION_CONFIGURE, START_TIMEOUT_S)
        configured_s = time.monotonic()
        subscriber.change(Transition.TRANSITION_ACTIVATE, START_TIMEOUT_S)
        subscriber.wait(lambda: bool(subscriber.latencies_ms), START_TIMEOUT_S, 'image')
        received_s = time.monotonic()
        subscriber.spin(SETTLE_S)
        return [
            Figure('process started → services answer: imports, ROS, parameters', answered_s - began_s, 's'),
            at_most('configure', configured_s - answered_s, 's', MAX_CONFIGURE_S),
            at_most(
                f'activate → first image, of which {window_s:.2g} s is its window',
                received_s - configured_s,
                's',
                round(window_s + MAX_AFTER_WINDOW_S, 1),
            ),
            at_most('memory of the node (resident)', children.resident_mb(PERCEPTION), 'MB', MAX_RESIDENT_MB),
        ]


def _phases(bundle: Bundle) -> list[Figure]:
    """Measure the phases in a process without ROS services, each with the memory after it."""
    command = [
        sys.executable,
        '-m',
        'benchmarks.support.start_phases',
        str(bundle.folder),
        str(resource_path(RIG)),
    ]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    phases = [json.loads(line) for line in output.splitlines()]
    return [
        Figure(f'{phase["name"]} (then {phase["resident_mb"]:.0f} MB resident)', 1e3 * phase['seconds'], 'ms')
        for phase in phases
    ]
