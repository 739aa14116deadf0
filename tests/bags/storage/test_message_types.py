# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lookup of message types by name, including two packages of the same name."""

from __future__ import annotations

from pathlib import Path

import pytest

from audio_manifold_ros.bags.storage.message_types import (
    DEFINITIONS,
    definition_of,
    typestore,
    typestore_from_definition,
)
from audio_manifold_ros.common.errors import BagError

ROOT = Path(__file__).parents[3]
STAMPED = 'audio_common_msgs/msg/AudioStamped'


def test_the_stored_definition_of_audio_block_matches_the_built_package() -> None:
    built = ROOT / 'ros2_ws/src/audio_manifold_msgs/msg/AudioBlock.msg'
    shipped = DEFINITIONS / 'standard/audio_manifold_msgs/AudioBlock.msg'
    assert shipped.read_text() == built.read_text()


@pytest.mark.parametrize(
    'msgtype',
    [
        'audio_manifold_msgs/msg/AudioBlock',
        'audio_common_msgs/msg/AudioDataStamped',
        STAMPED,
        'audio_utils_msgs/msg/AudioFrame',
        'foxglove_msgs/msg/RawAudio',
        'std_msgs/msg/Int16MultiArray',
        'sensor_msgs/msg/CompressedImage',
        'vision_msgs/msg/LabelInfo',
    ],
)
def test_a_type_is_restored_from_its_stored_definition(msgtype: str) -> None:
    definition, type_hash = definition_of(msgtype)
    store = typestore_from_definition(msgtype, definition)
    assert store.hash_rihs01(msgtype) == typestore(msgtype).hash_rihs01(msgtype) == type_hash


def test_both_packages_called_audio_common_msgs_are_known() -> None:
    def fields(msgtype: str, name: str) -> list[str]:
        return [field for field, _ in typestore(msgtype).fielddefs[name][1]]

    assert fields('', 'audio_common_msgs/msg/AudioData') == ['data']
    assert fields(STAMPED, 'audio_common_msgs/msg/AudioData')[0] == 'float32_data'
    assert fields('', 'audio_common_msgs/msg/AudioInfo')[0] == 'channels'
    assert fields(STAMPED, 'audio_common_msgs/msg/AudioInfo')[0] == 'format'


def test_an_unknown_type_has_no_definition() -> None:
    assert definition_of('nobody_msgs/msg/Nothing') == ('', '')


@pytest.mark.parametrize(
    'definition', ['uint8[ data', 'other_msgs/Missing thing', '=' * 80 + '\nIDL: a/b\nmodule {', '\0']
)
def test_a_damaged_definition_is_refused(definition: str) -> None:
    with pytest.raises(BagError, match='foreign_msgs/msg/Thing'):
        typestore_from_definition('foreign_msgs/msg/Thing', definition)
