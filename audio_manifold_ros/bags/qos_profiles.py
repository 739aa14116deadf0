# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Offered QoS profiles as text, the way rosbag2 writes them up to metadata version 8 (numbers, not names)."""

from __future__ import annotations

from collections.abc import Iterable

import yaml
from rosbags.interfaces import Qos

from audio_manifold_ros.bags.errors import BagError

DURATIONS = ('deadline', 'lifespan', 'liveliness_lease_duration')
KEYS = ('history', 'depth', 'reliability', 'durability', 'liveliness', 'avoid_ros_namespace_conventions', *DURATIONS)


def qos_text(profiles: Iterable[Qos]) -> str:
    """Return profiles read by rosbags as the text of a version 8 bag; nothing for no profiles."""
    plain = [
        {
            'history': profile.history.value,
            'depth': profile.depth,
            'reliability': profile.reliability.value,
            'durability': profile.durability.value,
            'deadline': {'sec': profile.deadline.sec, 'nsec': profile.deadline.nsec},
            'lifespan': {'sec': profile.lifespan.sec, 'nsec': profile.lifespan.nsec},
            'liveliness': profile.liveliness.value,
            'liveliness_lease_duration': {
                'sec': profile.liveliness_lease_duration.sec,
                'nsec': profile.liveliness_lease_duration.nsec,
            },
            'avoid_ros_namespace_conventions': profile.avoid_ros_namespace_conventions,
        }
        for profile in profiles
    ]
    return str(yaml.safe_dump(plain, sort_keys=False)) if plain else ''


def check_qos_text(topic: str, text: str) -> None:
    """Refuse a text that readers of the bag would stumble over.

    Raises:
        BagError: It is no YAML list of complete profiles.

    """
    if not text:
        return
    try:
        profiles = yaml.safe_load(text)
    except yaml.YAMLError:
        profiles = None
    whole = isinstance(profiles, list) and all(
        isinstance(profile, dict)
        and set(KEYS) <= set(profile)
        and all(isinstance(profile[name], dict) and {'sec', 'nsec'} <= set(profile[name]) for name in DURATIONS)
        for profile in profiles
    )
    if not whole:
        msg = f'QoS profiles of {topic!r}: {text!r}: give a YAML list of mappings with {", ".join(KEYS)}.'
        raise BagError(msg)
