# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The environment of nodes that nobody else is meant to hear."""

from __future__ import annotations

import os

HUMBLE = 'humble'


def isolated_environment() -> dict[str, str]:
    """Return variables that keep nodes on this machine, apart from other ROS nodes unless a domain is chosen."""
    environment = {
        'ROS_DOMAIN_ID': os.environ.get('ROS_DOMAIN_ID') or str(1 + os.getpid() % 100),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'PYTHONUNBUFFERED': '1',
    }
    if os.environ.get('ROS_DISTRO') == HUMBLE:
        # It knows no discovery range; its successors complain about this one.
        environment['ROS_LOCALHOST_ONLY'] = '1'
    return environment
