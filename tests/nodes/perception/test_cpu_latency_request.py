# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""CPU latency request of the node: held while it is active, changed at run time, and refused with a warning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cpu_latency_device import NEEDS_DEVICE, current_cpu_latency_us
from tests.nodes.peer import ACTIVATE, CONFIGURE, DEACTIVATE, NodeProcess, Peer

pytestmark = pytest.mark.ros
WITHOUT_DEVICE = 'tests.nodes.node_without_cpu_latency_device'


@NEEDS_DEVICE
def test_an_active_node_holds_the_request(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, wav: Path
) -> None:
    before_us = current_cpu_latency_us()
    node = start_node(bundle=small_bundle, source__kind='file', source__file=wav, source__loop=True, cpu_latency_us=9)
    assert peer.change(CONFIGURE), node.output
    assert current_cpu_latency_us() == before_us
    assert peer.change(ACTIVATE), node.output
    assert current_cpu_latency_us() == min(9, before_us)
    assert peer.set('cpu_latency_us', 4) == (True, '')
    assert current_cpu_latency_us() == min(4, before_us)
    assert peer.set('cpu_latency_us', -1) == (True, '')
    assert current_cpu_latency_us() == before_us
    assert peer.set('cpu_latency_us', 4) == (True, '')
    assert peer.change(DEACTIVATE), node.output
    assert current_cpu_latency_us() == before_us
    assert node.end() == 0, node.output


def test_without_permission_the_node_warns_and_predicts(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path, wav: Path
) -> None:
    source = {'source__kind': 'file', 'source__file': wav, 'source__loop': True}
    node = start_node(WITHOUT_DEVICE, bundle=small_bundle, cpu_latency_us=0, **source)
    assert peer.change(CONFIGURE, ACTIVATE), node.output

    def message() -> str:
        return peer.status('predictions')[1].get('message', '')

    peer.wait(lambda: message().startswith('cpu_latency_us: 0 has no effect'), 20, 'the warning in the diagnostics')
    level, values = peer.status('predictions')
    assert level == b'\x01'
    assert '/missing/cpu_dma_latency' in values['message']
    assert int(values['windows_predicted']) > 0
    assert 'cpu_latency_us: 0 has no effect' in node.output
    assert peer.set('cpu_latency_us', -1) == (True, '')
    peer.wait(lambda: message().startswith('Images are'), 20, 'no warning without a request')
    assert node.end() == 0, node.output
