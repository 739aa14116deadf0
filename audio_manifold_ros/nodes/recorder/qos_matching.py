# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""QoS profiles for recording: the subscription that matches all publishers, and the text stored in a bag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime

from audio_manifold_ros.bags.storage.qos_profiles import qos_text
from audio_manifold_ros.common.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rclpy.duration import Duration

# Queue depths in DDS while this process is busy: two seconds of images, and more of small messages.
LARGE_DEPTH, SMALL_DEPTH = 60, 1000
LARGE_TYPES = frozenset({'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage', 'sensor_msgs/msg/PointCloud2'})


def subscription_qos(kind: str, offered: Sequence[QoSProfile]) -> QoSProfile:
    """Return the strictest profile that is compatible with every publisher.

    Args:
        kind: Message type.
        offered: Profiles of the publishers.

    """
    reliable = all(profile.reliability == ReliabilityPolicy.RELIABLE for profile in offered)
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=LARGE_DEPTH if kind in LARGE_TYPES else SMALL_DEPTH,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if is_latched(offered) else DurabilityPolicy.VOLATILE,
    )


def is_latched(offered: Sequence[QoSProfile]) -> bool:
    """Return True if every publisher is latched (transient local)."""
    return bool(offered) and all(profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for profile in offered)


def bag_qos(offered: Sequence[QoSProfile]) -> str:
    """Return the profiles as text for the metadata of a bag, so that a player offers the same profiles."""
    return qos_text(
        Qos(
            QosHistory(int(profile.history)),
            int(profile.depth),
            QosReliability(int(profile.reliability)),
            QosDurability(int(profile.durability)),
            _to_qos_time(profile.deadline),
            _to_qos_time(profile.lifespan),
            QosLiveliness(int(profile.liveliness)),
            _to_qos_time(profile.liveliness_lease_duration),
            bool(profile.avoid_ros_namespace_conventions),
        )
        for profile in offered
    )


def _to_qos_time(duration: Duration) -> QosTime:
    return QosTime(duration.nanoseconds // NS_PER_S, duration.nanoseconds % NS_PER_S)
