# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Launch the rig frames node, which publishes the static transforms and the URDF of a rig.

Included by perception.launch.py and record.launch.py. An empty argument keeps the value of the parameter file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from launch.actions import OpaqueFunction
from launch_ros.actions import Node

from audio_manifold_ros.common.resource_paths import PACKAGE
from audio_manifold_ros.nodes.common.launch_arguments import (
    argument_value,
    declare_params_file,
    declare_shared_arguments,
    given_values,
)
from launch import LaunchDescription

if TYPE_CHECKING:
    from launch import LaunchContext


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and actions of this file."""
    arguments = [declare_params_file('street_demo.yaml'), *declare_shared_arguments('namespace', 'rig')]
    return LaunchDescription([*arguments, OpaqueFunction(function=frames)])


def frames(context: LaunchContext) -> list[Node]:
    """Return the node with the given arguments as parameters."""
    node = Node(
        package=PACKAGE,
        executable='rig_frames',
        name='rig_frames',
        namespace=argument_value(context, 'namespace'),
        parameters=[argument_value(context, 'params_file'), given_values(context, {'rig': 'rig'})],
        output='screen',
    )
    return [node]
