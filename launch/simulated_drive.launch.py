# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Launch the simulated drive and the perception node. `perception:=false` launches the drive only.

The drive uses the rig and the clock of the perception node. An empty argument keeps the value of the parameter file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from launch.actions import OpaqueFunction
from launch_ros.actions import Node

from audio_manifold_ros.common.resource_paths import PACKAGE
from audio_manifold_ros.nodes.common.launch_arguments import (
    NODE_ARGUMENTS,
    VEHICLE_ARGUMENTS,
    argument_value,
    boolean_value,
    declare_argument,
    declare_params_file,
    declare_shared_arguments,
    include_launch_file,
    vehicle_values,
)
from launch import LaunchDescription

if TYPE_CHECKING:
    from launch import LaunchContext


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and actions of this file."""
    arguments = [
        declare_argument('name', 'Name of the perception node.', 'perception'),
        declare_params_file('street_demo.yaml'),
        declare_argument('seed', 'Seed of the first street.', '900001'),
        declare_argument('perception', 'Launch the perception node.', 'true'),
        *declare_shared_arguments(*VEHICLE_ARGUMENTS, 'frames', 'rviz'),
    ]
    # The simulated drive publishes the frames of its rig itself.
    perception = include_launch_file(
        'perception.launch.py',
        'perception',
        (*NODE_ARGUMENTS, 'rviz'),
        {'frames': 'false'},
    )
    return LaunchDescription([*arguments, OpaqueFunction(function=drive), perception])


def drive(context: LaunchContext) -> list[Node]:
    """Return the simulated drive with the rig and the clock of the perception node."""
    values: dict[str, Any] = vehicle_values(context, argument_value(context, 'name'))
    values |= {'seed': int(argument_value(context, 'seed')), 'publish_frames': boolean_value(context, 'frames')}
    node = Node(
        package=PACKAGE,
        executable='simulated_drive',
        name='simulated_drive',
        namespace=argument_value(context, 'namespace'),
        parameters=[values],
        arguments=['--ros-args', '--log-level', argument_value(context, 'log_level')],
        output='screen',
    )
    return [node]
