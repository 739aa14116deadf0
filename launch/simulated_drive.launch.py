# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Drive down simulated streets, and perceive them: `perception:=false` leaves the node out."""

from __future__ import annotations

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

PACKAGE = 'audio_manifold_ros'


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments, the drive and the node that perceives it."""
    share = FindPackageShare(PACKAGE)
    params_file = PathJoinSubstitution([share, 'config', 'street_demo.yaml'])
    booleans = {'choices': ['true', 'false']}
    arguments = [
        DeclareLaunchArgument('namespace', default_value='', description='Namespace of both nodes.'),
        DeclareLaunchArgument('params_file', default_value=params_file, description='Of the perception node.'),
        DeclareLaunchArgument('seed', default_value='900001', description='Seed of the first street.'),
        DeclareLaunchArgument('log_level', default_value='info', description='debug, info, warn, error or fatal.'),
        DeclareLaunchArgument('perception', default_value='true', description='Perceive the drive.', **booleans),
        DeclareLaunchArgument('rviz', default_value='false', description='Start RViz, too.', **booleans),
    ]
    drive = Node(
        package=PACKAGE,
        executable='simulated_drive',
        name='simulated_drive',
        namespace=LaunchConfiguration('namespace'),
        parameters=[{'seed': ParameterValue(LaunchConfiguration('seed'), value_type=int)}],
        arguments=['--ros-args', '--log-level', LaunchConfiguration('log_level')],
        output='screen',
    )
    perception = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(PathJoinSubstitution([share, 'launch', 'perception.launch.py'])),
        # The drive publishes the frames of its rig itself.
        launch_arguments={
            'frames': 'false',
            **{name: LaunchConfiguration(name) for name in ('namespace', 'params_file', 'log_level', 'rviz')},
        }.items(),
        condition=IfCondition(LaunchConfiguration('perception')),
    )
    return LaunchDescription([*arguments, drive, perception])
