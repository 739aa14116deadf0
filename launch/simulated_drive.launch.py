# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Launch the simulated drive and the perception node. `perception:=false` launches the drive only."""

from __future__ import annotations

from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from audio_manifold_ros.common.resource_paths import PACKAGE
from audio_manifold_ros.nodes.common.launch_arguments import (
    declare_argument,
    declare_params_file,
    declare_shared_arguments,
    include_launch_file,
)
from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and actions of this file."""
    arguments = [
        declare_params_file('street_demo.yaml'),
        declare_argument('seed', 'Seed of the first street.', '900001'),
        declare_argument('perception', 'Launch the perception node.', 'true'),
        *declare_shared_arguments('namespace', 'log_level', 'rviz'),
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
    # The simulated drive publishes the frames of its rig itself.
    perception = include_launch_file(
        'perception.launch.py',
        'perception',
        ('namespace', 'params_file', 'log_level', 'rviz'),
        {'frames': 'false'},
    )
    return LaunchDescription([*arguments, drive, perception])
