# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""QoS profiles of bags from others: both spellings, and hostile texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from mcap.writer import Writer

from audio_manifold_ros.bags.storage.bag_reader import BagReader
from audio_manifold_ros.bags.storage.qos_profiles import MAX_QOS_BYTES, lenient_qos_text, normal_qos_text
from audio_manifold_ros.common.errors import BagError
from tests.fuzz.mutations import ALIAS_BOMB, MERGE_BOMB

DURATION = '{sec: 9223372036, nsec: 854775807}'
NAMES = (
    f'- {{history: keep_last, depth: 5, reliability: reliable, durability: volatile, deadline: {DURATION}, '
    f'lifespan: {DURATION}, liveliness: automatic, liveliness_lease_duration: {DURATION}, '
    'avoid_ros_namespace_conventions: false}'
)
NUMBERS = NAMES.replace('keep_last', '1').replace('reliable', '1').replace('volatile', '2').replace('automatic', '1')
HOSTILE = (
    f'- {ALIAS_BOMB}',
    MERGE_BOMB,
    '[' * 50_000,
    'x' * (MAX_QOS_BYTES + 1),
    '- {history: 1}',
    '- 3',
    '7',
    NAMES.replace('depth: 5', 'depth: [1, 2]'),
    NAMES.replace('depth: 5', 'depth: 1' + '0' * 30),
    NAMES.replace('keep_last', '!!python/name:os.system'),
)


def test_names_and_numbers_give_the_same_text() -> None:
    assert normal_qos_text('/a', NAMES) == normal_qos_text('/a', NUMBERS)
    assert normal_qos_text('/a', '') == ''


@pytest.mark.parametrize('text', HOSTILE)
def test_hostile_profiles_are_refused(text: str) -> None:
    with pytest.raises(BagError, match="QoS profiles of '/a'") as caught:
        normal_qos_text('/a', text)
    assert len(str(caught.value)) < 500
    assert lenient_qos_text(text) == ''


@pytest.mark.parametrize('text', HOSTILE[:3])
def test_a_bag_with_hostile_profiles_is_refused(tmp_path: Path, text: str) -> None:
    with (tmp_path / 'bag.mcap').open('wb') as file:
        writer = Writer(file)
        writer.start(profile='ros2')
        schema = writer.register_schema('std_msgs/msg/String', 'ros2msg', b'string data')
        channel = writer.register_channel('/a', 'cdr', schema, {'offered_qos_profiles': text})
        writer.add_message(channel, 1, b'\0\1\0\0\1\0\0\0\0', 1)
        writer.finish()
    with pytest.raises(BagError, match='QoS profiles'):
        BagReader(tmp_path / 'bag.mcap')
