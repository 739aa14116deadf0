# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Offered QoS profiles as text, the way rosbag2 writes them up to metadata version 8 (numbers, not names)."""

from __future__ import annotations

from collections.abc import Iterable

import yaml
from rosbags.interfaces import Qos
from rosbags.rosbag2.errors import ReaderError
from rosbags.rosbag2.metadata import parse_qos
from ruamel.yaml.error import YAMLError

from audio_manifold_ros.common.errors import BagError


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


def normal_qos_text(topic: str, text: str) -> str:
    """Return the text of profiles, written with numbers or with names, as that of a version 8 bag.

    Raises:
        BagError: It is no YAML list of complete profiles.

    """
    try:
        return qos_text(parse_qos(text))
    except (ReaderError, YAMLError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        msg = f'QoS profiles of {topic!r}: {text!r} ({error!r}): give a YAML list as rosbag2 writes it.'
        raise BagError(msg) from None


def lenient_qos_text(text: str) -> str:
    """Return the text of profiles as that of a version 8 bag, nothing if it is damaged."""
    try:
        return normal_qos_text('', text)
    except BagError:
        return ''
