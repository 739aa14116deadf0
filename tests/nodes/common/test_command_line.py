# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Command lines of the executables as real processes: help, wrong options, wrong parameters, and missing folders."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from audio_manifold_ros.nodes.common.command_line import own_options
from tests.nodes.peer import PACKAGES, NodeProcess, Peer

pytestmark = pytest.mark.ros
NODES = sorted(set(PACKAGES) - {'replay'})  # replay has options of its own


def run(node: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    module = f'audio_manifold_ros.nodes.{PACKAGES[node]}.{node}'
    return subprocess.run(
        [sys.executable, '-m', module, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize('node', NODES)
def test_help_lists_the_parameters_and_ends(node: str) -> None:
    result = run(node, '--help')
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith('usage: ')
    assert '\n  rig (default ' in result.stdout or '\n  folder (default ' in result.stdout
    assert not result.stderr


@pytest.mark.parametrize(
    ('arguments', 'named'),
    [
        (('--frobnicate',), 'Unknown arguments: --frobnicate.'),
        (('autostart:=true',), 'Parameters are given as --ros-args -p name:=value.'),
        (('--ros-args', '-p', 'autostart'), 'The command line cannot be used'),
        (('--ros-args', '--frobnicate'), 'The command line cannot be used'),
    ],
)
def test_unknown_options_are_refused_in_one_sentence(arguments: tuple[str, ...], named: str) -> None:
    result = run('perception_node', *arguments)
    assert result.returncode != 0
    assert named in result.stderr
    assert 'Traceback' not in result.stderr


def test_a_wrong_parameter_with_autostart_ends_the_node(small_bundle: Path) -> None:
    result = run(
        'perception_node', '--ros-args', '-p', 'autostart:=true', '-p', f'bundle:={small_bundle}', '-p', 'rig:=x'
    )
    assert result.returncode == 1
    assert "Cannot configure: rig is 'x'" in result.stdout + result.stderr
    assert 'Traceback' not in result.stdout + result.stderr


def test_an_absent_device_is_waited_for(start_node: Callable[..., NodeProcess], small_bundle: Path) -> None:
    node = start_node(autostart=True, bundle=small_bundle, source__kind='device', source__device='no such device')
    end_s = time.monotonic() + 40
    while node.output.count('Cannot activate') < 2 and time.monotonic() < end_s:
        assert node.process.poll() is None, node.output
        time.sleep(0.1)
    assert node.output.count('Cannot activate') >= 2
    assert 'Traceback' not in node.output
    assert node.end() == 0, node.output


def test_strings_that_look_like_numbers_are_accepted(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path
) -> None:
    node = start_node(bundle=small_bundle, cores='0')
    assert peer.change(1), node.output
    assert 'Waiting to be configured: set autostart:=true' in node.output
    assert node.end() == 0, node.output


@pytest.mark.parametrize('variable', ['HOME', 'ROS_LOG_DIR'])
def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(
    start_node: Callable[..., NodeProcess], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in ('ROS_HOME', 'ROS_LOG_DIR'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, '/dev/null')
    node = start_node('rig_frames')
    end_s = time.monotonic() + 30
    while 'cannot be used' not in node.output and time.monotonic() < end_s:
        time.sleep(0.1)
    time.sleep(1.5)
    assert node.process.poll() is None, node.output
    assert 'no log file is written. Set ROS_LOG_DIR' in node.output
    assert node.end() == 0, node.output


def test_arguments_of_ros_and_of_the_node_are_told_apart() -> None:
    assert own_options(['node', '--ros-args', '-p', 'a:=1', '--', '--x']) == ['--x']
    assert own_options(['--ros-args', '-r', '__ns:=/car']) == []
    assert own_options(['--x', 'y']) == ['--x', 'y']
