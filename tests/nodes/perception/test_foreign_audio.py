# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Audio messages of other packages: used where the package is installed, otherwise refused by name."""

from __future__ import annotations

import array
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Int16MultiArray, MultiArrayDimension, MultiArrayLayout

from audio_manifold_ros.bags.decoding.audio_chunk import AudioFormat
from audio_manifold_ros.bags.decoding.audio_message_adapters import ADAPTERS
from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.units import NS_PER_S
from audio_manifold_ros.nodes.perception.audio_topic import AudioTopic, AudioTopicReader
from tests.nodes.peer import ACTIVATE, CONFIGURE, NodeProcess, Peer

pytestmark = pytest.mark.ros
MULTI_ARRAY = 'std_msgs/msg/Int16MultiArray'
RATE_HZ, BLOCK = 22_500, 1125
SAMPLES = np.random.default_rng(2).integers(-3000, 3000, (8, BLOCK), dtype=np.int16)


def message(samples: np.ndarray = SAMPLES) -> Int16MultiArray:
    sizes = {'channel': samples.shape[0], 'sample': samples.shape[1]}
    dims = [MultiArrayDimension(label=label, size=size) for label, size in sizes.items()]
    return Int16MultiArray(layout=MultiArrayLayout(dim=dims), data=array.array('h', samples.tobytes()))


def test_a_multi_array_topic_is_used_as_audio(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path
) -> None:
    process = start_node(
        bundle=small_bundle,
        source__topic='/audio',
        source__topic_type=MULTI_ARRAY,
        source__topic_rate_hz=RATE_HZ,
        source__topic_channels=8,
    )
    images = peer.subscribe(Image, '/perception/depth/image')
    publisher = peer.node.create_publisher(Int16MultiArray, 'audio', 10)
    assert peer.change(CONFIGURE, ACTIVATE), process.output
    peer.wait(lambda: publisher.get_subscription_count() > 0, 20, 'subscription')
    start_s = time.monotonic()
    for number in range(600):
        publisher.publish(message())
        peer.spin(max(start_s + (number + 1) * BLOCK / RATE_HZ - time.monotonic(), 0.001))
        if images:
            break
    assert images, process.output
    assert process.end() == 0, process.output


def test_unknown_or_undescribed_types_are_refused_by_name(
    peer: Peer, start_node: Callable[..., NodeProcess], small_bundle: Path
) -> None:
    process = start_node(bundle=small_bundle, source__topic='/audio', source__topic_type='foxglove_msgs/msg/RawAudio')
    assert not peer.change(CONFIGURE)
    assert "'foxglove_msgs'" in process.output
    assert process.end() == 0, process.output
    for kind in (MULTI_ARRAY, 'audio_common_msgs/msg/AudioDataStamped'):
        with pytest.raises(NodeError, match='topic_rate_hz'):
            AudioTopicReader(AudioTopic('/audio', kind))
    with pytest.raises(NodeError, match='topic_type'):
        AudioTopicReader(AudioTopic('/audio', 'std_msgs/msg/String'))
    assert MULTI_ARRAY in ADAPTERS


def test_late_messages_and_clock_jumps_are_gaps() -> None:
    reader = AudioTopicReader(AudioTopic('/audio', MULTI_ARRAY, audio_format=AudioFormat(RATE_HZ, 8)))
    step_ns, now_ns = BLOCK * NS_PER_S // RATE_HZ, 10**18
    arrivals = (0, 1, 2, *range(5, 12))
    blocks = [block for i in arrivals for block in reader.read(message(), now_ns + i * step_ns)]
    assert [block.first_sample for block in blocks] == [i * BLOCK for i in arrivals]
    np.testing.assert_array_equal(blocks[0].samples * 32768, SAMPLES)
    (again,) = reader.read(message(), now_ns - NS_PER_S)
    assert again.first_sample == 12 * BLOCK + 1
    with pytest.raises(NodeError, match='dimensions'):
        reader.read(Int16MultiArray(layout=message().layout, data=array.array('h', [1])), now_ns)
