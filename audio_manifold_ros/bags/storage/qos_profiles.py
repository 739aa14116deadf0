# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Conversion of offered QoS profiles to the text of metadata version 8, which contains numbers instead of names."""

from __future__ import annotations

from collections.abc import Iterable

import yaml
from rosbags.interfaces import Qos
from rosbags.rosbag2.errors import ReaderError
from rosbags.rosbag2.metadata import parse_qos
from ruamel.yaml.error import YAMLError

from audio_manifold_ros.common.errors import BagError


def qos_text(profiles: Iterable[Qos]) -> str:
    """Return QoS profiles of rosbags as YAML text of bag version 8. Return an empty string without profiles."""
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
    """Return the text of QoS profiles, with numbers or with names, as YAML text of bag version 8.

    Raises:
        BagError: The text is not a YAML list of complete profiles.

    """
    try:
        return qos_text(parse_qos(text))
    except (ReaderError, YAMLError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        msg = f'QoS profiles of {topic!r}: {text!r} ({error!r}): give a YAML list as rosbag2 writes it.'
        raise BagError(msg) from None


def lenient_qos_text(text: str) -> str:
    """Return the text of QoS profiles as YAML text of bag version 8. Return an empty string if it is damaged."""
    try:
        return normal_qos_text('', text)
    except BagError:
        return ''
