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
    given_sim_time,
    given_values,
    include_launch_file,
    parameter_file,
    values_of_node,
)
from audio_manifold_ros.nodes.common.parameter_file import full_node_name
from launch import LaunchDescription

if TYPE_CHECKING:
    from launch import LaunchContext

# The topics in rviz/perception.rviz.
LAYOUT_NODE = '/perception'
LAYOUT_TOPICS = (
    'points',
    'scan',
    'detection_markers',
    'obstacles',
    'confidence/image_u8',
    'depth/image_color',
    'segmentation/image_color',
    'spectrogram',
)
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
    shows = IfCondition(LaunchConfiguration('rviz'))
    passed = ('name', 'namespace', 'params_file', 'rig', 'use_sim_time', 'log_level')
    frames = include_launch_file('rig_frames.launch.py', 'frames', passed)
    actions = [OpaqueFunction(function=perception), frames, OpaqueFunction(function=rviz, condition=shows)]
    return LaunchDescription([*arguments, *actions])


def perception(context: LaunchContext) -> list[LifecycleNode]:
    """Return the node with the given arguments as parameters."""
    values: dict[str, Any] = dict(given_values(context, PARAMETERS))
    values |= {'autostart': boolean_value(context, 'autostart'), **given_sim_time(context)}
    name = argument_value(context, 'name')
    values_of_node(context, name)
    node = LifecycleNode(
        package=PACKAGE,
        executable='perception_node',
        name=name,
        namespace=argument_value(context, 'namespace'),
        parameters=[str(parameter_file(context)), values],
        arguments=['--ros-args', '--log-level', argument_value(context, 'log_level')],
        output='screen',
    )
    return [node]


def rviz(context: LaunchContext) -> list[Node]:
    """Return RViz with the topics of the node. The layout names those of /perception."""
    name = full_node_name(argument_value(context, 'namespace'), argument_value(context, 'name'))
    sim_time = values_of_node(context, argument_value(context, 'name')).get('use_sim_time', False)
    node = Node(
        package='rviz2',
        executable='rviz2',
        arguments=['-d', str(resource_path('rviz/perception.rviz'))],
        parameters=[{'use_sim_time': sim_time, **given_sim_time(context)}],
        remappings=[(f'{LAYOUT_NODE}/{topic}', f'{name}/{topic}') for topic in LAYOUT_TOPICS],
    )
    return [node]
