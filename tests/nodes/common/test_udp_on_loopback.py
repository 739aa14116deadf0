# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes of tests that kill nodes share no memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.nodes.peer import NodeProcess, Peer

pytestmark = [pytest.mark.ros, pytest.mark.usefixtures('udp_on_loopback')]


def test_a_node_shares_no_memory(peer: Peer, start_node: Callable[..., NodeProcess]) -> None:
    node = start_node()
    assert peer.state() == 'unconfigured'
    mapped = Path(f'/proc/{node.process.pid}/maps').read_text(encoding='utf-8')
    assert 'fastrtps_port' not in mapped
    assert 'fastdds_port' not in mapped
