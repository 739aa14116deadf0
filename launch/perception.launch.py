# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Launch the perception node, the static transforms of its rig, and optionally RViz.

An empty argument keeps the value of the parameter file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from launch.actions import OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node

from audio_manifold_ros.common.resource_paths import PACKAGE, resource_path
from audio_manifold_ros.nodes.common.launch_arguments import (
    argument_value,
    boolean_value,
    declare_argument,
    declare_params_file,
    declare_shared_arguments,
    given_values,
    include_launch_file,
)
from launch import LaunchDescription

if TYPE_CHECKING:
    from launch import LaunchContext

# launch argument: parameter of the node
PARAMETERS = {'bundle': 'bundle', 'rig': 'rig', 'source': 'source.kind', 'device': 'source.device'}


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and actions of this file."""
    arguments = [
        declare_argument('name', 'Name of the node.', 'perception'),
        declare_params_file('street_demo.yaml'),
        declare_argument('bundle', 'Folder of the bundle.'),
        declare_argument('source', 'Kind of audio source: device, topic, file or simulator.'),
        declare_argument('device', 'Name of the sound device, or a unique part of it.'),
        declare_argument('autostart', 'Configure and activate without a lifecycle manager.', 'true'),
        *declare_shared_arguments('namespace', 'rig', 'use_sim_time', 'log_level', 'frames', 'rviz'),
    ]
    rviz = Node(
        package='rviz2',
        executable='rviz2',
        arguments=['-d', str(resource_path('rviz/perception.rviz'))],
        condition=IfCondition(LaunchConfiguration('rviz')),
    )
    frames = include_launch_file('rig_frames.launch.py', 'frames', ('namespace', 'params_file', 'rig'))
    return LaunchDescription([*arguments, OpaqueFunction(function=perception), frames, rviz])


def perception(context: LaunchContext) -> list[LifecycleNode]:
    """Return the node with the given arguments as parameters."""
    values: dict[str, Any] = dict(given_values(context, PARAMETERS))
    values |= {name: boolean_value(context, name) for name in ('use_sim_time', 'autostart')}
    node = LifecycleNode(
        package=PACKAGE,
        executable='perception_node',
        name=argument_value(context, 'name'),
        namespace=argument_value(context, 'namespace'),
        parameters=[argument_value(context, 'params_file'), values],
        arguments=['--ros-args', '--log-level', argument_value(context, 'log_level')],
        output='screen',
    )
    return [node]
