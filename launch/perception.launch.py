# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Start the perception node, the frames of its rig, and RViz if wanted.

An argument that is left empty leaves the parameter file's value alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

if TYPE_CHECKING:
    from launch import LaunchContext

PACKAGE = 'audio_manifold_ros'
# launch argument: parameter of the node
OVERRIDES = {'bundle': 'bundle', 'rig': 'rig', 'source': 'source.kind', 'device': 'source.device'}
BOOLEANS = {'true': True, 'false': False}


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, the node and RViz."""
    share = FindPackageShare(PACKAGE)
    booleans = {'choices': ['true', 'false']}
    arguments = [
        DeclareLaunchArgument('name', default_value='perception', description='Name of the node.'),
        DeclareLaunchArgument('namespace', default_value='', description='Namespace of the node.'),
        DeclareLaunchArgument(
            'params_file',
            default_value=PathJoinSubstitution([share, 'config', 'street_demo.yaml']),
            description='Parameter file.',
        ),
        DeclareLaunchArgument('bundle', default_value='', description='Folder of the bundle.'),
        DeclareLaunchArgument('rig', default_value='', description='Folder of the rig.'),
        DeclareLaunchArgument('source', default_value='', description='device, topic, file or simulator.'),
        DeclareLaunchArgument('device', default_value='', description='Name of the sound device.'),
        DeclareLaunchArgument('use_sim_time', default_value='false', description='Follow /clock.', **booleans),
        DeclareLaunchArgument('log_level', default_value='info', description='debug, info, warn, error or fatal.'),
        DeclareLaunchArgument(
            'frames',
            default_value='true',
            description='Publish the static transforms of the rig; false where a robot_state_publisher does.',
            **booleans,
        ),
        DeclareLaunchArgument('rviz', default_value='false', description='Start RViz, too.', **booleans),
        DeclareLaunchArgument(
            'autostart', default_value='true', description='Configure and activate without a manager.', **booleans
        ),
    ]
    rviz = Node(
        package='rviz2',
        executable='rviz2',
        arguments=['-d', PathJoinSubstitution([share, 'rviz', 'perception.rviz'])],
        condition=IfCondition(LaunchConfiguration('rviz')),
    )
    frames = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(PathJoinSubstitution([share, 'launch', 'rig_frames.launch.py'])),
        launch_arguments={name: LaunchConfiguration(name) for name in ('namespace', 'params_file', 'rig')}.items(),
        condition=IfCondition(LaunchConfiguration('frames')),
    )
    return LaunchDescription([*arguments, OpaqueFunction(function=perception), frames, rviz])


def perception(context: LaunchContext) -> list[LifecycleNode]:
    """Make the node from the arguments that were given."""

    def argument_value(argument: str) -> str:
        return str(LaunchConfiguration(argument).perform(context))

    values: dict[str, Any] = {
        name: argument_value(argument) for argument, name in OVERRIDES.items() if argument_value(argument)
    }
    values |= {name: BOOLEANS[argument_value(name).lower()] for name in ('use_sim_time', 'autostart')}
    node = LifecycleNode(
        package=PACKAGE,
        executable='perception_node',
        name=argument_value('name'),
        namespace=argument_value('namespace'),
        parameters=[argument_value('params_file'), values],
        arguments=['--ros-args', '--log-level', argument_value('log_level')],
        output='screen',
    )
    return [node]
