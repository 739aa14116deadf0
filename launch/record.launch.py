# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Launch the recorder and the static transforms of the rig.

The launch ends when the recorder has ended, and fails if the recorder has failed or refused to record. An empty
argument keeps the value of the parameter file.
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
    declare_argument,
    declare_params_file,
    declare_shared_arguments,
    end_launch,
    given_sim_time,
    given_values,
    include_launch_file,
    parameter_file,
    values_of_node,
)
from launch import LaunchDescription

if TYPE_CHECKING:
    from launch import LaunchContext

# launch argument: parameter of the node
TEXT_PARAMETERS = {
    'folder': 'folder',
    'bag': 'name',
    'rig': 'rig',
    'device': 'device.name',
    'preflight': 'preflight.mode',
    'frame_prefix': 'frame_prefix',
}
NUMBER_PARAMETERS = {'duration_s': 'duration_s', 'split_s': 'split_s', 'minutes': 'preflight.minutes'}
# Time between SIGINT and SIGTERM. The recorder closes its bag after SIGINT, which may take longer on a slow disk than
# the default of launch, 5 s.
CLOSE_TIMEOUT_S = '60'


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and actions of this file."""
    arguments = [
        declare_argument('name', 'Name of the node.', 'record'),
        declare_params_file('record.yaml'),
        *declare_shared_arguments('folder', 'bag', 'preflight'),
        declare_argument('device', 'Sound device that the recorder captures itself: its name, or a unique part of it.'),
        declare_argument('audio', 'Topic of the audio if another node captures the device.', 'audio'),
        declare_argument('minutes', 'Duration of the drive in minutes that must fit on the disk.'),
        declare_argument('duration_s', 'Duration of the recording in seconds; 0 to record until interrupted.'),
        declare_argument('split_s', 'Duration of one file in seconds; 0 for a single file.'),
        *declare_shared_arguments(*VEHICLE_ARGUMENTS, 'frames'),
    ]
    frames = include_launch_file('rig_frames.launch.py', 'frames', NODE_ARGUMENTS, {'default_rig': ''})
    return LaunchDescription([*arguments, OpaqueFunction(function=recorder), frames])


def recorder(context: LaunchContext) -> list[Node]:
    """Return the recorder with the given arguments as parameters."""
    values: dict[str, Any] = dict(given_values(context, TEXT_PARAMETERS))
    values |= {name: float(value) for name, value in given_values(context, NUMBER_PARAMETERS).items()}
    values |= given_sim_time(context)
    name = argument_value(context, 'name')
    values_of_node(context, name)
    node = Node(
        package=PACKAGE,
        executable='record',
        name=name,
        namespace=argument_value(context, 'namespace'),
        parameters=[str(parameter_file(context)), values],
        remappings=[('audio', argument_value(context, 'audio') or 'audio')],
        arguments=['--ros-args', '--log-level', argument_value(context, 'log_level')],
        output='screen',
        sigterm_timeout=CLOSE_TIMEOUT_S,
        on_exit=end_launch,
    )
    return [node]
