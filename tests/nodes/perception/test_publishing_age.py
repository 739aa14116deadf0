# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
import pytest

from audio_manifold_ros.nodes.perception.publishing_age import RECENT, PublishingAge


def test_the_time_of_recent_messages_is_added() -> None:
    age = PublishingAge()
    assert age.expected_s(0.04) == 0.04
    for _ in range(RECENT):
        age.add(0.003)
    assert age.expected_s(0.04) == pytest.approx(0.043)


def test_a_stall_does_not_count_and_old_times_are_forgotten() -> None:
    age = PublishingAge()
    for seconds in (0.002, 0.5, 0.002):
        age.add(seconds)
    assert age.expected_s(0.0) == pytest.approx(0.002)
    for _ in range(RECENT):
        age.add(0.01)
    assert age.expected_s(0.0) == pytest.approx(0.01)
