# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Launch everything for one vehicle: the perception node on its device, and optionally the recorder and a viewer.

The perception node owns the device. The recorder takes the audio from it, so that both have the same samples. An empty
argument keeps the value of the parameter file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from launch.actions import ExecuteProcess, GroupAction, OpaqueFunction
from launch_ros.substitutions import ExecutableInPackage

from audio_manifold_ros.common.resource_paths import PACKAGE
from audio_manifold_ros.nodes.common.launch_arguments import (
    VEHICLE_ARGUMENTS,
    argument_value,
    boolean_value,
    declare_argument,
    declare_autostart,
    declare_params_file,
    declare_shared_arguments,
    include_launch_file,
    values_of_node,
    vehicle_values,
)
from audio_manifold_ros.nodes.common.parameter_file import full_node_name
from launch import LaunchDescription

if TYPE_CHECKING:
    from launch import LaunchContext

NAME = 'perception'
RVIZ, BROWSER = 'rviz', 'browser'


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and actions of this file."""
    arguments = [
        declare_params_file('car_usb_array.yaml'),
        declare_params_file('record.yaml', 'record_params_file', 'Parameter file of the recorder.'),
        *declare_shared_arguments('bundle', 'source', 'device'),
        declare_argument('record', 'Record a bag. The launch ends with the recorder.', 'false'),
        *declare_shared_arguments('folder', 'bag', 'preflight'),
        declare_argument('viewer', 'Viewer to start.', 'none', ('none', RVIZ, BROWSER)),
        declare_autostart(),
        *declare_shared_arguments('respawn', *VEHICLE_ARGUMENTS, 'frames'),
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=bringup)])


def bringup(context: LaunchContext) -> list[GroupAction | ExecuteProcess]:
    """Return the included launch files and the viewer. Each file has a scope of its own."""
    records, viewer = boolean_value(context, 'record'), argument_value(context, 'viewer')
    fixed = {'name': NAME, 'rviz': str(viewer == RVIZ).lower(), **({'publish_audio': 'true'} if records else {})}
    passed = (*VEHICLE_ARGUMENTS, 'params_file', 'bundle', 'source', 'device', 'autostart', 'respawn', 'frames')
    actions = [GroupAction([include_launch_file('perception.launch.py', None, passed, fixed)])]
    if records:
        fixed = {
            'name': 'record',
            'params_file': argument_value(context, 'record_params_file'),
            'audio': f'{full_node_name(argument_value(context, "namespace"), NAME)}/audio',
            'device': '',
            'frames': 'false',
        }
        passed = (*VEHICLE_ARGUMENTS, 'folder', 'bag', 'preflight')
        actions.append(GroupAction([include_launch_file('record.launch.py', None, passed, fixed)]))
    if viewer == BROWSER:
        actions.append(browser(context))
    return actions


def browser(context: LaunchContext) -> ExecuteProcess:
    """Return the process that serves the live view in a browser."""
    rig = vehicle_values(context, NAME).get('rig', '')
    bundle = argument_value(context, 'bundle') or values_of_node(context, NAME).get('bundle', '')
    options = {'--bundle': bundle, '--rig': rig, '--namespace': argument_value(context, 'namespace')}
    words = [word for option, value in options.items() if value for word in (option, str(value))]
    program = ExecutableInPackage(package=PACKAGE, executable='audio-manifold')
    return ExecuteProcess(cmd=[program, 'view', *words], output='screen')
