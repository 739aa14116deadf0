# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Slow machine: the node publishes fewer images, none of them stale, and loses no audio."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sensor_msgs.msg import Image

from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.common.messages import to_ns
from tests.nodes.peer import ACTIVATE, CONFIGURE, NodeProcess, Peer

pytestmark = pytest.mark.ros
# Longer than 64 blocks of 256 samples at 22,500 Hz, a former limit of the audio processed in one step.
SLOW_S = 0.9
WINDOW_DELAY_S = 0.5
MARGIN_S = 0.6


def test_fewer_images_but_none_of_them_stale(
    peer: Peer,
    start_node: Callable[..., NodeProcess],
    small_bundle: Path,
    wav: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv('SLOW_BACKEND_S', str(SLOW_S))
    node = start_node(
        'tests.nodes.perception.slow_node',
        bundle=small_bundle,
        source__kind='file',
        source__file=wav,
        source__loop=True,
        source__block_samples=256,
    )
    ages_s: list[float] = []
    stamps_ns: list[int] = []

    def note(image: Image) -> None:
        stamps_ns.append(to_ns(image.header.stamp))
        ages_s.append(time.time() - stamps_ns[-1] / NS_PER_S)

    peer.node.create_subscription(Image, '/perception/depth/image', note, 10)
    assert peer.change(CONFIGURE, ACTIVATE), node.output
    peer.wait(lambda: len(stamps_ns) >= 10, 60, 'images')
    peer.diagnostics.clear()
    peer.wait(lambda: peer.status('predictions')[1] != {}, 10, 'diagnostics')
    # The last of ten images is as fresh as the first: nothing queues. The duration of a prediction is its only delay.
    assert max(ages_s) < WINDOW_DELAY_S + SLOW_S + MARGIN_S, ages_s
    distances_s = [(second - first) / NS_PER_S for first, second in itertools.pairwise(stamps_ns)]
    assert min(distances_s[2:]) > SLOW_S, 'the thread rests between two predictions'
    _, predictions = peer.status('predictions')
    assert predictions['rate_limited'] == 'true'
    assert predictions['rate_asked_hz'] == '30'
    assert 0.3 < float(predictions['rate_hz']) < 1 / SLOW_S
    assert 'This machine sustains' in predictions['message']
    assert int(predictions['windows_dropped']) > 100, 'windows without a prediction are counted'
    assert int(predictions['gaps']) == 0, 'no audio is lost'
    assert peer.status('audio source')[1]['samples_lost'] == '0'
    assert node.end() == 0, node.output
