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
from launch_ros.actions import LifecycleNode

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.common.resource_paths import resource_path
from audio_manifold_ros.common.yaml_file import read_yaml
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
OPTIONAL_BOOLEANS = ('use_sim_time', 'publish_audio')
BY_LAUNCH = 'launch'
RESPAWN_DELAY_S = 2.0
# argument: (default value, description)
SHARED_ARGUMENTS = {
    'namespace': ('', 'Namespace of the nodes and their topics.'),
    'rig': ('', 'Folder of the rig.'),
    'bundle': ('', 'Folder of the bundle, or hf://ORGANISATION/NAME@REVISION.'),
    'source': ('', 'Kind of audio source: device, topic, file or simulator.'),
    'device': ('', 'Name of the sound device, or a unique part of it.'),
    'folder': ('', 'Folder in which the folder of the bag is created.'),
    'bag': ('', 'Name of the bag; empty for a name from date and time.'),
    'preflight': ('', 'Checks before the recording: strict, warn or skip.'),
    'use_sim_time': ('', 'Use the time of /clock: true or false.'),
    'log_level': ('info', 'Lowest level that is logged: debug, info, warn, error or fatal.'),
    'frames': ('true', 'Publish the static transforms of the rig. Set to false if a robot_state_publisher does.'),
    'rviz': ('false', 'Start RViz.'),
    'respawn': (
        'false',
        f'Start the perception node again {RESPAWN_DELAY_S:g} s after it has ended, for example after a crash.',
    ),
    'frame_prefix': ('', 'Prefix of all frames, for example car_1/, so that several vehicles share one graph.'),
}
# Arguments of all nodes of a vehicle, and those by which a launch file that is included finds the values of a node.
VEHICLE_ARGUMENTS = ('namespace', 'rig', 'use_sim_time', 'log_level', 'frame_prefix')
NODE_ARGUMENTS = ('name', 'params_file', *VEHICLE_ARGUMENTS)


def declare_argument(
    name: str, description: str, default: str = '', choices: tuple[str, ...] = ()
) -> DeclareLaunchArgument:
    """Return the declaration of an argument. Only booleans are accepted if the default is one, or by its name.

    Args:
        name: Name of the argument.
        description: One sentence for `ros2 launch --show-args`.
        default: The default value. An empty argument keeps the value of the parameter file.
        choices: Values that are accepted; empty for any.

    """
    if not choices and (default in BOOLEANS or name in OPTIONAL_BOOLEANS):
        choices = (*BOOLEANS,) if default in BOOLEANS else ('', *BOOLEANS)
    return DeclareLaunchArgument(
        name, default_value=default, description=description, choices=list(choices) if choices else None
    )


def declare_shared_arguments(*names: str) -> list[DeclareLaunchArgument]:
    """Return the declarations of arguments of `SHARED_ARGUMENTS`."""
    return [
        declare_argument(name, description, default)
        for name, (default, description) in ((name, SHARED_ARGUMENTS[name]) for name in names)
    ]


def declare_params_file(
    file_name: str, name: str = 'params_file', description: str = 'Parameter file.'
) -> DeclareLaunchArgument:
    """Return the declaration of a parameter file, with a file of `config/` as default."""
    return declare_argument(name, description, str(resource_path(f'config/{file_name}')))


def declare_autostart() -> DeclareLaunchArgument:
    """Return the declaration of `autostart`. The node repeats a failed start, for example without its device."""
    description = (
        'Configure and activate: true by the node, which repeats a failed start; launch by launch_ros, where it can; '
        'false for a lifecycle manager.'
    )
    return declare_argument('autostart', description, 'true', (*BOOLEANS, BY_LAUNCH))


def is_started_by_launch(context: LaunchContext) -> bool:
    """Return whether launch_ros configures and activates the node. Versions before Kilted may not be able to."""
    return argument_value(context, 'autostart') == BY_LAUNCH and hasattr(LifecycleNode, 'node_autostart')


def fixed_frame(layout: Path) -> str:
    """Return the fixed frame of an RViz layout.

    Raises:
        NodeError: The file cannot be read.

    """
    values = read_yaml(layout, NodeError, 'Install the package again.')
    return str(values['Visualization Manager']['Global Options']['Fixed Frame'])


def given_booleans(context: LaunchContext, parameters: Mapping[str, str]) -> dict[str, bool]:
    """Return the values of the boolean arguments that are not empty, by parameter.

    Args:
        context: Context of the launch.
        parameters: Name of the parameter by name of the argument.

    """
    return {parameter: BOOLEANS[value] for parameter, value in given_values(context, parameters).items()}


def argument_value(context: LaunchContext, name: str) -> str:
    """Return the value of an argument."""
    return str(LaunchConfiguration(name).perform(context))


def boolean_value(context: LaunchContext, name: str) -> bool:
    """Return the value of a boolean argument."""
    return BOOLEANS[argument_value(context, name)]


def given_sim_time(context: LaunchContext) -> dict[str, bool]:
    """Return the parameter use_sim_time, or nothing if the argument is empty: the parameter file then decides."""
    return given_booleans(context, {'use_sim_time': 'use_sim_time'})


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


def given_vehicle_values(context: LaunchContext) -> dict[str, object]:
    """Return the rig, the prefix of the frames and the clock that the arguments give, by parameter."""
    return {**given_values(context, {name: name for name in ('rig', 'frame_prefix')}), **given_sim_time(context)}


def vehicle_values(context: LaunchContext, name: str) -> dict[str, object]:
    """Return the rig, the prefix of the frames and the clock of a node of this launch, by parameter.

    Args:
        context: Context of the launch.
        name: Name of the node. Arguments override its values in the parameter file.

    Raises:
        NodeError: The file cannot be read, or has no section for the node.

    """
    file_values = values_of_node(context, name)
    keys = ('rig', 'frame_prefix', 'use_sim_time')
    shared: dict[str, object] = {key: file_values[key] for key in keys if key in file_values}
    return {**shared, **given_vehicle_values(context)}


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
    file_name: str, condition: str | None, passed: tuple[str, ...], fixed: Mapping[str, str] | None = None
) -> IncludeLaunchDescription:
    """Return the include of another launch file.

    Args:
        file_name: The file, in `launch/`.
        condition: Boolean argument; the file is included if it is true. None includes it always.
        passed: Arguments that are passed on with their values.
        fixed: Further arguments of the included file.

    """
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(str(resource_path(f'launch/{file_name}'))),
        launch_arguments={**(fixed or {}), **{name: LaunchConfiguration(name) for name in passed}}.items(),
        condition=None if condition is None else IfCondition(LaunchConfiguration(condition)),
    )
