# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Raw subscriptions: messages are delivered as published, with and without message info from rclpy."""

from __future__ import annotations

import time

import pytest
from rclpy.serialization import serialize_message
from std_msgs.msg import String

from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.common.qos import AUDIO_QOS
from audio_manifold_ros.nodes.recorder import raw_subscriptions
from audio_manifold_ros.nodes.recorder.raw_subscriptions import RawSubscriptions
from audio_manifold_ros.nodes.recorder.recorded_topic import RecordedTopic
from tests.nodes.peer import Peer

pytestmark = pytest.mark.ros
COUNT = 20


@pytest.mark.parametrize('release', ['jazzy', 'humble'])
def test_every_message_arrives_once_and_in_order(peer: Peer, monkeypatch: pytest.MonkeyPatch, release: str) -> None:
    if release == 'humble':
        # In Humble every callback gets the message only, as a callback with one parameter does in Jazzy.
        monkeypatch.setattr(raw_subscriptions, 'HAS_MESSAGE_INFO', False)
    received: list[tuple[str, bytes, int, int]] = []

    def receive(topic: RecordedTopic, data: bytes, time_ns: int, lost: int) -> None:
        received.append((topic.name, data, time_ns, lost))

    errors: list[str] = []
    raw = RawSubscriptions(peer.node, ['/note'], receive, errors.append)
    publisher = peer.node.create_publisher(String, 'note', AUDIO_QOS)
    peer.wait(lambda: bool(raw.update() or raw.topics), 20, 'subscription')
    peer.wait(lambda: publisher.get_subscription_count() > 0, 20, 'match')
    texts = [serialize_message(String(data=f'{number}')) for number in range(COUNT)]
    for text in texts:
        publisher.publish(text)
    peer.wait(lambda: len(received) == COUNT, 20, 'messages')
    raw.close()
    assert [data for _, data, _, _ in received] == texts
    times_ns = [time_ns for _, _, time_ns, _ in received]
    assert times_ns == sorted(times_ns)
    assert abs(times_ns[-1] - time.time_ns()) < 60 * NS_PER_S
    assert {(name, lost) for name, _, _, lost in received} == {('/note', 0)}
    assert errors == []
