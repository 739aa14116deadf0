# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Common parts of the nodes: messages, parameters, QoS profiles, main loop, and the client of a perception node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audio_manifold_ros.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from audio_manifold_ros.nodes.common.audio_messages import from_audio_message, to_audio_message
    from audio_manifold_ros.nodes.common.message_joiner import MessageJoiner
    from audio_manifold_ros.nodes.common.messages import from_image, to_camera_info, to_image, to_point_cloud
    from audio_manifold_ros.nodes.common.node_parameters import NodeParameters
    from audio_manifold_ros.nodes.common.parameters import ParameterSpec, parameter
    from audio_manifold_ros.nodes.common.perception_client import PerceptionClient
    from audio_manifold_ros.nodes.common.run_node import run_to_exit_status

__all__ = [
    'MessageJoiner',
    'NodeParameters',
    'ParameterSpec',
    'PerceptionClient',
    'from_audio_message',
    'from_image',
    'parameter',
    'run_to_exit_status',
    'to_audio_message',
    'to_camera_info',
    'to_image',
    'to_point_cloud',
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    {
        'audio_messages': 'from_audio_message to_audio_message',
        'message_joiner': 'MessageJoiner',
        'messages': 'from_image to_camera_info to_image to_point_cloud',
        'node_parameters': 'NodeParameters',
        'parameters': 'ParameterSpec parameter',
        'perception_client': 'PerceptionClient',
        'run_node': 'run_to_exit_status',
    },
)
