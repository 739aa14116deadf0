# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Environment variables that isolate ROS nodes from other machines."""

from __future__ import annotations

import os

HUMBLE = 'humble'


def isolated_environment() -> dict[str, str]:
    """Return variables that restrict discovery to this machine.

    Without a `ROS_DOMAIN_ID` in the environment, a domain is chosen that separates the nodes from other ROS nodes.
    """
    environment = {
        'ROS_DOMAIN_ID': os.environ.get('ROS_DOMAIN_ID') or str(1 + os.getpid() % 100),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'PYTHONUNBUFFERED': '1',
    }
    if os.environ.get('ROS_DISTRO') == HUMBLE:
        # Humble has no discovery range. Later distributions warn about this variable.
        environment['ROS_LOCALHOST_ONLY'] = '1'
    return environment
