# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Selection of topics without explicit names."""

from __future__ import annotations

import pytest

from audio_manifold_ros.bags.decoding.dataset_topics import find_topics
from audio_manifold_ros.bags.storage.bag_message import BagTopic
from audio_manifold_ros.common.errors import BagError
from tests.bags.sound_bag import ARRAY_TYPE, AUDIO_TYPE, IMAGE_TYPE


def topics(*audio: str) -> list[BagTopic]:
    return [
        BagTopic('/perception/depth/image', IMAGE_TYPE, 9),
        BagTopic('/levels', ARRAY_TYPE, 9),
        *(BagTopic(name, AUDIO_TYPE, 9) for name in audio),
    ]


@pytest.mark.parametrize(
    ('held', 'chosen'),
    [
        (['/audio', '/perception/audio', '/roof/sound'], '/audio'),
        (['/perception/audio', '/roof/sound'], '/roof/sound'),
        (['/perception/audio'], '/perception/audio'),
        (['/car/perception/audio'], '/car/perception/audio'),
    ],
)
def test_audio_of_a_node_is_used_if_there_is_no_other(held: list[str], chosen: str) -> None:
    found = find_topics('drive', topics(*held))
    assert (found.audio, found.depth, found.reference) == (chosen, '', '')


@pytest.mark.parametrize('held', [['/left/sound', '/right/sound'], ['/a/perception/audio', '/b/perception/audio']])
def test_several_audio_topics_are_ambiguous(held: list[str]) -> None:
    with pytest.raises(BagError, match=r'has audio on .*name one of them'):
        find_topics('drive', topics(*held))


def test_arrays_without_a_layout_are_not_audio() -> None:
    with pytest.raises(BagError, match='has no audio'):
        find_topics('drive', topics())
