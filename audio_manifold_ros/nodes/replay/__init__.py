# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The replay node: a bag over ROS, with /clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.nodes.replay.bag_publishers import BagPublishers
    from audio_manifold_ros.nodes.replay.playback_clock import PlaybackClock
    from audio_manifold_ros.nodes.replay.replay import Replay

__all__ = [
    'BagPublishers',
    'PlaybackClock',
    'Replay',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'bag_publishers': 'BagPublishers',
        'playback_clock': 'PlaybackClock',
        'replay': 'Replay',
    },
)
