# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Arguments, values and includes that the launch files share.

Only the launch files import this module. It needs `launch` and `launch_ros`, which come with a ROS installation.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, Shutdown
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.nodes.common.parameter_file import node_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from launch.events.process import ProcessExited
    from launch.launch_context import LaunchContext

# The spellings of YAML and Python, and those that the conditions of launch accept too.
BOOLEANS = {
    'true': True,
    'false': False,
    'True': True,
    'False': False,
    'TRUE': True,
    'FALSE': False,
    '1': True,
    '0': False,
}
# argument: (default value, description)
SHARED_ARGUMENTS = {
    'namespace': ('', 'Namespace of the nodes and their topics.'),
    'rig': ('', 'Folder of the rig.'),
    'use_sim_time': ('', 'Use the time of /clock: true or false.'),
    'log_level': ('info', 'Lowest level that is logged: debug, info, warn, error or fatal.'),
    'frames': ('true', 'Publish the static transforms of the rig. Set to false if a robot_state_publisher does.'),
    'rviz': ('false', 'Start RViz.'),
}


def declare_argument(name: str, description: str, default: str = '') -> DeclareLaunchArgument:
    """Return the declaration of an argument. Only booleans are accepted if the default is one, or for use_sim_time.

    Args:
        name: Name of the argument.
        description: One sentence for `ros2 launch --show-args`.
        default: The default value. An empty argument keeps the value of the parameter file.

    """
    choices = list(BOOLEANS) if default in BOOLEANS else ['', *BOOLEANS] if name == 'use_sim_time' else None
    return DeclareLaunchArgument(name, default_value=default, description=description, choices=choices)


def declare_shared_arguments(*names: str) -> list[DeclareLaunchArgument]:
    """Return the declarations of arguments of `SHARED_ARGUMENTS`."""
    return [
        declare_argument(name, description, default)
        for name, (default, description) in ((name, SHARED_ARGUMENTS[name]) for name in names)
    ]


def declare_params_file(file_name: str) -> DeclareLaunchArgument:
    """Return the declaration of `params_file`, with a file of `config/` as default."""
    return declare_argument('params_file', 'Parameter file.', str(resource_path(f'config/{file_name}')))


def argument_value(context: LaunchContext, name: str) -> str:
    """Return the value of an argument."""
    return str(LaunchConfiguration(name).perform(context))


def boolean_value(context: LaunchContext, name: str) -> bool:
    """Return the value of a boolean argument."""
    return BOOLEANS[argument_value(context, name)]


def given_sim_time(context: LaunchContext) -> dict[str, bool]:
    """Return the parameter use_sim_time, or nothing if the argument is empty: the parameter file then decides."""
    text = argument_value(context, 'use_sim_time')
    return {'use_sim_time': BOOLEANS[text]} if text else {}


def parameter_file(context: LaunchContext) -> Path:
    """Return the path of the parameter file.

    Raises:
        NodeError: There is no such file. ROS would warn and run the node with its defaults.

    """
    given = argument_value(context, 'params_file')
    path = Path(given).expanduser().absolute()
    if not path.is_file():
        msg = f'params_file is {given!r}, and {str(path)!r} is not a file: give the path of a parameter file.'
        raise NodeError(msg)
    return path


def values_of_node(context: LaunchContext, name: str) -> dict[str, object]:
    """Return the values that the parameter file gives a node of this launch, by parameter.

    Args:
        context: Context of the launch.
        name: Name of the node.

    Raises:
        NodeError: The file cannot be read, or has no section for the node.

    """
    return node_values(parameter_file(context), argument_value(context, 'namespace'), name)


def end_launch(event: ProcessExited, _context: LaunchContext) -> Shutdown:
    """End the launch with the process. `ros2 launch` then fails if the process has failed.

    Raises:
        NodeError: The process failed. `launch` logs the message, ends the other processes and returns 1.

    """
    if event.returncode:
        msg = f'{event.process_name} ended with status {event.returncode}: its output has the reason.'
        raise NodeError(msg)
    return Shutdown(reason=f'{event.process_name} has ended')


def given_values(context: LaunchContext, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the values of the arguments that are not empty, by parameter.

    Args:
        context: Context of the launch.
        parameters: Name of the parameter by name of the argument.

    """
    values = {parameter: argument_value(context, name) for name, parameter in parameters.items()}
    return {parameter: value for parameter, value in values.items() if value}


def include_launch_file(
    file_name: str, condition: str, passed: tuple[str, ...], fixed: Mapping[str, str] | None = None
) -> IncludeLaunchDescription:
    """Return the include of another launch file.

    Args:
        file_name: The file, in `launch/`.
        condition: Boolean argument; the file is included if it is true.
        passed: Arguments that are passed on with their values.
        fixed: Further arguments of the included file.

    """
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(resource_path(f'launch/{file_name}'))),
        launch_arguments={**(fixed or {}), **{name: LaunchConfiguration(name) for name in passed}}.items(),
        condition=IfCondition(LaunchConfiguration(condition)),
    )
