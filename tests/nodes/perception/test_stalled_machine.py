# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stalled machine: a short stall makes an image late, a long one drops images, and none is old."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sensor_msgs.msg import Image

from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.common.messages import to_ns
from tests.nodes.peer import ACTIVATE, CONFIGURE, NodeProcess, Peer

pytestmark = pytest.mark.ros
RATE_HZ, NETWORK_S = 5.0, 0.1
PERIOD_S = 1 / RATE_HZ
WINDOW_DELAY_S = 0.5
# Beyond the two periods: the last hop, the node between its check and DDS, and a busy machine.
MARGIN_S = 0.12


def test_short_stalls_drop_nothing_and_long_stalls_publish_nothing_old(
    peer: Peer,
    start_node: Callable[..., NodeProcess],
    small_bundle: Path,
    wav: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv('SLOW_BACKEND_S', str(NETWORK_S))
    node = start_node(
        'tests.nodes.perception.slow_node',
        bundle=small_bundle,
        source__kind='file',
        source__file=wav,
        source__loop=True,
        source__block_samples=256,
        prediction__rate_hz=RATE_HZ,
    )
    ages_s: list[float] = []

    def note(image: Image, info: dict[str, int]) -> None:
        newest_ns = to_ns(image.header.stamp) + round(WINDOW_DELAY_S * NS_PER_S)
        ages_s.append((info['source_timestamp'] - newest_ns) / NS_PER_S)

    def stall(times: int, seconds: float) -> dict[str, str]:
        """Stop the process and let it recover, and return the counters."""
        for _ in range(times):
            node.process.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            node.process.send_signal(signal.SIGCONT)
            peer.spin(2.3 * PERIOD_S)
        peer.diagnostics.clear()
        peer.wait(lambda: peer.status('predictions')[1] != {}, 10, 'diagnostics')
        return peer.status('predictions')[1]

    peer.node.create_subscription(Image, '/perception/depth/image', note, 50)
    assert peer.change(CONFIGURE, ACTIVATE), node.output
    peer.wait(lambda: len(ages_s) >= 4, 30, 'images')
    ages_s.clear()
    # With the 0.1 s that the network takes, a prediction starts at most 0.15 s late.
    counts = stall(4, 0.6 * PERIOD_S)
    assert counts['windows_dropped'] == '0'
    assert int(counts['windows_late']) > 0
    counts = stall(4, 5.2 * PERIOD_S)
    assert 4 * 3 <= int(counts['windows_dropped']) <= 4 * 6
    assert max(ages_s) < 2 * PERIOD_S + MARGIN_S, ages_s
    assert counts['gaps'] == '0', 'no audio is lost'
    assert counts['rate_limited'] == 'false', 'a stall does not reduce the rate'
    assert node.end() == 0, node.output
