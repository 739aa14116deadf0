# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Crash report of a node."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.nodes.peer import NodeProcess, Peer

pytestmark = pytest.mark.ros


def test_a_crash_prints_the_stack_of_each_thread(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, wav: Path
) -> None:
    node = start_node(bundle=small_bundle, source__kind='file', source__file=wav, source__loop=True, autostart=True)
    peer.wait(lambda: peer.state() == 'active', 40, 'active')
    node.process.send_signal(signal.SIGSEGV)
    node.process.wait(10)
    assert node.process.returncode == -signal.SIGSEGV
    assert 'Fatal Python error: Segmentation fault' in node.output
    assert 'in _spin_once' in node.output
    # The threads that take in audio and predict.
    assert node.output.count('in _bootstrap_inner') >= 2, node.output
