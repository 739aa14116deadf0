# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of the perception node: audio of a street → node → images received by another process over DDS.

The audio comes from a file that the node paces like a device, so that the node has both cores. A second measurement
takes it from the simulated drive, which renders its street on the same cores.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rclpy
import soundfile
from lifecycle_msgs.msg import Transition
from rclpy.utilities import try_shutdown

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.inference.bundle.bundle import Bundle
from audio_manifold_ros.nodes.common.perception_client import PERCEPTION, PERCEPTION_MODULE
from audio_manifold_ros.processes.process_group import ProcessGroup
from audio_manifold_ros.processes.ros_isolation import isolated_environment
from audio_manifold_ros.simulation.drive import Drive
from benchmarks.harness.figure import Figure, at_most
from benchmarks.harness.short_mode import scaled_duration_s
from benchmarks.support.bundles import STREET
from benchmarks.support.subscriber import Subscriber

SECONDS = 60.0
RATE_HZ = 30.0
RATES_HZ = (40.0, 50.0, 60.0, 70.0, 80.0, 87.0)
STEP_S = 10.0
SETTLE_S = 2.0
START_TIMEOUT_S = 60.0
PERCENTILES = (50, 95, 99)
# A street in which the ego vehicle stands, so that it does not leave the street.
SEED = 950_100
SOUND_S = 20
DRIVEN_S = 40.0
DRIVE = {'seed': SEED, 'street_s': 60.0, 'image_rate_hz': 0.0}


def measure() -> list[Figure]:
    """Return the figures of the node."""
    os.environ.update(isolated_environment())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        bundle = Bundle.load(STREET)
        return [*_alone(bundle, path), *_with_drive(bundle, path)]


def _alone(bundle: Bundle, folder: Path) -> list[Figure]:
    """Measure the node alone on the machine."""
    sound = write_sound(folder / 'street.wav')
    source = {'source.kind': 'file', 'source.file': str(sound), 'source.loop': True}
    with running_node(bundle, folder / 'alone', source) as (subscriber, children, _):
        activated_s = time.monotonic()
        subscriber.change(Transition.TRANSITION_ACTIVATE, START_TIMEOUT_S)
        subscriber.wait(lambda: bool(subscriber.latencies_ms), START_TIMEOUT_S, 'image')
        first_image_s = time.monotonic() - activated_s
        subscriber.spin(SETTLE_S)
        figures = [
            at_most(f'first image after activation, bundle {bundle.manifest.name}', first_image_s, 's', 1.5),
            *_steady(subscriber, scaled_duration_s(SECONDS), 'windows dropped', 0),
            at_most('memory of the node (resident)', children.resident_mb(PERCEPTION), 'MB', 180),
            Figure('highest rate without a dropped window', _highest_rate_hz(subscriber), 'Hz'),
        ]
        children.check()
        return figures


def _with_drive(bundle: Bundle, folder: Path) -> list[Figure]:
    """Measure the node together with the simulated drive, which sends its audio over DDS."""
    with running_node(bundle, folder / 'driven', {'source.kind': 'topic'}) as (subscriber, children, _):
        children.start_node('simulated_drive', 'audio_manifold_ros.nodes.simulator.simulated_drive', DRIVE)
        subscriber.wait(lambda: subscriber.count_publishers('audio') > 0, START_TIMEOUT_S, 'simulated drive')
        subscriber.change(Transition.TRANSITION_ACTIVATE, START_TIMEOUT_S)
        subscriber.wait(lambda: bool(subscriber.latencies_ms), START_TIMEOUT_S, 'image')
        subscriber.spin(SETTLE_S)
        figures = _steady(
            subscriber, scaled_duration_s(DRIVEN_S), 'windows dropped, the simulated drive on the same cores', None
        )
        children.check()
        return figures


@contextmanager
def running_node(
    bundle: Bundle, folder: Path, source: dict[str, object], *, configure: bool = True
) -> Iterator[tuple[Subscriber, ProcessGroup, int]]:
    """Start a node and a subscriber of its images. An error contains the last output of the node.

    Args:
        bundle: Bundle of the node.
        folder: Folder for its log, to be created.
        source: Parameters of its source, and others.
        configure: Configure the node.

    """
    folder.mkdir()
    parameters = {'bundle': str(bundle.folder), 'prediction.rate_hz': RATE_HZ, **source}
    with ProcessGroup(folder, {}) as children, _subscriber(bundle, children) as subscriber:
        try:
            node_id = children.start_node(PERCEPTION, PERCEPTION_MODULE, parameters)
            if configure:
                subscriber.change(Transition.TRANSITION_CONFIGURE, START_TIMEOUT_S)
            yield subscriber, children, node_id
        except (NodeError, RuntimeError) as error:
            msg = f'{error}\nThe output of the perception node:\n{children.log_tail(PERCEPTION)}'
            raise RuntimeError(msg) from None


def write_sound(path: Path) -> Path:
    """Write the audio of a street and return the path."""
    drive = Drive(SEED)
    samples = drive.audio(0, SOUND_S * drive.sample_rate_hz)
    soundfile.write(path, samples.T, drive.sample_rate_hz, subtype='PCM_16')
    return path


def _steady(subscriber: Subscriber, length_s: float, dropped_name: str, max_dropped: int | None) -> list[Figure]:
    """Measure at `RATE_HZ`."""
    dropped = subscriber.wait_for_dropped_count(START_TIMEOUT_S)
    subscriber.latencies_ms.clear()
    subscriber.label_count = 0
    subscriber.spin(length_s)
    latencies_ms, label_count = list(subscriber.latencies_ms), subscriber.label_count
    dropped = subscriber.wait_for_dropped_count(START_TIMEOUT_S) - dropped
    what = f'{RATE_HZ:g} Hz, both modalities, {length_s:g} s'
    name = f'{what}: {dropped_name}'
    return [
        Figure(name, dropped, 'windows') if max_dropped is None else at_most(name, dropped, 'windows', max_dropped),
        Figure(f'{what}: depth images received', len(latencies_ms) / length_s, 'a second'),
        Figure(f'{what}: segmentation images received', label_count / length_s, 'a second'),
        *(
            Figure(f'{what}: newest sample → image received: p{percentile}', float(value), 'ms')
            for percentile, value in zip(PERCENTILES, np.percentile(latencies_ms, PERCENTILES), strict=True)
        ),
    ]


def _highest_rate_hz(subscriber: Subscriber) -> float:
    """Raise the rate until windows are dropped; return the last rate without a drop."""
    highest_hz = 0.0
    for rate_hz in (RATE_HZ, *RATES_HZ):
        subscriber.change_parameter('prediction.rate_hz', rate_hz, START_TIMEOUT_S)
        before = subscriber.wait_for_dropped_count(START_TIMEOUT_S)
        subscriber.spin(scaled_duration_s(STEP_S))
        if subscriber.wait_for_dropped_count(START_TIMEOUT_S) > before:
            break
        highest_hz = rate_hz
    return highest_hz


@contextmanager
def _subscriber(bundle: Bundle, children: ProcessGroup) -> Iterator[Subscriber]:
    rclpy.init()
    subscriber = Subscriber(round(bundle.manifest.look_back_s * 1e9), children.check)
    try:
        yield subscriber
    finally:
        subscriber.destroy_node()
        try_shutdown()
