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
    BOOLEANS,
    NODE_ARGUMENTS,
    RESPAWN_DELAY_S,
    VEHICLE_ARGUMENTS,
    argument_value,
    boolean_value,
    declare_argument,
    declare_autostart,
    declare_params_file,
    declare_shared_arguments,
    fixed_frame,
    given_booleans,
    given_sim_time,
    given_values,
    include_launch_file,
    is_started_by_launch,
    parameter_file,
    values_of_node,
    vehicle_values,
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
PARAMETERS = {
    'bundle': 'bundle',
    'rig': 'rig',
    'source': 'source.kind',
    'device': 'source.device',
    'frame_prefix': 'frame_prefix',
}


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and actions of this file."""
    arguments = [
        declare_argument('name', 'Name of the node.', 'perception'),
        declare_params_file('street_demo.yaml'),
        *declare_shared_arguments('bundle', 'source', 'device'),
        declare_argument('publish_audio', 'Publish the audio: true or false. Mind the privacy of people nearby.'),
        declare_autostart(),
        *declare_shared_arguments('respawn', *VEHICLE_ARGUMENTS, 'frames', 'rviz'),
    ]
    shows = IfCondition(LaunchConfiguration('rviz'))
    frames = include_launch_file('rig_frames.launch.py', 'frames', NODE_ARGUMENTS)
    actions = [OpaqueFunction(function=perception), frames, OpaqueFunction(function=rviz, condition=shows)]
    return LaunchDescription([*arguments, *actions])


def perception(context: LaunchContext) -> list[LifecycleNode]:
    """Return the node with the given arguments as parameters."""
    values: dict[str, Any] = dict(given_values(context, PARAMETERS))
    values |= {**given_booleans(context, {'publish_audio': 'publish.audio'}), **given_sim_time(context)}
    by_launch = is_started_by_launch(context)
    values['autostart'] = not by_launch and BOOLEANS.get(argument_value(context, 'autostart'), True)
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
        respawn=boolean_value(context, 'respawn'),
        respawn_delay=RESPAWN_DELAY_S,
        **({'autostart': True} if by_launch else {}),
    )
    return [node]


def rviz(context: LaunchContext) -> list[Node]:
    """Return RViz with the topics of the node. The layout names those of /perception."""
    name = full_node_name(argument_value(context, 'namespace'), argument_value(context, 'name'))
    vehicle = vehicle_values(context, argument_value(context, 'name'))
    layout = resource_path('rviz/perception.rviz')
    node = Node(
        package='rviz2',
        executable='rviz2',
        name='rviz',
        namespace=argument_value(context, 'namespace'),
        arguments=['-d', str(layout), '-f', f'{vehicle.get("frame_prefix", "")}{fixed_frame(layout)}'],
        parameters=[{'use_sim_time': vehicle.get('use_sim_time', False)}],
        remappings=[(f'{LAYOUT_NODE}/{topic}', f'{name}/{topic}') for topic in LAYOUT_TOPICS],
    )
    return [node]
