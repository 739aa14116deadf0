# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""UDP in place of shared memory, for tests that kill nodes."""

from __future__ import annotations

import os
from pathlib import Path

PROFILE = Path(__file__).with_suffix('.xml')


def use_udp_on_loopback() -> None:
    """Let Fast DDS send over UDP on the loopback interface in this process and its children.

    A node that is killed may end others through the shared memory of Fast DDS (docs/doctor.md, section Fast DDS). Call
    this before rclpy is initialised. Another middleware keeps its transports.
    """
    if 'fastrtps' not in os.environ.get('RMW_IMPLEMENTATION', 'rmw_fastrtps_cpp'):
        return
    # LOCALHOST adds shared memory to the transports of any profile.
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'SYSTEM_DEFAULT'
    for variable in ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE'):
        os.environ[variable] = str(PROFILE)
