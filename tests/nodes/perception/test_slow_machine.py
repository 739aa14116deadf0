# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Slow and stalled machines: the node publishes fewer images, none of them stale, and loses no audio."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sensor_msgs.msg import Image

from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.common.messages import to_ns
from tests.nodes.peer import ACTIVATE, CONFIGURE, NodeProcess, Peer

pytestmark = pytest.mark.ros
WINDOW_DELAY_S = 0.5
# Longer than 64 blocks of 256 samples at 22,500 Hz, a former limit of the audio processed in one step.
SLOW_S = 0.9
SLOW_MARGIN_S = 0.6
# The networks of a machine that stalls.
RATE_HZ, NETWORK_S = 5.0, 0.1
PERIOD_S = 1 / RATE_HZ
# Beyond the two periods: the last hop, the node between its check and DDS, and a busy machine.
STALL_MARGIN_S = 0.12

StartSlowNode = Callable[..., NodeProcess]


@pytest.fixture
def start_slow_node(
    start_node: Callable[..., NodeProcess], small_bundle: Path, wav: Path, monkeypatch: pytest.MonkeyPatch
) -> StartSlowNode:
    """Return a function that starts a node whose networks take longer by a number of seconds."""

    def start(network_s: float, **parameters: Any) -> NodeProcess:
        monkeypatch.setenv('SLOW_BACKEND_S', str(network_s))
        return start_node(
            'tests.nodes.slow_node',
            bundle=small_bundle,
            source__kind='file',
            source__file=wav,
            source__loop=True,
            source__block_samples=256,
            **parameters,
        )

    return start


def new_counts(peer: Peer) -> dict[str, str]:
    """Return the counters of the next diagnostics."""
    peer.diagnostics.clear()
    peer.wait(lambda: peer.status('predictions')[1] != {}, 10, 'diagnostics')
    return peer.status('predictions')[1]


def test_fewer_images_but_none_of_them_stale(peer: Peer, start_slow_node: StartSlowNode) -> None:
    node = start_slow_node(SLOW_S)
    ages_s: list[float] = []
    stamps_ns: list[int] = []

    def note(image: Image) -> None:
        stamps_ns.append(to_ns(image.header.stamp))
        ages_s.append(time.time() - stamps_ns[-1] / NS_PER_S)

    peer.node.create_subscription(Image, '/perception/depth/image', note, 10)
    assert peer.change(CONFIGURE, ACTIVATE), node.output
    peer.wait(lambda: len(stamps_ns) >= 10, 60, 'images')
    counts = new_counts(peer)
    # The last of ten images is as fresh as the first: nothing queues. The duration of a prediction is its only delay.
    assert max(ages_s) < WINDOW_DELAY_S + SLOW_S + SLOW_MARGIN_S, ages_s
    distances_s = [(second - first) / NS_PER_S for first, second in itertools.pairwise(stamps_ns)]
    assert min(distances_s[2:]) > SLOW_S, 'the thread rests between two predictions'
    assert counts['rate_limited'] == 'true'
    assert counts['rate_asked_hz'] == '30'
    assert 0.3 < float(counts['rate_hz']) < 1 / SLOW_S
    assert 'This machine sustains' in counts['message']
    assert int(counts['windows_dropped']) > 100, 'windows without a prediction are counted'
    assert int(counts['gaps']) == 0, 'no audio is lost'
    assert peer.status('audio source')[1]['samples_lost'] == '0'
    assert node.end() == 0, node.output


def test_short_stalls_drop_nothing_and_long_stalls_publish_nothing_old(
    peer: Peer, start_slow_node: StartSlowNode
) -> None:
    node = start_slow_node(NETWORK_S, prediction__rate_hz=RATE_HZ)
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
        return new_counts(peer)

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
    assert max(ages_s) < 2 * PERIOD_S + STALL_MARGIN_S, ages_s
    assert counts['gaps'] == '0', 'no audio is lost'
    assert counts['rate_limited'] == 'false', 'a stall does not reduce the rate'
    assert node.end() == 0, node.output
