# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Publish the frames of a rig and its description; the other launch files include it.

An argument that is left empty leaves the parameter file's value alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

if TYPE_CHECKING:
    from launch import LaunchContext

PACKAGE = 'audio_manifold_ros'


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and the node."""
    arguments = [
        DeclareLaunchArgument('namespace', default_value='', description='Namespace of the node.'),
        DeclareLaunchArgument(
            'params_file',
            default_value=PathJoinSubstitution([FindPackageShare(PACKAGE), 'config', 'street_demo.yaml']),
            description='Parameter file.',
        ),
        DeclareLaunchArgument('rig', default_value='', description='Folder of the rig.'),
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=frames)])


def frames(context: LaunchContext) -> list[Node]:
    """Make the node from the arguments that were given."""

    def argument_value(argument: str) -> str:
        return str(LaunchConfiguration(argument).perform(context))

    node = Node(
        package=PACKAGE,
        executable='rig_frames',
        name='rig_frames',
        namespace=argument_value('namespace'),
        parameters=[argument_value('params_file'), {'rig': argument_value('rig')} if argument_value('rig') else {}],
        output='screen',
    )
    return [node]
