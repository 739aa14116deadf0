# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip('rclpy', reason='needs rclpy: start the tests with ./run test')
pytest.importorskip('audio_manifold_msgs', reason='needs the built messages: start the tests with ./run test')

from audio_manifold_ros.doctor.ros_environment import PROFILES
from tests.nodes.peer import NodeProcess, Peer
from tests.pulse_array import PulseArray, running_array

# Parallel test runs on one machine must not receive each other's messages.
os.environ['ROS_DOMAIN_ID'] = str(1 + os.getpid() % 100)
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
ROOT = Path(__file__).parents[2]
WAV_SECONDS = 4
PACKAGE = ROOT / 'audio_manifold_ros'
BUNDLE_SOURCES = (
    *PACKAGE.glob('inference/**/*.py'),
    *PACKAGE.glob('networks/**/*.py'),
    *PACKAGE.glob('features/*spec.py'),
    *PACKAGE.glob('rig/*.py'),
    ROOT / 'training' / 'export' / 'onnx_graph.py',
    ROOT / 'tests' / 'inference' / 'conftest.py',
    ROOT / 'tests' / 'inference' / 'spatial_bundle.py',
    ROOT / 'tests' / 'nodes' / 'make_bundle.py',
)


@pytest.fixture(scope='session')
def small_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small bundle with both heads, made once for all processes of a run."""
    return make_once(tmp_path_factory, 'small-bundle', 'tests.nodes.make_bundle')


@pytest.fixture(scope='session')
def spatial_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small bundle with spatial features, made once for all processes of a run."""
    return make_once(tmp_path_factory, 'spatial-bundle', 'tests.inference.spatial_bundle')


def make_once(tmp_path_factory: pytest.TempPathFactory, name: str, module: str) -> Path:
    """Return a folder that a module has made in a process of its own, because it needs torch."""
    digest = hashlib.sha256(b''.join(path.read_bytes() for path in sorted(BUNDLE_SOURCES)))
    folder = tmp_path_factory.getbasetemp().parent / f'{name}-{digest.hexdigest()[:16]}'
    if not folder.exists():
        path = os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')])
        command = [sys.executable, '-m', module, str(folder)]
        subprocess.run(command, cwd=ROOT, env={**os.environ, 'PYTHONPATH': path}, check=True)
    return folder


@pytest.fixture(scope='session')
def wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with eight channels of noise of varying level."""
    import soundfile

    rng = np.random.default_rng(11)
    time_s = np.arange(22_500 * WAV_SECONDS) / 22_500
    noise = rng.standard_normal((len(time_s), 8)) * (0.02 + 0.05 * np.sin(3 * time_s)[:, None] ** 2)
    path = tmp_path_factory.mktemp('audio') / 'noise.wav'
    soundfile.write(path, noise.astype(np.float32), 22_500, subtype='PCM_16')
    return path


@pytest.fixture
def pulse_array() -> Iterator[PulseArray]:
    """Yield a running virtual array, new for each test, because some tests stop it."""
    with running_array() as array:
        yield array


@pytest.fixture(scope='module')
def udp_on_loopback() -> Iterator[None]:
    """Let Fast DDS send over UDP on the loopback interface, in a file that kills nodes.

    A node that is killed may end others through the shared memory of Fast DDS (docs/doctor.md, section Fast DDS).
    Another middleware keeps its transports.
    """
    with pytest.MonkeyPatch.context() as patch:
        if 'fastrtps' in os.environ.get('RMW_IMPLEMENTATION', 'rmw_fastrtps_cpp'):
            # LOCALHOST adds shared memory to the transports of any profile.
            patch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'SYSTEM_DEFAULT')
            for variable in PROFILES:
                patch.setenv(variable, str(Path(__file__).with_name('udp_on_loopback.xml')))
        yield


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture
def start_node(tmp_path: Path) -> Iterator[Callable[..., NodeProcess]]:
    """Return a function that starts an executable of the package. All of them are ended with the test."""
    started: list[NodeProcess] = []

    def start(module: str = 'perception_node', *remaps: str, **parameters: Any) -> NodeProcess:
        started.append(NodeProcess(module, tmp_path / f'{module}-{len(started)}.log', *remaps, **parameters))
        return started[-1]

    yield start
    for process in started:
        process.end()
