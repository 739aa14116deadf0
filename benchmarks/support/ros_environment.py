# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Environment variables that select the transport of Fast DDS."""

from __future__ import annotations

# No shared memory between programs. The discovery range LOCALHOST would add it.
UDP = {'FASTDDS_BUILTIN_TRANSPORTS': 'UDPv4', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}
