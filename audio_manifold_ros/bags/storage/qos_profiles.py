# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Offered QoS profiles: bounded parsing, and the text of metadata version 8, which has numbers instead of names."""

from __future__ import annotations

from collections.abc import Iterable

import yaml
from rosbags.interfaces import Qos
from rosbags.rosbag2.metadata import parse_qos

from audio_manifold_ros.common.errors import BagError
from audio_manifold_ros.common.untrusted_text import shorten
from audio_manifold_ros.common.yaml_file import parse_yaml

# A profile has about 400 characters. A topic with a hundred publishers has a profile for each.
MAX_QOS_BYTES = 1 << 18
MAX_NUMBER = (1 << 64) - 1
REMEDY = 'give a YAML list as rosbag2 writes it.'


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


def parse_qos_profiles(text: str) -> list[Qos]:
    """Return QoS profiles from YAML text.

    rosbags parses the text with a YAML library without limits. This function has those of `parse_yaml`.

    Raises:
        BagError: The text is too long, is not YAML, or is not a list of complete profiles.

    """
    values = parse_yaml(text, 'the QoS profiles', BagError, REMEDY, max_bytes=MAX_QOS_BYTES) if text else []
    try:
        profiles = parse_qos(values)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        msg = f'The QoS profiles {shorten(values)} are not complete ({error!r}): {REMEDY}'
        raise BagError(msg) from None
    for profile in profiles:
        durations = (profile.deadline, profile.lifespan, profile.liveliness_lease_duration)
        numbers = [profile.depth, *(number for duration in durations for number in (duration.sec, duration.nsec))]
        if not all(isinstance(number, int) and abs(number) <= MAX_NUMBER for number in numbers):
            msg = f'The QoS profile {shorten(profile)} has other values than whole numbers: {REMEDY}'
            raise BagError(msg)
    return profiles


def normal_qos_text(topic: str, text: str) -> str:
    """Return the text of QoS profiles, with numbers or with names, as YAML text of bag version 8.

    Raises:
        BagError: The text is not a YAML list of complete profiles.

    """
    try:
        return qos_text(parse_qos_profiles(text))
    except BagError as error:
        msg = f'QoS profiles of {topic!r}: {error}'
        raise BagError(msg) from None


def lenient_qos_text(text: str) -> str:
    """Return the text of QoS profiles as YAML text of bag version 8. Return an empty string if it is damaged."""
    try:
        return normal_qos_text('', text)
    except BagError:
        return ''
