# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Stand-ins for ROS's `launch` and `launch_ros`, which are not on PyPI: they record what a launch file describes."""

from __future__ import annotations

import types
from typing import Any


class Recorded:
    """Base class of the stubs. Stores its arguments."""

    def __init__(self, *values: Any, **options: Any) -> None:
        self.values, self.options = values, options


class LaunchContext:
    """Values of the launch arguments."""

    def __init__(self) -> None:
        self.launch_configurations: dict[str, str] = {}


class LaunchConfiguration(Recorded):
    """Reference to the value of a launch argument."""

    def perform(self, context: LaunchContext) -> str:
        return context.launch_configurations[self.values[0]]


class DeclareLaunchArgument(Recorded):
    """Declaration of a launch argument. Sets the default value when it is visited."""

    @property
    def name(self) -> str:
        return str(self.values[0])

    @property
    def description(self) -> str:
        return str(self.options['description'])

    def visit(self, context: LaunchContext) -> None:
        context.launch_configurations.setdefault(self.name, self.options['default_value'])


class LaunchDescription:
    """Entities of a launch file."""

    def __init__(self, entities: list[Any]) -> None:
        self.entities = entities


class Node(Recorded):
    """An executable of a package, with its parameters."""

    @property
    def node_executable(self) -> str:
        return str(self.options['executable'])

    @property
    def node_package(self) -> str:
        return str(self.options['package'])


class LifecycleNode(Node):
    """A lifecycle node, as before Kilted."""


def stub_modules() -> dict[str, types.ModuleType]:
    """Return the modules that the launch files import, by name."""
    contents: dict[str, dict[str, type]] = {
        'launch': {'LaunchContext': LaunchContext, 'LaunchDescription': LaunchDescription},
        'launch.actions': {
            'DeclareLaunchArgument': DeclareLaunchArgument,
            'ExecuteProcess': Recorded,
            'GroupAction': Recorded,
            'IncludeLaunchDescription': Recorded,
            'OpaqueFunction': Recorded,
            'Shutdown': Recorded,
        },
        'launch.conditions': {'IfCondition': Recorded},
        'launch.launch_description_sources': {'PythonLaunchDescriptionSource': Recorded},
        'launch.substitutions': {'LaunchConfiguration': LaunchConfiguration},
        'launch_ros': {},
        'launch_ros.actions': {'LifecycleNode': LifecycleNode, 'Node': Node},
        'launch_ros.substitutions': {'ExecutableInPackage': Recorded},
        'launch_ros.parameter_descriptions': {'ParameterValue': Recorded},
    }
    modules = {}
    for name, attributes in contents.items():
        modules[name] = types.ModuleType(name)
        vars(modules[name]).update(attributes)
    return modules
