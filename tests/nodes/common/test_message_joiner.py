# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from audio_manifold_ros.nodes.common.message_joiner import MAX_WAITING, MessageJoiner


@given(st.permutations([(stamp, part) for stamp in range(4) for part in 'abc']))
@settings(deadline=None, max_examples=50)
def test_parts_of_a_stamp_are_joined_in_any_order(order: list[tuple[int, str]]) -> None:
    joiner: MessageJoiner[tuple[int, str]] = MessageJoiner('abc')
    found = {}
    for stamp, part in order:
        parts = joiner.add(stamp, part, (stamp, part))
        if parts is not None:
            found[stamp] = parts
    assert found == {stamp: {part: (stamp, part) for part in 'abc'} for stamp in range(4)}


def test_the_oldest_incomplete_stamp_is_dropped() -> None:
    joiner: MessageJoiner[int] = MessageJoiner('ab')
    for stamp in range(MAX_WAITING + 1):
        assert joiner.add(stamp, 'a', stamp) is None
    assert joiner.add(0, 'b', 0) is None
    assert joiner.add(MAX_WAITING, 'b', 1) == {'a': MAX_WAITING, 'b': 1}
