# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Examples run, each in its own process."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from audio_manifold_ros.processes.ros_isolation import isolated_environment

pytestmark = pytest.mark.own_process

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / 'examples'
# Arguments (FOLDER is a new one) and a part of the expected output.
RUNS = {
    'calibrate_a_new_array': (['FOLDER', '--steps', 'order', 'polarity'], 'polarity: good'),
    'draw_a_contact_sheet': (['FOLDER.png'], 'wrote'),
    'load_a_bundle': ([], 'depth from'),
    'make_a_dataset': (['FOLDER'], '6 windows'),
    'own_audio_source': ([], 'mean confidence on noise'),
    'read_a_bag': ([], '/audio: audio_manifold_msgs/msg/AudioBlock'),
    'score_a_bundle': ([], 'depth abs_rel'),
    'stream_a_wav': ([], '12 predictions'),
    'train_ten_steps': (['FOLDER'], 'best weights'),
}
NODE = 'subscribe_to_the_node'
MAX_LINES = 80


def environment() -> dict[str, str]:
    paths = [str(ROOT), *filter(None, [os.environ.get('PYTHONPATH')])]
    return os.environ | {'PYTHONPATH': os.pathsep.join(paths), 'OMP_NUM_THREADS': '1'}


@pytest.mark.parametrize('name', RUNS)
def test_an_example_runs(name: str, tmp_path: Path) -> None:
    arguments, expected = RUNS[name]
    command = [sys.executable, str(EXAMPLES / f'{name}.py')]
    command += [word.replace('FOLDER', str(tmp_path / 'new')) for word in arguments]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout


@pytest.mark.skipif(importlib.util.find_spec('rclpy') is None, reason='rclpy is not installed')
def test_the_subscriber_receives_images_of_the_node(tmp_path: Path) -> None:
    isolated = environment() | isolated_environment()
    parameters = {'autostart': 'true', 'source.kind': 'simulator'}
    node = [sys.executable, '-m', 'audio_manifold_ros.nodes.perception.perception_node', '--ros-args']
    for key, value in parameters.items():
        node += ['-p', f'{key}:={value}']
    with subprocess.Popen(node, cwd=tmp_path, env=isolated) as perception:
        try:
            command = [sys.executable, str(EXAMPLES / f'{NODE}.py'), '3']
            done = subprocess.run(
                command, cwd=tmp_path, env=isolated, capture_output=True, text=True, check=False, timeout=90
            )
        finally:
            perception.terminate()
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 3
    assert done.stdout.endswith(' m\n')


def test_every_example_is_listed_and_tested() -> None:
    names = {path.stem for path in EXAMPLES.glob('*.py')}
    assert names == {*RUNS, NODE}
    readme = (EXAMPLES / 'README.md').read_text(encoding='utf-8')
    assert all(f'({name}.py)' in readme for name in names)


@pytest.mark.parametrize('path', sorted(EXAMPLES.glob('*.py')), ids=lambda path: path.stem)
def test_an_example_is_short(path: Path) -> None:
    if path.stem != 'calibrate_a_new_array':
        assert len(path.read_text(encoding='utf-8').splitlines()) <= MAX_LINES
