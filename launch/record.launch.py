# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Record a drive into a bag, with the frames of its rig.

An argument that is left empty leaves the parameter file's value alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from launch import LaunchDescription

if TYPE_CHECKING:
    from launch import LaunchContext

PACKAGE = 'audio_manifold_ros'
# launch argument: parameter of the node
TEXTS = {'folder': 'folder', 'bag': 'name', 'rig': 'rig', 'device': 'device.name', 'preflight': 'preflight.mode'}
NUMBERS = {'duration_s': 'duration_s', 'split_s': 'split_s', 'minutes': 'preflight.minutes'}
BOOLEANS = {'true': True, 'false': False}
# The recorder closes its bag when it is interrupted; a slow disk may take longer than launch waits by default.
CLOSING_S = '60'


def generate_launch_description() -> LaunchDescription:
    """Describe the arguments and the recorder."""
    share = FindPackageShare(PACKAGE)
    booleans = {'choices': ['true', 'false']}
    arguments = [
        DeclareLaunchArgument('name', default_value='record', description='Name of the node.'),
        DeclareLaunchArgument('namespace', default_value='', description='Namespace of the node and its topics.'),
        DeclareLaunchArgument(
            'params_file',
            default_value=PathJoinSubstitution([share, 'config', 'record.yaml']),
            description='Parameter file.',
        ),
        DeclareLaunchArgument('folder', default_value='', description='Folder that the bag is made in.'),
        DeclareLaunchArgument('bag', default_value='', description='Name of the bag; empty for date and time.'),
        DeclareLaunchArgument('rig', default_value='', description='Folder of the rig.'),
        DeclareLaunchArgument(
            'device', default_value='', description='Sound device that the recorder captures itself.'
        ),
        DeclareLaunchArgument(
            'audio', default_value='audio', description='Topic of the audio where another node captures the device.'
        ),
        DeclareLaunchArgument('preflight', default_value='', description='strict, warn or skip.'),
        DeclareLaunchArgument('minutes', default_value='', description='Length of the drive that the disk must hold.'),
        DeclareLaunchArgument('duration_s', default_value='', description='Seconds to record; 0 until interrupted.'),
        DeclareLaunchArgument('split_s', default_value='', description='Seconds of one file; 0 for a single file.'),
        DeclareLaunchArgument(
            'frames',
            default_value='true',
            description='Publish the static transforms of the rig; false where a robot_state_publisher does.',
            **booleans,
        ),
        DeclareLaunchArgument('use_sim_time', default_value='false', description='Follow /clock.', **booleans),
        DeclareLaunchArgument('log_level', default_value='info', description='debug, info, warn, error or fatal.'),
    ]
    frames = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(PathJoinSubstitution([share, 'launch', 'rig_frames.launch.py'])),
        launch_arguments={name: LaunchConfiguration(name) for name in ('namespace', 'params_file', 'rig')}.items(),
        condition=IfCondition(LaunchConfiguration('frames')),
    )
    return LaunchDescription([*arguments, OpaqueFunction(function=recorder), frames])


def recorder(context: LaunchContext) -> list[Node]:
    """Make the recorder from the arguments that were given."""

    def argument_value(argument: str) -> str:
        return str(LaunchConfiguration(argument).perform(context))

    values: dict[str, Any] = {
        name: argument_value(argument) for argument, name in TEXTS.items() if argument_value(argument)
    }
    values |= {name: float(argument_value(argument)) for argument, name in NUMBERS.items() if argument_value(argument)}
    values['use_sim_time'] = BOOLEANS[argument_value('use_sim_time').lower()]
    node = Node(
        package=PACKAGE,
        executable='record',
        name=argument_value('name'),
        namespace=argument_value('namespace'),
        parameters=[argument_value('params_file'), values],
        remappings=[('audio', argument_value('audio') or 'audio')],
        arguments=['--ros-args', '--log-level', argument_value('log_level')],
        output='screen',
        sigterm_timeout=CLOSING_S,
    )
    return [node]
