# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Launch files as modules, with their arguments, nodes and includes.

The launch files run with ROS's `launch` where it is installed, and with stubs of its classes elsewhere.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[3]
SHARED = 'audio_manifold_ros.nodes.common.launch_arguments'
LAUNCH_FILES = sorted((ROOT / 'launch').glob('*.launch.py'))
FRONT_ENDS = sorted(path for kind in ('yaml', 'xml') for path in (ROOT / 'launch').glob(f'*.launch.{kind}'))
ARGUMENTS = {
    'perception': {
        'name',
        'namespace',
        'params_file',
        'bundle',
        'rig',
        'source',
        'device',
        'use_sim_time',
        'log_level',
        'frames',
        'rviz',
        'autostart',
        'respawn',
        'publish_audio',
        'frame_prefix',
    },
    'bringup': {
        'params_file',
        'record_params_file',
        'bundle',
        'source',
        'device',
        'record',
        'folder',
        'bag',
        'preflight',
        'viewer',
        'autostart',
        'respawn',
        'namespace',
        'rig',
        'use_sim_time',
        'log_level',
        'frames',
        'frame_prefix',
    },
    'record': {
        'name',
        'namespace',
        'params_file',
        'folder',
        'bag',
        'rig',
        'device',
        'audio',
        'preflight',
        'minutes',
        'duration_s',
        'split_s',
        'frames',
        'use_sim_time',
        'log_level',
        'frame_prefix',
    },
    'rig_frames': {
        'name',
        'namespace',
        'params_file',
        'rig',
        'default_rig',
        'use_sim_time',
        'log_level',
        'frame_prefix',
    },
    'simulated_drive': {
        'name',
        'namespace',
        'params_file',
        'rig',
        'use_sim_time',
        'frames',
        'seed',
        'log_level',
        'perception',
        'rviz',
        'frame_prefix',
    },
}


def load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.name.partition('.')[0], path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def declare(launch_api: ModuleType, path: Path) -> tuple[Any, Any, dict[str, Any]]:
    """Return a launch file as a module, a context with its default values, and its declarations by name."""
    module = load(path)
    context = launch_api.LaunchContext()
    declared = {}
    for entity in module.generate_launch_description().entities:
        if type(entity).__name__ == 'DeclareLaunchArgument':
            entity.visit(context)
            declared[entity.name] = entity
    return module, context, declared


def described(stubs: ModuleType, file: str, function: str, **arguments: str) -> dict[str, Any]:
    """Return the options of the node that a function of a launch file describes."""
    module, context, _ = declare(stubs, ROOT / 'launch' / f'{file}.launch.py')
    assert set(arguments) <= set(context.launch_configurations)
    context.launch_configurations.update(arguments)
    (node,) = getattr(module, function)(context)
    return dict(node.options)


def include_arguments(file: str) -> dict[str, Any]:
    """Return the arguments that a launch file passes to the one that it includes."""
    (include,) = [
        entity
        for entity in load(ROOT / 'launch' / f'{file}.launch.py').generate_launch_description().entities
        if 'launch_arguments' in getattr(entity, 'options', {})
    ]
    return dict(include.options['launch_arguments'])


def write_parameters(path: Path, sections: dict[str, str]) -> str:
    """Write a parameter file with the rig of each section, and return its path."""
    lines = [f'{node}:\n  ros__parameters:\n    rig: {rig}\n    use_sim_time: true' for node, rig in sections.items()]
    path.write_text('\n'.join(lines), encoding='utf-8')
    return str(path)
