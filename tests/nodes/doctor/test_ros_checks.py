# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Doctor with real DDS: a right set-up and five wrong ones, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from audio_manifold_msgs.msg import AudioBlock as AudioBlockMessage

from audio_manifold_ros.audio.block import AudioBlock
from audio_manifold_ros.doctor.doctor_settings import ROS_NAMES, DoctorSettings
from audio_manifold_ros.nodes.common.audio_messages import to_audio_message
from audio_manifold_ros.nodes.common.qos import AUDIO_QOS
from audio_manifold_ros.nodes.perception.perception_parameters import PARAMETER_GROUPS
from tests.nodes.peer import Peer

pytestmark = pytest.mark.ros

ROOT = Path(__file__).parents[3]
RATE_HZ, BLOCK = 22_500, 512
TIMEOUT_S = 90.0
# Name of the case, options, environment, text of the finding. The exit status is 1, or 2 for wrong usage.
WRONG = {
    'nothing publishes': (['--topic', 'absent'], {}, '| /absent | ERROR | No audio on /absent yet'),
    'wrong rig': (['--topic', 'sound', '--rig', 'nowhere'], {}, "| rig | ERROR | rig is 'nowhere'"),
    'dead microphone': (['--topic', 'dead'], {}, '| /dead | ERROR | is silent on'),
    'invalid domain': (['--topic', 'sound'], {'ROS_DOMAIN_ID': '999'}, "| domain | ERROR | ROS_DOMAIN_ID is '999'"),
    'unknown middleware': (
        ['--topic', 'sound'],
        {'RMW_IMPLEMENTATION': 'rmw_absent_cpp'},
        '| middleware | ERROR |',
    ),
}


def start(options: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, '-m', 'audio_manifold_ros.doctor', '--seconds', '1.5', *options]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def published(peer: Peer) -> Iterator[None]:
    """Publish noise on `sound`, and on `dead` with a silent channel, in real time."""
    stop = threading.Event()

    def run(topic: str, silent: tuple[int, ...]) -> None:
        publisher = peer.node.create_publisher(AudioBlockMessage, topic, AUDIO_QOS)
        rng = np.random.default_rng(0)
        start_s, index = time.monotonic(), 0
        while not stop.is_set():
            samples = (0.05 * rng.standard_normal((8, BLOCK))).astype(np.float32)
            samples[list(silent)] = 0
            publisher.publish(to_audio_message(AudioBlock(samples, index, RATE_HZ, time.time_ns()), 'array'))
            index += BLOCK
            stop.wait(max(0.0, start_s + index / RATE_HZ - time.monotonic()))

    threads = [threading.Thread(target=run, args=arguments) for arguments in (('/sound', ()), ('/dead', (3,)))]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_right_setup_may_drive_and_five_wrong_ones_may_not(peer: Peer, tmp_path: Path) -> None:
    # A rate that the backend reaches on any machine: `test_checks.py` tests a backend that is too slow.
    parameters = tmp_path / 'robot.yaml'
    parameters.write_text('/**: {ros__parameters: {prediction: {rate_hz: 0.5}}}\n', encoding='utf-8')
    with published(peer):
        right = start(['--topic', 'sound', '--params-file', str(parameters)], {})
        page, _ = right.communicate(timeout=TIMEOUT_S)
        assert right.returncode == 0, page
        assert '| /sound | ok | 8 channels at 22500 Hz, every microphone has a signal. |' in page
        assert 'Ready to drive (errors: 0' in page
        processes = {name: start(options, environment) for name, (options, environment, _) in WRONG.items()}
        pages = {name: process.communicate(timeout=TIMEOUT_S)[0] for name, process in processes.items()}
    for name, (_, _, text) in WRONG.items():
        assert processes[name].returncode == 1, f'{name}: {pages[name]}'
        assert text in pages[name], f'{name}: {pages[name]}'
        assert 'Not ready to drive' in pages[name]
        assert 'Traceback' not in pages[name]


def test_names_and_defaults_are_those_of_the_node() -> None:
    defaults = {
        f'{group.PREFIX}.{name}'.lstrip('.'): value
        for group in PARAMETER_GROUPS
        for name, value in vars(group()).items()
    }
    for field, ros_name in ROS_NAMES.items():
        if ros_name != 'use_sim_time':  # a parameter of rclpy
            assert getattr(DoctorSettings(), field) == defaults[ros_name], ros_name


def test_a_wrong_call_is_refused(tmp_path: Path) -> None:
    process = start(['--params-file', str(tmp_path / 'absent.yaml')], {})
    output, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 2
    assert 'absent.yaml' in output
