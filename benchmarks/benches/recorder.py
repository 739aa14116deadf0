# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmark of the recorder: microphones, a camera and a depth camera of another process, over DDS, into a bag."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from audio_manifold_ros.bags.storage.bag_message import header_stamp_ns
from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.processes.process_group import ProcessGroup
from audio_manifold_ros.processes.ros_isolation import isolated_environment
from benchmarks.harness.figure import Figure, at_most
from benchmarks.support.ros_environment import UDP
from benchmarks.support.sensor_publishers import RATES_HZ

SECONDS = 60.0
START_TIMEOUT_S = 120.0
CLOSE_TIMEOUT_S = 60.0
POLL_S = 0.25
TICKS_PER_S = os.sysconf('SC_CLK_TCK')
# Transport of Fast DDS between the programs, and the environment variables that select it.
TRANSPORTS = {'shared memory': {}, 'UDP': UDP}
STREAMS = '8 × 48 kHz s16, 1280 × 720 JPEG and 640 × 480 32FC1 at 30 Hz'


def measure() -> list[Figure]:
    """Return the figures of the recorder with each transport."""
    environment = isolated_environment()
    return [figure for name, variables in TRANSPORTS.items() for figure in _measure(name, environment | variables)]


def _measure(transport: str, environment: Mapping[str, str]) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, ProcessGroup(Path(folder), environment) as children:
        try:
            return _record(transport, Path(folder), children)
        except (TimeoutError, RuntimeError, FileNotFoundError) as error:
            msg = f'{error}\nThe output of the recorder:\n{children.log_tail("record")}'
            raise RuntimeError(msg) from None


def _record(transport: str, folder: Path, children: ProcessGroup) -> list[Figure]:
    children.start_node('sensors', 'benchmarks.support.sensor_publishers', {})
    required = [f'{topic}@{0.9 * rate_hz}' for topic, rate_hz in RATES_HZ.items()]
    parameters = {
        'folder': str(folder),
        'name': 'drive',
        'topics': list(RATES_HZ),
        'duration_s': SECONDS,
        'preflight.mode': 'warn',
        'preflight.required': required,
        'preflight.timeout_s': START_TIMEOUT_S,
    }
    process_id = children.start_node('record', 'audio_manifold_ros.nodes.recorder.recorder', parameters)
    bag = folder / 'drive'
    _wait_for(bag, START_TIMEOUT_S + START_TIMEOUT_S, children)
    cpu_before_s, began_s, peak_mb, cpu_s, now_s = _cpu_s(process_id), time.monotonic(), 0.0, 0.0, 0.0
    while time.monotonic() - began_s < SECONDS:
        time.sleep(POLL_S)
        peak_mb = max(peak_mb, children.resident_mb('record'))
        cpu_s, now_s = _cpu_s(process_id) - cpu_before_s, time.monotonic() - began_s
    _wait_for(bag / 'report.json', CLOSE_TIMEOUT_S, children)
    report = json.loads((bag / 'report.json').read_text(encoding='utf-8'))
    sizes = sum(topic['bytes'] for topic in report['topics'])
    samples_lost = next(topic['audio']['samples_lost'] for topic in report['topics'] if topic['audio'])
    return [
        at_most(f'{transport}: {STREAMS}, {SECONDS:g} s: messages lost', _lost(bag), 'messages', 0),
        at_most(f'{transport}: of these, samples of audio', samples_lost, 'samples', 0),
        Figure(f'{transport}: written', sizes / report['duration_s'] / 1e6, 'MB a second'),
        Figure(f'{transport}: processor time of the recorder', 100 * cpu_s / now_s, '% of a core'),
        Figure(f'{transport}: memory of the recorder (resident, greatest)', peak_mb, 'MB'),
    ]


def _lost(path: Path) -> int:
    """Count the messages missing between the first and the last one. The stamps are on an exact grid."""
    lost = 0
    with BagReader(path) as bag:
        for topic in bag.topics:
            rate_hz = RATES_HZ.get(topic.name)
            if rate_hz is None:
                continue
            stamps = {header_stamp_ns(message.data) or 0 for message in bag.messages([topic.name])}
            lost += round((max(stamps) - min(stamps)) * rate_hz / 1e9) + 1 - len(stamps)
    return lost


def _wait_for(path: Path, timeout_s: float, children: ProcessGroup) -> None:
    end_s = time.monotonic() + timeout_s
    while not path.exists():
        if time.monotonic() > end_s:
            msg = f'No {path.name} within {timeout_s:.0f} s.'
            raise TimeoutError(msg)
        children.check()
        time.sleep(POLL_S)


def _cpu_s(process_id: int) -> float:
    """Return the processor time of a process, in user space and in the kernel."""
    fields = Path(f'/proc/{process_id}/stat').read_text(encoding='ascii').rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S
