# Copyright 2026 The audio_manifold_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes that the launch files start: executables, rigs, frames, clocks and the end of the launch."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from audio_manifold_ros.common.errors import NodeError
from audio_manifold_ros.nodes.perception.perception_parameters import ModelParameters
from audio_manifold_ros.nodes.recorder.recorder_parameters import RecordParameters
from tests.nodes.launch.launch_files import LAUNCH_FILES, ROOT, declare, described, include_arguments, write_parameters

pytestmark = pytest.mark.ros


def calls(tree: ast.AST, function: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function
    ]


@pytest.mark.parametrize('path', LAUNCH_FILES, ids=lambda path: path.name)
def test_launch_files_evaluate_nothing_and_import_only_launch_and_the_package(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding='utf-8'))
    compile(tree, str(path), 'exec')
    assert not calls(tree, 'eval')
    assert not calls(tree, 'exec')
    imported = {
        node.module.split('.')[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }
    assert imported <= {'__future__', 'typing', 'launch', 'launch_ros', 'audio_manifold_ros'}


@pytest.mark.parametrize(
    ('file', 'function', 'executable'),
    [
        ('perception.launch.py', 'perception', 'perception_node'),
        ('record.launch.py', 'recorder', 'record'),
        ('rig_frames.launch.py', 'frames', 'rig_frames'),
        ('simulated_drive.launch.py', 'drive', 'simulated_drive'),
    ],
)
def test_launch_files_start_their_executable(launch_api: ModuleType, file: str, function: str, executable: str) -> None:
    module, context, _ = declare(launch_api, ROOT / 'launch' / file)
    context.launch_configurations.update({'rig': 'my_rig', 'duration_s': '5', 'namespace': 'car'})
    (node,) = getattr(module, function)(context)
    assert (node.node_package, node.node_executable) == ('audio_manifold_ros', executable)


def test_launch_files_name_executables_that_are_installed() -> None:
    setup = (ROOT / 'setup.py').read_text(encoding='utf-8')
    for path in LAUNCH_FILES:
        tree = ast.parse(path.read_text(encoding='utf-8'))
        for call in [*calls(tree, 'Node'), *calls(tree, 'LifecycleNode')]:
            named = {word.arg: word.value.value for word in call.keywords if isinstance(word.value, ast.Constant)}
            if named.get('package') != 'rviz2':
                assert f'{named["executable"]} = ' in setup


def test_every_package_that_is_launched_is_a_dependency() -> None:
    package = (ROOT / 'package.xml').read_text(encoding='utf-8')
    for name in ('rviz2', 'ros2launch', 'launch', 'launch_ros'):
        assert f'<exec_depend>{name}</exec_depend>' in package


def test_the_frames_are_those_of_the_rig_of_the_node(stubs: ModuleType, tmp_path: Path) -> None:
    file = write_parameters(tmp_path / 'dump.yaml', {'/**': 'all', '/car/perception': 'my_rig'})
    given = {'params_file': file, 'namespace': 'car', 'name': 'perception'}
    assert described(stubs, 'rig_frames', 'frames', **given)['parameters'] == [{'rig': 'my_rig', 'use_sim_time': True}]
    given['rig'] = 'other'
    assert described(stubs, 'rig_frames', 'frames', **given)['parameters'] == [{'rig': 'other', 'use_sim_time': True}]
    for name in ('perception', 'record'):
        assert {'name', 'namespace', 'params_file', 'rig', 'use_sim_time'} <= set(include_arguments(name))


def test_the_frames_follow_the_default_rig_of_the_node(stubs: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / 'no_rig.yaml'
    file.write_text('/**:\n  ros__parameters:\n    folder: bags\n', encoding='utf-8')
    given = {'params_file': str(file), 'name': 'perception'}
    assert described(stubs, 'rig_frames', 'frames', **given)['parameters'] == [{'rig': ModelParameters().rig}]
    assert include_arguments('record')['default_rig'] == RecordParameters().rig == ''


def test_the_simulated_drive_has_the_rig_and_the_clock_of_the_node(stubs: ModuleType, tmp_path: Path) -> None:
    file = write_parameters(tmp_path / 'dump.yaml', {'/roof': 'my_rig'})
    (values,) = described(stubs, 'simulated_drive', 'drive', params_file=file, name='roof', frames='False')[
        'parameters'
    ]
    assert values == {'rig': 'my_rig', 'use_sim_time': True, 'seed': 900_001, 'publish_frames': False}
    (values,) = described(stubs, 'simulated_drive', 'drive', rig='other', use_sim_time='True')['parameters']
    assert values == {'rig': 'other', 'use_sim_time': True, 'seed': 900_001, 'publish_frames': True}
    assert {'name', 'namespace', 'params_file', 'rig', 'use_sim_time'} <= set(include_arguments('simulated_drive'))


def test_the_launch_ends_with_the_recorder_and_fails_with_it(stubs: ModuleType) -> None:
    on_exit = described(stubs, 'record', 'recorder')['on_exit']
    ended = SimpleNamespace(process_name='record-1', returncode=0)
    assert type(on_exit(ended, None)) is vars(sys.modules['launch.actions'])['Shutdown']
    # `launch` returns 1 after an exception of a handler, and ends the other processes.
    with pytest.raises(NodeError, match='record-1 ended with status 1'):
        on_exit(SimpleNamespace(process_name='record-1', returncode=1), None)


def test_all_nodes_of_a_vehicle_have_the_prefix_of_its_frames(stubs: ModuleType, tmp_path: Path) -> None:
    functions = {
        'perception': 'perception',
        'record': 'recorder',
        'rig_frames': 'frames',
        'simulated_drive': 'drive',
    }
    for file, function in functions.items():
        assert described(stubs, file, function, frame_prefix='car_1/')['parameters'][-1]['frame_prefix'] == 'car_1/'
        assert 'frame_prefix' not in described(stubs, file, function)['parameters'][-1]
        if file != 'rig_frames':
            assert 'frame_prefix' in include_arguments(file)
    assert described(stubs, 'perception', 'rviz', frame_prefix='car_1/')['arguments'][-1] == 'car_1/base_link'
    # A prefix in the parameter file of the node is that of the whole vehicle.
    file = tmp_path / 'prefix.yaml'
    file.write_text('/**:\n  ros__parameters:\n    frame_prefix: roof/\n', encoding='utf-8')
    given = {'params_file': str(file), 'name': 'perception'}
    assert described(stubs, 'rig_frames', 'frames', **given)['parameters'][-1]['frame_prefix'] == 'roof/'
    assert described(stubs, 'simulated_drive', 'drive', **given)['parameters'][-1]['frame_prefix'] == 'roof/'
    assert described(stubs, 'perception', 'rviz', **given)['arguments'][-1] == 'roof/base_link'


def test_the_node_or_launch_starts_the_lifecycle(stubs: ModuleType) -> None:
    node = vars(sys.modules['launch_ros.actions'])['LifecycleNode']
    for given, by_node, by_launch in (('true', True, False), ('0', False, False), ('launch', True, False)):
        options = described(stubs, 'perception', 'perception', autostart=given)
        assert (options['parameters'][-1]['autostart'], options.get('autostart', False)) == (by_node, by_launch)
    # As of Kilted.
    node.node_autostart = True
    try:
        options = described(stubs, 'perception', 'perception', autostart='launch')
        assert (options['parameters'][-1]['autostart'], options['autostart']) == (False, True)
        assert 'autostart' not in described(stubs, 'perception', 'perception', autostart='true')
    finally:
        del node.node_autostart


def test_a_node_is_started_again_only_on_request(stubs: ModuleType, tmp_path: Path) -> None:
    file = write_parameters(tmp_path / 'robot.yaml', {'/perception': 'my_rig'})
    given = {'params_file': file, 'name': 'perception'}
    assert described(stubs, 'perception', 'perception', **given)['respawn'] is False
    options = described(stubs, 'perception', 'perception', **given, respawn='true')
    assert (options['respawn'], options['respawn_delay']) == (True, 2.0)
