# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Launch the rig frames node, which publishes the static transforms and the URDF of a rig.

Included by perception.launch.py and record.launch.py, which give the name of their node: the frames are those of the
rig that the node uses. An empty argument keeps the value of the parameter file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from launch.actions import OpaqueFunction
from launch_ros.actions import Node

from audio_manifold_ros.common.resource_paths import PACKAGE
from audio_manifold_ros.nodes.common.launch_arguments import (
    VEHICLE_ARGUMENTS,
    argument_value,
    declare_argument,
    declare_params_file,
    declare_shared_arguments,
    given_vehicle_values,
    parameter_file,
    vehicle_values,
)
from launch import LaunchDescription

if TYPE_CHECKING:
    from launch import LaunchContext


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and actions of this file."""
    arguments = [
        declare_argument('name', 'Name of the node whose rig is published; empty for the values of rig_frames.'),
        declare_params_file('street_demo.yaml'),
        declare_argument('default_rig', 'Rig of the named node if nothing else gives one.', 'calibration/roof_octagon'),
        *declare_shared_arguments(*VEHICLE_ARGUMENTS),
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=frames)])


def frames(context: LaunchContext) -> list[Node]:
    """Return the node with the rig of the named node, or with the parameter file."""
    name = argument_value(context, 'name')
    if name:
        default_rig = argument_value(context, 'default_rig')
        parameters: list[Any] = [{'rig': default_rig, **vehicle_values(context, name)}]
    else:
        parameters = [str(parameter_file(context)), given_vehicle_values(context)]
    node = Node(
        package=PACKAGE,
        executable='rig_frames',
        name='rig_frames',
        namespace=argument_value(context, 'namespace'),
        parameters=parameters,
        arguments=['--ros-args', '--log-level', argument_value(context, 'log_level')],
        output='screen',
    )
    return [node]
